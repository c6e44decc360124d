import assert from 'node:assert/strict'
import { test } from 'node:test'
import { registeredDomain } from '../../../src/expression/functions/registered-domain.ts'
import { call } from './calling.ts'

const read = (host: string): unknown => call(registeredDomain, host).value

/** Hosts, and the domains that the tests of the Public Suffix List have for them: exceptions, wildcards, names of other scripts. */
const DOMAINS: readonly (readonly [string, string | undefined])[] = [
  ['COM', undefined],
  ['WwW.Example.COM', 'example.com'],
  ['.example.com', undefined],
  ['b.example.uk.com', 'example.uk.com'],
  ['c.kobe.jp', undefined],
  ['b.c.kobe.jp', 'b.c.kobe.jp'],
  ['www.city.kobe.jp', 'city.kobe.jp'],
  ['b.test.ck', 'b.test.ck'],
  ['test.ck', undefined],
  ['www.www.ck', 'www.ck'],
  ['test.k12.ak.us', 'test.k12.ak.us'],
  ['www.食狮.公司.cn', '食狮.公司.cn'],
  ['shishi.xn--fiqs8s', 'shishi.xn--fiqs8s'],
  ['_dmarc.example.com', 'example.com'],
  ['srv1.corp.local', 'corp.local'],
  ['a.b.github.io', 'b.github.io'],
]

test('domains are those of the Public Suffix List', () => {
  for (const [host, domain] of DOMAINS)
    assert.equal((read(host) as { registered_domain: string } | undefined)?.registered_domain, domain, host)
})

test('the parts of a name make the name', () => {
  for (const [host] of DOMAINS) {
    const parts = read(host) as Record<string, string> | undefined
    if (parts === undefined) continue
    const { registered_domain: domain, top_level_domain: suffix, subdomain } = parts
    assert.equal(subdomain === undefined ? domain : `${subdomain}.${domain}`, host.toLowerCase())
    assert.match(domain!, new RegExp(`^[^.]+\\.${suffix}$`))
  }
})

test('what is no domain name is absent, however long it is', () => {
  for (const host of [
    '',
    '.',
    'a..com',
    '::1',
    '10.0.0.256',
    'http://a.com/',
    'a.com:80',
    'u@a.com',
    'a b.com',
    'a.'.repeat(500_000),
  ])
    assert.equal(read(host), undefined, host.slice(0, 20))
})

test('names that objects inherit are names', () => {
  for (const host of ['__proto__.constructor', 'constructor.com', 'a.__proto__.com'])
    assert.match((read(host) as { registered_domain: string }).registered_domain, /^[^.]+\.[^.]+$/)
})

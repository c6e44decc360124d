import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { canonicalIp, isIp, isIpv4, isIpv6 } from '../../../src/expression/net/ip.ts'

type Case = [text: string, canonical: string | null]

const cases: Case[] = JSON.parse(readFileSync(new URL('../../cpython/ip.json', import.meta.url), 'utf8'))

test('an address is what ipaddress takes for one, and is written as it writes it', () => {
  assert.ok(cases.length > 1000)
  for (const [text, canonical] of cases) {
    assert.equal(isIp(text), canonical !== null, JSON.stringify(text.slice(0, 80)))
    assert.equal(canonicalIp(text) ?? null, canonical, JSON.stringify(text.slice(0, 80)))
  }
})

test('an address is either IPv4 or IPv6', () => {
  for (const [text, canonical] of cases) {
    const kinds = [isIpv4(text), isIpv6(text)]
    assert.deepEqual(
      kinds,
      canonical === null ? [false, false] : [!text.includes(':'), text.includes(':')],
      text,
    )
  }
})

test('the canonical form of a canonical form is itself', () => {
  for (const [, canonical] of cases) {
    if (canonical !== null) assert.equal(canonicalIp(canonical), canonical)
  }
})

test('forms that other programs take for IPv4 are no addresses', () => {
  for (const text of [
    '0x7f.0.0.1',
    '0177.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '1.2.3.4 ',
    '١.2.3.4',
    '1.2.3.4\n',
  ]) {
    assert.equal(isIp(text), false, text)
  }
})

test('a mapped address keeps its dots however it was written', () => {
  assert.equal(canonicalIp('::ffff:1.2.3.4'), '::ffff:1.2.3.4')
  assert.equal(canonicalIp('0:0:0:0:0:FFFF:0102:0304'), '::ffff:1.2.3.4')
  assert.equal(canonicalIp('::ffff:0.0.0.0'), '::ffff:0.0.0.0')
  assert.equal(canonicalIp('::1.2.3.4'), '::102:304')
})

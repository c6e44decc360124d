import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addHost, addIp, noHosts, sortHosts } from '../../../src/expression/net/hosts.ts'

test('a host goes to the list of its kind in the form in which hosts are compared', () => {
  const hosts = noHosts()
  for (const text of ['WWW.Example.org.', 'LocalHost', '2001:DB8::0', '192.0.2.1'])
    assert.ok(addHost(hosts, text))
  assert.deepEqual(hosts, {
    fqdn: ['www.example.org'],
    hostname: ['localhost'],
    ip: ['2001:db8::', '192.0.2.1'],
  })
})

test('what is no host goes nowhere', () => {
  const hosts = noHosts()
  for (const text of ['', '-', '[::1]', '1.2.3', 'a b']) assert.equal(addHost(hosts, text), false)
  for (const text of ['localhost', 'v1.x', '::1%', '1.2.3.4%eth0']) assert.equal(addIp(hosts, text), false)
  assert.deepEqual(hosts, noHosts())
})

test('sorted lists have each host once, by code point', () => {
  const hosts = {
    fqdn: ['b.c', 'a.b', 'b.c'],
    hostname: ['\u{20000}', '\uff41', '\u{10400}', 'z'],
    ip: ['::1'],
  }
  assert.deepEqual(sortHosts(hosts), {
    fqdn: ['a.b', 'b.c'],
    hostname: ['z', '\uff41', '\u{10400}', '\u{20000}'],
    ip: ['::1'],
  })
})

test('a name that another begins with stands before it', () => {
  assert.deepEqual(sortHosts({ fqdn: [], hostname: ['ab', 'a', 'abc'], ip: [] }).hostname, ['a', 'ab', 'abc'])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { load } from '../loaded.ts'

function list(type: string, elements: readonly unknown[], rest: object = {}): string {
  // The names as they are sorted in the lists that are published.
  return JSON.stringify({
    description: 'About it',
    list: elements,
    matching_attributes: ['ip-src', 'domain'],
    name: 'List of things',
    type,
    version: 20241203,
    ...rest,
  })
}

test('a list of networks needs no key, and tells of itself in the context', async () => {
  const feed = await load(list('cidr', ['192.0.2.0/24', '198.51.100.7', '2001:db8::/32', 'nonsense', '']))
  assert.equal(feed.records, 3)
  assert.equal(feed.skipped, 2)
  assert.deepEqual(feed.find('ip', '192.0.2.9'), [
    '|value=192.0.2.0/24|list=List of things|version=20241203|description=About it|type=cidr',
  ])
  assert.equal(feed.find('ip', '198.51.100.7').length, 1)
  assert.equal(feed.find('ip', '2001:db8::1').length, 1)
  assert.equal(feed.find('ip', '203.0.113.1').length, 0)
})

test('a host name is the domain and all below it, with any path, as in MISP', async () => {
  const feed = await load(list('hostname', ['example.com', '.dyn.example', '203.0.113.7']))
  for (const url of ['example.com', 'http://a.b.example.com/x?y', 'dyn.example', 'x.dyn.example/'])
    assert.equal(feed.find('url', url).length, 1, url)
  for (const url of ['notexample.com', 'example.com.evil.test', 'evil.test/example.com'])
    assert.equal(feed.find('url', url).length, 0, url)
  assert.equal(feed.find('ip', '203.0.113.7').length, 1)
  // As an address, and as the name of a host.
  assert.equal(feed.find('url', 'http://203.0.113.7/a').length, 2)
})

test('texts are exact, of any type', async () => {
  const hash = 'd41d8cd98f00b204e9800998ecf8427e'
  const feed = await load(gzipSync(list('string', ['example.com', hash, '192.0.2.1'])))
  assert.equal(feed.find('url', 'https://example.com/').length, 1)
  assert.equal(feed.find('url', 'https://example.com/a').length, 0)
  assert.equal(feed.find('url', 'a.example.com').length, 0)
  assert.equal(feed.find('hash', hash.toUpperCase()).length, 1)
  assert.equal(feed.find('ip', '192.0.2.1').length, 1)
})

test('a piece of text is found in the host and behind it', async () => {
  const feed = await load(list('substring', ['phish']))
  assert.equal(feed.find('url', 'http://www.phishing.example/').length, 1)
  assert.equal(feed.find('url', 'http://example.com/a/phish/b').length, 1)
  assert.equal(feed.find('url', 'http://example.com/?q=phish').length, 1)
  assert.equal(feed.find('url', 'http://example.com/fish').length, 0)
})

test('regular expressions are refused, with the name of the list', async () => {
  await assert.rejects(load(list('regex', ['/a+/'])), {
    code: 'FEED_INVALID',
    message: /"List of things" is one of regular expressions \(type regex\).*masks/,
  })
})

test('the order of the names, and what else there is, do not matter', async () => {
  const nested = { a: { list: ['192.0.2.66'], name: 'no', type: 'regex' }, b: [['192.0.2.67']] }
  const text = `{"nested": ${JSON.stringify(nested)}, "version": "3", "type": "cidr", "list": ["192.0.2.1", {"x": "192.0.2.2"}, ["192.0.2.3"]], "name": "N"}`
  const feed = await load(text)
  assert.deepEqual(feed.find('ip', '192.0.2.1'), ['|value=192.0.2.1|list=N|version=3|description=|type=cidr'])
  for (const end of [2, 3, 66, 67]) assert.deepEqual(feed.find('ip', `192.0.2.${end}`), [])
})

test('of a key only the type counts', async () => {
  const text = list('string', ['example.com', '192.0.2.1'])
  const feed = await load(text, { key: 'list', type: 'ip', category: 'Mine' })
  assert.equal(feed.records, 1)
  assert.equal(feed.ignored, 1)
  assert.equal(feed.find('url', 'example.com').length, 0)
  assert.equal(feed.find('ip', '192.0.2.1').length, 1)
})

test('what only looks like a list of MISP is a feed like any other', async () => {
  for (const text of [
    list('something else', ['example.com']),
    `${list('string', ['example.com'])}\n{"list": ["b.example"]}`,
    `[${list('string', ['example.com'])}]`,
    '{"list": ["example.com"], "name": "N"}',
  ]) {
    const feed = await load(text, { key: 'list' })
    assert.match(feed.find('url', 'example.com')[0]!, /\|list=example\.com/)
    await assert.rejects(load(text), { code: 'FEED_KEY_NEEDED' })
  }
})

test('names from outside are only names', async () => {
  const text = `{"__proto__": {"type": "regex"}, "list": ["__proto__.example", "constructor.example"], "name": "__proto__", "type": "string", "version": 1}`
  const feed = await load(text)
  assert.deepEqual(feed.find('url', 'constructor.example'), [
    '|value=constructor.example|list=__proto__|version=1|description=|type=string',
  ])
})

test('a list of 300,000 elements takes no record of the whole', async () => {
  const elements = Array.from({ length: 300_000 }, (_, i) => `host-${i}.a-rather-long-domain-name.example`)
  const text = list('hostname', elements)
  assert.ok(text.length > 16 * 1024 * 1024 * 0.7)
  const feed = await load(text)
  assert.equal(feed.records, 300_000)
  assert.equal(feed.find('url', 'x.host-299999.a-rather-long-domain-name.example/p').length, 1)
})

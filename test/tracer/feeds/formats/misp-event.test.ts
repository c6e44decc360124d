import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pace } from '../../../../src/tracer/feeds/pace.ts'
import { readFeed } from '../../../../src/tracer/feeds/read.ts'
import { temporaryFile } from '../../../temporary.ts'
import { load } from '../loaded.ts'

const MD5 = '9e107d9d372bb6826bd81d3542a419d6'
const SHA1 = '2fd4e1c67a2d28fced849ee1bb76e7391b93eb12'
const SHA256 = 'd7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d08d0bf37c9e592'

const FIELDS = { info: 'Bad campaign', uuid: '5f0f0f0f-0000-4000-8000-000000000001', date: '2024-01-02' }
const EVENT = '|event.info=Bad campaign|event.uuid=5f0f0f0f-0000-4000-8000-000000000001|event.date=2024-01-02'

function event(attributes: readonly unknown[], rest: object = {}): object {
  return {
    Event: {
      ...FIELDS,
      threat_level_id: '1',
      Orgc: { name: 'O', uuid: 'x' },
      Attribute: attributes,
      ...rest,
    },
  }
}

test('each part of an attribute that is an indicator can be looked up', async () => {
  const attributes: [type: string, value: string, ...found: ['ip' | 'url' | 'hash', string][]][] = [
    ['ip-src', '192.0.2.1', ['ip', '192.0.2.1']],
    ['ip-dst', '198.51.100.0/24', ['ip', '198.51.100.77']],
    ['ip-dst|port', '192.0.2.2|443', ['ip', '192.0.2.2']],
    ['ip-src|port', '2001:db8::1|80', ['ip', '2001:db8::1']],
    ['domain', 'Evil.example', ['url', 'evil.example']],
    ['hostname', 'a.evil.example', ['url', 'a.evil.example']],
    ['hostname|port', 'b.evil.example|8080', ['url', 'b.evil.example']],
    ['domain|ip', 'c.evil.example|192.0.2.3', ['url', 'c.evil.example'], ['ip', '192.0.2.3']],
    ['url', 'http://evil.example/a?b|c', ['url', 'http://evil.example/a?b|c']],
    ['uri', '//evil.example/u', ['url', 'evil.example/u']],
    ['md5', MD5, ['hash', MD5]],
    ['sha1', SHA1, ['hash', SHA1]],
    ['sha256', SHA256.toUpperCase(), ['hash', SHA256]],
    ['sha512', 'ab'.repeat(64), ['hash', 'ab'.repeat(64)]],
    ['filename|sha1', `a|b.exe|${'1'.repeat(40)}`, ['hash', '1'.repeat(40)]],
    ['malware-sample', `x.exe|${'2'.repeat(32)}`, ['hash', '2'.repeat(32)]],
    ['filename|sha512/224', `x|${'3'.repeat(56)}`, ['hash', '3'.repeat(56)]],
  ]
  const feed = await load(
    JSON.stringify(event(attributes.map(([type, value]) => ({ type, value, to_ids: true })))),
  )
  assert.equal(feed.records, attributes.length)
  assert.equal(feed.skipped, 0)
  for (const [type, value, ...found] of attributes) {
    for (const [kind, asked] of found) {
      const [context] = feed.find(kind, asked)
      const shown = (text: string) => text.replaceAll('|', ' ')
      assert.equal(context, `|type=${shown(type)}|value=${shown(value)}|to_ids=true${EVENT}`, type)
    }
  }
})

test('types that cannot be looked up are no errors, and are counted', async () => {
  const attributes = [
    { type: 'comment', value: 'text' },
    { type: 'filename', value: 'a.exe' },
    { type: 'email-src', value: 'a@b.example' },
    { type: 'link', value: 'https://report.example/' },
    { type: 'filename|ssdeep', value: 'a|3:abc:def' },
    { type: '__proto__', value: 'x' },
    { type: 'constructor|toString', value: 'x|y' },
    { type: 'domain', value: 'gone.example', deleted: true },
    { type: 'domain', value: 'there.example' },
  ]
  const feed = await load(JSON.stringify(event(attributes)))
  assert.deepEqual([feed.records, feed.ignored, feed.skipped], [1, 8, 0])
  assert.equal(feed.find('url', 'gone.example').length, 0)
})

test('an event of nothing that can be looked up is a feed without indicators', async () => {
  const feed = await load(JSON.stringify(event([{ type: 'comment', value: 'text' }])), { key: 'value' })
  assert.deepEqual([feed.records, feed.ignored, feed.indicators], [0, 1, 0])
})

test('what is no attribute, and what is not of its type, is skipped', async () => {
  const attributes = [7, 'x', null, {}, { type: 'md5' }, { type: 'ip-src', value: 'nonsense' }]
  const feed = await load(JSON.stringify(event([...attributes, { type: 'ip-src', value: '192.0.2.1' }])))
  assert.deepEqual([feed.records, feed.skipped], [1, 6])
})

test('the context has tags and what the analyst has written, and not the sample', async () => {
  const attribute = {
    uuid: 'u',
    event_id: '5',
    category: 'Network activity',
    type: 'domain',
    value: 'evil.example',
    comment: 'c2 | beacon',
    to_ids: false,
    timestamp: '1700000000',
    first_seen: null,
    data: 'A'.repeat(100_000),
    Tag: [{ name: 'tlp:green', colour: '#00ff00' }, 5, { colour: 'x' }, { name: 'apt' }],
    Galaxy: [{ deep: { deep: [] } }],
  }
  const feed = await load(JSON.stringify(event([attribute])))
  assert.deepEqual(feed.find('url', 'evil.example'), [
    `|type=domain|category=Network activity|value=evil.example|comment=c2   beacon|to_ids=false|uuid=u|timestamp=1700000000|tags=tlp:green,apt${EVENT}`,
  ])
})

test('attributes of objects are attributes', async () => {
  const object = { name: 'file', Attribute: [{ type: 'md5', value: MD5, object_relation: 'md5' }] }
  const text = JSON.stringify(event([], { Object: [object, { name: 'empty' }, 'x'] }))
  const feed = await load(text)
  assert.deepEqual(feed.find('hash', MD5), [`|type=md5|value=${MD5}|object_relation=md5${EVENT}`])
})

test('several events: in an array, one after another, as an answer of MISP', async () => {
  const one = JSON.stringify(event([{ type: 'domain', value: 'one.example' }]))
  const two = JSON.stringify({
    Event: { ...FIELDS, info: 'Other', Attribute: [{ type: 'domain', value: 'two.example' }] },
  })
  for (const text of [`[${one},${two}]`, `${one}\n${two}\n`, `{"response": [${one}, ${two}]}`]) {
    const feed = await load(text)
    assert.equal(feed.records, 2, text.slice(0, 20))
    assert.match(feed.find('url', 'one.example')[0]!, /event\.info=Bad campaign/)
    assert.match(feed.find('url', 'two.example')[0]!, /event\.info=Other/)
  }
  const found = await load('{"response": {"Attribute": [{"type": "domain", "value": "one.example"}]}}')
  assert.deepEqual(found.find('url', 'one.example'), ['|type=domain|value=one.example'])
})

test('an event that tells of itself behind its attributes has the same contexts, none of them twice', async () => {
  const early = JSON.stringify(event([{ type: 'domain', value: 'one.example' }]))
  const attributes = [
    { type: 'domain', value: 'two.example' },
    { type: 'comment', value: 'c' },
    { type: 'md5', value: MD5 },
  ]
  const late = JSON.stringify({ Event: { Attribute: attributes, ...FIELDS, info: 'Late' } })
  const file = temporaryFile('feed', `[${early}, ${late}, ${late.replaceAll('two', 'three')}]`)
  const told: unknown[][] = []
  let ignored = 0
  await readFeed(
    file,
    {
      onColumns: () => assert.fail(),
      onRecord: (record, ordinal, own) =>
        told.push([ordinal, own?.[0]?.value, (record.get('event') as Map<string, string>).get('info')]),
      onSkipped: () => assert.fail(),
      onIgnored: () => {
        ignored += 1
      },
    },
    new Pace(),
  )
  assert.deepEqual(told, [
    [1, 'one.example', 'Bad campaign'],
    [2, 'two.example', 'Late'],
    [3, MD5, 'Late'],
    [4, 'three.example', 'Late'],
    [5, MD5, 'Late'],
  ])
  assert.equal(ignored, 2)
})

test('a record that merely has a response is a feed like any other', async () => {
  const feed = await load('{"response": [{"host": "a.example"}, {"host": "b.example"}], "took": 3}', {
    key: 'response/host',
  })
  assert.equal(feed.records, 2)
  assert.equal(feed.find('url', 'b.example').length, 1)
})

test('records that merely have a response are read to the end, however many', async () => {
  const lines = Array.from(
    { length: 1000 },
    (_, i) => `{"response": {"code": ${i}}, "host": "h${i}.example"}`,
  )
  for (const text of [lines.join('\n'), `[${lines.join(',')}]`]) {
    const feed = await load(text, { key: 'host' })
    assert.deepEqual([feed.records, feed.skipped, feed.ignored], [1000, 0, 0])
    assert.deepEqual(feed.find('url', 'h999.example'), ['|response.code=999|host=h999.example'])
  }
})

test('an event that is broken in the middle is refused as a whole', async () => {
  const text = JSON.stringify(event([{ type: 'domain', value: 'one.example' }]))
  for (const broken of [text.slice(0, -5), text.replace('"value"', 'value'), `${text}}`])
    await assert.rejects(load(broken), { code: 'FEED_INVALID' })
})

test('an event larger than a record may be is read an attribute at a time', {
  timeout: 900_000,
}, async () => {
  const attributes = Array.from({ length: 120_000 }, (_, i) => ({
    type: 'domain',
    value: `host-${i}.example`,
    comment: 'x'.repeat(120),
  }))
  const text = JSON.stringify(event(attributes))
  assert.ok(text.length > 16 * 1024 * 1024)
  const feed = await load(text)
  assert.equal(feed.records, 120_000)
  assert.equal(feed.find('url', 'host-119999.example').length, 1)
})

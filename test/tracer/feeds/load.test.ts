import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { FeedError, type FeedErrorCode } from '../../../src/tracer/feeds/feed-error.ts'
import { type FeedSpec, loadFeed } from '../../../src/tracer/feeds/load.ts'
import { queryOf } from '../../../src/tracer/feeds/tables/table.ts'
import type { IndicatorType } from '../../../src/tracer/protocol.ts'
import { temporaryFile } from '../../temporary.ts'

async function load(content: string | Uint8Array, ...specs: FeedSpec[]) {
  const feed = await loadFeed(temporaryFile('feed', content), specs)
  return {
    ...feed,
    /** The contexts that the tables have of a value, by table. */
    contexts: (type: IndicatorType, value: string) =>
      feed.tables.map((table) =>
        (table.find(queryOf({ type, value })!, undefined) ?? []).map((match) => match.context),
      ),
  }
}

async function refusal(content: string, key: string, code: FeedErrorCode): Promise<string> {
  const error = await load(content, { key }).then(
    () => assert.fail('the feed was loaded'),
    (reason) => reason,
  )
  assert.ok(error instanceof FeedError, String(error))
  assert.equal(error.code, code)
  return error.message
}

test('the whole record is the context, the key included', async () => {
  const feed = await load('ioc,context,10,2\ngmer.com,bad_URL,,"x|y"\n', { key: 'ioc' })
  assert.deepEqual(feed.contexts('url', 'http://GMER.com/'), [['|ioc=gmer.com|context=bad_URL|10=|2=x y']])
  assert.equal(feed.records, 1)
  assert.equal(feed.indicators, 1)
  assert.equal(feed.skipped, 0)
})

test('types are detected value by value', async () => {
  const feed = await load(`[{"k": ["a.example", "192.0.2.0/28", "${'a'.repeat(40)}", "*.b.example"]}]`, {
    key: 'k',
  })
  assert.equal(feed.records, 1)
  assert.equal(feed.indicators, 4)
  for (const [type, value] of [
    ['url', 'a.example'],
    ['ip', '192.0.2.9'],
    ['hash', 'A'.repeat(40)],
    ['url', 'x.b.example/y'],
  ] as const) {
    assert.deepEqual(feed.contexts(type, value)[0]!.length, 1, value)
  }
})

test('several keys of a file make several tables of one reading', async () => {
  const text = `{"files": [{"MD5": "${'1'.repeat(32)}", "SHA1": "${'2'.repeat(40)}"}, {"MD5": "${'3'.repeat(32)}"}]}
{"files": [{"SHA1": "${'4'.repeat(40)}"}]}
{"files": []}
{"note": "no files"}`
  const feed = await load(
    gzipSync(text),
    { key: 'files/MD5', type: 'hash' },
    { key: 'files.SHA1', type: 'hash' },
  )
  assert.equal(feed.records, 2)
  assert.equal(feed.indicators, 4)
  assert.equal(feed.skipped, 2)
  assert.deepEqual(feed.skippedPlaces, ['record 3: no key', 'record 4: no key'])
  const first = `|MD5=${'1'.repeat(32)}|SHA1=${'2'.repeat(40)}`
  assert.deepEqual(feed.contexts('hash', '3'.repeat(32)), [[`|MD5=${'3'.repeat(32)}`], []])
  assert.deepEqual(feed.contexts('hash', '2'.repeat(40)), [[], [first]])
})

test('a record is skipped when its key is empty, or nothing of its type', async () => {
  const feed = await load('ip,n\n192.0.2.1,a\n,b\n-,c\ngmer.com,d\nonly\n192.0.2.9-192.0.2.3,e\n', {
    key: 'ip',
    type: 'ip',
  })
  assert.equal(feed.records, 1)
  assert.equal(feed.skipped, 5)
  assert.equal(feed.skippedPlaces.length, 5)
  const places = feed.skippedPlaces.join('\n')
  assert.match(places, /record 2: no key/)
  assert.match(places, /record 4: unusable key "gmer.com"/)
  assert.match(places, /line 6: .*got 1/)
})

test('only the first places of many are told', async () => {
  const feed = await load(`a,b\nx.example,1\n${',2\n'.repeat(1000)}`, { key: 'a' })
  assert.equal(feed.skipped, 1000)
  assert.equal(feed.skippedPlaces.length, 5)
})

test('a column that is not there is refused, and close ones are told', async () => {
  const csv = 'mask,whois.domain,first_seen\nx.example,y.example,2026\n'
  const code = 'FEED_KEY_MISSING'
  assert.match(await refusal(csv, 'Mask', code), /feed: has no column "Mask"; did you mean "mask"\?$/)
  assert.match(await refusal(csv, 'whois/domain', code), /did you mean "whois.domain"\?$/)
  assert.match(
    await refusal(csv, 'ioc', code),
    /has no column "ioc"; there is mask, whois.domain, first_seen$/,
  )
})

test('a type that a key cannot have is told, with those that there are', async () => {
  const csv = 'ioc,note\nx.example,1\n'
  const code = 'FEED_KEY_MISSING'
  const types = 'the types of a key are url, domain, ip, hash, email and text'
  assert.match(
    await refusal(csv, 'ioc:hostname', code),
    new RegExp(`no column "ioc:hostname"; ${types}: write :domain$`),
  )
  assert.match(await refusal(csv, 'ioc:IPv4', code), new RegExp(`${types}: write :ip$`))
  assert.match(await refusal(csv, 'ioc:sha256', code), new RegExp(`${types}: write :hash$`))
  assert.match(await refusal(csv, 'ioc:colour', code), new RegExp(`${types}$`))
  assert.match(
    await refusal('[{"ioc": "x.example"}]', 'ioc:uri', code),
    new RegExp(`no field "ioc:uri"; ${types}: write :url$`),
  )
  assert.match(await refusal(csv, 'iocs:host', code), /there is ioc, note$/)
})

test('a path that no record has is refused, and close ones are told', async () => {
  const json = '[{"id": 1, "files": [{"MD5": null}]}, {"whois": {"domain": "x"}}]'
  const code = 'FEED_KEY_MISSING'
  assert.match(
    await refusal(json, 'files/MD6', code),
    /has no field "files\/MD6"; did you mean "files\/MD5"\?$/,
  )
  assert.match(await refusal(json, 'domain', code), /did you mean "whois\/domain"\?$/)
  assert.match(await refusal(json, 'zzzz', code), /there is id, files\/MD5, whois\/domain$/)
  assert.match(await refusal('[{}, {}]', 'x', code), /there is none$/)
  const many = JSON.stringify(Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`field${i}`, i])))
  assert.match(await refusal(many, 'key', code), /field9, \.\.\.$/)
})

test('a feed none of whose records can be used is refused', async () => {
  const message = await refusal('a,b\n1\n2\n', 'a', 'FEED_INVALID')
  assert.match(message, /none of its 2 records can be used \(line 2: /)
  assert.match(
    await refusal('[1,\n2]', 'a', 'FEED_INVALID'),
    /none of its 2 records can be used \(line 1: the value is not an object; line 2: /,
  )
})

test('a feed that nests too deep is told so, whole or cut off', async () => {
  const close: Readonly<Record<string, string>> = { '[': ']', '{"a":': '}' }
  for (const open of ['[', '{"a":']) {
    const whole = `${open.repeat(5000)}1${close[open]!.repeat(5000)}`
    for (const text of [whole, `[${whole}]`, `{"list":${whole}}`, `{"Event":[${whole}]}`]) {
      assert.match(
        await refusal(text, 'a', 'FEED_INVALID'),
        /none of its 1 records can be used \(line 1: the record nests deeper than 100 levels\)$/,
      )
    }
    assert.match(
      await refusal(open.repeat(5000), 'a', 'FEED_INVALID'),
      /the file ends in the middle of a value, and nests deeper than 100 levels$/,
    )
  }
  assert.match(
    await refusal(`{"a":${'['.repeat(1000)}"${'x'.repeat(17 << 20)}`, 'a', 'FEED_INVALID'),
    /a record is longer than 16 MiB, and nests deeper than 100 levels; /,
  )
})

test('a web page in the place of a feed is refused', async () => {
  const page = '<!DOCTYPE html>\n<html><body>503, try later</body></html>\n'
  await refusal(page, 'mask', 'FEED_KEY_MISSING')
})

test('a feed without records has empty tables', async () => {
  for (const content of ['[]', 'key,x\n']) {
    const feed = await load(content, { key: 'key' })
    assert.deepEqual([feed.records, feed.indicators, feed.skipped], [0, 0, 0])
    assert.deepEqual(feed.contexts('url', 'a.example'), [[]])
  }
})

test('huge and hostile values are values', async () => {
  const records: object[] = [
    { key: 'x.example', note: 'x'.repeat(3_000_000) },
    { key: `${'*'.repeat(100_000)}.y.example` },
    { key: '%'.repeat(100_000) },
    { key: `${'a.'.repeat(50_000)}example` },
    { key: ['__proto__', 'constructor'], toString: 'x', hasOwnProperty: 'y' },
  ]
  const feed = await load(JSON.stringify(records), { key: 'key', type: 'url' })
  assert.equal(feed.records, 5)
  assert.deepEqual(feed.contexts('url', 'x.example'), [['|key=x.example|context_truncated=\u0001true']])
  assert.equal(feed.contexts('url', 'a.y.example')[0]!.length, 1)
  assert.equal(feed.contexts('url', '%'.repeat(100_000))[0]!.length, 1)
  assert.equal(feed.contexts('url', `${'a.'.repeat(50_000)}example`)[0]!.length, 1)
  assert.deepEqual(feed.contexts('url', '__proto__'), [
    ['|key=__proto__,constructor|toString=x|hasOwnProperty=y'],
  ])
})

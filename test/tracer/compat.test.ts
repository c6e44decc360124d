import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Compat, originalFeedContext, originalMispContext } from '../../src/tracer/compat.ts'
import type { Enricher } from '../../src/tracer/enricher.ts'
import { createFeedEnricher } from '../../src/tracer/enrichers/feed.ts'
import { MispEnricher } from '../../src/tracer/enrichers/misp/misp.ts'
import { compileFeeds } from '../../src/tracer/feeds/compiled/on-demand.ts'
import { temporaryDirectory } from '../temporary.ts'
import { FakeMisp, KEY, pem } from './misp/fake-misp.ts'
import { RunningServer } from './running-server.ts'

/*
 * 17 requests and what Tracer.py 0.3 has answered to them, once, from the feeds beside the replies and a MISP that knows
 * one address. Its connections end after a reply. After hits of MISP it sends no LookupFinished, by which clients wait for
 * ever: that is the one thing that is added here.
 */
const folder = fileURLToPath(new URL('compat/', import.meta.url))
const recorded: readonly { source: 'feeds' | 'misp'; request: string; reply: string }[] = JSON.parse(
  readFileSync(join(folder, 'replies-of-tracer-py.json'), 'utf8'),
)
const FINISHED = 'LookupFinished\n'
const FEEDS = [
  { file: join(folder, 'hashes.json'), key: 'MD5' },
  { file: join(folder, 'masks.json'), key: 'mask' },
  { file: join(folder, 'anything.csv'), key: 'ioc' },
]
const ATTRIBUTES = [
  {
    ...{
      id: '7',
      event_id: '3',
      type: 'ip-dst',
      to_ids: true,
      comment: '',
      first_seen: null,
      value: '192.0.2.9',
    },
    Event: { id: '3', info: 'some event', distribution: '0' },
    Tag: [{ name: 'tlp:red', numerical_value: null }, { name: 'x' }],
  },
  { id: '9', event_id: '4', type: 'ip-src', to_ids: false, value: '192.0.2.9', Galaxy: [] },
]

async function replies(t: TestContext, enrichers: Enricher[], source: string): Promise<[string, string][]> {
  const server = await RunningServer.start(t, { enrichers, indicatorOrder: 'type' })
  const pairs: [string, string][] = []
  for (const { request, reply } of recorded.filter((each) => each.source === source)) {
    const client = await server.connect()
    client.socket.end(request)
    await client.ended()
    pairs.push([
      `${request}\n${client.text}`,
      `${request}\n${reply}${reply.endsWith(FINISHED) ? '' : FINISHED}`,
    ])
  }
  return pairs
}

async function feedsWith(t: TestContext, compat: Compat | undefined): Promise<Enricher> {
  const feeds = FEEDS.map((feed) => ({ ...feed, reading: { compat } }))
  const enricher = await createFeedEnricher({ feeds, compat, watch: false })
  t.after(() => enricher.close())
  return enricher
}

test('replies from feeds are those of Tracer.py, byte for byte', async (t) => {
  const pairs = await replies(t, [await feedsWith(t, 'tracer')], 'feeds')
  assert.equal(pairs.length, 15)
  for (const [actual, expected] of pairs) assert.equal(actual, expected)
})

test('so are those from compiled feeds', async (t) => {
  const directory = temporaryDirectory()
  const compiled = await Promise.all(
    FEEDS.map(async ({ file, key }, i) => {
      const output = join(directory, `${i}.tracer`)
      await compileFeeds({ feeds: [file], keys: [{ key }], reading: { compat: 'tracer' }, output })
      return { compiled: output }
    }),
  )
  const enricher = await createFeedEnricher({ feeds: compiled, compat: 'tracer', watch: false })
  t.after(() => enricher.close())
  for (const [actual, expected] of await replies(t, [enricher], 'feeds')) assert.equal(actual, expected)
})

test('and those from MISP, remembered ones too', async (t) => {
  const misp = await FakeMisp.start(t)
  misp.attributes.push(...ATTRIBUTES)
  const enricher = new MispEnricher({
    url: misp.url,
    key: KEY,
    ca: pem('authority-cert'),
    compat: 'tracer',
    timeoutMs: 60_000,
  })
  t.after(() => enricher.close())
  const pairs = await replies(t, [enricher], 'misp')
  assert.equal(pairs.length, 2)
  for (const [actual, expected] of pairs) assert.equal(actual, expected)
})

test('without it nothing of that is so', async (t) => {
  const enricher = await feedsWith(t, undefined)
  assert.deepEqual(await enricher.lookup({ type: 'url', value: 'any data at all' }), [])
  const hit = (await enricher.lookup({ type: 'url', value: 'kit.example/shop/x' }))[0]
  assert.match(hit!.context, /\|whois\.domain=kit\.example\|/)
})

test('what is not written as a key is found as it always is, and no text is one', async (t) => {
  const enricher = await feedsWith(t, 'tracer')
  const categories = async (type: 'url' | 'ip' | 'hash' | 'text', value: string) =>
    (await enricher.lookup({ type, value })).map(({ category }) => category)
  assert.deepEqual(await categories('hash', '0cc175b9c0f1b6a831c399e269772661'), ['Tracer_HASH_enricher'])
  assert.deepEqual(await categories('url', 'http://WWW.gmer.com:80/x'), ['Tracer_URL_enricher'])
  assert.deepEqual(await categories('text', 'any data at all'), [])
})

test('contexts keep separators and controls out of values, and hostile names are names', () => {
  const inner = new Map<string, unknown>([
    ['__proto__', 'a|b'],
    ['c\nd', ['x\r\ny', new Map()]],
  ])
  assert.equal(
    originalFeedContext(new Map<string, unknown>([['constructor', inner]])),
    '|constructor=__proto__=a b|c d=x y,',
  )
  const attribute = JSON.parse('{"__proto__": {"a|b": "c\\nd"}, "n": 1.5, "l": [[], [true]]}')
  assert.equal(originalMispContext(attribute), '|__proto__.a b=c d|n=1.5|l[1][0]=True')
  let deep: unknown = 1
  for (let i = 0; i < 200; i++) deep = [deep]
  assert.throws(() => originalMispContext({ deep }), RangeError)
})

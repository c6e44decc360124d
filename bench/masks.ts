/**
 * Requests a second of a server with a feed of 20,000 masks when none of them hits, and the influence of the number and
 * the shape of masks on a look-up.
 *
 * Through the server: masks of all shapes, 4 connections, pipelined, 100,000 different URLs; it must find what hits
 * before it is timed. Within this process: a look-up is what the server makes of a `url=...`, the URL is normalised,
 * looked up exactly and among the masks. All URLs are near misses: their hosts, paths and words are put together from
 * those of the masks. Against the way of the original, one regular expression a mask, on fewer URLs. Both must find the
 * same before they are timed, on URLs that hit as well. Rounds in turn, medians. Run:
 * `node --import tsx bench/masks.ts`.
 *
 * 2026-11-21, Node 20.20, one core of a busy shared machine: 20,000 masks of one shape 0.45 to 1.9M/s, of all shapes
 * 0.72M/s; 200,000 of all shapes 0.55M/s; one regular expression a mask 33/s.
 * Reading: the work does not grow with the masks, only the tables do that have to be in the processor's cache. Also
 * masks that no label and no path leads to (a word somewhere) cost nothing, because eight characters in a row are rare.
 * Through the server, 2026-11-22, --quick, on a busy machine: 535k/s, five times what is asked for; the look-up alone
 * answers 775k/s of the same shapes within this process.
 */
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BenchOptions, Row } from './harness.ts'
import * as harness from './harness.ts'
import * as server from './tracer-server.ts'

const MASKS = 20_000
const MANY_MASKS = 200_000
const URLS = 1000
/** Different ones for the server, so that none is asked for twice within a round of {@link server.BLOCKS} blocks. */
const SERVER_URLS = server.BLOCKS * server.BLOCK_REQUESTS
/** Scanning is so slow that a few URLs do. */
const SCANNED_URLS = 10

/** Kinds of masks that feeds have, and a URL that each hits. Numbers are six digits, so that texts are alike. */
const SHAPES: Record<string, (number: string) => { mask: string; url: string }> = {
  'below a host': (n) => ({ mask: `*.evil-${n}.example/*`, url: `http://www.evil-${n}.example/a` }),
  'below a path of one host': (n) => ({
    mask: `pages.example/site-${n}/*`,
    url: `https://pages.example/site-${n}/login`,
  }),
  'a word in the host': (n) => ({ mask: `*bank-${n}x*`, url: `http://my.bank-${n}x.example/` }),
  'a word in any path': (n) => ({
    mask: `*/wp/*/kit-${n}/*.php`,
    url: `http://host.example/wp/x/kit-${n}/gate.php`,
  }),
  'a domain with a leading dot': (n) => ({
    mask: `.dyn-${n}.example`,
    url: `http://home.dyn-${n}.example:8080/`,
  }),
}

export async function run({ quick, rounds = quick ? 2 : 5 }: BenchOptions): Promise<Row[]> {
  harness.build()
  const { FeedTableBuilder, queryOf } = await harness.built<
    typeof import('../src/tracer/feeds/tables/table.ts')
  >('tracer/feeds/tables/table.js')
  const { readIndicatorKey } = await harness.built<
    typeof import('../src/tracer/feeds/keys/indicator-key.ts')
  >('tracer/feeds/keys/indicator-key.js')
  const { TextStore } = await harness.built<typeof import('../src/tracer/feeds/tables/text-store.ts')>(
    'tracer/feeds/tables/text-store.js',
  )
  const { Pace } = await harness.built<typeof import('../src/tracer/feeds/pace.ts')>('tracer/feeds/pace.js')
  const { canonicalUrl } =
    await harness.built<typeof import('../src/tracer/feeds/keys/url.ts')>('tracer/feeds/keys/url.js')

  const build = async (masks: readonly string[]) => {
    const store = new TextStore()
    const builder = new FeedTableBuilder(store)
    for (const mask of masks) builder.add(readIndicatorKey(mask, 'url')!, store.put(mask))
    const table = await builder.finish(new Pace())
    return (url: string): string[] =>
      (table.find(queryOf({ type: 'url', value: url })!, undefined) ?? []).map(({ context }) => context)
  }

  const roundMs = quick ? 100 : 500
  const rows: Row[] = []
  const measure = async (what: string, masks: readonly string[], misses: readonly string[]) => {
    const find = await build(masks)
    const texts = misses.map((url) => Buffer.from(url))
    const task = () => {
      let hits = 0
      for (const bytes of texts) hits += find(bytes.toString('latin1')).length
      return hits
    }
    assert.equal(task(), 0)
    const readings: number[] = []
    for (let round = 0; round < rounds; round++) {
      readings.push((await harness.callsPerSecond(task, roundMs)) * texts.length)
    }
    rows.push(harness.measured(what, '/s', readings))
  }

  const shapes = Object.entries(SHAPES)
  const mixed = masksOf(Object.values(SHAPES), MASKS)
  const mixedMisses = missesOf(Object.values(SHAPES))
  const scan = scanner(
    mixed.map(({ mask }) => mask),
    canonicalUrl,
  )
  const find = await build(mixed.map(({ mask }) => mask))
  const hits = mixed.filter((_, i) => i % (MASKS / (quick ? 10 : 50)) === 0).map(({ url }) => url)
  for (const url of [...hits, ...mixedMisses.slice(0, hits.length)]) {
    assert.deepEqual(find(url), scan(url), url)
  }
  for (const url of hits) assert.equal(find(url).length, 1, url)

  rows.push(await throughServer(mixed, quick ? 200_000 : 1_000_000, rounds))
  for (const [shape, make] of shapes) {
    const masks = masksOf([make], MASKS).map(({ mask }) => mask)
    await measure(`look-up, 20,000 masks, all misses: ${shape}`, masks, missesOf([make]))
  }
  await measure(
    'look-up, 20,000 masks, all misses: all shapes',
    mixed.map(({ mask }) => mask),
    mixedMisses,
  )
  const many = masksOf(Object.values(SHAPES), quick ? MASKS * 2 : MANY_MASKS).map(({ mask }) => mask)
  const count = many.length.toLocaleString('en')
  await measure(`look-up, ${count} masks, all misses: all shapes`, many, mixedMisses)

  const scanned = mixedMisses.slice(0, SCANNED_URLS)
  const scanning = () => scanned.map(scan)
  const readings: number[] = []
  for (let round = 0; round < rounds; round++) {
    readings.push((await harness.callsPerSecond(scanning, roundMs)) * scanned.length)
  }
  rows.push(harness.measured('look-up, 20,000 masks, all misses: a regular expression each', '/s', readings))
  return rows
}

/** The masks as a feed, asked in the way of bench/tracer-server.ts. */
async function throughServer(masks: readonly Made[], requests: number, rounds: number): Promise<Row> {
  return harness.withFolder(async (folder) => {
    const feed = join(folder, 'feed.csv')
    writeFileSync(feed, `mask,context\n${masks.map(({ mask }) => `${mask},bad_URL\n`).join('')}`)
    const running = await server.startOurs('--feed', feed, '--key', 'mask:url')
    try {
      await server.assertReplies(running, hitBlock(masks))
      const readings = await server.pipelinedRates(running, missBlocks(), requests, rounds)
      const what = `server, pipelined, ${server.CONNECTIONS} connections, 20,000 masks, all misses`
      return harness.measured(what, '/s', readings, { atLeast: 100_000 })
    } finally {
      running.child.kill()
    }
  })
}

/** Requests that hit: some masks of every shape. */
function hitBlock(masks: readonly Made[]): server.Block {
  let request = ''
  let reply = ''
  for (const { mask, url } of masks.filter((_, i) => i % 101 === 0)) {
    request += `1|url=${url}|\n`
    reply += `Category=Tracer_URL_REGEX_enricher|MatchedIndicator=${url}|mask=${mask}|context=bad_URL\nLookupFinished\n`
  }
  return { request: Buffer.from(request), reply: Buffer.from(reply) }
}

function missBlocks(): server.Block[] {
  const urls = missesOf(Object.values(SHAPES), SERVER_URLS)
  const reply = Buffer.from('LookupFinished\n'.repeat(server.BLOCK_REQUESTS))
  return Array.from({ length: server.BLOCKS }, (_, block) => {
    const from = block * server.BLOCK_REQUESTS
    const lines = urls.slice(from, from + server.BLOCK_REQUESTS).map((url) => `1|url=${url}|\n`)
    return { request: Buffer.from(lines.join('')), reply }
  })
}

type Shape = (typeof SHAPES)[string]
type Made = ReturnType<Shape>

function masksOf(shapes: readonly Shape[], count: number): Made[] {
  return Array.from({ length: count }, (_, i) => shapes[i % shapes.length]!(String(100_000 + i)))
}

/** The numbers of these are those of no mask. */
function missesOf(shapes: readonly Shape[], count = URLS): string[] {
  return Array.from({ length: count }, (_, i) => shapes[i % shapes.length]!(String(300_000 + i * 7)).url)
}

/** The way of the original: every mask is tried. */
function scanner(masks: readonly string[], canonicalUrl: (url: string) => string): (url: string) => string[] {
  const patterns = masks.map((mask) => {
    const hasLeadingDot = mask.startsWith('.')
    const [host, ...path] = (hasLeadingDot ? mask.slice(1) : mask).split('/')
    const hostPattern = `${hasLeadingDot ? '(?:[^/?]*\\.)?' : ''}${globPattern(host!, '[^/?]*')}`
    const tail = path.length === 0 ? '/*' : `/${path.join('/')}`
    const below = tail.endsWith('/*') ? '(?:[/?].*)?' : ''
    return new RegExp(`^${hostPattern}${globPattern(below ? tail.slice(0, -2) : tail, '.*')}${below}$`, 's')
  })
  return (url) => {
    const text = canonicalUrl(url)
    const withWww = /^\w+:\/\/www\./.test(url) ? `www.${text}` : text
    return masks.filter((_, i) => patterns[i]!.test(text) || patterns[i]!.test(withWww))
  }
}

function globPattern(glob: string, star: string): string {
  return glob
    .split('*')
    .map((piece) => piece.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
    .join(star)
}

if (harness.isMain(import.meta.url)) await harness.runAsScript(run)

/**
 * The cost of making, starting and holding a compiled feed, and the check that it answers right and fast.
 *
 * A seeded feed of 10 million indicators (60 % hashes, 20 % URLs, 19 % addresses, 0.5 % networks, 0.5 % masks) is
 * written as CSV, compiled and served. 20,000 queries, half of them made of its indicators, are compared with a plain
 * walk through all of the feed's rows, which knows nothing of the product. Then 1.5 million indicators are asked as in
 * the bench of the server. Run: `node --import tsx bench/compiled-feeds.ts [--quick] [--events INDICATORS] [--rounds N]`.
 *
 * 2026-11-22, Node 20.20, two cores of a machine that others used at the time, 10 million: compiled in 65 s (153k/s), in
 * 241 MB beside mapped files, to 1.2 GB; ready 0.34 s after the start (0.33 s to 0.38 s); no wrong answer; 112 MB beside
 * the mapped file. 1.5 million, pipelined: 701k/s (698k to 708k).
 * Reading: the start is that of Node, whatever the size. A look-up costs what it costs in memory: the filter answers
 * most misses, and a hit is one read of a page that is there. Compiling is reading CSV and normalising, for the most
 * part; sorting and writing take a third.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, readFileSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { platform } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { BenchOptions, Row } from './harness.ts'
import * as harness from './harness.ts'
import { pipelined, type Running, startOurs, tracerPath, writeFeed } from './tracer-server.ts'

const QUERIES = 20_000
const POLL_MS = 100
const HEADER = 'X-KF-SendFinishedEventX-KF-ReplyBack'
const ROWS_AT_A_TIME = 10_000

/** Of a thousand indicators so many, up to here, are of each kind. */
const HASHES_TO = 600
const URLS_TO = 800
const ADDRESSES_TO = 990
const NETWORKS_TO = 995

export async function run({ quick, events, rounds = quick ? 2 : 5 }: BenchOptions): Promise<Row[]> {
  harness.build()
  const indicators = events ?? (quick ? 100_000 : 10_000_000)
  const rows = await harness.withFolder((folder) => large(folder, indicators, quick ? 1 : rounds))
  const asked = quick ? 50_000 : 1_500_000
  rows.push(
    await harness.withFolder(async (folder) => {
      const feed = join(folder, 'feed.csv')
      const compiled = join(folder, 'feed.tracer')
      await writeFeed(feed, asked)
      await compile(feed, compiled, 'ioc:url')
      const server = await startOurs('--load', compiled)
      try {
        return await pipelined(server, asked, quick ? 200_000 : 2_000_000, rounds, ' of a compiled feed')
      } finally {
        await stop(server)
      }
    }),
  )
  return rows
}

async function large(folder: string, indicators: number, rounds: number): Promise<Row[]> {
  const feed = join(folder, 'feed.csv')
  const compiled = join(folder, 'feed.tracer')
  await writeMixedFeed(feed, indicators)
  const { seconds, peakMegabytes } = await compile(feed, compiled, 'ioc')
  const name = `compiled feed, ${indicators} indicators`
  const starts: number[] = []
  let server: Running | undefined
  for (let round = 0; round < rounds; round++) {
    if (server !== undefined) await stop(server)
    const started = performance.now()
    server = await startOurs('--load', compiled)
    starts.push((performance.now() - started) / 1000)
  }
  try {
    const wrong = await wrongAnswers(server!, indicators)
    return [
      harness.measured(`${name}: compile`, 's', [seconds]),
      harness.measured(`${name}: compile, indicators`, '/s', [indicators / seconds]),
      peakMegabytes === undefined
        ? harness.skipped(`${name}: compile, peak memory beyond mapped files`, 'no /proc')
        : harness.measured(`${name}: compile, peak memory beyond mapped files`, 'MB', [peakMegabytes]),
      harness.measured(`${name}: size`, 'MB', [statSync(compiled).size / 1e6]),
      harness.measured(`${name}: from start to ready`, 's', starts, { atMost: 2 }),
      harness.measured(`${name}: wrong answers of ${QUERIES}, against a walk through all rows`, '', [wrong], {
        atMost: 0,
      }),
      memoryRow(`${name}: memory beyond the mapped file, after these`, server!.child),
    ]
  } finally {
    await stop(server!)
  }
}

function memoryRow(what: string, child: ChildProcess): Row {
  const megabytes = unmappedMegabytes(child.pid!)
  if (megabytes === undefined) return harness.skipped(what, 'no /proc', { atMost: 300 })
  return harness.measured(what, 'MB', [megabytes], { atMost: 300 })
}

/** Resident memory without the pages of compiled feeds. */
function unmappedMegabytes(pid: number): number | undefined {
  if (platform() !== 'linux') return undefined
  let kilobytes = 0
  let isFeed = false
  for (const line of readFileSync(`/proc/${pid}/smaps`, 'utf8').split('\n')) {
    if (/^[0-9a-f]+-[0-9a-f]+ /.test(line)) isFeed = /\.tracer$|data\.mdb/.test(line)
    else if (line.startsWith('Rss:') && !isFeed) kilobytes += Number(/\d+/.exec(line)![0])
  }
  return kilobytes / 1024
}

async function compile(
  feed: string,
  output: string,
  key: string,
): Promise<{ seconds: number; peakMegabytes: number | undefined }> {
  const started = performance.now()
  const argv = [tracerPath(), 'compile', feed, '--key', key, '-o', output]
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'inherit', 'inherit'] })
  let peakMegabytes: number | undefined
  const poll = setInterval(() => {
    try {
      peakMegabytes = Math.max(peakMegabytes ?? 0, unmappedMegabytes(child.pid!) ?? 0)
    } catch {
      // It has just ended.
    }
  }, POLL_MS)
  const { code, ended } = await harness.exit(child)
  clearInterval(poll)
  assert.equal(code, 0, 'compile failed')
  return { seconds: (ended - started) / 1000, peakMegabytes: peakMegabytes || undefined }
}

async function stop({ child }: Running): Promise<void> {
  if (child.exitCode !== null) return
  child.kill()
  await once(child, 'exit')
}

/** A number without a pattern of a number, the same each time. */
function scramble(number: number, salt: number): number {
  let mixed = Math.imul(number ^ salt, 0x9e3779b1)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}

function hexDigits(number: number, digits: number): string {
  let text = ''
  for (let i = 0; text.length < digits; i++)
    text += scramble(number, i + 1)
      .toString(16)
      .padStart(8, '0')
  return text.slice(0, digits)
}

/** Different numbers are different addresses. */
function address(number: number): string {
  const bits = Math.imul(number, 0x9e3779b1) >>> 0
  return `${bits >>> 24}.${(bits >>> 16) & 255}.${(bits >>> 8) & 255}.${bits & 255}`
}

type Kind = 'hash' | 'url' | 'ip' | 'network' | 'mask'

function kindOf(number: number): Kind {
  // An odd factor: all thousand classes come equally often.
  const place = (number * 7919) % 1000
  if (place < HASHES_TO) return 'hash'
  if (place < URLS_TO) return 'url'
  if (place < ADDRESSES_TO) return 'ip'
  return place < NETWORKS_TO ? 'network' : 'mask'
}

function indicatorOf(number: number): string {
  switch (kindOf(number)) {
    case 'hash':
      return hexDigits(number, [32, 40, 64][number % 3]!)
    case 'url':
      return `host${number % 1_000_003}.example/path/${number}`
    case 'ip':
      return address(number)
    case 'network':
      return `${address(number)}/${18 + (number % 13)}`
    case 'mask':
      return [
        `*.zone${number}.example/*`,
        `*.shared.example/area${number}/*`,
        `*login-${hexDigits(number, 6)}*`,
        `.net${number}.example`,
      ][(number >>> 2) % 4]!
  }
}

function contextOf(number: number): string {
  return `list${number % 17},${(number * 31) % 100}`
}

/** A line of the feed: what it is, where it is from, how sure one is. */
function rowOf(number: number): string {
  return `${indicatorOf(number)},${contextOf(number)}\n`
}

async function writeMixedFeed(path: string, indicators: number): Promise<void> {
  async function* rows() {
    yield 'ioc,source,score\n'
    for (let from = 0; from < indicators; from += ROWS_AT_A_TIME) {
      let text = ''
      for (let i = from; i < Math.min(from + ROWS_AT_A_TIME, indicators); i++) text += rowOf(i)
      yield text
    }
  }
  await pipeline(rows, createWriteStream(path))
}

interface Asked {
  readonly type: 'hash' | 'url' | 'ip'
  readonly value: string
}

/** Something that the indicator of this number is to be found for; beyond the feed's end, a miss or nearly so. */
function queryFor(number: number): Asked {
  const indicator = indicatorOf(number)
  switch (kindOf(number)) {
    case 'hash':
      return { type: 'hash', value: indicator }
    case 'url':
      return { type: 'url', value: indicator }
    case 'ip':
      return { type: 'ip', value: indicator }
    case 'network':
      return { type: 'ip', value: indicator.slice(0, indicator.indexOf('/')) }
    case 'mask':
      return {
        type: 'url',
        value: indicator.startsWith('*login')
          ? `a.${indicator.replaceAll('*', 'x')}.example/x`
          : `a.b${indicator.replace(/^\*/, '').replaceAll('*', 'x')}`,
      }
  }
}

function queries(indicators: number): Asked[] {
  const asked: Asked[] = []
  for (let i = 0; i < QUERIES; i++) {
    // As many networks and masks as others, or the few would hardly be asked; every second query is beyond the end.
    let number = scramble(i, 77) % indicators
    const rare = i % 4 === 0 ? 'network' : i % 4 === 1 ? 'mask' : undefined
    while (rare !== undefined && kindOf(number) !== rare) number++
    asked.push(queryFor(number + ((i >> 2) % 2) * 2 * indicators))
  }
  return asked
}

/** The finds of a walk through all rows: in the order in which the server is to give it. */
function bruteForce(asked: readonly Asked[], indicators: number): string[][] {
  const exact = new Map<string, number[]>()
  const urls: { readonly text: string; readonly number: number }[] = []
  const addresses: { readonly bits: number; readonly number: number }[] = []
  for (const [number, { type, value }] of asked.entries()) {
    const name = `${type} ${value}`
    const numbers = exact.get(name) ?? []
    exact.set(name, numbers)
    numbers.push(number)
    if (type === 'url') urls.push({ text: value, number })
    if (type === 'ip') addresses.push({ bits: bitsOf(value), number })
  }
  const hits: { rank: number; row: number; category: string; context: string }[][] = asked.map(() => [])
  const add = (number: number, rank: number, row: number, category: string, indicator: string) => {
    const [source, score] = contextOf(row).split(',')
    const context = `|ioc=${indicator}|source=${source}|score=${score}`
    hits[number]!.push({ rank, row, category, context })
  }
  for (let row = 0; row < indicators; row++) {
    const kind = kindOf(row)
    const indicator = indicatorOf(row)
    if (kind === 'network') {
      const [base, prefix] = indicator.split('/') as [string, string]
      const size = 2 ** (32 - Number(prefix))
      const first = Math.floor(bitsOf(base) / size) * size
      for (const { bits, number } of addresses) {
        if (bits >= first && bits < first + size) add(number, size + first / 2 ** 33, row, 'IP', indicator)
      }
    } else if (kind === 'mask') {
      const matches = maskPattern(indicator)
      for (const { text, number } of urls) {
        if (matches.test(text)) add(number, 1000 - indicator.length, row, 'URL_REGEX', indicator)
      }
    } else {
      for (const number of exact.get(`${kind} ${indicator}`) ?? []) {
        add(number, 0, row, kind.toUpperCase(), indicator)
      }
    }
  }
  return hits.map((found, number) =>
    found
      .toSorted((a, b) => a.rank - b.rank || a.row - b.row)
      .map(
        ({ category, context }) =>
          `Category=Tracer_${category}_enricher|MatchedIndicator=${asked[number]!.value}${context}\n`,
      ),
  )
}

function bitsOf(text: string): number {
  return text.split('.').reduce((bits, octet) => bits * 256 + Number(octet), 0)
}

/** The masks of this feed as regular expressions. */
function maskPattern(mask: string): RegExp {
  const literal = (text: string) => text.replace(/[.]/g, '\\.')
  if (mask.startsWith('.')) return new RegExp(`^(?:[^/?]*\\.)?${literal(mask.slice(1))}(?:[/?]|$)`)
  if (mask.startsWith('*login')) {
    // A mask without a slash is one of the host.
    return new RegExp(`^[^/?]*${literal(mask.replaceAll('*', ''))}`)
  }
  const stem = mask.slice(0, mask.lastIndexOf('/*')).replace(/^\*/, '')
  return new RegExp(`^[^/?]*${literal(stem)}(?:[/?]|$)`)
}

/** Asks the server, and compares. @returns how many answers are wrong */
async function wrongAnswers({ port }: Running, indicators: number): Promise<number> {
  const asked = queries(indicators)
  const expected = bruteForce(asked, indicators)
  const socket = connect(port, '127.0.0.1')
  socket.end(`${HEADER}${asked.map(({ type, value }, i) => `${i}|${type}=${value}|\n`).join('')}`)
  const replies = (await socket.setEncoding('utf8').toArray()).join('').split('LookupFinished\n')
  assert.equal(replies.length, asked.length + 1)
  let hits = 0
  let wrong = 0
  for (const [i, lines] of expected.entries()) {
    hits += lines.length
    if (replies[i] === lines.join('')) continue
    if (wrong === 0)
      process.stderr.write(`${asked[i]!.value}\nexpected ${lines.join('')}\ngot ${replies[i]}\n`)
    wrong += 1
  }
  assert.ok(hits > QUERIES / 4, `${hits} hits are too few to tell much`)
  return wrong
}

if (harness.isMain(import.meta.url)) await harness.runAsScript(run)

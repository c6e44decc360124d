/**
 * Requests a second of the server when clients keep their connections and pipeline, and when they make a connection for
 * each request, as the clients of the original do.
 *
 * Pipelined: 4 connections, a feed of 1.5 million indicators, every other request a hit; the client knows how long
 * the replies are and counts bytes, after it has compared a part of them. A connection for each request: 50 and 500 at
 * a time, against a server as the original was (reference/one-request-server.py), with all that it prints and
 * without, in turn, medians, also with two workers; the client (reference/one-request-client.py) checks each reply and counts failures. Run:
 * `node --import tsx bench/tracer-server.ts [--quick] [--events REQUESTS] [--rounds N]`.
 *
 * 2026-11-22, Node 20.20, two cores of a machine that others used at the time: pipelined 689k/s (678k to 772k). One
 * request per connection, 50 at a time: 0.60x the original's way (0.49x to 0.82x), 0.45x when that prints nothing;
 * 500 at a time: 1.58x (1.25x to 2.09x), 1.35x when it prints nothing. Failed: none of ours, and of its 80,000 at 500 at
 * a time 73.
 * Reading: pipelined, a request costs 1.5 microseconds, twice as fast as asked for. A connection for each request is
 * another matter: it costs the server 80 microseconds of its core, about 70 of them in Node and the kernel (accept, a
 * socket object, read, write, close), whatever the server does; Python's sockets cost 45, without printing. So one
 * process wins where the original scans long lists of clients, at 500, and loses at 50; more processes on the port,
 * or clients that keep their connections, are what helps.
 *
 * With two workers, on the same day, --quick, two busy cores of which the client takes one: pipelined 1.22M/s against 1.05M/s;
 * one request per connection 0.64x the original's way at 50 (one process 0.66x), 9.1x at 500 (8.2x). None failed.
 * Reading: on two cores a second worker has no core to gain. A connection costs about as much as with one process,
 * while a primary that hands on every connection (Node's round robin) took 190 microseconds for each instead of 78.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { BenchOptions, Row } from './harness.ts'
import * as harness from './harness.ts'

export const CONNECTIONS = 4
/** Requests in a block that is written at once; every connection sends blocks of its own. */
export const BLOCK_REQUESTS = 2000
export const BLOCKS = 50
const HEADER = 'X-KF-SendFinishedEventX-KF-ReplyBack'
/** Values that the one-request clients ask for; all of them are hits. */
const VALUES = 1000

/** A server that runs. */
export interface Running {
  readonly port: number
  readonly child: ChildProcess
}

/** Request lines, and the reply that they must get. */
export interface Block {
  readonly request: Buffer
  readonly reply: Buffer
}

export async function run({ quick, events, rounds = quick ? 2 : 5 }: BenchOptions): Promise<Row[]> {
  harness.build()
  const indicators = quick ? 100_000 : 1_500_000
  const requests = events ?? (quick ? 200_000 : 2_000_000)
  return harness.withFolder(async (folder) => {
    const feed = join(folder, 'feed.csv')
    await writeFeed(feed, indicators)
    const sources = ['--feed', feed, '--key', 'ioc:url']
    const ours = await startOurs(...sources)
    const two = await startOurs(...sources, '--workers', '2')
    try {
      return [
        await pipelined(ours, indicators, requests, rounds),
        await pipelined(two, indicators, requests, rounds, ', 2 workers'),
        ...(await connectionPerRequest(ours, two, quick ? 2000 : 20_000, rounds)),
      ]
    } finally {
      ours.child.kill()
      two.child.kill()
    }
  })
}

/** @param how how the server has the feed, for the row */
export async function pipelined(
  server: Running,
  indicators: number,
  requests: number,
  rounds: number,
  how = '',
): Promise<Row> {
  const blocks = Array.from({ length: BLOCKS }, (_, number) => makeBlock(number, indicators))
  const readings = await pipelinedRates(server, blocks, requests, rounds)
  const what = `server, pipelined, ${CONNECTIONS} connections, ${indicators} indicators${how}, half hits`
  return harness.measured(what, '/s', readings, { atLeast: 300_000 })
}

/**
 * @param blocks of {@link BLOCK_REQUESTS} requests each
 * @returns requests a second of each round, over {@link CONNECTIONS} connections
 */
export async function pipelinedRates(
  server: Running,
  blocks: readonly Block[],
  requests: number,
  rounds: number,
): Promise<number[]> {
  await assertReplies(server, blocks[0]!)
  const perConnection = Math.max(1, Math.round(requests / CONNECTIONS / BLOCK_REQUESTS))
  const readings: number[] = []
  for (let round = 0; round <= rounds; round++) {
    const started = performance.now()
    await Promise.all(
      Array.from({ length: CONNECTIONS }, (_, i) => exchange(server.port, blocks, i, perConnection)),
    )
    const seconds = (performance.now() - started) / 1000
    if (round > 0) readings.push((CONNECTIONS * perConnection * BLOCK_REQUESTS) / seconds)
  }
  return readings
}

async function connectionPerRequest(
  ours: Running,
  two: Running,
  requests: number,
  rounds: number,
): Promise<Row[]> {
  const python = harness.findProgram('python3')
  if (python === undefined) return [harness.skipped('server, one request per connection', 'no python3')]
  const rows: Row[] = []
  const original = await startReference(python, '--print')
  const silent = await startReference(python)
  try {
    for (const atATime of [50, 500]) {
      const sides = [ours, original, silent, two].map(({ port }) => ({
        port,
        readings: [] as number[],
        failed: 0,
      }))
      for (let round = 0; round <= rounds; round++) {
        for (const side of sides) {
          const { seconds, failed } = await askOneByOne(python, side.port, atATime, requests)
          side.failed += failed
          if (round > 0) side.readings.push((requests - failed) / seconds)
        }
      }
      rows.push(...compare(`server, one request per connection, ${atATime} at a time`, sides))
    }
  } finally {
    original.child.kill()
    silent.child.kill()
  }
  return rows
}

/** The speed of one side in each round, and the number of its requests that have failed. */
interface Side {
  readonly readings: number[]
  readonly failed: number
}

function compare(what: string, sides: readonly Side[]): Row[] {
  const [ours, original, silent, two] = sides as [Side, Side, Side, Side]
  const against = (other: Side) => harness.ratios(ours.readings, other.readings)
  return [
    harness.measured(what, '/s', ours.readings),
    harness.measured(`${what}: failed requests`, '', [ours.failed], { atMost: 0 }),
    harness.measured(`${what}: failed requests of the original's way`, '', [original.failed]),
    harness.measured(`${what}, against the original's way`, 'x', against(original), { atLeast: 1 }),
    harness.measured(`${what}, against that way without its printing`, 'x', against(silent)),
    harness.measured(`${what}, 2 workers: failed requests`, '', [two.failed], { atMost: 0 }),
    harness.measured(
      `${what}, 2 workers, against the original's way`,
      'x',
      harness.ratios(two.readings, original.readings),
    ),
  ]
}

/** Half of what is asked for is in the feed: those with an even number. */
export async function writeFeed(path: string, indicators: number): Promise<void> {
  async function* rows() {
    yield 'ioc,context\n'
    for (let from = 0; from < indicators; from += 10_000) {
      let text = ''
      for (let i = from; i < Math.min(from + 10_000, indicators); i++) text += `${host(2 * i)},bad_URL\n`
      yield text
    }
    let text = ''
    for (let i = 1; i < VALUES; i += 2) text += `${host(i)},bad_URL\n`
    yield text
  }
  await pipeline(rows, createWriteStream(path))
}

function host(number: number): string {
  return `host${number}.example`
}

/** Numbers above those of the one-request clients, spread over the feed in an order without a pattern. */
function makeBlock(number: number, indicators: number): Block {
  let state = number + 1
  let request = ''
  let reply = ''
  for (let i = 0; i < BLOCK_REQUESTS; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    const value = VALUES + (state % (2 * indicators - VALUES))
    request += `${state.toString(16)}|url=${host(value)}|\n`
    reply += value % 2 === 0 ? detection(host(value)) : ''
    reply += 'LookupFinished\n'
  }
  return { request: Buffer.from(request), reply: Buffer.from(reply) }
}

function detection(value: string): string {
  return `Category=Tracer_URL_enricher|MatchedIndicator=${value}|ioc=${value}|context=bad_URL\n`
}

export async function assertReplies({ port }: Running, { request, reply }: Block): Promise<void> {
  const socket = await open(port)
  socket.end(request)
  const received: Buffer[] = await socket.toArray()
  assert.ok(Buffer.concat(received).equals(reply), 'the server replies something else')
}

/** Sends blocks, and ends when their replies are there: as many bytes as they have. */
async function exchange(port: number, blocks: readonly Block[], first: number, count: number): Promise<void> {
  const socket = await open(port)
  const block = (i: number) => blocks[(first + i) % blocks.length]!
  let left = 0
  for (let i = 0; i < count; i++) left += block(i).reply.length
  let sent = 0
  const send = () => {
    while (sent < count && socket.write(block(sent++).request));
  }
  socket.on('drain', send)
  const received = new Promise<void>((resolve, reject) => {
    socket.on('error', reject)
    socket.on('close', () => reject(new Error(`closed, ${left} bytes before the end`)))
    socket.on('data', (bytes: Buffer) => {
      left -= bytes.length
      if (left <= 0) resolve()
    })
  })
  send()
  await received
  assert.equal(left, 0)
  socket.destroy()
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write(HEADER)
  return socket
}

/** @param sources options that say what it knows */
export function startOurs(...sources: readonly string[]): Promise<Running> {
  return startTracer(/"port":(\d+),.*"msg":"listening"/, ...sources)
}

/** @param port finds the port to ask in its log, when it has started */
export async function startTracer(port: RegExp, ...options: readonly string[]): Promise<Running> {
  const argv = [tracerPath(), 'serve', '--listen', '127.0.0.1:0', ...options]
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', 'pipe'] })
  return { port: Number(await harness.told(child, port)), child }
}

/** The command of the build, beside that of `normalize`. */
export function tracerPath(): string {
  return join(dirname(harness.normalizeArgv('')[1]!), 'tracer.js')
}

async function startReference(python: string, ...argv: string[]): Promise<Running> {
  const path = join(harness.BENCH, 'reference/one-request-server.py')
  const child = spawn(python, [path, ...argv], { stdio: ['pipe', 'ignore', 'pipe'] })
  const [line] = await once(child.stderr, 'data')
  child.stderr.pipe(process.stderr)
  return { port: Number(line), child }
}

async function askOneByOne(
  python: string,
  port: number,
  atATime: number,
  requests: number,
): Promise<{ seconds: number; failed: number }> {
  const path = join(harness.BENCH, 'reference/one-request-client.py')
  const argv = [path, port, atATime, requests, VALUES].map(String)
  const child = spawn(python, argv, { stdio: ['ignore', 'pipe', 'inherit'] })
  const output = (await child.stdout.setEncoding('utf8').toArray()).join('')
  return JSON.parse(output)
}

if (harness.isMain(import.meta.url)) await harness.runAsScript(run)

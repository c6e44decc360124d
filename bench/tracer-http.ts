/**
 * Requests and objects a second that the tracer answers over HTTP, and the memory that a request of 64 MiB costs.
 *
 * A feed of indicators of which half of what is asked for is in; requests of one object over 50 connections that stay open, each
 * with one request at a time, and requests of 1,000 objects over 4. The client writes bytes that were made before, compares the first
 * answer of each connection and counts the bytes of the others; it shares the machine with the server. Then one request of 64 MiB is
 * streamed, as an array; the memory is the most that the server had, as Linux tells it (VmHWM), against that before it.
 * Run: `node --import tsx bench/tracer-http.ts [--quick] [--events OBJECTS] [--rounds N]`.
 *
 * 2026-11-29, Node 20.20, --quick, two cores, one of them at work otherwise: 5,520 requests/s (5,400 to 5,630), 229,000 objects/s
 * (193,000 to 266,000), 64 MiB (2.4 million objects) at 7.3 MB/s, 11 MB more than before it.
 * Reading: the wall clock says how many others there were. By processor time an object costs the server 3.7 microseconds (reading 0.7, look-up
 * 1.3, answer 1.0, encoding 0.7), measured in one process on the same busy machine: 270,000 objects a second of one slow core.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import type { BenchOptions, Row } from './harness.ts'
import * as harness from './harness.ts'
import { startTracer, writeFeed } from './tracer-server.ts'

const BODY_BYTES = 64 * 1024 * 1024
const BATCH = 1000

/** Tells the port of the HTTP face in the log, when both faces are there. */
const HTTP_PORT = /(?=[\s\S]*"msg":"listening")[\s\S]*"port":(\d+),"msg":"HTTP is served"/

/** A request as bytes, and the body that answers it. */
interface Question {
  readonly request: Buffer
  readonly answer: string
}

export async function run({ quick, events, rounds = quick ? 2 : 5 }: BenchOptions): Promise<Row[]> {
  harness.build()
  const indicators = quick ? 100_000 : 1_500_000
  const objects = events ?? (quick ? 100_000 : 1_000_000)
  return harness.withFolder(async (folder) => {
    const feed = join(folder, 'feed.csv')
    await writeFeed(feed, indicators)
    const server = await startTracer(HTTP_PORT, '--http', '127.0.0.1:0', '--feed', feed, '--key', 'ioc:url')
    try {
      const one = await rates(server.port, 50, question(1, indicators), Math.ceil(objects / 20), rounds)
      const many = await rates(server.port, 4, question(BATCH, indicators), objects, rounds)
      const before = harness.peakMemory(server.child.pid!)
      const seconds = await stream(server.port, indicators)
      const after = harness.peakMemory(server.child.pid!)
      const memory = 'tracer over HTTP, memory that a request of 64 MiB adds'
      return [
        harness.measured('tracer over HTTP, 50 connections, one object a request', 'req/s', one, {
          atLeast: 5000,
        }),
        harness.measured(`tracer over HTTP, 4 connections, ${BATCH} objects a request`, 'objects/s', many, {
          atLeast: 300_000,
        }),
        harness.measured('tracer over HTTP, a request of 64 MiB', 'MB/s', [BODY_BYTES / 1e6 / seconds]),
        before === undefined || after === undefined
          ? harness.skipped(memory, 'needs Linux')
          : harness.measured(memory, 'MB', [after - before], { atMost: 100 }),
      ]
    } finally {
      server.child.kill()
      await once(server.child, 'exit')
    }
  })
}

function question(count: number, indicators: number): Question {
  const values = Array.from({ length: count }, (_, i) => 1000 + ((i * 7919) % (2 * indicators - 1000)))
  const body = JSON.stringify(values.map((value) => ({ object: `host${value}.example` })))
  const answer = JSON.stringify(values.map(answerTo))
  const head = `POST /api/1.1/lookup HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`
  return { request: Buffer.from(head + body), answer }
}

function answerTo(value: number): object {
  const object = `host${value}.example`
  if (value % 2 === 1) return { object, result: 'CLEAN', categories: [] }
  const context = { ioc: object, context: 'bad_URL' }
  const category = { category: 'Tracer_URL_enricher', detected_indicator: object, context }
  return { object, result: 'DETECTED', categories: [category] }
}

/** @returns requests a second in each round, or objects where a request has several */
async function rates(
  port: number,
  connections: number,
  asked: Question,
  objects: number,
  rounds: number,
): Promise<number[]> {
  const perRequest = connections === 50 ? 1 : BATCH
  const perConnection = Math.ceil(objects / perRequest / connections)
  const readings: number[] = []
  for (let round = 0; round <= rounds; round++) {
    const started = performance.now()
    await Promise.all(Array.from({ length: connections }, () => ask(port, asked, perConnection)))
    const seconds = (performance.now() - started) / 1000
    if (round > 0) readings.push((perConnection * connections * perRequest) / seconds)
  }
  return readings
}

/** One request after the other on a connection. All answers are as long as the first one, which is compared. */
async function ask(port: number, { request, answer }: Question, count: number): Promise<void> {
  const socket = await open(port)
  let first = ''
  let length = 0
  let received = 0
  let answered = 0
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject).on('close', () => reject(new Error('closed before the last answer')))
    socket.on('data', (bytes: Buffer) => {
      if (length === 0) {
        first += bytes.toString('latin1')
        const head = first.indexOf('\r\n\r\n')
        if (head < 0 || first.length < head + 4 + answer.length) return
        assert.equal(first.slice(head + 4), answer)
        length = first.length
        received = length
      } else received += bytes.length
      while (received >= length) {
        received -= length
        if (++answered === count) resolve()
        else socket.write(request)
      }
    })
    socket.write(request)
  })
  socket.removeAllListeners('close')
  socket.destroy()
}

/** One request of 64 MiB, whose answer is read while it is sent. @returns seconds */
async function stream(port: number, indicators: number): Promise<number> {
  const socket = await open(port)
  const part = JSON.stringify(
    Array.from({ length: BATCH }, (_, i) => ({ object: `host${1000 + (i % (indicators - 1000))}.example` })),
  ).slice(1, -1)
  const parts = Math.floor((BODY_BYTES - 1) / (part.length + 1))
  const length = parts * (part.length + 1) + 1
  let tail = ''
  const ended = new Promise<void>((resolve, reject) => {
    socket.on('error', reject).on('data', (bytes: Buffer) => {
      tail = (tail + bytes.toString('latin1')).slice(-64)
      if (tail.endsWith(']\r\n0\r\n\r\n')) resolve()
    })
  })
  const started = performance.now()
  socket.write(
    `POST /api/1.1/lookup HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`,
  )
  for (let i = 0; i < parts; i++) {
    if (!socket.write(`${i === 0 ? '[' : ','}${part}`)) await once(socket, 'drain')
  }
  socket.write(']')
  await ended
  socket.destroy()
  return (performance.now() - started) / 1000
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  return socket.setNoDelay(true)
}

if (harness.isMain(import.meta.url)) await harness.runAsScript(run)

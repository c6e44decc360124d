/**
 * The throughput of `normalize serve`, the fate of events when the rules are reloaded under load, and the memory that a
 * request of any length costs.
 *
 * The server is a process of its own with four plain rules; this process is its 200 clients, which send one request
 * after the other on connections that stay open, and share the machine with it. In the middle of the load the rule file is replaced. The
 * bench fails where an answer has another status than 200 or another number of lines than events were sent. Then one request of
 * a gigabyte (`--gigabytes`) is streamed through it; the memory is the most that the server had, as Linux tells it (VmHWM).
 * Run: `node --import tsx bench/serve.ts`.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { Agent, type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import process from 'node:process'
import type { BenchOptions, Row } from './harness.ts'
import * as harness from './harness.ts'

const CONNECTIONS = 200
const EVENT = '{"src": "192.0.2.7", "host": "WS1.example", "status": "404", "user": "anna"}\n'
const RULES =
  'source.ip: src\nhost.name: lower(host)\nhttp.response.status_code: int(status)\nuser.name: user\n'

export async function run({ quick = false, gigabytes = quick ? 0.05 : 1 }: BenchOptions): Promise<Row[]> {
  harness.build()
  return harness.withFolder(async (folder) => {
    const rules = join(folder, 'rules.yaml')
    writeFileSync(rules, RULES)
    const [, script] = harness.normalizeArgv(rules)
    const argv = [script!, 'serve', '--rules', rules, '--listen', '127.0.0.1:0', '--max-body', String(1e12)]
    const server = spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', 'pipe'] })
    try {
      const port = Number(await harness.told(server, /listening on \S+:(\d+)\n/))
      const rows: Row[] = []
      for (const events of [1, 100]) {
        const requests = (quick ? 2000 : 20_000) / (events === 1 ? 1 : 10)
        const seconds = await load(port, requests, events, () => {
          writeFileSync(rules, `${RULES}# ${events}\n`)
        })
        const what = `serve, ${CONNECTIONS} connections, a reload, ${events} events a request`
        rows.push(harness.measured(what, 'ev/s', [(requests * events) / seconds]))
      }
      const seconds = await stream(port, gigabytes * 1e9)
      rows.push(
        harness.measured(`serve, one request of ${gigabytes} GB`, 'MB/s', [(gigabytes * 1000) / seconds]),
      )
      const peak = harness.peakMemory(server.pid!)
      const what = 'serve, memory at most after all that'
      rows.push(
        peak === undefined
          ? harness.skipped(what, 'needs Linux')
          : harness.measured(what, 'MB', [peak], { atMost: 300 }),
      )
      return rows
    } finally {
      server.kill('SIGTERM')
      await once(server, 'exit')
    }
  })
}

/** All connections send requests, one after the other. @returns seconds */
async function load(
  port: number,
  requests: number,
  events: number,
  inTheMiddle: () => void,
): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const body = EVENT.repeat(events)
  let sent = 0
  const started = performance.now()
  const client = async (): Promise<void> => {
    while (sent < requests) {
      if (++sent === Math.floor(requests / 2)) inTheMiddle()
      const { status, lines } = await post(port, body, agent)
      assert.deepEqual([status, lines], [200, events], 'an answer lacks events')
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, client))
  agent.destroy()
  return (performance.now() - started) / 1000
}

function post(port: number, body: string, agent: Agent): Promise<{ status: number; lines: number }> {
  return new Promise((resolve, reject) => {
    const sending = request({ host: '127.0.0.1', port, method: 'POST', agent }, (response) => {
      let lines = 0
      response.on('data', (chunk: Buffer) => {
        for (const byte of chunk) if (byte === 0x0a) lines++
      })
      response.on('end', () => resolve({ status: response.statusCode!, lines })).on('error', reject)
    })
    sending.on('error', reject).end(body)
  })
}

/** One request, read while it is sent. @returns seconds */
async function stream(port: number, size: number): Promise<number> {
  const chunk = Buffer.from(EVENT.repeat(1000))
  const sending = request({ host: '127.0.0.1', port, method: 'POST', agent: false })
  const started = performance.now()
  const answered = (async () => {
    const [response] = (await once(sending, 'response')) as [IncomingMessage]
    response.resume()
    await once(response, 'end')
    assert.equal(response.trailers['sluice-rejected'], '0')
    return Number(response.trailers['sluice-written'])
  })()
  let sent = 0
  for (; sent < size; sent += chunk.length) {
    if (!sending.write(chunk)) await once(sending, 'drain')
  }
  sending.end()
  assert.equal(await answered, (sent / chunk.length) * 1000, 'the answer lacks events')
  return (performance.now() - started) / 1000
}

if (harness.isMain(import.meta.url)) await harness.runAsScript(run)

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import process from 'node:process'
import { describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { TracerPool } from '../../src/tracer/pool.ts'
import type { RawClient } from '../tracer/raw-client.ts'
import { poll } from '../tracer/running-server.ts'
import { folderWith } from './command.ts'
import { Serving, tracer } from './serving.ts'

const FINISHED = 'LookupFinished\n'
/** Answers with the process that it runs in. */
const WHO = 'export default () => ({ pid: process.pid })\n'
const TWO = ['--workers', '2']

/** The process that answers on this connection. */
async function whoAnswers(client: RawClient): Promise<number> {
  const before = client.text.length
  client.send('7f|url=a|\n')
  await poll(() => client.text.length > before && client.text.endsWith(FINISHED))
  return Number(/pid=(\d+)\n.*$/s.exec(client.text.slice(before))?.[1])
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** A pool without a cache: each look-up goes to the server. */
function openPool(t: TestContext, serving: Serving): TracerPool {
  const servers = [{ host: '127.0.0.1', port: serving.port() }]
  const pool = new TracerPool({ servers, cacheEntries: 0 })
  t.after(() => pool.destroy())
  return pool
}

/** Looks up values of its own until it is told to stop. Its result says how many were answered. */
function keepAsking(pool: TracerPool): { readonly answered: number; stop(): Promise<void> } {
  let isStopped = false
  let last = 0
  const load = { answered: 0, stop }
  const ask = async () => {
    while (!isStopped) {
      last += 1
      const number = last
      const value = `a%2f${number}`
      const [answer] = await pool.lookup([{ type: 'url', value }])
      assert.deepEqual(answer, [
        {
          category: 'Tracer_URL_Decoder',
          matched: value,
          fields: [['decodedURL', `a/${number}`]],
        },
      ])
      load.answered += 1
    }
  }
  const asking = Promise.all(Array.from({ length: 100 }, ask))
  asking.catch(() => {})
  async function stop(): Promise<void> {
    isStopped = true
    await asking
  }
  return load
}

describe('tracer serve --workers', { concurrency: 2, timeout: 180_000 }, () => {
  it('serves one port from several processes, which get the same number of connections', async (t) => {
    const who = join(folderWith(t, { 'who.mjs': WHO }), 'who.mjs')
    const serving = await Serving.start(t, ...TWO, '--enricher', who, '--metrics', '127.0.0.1:0')
    assert.equal(serving.pids.length, 2)
    assert.equal(await serving.page('/readyz'), 'ready\n')
    // One after the other, and all at once.
    const slowly: RawClient[] = []
    for (let i = 0; i < 4; i++) {
      slowly.push(await serving.connect())
      await whoAnswers(slowly[i]!)
    }
    const atOnce = await Promise.all(Array.from({ length: 4 }, () => serving.connect()))
    for (const clients of [slowly, atOnce]) {
      const pids = await Promise.all(clients.map(whoAnswers))
      const counts = serving.pids.map((pid) => pids.filter((other) => other === pid).length)
      assert.deepEqual(counts, [2, 2])
    }
    assert.equal(await serving.metric('tracer_connections'), 8)
    assert.equal(await serving.metric('tracer_connections_total'), 8)
    assert.equal(await serving.metric('tracer_requests_total'), 12)
    assert.equal(await serving.metric('tracer_hits_total{category="Tracer_URL_enricher"}'), 12)
    assert.equal(await serving.metric('tracer_workers'), 2)
    assert.equal(await serving.metric('tracer_worker_restarts_total'), 0)
    for (const { socket } of [...slowly, ...atOnce]) socket.end()
    assert.equal((await serving.stop()).code, 0)
    assert.equal(serving.log.find(({ msg }) => msg === 'stopped')!.requests, 12)
    assert.equal(serving.log.filter(({ msg }) => msg === 'listening').length, 1)
    assert.ok(!serving.pids.some(isAlive))
  })

  it('loses no look-up of a pool when a worker is killed, and starts another', async (t) => {
    const serving = await Serving.start(t, ...TWO, '--enricher', 'url-decode', '--metrics', '127.0.0.1:0')
    const pool = openPool(t, serving)
    const load = keepAsking(pool)
    await poll(() => load.answered > 10_000)
    const requests = await serving.metric('tracer_requests_total')
    for (let round = 0; round < 3; round++) {
      const victim = serving.pids.filter(isAlive)[0]!
      process.kill(victim, 'SIGKILL')
      await serving.logged('worker listens', round + 1)
      const { answered } = load
      await poll(() => load.answered > answered + 2000)
    }
    await load.stop()
    assert.ok(pool.stats.retries > 0)
    assert.equal(pool.stats.timeouts + pool.stats.unavailable, 0)
    assert.equal(await serving.metric('tracer_workers'), 2)
    assert.equal(await serving.metric('tracer_worker_restarts_total'), 3)
    assert.ok((await serving.metric('tracer_requests_total')) >= requests)
    const ends = serving.log.filter(({ msg }) => msg === 'worker ended; another is started')
    assert.deepEqual(
      ends.map(({ signal }) => signal),
      ['SIGKILL', 'SIGKILL', 'SIGKILL'],
    )
    await pool.close()
    assert.equal((await serving.stop()).code, 0)
  })

  it('answers with either the old or the new feed while it is replaced, and goes on with the new one', async (t) => {
    const folder = folderWith(t, { 'feed.csv': feed(0) })
    const path = join(folder, 'feed.csv')
    const serving = await Serving.start(t, ...TWO, '--feed', path, '--key', 'ioc:url')
    const clients = await Promise.all(Array.from({ length: 4 }, () => serving.connect()))
    const versions = clients.map(() => 0)
    let written = 0
    let isDone = false
    let slowest = 0
    const watch = async (client: RawClient, i: number) => {
      while (!isDone) {
        const start = performance.now()
        const before = client.text.length
        client.send('7f|url=both.example|\n7f|url=none.example|\n'.repeat(20))
        await poll(() => client.text.length > before && client.text.endsWith(`${FINISHED}${FINISHED}`))
        slowest = Math.max(slowest, performance.now() - start)
        const replies = client.take()
        const found = [...replies.matchAll(/(.*)\nLookupFinished\nLookupFinished\n/g)]
        assert.equal(found.length, 20)
        for (const [, line] of found) {
          const version = Number(
            /^Category=Tracer_URL_enricher\|MatchedIndicator=both\.example\|ioc=both\.example\|version=(\d+)$/.exec(
              line!,
            )?.[1],
          )
          assert.ok(version >= versions[i]! && version <= written, `${line} after ${versions[i]}`)
          versions[i] = version
        }
      }
    }
    const watching = Promise.all(clients.map(watch))
    watching.catch(() => {})
    for (let version = 1; version <= 50; version++) {
      writeFileSync(`${path}.new`, feed(version))
      written = version
      renameSync(`${path}.new`, path)
      // Half of them by a signal, half as they are seen by themselves.
      if (version % 2 === 0) serving.command.child.kill('SIGHUP')
      await Promise.race([watching, poll(() => versions.every((seen) => seen === version))])
    }
    isDone = true
    await watching
    assert.ok(slowest < 2000, `an answer took ${slowest} ms`)
    assert.equal((await serving.stop()).code, 0)
  })

  it('finishes what was read before it ends, and does not listen to signals that are for the primary', async (t) => {
    const serving = await Serving.start(t, ...TWO, '--enricher', 'url-decode')
    for (const pid of serving.pids) {
      for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.kill(pid, signal)
    }
    const request = '7f3a|url=gmer.com|\n'
    const clients = await Promise.all(Array.from({ length: 4 }, () => serving.connect()))
    // A connection that is not accepted yet would be reset.
    for (const client of clients) client.send(request)
    await Promise.all(clients.map((client) => client.receiveUntil(FINISHED)))
    for (const client of clients) {
      client.socket.pause()
      while (client.socket.writableLength < 256 * 1024) {
        client.send(request.repeat(2000))
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    serving.command.child.kill('SIGTERM')
    await serving.logged('stopping')
    for (const { socket } of clients) socket.resume()
    for (const client of clients) {
      assert.equal(await client.ended(), 'end')
      client.socket.end()
    }
    const { code } = await serving.command.finished
    assert.equal(code, 0)
    const reply =
      'Category=Tracer_URL_Decoder|MatchedIndicator=gmer.com|decodedURL=gmer.com\nLookupFinished\n'
    const { requests } = serving.log.find(({ msg }) => msg === 'stopped')!
    let replies = 0
    for (const { text } of clients) {
      assert.equal(text, reply.repeat(text.length / reply.length))
      replies += text.length / reply.length
    }
    assert.equal(replies, requests)
  })

  it('ends at once on a second signal', async (t) => {
    const serving = await Serving.start(t, ...TWO, '--enricher', 'url-decode')
    const client = await serving.connect()
    client.socket.pause()
    while (client.socket.writableLength < 256 * 1024) {
      client.send('7f3a|url=gmer.com|\n'.repeat(2000))
      await new Promise((resolve) => setImmediate(resolve))
    }
    serving.command.child.kill('SIGTERM')
    await serving.logged('stopping')
    assert.equal((await serving.stop()).signal, 'SIGTERM')
    await poll(() => !serving.pids.some(isAlive))
  })

  it('does not outlive its primary', async (t) => {
    const serving = await Serving.start(t, ...TWO, '--enricher', 'url-decode')
    const client = await serving.connect()
    client.send('7f3a|url=a|\n')
    await client.receiveUntil(FINISHED)
    const { pids } = serving
    serving.command.child.kill('SIGKILL')
    await poll(() => !pids.some(isAlive))
    assert.equal(await client.ended(), 'end')
  })

  it('asks an enricher that is shared in one process', async (t) => {
    const folder = folderWith(t, {
      'own.mjs': WHO,
      'shared.mjs': `let asked = 0
        export default async ({ value }) => {
          if (value === 'bad') throw new Error('broken')
          return { shared: process.pid, asked: ++asked }
        }`,
    })
    const serving = await Serving.start(
      t,
      ...[...TWO, '--shared-enricher', join(folder, 'shared.mjs'), '--enricher', join(folder, 'own.mjs')],
      ...['--metrics', '127.0.0.1:0'],
    )
    const clients = await Promise.all(Array.from({ length: 4 }, () => serving.connect()))
    assert.equal(new Set(await Promise.all(clients.map(whoAnswers))).size, 2)
    assert.deepEqual(
      clients.map(({ text }) => Number(/shared=(\d+)/.exec(text)![1])),
      clients.map(() => serving.command.child.pid),
    )
    const asked = clients.map(({ text }) => Number(/asked=(\d+)/.exec(text)![1]))
    assert.deepEqual(
      asked.sort((a, b) => a - b),
      [1, 2, 3, 4],
    )
    assert.match(
      await serving.ask('7f|url=bad|\n'),
      /^Category=Tracer_URL_enricher\|MatchedIndicator=bad\|pid=\d+\nLookupFinished\n$/,
    )
    const name = JSON.stringify(join(folder, 'shared.mjs'))
    assert.equal(await serving.metric(`tracer_enricher_errors_total{enricher=${name}}`), 1)
    assert.match(serving.command.stderr, /"message":"broken"/)
    for (const { socket } of clients) socket.end()
    assert.equal((await serving.stop()).code, 0)
  })

  it('serves TLS, and refuses what is not allowed', async (t) => {
    const pem = (name: string) => fileURLToPath(new URL(`../tracer/tls/${name}.pem`, import.meta.url))
    const tls = ['--tls-cert', pem('server-cert'), '--tls-key', pem('server-key')]
    const serving = await Serving.start(t, ...TWO, '--enricher', 'url-decode', ...tls)
    const servers = [{ host: '127.0.0.1', port: serving.port() }]
    const pool = new TracerPool({
      servers,
      tls: { ca: readFileSync(pem('authority-cert')) },
      cacheEntries: 0,
    })
    t.after(() => pool.destroy())
    const load = keepAsking(pool)
    await poll(() => load.answered > 2000)
    await load.stop()
    await pool.close()
    assert.equal((await serving.stop()).code, 0)

    const closed = await Serving.start(t, ...TWO, '--enricher', 'url-decode', '--allow', '192.0.2.0/24')
    for (let i = 0; i < 4; i++) {
      const client = await closed.connect()
      await client.ended()
      assert.equal(client.text, '')
    }
    assert.equal((await closed.stop()).code, 0)
  })

  it('says once what is in the way of its start, and ends with 1 or 2', async (t) => {
    const folder = folderWith(t, { 'feed.csv': 'ioc\na\n' })
    const taken = createServer().listen(0, '127.0.0.1')
    t.after(() => taken.close())
    await once(taken, 'listening')
    const { port } = taken.address() as AddressInfo
    const cases: [argv: string[], code: number, message: RegExp][] = [
      [
        ['--listen', `127.0.0.1:${port}`, '--enricher', 'url-decode'],
        1,
        /^tracer: --listen 127\.0\.0\.1:\d+: the port is in use: .*\n$/,
      ],
      [
        ['--listen', '127.0.0.1:0', '--feed', join(folder, 'feed.csv'), '--key', 'none'],
        2,
        /^tracer: .*feed\.csv: has no column "none"; .*\n$/,
      ],
      [['--workers', '0'], 2, /--workers.* has to be a whole number/],
    ]
    for (const [argv, code, message] of cases) {
      const finished = await tracer(['serve', ...TWO, ...argv])
      assert.match(finished.stderr, message)
      assert.equal(finished.code, code)
      assert.equal(finished.stdout, '')
    }
  })
})

function feed(version: number): string {
  return `ioc,version\nboth.example,${version}\nonly${version}.example,${version}\n`
}

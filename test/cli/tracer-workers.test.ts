import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import process from 'node:process'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { TracerPool } from '../../src/tracer/client/pool.ts'
import { compileFeeds } from '../../src/tracer/feeds/compiled/compile.ts'
import type { RawClient } from '../tracer/raw-client.ts'
import { poll } from '../tracer/running-server.ts'
import { folderWith } from './command.ts'
import { Serving, tracer } from './serving.ts'

const FINISHED = 'LookupFinished\n'
/** Answers with the process that it runs in. */
const WHO = 'export default () => ({ pid: process.pid })\n'
/** Ends the process that is asked to. */
const KILL =
  "export default ({ value }) => (value === 'kill' ? process.kill(process.pid, 'SIGKILL') && null : null)\n"
const LINUX = { skip: process.platform !== 'linux' && 'no other system opens what another process has open' }
const TWO = ['--workers', '2']
const REPLACEMENTS = 50
const REPLACING = { skip: process.platform === 'win32' && 'a file that is open cannot be renamed over' }

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
  // A busy machine is no lost answer.
  const pool = new TracerPool({ servers, cacheEntries: 0, timeoutMs: 100_000 })
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

/** Waits for the value of a sample: on a busy machine a page may come without what a worker has counted last. */
async function untilMetric(serving: Serving, name: string, expected: number): Promise<void> {
  let value = await serving.metric(name)
  for (const end = performance.now() + 100_000; value !== expected && performance.now() < end; ) {
    value = await serving.metric(name)
  }
  assert.equal(value, expected, name)
}

/**
 * Replaces what is served again and again, and asks for it all the time, from four clients.
 *
 * @param replace writes the version, and tells of it if it is not to be seen by itself; served from the start is 0
 */
async function replaceUnderLoad(
  t: TestContext,
  serving: Serving,
  replace: (version: number) => Promise<void> | void,
): Promise<void> {
  const clients = await Promise.all(Array.from({ length: 4 }, () => serving.connect()))
  const versions = clients.map(() => 0)
  let written = 0
  let isDone = false
  let slowest = 0
  let answered = 0
  const watch = async (client: RawClient, i: number) => {
    while (!isDone) {
      const start = performance.now()
      client.send('7f|url=both.example|\n7f|url=none.example|\n'.repeat(20))
      await poll(() => client.text.endsWith('\n') && client.text.split(FINISHED).length > 40)
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
      answered += 40
    }
  }
  const watching = Promise.all(clients.map(watch))
  watching.catch(() => {})
  for (let version = 1; version <= REPLACEMENTS; version++) {
    written = version
    await replace(version)
    await Promise.race([watching, poll(() => versions.every((seen) => seen === version))])
  }
  isDone = true
  await watching
  t.diagnostic(`${answered} answers, the slowest 40 after ${slowest.toFixed(1)} ms`)
  assert.ok(answered >= 40 * clients.length, `${answered} answers`)
}

describe('tracer serve --workers', { concurrency: 2, timeout: 900_000 }, () => {
  it('serves one port from several processes, which get the same number of connections', async (t) => {
    const who = join(folderWith({ 'who.mjs': WHO }), 'who.mjs')
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
    await untilMetric(serving, 'tracer_connections', 8)
    await untilMetric(serving, 'tracer_connections_total', 8)
    await untilMetric(serving, 'tracer_requests_total', 12)
    await untilMetric(serving, 'tracer_hits_total{category="Tracer_URL_enricher"}', 12)
    await untilMetric(serving, 'tracer_workers', 2)
    await untilMetric(serving, 'tracer_worker_restarts_total', 0)
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
    await untilMetric(serving, 'tracer_workers', 2)
    await untilMetric(serving, 'tracer_worker_restarts_total', 3)
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
    const folder = folderWith({ 'feed.csv': feed(0) })
    const path = join(folder, 'feed.csv')
    const serving = await Serving.start(t, ...TWO, '--feed', path, '--key', 'ioc:url')
    await replaceUnderLoad(t, serving, (version) => {
      writeFileSync(`${path}.new`, feed(version))
      renameSync(`${path}.new`, path)
      // Half of them by a signal, half as they are seen by themselves.
      if (version % 2 === 0) serving.command.child.kill('SIGHUP')
    })
    assert.equal((await serving.stop()).code, 0)
  })

  it('does so, too, while a compiled feed is replaced', REPLACING, async (t) => {
    const folder = folderWith({})
    const output = join(folder, 'live.tracer')
    const compile = async (version: number) => {
      const text = join(folder, 'feed.csv')
      writeFileSync(text, feed(version))
      await compileFeeds({ feeds: [text], keys: [{ key: 'ioc', type: 'url' }], output })
    }
    await compile(0)
    const serving = await Serving.start(t, ...TWO, '--load', output)
    await replaceUnderLoad(t, serving, async (version) => {
      await compile(version)
      // To be seen by itself takes longer: the file has to be as it is for a while.
      if (version % 25 !== 0) serving.command.child.kill('SIGHUP')
    })
    assert.equal((await serving.stop()).code, 0)
  })

  it('gives no answer to another question when workers are killed that wait for a slow shared enricher', async (t) => {
    const folder = folderWith({
      // It answers when all have been asked twice, the first ones first.
      'slow.mjs': `let asked = 0
        const open = []
        export default ({ value }) => new Promise((resolve) => {
          asked += 1
          process.stderr.write('{"msg":"asked"}\\n')
          open.push(() => resolve({ asked: value }))
          if (asked >= 16) for (const answer of open.splice(0)) answer()
        })`,
    })
    const patient = ['--enricher-timeout', '60']
    const serving = await Serving.start(t, ...TWO, '--shared-enricher', join(folder, 'slow.mjs'), ...patient)
    const ask = async (name: string) => {
      const clients = await Promise.all(Array.from({ length: 8 }, () => serving.connect()))
      for (const [i, client] of clients.entries()) client.send(`7f|url=${name}${i}.example|\n`)
      return clients
    }
    await ask('lost')
    await serving.logged('asked', 8)
    for (const pid of serving.pids) process.kill(pid, 'SIGKILL')
    await serving.logged('worker listens', 2)
    const clients = await ask('found')
    const replies = await Promise.all(clients.map((client) => client.receiveUntil(FINISHED)))
    assert.deepEqual(
      replies,
      clients.map((_, i) => {
        const value = `found${i}.example`
        return `Category=Tracer_URL_enricher|MatchedIndicator=${value}|asked=${value}\n${FINISHED}`
      }),
    )
    for (const { socket } of clients) socket.end()
    assert.equal((await serving.stop()).code, 0)
  })

  it('serves as many connections as it may, whoever accepts them', async (t) => {
    const limit = ['--max-connections', '400', '--metrics', '127.0.0.1:0']
    const serving = await Serving.start(t, ...TWO, '--enricher', 'url-decode', ...limit)
    // More at once than are dealt out evenly.
    const clients = await Promise.all(Array.from({ length: 300 }, () => serving.connect()))
    for (const client of clients) client.send('7f|url=a|\n')
    const replies = await Promise.all(clients.map((client) => client.receiveUntil(FINISHED)))
    assert.ok(replies.every((reply) => reply.endsWith(FINISHED)))
    await untilMetric(serving, 'tracer_connections', 300)
    // Up to the last one.
    const others = await Promise.all(Array.from({ length: 100 }, () => serving.connect()))
    for (const client of others) client.send('7f|url=a|\n')
    for (const client of others) assert.ok((await client.receiveUntil(FINISHED)).endsWith(FINISHED))
    await untilMetric(serving, 'tracer_connections', 400)
    await untilMetric(serving, 'tracer_connections_total', 400)
    const refused = await serving.connect()
    assert.equal(await refused.ended(), 'end')
    await untilMetric(serving, 'tracer_connections_refused_total{reason="max-connections"}', 1)
    for (const { socket } of [...clients, ...others]) socket.end()
    assert.equal((await serving.stop()).code, 0)
  })

  it('is no worker for what stands in its environment, and its modules do not see that they are in one', async (t) => {
    const folder = folderWith({
      'own.mjs': 'export default () => ({ variable: String(process.env.SLUICE_TRACER_WORKER) })\n',
    })
    process.env['SLUICE_TRACER_WORKER'] = '1'
    const starting = Serving.start(t, ...TWO, '--enricher', join(folder, 'own.mjs'))
    delete process.env['SLUICE_TRACER_WORKER']
    const serving = await starting
    assert.equal(serving.pids.length, 2)
    assert.match(await serving.ask('7f|url=a|\n'), /\|variable=undefined\n/)
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

  it('does not outlive its primary, nor hold the port, while connections are on their way between them', async (t) => {
    const serving = await Serving.start(t, ...TWO, '--enricher', 'url-decode')
    const port = serving.port()
    const { pids } = serving
    t.after(() => {
      for (const pid of pids) if (isAlive(pid)) process.kill(pid, 'SIGKILL')
    })
    const churn = setInterval(() => {
      for (let i = 0; i < 20; i++) {
        const socket = connect(port, '127.0.0.1', () => socket.write('7f3a|url=a%2fb|\n'))
        socket.on('error', () => {}).on('data', () => socket.destroy())
        t.after(() => socket.destroy())
      }
    }, 5)
    t.after(() => clearInterval(churn))
    await setTimeout(300)
    serving.command.child.kill('SIGKILL')
    await poll(() => !pids.some(isAlive))
    clearInterval(churn)
    const next = createServer()
    next.listen(port, '127.0.0.1')
    await once(next, 'listening')
    next.close()
  })

  it('serves new connections while its primary hangs, and deals them out again when it goes on', async (t) => {
    const who = join(folderWith({ 'who.mjs': WHO }), 'who.mjs')
    const serving = await Serving.start(t, ...TWO, '--enricher', who)
    serving.command.child.kill('SIGSTOP')
    const meanwhile = await Promise.all(Array.from({ length: 20 }, () => serving.connect()))
    const answering = await Promise.all(meanwhile.map(whoAnswers))
    assert.ok(
      answering.every((pid) => serving.pids.includes(pid)),
      `served by ${answering}`,
    )
    for (const { socket } of meanwhile) socket.end()
    serving.command.child.kill('SIGCONT')
    // A primary that has spoken is asked again.
    for (let served = 0; served < 2; ) {
      const clients = await Promise.all(Array.from({ length: 4 }, () => serving.connect()))
      served = new Set(await Promise.all(clients.map(whoAnswers))).size
      for (const { socket } of clients) socket.end()
    }
    assert.equal((await serving.stop()).code, 0)
  })

  it('starts a worker while a feed is broken: it serves what the others serve', LINUX, async (t) => {
    const folder = folderWith({
      'a.csv': 'ioc,v\na.example,1\n',
      'kill.mjs': KILL,
      'b.csv': 'ioc,v\nb.example,1\n',
    })
    const compiled = join(folder, 'b.tracer')
    await compileFeeds({ feeds: [join(folder, 'b.csv')], keys: [{ key: 'ioc' }], output: compiled })
    const feed = join(folder, 'a.csv')
    const argv = ['--feed', feed, '--key', 'ioc', '--load', compiled, '--enricher', join(folder, 'kill.mjs')]
    const serving = await Serving.start(t, ...TWO, ...argv)
    const replace = (file: string, text: string) => {
      writeFileSync(`${file}.new`, text)
      renameSync(`${file}.new`, file)
    }
    replace(feed, 'other\nthing\n')
    replace(compiled, 'nonsense')
    await serving.logged('feed not reloaded; the old table stays', 4)
    // Both, one after the other: then nobody has read the feed when it was good.
    for (let round = 1; round <= 2; round++) {
      assert.equal(await serving.ask('7f|url=kill|\n'), '')
      await serving.logged('worker listens', round)
    }
    const clients = await Promise.all(Array.from({ length: 4 }, () => serving.connect()))
    for (const client of clients) {
      client.send('7f|url=a.example|url=b.example|\n')
      await client.receiveUntil(FINISHED)
      assert.match(client.take(), /\|ioc=a\.example\|v=1\n.*\|ioc=b\.example\|v=1\n/)
    }
    replace(feed, 'ioc,v\na.example,2\n')
    for (const client of clients) {
      for (let text = ''; !text.includes('|v=2\n'); text = client.take()) {
        client.send('7f|url=a.example|\n')
        await poll(() => client.text.endsWith(FINISHED))
      }
    }
    assert.equal((await serving.stop()).code, 0)
  })

  it('starts a worker without a feed that cannot be read when nobody else is left to serve', async (t) => {
    const folder = folderWith({
      'a.csv': 'ioc\na.example\n',
      'b.csv': 'ioc\nb.example\n',
      'kill.mjs': KILL,
    })
    const feed = join(folder, 'a.csv')
    const feeds = ['--feed', feed, '--key', 'ioc', '--feed', join(folder, 'b.csv'), '--key', 'ioc']
    const serving = await Serving.start(t, ...TWO, ...feeds, '--enricher', join(folder, 'kill.mjs'))
    // Written over: what it was cannot be kept.
    writeFileSync(feed, 'other\nthing\n')
    await serving.logged('feed not reloaded; the old table stays', 2)
    const { pids } = serving
    for (const pid of pids) process.kill(pid, 'SIGKILL')
    await serving.logged('feed cannot be read; nothing of it is served until it is good')
    await serving.logged('worker listens')
    assert.match(await serving.ask('7f|url=b.example|\n'), /\|ioc=b\.example\n/)
    writeFileSync(feed, 'ioc\na.example\n')
    for (let text = FINISHED; text === FINISHED; ) text = await serving.ask('7f|url=a.example|\n')
    assert.equal((await serving.stop()).code, 0)
  })

  it('asks an enricher that is shared in one process', async (t) => {
    const folder = folderWith({
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
    await untilMetric(serving, `tracer_enricher_errors_total{enricher=${name}}`, 1)
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
      timeoutMs: 100_000,
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
    const folder = folderWith({ 'feed.csv': 'ioc\na\n' })
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
        ['--listen', '127.0.0.1:0', '--strict', '--feed', join(folder, 'feed.csv'), '--key', 'none'],
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

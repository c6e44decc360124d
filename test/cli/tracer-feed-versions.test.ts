import assert from 'node:assert/strict'
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { FeedServer } from '../tracer/feeds/feed-server.ts'
import { folderWith } from './command.ts'
import { Serving, startTracer } from './serving.ts'

const OPTIONS = { timeout: 300_000, skip: process.platform === 'win32' && 'it has no SIGHUP' }

/** A feed of so many hosts, `host0.example` and so on. */
function hosts(count: number): string {
  return JSON.stringify(Array.from({ length: count }, (_, i) => ({ ioc: `host${i}.example`, n: i })))
}

function csv(count: number): string {
  return `ioc\n${Array.from({ length: count }, (_, i) => `file${i}.example\n`).join('')}`
}

function answering(text: string) {
  return (_request: unknown, response: ServerResponse) => response.writeHead(200).end(text)
}

async function hits(serving: Serving, value: string): Promise<number> {
  return (await serving.ask(`7f|url=${value}|\n`)).split('Category=').length - 1
}

async function untilPage(serving: Serving, path: string, text: string): Promise<void> {
  while ((await serving.page(path)) !== text) await new Promise((resolve) => setTimeout(resolve, 20))
}

/** The problems that were logged with this message. */
function problems({ log }: Serving, message: string): string[] {
  return log.filter(({ msg }) => msg === message).map(({ problem }) => String(problem))
}

/** Each line of the log is one record, in which nothing of a stack is. */
function checkLog(serving: Serving): void {
  for (const line of serving.log) assert.doesNotMatch(JSON.stringify(line), /"stack"|\bat .*\.[jt]s:\d/)
}

async function replaced(serving: Serving, server: FeedServer, text: string, message: string): Promise<void> {
  const count = problems(serving, message).length
  server.answer = answering(text)
  serving.command.child.kill('SIGHUP')
  await serving.logged(message, count + 1)
}

describe('tracer serve: a feed that goes bad', { timeout: 300_000 }, () => {
  it(
    'keeps the last good copy of a download, also over restarts, and starts without what it cannot use',
    OPTIONS,
    async (t) => {
      const server = await FeedServer.start(t, answering(hosts(20)))
      const folder = folderWith({ 'own.csv': csv(1) })
      const own = join(folder, 'own.csv')
      const argv = ['--metrics', '127.0.0.1:0', '--feed-cache', join(folder, 'cache')]
      const feeds = ['--feed', server.url('/feed.json'), '--key', 'ioc', '--feed', own, '--key', 'ioc']

      const first = await Serving.start(t, ...argv, ...feeds)
      assert.equal(await first.page('/readyz'), 'ready\n')
      const refusals = ['Service temporarily unavailable\n', hosts(20).slice(0, 300), hosts(1), '[]']
      for (const text of refusals) await replaced(first, server, text, 'feed refused; the copy stays')
      const [errorPage, half, shrunken, none] = problems(first, 'feed refused; the copy stays')
      assert.match(errorPage!, /^what has come is not the feed: it has no column "ioc"/)
      assert.match(half!, /^what has come is not the feed: it is broken|^what has come is not the feed: it /)
      assert.match(shrunken!, /^what has come has 1 indicator, and had 20: more than 90 % are gone/)
      assert.match(none!, /^what has come has 0 indicators/)
      await replaced(first, server, '', 'feed not downloaded; the copy stays')
      const result = (name: string) =>
        first.metric(`tracer_feed_downloads_total{file="${server.url('/feed.json')}",result="${name}"}`)
      assert.deepEqual([await result('ok'), await result('refused'), await result('failed')], [1, 4, 1])
      assert.deepEqual([await hits(first, 'host19.example'), await hits(first, 'file0.example')], [1, 1])
      rmSync(own)
      await first.logged('feed is gone; the old table stays')
      assert.equal(await first.metric(`tracer_feed_gone_total{file="${own}"}`), 1)
      assert.equal(await hits(first, 'file0.example'), 1)
      assert.equal(await first.page('/readyz'), 'ready\n')
      await first.stop()
      checkLog(first)

      server.answer = answering('Service temporarily unavailable\n')
      const second = await Serving.start(t, ...argv, ...feeds, '--accept-shrink')
      await second.logged('feed refused; the copy is used')
      assert.match(
        problems(second, 'feed cannot be read; nothing of it is served until it is good')[0]!,
        /ENOENT/,
      )
      assert.equal(await hits(second, 'host19.example'), 1)
      assert.equal(await second.page('/readyz'), 'degraded\n')
      assert.equal(await second.metric(`tracer_feed_unusable{file="${own}"}`), 1)
      writeFileSync(own, csv(2))
      await untilPage(second, '/readyz', 'ready\n')
      assert.equal(await hits(second, 'file1.example'), 1)
      // What is far smaller is taken once.
      server.answer = answering(hosts(1))
      second.command.child.kill('SIGHUP')
      while ((await hits(second, 'host19.example')) === 1)
        await new Promise((resolve) => setTimeout(resolve, 20))
      assert.equal(await hits(second, 'host0.example'), 1)
      await second.stop()
      checkLog(second)

      rmSync(own)
      const strict = await startTracer('serve', '--listen', '127.0.0.1:0', ...argv, ...feeds, '--strict')
        .finished
      assert.equal(strict.code, 2)
      assert.match(strict.stderr, /^tracer: .*own\.csv: cannot be opened \(ENOENT\)$/m)
    },
  )

  it('does so with workers, and one that is started later answers as the others', OPTIONS, async (t) => {
    const folder = folderWith({ 'own.csv': csv(20), 'allow.txt': 'nobody.example\n' })
    const [own, late] = [join(folder, 'own.csv'), join(folder, 'late.csv')]
    const feeds = [
      '--feed',
      own,
      '--key',
      'ioc',
      '--feed',
      late,
      '--key',
      'ioc',
      '--allowlist',
      join(folder, 'allow.txt'),
    ]
    const serving = await Serving.start(t, '--workers', '2', '--metrics', '127.0.0.1:0', ...feeds)
    assert.equal(await serving.page('/readyz'), 'degraded\n')
    writeFileSync(`${own}.new`, csv(1))
    renameSync(`${own}.new`, own)
    await serving.logged('feed refused; the old table stays', 2)
    assert.equal(await serving.metric(`tracer_feed_reloads_total{file="${own}",result="refused"}`), 1)
    await replaceWorker(serving)
    if (process.platform === 'linux') {
      await serving.logged('feed refused; its last good content is served')
      const answers = await Promise.all(Array.from({ length: 8 }, () => hits(serving, 'file19.example')))
      assert.deepEqual(answers, Array(8).fill(1))
    }
    assert.equal(await serving.page('/readyz'), 'degraded\n')
    writeFileSync(late, csv(30))
    await untilPage(serving, '/readyz', 'ready\n')
    assert.equal(await hits(serving, 'file29.example'), 1)
    await serving.stop()
    checkLog(serving)
  })
})

/** Kills a worker, and waits for the one in its place. */
async function replaceWorker(serving: Serving): Promise<void> {
  process.kill(serving.pids[0]!, 'SIGKILL')
  await serving.logged('worker listens')
}

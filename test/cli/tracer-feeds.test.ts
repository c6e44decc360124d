import assert from 'node:assert/strict'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { TracerPool } from '../../src/tracer/client/pool.ts'
import type { IndicatorType } from '../../src/tracer/protocol.ts'
import { AUTHORITY, FeedServer, tagged } from '../tracer/feeds/feed-server.ts'
import { RawClient } from '../tracer/raw-client.ts'
import { Command, cliPath, type Finished, folderWith } from './command.ts'

const POSIX = { skip: process.platform === 'win32' && 'it has no ulimit' }
const FEED = 'ioc,c\ngmer.com,x\n192.0.2.1,y\n'
const WARNING_LIST = '{"name": "N", "version": 1, "type": "hostname", "list": ["gmer.com"]}'

/** `tracer serve` that runs. */
class Serving {
  readonly command: Command
  readonly #pool: TracerPool

  private constructor(command: Command, pool: TracerPool) {
    this.command = command
    this.#pool = pool
  }

  static async start(t: TestContext, ...argv: string[]): Promise<Serving> {
    const command = run('serve', '--listen', '127.0.0.1:0', '--metrics', '127.0.0.1:0', ...argv)
    t.after(() => command.child.kill('SIGKILL'))
    await command.until(() => command.stderr.includes('"msg":"listening"'))
    const port = portOf(command, 'listening')
    const pool = new TracerPool({
      servers: [{ host: '127.0.0.1', port }],
      cacheEntries: 0,
      timeoutMs: 100_000,
    })
    t.after(() => pool.destroy())
    return new Serving(command, pool)
  }

  /** The number of detections that a value has. */
  async hits(type: IndicatorType, value: string): Promise<number> {
    return (await this.#pool.lookup([{ type, value }]))[0]!.length
  }

  /** Waits for an answer that comes with a reload. */
  async until(type: IndicatorType, value: string, hits: number): Promise<void> {
    while ((await this.hits(type, value)) !== hits) await new Promise((resolve) => setTimeout(resolve, 10))
  }

  async metric(name: string): Promise<string | undefined> {
    const port = portOf(this.command, 'metrics are served')
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    return text
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.split(' ')
      .at(-1)
  }

  stop(): Promise<Finished> {
    this.command.child.kill('SIGTERM')
    return this.command.finished
  }
}

function run(...argv: string[]): Command {
  return new Command([cliPath('tracer'), ...argv])
}

function portOf({ stderr }: Command, message: string): number {
  const line = stderr.split('\n').find((text) => text.includes(`"msg":"${message}"`))!
  return JSON.parse(line).port
}

describe('tracer serve: where feeds come from', { concurrency: 2, timeout: 900_000 }, () => {
  it('takes a feed from a URL with credentials, which nobody sees, and downloads it on SIGHUP', async (t) => {
    const server = await FeedServer.start(t, tagged(FEED), true)
    const cache = join(folderWith({}), 'cache')
    const url = server.url('/feed.csv?key=query-secret', 'joe:pass-secret@')
    const argv = ['--feed-cache', cache, '--feed-ca', AUTHORITY, '--feed-interval', '1h']
    const serving = await Serving.start(t, '--feed', url, '--key', 'ioc', ...argv)
    assert.equal(await serving.hits('url', 'gmer.com'), 1)
    const authorization = `Basic ${Buffer.from('joe:pass-secret').toString('base64')}`
    assert.equal(server.requests[0]!.headers.authorization, authorization)
    if (process.platform !== 'win32') {
      server.answer = tagged('ioc,c\nnew.example,x\n')
      serving.command.child.kill('SIGHUP')
      await serving.until('url', 'new.example', 1)
      assert.equal(await serving.hits('url', 'gmer.com'), 0)
      // A file that is no feed by its content stays out, too.
      server.answer = tagged('other\nthing\n')
      serving.command.child.kill('SIGHUP')
      await serving.command.until(({ stderr }) => stderr.includes('feed refused; the copy stays'))
      assert.equal(await serving.hits('url', 'new.example'), 1)
    }
    const metrics = await fetch(
      `http://127.0.0.1:${portOf(serving.command, 'metrics are served')}/metrics`,
    ).then((response) => response.text())
    assert.match(metrics, /tracer_feed_downloads_total\{file="https:[^"]*",result="ok"\} [12]/)
    assert.match(metrics, /tracer_feed_records\{file="https:[^"]*"\} \d/)
    const { code, stderr } = await serving.stop()
    assert.equal(code, 0)
    assert.doesNotMatch(stderr + metrics, /secret|joe/)
  })

  it('starts from the copy when the server is gone, and tells when there is none', async (t) => {
    const server = await FeedServer.start(t, tagged(FEED))
    const cache = join(folderWith({}), 'cache')
    const feed = ['--feed', server.url('/feed.csv', 'joe:secret@'), '--key', 'ioc']
    const first = await Serving.start(t, ...feed, '--feed-cache', cache)
    await first.stop()
    await server.stop()
    const second = await Serving.start(t, ...feed, '--feed-cache', cache)
    assert.equal(await second.hits('ip', '192.0.2.1'), 1)
    await second.command.until(({ stderr }) => stderr.includes('the copy is used'))
    assert.match(second.command.stderr, /"level":"warn".*ECONNREFUSED.*the copy is used/)
    const strict = ['--strict', '--feed-cache', `${cache}2`]
    const third = await run('serve', '--listen', '127.0.0.1:0', ...feed, ...strict).finished
    assert.equal(third.code, 2)
    assert.match(third.stderr, /^tracer: http:\/\/127\.0\.0\.1:\d+\/feed\.csv: .*ECONNREFUSED.*no copy/m)
    assert.doesNotMatch(third.stderr, /secret/)
  })

  it('serves what there is while the server of a feed trickles, and takes the feed when it has come', async (t) => {
    let finish: (() => void) | undefined
    const server = await FeedServer.start(t, tagged(FEED))
    const cache = join(folderWith({}), 'cache')
    const known = ['--feed', server.url('/known.csv'), '--key', 'ioc', '--feed-cache', cache]
    await (await Serving.start(t, ...known)).stop()
    server.answer = (_request, response) => {
      response.writeHead(200)
      response.write('ioc')
    }
    const copied = await Serving.start(t, ...known)
    assert.equal(await copied.hits('url', 'gmer.com'), 1)
    await copied.stop()
    server.answer = (request, response) => {
      if (request.url === '/known.csv') response.writeHead(304).end()
      else {
        response.writeHead(200)
        response.write('ioc,c\n')
        finish = () => response.end('late.example,x\n')
      }
    }
    const late = await Serving.start(t, ...known, '--feed', server.url('/late.csv'), '--key', 'ioc')
    assert.match(
      late.command.stderr,
      /"seconds":10,"msg":"feed has not come in time; the start goes on without it"/,
    )
    assert.match(late.command.stderr, /"msg":"feed is not there yet; it is read when it has come"/)
    assert.equal(await late.hits('url', 'gmer.com'), 1)
    finish!()
    await late.until('url', 'late.example', 1)
    assert.equal((await late.stop()).code, 0)
  })

  it('reads a feed again when descriptors ran out while it was reloaded', POSIX, async (t) => {
    const folder = folderWith({
      'feed.csv': FEED,
      'own.mjs': `import { closeSync, openSync } from 'node:fs'
        const open = []
        export default ({ value }) => {
          if (value === 'take') try { for (;;) open.push(openSync('/dev/null')) } catch (error) { return { code: error.code } }
          if (value === 'give') for (const fd of open.splice(0)) closeSync(fd)
          return null
        }`,
    })
    const feed = join(folder, 'feed.csv')
    const argv = [
      'serve',
      '--listen',
      '127.0.0.1:0',
      '--feed',
      feed,
      '--key',
      'ioc',
      '--enricher',
      join(folder, 'own.mjs'),
    ]
    const command = new Command([cliPath('tracer'), ...argv], { descriptors: 200 })
    t.after(() => command.child.kill('SIGKILL'))
    await command.until(({ stderr }) => stderr.includes('"msg":"listening"'))
    const client = await RawClient.connect(portOf(command, 'listening'))
    t.after(() => client.socket.destroy())
    const ask = async (value: string) => {
      client.send(`7f|url=${value}|\n`)
      await client.receiveUntil('LookupFinished\n')
      return client.take()
    }
    assert.match(await ask('take'), /code=EMFILE/)
    writeFileSync(`${feed}.new`, 'ioc,c\nnew.example,x\n')
    renameSync(`${feed}.new`, feed)
    await command.until(({ stderr }) => stderr.includes('the old table stays'))
    assert.match(command.stderr, /EMFILE.*"retryMs":\d+,"msg":"feed not reloaded; the old table stays"/)
    assert.match(await ask('gmer.com'), /ioc=gmer\.com/)
    await ask('give')
    await command.until(({ stderr }) => stderr.split('"msg":"feed loaded"').length === 3)
    assert.match(await ask('new.example'), /ioc=new\.example/)
  })

  it('takes a directory, and files of MISP without a key', async (t) => {
    const event =
      '{"Event": {"info": "i", "Attribute": [{"type": "ip-dst|port", "value": "192.0.2.5|80"}, {"type": "text", "value": "x"}]}}'
    const folder = folderWith({ 'a.csv': FEED, 'list.json': WARNING_LIST })
    const misp = folderWith({ 'event.json': event })
    const serving = await Serving.start(
      t,
      ...['--feed', folder, '--key', 'ioc', '--category', 'Folder', '--feed', join(misp, 'event.json')],
    )
    assert.equal(await serving.hits('url', 'gmer.com'), 2)
    assert.equal(await serving.hits('url', 'a.gmer.com/x'), 1)
    assert.equal(await serving.hits('ip', '192.0.2.5'), 1)
    assert.equal(
      await serving.metric(
        `tracer_feed_ignored_records{file="${join(misp, 'event.json')}"}`.replaceAll('\\', '\\\\'),
      ),
      '1',
    )
    writeFileSync(join(folder, 'b.csv'), 'ioc\nnew.example\n')
    await serving.until('url', 'new.example', 1)
  })

  it('keeps detections from what is on an allowlist, and counts', async (t) => {
    const folder = folderWith({
      'feed.csv': `${FEED}evil.example,z\n`,
      'allow.txt': '# ours\n192.0.2.0/24 # office\n',
      'allow.csv': 'host\nevil.example\n',
      'list.json': WARNING_LIST,
    })
    const serving = await Serving.start(
      t,
      ...['--feed', join(folder, 'feed.csv'), '--key', 'ioc', '--allowlist', join(folder, 'allow.txt')],
      ...[
        '--allowlist',
        join(folder, 'list.json'),
        '--allowlist',
        join(folder, 'allow.csv'),
        '--key',
        'host',
      ],
    )
    for (const value of ['gmer.com', 'evil.example']) assert.equal(await serving.hits('url', value), 0)
    assert.equal(await serving.hits('ip', '192.0.2.1'), 0)
    assert.equal(await serving.metric('tracer_allowlisted_total{type="url"}'), '2')
    assert.equal(await serving.metric('tracer_allowlisted_total{type="ip"}'), '1')
    writeFileSync(join(folder, 'allow.txt'), '203.0.113.1\n')
    await serving.until('ip', '192.0.2.1', 1)
  })

  it('refuses what cannot be meant', async () => {
    const folder = folderWith({
      'feed.csv': FEED,
      'allow.json': '[{"a": "b"}]',
      'regex.json': WARNING_LIST.replace('hostname', 'regex'),
    })
    const feed = ['--feed', join(folder, 'feed.csv'), '--key', 'ioc']
    const cases: [argv: string[], message: RegExp][] = [
      [['--feed', 'https://joe:secret@'], /^tracer: the URL of a feed is not valid/m],
      [[...feed, '--feed-interval', '10ms'], /one second or more/],
      [[...feed, '--feed-ca', join(folder, 'none.pem')], /none\.pem: cannot be read/],
      [
        ['--feed', join(folder, 'regex.json')],
        /regex\.json: the warning-list "N" is one of regular expressions/,
      ],
      [[...feed, '--allowlist', join(folder, 'none.txt')], /none\.txt: cannot be opened/],
      [[...feed, '--allowlist', join(folder, 'allow.json')], /--allowlist .*allow\.json needs a --key.* a$/m],
      [['--allowlist', 'x', '--category', 'C'], /--category stands behind the --feed/],
      [['--key', 'ioc', '--allowlist', 'x'], /behind the --feed or --allowlist/],
    ]
    while (cases.length > 0) {
      await Promise.all(
        cases.splice(0, 2).map(async ([argv, message]) => {
          const finished = await run('serve', '--listen', '127.0.0.1:0', '--strict', ...argv).finished
          assert.match(finished.stderr, message)
          assert.equal(finished.code, 2)
          assert.doesNotMatch(finished.stderr, /secret/)
        }),
      )
    }
  })
})

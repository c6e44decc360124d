import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import process from 'node:process'
import { describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { RawClient } from '../tracer/raw-client.ts'
import { Command, cliPath, type Finished, folderWith } from './command.ts'

const FEED = 'ioc,context\ngmer.com,bad_URL\n192.0.2.0/24,net\n*.evil.example/*,mask\n,none\n'
const GMER =
  'Category=Tracer_URL_enricher|MatchedIndicator=gmer.com|ioc=gmer.com|context=bad_URL\nLookupFinished\n'

function start(...argv: string[]): Command {
  return new Command([cliPath('tracer'), ...argv])
}

function tracer(...argv: string[]): Promise<Finished> {
  const command = start(...argv)
  command.child.stdin.end()
  return command.finished
}

async function compile(folder: string, feed = 'feed.csv', output = 'x.tracer'): Promise<void> {
  const { code, stderr } = await tracer(
    'compile',
    join(folder, feed),
    '--key',
    'ioc',
    '-o',
    join(folder, output),
  )
  assert.equal(code, 0, stderr)
}

/** `tracer serve`, and what it logs. */
async function serve(t: TestContext, ...argv: string[]): Promise<{ command: Command; port: number }> {
  const command = start('serve', '--listen', '127.0.0.1:0', ...argv)
  t.after(() => command.child.kill('SIGKILL'))
  await command.until(() => command.stderr.includes('"msg":"listening"'))
  return { command, port: Number(/"port":(\d+),"msg":"listening"/.exec(command.stderr)![1]) }
}

async function ask(t: TestContext, port: number, text: string): Promise<string> {
  const client = await RawClient.connect(port)
  t.after(() => client.socket.destroy())
  client.socket.end(text)
  await client.ended()
  return client.text
}

/** Names of a folder without those of the inputs. */
function leftIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => !name.startsWith('feed'))
}

describe('tracer compile', { concurrency: 2, timeout: 900_000 }, () => {
  it('makes a file that inspect describes and serve answers from', async (t) => {
    const folder = folderWith({ 'feed.csv': FEED })
    const output = join(folder, 'x.tracer')
    const compiled = await tracer('compile', join(folder, 'feed.csv'), '--key', 'ioc', '-o', output)
    assert.equal(compiled.code, 0, compiled.stderr)
    assert.match(compiled.stderr, /feed\.csv: 1 records cannot be used: record 4: no key\n/)
    assert.match(compiled.stderr, /x\.tracer: 3 indicators of 3 records in [\d.]+ s\n$/)
    assert.equal(compiled.stdout, '')
    assert.deepEqual(leftIn(folder), ['x.tracer'])

    const shown = await tracer('inspect', output)
    assert.equal(shown.code, 0, shown.stderr)
    assert.match(shown.stdout, /a compiled feed, format 4; all checksums are right/)
    assert.match(shown.stdout, /1 networks and ranges, 0 URLs, 1 hosts, 1 masks, 0 texts/)
    assert.match(shown.stdout, /sample {6}host gmer\.com \|ioc=gmer\.com\|context=bad_URL/)
    const { stdout } = await tracer('inspect', output, '--json', '--samples', '50')
    const told = JSON.parse(stdout)
    assert.deepEqual([told.format, told.records, told.indicators, told.skipped], [4, 3, 3, 1])
    assert.equal(told.samples.length, 3)

    const { port, command } = await serve(t, '--load', output)
    assert.equal(await ask(t, port, '1|url=gmer.com|\n'), GMER)
    assert.match(
      await ask(t, port, '1|ip=192.0.2.77|\n'),
      /^Category=Tracer_IP_enricher.*\|context=net\nLookup/,
    )
    assert.deepEqual(leftIn(folder), ['x.tracer'])
    command.child.kill('SIGTERM')
    assert.equal((await command.finished).code, 0)
  })

  it('shows what would be served of a feed', async () => {
    const text = 'me@evil.example\n192.0.2.7:443\nevil[.]example ; bad\n198.51.100.0/24\n'
    const folder = folderWith({ 'list.txt': text, 'rows.csv': '1;evil.example\n2;bad.example\n' })
    const { code, stdout } = await tracer('inspect', '--feed', join(folder, 'list.txt'), '--json')
    assert.equal(code, 0)
    const { format, records, indicators, skipped, reasons, samples } = JSON.parse(stdout)
    assert.deepEqual([format, records, skipped], ['list', 3, 1])
    assert.deepEqual(indicators, { address: 1, host: 1, network: 1 })
    assert.deepEqual(
      reasons.map(({ reason, count }: { reason: string; count: number }) => [reason, count]),
      [['of no known kind', 1]],
    )
    assert.deepEqual(samples[1], {
      type: 'host',
      indicator: 'evil.example',
      context: '|value=evil[.]example|comment=bad',
    })
    const rows = await tracer(
      'inspect',
      '--feed',
      join(folder, 'rows.csv'),
      '--key',
      '2:domain',
      '--samples',
      '1',
    )
    assert.match(
      rows.stdout,
      /rows\.csv: csv\nrecords {5}2\n.*sample {6}host evil\.example \|1=1\|2=evil\.example\n$/s,
    )
    const refused = await tracer('inspect', '--feed', join(folder, 'rows.csv'), '--format', 'zip')
    assert.equal(refused.code, 2)
    assert.match(refused.stderr, /--format.*There are csv, json, stix/s)
  })

  it('shows a feed of somebody else without steering the terminal', async () => {
    const folder = folderWith({ 'feed.csv': 'ioc,context\ngmer.com,a\u001b[2J\u009b1mb\u007f\n' })
    await compile(folder)
    const { stdout } = await tracer('inspect', join(folder, 'x.tracer'))
    // They are blanks in all that goes on the wire.
    assert.match(stdout, /context=a \[2J 1mb \n/)
    assert.doesNotMatch(stdout.replaceAll('\n', ''), /\p{Cc}/u)
  })

  it('takes no URL, and does not repeat the password in it', async () => {
    const folder = folderWith({})
    const url = 'https://joe:secret@host/x?key=secret'
    for (const argv of [
      ['compile', url, '--key', 'ioc', '-o', join(folder, 'x.tracer')],
      ['serve', '--load', url],
      ['inspect', url],
    ]) {
      const { code, stderr } = await tracer(...argv)
      assert.equal(code, 2, stderr)
      assert.match(stderr, /^tracer: .*https:\/\/host\/x\S* is a URL, and this has to be a file/)
      assert.doesNotMatch(stderr, /secret/)
    }
  })

  it('answers in the order of the options, beside feeds in memory', async (t) => {
    const folder = folderWith({ 'feed.csv': FEED, 'feed2.csv': 'u,n\ngmer.com,two\n' })
    await compile(folder)
    const compiled = join(folder, 'x.tracer')
    const plain = ['--feed', join(folder, 'feed2.csv'), '--key', 'u']
    const line = '1|url=gmer.com|\n'
    const two = 'Category=Tracer_URL_enricher|MatchedIndicator=gmer.com|u=gmer.com|n=two\n'
    const one = GMER.replace('LookupFinished\n', '')
    const first = await serve(t, '--load', compiled, ...plain)
    assert.equal(await ask(t, first.port, line), `${one}${two}LookupFinished\n`)
    const second = await serve(t, ...plain, '--load', compiled)
    assert.equal(await ask(t, second.port, line), `${two}${one}LookupFinished\n`)
  })

  it('refuses wrong usage, feeds that cannot be used, and files that cannot be loaded', async () => {
    const folder = folderWith({ 'feed.csv': FEED, 'other.csv': 'who,why\nx,y\n', 'cut.tracer': 'TRACER' })
    const feed = join(folder, 'feed.csv')
    const output = join(folder, 'x.tracer')
    const refused = async (code: number, message: RegExp, ...argv: string[]) => {
      const finished = await tracer(...argv)
      assert.equal(finished.code, code, finished.stderr)
      assert.match(finished.stderr, message)
    }
    await refused(2, /required option '-o/, 'compile', feed, '--key', 'ioc')
    const other = join(folder, 'other.csv')
    await refused(2, /other\.csv: needs a --key: .*there is who, why/, 'compile', other, '-o', output)
    await refused(2, /missing required argument 'FEED'/, 'compile', '--key', 'ioc', '-o', output)
    await refused(2, /has no column "ico"; did you mean "ioc"/, 'compile', feed, '--key', 'ico', '-o', output)
    await refused(
      1,
      /nothing can be written beside it/,
      'compile',
      feed,
      '--key',
      'ioc',
      '-o',
      join(feed, 'x'),
    )
    await refused(
      2,
      /cut\.tracer: is no whole compiled feed/,
      'serve',
      '--strict',
      '--load',
      join(folder, 'cut.tracer'),
    )
    await refused(
      2,
      /--load x has it already: --key is given to compile/,
      'serve',
      '--load',
      'x',
      '--key',
      'k',
    )
    await refused(1, /cut\.tracer: is no whole compiled feed/, 'inspect', join(folder, 'cut.tracer'))
    await refused(1, /cannot be opened \(ENOENT\)/, 'inspect', join(folder, 'missing'))
    assert.deepEqual(leftIn(folder), ['cut.tracer', 'other.csv'])
  })

  it('leaves the old file serving when it is killed, and the next one cleans up', async (t) => {
    const rows = Array.from({ length: 300_000 }, (_, i) => `host${i}.example,x\n`)
    const folder = folderWith({ 'feed.csv': FEED, 'feed-large.csv': `ioc,context\n${rows.join('')}` })
    await compile(folder)
    const old = readFileSync(join(folder, 'x.tracer'))
    const { port } = await serve(t, '--load', join(folder, 'x.tracer'))
    const large = ['compile', join(folder, 'feed-large.csv'), '--key', 'ioc', '-o', join(folder, 'x.tracer')]
    const workspaces = () => leftIn(folder).filter((name) => name.includes('.compiling-'))

    const killed = start(...large)
    while (workspaces().length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    killed.child.kill('SIGKILL')
    await killed.finished
    assert.equal(workspaces().length, 1)
    assert.ok(readFileSync(join(folder, 'x.tracer')).equals(old))
    assert.equal(await ask(t, port, '1|url=gmer.com|\n'), GMER)

    const stopped = start(...large)
    while (!workspaces().some((name) => name.includes(`-${stopped.child.pid}.`))) {
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    stopped.child.kill('SIGTERM')
    const { code, stderr } = await stopped.finished
    if (process.platform !== 'win32') {
      assert.equal(code, 1)
      assert.match(stderr, /stopped by SIGTERM; .*x\.tracer is as it was\n$/)
      assert.deepEqual(workspaces(), [])
    }
    assert.ok(readFileSync(join(folder, 'x.tracer')).equals(old))
    assert.equal(await ask(t, port, '1|url=gmer.com|\n'), GMER)
  })

  it('tells that a file may not become so large', { skip: process.platform === 'win32' }, async () => {
    const rows = Array.from({ length: 30_000 }, (_, i) => `host${i}.example,${'x'.repeat(100)}\n`)
    const folder = folderWith({ 'feed.csv': `ioc,context\n${rows.join('')}` })
    const argv = [process.execPath, cliPath('tracer'), 'compile', join(folder, 'feed.csv'), '--key', 'ioc']
    // In blocks of 512 or 1024 bytes.
    const child = spawn(
      'sh',
      ['-c', 'ulimit -f 1500 && exec "$@"', 'sh', ...argv, '-o', join(folder, 'x.tracer')],
      {
        cwd: fileURLToPath(new URL('../..', import.meta.url)),
      },
    )
    const stderr = child.stderr.setEncoding('utf8').toArray()
    const [code] = await once(child, 'close')
    assert.match(
      (await stderr).join(''),
      /x\.tracer: cannot be written: a file may not become so large here\n$/,
    )
    assert.equal(code, 1)
    assert.deepEqual(leftIn(folder), [])
  })

  it('is replaced fifty times under load without a wrong, missing or late answer', {
    skip: process.platform === 'win32',
  }, async (t) => {
    const feedOf = (n: number) =>
      `ioc,version\n${Array.from({ length: 2000 }, (_, i) => `host${i}.example,${n}\n`).join('')}`
    const folder = folderWith({ 'feed-0.csv': feedOf(0), 'feed-1.csv': feedOf(1) })
    await compile(folder, 'feed-0.csv', '0.tracer')
    await compile(folder, 'feed-1.csv', '1.tracer')
    const versions = [0, 1].map((n) => readFileSync(join(folder, `${n}.tracer`)))
    const target = join(folder, 'x.tracer')
    const replace = (n: number) => {
      writeFileSync(`${target}.new`, versions[n % 2]!)
      renameSync(`${target}.new`, target)
    }
    replace(0)
    const { command, port } = await serve(t, '--load', target, '--metrics', '127.0.0.1:0')
    const loads = () => command.stderr.split('"msg":"feed loaded"').length - 1

    let isDone = false
    let asked = 0
    let slowestMs = 0
    const seen = new Set<string>()
    const load = async (seed: number) => {
      const socket = connect(port, '127.0.0.1').setEncoding('utf8')
      t.after(() => socket.destroy())
      let number = seed
      while (!isDone) {
        number = (number * 7919 + 13) % 4000
        const started = performance.now()
        socket.write(`1|url=host${number}.example|\n`)
        let reply = ''
        while (!reply.endsWith('LookupFinished\n')) reply += (await once(socket, 'data'))[0]
        slowestMs = Math.max(slowestMs, performance.now() - started)
        asked += 1
        const answer = /\|version=([01])\n/.exec(reply)?.[1]
        const value = `host${number}.example`
        const expected = `Category=Tracer_URL_enricher|MatchedIndicator=${value}|ioc=${value}|version=${answer}\n`
        assert.equal(reply, `${number < 2000 ? expected : ''}LookupFinished\n`)
        if (answer !== undefined) seen.add(answer)
      }
    }
    const clients = Promise.all([1, 2, 3, 4].map(load))
    for (let n = 1; n <= 50; n++) {
      const before = loads()
      replace(n)
      await command.until(() => loads() > before)
    }
    isDone = true
    await clients
    assert.deepEqual([...seen].sort(), ['0', '1'])
    assert.ok(asked > 1000, `${asked} requests`)
    // As late as a client would give up: 5 seconds is its default.
    assert.ok(slowestMs < 5000, `${slowestMs} ms`)
    assert.ok(!command.stderr.includes('"level":50'), command.stderr)
    assert.ok(loads() >= 51)
  })
})

/** The ends of the loop as systems have them: pipes that are full or empty, pipes with names, terminals, signals in the middle. */
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { createReadStream, createWriteStream, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { cliPath, folderWith, startNormalize } from './command.ts'

const RULES = 'source.ip: src\nuser.name: {field: lower(user), required: false}\n'
const LINES = 30_000

/** Every third line is rejected. */
const EVENTS = Array.from({ length: LINES }, (_, n) =>
  n % 3 === 0
    ? `{"no":${n}}\n`
    : `{"src":"192.0.2.${n % 250}","user":"User-${n}","more":"${'x'.repeat(n % 90)}"}\n`,
)
const INPUT = EVENTS.join('')
const OUTPUT = EVENTS.flatMap((_, n) =>
  n % 3 === 0 ? [] : [`{"source":{"ip":"192.0.2.${n % 250}"},"user":{"name":"user-${n}"}}\n`],
)

const isWindows = process.platform === 'win32'

describe('the loop between pipes', { skip: isWindows, timeout: 240_000 }, () => {
  it('waits for readers that take nothing, and for a writer that gives piece by piece, and loses nothing', async () => {
    const folder = folderWith({ 'r.yaml': RULES })
    const { child, finished } = startNormalize('-r', join(folder, 'r.yaml'))
    const { stdin, stdout, stderr } = child
    stdout.pause()
    stderr.pause()
    const [beginning, rest] = [INPUT.slice(0, -100_000), INPUT.slice(-100_000)]
    let isTaken = false
    stdin.write(beginning, () => {
      isTaken = true
    })
    while (stdout.readableLength === 0 || stderr.readableLength === 0) await new Promise(setImmediate)
    assert.equal(isTaken, false, 'the input is larger than all pipes')
    stdout.on('data', () => {
      // The second reader stops now and then, until the first one has come on.
      stderr.pause()
      setImmediate(() => stderr.resume())
    })
    stdout.resume()
    const pieces = async (): Promise<void> => {
      for (let at = 0; at < rest.length; at += 7001) {
        await new Promise((resolve) => stdin.write(rest.slice(at, at + 7001), resolve))
        await new Promise(setImmediate)
      }
      stdin.end()
    }
    await pieces()
    const { code, ...texts } = await finished
    assert.equal(code, 0)
    assert.equal(texts.stdout, OUTPUT.join(''))
    const records = texts.stderr.trimEnd().split('\n')
    assert.equal(records.length, LINES / 3)
    for (const [index, record] of records.entries()) assert.equal(JSON.parse(record).line, 3 * index + 1)
  })

  it('stops in the middle at a signal, with whole lines, while its reader takes nothing', async () => {
    const folder = folderWith({ 'r.yaml': RULES })
    const files = ['--errors', join(folder, 'errors'), '--stats']
    const command = startNormalize('-r', join(folder, 'r.yaml'), ...files)
    const { child } = command
    child.stdin.write(INPUT)
    await command.until(({ stdout }) => stdout !== '')
    child.stdout.pause()
    child.kill('SIGTERM')
    setImmediate(() => child.stdout.resume())
    const { code, signal, stdout, stderr } = await command.finished
    assert.deepEqual([code, signal], [0, null])
    const { written, rejected } = JSON.parse(stderr)
    assert.ok(written > 0)
    assert.equal(stdout, OUTPUT.slice(0, written).join(''))
    assert.equal(readFileSync(join(folder, 'errors'), 'utf8').split('\n').length - 1, rejected)
  })

  it('reads from a pipe with a name, and writes to one', async () => {
    const folder = folderWith({ 'r.yaml': RULES })
    const [source, target] = [join(folder, 'in'), join(folder, 'out')] as const
    assert.equal(spawnSync('mkfifo', [source, target]).status, 0)
    const options = ['--errors', '/dev/null', '-o', target]
    const { finished } = startNormalize('-r', join(folder, 'r.yaml'), ...options, source)
    createWriteStream(source).end(INPUT)
    let output = ''
    for await (const text of createReadStream(target, 'utf8')) output += text
    assert.equal((await finished).code, 0)
    assert.equal(output, OUTPUT.join(''))
  })
})

const SCRIPT = '/usr/bin/script'

it('the loop on a terminal writes each event when its line is entered', {
  skip: !existsSync(SCRIPT),
}, async () => {
  const folder = folderWith({ 'r.yaml': RULES })
  const command = `stty -echo; '${process.execPath}' '${cliPath('normalize')}' -r '${folder}/r.yaml'`
  const running = promisify(execFile)(SCRIPT, ['-qec', command, '/dev/null'])
  let screen = ''
  running.child.stdout!.on('data', (text: string) => {
    screen += text
    // The end of the input is told when the events are there.
    if (screen.includes('192.0.2.2')) running.child.stdin!.end('\u0004')
  })
  running.child.stdin!.write('{"src":"192.0.2.1"}\n{"src":"192.0.2.2"}\n')
  await running
  const shown = screen.split(/\r?\n/).filter((line) => line.startsWith('{"source"'))
  assert.deepEqual(shown, ['{"source":{"ip":"192.0.2.1"}}', '{"source":{"ip":"192.0.2.2"}}'])
})

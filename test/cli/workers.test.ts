import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { answers, listen } from '../tracer/loopback.ts'
import { Command, cliPath, folderWith, normalize, startNormalize } from './command.ts'

const MESSY = fileURLToPath(new URL('../../fixtures/messy/', import.meta.url))
const MESSY_RULES = join(MESSY, 'rules.yaml')
const ENDING_WORKERS = fileURLToPath(new URL('ending-workers.mjs', import.meta.url))
const ENDED = /^a worker thread has ended unexpectedly \(exit code [01]\)\n$/

const RULES = 'n: n\n'

/** Enough for many blocks. */
const MANY = Array.from({ length: 60_000 }, (_, n) =>
  n % 1000 === 500 ? `bad ${n}\n` : `{"n":${n},"padding":"${'x'.repeat(n % 97)}"}\n`,
).join('')

/** The command's outcome, without the figures that differ from run to run. */
async function outcome(argv: readonly string[], input: string | Uint8Array) {
  const { code, stdout, stderr } = await normalize([...argv, '--stats'], input)
  const lines = stderr.trimEnd().split('\n')
  const { seconds: _, events_per_second: __, ...stats } = JSON.parse(lines.pop()!)
  return { code, stdout, errors: lines, stats }
}

/** The command with two workers, of which the one that is another thread ends while it starts. */
function startEndingWorkers(folder: string): Command {
  const options = ['-r', join(folder, 'r.yaml'), '--workers', '2']
  return new Command(['--import', ENDING_WORKERS, cliPath('normalize'), ...options])
}

describe('normalize --workers', { concurrency: 3 }, () => {
  it('gives the same output, rejected events and summary as one thread', async () => {
    const folder = folderWith({ 'r.yaml': RULES, 'many.jsonl': MANY, 'many.jsonl.gz': gzipSync(MANY) })
    const path = (name: string) => join(folder, name)
    const messy = readFileSync(join(MESSY, 'input.jsonl'))
    const document = Buffer.from(
      `[${'{"n":1},\n'.repeat(50_000)} {"n":2}, [], {"n":3}]\n{"n":4} {"n":05} {"n":6}`,
    )
    const cases: readonly (readonly [argv: readonly string[], input: string | Uint8Array])[] = [
      [['-r', MESSY_RULES], messy],
      [['-r', path('r.yaml'), path('many.jsonl'), '-', path('many.jsonl.gz')], MANY],
      [['-r', path('r.yaml'), '--max-line', '60'], MANY],
      [['-r', path('r.yaml'), '--input-format', 'json'], document],
      [['-r', path('r.yaml')], ''],
    ]
    for (const [argv, input] of cases) {
      const [one, two] = await Promise.all([
        outcome(argv, input),
        outcome([...argv, '--workers', '2'], input),
      ])
      assert.deepEqual(two, one)
      assert.equal(one.code, 0)
    }
  })

  it('stops at the first rejected event if asked to, after the same output as one thread', async () => {
    const folder = folderWith({ 'r.yaml': RULES })
    const argv = ['-r', join(folder, 'r.yaml'), '--on-error', 'fail']
    const one = await normalize(argv, MANY)
    const two = await normalize([...argv, '--workers', '2'], MANY)
    assert.deepEqual(two, one)
    assert.equal(one.code, 1)
    assert.equal(one.stdout.match(/\n/g)!.length, 500)
  })

  it('enriches in the order of the events', async (test) => {
    const { port } = (await listen(test, answers)).address
    const folder = folderWith({ 'r.yaml': 'n: n\nurl: url\nenrich: {url: [url]}\n' })
    const events = Array.from({ length: 12_000 }, (_, n) =>
      n % 500 === 250 ? 'bad\n' : `{"n":${n},"url":"${n % 3 === 0 ? 'bad' : `good${n % 70}`}.example"}\n`,
    ).join('')
    const argv = ['-r', join(folder, 'r.yaml'), '--tracer', `127.0.0.1:${port}`, '--tracer-timeout', '60s']
    const one = await normalize(argv, events)
    const two = await normalize([...argv, '--workers', '2'], events)
    assert.deepEqual(two, one)
    assert.equal(one.stdout.match(/"enrichments"/g)!.length, 3992)
  })

  it('takes as many workers as there are processors', async () => {
    const folder = folderWith({ 'r.yaml': RULES })
    const { code, stdout } = await normalize(['-r', join(folder, 'r.yaml'), '--workers', 'auto'], '{"n":1}\n')
    assert.deepEqual([code, stdout], [0, '{"n":1}\n'])
  })

  it('refuses a wrong number of workers with 2', async () => {
    const folder = folderWith({ 'r.yaml': RULES })
    for (const workers of ['0', '-1', '1.5', 'two', '', '1000']) {
      const { code, stdout, stderr } = await normalize(
        ['-r', join(folder, 'r.yaml'), '--workers', workers],
        '{"n":1}',
      )
      assert.deepEqual([code, stdout], [2, ''], workers)
      assert.match(stderr, /--workers.* It has to be a number from 1 to 256, or auto\./)
    }
  })

  it('says that a worker has ended, and ends with 1', async () => {
    const folder = folderWith({ 'r.yaml': RULES })
    const command = startEndingWorkers(folder)
    // The input has no end: else this thread might be done with it before.
    command.child.stdin.write(MANY)
    const { code, signal, stderr } = await command.finished
    assert.deepEqual([code, signal], [1, null])
    // This thread has worked as well, and rejected events.
    assert.match(`${stderr.trimEnd().split('\n').at(-1)}\n`, ENDED)
  })

  it('ends with 1 when a worker ends while there is no more input', async () => {
    const folder = folderWith({ 'r.yaml': RULES })
    const command = startEndingWorkers(folder)
    command.child.stdin.write('{"n":1}\n')
    const { code, stderr } = await command.finished
    assert.equal(code, 1)
    assert.match(stderr, ENDED)
  })

  it('ends quietly with 0 when the reader of its output goes away', async () => {
    const folder = folderWith({ 'r.yaml': RULES, 'e.jsonl': MANY.repeat(5) })
    const argv = ['-r', join(folder, 'r.yaml'), '--errors', join(folder, 'errors'), '--workers', '2']
    const command = startNormalize(...argv, join(folder, 'e.jsonl'))
    await command.until(({ stdout }) => stdout !== '')
    command.child.stdout.destroy()
    const { code, signal, stderr } = await command.finished
    assert.deepEqual([code, signal, stderr], [0, null, ''])
  })

  it('gives what has been read to the outputs on SIGTERM, and ends with 0', {
    skip: process.platform === 'win32',
  }, async () => {
    const folder = folderWith({ 'r.yaml': RULES })
    const command = startNormalize('-r', join(folder, 'r.yaml'), '--workers', '2', '--stats')
    command.child.stdin.write('{"n":1}\n{"n":2}\n{"n":3}')
    await command.until(({ stdout }) => stdout === '{"n":1}\n{"n":2}\n')
    command.child.kill('SIGTERM')
    const { code, signal, stdout, stderr } = await command.finished
    assert.deepEqual([code, signal, stdout], [0, null, '{"n":1}\n{"n":2}\n{"n":3}\n'])
    assert.equal(JSON.parse(stderr).written, 3)
  })

  it('reloads the rules in all workers when their file changes', async () => {
    const folder = folderWith({ 'r.yaml': 'rules: "\'one\'"\n' })
    const path = join(folder, 'r.yaml')
    const command = startNormalize('-r', path, '--watch', '--workers', '2')
    const block = '{}\n'.repeat(200_000)
    let length = 0
    const send = async (expected: string) => {
      // More than two blocks, so that each worker has one.
      const lines = `{"rules":"${expected}"}\n`.repeat(200_000)
      length += lines.length
      command.child.stdin.write(block)
      await command.until(({ stdout }) => stdout.length >= length)
      assert.ok(command.stdout.endsWith(lines) && command.stdout.length === length)
    }
    await send('one')
    writeFileSync(path, 'rules: "\'two\'"\n')
    await command.until(({ stderr }) => stderr.endsWith('reloaded\n'))
    await send('two')
    command.child.stdin.end()
    assert.equal((await command.finished).code, 0)
  })

  it('shows its progress', async () => {
    const folder = folderWith({ 'r.yaml': RULES, 'e.jsonl': '{"n":1}\n'.repeat(1000) })
    const argv = ['-r', join(folder, 'r.yaml'), '--workers', '2', '--progress', join(folder, 'e.jsonl')]
    const { stderr } = await normalize(argv)
    assert.match(stderr, /1,000 events {2}[\d,]+\/s {2}[\d.]+ MB\/s {2}0 rejected {2}100%\n$/)
  })
})

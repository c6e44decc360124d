/** The notices on standard error of rules that do not fit, and how such a run ends. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { folderWith, normalize, startNormalize } from './command.ts'

const GOOD = '{"x":1}\n'
const BAD = '{}\n'

describe('normalize --max-rejected', { concurrency: 3 }, () => {
  it('ends with 1 when more are rejected, in all or by share', async () => {
    const folder = folderWith({ 'r.yaml': 'a: x\n' })
    const argv = ['-r', join(folder, 'r.yaml'), '--errors', join(folder, 'errors')]
    const input = GOOD.repeat(8) + BAD.repeat(2)
    for (const [max, code, stderr] of [
      ['20%', 0, ''],
      ['19.9%', 1, '2 of 10 events were rejected, more than --max-rejected 19.9% allows\n'],
      ['2', 0, ''],
      ['1', 1, '2 of 10 events were rejected, more than --max-rejected 1 allows\n'],
    ] as const) {
      const ended = await normalize([...argv, '--max-rejected', max], input)
      assert.deepEqual(
        [ended.code, ended.stderr, ended.stdout.length],
        [code, stderr, 8 * '{"a":1}\n'.length],
        max,
      )
    }
  })

  it('reads no more when it is passed on the way', async () => {
    const folder = folderWith({ 'r.yaml': 'a: x\n' })
    const argv = ['-r', join(folder, 'r.yaml'), '--errors', join(folder, 'errors'), '--max-rejected', '50%']
    const command = startNormalize(...argv)
    // Its input stays open.
    command.child.stdin.write(GOOD.repeat(400) + BAD.repeat(600))
    const { code, stdout, stderr } = await command.finished
    assert.deepEqual([code, stdout], [1, '{"a":1}\n'.repeat(400)])
    assert.equal(stderr, '600 of 1000 events were rejected, more than --max-rejected 50% allows\n')
  })

  it('refuses what is neither with 2', async () => {
    const folder = folderWith({ 'r.yaml': 'a: x\n' })
    const { code, stderr } = await normalize(['-r', join(folder, 'r.yaml'), '--max-rejected', 'many'], GOOD)
    assert.equal(code, 2)
    assert.match(
      stderr,
      /--max-rejected.* It has to be a share of the events such as 5%, or a number of events\./,
    )
  })

  it('is missed in a line on standard error when all events were rejected', async () => {
    const folder = folderWith({ 'r.yaml': 'a: x + 1\n' })
    const argv = ['-r', join(folder, 'r.yaml'), '--errors', join(folder, 'errors')]
    const none = await normalize(argv, '{"x":""}\n'.repeat(11))
    assert.equal(none.code, 0)
    assert.match(
      none.stderr,
      /^[^\n]*r\.yaml: all 11 events were rejected, most with TYPE_ERROR, most by a\n$/,
    )
    assert.equal((await normalize(argv, '{"x":""}\n'.repeat(10))).stderr, '')
    assert.equal((await normalize([...argv, '--max-rejected', '100%'], '{"x":""}\n'.repeat(11))).stderr, '')
  })
})

describe('normalize with fields that no event has', { concurrency: 3 }, () => {
  const RULES = 'a: x\nevent.kind: {field: alert, required: false}\nb: {field: lower(y), required: false}\n'

  it('warns at the end, on every way, and lists them in its summary', async () => {
    const folder = folderWith({ 'r.yaml': RULES })
    for (const way of [[], ['--no-fast-path'], ['--workers', '2']]) {
      const { stderr } = await normalize(['-r', join(folder, 'r.yaml'), '--stats', ...way], GOOD.repeat(20))
      const [alert, y, stats] = stderr.split('\n')
      assert.match(alert!, /none of 20 events has the field alert, .* quoted twice: event\.kind: "'alert'"$/)
      assert.match(y!, /none of 20 events has the field y, which b reads$/)
      const { left_out_by_rule, never_present } = JSON.parse(stats!)
      assert.deepEqual(left_out_by_rule, { 'event.kind': 20, b: 20 })
      assert.deepEqual(never_present, ['alert', 'y'])
    }
  })

  it('warns where both standard streams are one socket', {
    skip: process.platform === 'win32',
  }, async () => {
    const folder = folderWith({ 'r.yaml': RULES, 'e.jsonl': GOOD.repeat(20) })
    const command = `exec 2>&1; node --import tsx src/cli/start-normalize.ts --stats -r ${folder}/r.yaml ${folder}/e.jsonl; echo end`
    // Pipes of Node are sockets.
    const { stdout } = await promisify(execFile)('sh', ['-c', command], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
    })
    const written = stdout.trimEnd().split('\n')
    assert.equal(written.length, 24)
    assert.match(written[21]!, /has the field y,/)
    assert.equal(JSON.parse(written[22]!).written, 20)
    assert.equal(written[23], 'end')
  })

  it('warns after 1,000 events while its input goes on, once, and again of what new rules read', async () => {
    const path = join(folderWith({ 'r.yaml': RULES }), 'r.yaml')
    const command = startNormalize('-r', path, '--watch')
    command.child.stdin.write(GOOD.repeat(1000))
    await command.until(({ stderr }) => stderr.split('\n').length === 3)
    assert.match(command.stderr, /none of 1000 events has the field alert,/)
    writeFileSync(path, RULES.replace('alert', 'flow'))
    await command.until(({ stderr }) => stderr.endsWith('reloaded\n'))
    command.child.stdin.end(GOOD.repeat(1000))
    const { stderr } = await command.finished
    assert.match(stderr, /reloaded\n[^\n]*none of 1000 events has the field flow,[^\n]*\n$/)
  })
})

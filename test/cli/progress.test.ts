import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { progressText } from '../../src/cli/progress.ts'
import { folderWith } from './command.ts'

const COUNTS = {
  events: 1_234_567,
  written: 1_234_564,
  rejected: 3,
  rejectedByCode: {},
  bytesRead: 250_000_000,
  bytesParsed: 500_000_000,
  bytesUnread: 0,
  bytesWritten: 1,
}

describe('progressText', () => {
  it('has counts, rates, share and remaining time', () => {
    assert.equal(
      progressText(COUNTS, 10, 1_000_000_000),
      '1,234,567 events  123,457/s  50.0 MB/s  3 rejected  25%  ETA 0:30',
    )
    assert.match(progressText(COUNTS, 5000, 1_000_000_000), / {2}25% {2}ETA 4:10:00$/)
    assert.match(progressText({ ...COUNTS, events: 999 }, 1, undefined), /^999 events {2}999\/s/)
  })

  it('leaves out what is not known', () => {
    assert.equal(progressText(COUNTS, 10, undefined), '1,234,567 events  123,457/s  50.0 MB/s  3 rejected')
    assert.match(progressText(COUNTS, 10, 250_000_000), / {2}100%$/)
    assert.match(progressText({ ...COUNTS, bytesRead: 0 }, 10, 100), / {2}0%$/)
    assert.match(progressText(COUNTS, 10, 1), / {2}100%$/)
    assert.match(progressText(COUNTS, 0, 0), / {2}0\/s {2}0\.0 MB\/s/)
  })
})

/** Runs a line of the shell with a terminal as standard input, output and error. */
const SCRIPT = '/usr/bin/script'

describe('the progress of normalize, on a terminal', { skip: !existsSync(SCRIPT), concurrency: 2 }, () => {
  const command = `'${process.execPath}' --import tsx '${fileURLToPath(new URL('../../src/cli/start-normalize.ts', import.meta.url))}'`
  const run = async (tail: string): Promise<{ screen: string; folder: string }> => {
    const folder = folderWith({ 'r.yaml': 'a: x\n', 'e.jsonl': '{"x":1}\n' })
    const line = `${command} -r '${folder}/r.yaml' '${folder}/e.jsonl' ${tail.replaceAll('FOLDER', folder)}`
    const { stdout } = await promisify(execFile)(SCRIPT, ['-qec', line, '/dev/null'])
    return { screen: stdout, folder }
  }

  it('is shown where the output goes to a file', async () => {
    for (const tail of ["> 'FOLDER/out'", "-o 'FOLDER/out'", "-o 'FOLDER/out' | cat", '> /dev/null']) {
      const { screen, folder } = await run(tail)
      assert.match(screen, /1 events/, tail)
      if (tail !== '> /dev/null') assert.equal(readFileSync(join(folder, 'out'), 'utf8'), '{"a":1}\n')
    }
  })

  it('is not shown where the output comes to the terminal, by itself or through a pipe', async () => {
    for (const tail of [
      '',
      '| cat',
      '-o - | cat',
      '-o /dev/stdout | cat',
      '-o /dev/tty',
      "-o 'FOLDER/out' --no-progress",
    ]) {
      const { screen } = await run(tail)
      assert.doesNotMatch(screen, /events/, tail)
      if (!tail.includes('FOLDER')) assert.match(screen, /\{"a":1\}/, tail)
    }
    assert.match((await run('--progress | cat')).screen, /1 events/)
  })
})

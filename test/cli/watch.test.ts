import assert from 'node:assert/strict'
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { watchFiles } from '../../src/cli/watch.ts'
import { folderWith } from './command.ts'

/** Long enough for any change that is noticed at all, on any machine. */
const PATIENCE = { timeout: 900_000 }

class Watched {
  changes = 0
  #noticed: () => void = () => {}

  constructor(test: TestContext, ...paths: string[]) {
    const end = watchFiles(paths, () => {
      this.changes++
      this.#noticed()
    })
    // The timers of a watch keep no process alive; something has to, until the test is over.
    const awake = setInterval(() => {}, 1000)
    test.after(() => {
      end()
      clearInterval(awake)
    })
  }

  async until(changes: number): Promise<void> {
    while (this.changes < changes) await new Promise<void>((resolve) => (this.#noticed = resolve))
  }
}

/** Does something again and again until the test is over. */
function always(test: TestContext, work: (turn: number) => void): void {
  let turn = 0
  const timer = setInterval(() => work(turn++), 10)
  test.after(() => clearInterval(timer))
}

describe('watchFiles', { concurrency: 4 }, () => {
  it('sees a change although something else in the folder never rests', PATIENCE, async (test) => {
    const folder = folderWith({ 'r.yaml': 'a: x\n', 'out.jsonl': '' })
    const watched = new Watched(test, join(folder, 'r.yaml'))
    always(test, (turn) => writeFileSync(join(folder, 'out.jsonl'), `${turn}\n`))
    await sleep(500)
    assert.equal(watched.changes, 0)
    writeFileSync(join(folder, 'r.yaml'), 'a: y + 1\n')
    await watched.until(1)
  })

  it('looks at a file that never rests, too', PATIENCE, async (test) => {
    const folder = folderWith({ 'r.yaml': '' })
    const path = join(folder, 'r.yaml')
    const watched = new Watched(test, path)
    always(test, (turn) => writeFileSync(path, `a: ${'x'.repeat(turn % 9)}\n`))
    await watched.until(3)
  })

  it('sees a file that is replaced again and again, and each of several files', PATIENCE, async (test) => {
    const folder = folderWith({ 'r.yaml': 'a: x\n', 'lookups.yaml': '' })
    const path = join(folder, 'r.yaml')
    const watched = new Watched(test, path, join(folder, 'lookups.yaml'))
    for (let turn = 1; turn <= 3; turn++) {
      writeFileSync(join(folder, 'r.yaml~'), `a: ${'y'.repeat(turn)}\n`)
      renameSync(join(folder, 'r.yaml~'), path)
      await watched.until(turn)
    }
    writeFileSync(join(folder, 'lookups.yaml'), 'lookup: {}\n')
    await watched.until(4)
    rmSync(path)
    await watched.until(5)
    writeFileSync(path, 'a: z\n')
    await watched.until(6)
  })

  it(
    'sees rule files and folders that come and go in a folder, and nothing else in it',
    PATIENCE,
    async (test) => {
      const folder = folderWith({ 'a.yaml': 'a: x\n' })
      const watched = new Watched(test, folder)
      always(test, (turn) => writeFileSync(join(folder, `out${turn % 9}.jsonl`), ''))
      await sleep(300)
      assert.equal(watched.changes, 0)
      writeFileSync(join(folder, 'b.yaml'), 'b: x\n')
      await watched.until(1)
      mkdirSync(join(folder, 'more'))
      await watched.until(2)
      rmSync(join(folder, 'a.yaml'))
      await watched.until(3)
    },
  )

  it('follows links, as a mounted configuration map has them', {
    ...PATIENCE,
    skip: process.platform === 'win32',
  }, async (test) => {
    const folder = folderWith({})
    const version = (name: string, text: string) => {
      mkdirSync(join(folder, name))
      writeFileSync(join(folder, name, 'r.yaml'), text)
      symlinkSync(name, join(folder, '..new'))
      renameSync(join(folder, '..new'), join(folder, '..data'))
    }
    version('..1', 'a: x\n')
    symlinkSync(join('..data', 'r.yaml'), join(folder, 'r.yaml'))
    const watched = new Watched(test, join(folder, 'r.yaml'))
    version('..2', 'a: y + 1\n')
    await watched.until(1)
    version('..3', 'a: y + 12\n')
    await watched.until(2)
    writeFileSync(join(folder, '..3', 'r.yaml'), 'a: y + 123\n')
    await watched.until(3)
  })
})

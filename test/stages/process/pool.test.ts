import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, it, type TestContext } from 'node:test'
import { Worker } from 'node:worker_threads'
import type { Bytes, LineBlock, WorkerRules, WorkerSettings } from '../../../src/batches/protocol.ts'
import { UnplacedRecordWriter } from '../../../src/batches/rejected-records.ts'
import { inputSettings } from '../../../src/formats/input-options.ts'
import { WorkerError, WorkerPool } from '../../../src/stages/process/pool.ts'

const SETTINGS: WorkerSettings = {
  input: inputSettings({ maxLineBytes: 1000 }),
  fastPath: true,
  stopAtRejected: false,
}

/**
 * A worker that gives a block back as the output. One that says `wait N` is given back when the N-th number of
 * `signals` is set, and after `set N` it sets it; to `rules` it answers nothing, but writes their text, where they have one, instead of the
 * block's from then on.
 */
const ECHO = `
  const { parentPort, workerData } = require('node:worker_threads')
  let rules
  parentPort.on('message', (message) => {
    if (message.kind === 'rules') { rules = message.rules.printed.text || undefined; return }
    const text = Buffer.concat(message.parts).toString()
    if (text === 'exit') process.exit(7)
    if (text === 'throw') throw new RangeError('on purpose')
    if (text === 'fill') for (const all = []; ; ) all.push(new Array(100_000).fill(all))
    const [word, place] = text.split(' ')
    if (word === 'wait') Atomics.wait(workerData.signals, Number(place), 0)
    const bytes = new Uint8Array(Buffer.from(rules ?? text))
    parentPort.postMessage({ bytes, written: 1, rejected: workerData.rejected, lines: 1, isLast: true })
    if (word === 'set') Atomics.store(workerData.signals, Number(place), 1)
  })
`

const NO_UNPLACED = new UnplacedRecordWriter().take()

interface Options {
  readonly workers: number
  readonly resourceLimits?: { readonly maxOldGenerationSizeMb: number }
}

class Harness {
  readonly pool: WorkerPool<string>
  readonly signals = new Int32Array(new SharedArrayBuffer(64))
  readonly workers: Worker[] = []
  /** Results that have been taken: the output and the context that came with it. */
  readonly taken: [output: string, context: string][] = []
  /** The first fault. */
  readonly fault: Promise<Error>
  #changed = () => {}

  constructor(test: TestContext, { workers, resourceLimits }: Options) {
    let report = (_fault: Error) => {}
    this.fault = new Promise((resolve) => {
      report = resolve
    })
    this.pool = new WorkerPool<string>({
      workers,
      settings: SETTINGS,
      rules: () => rulesOf(''),
      onResult: () => {
        for (let next = this.pool.take(); next !== undefined; next = this.pool.take()) {
          this.taken.push([Buffer.from(next.result.bytes).toString(), next.context])
        }
        this.#changed()
      },
      onFault: report,
      createWorker: () => {
        const worker = new Worker(ECHO, {
          eval: true,
          workerData: { signals: this.signals, rejected: NO_UNPLACED },
          resourceLimits,
        })
        this.workers.push(worker)
        return worker
      },
    })
    test.after(() => {
      this.signals.fill(1)
      for (const place of this.signals.keys()) Atomics.notify(this.signals, place)
      return this.pool.destroy()
    })
  }

  dispatch(text: string): void {
    this.pool.dispatch(blockOf(text), `context of ${text}`)
  }

  signal(place: number): void {
    Atomics.store(this.signals, place, 1)
    Atomics.notify(this.signals, place)
  }

  async until(count: number): Promise<void> {
    while (this.taken.length < count) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve
      })
    }
  }

  get outputs(): string[] {
    return this.taken.map(([output]) => output)
  }
}

function rulesOf(text: string): WorkerRules {
  return { kind: 'printed', printed: { names: [], text } }
}

function blockOf(text: string): LineBlock {
  const part: Bytes = new Uint8Array(Buffer.from(text))
  return { kind: 'lines', parts: [part], size: part.length, isFirst: false }
}

describe('WorkerPool', () => {
  it('gives results in the order of the blocks, whatever time each takes', async (test) => {
    const harness = new Harness(test, { workers: 2 })
    // The second worker is done with its blocks before the first one is with its first.
    for (const text of ['wait 1', 'b', 'c', 'set 2']) harness.dispatch(text)
    while (Atomics.load(harness.signals, 2) === 0) await new Promise(setImmediate)
    assert.deepEqual(harness.taken, [])
    harness.signal(1)
    await harness.until(4)
    assert.deepEqual(harness.taken, [
      ['wait 1', 'context of wait 1'],
      ['b', 'context of b'],
      ['c', 'context of c'],
      ['set 2', 'context of set 2'],
    ])
    assert.equal(harness.pool.size, 0)
  })

  it('puts results that need no worker in their place', async (test) => {
    const harness = new Harness(test, { workers: 1 })
    harness.dispatch('a')
    const bytes = Buffer.from('b')
    harness.pool.pass({ bytes, written: 0, rejected: NO_UNPLACED, lines: 1, isLast: true }, 'passed')
    harness.dispatch('c')
    await harness.until(3)
    assert.deepEqual(harness.outputs, ['a', 'b', 'c'])
  })

  it('has room for twice as many blocks as workers and two', async (test) => {
    for (const workers of [1, 3]) {
      const harness = new Harness(test, { workers })
      let count = 0
      while (harness.pool.hasRoom) {
        harness.dispatch('wait 1')
        count++
      }
      assert.equal(count, 2 * workers + 2)
      assert.equal(harness.workers.length, workers)
      harness.signal(1)
      await harness.until(count)
      assert.equal(harness.pool.hasRoom, true)
    }
  })

  it('has room for few large blocks', (test) => {
    const { pool } = new Harness(test, { workers: 4 })
    const parts = [new Uint8Array(40 * 1024 * 1024)]
    pool.dispatch({ kind: 'lines', parts, size: parts[0]!.length, isFirst: true }, '')
    assert.equal(pool.hasRoom, true)
    const more = [new Uint8Array(40 * 1024 * 1024)]
    pool.dispatch({ kind: 'lines', parts: more, size: more[0]!.length, isFirst: true }, '')
    assert.equal(pool.hasRoom, false)
  })

  it('works on this thread while others start, in the order of the blocks, and with the rules of their time', async () => {
    const results: string[] = []
    let rules = 'old'
    let done = () => {}
    const finished = new Promise<void>((resolve) => {
      done = resolve
    })
    const result = (text: string, isLast: boolean) => ({
      ...{ bytes: Buffer.from(text), written: 1, rejected: NO_UNPLACED, lines: 0, isLast },
    })
    const pool = new WorkerPool<string>({
      workers: 2,
      settings: SETTINGS,
      rules: () => rulesOf(''),
      own: {
        *process(block) {
          const [part] = (block as LineBlock).parts
          yield result(`${Buffer.from(part!)} 1 ${rules}`, false)
          yield result(`${Buffer.from(part!)} 2 ${rules}`, true)
        },
        replaceRules: () => {
          rules = 'new'
        },
      },
      onResult: () => {
        for (let next = pool.take(); next !== undefined; next = pool.take()) {
          results.push(Buffer.from(next.result.bytes).toString())
        }
        if (results.length === 6) done()
      },
      onFault: (error) => assert.fail(error),
      // It never says that it is ready.
      createWorker: () => new Worker('setInterval(() => {}, 1e6)', { eval: true }),
    })
    pool.dispatch(blockOf('a'), '')
    pool.replaceRules(rulesOf(''), { createRunner: () => assert.fail('nobody runs it') })
    for (const text of ['b', 'c']) pool.dispatch(blockOf(text), '')
    await finished
    await pool.destroy()
    assert.deepEqual(results, ['a 1 old', 'a 2 old', 'b 1 new', 'b 2 new', 'c 1 new', 'c 2 new'])
  })

  it('starts no thread before so many bytes have come', async (test) => {
    let started = 0
    let done = () => {}
    const finished = new Promise<void>((resolve) => {
      done = resolve
    })
    const results: string[] = []
    const pool = new WorkerPool<string>({
      workers: 2,
      startAfterBytes: 3,
      settings: SETTINGS,
      rules: () => rulesOf(''),
      own: {
        *process(block) {
          assert.equal(block.kind, 'lines')
          const bytes = (block as LineBlock).parts[0]!
          yield { bytes, written: 1, rejected: NO_UNPLACED, lines: 1, isLast: true }
        },
        replaceRules: () => {},
      },
      onResult: () => {
        for (let next = pool.take(); next !== undefined; next = pool.take()) {
          results.push(Buffer.from(next.result.bytes).toString())
        }
        if (results.length === 4) done()
      },
      onFault: (error) => assert.fail(error),
      createWorker: () => {
        started++
        return new Worker('setInterval(() => {}, 1e6)', { eval: true })
      },
    })
    test.after(() => pool.destroy())
    for (const text of ['a', 'b', 'c']) pool.dispatch(blockOf(text), '')
    assert.equal(started, 0)
    pool.dispatch(blockOf('d'), '')
    assert.equal(started, 1)
    await finished
    assert.deepEqual(results, ['a', 'b', 'c', 'd'])
  })

  it('reports a fault of its own work', async () => {
    const fault = await new Promise<Error>((resolve) => {
      const pool = new WorkerPool<string>({
        workers: 1,
        settings: SETTINGS,
        rules: () => rulesOf(''),
        own: {
          // biome-ignore lint/correctness/useYield: it fails before
          *process() {
            throw new RangeError('on purpose')
          },
          replaceRules: () => {},
        },
        onResult: () => {},
        onFault: resolve,
      })
      pool.dispatch(blockOf('a'), '')
    })
    assert.deepEqual([fault.name, fault.message], ['RangeError', 'on purpose'])
  })

  it('starts threads when there is work for them', async (test) => {
    const harness = new Harness(test, { workers: 8 })
    assert.equal(harness.workers.length, 0)
    harness.dispatch('a')
    await harness.until(1)
    harness.dispatch('b')
    await harness.until(2)
    assert.equal(harness.workers.length, 1)
  })

  it('replaces rules between the blocks before and after', async (test) => {
    const harness = new Harness(test, { workers: 2 })
    for (const text of ['a', 'b', 'c', 'd']) harness.dispatch(text)
    harness.pool.replaceRules(rulesOf('new rules'))
    for (const text of ['e', 'f']) harness.dispatch(text)
    await harness.until(6)
    assert.deepEqual(harness.outputs, ['a', 'b', 'c', 'd', 'new rules', 'new rules'])
  })

  it('reports a thread that is gone', async (test) => {
    const terminated = new Harness(test, { workers: 2 })
    terminated.dispatch('wait 1')
    await terminated.workers[0]!.terminate()
    const fault = await terminated.fault
    assert.ok(fault instanceof WorkerError)
    assert.match(fault.message, /^a worker thread has ended unexpectedly \(exit code [01]\)$/)
    const exited = new Harness(test, { workers: 2 })
    exited.dispatch('exit')
    assert.equal((await exited.fault).message, 'a worker thread has ended unexpectedly (exit code 7)')
  })

  it('reports what a thread has failed with', async (test) => {
    const harness = new Harness(test, { workers: 1 })
    harness.dispatch('throw')
    const fault = await harness.fault
    assert.deepEqual([fault.name, fault.message], ['RangeError', 'on purpose'])
  })

  it('says that a thread has run out of memory', async (test) => {
    const harness = new Harness(test, { workers: 1, resourceLimits: { maxOldGenerationSizeMb: 20 } })
    harness.dispatch('fill')
    const fault = await harness.fault
    assert.ok(fault instanceof WorkerError)
    assert.equal(fault.message, 'a worker thread has run out of memory')
  })

  it('ends threads that are at work when it is destroyed, and reports nothing then', async (test) => {
    const harness = new Harness(test, { workers: 2 })
    harness.dispatch('wait 1')
    harness.dispatch('wait 1')
    const ended = harness.workers.map((worker) => new Promise((resolve) => worker.once('exit', resolve)))
    await harness.pool.destroy()
    await Promise.all(ended)
    assert.equal(await Promise.race([harness.fault, 'none']), 'none')
    assert.equal(harness.pool.size, 0)
  })
})

import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { Worker } from 'node:worker_threads'
import type { WorkerSettings } from '../../../src/batches/protocol.ts'
import { workerEntry } from '../../../src/installed.ts'
import { fitsLoop } from '../../../src/pipeline.ts'
import { compileRules } from '../../../src/rules/compile.ts'
import type { PipelineRules } from '../../../src/stages/pipeline-options.ts'
import type { LoopOptions } from '../../../src/stages/process/loop.ts'
import { ProcessLoop } from '../../../src/stages/process/loop.ts'
import { WorkerError } from '../../../src/stages/process/pool.ts'
import type { Sink } from '../../../src/stages/sink.ts'
import type { InputChunk, Source } from '../../../src/stages/source.ts'

const MESSY = new URL('../../../fixtures/messy/', import.meta.url)
const MESSY_RULES = compileRules(readFileSync(new URL('rules.yaml', MESSY), 'utf8'), { file: 'rules.yaml' })
const MESSY_INPUT = Buffer.concat([
  readFileSync(new URL('input.jsonl', MESSY)),
  Buffer.from('\n\r\n{"id":"long","s":"'),
  Buffer.alloc(3000, 'ü'),
  Buffer.from('"}\n{"id":"last"}'),
])

/** Threads, as the pool would start them, and what they say. */
class Threads {
  messages = 0
  readonly workers: Worker[] = []
  #ready = () => {}
  readonly areReady = new Promise<void>((resolve) => {
    this.#ready = resolve
  })

  readonly create = (settings: WorkerSettings): Worker => {
    const entry = workerEntry('stages/process/worker', 'stages/process/from-source.mjs')
    const worker = new Worker(entry, { workerData: settings, execArgv: [] })
    this.workers.push(worker)
    worker.on('message', () => {
      this.messages++
      this.#ready()
    })
    return worker
  }
}

/** Lends one buffer for all chunks of all inputs, and waits after the first chunk. */
function lendingSource(
  inputs: readonly (readonly [name: string, bytes: Uint8Array])[],
  cut: number,
  wait: () => Promise<void>,
): Source {
  const buffer = Buffer.alloc(cut)
  let isStopped = false
  return {
    fault: undefined,
    bytesRead: 0,
    stop: () => {
      isStopped = true
    },
    async *[Symbol.asyncIterator](): AsyncGenerator<InputChunk> {
      for (const [source, bytes] of inputs) {
        for (let start = 0; start < bytes.length && !isStopped; start += cut) {
          const part = bytes.subarray(start, start + cut)
          buffer.set(part)
          yield { source, bytes: buffer.subarray(0, part.length) }
          buffer.fill(0x7a)
          await wait()
        }
        yield { source }
      }
    },
  }
}

/** Each third write has to wait, and its bytes are read only then. */
function slowSink(): Sink & { text: string } {
  let writes = 0
  const sink = {
    text: '',
    write(bytes: Uint8Array) {
      const keep = (): void => {
        sink.text += Buffer.from(bytes).toString()
      }
      if (writes++ % 3 !== 0) {
        keep()
        return undefined
      }
      return new Promise<void>((resolve) =>
        setTimeout(() => {
          keep()
          resolve()
        }, 1),
      )
    },
  }
  return sink
}

async function made(
  rules: PipelineRules,
  inputs: Parameters<typeof lendingSource>[0],
  { cut = 65_536, ...options }: LoopOptions & { readonly cut?: number },
  wait = async () => {},
) {
  const [output, errors] = [slowSink(), slowSink()]
  const loop = new ProcessLoop(rules, { output, errors }, options)
  await loop.run(lendingSource(inputs, cut, wait))
  return { output: output.text, errors: errors.text, counts: loop.counts, stopped: loop.stopped }
}

describe('a loop with several threads', { concurrency: 2 }, () => {
  const cases: readonly (readonly [what: string, cut: number, blockBytes: number, fastPath: boolean])[] = [
    ['many small chunks', 37, 300, true],
    ['chunks larger than a block, without the fast path', 1000, 300, false],
  ]
  for (const [what, cut, blockBytes, fastPath] of cases) {
    it(`makes the same as one thread, in ${what}`, async () => {
      const threads = new Threads()
      const options = { maxLineBytes: 2000, fastPath, cut }
      const inputs = [
        ...['a', 'b', 'a'].map((name) => [name, MESSY_INPUT] as const),
        ['c', Buffer.from('x\n')] as const,
      ]
      const expected = await made(MESSY_RULES, inputs, options)
      const shared = { ...options, workers: 2, blockBytes, createWorker: threads.create }
      assert.deepEqual(await made(MESSY_RULES, inputs, shared, () => threads.areReady), expected)
      // The first block after the thread is ready is always its own.
      assert.ok(threads.messages > 1, `${threads.messages} messages`)
      assert.ok(expected.errors.includes('LINE_TOO_LONG') && expected.errors.includes('UTF8_INVALID'))
    })
  }

  it('makes the same of outputs that are larger than their room, and stops at the first rejected event', async () => {
    const rules = compileRules('long: "(y + \',\') * n"\n')
    const line = (n: number) => `{"y":"${'é'.repeat(n % 70)}","n":${n % 500 === 7 ? 60_000 : 1}}\n`
    const lines = Array.from({ length: 9000 }, (_, n) => (n === 8000 ? 'bad\n' : line(n)))
    const inputs = [['-', Buffer.from(lines.join(''))] as const]
    const options = { stopAtRejected: true }
    const { counts, ...expected } = await made(rules, inputs, options)
    const threads = new Threads()
    const shared = { ...options, workers: 2, createWorker: threads.create, blockBytes: 100_000 }
    const { counts: sharedCounts, ...others } = await made(rules, inputs, shared, () => threads.areReady)
    assert.deepEqual(others, expected)
    assert.deepEqual([sharedCounts.written, sharedCounts.rejected, others.stopped], [8000, 1, true])
    assert.equal(counts.written, 8000)
  })

  it('works with other rules on what comes after them', async () => {
    const threads = new Threads()
    const output = slowSink()
    const options: LoopOptions = { workers: 2, blockBytes: 200, createWorker: threads.create }
    const loop = new ProcessLoop(compileRules('a: x'), { output }, options)
    let chunks = 0
    const wait = async (): Promise<void> => {
      await threads.areReady
      chunks++
      while (chunks === 20 && loop.counts.events < 800) await new Promise((resolve) => setTimeout(resolve, 1))
      if (chunks === 20) loop.replaceRules(compileRules('b: x'))
    }
    await loop.run(lendingSource([['-', Buffer.from('{"x":1}\n'.repeat(1600))]], 320, wait))
    assert.equal(output.text, '{"a":1}\n'.repeat(800) + '{"b":1}\n'.repeat(800))
  })

  it('fails when a thread is gone, also while it waits for input', async () => {
    const threads = new Threads()
    const loop = new ProcessLoop(
      compileRules('a: x'),
      { output: slowSink() },
      {
        workers: 2,
        createWorker: threads.create,
      },
    )
    let release = () => {}
    const source = lendingSource(
      [['-', Buffer.from('{"x":1}\n')]],
      100,
      () =>
        new Promise<void>((resolve) => {
          release = resolve
          void threads.workers[0]!.terminate()
        }),
    )
    const stop = source.stop.bind(source)
    const running = loop.run({
      ...source,
      [Symbol.asyncIterator]: () => source[Symbol.asyncIterator](),
      stop: () => {
        stop()
        release()
      },
    })
    await assert.rejects(running, WorkerError)
  })

  it('goes on alone where nothing comes too fast', async () => {
    const createWorker = (): Worker => assert.fail('a thread was started')
    const inputs = [['-', Buffer.from('{"x":1}\n'.repeat(1000))] as const]
    const options = { workers: 2, workersAfterBytes: 100_000, createWorker }
    const { output } = await made(compileRules('a: x'), inputs, options)
    assert.equal(output, '{"a":1}\n'.repeat(1000))
  })

  it('is taken for lines only, and by one thread where more were to start late', () => {
    const rules = compileRules('a: x')
    const output = process.stdout
    const options = { rules, output, workers: 2 }
    assert.equal(fitsLoop(options), true)
    assert.equal(fitsLoop({ ...options, inputFormat: 'text' }), true)
    for (const other of [
      { inputFormat: 'json' },
      { inputFormat: 'csv' },
      { encoding: 'utf-16le' },
    ] as const) {
      assert.equal(fitsLoop({ ...options, ...other }), false)
      assert.equal(fitsLoop({ ...options, ...other, workersAfterBytes: 1 }), true)
      assert.equal(new ProcessLoop(rules, { output: slowSink() }, { ...options, ...other }).workers, 1)
    }
  })
})

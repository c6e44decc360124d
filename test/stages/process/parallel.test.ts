import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import { Worker } from 'node:worker_threads'
import type { WrittenBatch } from '../../../src/batches/serialize.ts'
import type { PipelineOptions } from '../../../src/io/create-pipeline.ts'
import { createPipeline } from '../../../src/io/create-pipeline.ts'
import type { Input } from '../../../src/io/files/source.ts'
import { compileRules } from '../../../src/rules/compile.ts'
import type { RuleSet } from '../../../src/rules/rule-set.ts'
import type { ParallelOptions } from '../../../src/stages/process/parallel.ts'
import { ParallelStage } from '../../../src/stages/process/parallel.ts'
import { WorkerError } from '../../../src/stages/process/pool.ts'
import type { InputChunk } from '../../../src/stages/source.ts'
import { InputError } from '../../../src/stages/source.ts'
import { IDENTITY } from '../runners.ts'
import { cutAt } from '../splitting.ts'

const MESSY = new URL('../../../fixtures/messy/', import.meta.url)
const MESSY_RULES = compileRules(readFileSync(new URL('rules.yaml', MESSY), 'utf8'), { file: 'rules.yaml' })
const MESSY_INPUT = Buffer.concat([
  readFileSync(new URL('input.jsonl', MESSY)),
  Buffer.from('\n\r\n{"id":"long","s":"'),
  Buffer.alloc(3000, 'ü'),
  Buffer.from('"}\n{"id":"last"}'),
])

const PLAIN_RULES = compileRules('n: n\nlow: {field: lower(s), required: false}\n')

/** Few bytes, so that there are many blocks. */
const BLOCK_BYTES = 300

interface Made {
  readonly output: string
  readonly errors: string
}

/** The output of a stage for chunks, as the files that it would end in. */
async function made(stage: ParallelStage, chunks: Iterable<InputChunk>): Promise<Made> {
  let [output, errors] = ['', '']
  const sink = new Writable({
    objectMode: true,
    write: ({ bytes, rejected }: WrittenBatch, _encoding, callback) => {
      output += Buffer.from(bytes).toString()
      errors += Buffer.from(rejected.bytes).toString()
      callback()
    },
  })
  await pipeline(Readable.from(chunks), stage, sink)
  return { output, errors }
}

function collector(): Writable & { text: string } {
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, callback) => {
      collecting.text += chunk.toString()
      callback()
    },
  })
  const collecting = Object.assign(stream, { text: '' })
  return collecting
}

type Options = Omit<PipelineOptions, 'output' | 'errors' | 'inputs'>

/** All that a pipeline gives out. */
async function run(
  inputs: readonly (readonly [name: string, chunks: readonly Uint8Array[]])[],
  options: Options,
) {
  const [output, errors] = [collector(), collector()]
  const opened = inputs.map(([name, chunks]): Input => ({ name, open: () => Readable.from(chunks) }))
  const running = createPipeline({ ...options, inputs: opened, output, errors })
  await running.run().catch((error: unknown) => {
    // A document that is cut off.
    if (!(error instanceof InputError)) throw error
  })
  const { counts } = running
  return { output: output.text, errors: errors.text, counts, failed: running.failed }
}

function stageOf(rules: RuleSet, options: Partial<ParallelOptions> = {}): ParallelStage {
  return new ParallelStage(rules, { workers: 2, blockBytes: BLOCK_BYTES, ...options })
}

async function next(stage: ParallelStage): Promise<string> {
  for (;;) {
    const batch: WrittenBatch | null = stage.read()
    if (batch !== null) return Buffer.from(batch.bytes).toString()
    await new Promise((resolve) => stage.once('readable', resolve))
  }
}

describe('ParallelStage', { concurrency: 2 }, () => {
  const cuts: readonly (readonly [name: string, places: readonly number[]])[] = [
    ['in one chunk', []],
    ['in a few chunks', [2, 400, 401, 3000, 9000]],
    ['in many chunks', Array.from({ length: MESSY_INPUT.length / 37 }, (_, index) => index * 37)],
  ]
  for (const [name, places] of cuts) {
    it(`makes the same of messy input as one thread, ${name}`, async () => {
      for (const fastPath of places.length === 0 ? [true, false] : [true]) {
        const options = { rules: MESSY_RULES, maxLineBytes: 2000, fastPath }
        const expected = await run([['messy', [MESSY_INPUT]]], options)
        const chunks = cutAt(MESSY_INPUT, places).map((bytes) => ({ source: 'messy', bytes }))
        const stage = stageOf(MESSY_RULES, { maxLineBytes: 2000, fastPath })
        const { output, errors } = await made(stage, [...chunks, { source: 'messy' }])
        assert.equal(output, expected.output)
        assert.equal(errors, expected.errors)
        assert.ok(errors.includes('LINE_TOO_LONG') && errors.includes('UTF8_INVALID'))
      }
    })
  }

  it('makes the same of chunks that it may give away', async () => {
    const expected = await run([['messy', [MESSY_INPUT]]], { rules: MESSY_RULES })
    const chunks = cutAt(MESSY_INPUT, [200, 700, 2000, 2300]).map((part) => {
      return { source: 'messy', bytes: new Uint8Array(part), isOwned: true }
    })
    const { output, errors } = await made(stageOf(MESSY_RULES, { blockBytes: 1000 }), chunks)
    assert.deepEqual([output, errors], [expected.output, expected.errors])
  })

  it('makes the same of JSON documents', async () => {
    const documents = [
      '[{"n":1},\n {"n":"two","s":"X"}, 3, {"s":"no n"}, {"n":9223372036854775807}]\n{"n":1E5}',
      `[${'{"n":1},\n'.repeat(100)} {"n":01}, {"n":2}, ${'{"n":3},'.repeat(100)} {"n":4}]`,
      '{"n":1} , {"n":2}',
      '{"n":1} {"n"',
      '[{"n":NaN},{"n":1}},{"n":2}]',
    ].map((text) => Buffer.from(text))
    const inputs = documents.map((document, index) => [`${index}`, [document]] as const)
    const expected = await run(inputs, { rules: PLAIN_RULES, inputFormat: 'json' })
    const chunks = inputs.flatMap(([source, [document]]): InputChunk[] => [
      ...cutAt(document!, [5, 30, 31, 500]).map((bytes) => ({ source, bytes })),
      { source },
    ])
    const { output, errors } = await made(stageOf(PLAIN_RULES, { inputFormat: 'json' }), chunks)
    assert.deepEqual([output, errors], [expected.output, expected.errors])
    assert.equal(expected.counts.rejectedByCode.JSON_INVALID, 5)
  })

  it('counts lines for each input', async () => {
    const inputs = ['a', 'b', 'a'].map(
      (source) => [source, [Buffer.from('{"n":1}\n\nbad\n'.repeat(50))]] as const,
    )
    const expected = await run(inputs, { rules: PLAIN_RULES })
    const chunks = inputs.flatMap(([source, [bytes]]) => [{ source, bytes: bytes! }, { source }])
    const { output, errors } = await made(stageOf(PLAIN_RULES), chunks)
    assert.deepEqual([output, errors], [expected.output, expected.errors])
    assert.deepEqual(JSON.parse(errors.trim().split('\n').at(-1)!).line, 150)
  })

  it('gives out what has come though its block is not full', async () => {
    const stage = new ParallelStage(PLAIN_RULES, { workers: 2 })
    for (const n of [1, 2]) {
      stage.write(Buffer.from(`{"n":${n}}\n{"n":`))
      assert.equal(await next(stage), `{"n":${n}}\n`)
      stage.write(Buffer.from('0}\n'))
      assert.equal(await next(stage), '{"n":0}\n')
    }
    stage.destroy()
  })

  it('takes no more input than it needs while nobody takes the output', async () => {
    let chunks = 0
    const source = Readable.from(
      (function* () {
        for (; chunks < 500; chunks++) yield Buffer.from('{"n":1}\n'.repeat(100))
      })(),
    )
    const stage = stageOf(PLAIN_RULES, { blockBytes: 800 })
    const done = pipeline(source, stage, async (batches) => {
      let written = 0
      for await (const batch of batches as AsyncIterable<WrittenBatch>) {
        // Nothing can go on but what was begun: two batches wait here, the pool has six blocks.
        if (written === 0) {
          for (let last = -1; last !== chunks; await new Promise((resolve) => setTimeout(resolve, 100)))
            last = chunks
          assert.ok(chunks < 30, `${chunks}`)
        }
        written += batch.written
      }
      assert.equal(written, 50_000)
    })
    await done
  })

  it('works with other rules on what comes after them', async () => {
    const stage = new ParallelStage(compileRules('rules: "\'one\'"\n'), { workers: 2 })
    stage.write(Buffer.from('{}\n'))
    assert.equal(await next(stage), '{"rules":"one"}\n')
    stage.replaceRules(compileRules('rules: "\'two\'"\n'))
    stage.write(Buffer.from('{}\n'))
    assert.equal(await next(stage), '{"rules":"two"}\n')
    stage.destroy()
  })

  it('fails when a worker is gone', async () => {
    const workers: Worker[] = []
    // It takes blocks, and that is all.
    const createWorker = () => {
      const worker = new Worker("require('node:worker_threads').parentPort.on('message', () => {})", {
        eval: true,
      })
      workers.push(worker)
      return worker
    }
    const stage = stageOf(PLAIN_RULES, { createWorker, worksItself: false })
    const running = pipeline(Readable.from([Buffer.from('{"n":1}\n'.repeat(1000))]), stage, collector())
    while (workers.length < 2) await new Promise(setImmediate)
    const ended = workers.map((worker) => new Promise((resolve) => worker.once('exit', resolve)))
    await workers[0]!.terminate()
    await assert.rejects(running, WorkerError)
    await Promise.all(ended)
  })

  it('refuses what it cannot work with', () => {
    for (const workers of [0, -1, 1.5, 257, Number.NaN]) {
      assert.throws(() => stageOf(PLAIN_RULES, { workers }), /workers has to be a whole number from 1 to 256/)
    }
    assert.throws(
      () => new ParallelStage(IDENTITY, { workers: 2 }),
      /workers need rules that were made by compileRules/,
    )
    assert.throws(() => stageOf(PLAIN_RULES, { maxLineBytes: 0 }), TypeError)
  })
})

describe('createPipeline with workers', () => {
  it('gives the same output, rejected records and counts as without', async () => {
    const inputs = ['a', 'b'].map((name) => [name, cutAt(MESSY_INPUT, [1000, 5000])] as const)
    const options = { rules: MESSY_RULES, maxLineBytes: 2000 }
    assert.deepEqual(await run(inputs, { ...options, workers: 3 }), await run(inputs, options))
  })

  it('stops at the first rejected event just as without', async () => {
    const good = '{"n":1}\n'.repeat(10_000)
    const texts = {
      'a required field': '{"s":"x"}\n',
      'not JSON': 'bad\n',
      'in a line of its own way': '{"n":1e5}\n{"n":1.50}\nbad\n{"n":1e5}\n',
    }
    for (const [name, text] of Object.entries(texts)) {
      const bytes = Buffer.from(`${good}${text}${good}${text}${good}`)
      const chunks = cutAt(bytes, [35_000, 70_000, 85_000, 100_000, 150_000])
      const options = { rules: PLAIN_RULES, onError: 'fail' } as const
      const plain = await run([['a', chunks]], { ...options, fastPath: false })
      const fast = await run([['a', chunks]], options)
      const parallel = await run([['a', chunks]], { ...options, workers: 2 })
      assert.ok(plain.failed && plain.counts.rejected === 1)
      for (const { output, errors, failed, counts } of [fast, parallel]) {
        assert.deepEqual([output, errors, failed], [plain.output, plain.errors, true], name)
        const { bytesRead: _, bytesParsed: __, ...others } = counts
        const { bytesRead: ___, bytesParsed: ____, ...expected } = plain.counts
        assert.deepEqual(others, expected)
      }
    }
  })

  it('refuses a wrong number of workers', () => {
    const output = collector()
    for (const workers of [0, 1000])
      assert.throws(() => createPipeline({ rules: PLAIN_RULES, inputs: [], output, workers }), TypeError)
  })
})

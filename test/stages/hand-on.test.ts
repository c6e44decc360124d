/** A few bytes of input may become gigabytes: output is handed on as it is made, whatever way it goes. */
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { Readable, Writable } from 'node:stream'
import { describe, it } from 'node:test'
import { HAND_ON_BYTES, HAND_ON_RECORD_BYTES } from '../../src/formats/limits.ts'
import type { PipelineOptions } from '../../src/io/create-pipeline.ts'
import { createPipeline } from '../../src/io/create-pipeline.ts'
import type { RunnerSource } from '../../src/rules/apply/normalize.ts'
import { compileRules } from '../../src/rules/compile.ts'
import { answers, listen, poolFor } from '../tracer/loopback.ts'
import { IDENTITY, rulesOf } from './runners.ts'

const EVENTS = 80
const TEXT_LENGTH = 1_000_000
/** All of them come in one chunk. */
const INPUT = Buffer.from(
  Array.from({ length: EVENTS }, (_, n) => `{"d":${TEXT_LENGTH},"s":"${n}"}\n`).join(''),
)
const RULES = `a.b: "' ' * d + s"\n`

interface Sink {
  readonly stream: Writable
  /** Bytes of each write. */
  readonly sizes: number[]
  readonly total: () => number
}

function sink(onWrite = (callback: () => void) => callback()): Sink {
  const sizes: number[] = []
  const stream = new Writable({
    highWaterMark: 1,
    write: (bytes: Buffer, _encoding, callback) => {
      sizes.push(bytes.length)
      onWrite(callback)
    },
  })
  return { stream, sizes, total: () => sizes.reduce((sum, size) => sum + size, 0) }
}

/** Counts the events that the rules were applied to. */
function counted(rules: RunnerSource): { rules: RunnerSource; runs: () => number } {
  let runs = 0
  const source: RunnerSource = {
    createRunner: () => {
      const runner = rules.createRunner()
      const run = runner.run.bind(runner)
      const runExact = runner.runExact.bind(runner)
      return Object.assign(runner, {
        run: (...given: Parameters<typeof run>) => {
          runs++
          return run(...given)
        },
        runExact: (...given: Parameters<typeof runExact>) => {
          runs++
          return runExact(...given)
        },
      })
    },
  }
  return { rules: source, runs: () => runs }
}

async function settle(changing: () => number): Promise<void> {
  for (let last = -1; last !== changing(); await new Promise((resolve) => setTimeout(resolve, 100))) {
    last = changing()
  }
}

describe('Outputs of one chunk', { timeout: 900_000 }, () => {
  const ways: readonly (readonly [name: string, options: Partial<PipelineOptions>])[] = [
    ['on the fast path', {}],
    ['on the plain way', { fastPath: false }],
    ['of a JSON document', { inputFormat: 'json' }],
    ['of worker threads', { workers: 2 }],
    ['of worker threads on the plain way', { workers: 2, fastPath: false }],
    ['of a JSON document in worker threads', { workers: 2, inputFormat: 'json' }],
  ]
  for (const [name, options] of ways) {
    it(`are handed on when 4 MiB are collected, ${name}`, async () => {
      const output = sink()
      const rules = compileRules(RULES)
      const pipeline = createPipeline({
        rules,
        inputs: [Readable.from([INPUT])],
        output: output.stream,
        ...options,
      })
      const { written, bytesWritten } = await pipeline.run()
      assert.equal(written, EVENTS)
      assert.equal(output.total(), bytesWritten)
      assert.ok(bytesWritten > EVENTS * TEXT_LENGTH, `${bytesWritten}`)
      const largest = Math.max(...output.sizes)
      assert.ok(largest <= HAND_ON_BYTES + 2 * TEXT_LENGTH, `${largest}`)
    })
  }

  it('are not made before the reader takes those before them', async () => {
    for (const inputFormat of ['jsonl', 'json'] as const) {
      let release = () => {}
      let isHeld = true
      const output = sink((callback) => {
        if (isHeld) release = callback
        else callback()
      })
      const { rules, runs } = counted(compileRules(RULES))
      const running = createPipeline({
        rules,
        inputs: [Readable.from([INPUT])],
        output: output.stream,
        inputFormat,
      }).run()
      await settle(() => runs() + output.sizes.length)
      assert.equal(output.sizes.length, 1)
      assert.ok(runs() > 0 && runs() < EVENTS / 2, `${runs()} of ${EVENTS}`)
      isHeld = false
      release()
      await running
      assert.equal(runs(), EVENTS)
    }
  })

  it('are handed on where they are looked up as objects, too', async (test) => {
    const server = await listen(test, answers)
    const output = sink()
    const rules = compileRules(`${RULES}url: s\nenrich:\n  url: [url]\n`)
    const pipeline = createPipeline({
      rules,
      inputs: [Readable.from([INPUT])],
      output: output.stream,
      tracer: poolFor(test, server),
      tracerRequired: true,
    })
    const { written } = await pipeline.run()
    assert.equal(written, EVENTS)
    const largest = Math.max(...output.sizes)
    assert.ok(largest <= HAND_ON_BYTES + 2 * TEXT_LENGTH, `${largest}`)
  })
})

describe('Records of one chunk', { timeout: 900_000 }, () => {
  const REJECTED = 100_000
  const INVALID = Buffer.from('x\n'.repeat(REJECTED))

  for (const workers of [1, 2]) {
    it(`are handed on in parts of 256 KiB, each event once, with ${workers} of the threads`, async () => {
      const errors = sink((callback) => setImmediate(callback))
      const pipeline = createPipeline({
        rules: compileRules('a: a'),
        inputs: [Readable.from([INVALID])],
        output: sink().stream,
        errors: errors.stream,
        workers,
      })
      const { rejected, rejectedByCode } = await pipeline.run()
      assert.deepEqual([rejected, rejectedByCode], [REJECTED, { JSON_INVALID: REJECTED }])
      const largest = Math.max(...errors.sizes)
      assert.ok(largest < 2 * HAND_ON_RECORD_BYTES, `${largest}`)
      const first =
        '{"line":1,"source":"-","code":"JSON_INVALID","message":"not valid JSON: expected a value at character 1, not \\"x\\"","raw":"x"}\n'
      // The same but for the digits of the line.
      const digits = Array.from({ length: REJECTED }, (_, n) => String(n + 1).length - 1).reduce(
        (a, b) => a + b,
      )
      assert.equal(errors.total(), REJECTED * first.length + digits)
    })
  }

  it('are not made before the errors output takes those before them', async () => {
    let release = () => {}
    let isHeld = true
    const errors = sink((callback) => {
      if (isHeld) release = callback
      else callback()
    })
    const { rules, runs } = counted(rulesOf(() => ({ code: 'VALUE_ERROR', message: 'm'.repeat(1000) })))
    const running = createPipeline({
      rules,
      inputs: [Readable.from([Buffer.from('{}\n'.repeat(40_000))])],
      output: sink().stream,
      errors: errors.stream,
    }).run()
    await settle(() => runs() + errors.sizes.length)
    assert.ok(runs() < 25_000, `${runs()}`)
    isHeld = false
    release()
    assert.equal((await running).rejected, 40_000)
  })

  it('have their line and their order where events and refusals of the input mix', async () => {
    const text = Array.from({ length: 20_000 }, (_, n) => (n % 3 === 0 ? '{}' : n % 3 === 1 ? '[]' : '\xff'))
    const errors: string[] = []
    const stream = new Writable({
      write: (bytes: Buffer, _encoding, callback) => {
        errors.push(bytes.toString())
        callback()
      },
    })
    await createPipeline({
      rules: IDENTITY,
      inputs: [Readable.from([Buffer.from(`${text.join('\n')}\n`, 'latin1')])],
      output: sink().stream,
      errors: stream,
    }).run()
    const records = errors
      .join('')
      .trimEnd()
      .split('\n')
      .map((record) => JSON.parse(record))
    assert.deepEqual(
      records.map(({ line, code }) => `${line} ${code}`),
      text.flatMap((_, n) =>
        n % 3 === 0 ? [] : [`${n + 1} ${n % 3 === 1 ? 'JSON_NOT_OBJECT' : 'UTF8_INVALID'}`],
      ),
    )
  })
})

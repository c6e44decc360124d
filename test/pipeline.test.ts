import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { PassThrough, Readable, Writable } from 'node:stream'
import { describe, it } from 'node:test'
import * as zlib from 'node:zlib'
import type { JsonObject } from '../src/expression/value.ts'
import type { PipelineOptions } from '../src/io/create-pipeline.ts'
import { createPipeline } from '../src/io/create-pipeline.ts'
import type { Input } from '../src/io/files/source.ts'
import { InputError } from '../src/stages/source.ts'
import { IDENTITY, rulesOf } from './stages/runners.ts'

interface Collector extends Writable {
  text: string
}

function collector(): Collector {
  const stream: Collector = Object.assign(
    new Writable({
      write: (chunk: Buffer, _encoding, callback) => {
        stream.text += chunk.toString()
        callback()
      },
    }),
    { text: '' },
  )
  return stream
}

function bytesInput(name: string, bytes: string | Buffer, compression?: 'gzip'): Input {
  const open = () => Readable.from([Buffer.from(bytes as string)])
  return compression === undefined ? { name, open } : { name, open, compression }
}

async function run(options: Omit<PipelineOptions, 'output' | 'errors'>) {
  const output = collector()
  const errors = collector()
  const pipeline = createPipeline({ ...options, output, errors })
  const counts = await pipeline.run()
  return { output: output.text, errors: errors.text, counts, failed: pipeline.failed }
}

function rejectedLines(errors: string): unknown[] {
  return errors
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
    .map(({ source, line, code }) => [source, line, code])
}

describe('createPipeline', () => {
  it('takes events from the inputs to the output and rejected ones to the errors output', async () => {
    const inputs = [bytesInput('a', '{"n":1}\nbad\n\n{"n":2.0}'), bytesInput('b', '{"n":3}\n[]\n')]
    const { output, errors, counts } = await run({ rules: IDENTITY, inputs })
    assert.equal(output, '{"n":1}\n{"n":2.0}\n{"n":3}\n')
    assert.deepEqual(rejectedLines(errors), [
      ['a', 2, 'JSON_INVALID'],
      ['b', 2, 'JSON_NOT_OBJECT'],
    ])
    assert.deepEqual(counts, {
      events: 5,
      written: 3,
      dropped: 0,
      rejected: 2,
      rejectedByCode: { JSON_INVALID: 1, JSON_NOT_OBJECT: 1 },
      replaced: 0,
      rejectedByRule: {},
      leftOutByRule: {},
      neverPresent: [],
      bytesWritten: 26,
      bytesRead: 33,
      bytesParsed: 33,
      bytesUnread: 0,
    })
  })

  it('reads a stream as the input "-"', async () => {
    const { errors } = await run({ rules: IDENTITY, inputs: [Readable.from([Buffer.from('x\n')])] })
    assert.deepEqual(rejectedLines(errors), [['-', 1, 'JSON_INVALID']])
  })

  it('decompresses', async () => {
    const packed = zlib.gzipSync('{"n":1}\n'.repeat(1000))
    const { output, counts } = await run({ rules: IDENTITY, inputs: [bytesInput('a.gz', packed, 'gzip')] })
    assert.equal(output, '{"n":1}\n'.repeat(1000))
    assert.deepEqual([counts.bytesRead, counts.bytesParsed], [packed.length, 8000])
  })

  it('processes what could be read of a damaged input, then fails', async () => {
    const packed = zlib.gzipSync(`{"n":1}\n{"n":2}\n{"n":`)
    const output = collector()
    const errors = collector()
    const inputs = [bytesInput('a.gz', packed.subarray(0, -6), 'gzip'), bytesInput('b', '{"n":3}')]
    const pipeline = createPipeline({ rules: IDENTITY, inputs, output, errors })
    await assert.rejects(
      pipeline.run(),
      (error) => error instanceof InputError && /a\.gz/.test(error.message),
    )
    assert.equal(output.text, '{"n":1}\n{"n":2}\n')
    assert.deepEqual(rejectedLines(errors.text), [['a.gz', 3, 'JSON_INVALID']])
    assert.equal(output.writableFinished, true)
  })

  it('ends the reading at the first rejected event under onError: fail', async () => {
    let opened = 0
    const endless: Input = {
      name: 'endless',
      open: () => {
        opened++
        return Readable.from(
          (function* () {
            for (;;) yield Buffer.from('{"n":1}\n{"n":2}\n')
          })(),
        )
      },
    }
    const inputs = [bytesInput('a', '{"n":0}\n'), endless, bytesInput('c', '{}')]
    let seen = 0
    const rules = rulesOf((data) =>
      ++seen === 7 ? { code: 'TYPE_ERROR', message: 'm' } : (data as JsonObject),
    )
    const { output, errors, counts, failed } = await run({ rules, inputs, onError: 'fail' })
    assert.equal(output, '{"n":0}\n{"n":1}\n{"n":2}\n{"n":1}\n{"n":2}\n{"n":1}\n')
    assert.deepEqual(rejectedLines(errors), [['endless', 6, 'TYPE_ERROR']])
    assert.deepEqual([counts.events, failed, opened], [7, true, 1])
  })

  it('processes what was read when it is stopped', async () => {
    const input = new PassThrough()
    const output = collector()
    const pipeline = createPipeline({ rules: IDENTITY, inputs: [input], output })
    const done = pipeline.run()
    input.write('{"n":1}\n{"n":2}\n{"n":3}')
    await until(() => output.text !== '')
    input.write('\n{"n":4}')
    pipeline.stop()
    const counts = await done
    assert.equal(output.text, '{"n":1}\n{"n":2}\n{"n":3}\n{"n":4}\n')
    assert.equal(counts.written, 4)
    assert.equal(input.destroyed, true)
  })

  it('applies new rules between batches', async () => {
    const input = new PassThrough()
    const output = collector()
    const pipeline = createPipeline({ rules: rulesOf(() => ({ rules: 'old' })), inputs: [input], output })
    const done = pipeline.run()
    input.write('{}\n{}\n')
    await until(() => output.text !== '')
    pipeline.replaceRules(rulesOf(() => ({ rules: 'new' })))
    input.end('{}\n')
    await done
    assert.equal(output.text, '{"rules":"old"}\n{"rules":"old"}\n{"rules":"new"}\n')
  })

  it('stops reading while the output takes nothing', async () => {
    let read = 0
    const inputs = [countingInput(() => read++)]
    const output = new Writable({ highWaterMark: 1, write: () => {} })
    const pipeline = createPipeline({ rules: IDENTITY, inputs, output })
    const done = assert.rejects(pipeline.run())
    await settled(() => read)
    assert.ok(read < 60, String(read))
    output.destroy(new Error('enough'))
    await done
  })

  it('stops reading while the errors output takes nothing', async () => {
    let read = 0
    const inputs = [countingInput(() => read++, 'bad\n')]
    const errors = new Writable({ highWaterMark: 1, write: () => {} })
    const pipeline = createPipeline({ rules: IDENTITY, inputs, output: collector(), errors })
    const done = assert.rejects(pipeline.run(), /enough/)
    await settled(() => read)
    assert.ok(read < 60, String(read))
    errors.destroy(new Error('enough'))
    await done
  })

  it('ends when the output is gone, also while it waits for input', async () => {
    const input = new PassThrough()
    const output = new PassThrough()
    const pipeline = createPipeline({ rules: IDENTITY, inputs: [input], output })
    const done = assert.rejects(pipeline.run(), /reader is gone/)
    input.write('{}\n')
    await until(() => output.readableLength > 0)
    output.destroy(new Error('the reader is gone'))
    await done
    assert.equal(input.destroyed, true)
  })

  it('fails with the error of an input that breaks, after what it gave', async () => {
    const broken = Readable.from(
      (async function* () {
        yield Buffer.from('{"n":1}\n')
        throw new Error('the disk is broken')
      })(),
    )
    const output = collector()
    const pipeline = createPipeline({ rules: IDENTITY, inputs: [broken], output })
    await assert.rejects(pipeline.run(), /cannot read -: the disk is broken/)
    assert.equal(output.text, '{"n":1}\n')
  })

  it('runs side by side with others', async () => {
    const first = run({ rules: rulesOf(() => ({ set: 1 })), inputs: [bytesInput('a', '{}\n'.repeat(3))] })
    const second = run({ rules: rulesOf(() => ({ set: 2 })), inputs: [bytesInput('a', '{}\n'.repeat(2))] })
    assert.equal((await first).output, '{"set":1}\n'.repeat(3))
    assert.equal((await second).output, '{"set":2}\n'.repeat(2))
  })

  it('refuses options that make no sense', () => {
    const options = { rules: IDENTITY, inputs: [], output: collector() }
    assert.throws(() => createPipeline({ ...options, maxLineBytes: -1 }), TypeError)
    assert.throws(() => createPipeline({ ...options, inputFormat: 'xml' as 'json' }), TypeError)
    assert.throws(() => createPipeline({ ...options, onError: 'x' as 'fail' }), TypeError)
  })

  it('writes nothing for no input', async () => {
    assert.equal((await run({ rules: IDENTITY, inputs: [] })).output, '')
    assert.equal((await run({ rules: IDENTITY, inputs: [bytesInput('a', '')] })).output, '')
  })
})

/** Chunks of 64 KiB without end. */
function countingInput(count: () => void, line = '{"n":1}\n'): Readable {
  const chunk = Buffer.from(line.repeat(65536 / line.length))
  return Readable.from(
    (function* () {
      for (;;) {
        count()
        yield chunk
      }
    })(),
    { highWaterMark: 1 },
  )
}

/** Waits until something holds; the test runner's own time limit ends it. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(setImmediate)
}

/** Waits until a number does not change any more. */
async function settled(value: () => number): Promise<void> {
  for (let last = -1, quiet = 0; quiet < 50; quiet = value() === last ? quiet + 1 : 0) {
    last = value()
    await new Promise(setImmediate)
  }
}

import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { describe, it } from 'node:test'
import { serializeBatch } from '../../src/batches/serialize.ts'
import type { Batch, OutputEvent, RejectedEvent } from '../../src/event.ts'
import type { JsonObject } from '../../src/expression/value.ts'
import { parseExact } from '../../src/json/parse.ts'
import { outputText } from '../../src/rules/apply/output-text.ts'
import { SerializeStage } from '../../src/stages/serialize.ts'

const rejection = { code: 'FIELD_MISSING', message: 'm', rule: 'r' } as const

function outputEvent(ordinal: number, output: JsonObject, plain = true): OutputEvent {
  return { line: ordinal + 1, ordinal, text: `text ${ordinal}`, output, plain, numbers: undefined }
}

function rejectedEvent(ordinal: number): RejectedEvent {
  return { line: ordinal + 1, ordinal, rejection, raw: `text ${ordinal}` }
}

function batchOf(
  events: readonly OutputEvent[],
  rejected: readonly RejectedEvent[] = [],
): Batch<OutputEvent> {
  return { source: 'x', events, rejected }
}

/** Nests deeper than JSON.stringify follows. */
function deepObject(): JsonObject {
  let object: JsonObject = {}
  for (let level = 0; level < 100_000; level++) object = { a: object }
  return object
}

describe('serializeBatch', () => {
  it('writes a line for each output', () => {
    const { texts, written, rejected } = serializeBatch(
      batchOf([outputEvent(0, { a: 'ü\ud800' }), outputEvent(1, {})]),
    )
    assert.deepEqual(texts, ['{"a":"ü\\ud800"}\n{}\n'])
    assert.equal(written, 2)
    assert.deepEqual(rejected, [])
  })

  it('writes what JSON.stringify cannot', () => {
    const { value, numbers } = parseExact('{"b":1.0,"10":12345678901234567890}')
    const event = { ...outputEvent(0, { data: value, nan: Number.NaN }, false), numbers }
    const { texts } = serializeBatch(batchOf([event]))
    assert.deepEqual(texts, ['{"data":{"b":1.0,"10":12345678901234567890},"nan":"NaN"}\n'])
  })

  it('rejects an output that cannot be written, in its place', () => {
    const outputs = [
      outputEvent(1, deepObject()),
      outputEvent(2, { a: 1 }),
      outputEvent(4, deepObject(), false),
    ]
    const { texts, rejected } = serializeBatch(batchOf(outputs, [rejectedEvent(0), rejectedEvent(3)]))
    assert.deepEqual(texts, ['{"a":1}\n'])
    assert.deepEqual(
      rejected.map(({ ordinal, rejection: { code }, raw }) => [ordinal, code, raw]),
      [
        [0, 'FIELD_MISSING', 'text 0'],
        [1, 'VALUE_ERROR', 'text 1'],
        [3, 'FIELD_MISSING', 'text 3'],
        [4, 'VALUE_ERROR', 'text 4'],
      ],
    )
  })

  it('stops at the first rejected event if asked to', () => {
    const outputs = [outputEvent(0, {}), outputEvent(1, {}), outputEvent(3, {})]
    const { texts, written, rejected } = serializeBatch(
      batchOf(outputs, [rejectedEvent(2), rejectedEvent(4)]),
      true,
    )
    assert.deepEqual([texts, written], [['{}\n{}\n'], 2])
    assert.deepEqual(
      rejected.map((event) => event.ordinal),
      [2],
    )
    const unwritable = serializeBatch(
      batchOf([outputEvent(0, {}), outputEvent(1, deepObject())], [rejectedEvent(2)]),
      true,
    )
    assert.deepEqual(
      unwritable.rejected.map((event) => event.ordinal),
      [1],
    )
  })

  it('rejects an output of more than 2**28 characters, whoever writes it', () => {
    const rest = '{"a":""}'.length
    const longest = 'x'.repeat(2 ** 28 - rest)
    // To write the longest one takes seconds: one writer does.
    assert.equal(typeof outputText(outputEvent(0, { a: longest }, true)), 'string')
    for (const plain of [true, false]) {
      assert.deepEqual(outputText(outputEvent(0, { a: `${longest}y` }, plain)), {
        code: 'VALUE_ERROR',
        message: 'result too big: the text of the output',
      })
    }
  })

  it('cuts a very long text, so that no string becomes too long', () => {
    const outputs = Array.from({ length: 40 }, (_, ordinal) =>
      outputEvent(ordinal, { a: 'x'.repeat(100_000) }),
    )
    const { texts } = serializeBatch(batchOf(outputs))
    assert.ok(texts.length > 1)
    assert.equal(texts.join('').split('\n').length, 41)
    assert.ok(texts.every((text) => text.endsWith('\n')))
  })
})

describe('SerializeStage', () => {
  it('writes outputs, and records of rejected events on the way, and counts both', async () => {
    const errors = collector()
    const stage = new SerializeStage({ errors })
    stage.end(batchOf([outputEvent(0, { a: 1 }), outputEvent(2, { a: 'ü' })], [rejectedEvent(1)]))
    const chunks: Buffer[] = await stage.toArray()
    assert.equal(Buffer.concat(chunks).toString(), '{"a":1}\n{"a":"ü"}\n')
    assert.equal(
      errors.text,
      '{"line":2,"source":"x","rule":"r","code":"FIELD_MISSING","message":"m","raw":"text 1"}\n',
    )
    assert.equal(errors.writableEnded, false)
    const rejectedByCode = { FIELD_MISSING: 1 }
    const rules = { rejectedByRule: { r: 1 }, leftOutByRule: {}, neverPresent: [] }
    assert.deepEqual(stage.counts, {
      events: 3,
      written: 2,
      rejected: 1,
      dropped: 0,
      rejectedByCode,
      replaced: 0,
      bytesWritten: 19,
      ...rules,
    })
  })

  it('only counts rejected events without an errors output', async () => {
    const stage = new SerializeStage()
    stage.end(batchOf([], [rejectedEvent(0), rejectedEvent(1)]))
    assert.deepEqual(await stage.toArray(), [])
    assert.equal(stage.counts.rejected, 2)
  })

  it('waits until the errors output takes more', async () => {
    let release = () => {}
    const errors = new Writable({
      highWaterMark: 1,
      write: (_chunk, _encoding, callback) => {
        release = callback
      },
    })
    const stage = new SerializeStage({ errors })
    stage.resume()
    const done: number[] = []
    stage.write(batchOf([], [rejectedEvent(0)]), () => done.push(1))
    stage.write(batchOf([], [rejectedEvent(1)]), () => done.push(2))
    await new Promise(setImmediate)
    assert.deepEqual(done, [])
    release()
    await new Promise(setImmediate)
    assert.deepEqual(done, [1])
    release()
    await new Promise(setImmediate)
    assert.deepEqual(done, [1, 2])
  })

  it('fails when the errors output fails, also while it waits', async () => {
    const broken = new Error('disk full')
    const errors = new Writable({
      highWaterMark: 1,
      write: (_chunk, _encoding, callback) => setImmediate(callback, broken),
    })
    const stage = new SerializeStage({ errors })
    stage.resume()
    const failed = new Promise((resolve) => stage.once('error', resolve))
    stage.write(batchOf([], [rejectedEvent(0)]))
    assert.equal(await failed, broken)
  })

  it('fails when the errors output is closed under it', async () => {
    const errors = new Writable({ highWaterMark: 1, write: () => {} })
    const stage = new SerializeStage({ errors })
    const failed = new Promise<Error>((resolve) => stage.once('error', resolve))
    stage.write(batchOf([], [rejectedEvent(0)]))
    errors.destroy()
    assert.match((await failed).message, /errors output was closed/)
  })

  it('leaves no listeners behind on the errors output', async () => {
    const errors = collector()
    const before = errors.listenerCount('error') + errors.listenerCount('close')
    const stage = new SerializeStage({ errors })
    stage.end()
    await stage.toArray()
    await new Promise(setImmediate)
    assert.equal(errors.listenerCount('error') + errors.listenerCount('close'), before)
  })

  it('stops at the first rejected event if asked to, and says so', async () => {
    const errors = collector()
    let stops = 0
    const stage = new SerializeStage({ errors, onError: 'fail', onStop: () => stops++ })
    stage.write(batchOf([outputEvent(0, {}), outputEvent(2, {})], [rejectedEvent(1), rejectedEvent(3)]))
    stage.end(batchOf([outputEvent(4, {})], [rejectedEvent(5)]))
    assert.equal(Buffer.concat(await stage.toArray()).toString(), '{}\n')
    assert.equal(errors.text.split('\n').length, 2)
    assert.equal(stops, 1)
    assert.equal(stage.stopped, true)
    assert.equal(stage.counts.events, 2)
  })

  it('refuses an option that makes no sense', () => {
    assert.throws(() => new SerializeStage({ onError: 'ignore' as 'fail' }), TypeError)
  })
})

function collector(): Writable & { text: string } {
  const stream = new Writable({
    decodeStrings: false,
    write: (chunk: string, _encoding, callback) => {
      collected.text += chunk
      callback()
    },
  })
  const collected = Object.assign(stream, { text: '' })
  return collected
}

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Batch, InputEvent, OutputEvent, Rejection } from '../../src/event.ts'
import type { JsonObject } from '../../src/expression/value.ts'
import { normalizeBatch } from '../../src/rules/apply/normalize.ts'
import { parseBatch } from '../../src/rules/apply/parse-event.ts'
import { NormalizeStage } from '../../src/stages/normalize.ts'
import { rulesOf } from './runners.ts'

function batchOf(...texts: string[]): Batch<InputEvent> {
  const events = texts.map((text, ordinal) => ({
    line: ordinal + 1,
    ordinal,
    text,
  }))
  return parseBatch('-', { events, rejected: [] })
}

describe('normalizeBatch', () => {
  it('gives each event to the rules with its text', () => {
    const rules = rulesOf((data, raw) => ({ n: (data as JsonObject).a!, raw }))
    const { events, rejected } = normalizeBatch(batchOf('{"a":1}', '{"a":2}'), rules.createRunner())
    assert.deepEqual(
      events.map((event) => event.output),
      [
        { n: 1, raw: '{"a":1}' },
        { n: 2, raw: '{"a":2}' },
      ],
    )
    assert.deepEqual(
      events.map((event) => event.plain),
      [true, true],
    )
    assert.deepEqual(rejected, [])
  })

  it('gives events with exact numbers to the exact rules', () => {
    const { events } = normalizeBatch(
      batchOf('{"a":1.0}'),
      rulesOf((data) => data as JsonObject).createRunner(),
    )
    assert.equal(events[0]!.plain, false)
    assert.equal(events[0]!.numbers!.get(events[0]!.output)!.get('a'), '1.0')
  })

  it('takes rejected events out, whole, in the order of the input', () => {
    const rules = rulesOf((data) => {
      const a = (data as JsonObject).a
      if (a === 1) return { code: 'TYPE_ERROR', message: 'rule a', rule: 'a' } satisfies Rejection
      return data as JsonObject
    })
    const { events, rejected } = normalizeBatch(
      batchOf('{"a":1}', 'bad', '{"a":2}', '{"a":1}'),
      rules.createRunner(),
    )
    assert.deepEqual(
      events.map((event) => event.ordinal),
      [2],
    )
    assert.deepEqual(
      rejected.map(({ line, rejection, raw }) => [line, rejection.code, raw]),
      [
        [1, 'TYPE_ERROR', '{"a":1}'],
        [2, 'JSON_INVALID', 'bad'],
        [4, 'TYPE_ERROR', '{"a":1}'],
      ],
    )
  })

  it('rejects an event at which the rules overflow the stack', () => {
    const deepest = (value: unknown): number => (Array.isArray(value) ? deepest(value[0]) + 1 : 0)
    const rules = rulesOf((data) => ({
      depth: deepest((data as JsonObject).a) + deepest((data as JsonObject).b),
    }))
    const deep = `${'['.repeat(9000)}${']'.repeat(9000)}`
    const overflow = rulesOf(() => {
      const endless = (): number => endless() + 1
      return { n: endless() }
    })
    const { rejected } = normalizeBatch(batchOf(`{"a":${deep}}`), overflow.createRunner())
    assert.deepEqual(rejected[0]!.rejection, {
      code: 'VALUE_ERROR',
      message: 'the event nests too deep for the rules',
    })
    assert.equal(
      normalizeBatch(batchOf('{"a":[[]],"b":[]}'), rules.createRunner()).events[0]!.output.depth,
      3,
    )
  })

  it('lets errors of the program through', () => {
    const rules = rulesOf(() => {
      throw new ReferenceError('a bug')
    })
    assert.throws(() => normalizeBatch(batchOf('{}'), rules.createRunner()), ReferenceError)
  })
})

describe('NormalizeStage', () => {
  it('applies new rules from the next batch on', async () => {
    const stage = new NormalizeStage(rulesOf(() => ({ rules: 'old' })))
    const outputs: unknown[] = []
    stage.on('data', (batch: Batch<OutputEvent>) =>
      outputs.push(...batch.events.map((event) => event.output.rules)),
    )
    await new Promise((resolve) => stage.write(batchOf('{}', '{}'), resolve))
    stage.replaceRules(rulesOf(() => ({ rules: 'new' })))
    await new Promise((resolve) => stage.write(batchOf('{}'), resolve))
    assert.deepEqual(outputs, ['old', 'old', 'new'])
  })

  it('ends with an error when the rules have a bug', async () => {
    const stage = new NormalizeStage(
      rulesOf(() => {
        throw new ReferenceError('a bug')
      }),
    )
    const failed = new Promise((resolve) => stage.once('error', resolve))
    stage.write(batchOf('{}'))
    assert.ok((await failed) instanceof ReferenceError)
  })
})

import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { describe, it, type TestContext } from 'node:test'
import fc from 'fast-check'
import { compileRules } from '../../../src/rules/compile.ts'
import { OutputCounter } from '../../../src/stages/output-counter.ts'
import type { MessageNormalizerOptions } from '../../../src/stages/process/message-normalizer.ts'
import { MessageNormalizer, recordOf } from '../../../src/stages/process/message-normalizer.ts'
import type { LookupHandler, TracerPool } from '../../../src/tracer/client/pool.ts'
import { TracerError } from '../../../src/tracer/client/pool.ts'
import type { Indicator } from '../../../src/tracer/protocol.ts'
import { propertyRuns } from '../../property-runs.ts'
import { steppingClock } from '../../stepping-clock.ts'

const KEEPING = 'n: n::int\nname: lower(name)\n'
const DROPPING = `drop: kind == 'noise'\n${KEEPING}`
const SPLITTING = 'split: items\nn: n::int\n'
const ENRICHING = `enrich:\n  url: [url]\nurl: url\n${KEEPING}`

/** A pool that finds something for texts that begin with `bad`, in a while, and times out for those that begin with `slow`. */
class LatePool extends EventEmitter {
  readonly capacity = 4
  #asked = 0

  get busy(): boolean {
    return this.#asked >= this.capacity
  }

  dispatch(indicators: readonly Indicator[], handler: LookupHandler): boolean {
    this.#asked++
    setImmediate(() => {
      this.#asked--
      if (indicators.some(({ value }) => value.startsWith('slow'))) {
        handler.onFailure(new TracerError('timeout', 'it is late'))
      } else {
        handler.onAnswers(
          indicators.map(({ value }) =>
            value.startsWith('bad') ? [{ category: 'c', matched: value, fields: [] }] : [],
          ),
        )
      }
      this.emit('drain')
    })
    return !this.busy
  }
}

const latePool = (): TracerPool => new LatePool() as unknown as TracerPool

function open(
  t: TestContext,
  rules: string,
  options: Partial<MessageNormalizerOptions> = {},
): MessageNormalizer {
  const normalizer = new MessageNormalizer({ rules: compileRules(rules), ...options })
  t.after(() => normalizer.end())
  return normalizer
}

/** The index of the message and the output or the code of each result. */
async function results(normalizer: MessageNormalizer, values: readonly (string | null)[]) {
  const buffers = values.map((value) => (value === null ? null : Buffer.from(value)))
  const { outputs, outputOf, rejected, empty, parts } = await normalizer.normalize(buffers)
  const counter = new OutputCounter()
  for (const part of parts) counter.add(part)
  const { counts } = counter
  assert.equal(counts.written, outputs.length)
  assert.equal(counts.rejected, rejected.length)
  assert.equal(
    counts.bytesWritten,
    outputs.reduce((sum, { length }) => sum + length + 1, 0),
  )
  return {
    written: outputs.map((output, index) => [outputOf[index]!, Buffer.from(output).toString()] as const),
    rejected: rejected.map(
      (one) => [one.index, JSON.parse(Buffer.from(recordOf('t/0/1', one)).toString())] as const,
    ),
    empty,
    dropped: counts.dropped,
  }
}

const MESSAGES = [
  '{"n":"1","name":"A"}',
  null,
  '{"n":"x","name":"B"}',
  '{"n":"3",\n"name":"C"}',
  ' ',
  '{"n":"4","name":"D","kind":"noise"}',
  'no JSON',
  '{"n":"5","name":"E"}',
]

describe('MessageNormalizer', () => {
  for (const [name, options] of [
    ['on this thread', {}],
    ['without the fast path', { fastPath: false }],
    ['in worker threads', { workers: 2 }],
  ] as const) {
    it(`knows which message each result is of, ${name}`, async (t) => {
      const found = await results(open(t, DROPPING, options), MESSAGES)
      assert.deepEqual(found.written, [
        [0, '{"n":1,"name":"a"}'],
        [3, '{"n":3,"name":"c"}'],
        [7, '{"n":5,"name":"e"}'],
      ])
      assert.deepEqual(
        found.rejected.map(([index, { line, source, code }]) => [index, line, source, code]),
        [
          [2, 1, 't/0/1', 'VALUE_ERROR'],
          [6, 1, 't/0/1', 'JSON_INVALID'],
        ],
      )
      assert.equal(found.rejected[0]![1].raw, MESSAGES[2])
      assert.deepEqual([found.empty, found.dropped], [2, 1])
    })
  }

  it('knows which message each result is of, however often the output is handed on', async (t) => {
    const rules = compileRules("drop: kind == 'noise'\nnumber: number::int\nname: lower(name)\n")
    const texts = Array.from({ length: 300 }, (_, number) => {
      if (number % 17 === 5) return `{"number":${number},"name":"X","kind":"noise"}`
      // The fast path leaves the letter with an accent, and what is rejected.
      return number % 19 === 5
        ? '{"number":"no"}'
        : `{"number":${number},"name":"X${'É'.repeat(number % 2)}"}`
    })
    const expected = Array.from(texts.keys()).filter((number) => number % 17 !== 5 && number % 19 !== 5)
    for (const stepMs of [5, 20, 60, 120]) {
      steppingClock(t, stepMs)
      const normalizer = new MessageNormalizer({ rules })
      const { outputs, outputOf } = await normalizer.normalize(texts.map((text) => Buffer.from(text)))
      t.mock.restoreAll()
      assert.deepEqual(outputOf, expected, `${stepMs} ms`)
      assert.deepEqual(
        outputs.map((output) => JSON.parse(Buffer.from(output).toString()).number),
        expected,
      )
      await normalizer.end()
    }
  })

  it('gives the elements of a split message their message', async (t) => {
    const found = await results(open(t, SPLITTING), [
      '{"n":"1","items":[{"n":"1"},{"n":"x"},{"n":"3"}]}',
      null,
      '{"n":"2","items":[{"n":"4"}]}',
    ])
    assert.deepEqual(
      found.written.map(([index]) => index),
      [0, 0, 2],
    )
    assert.deepEqual(
      found.rejected.map(([index]) => index),
      [0],
    )
  })

  it('finds the same as one message at a time, whatever the messages are', async (t) => {
    const message = fc.oneof(
      fc.constantFrom(...MESSAGES),
      fc
        .record({
          n: fc.constantFrom('1', '22', 'x'),
          name: fc.string(),
          kind: fc.constantFrom('noise', 'a'),
        })
        .map((event) => JSON.stringify(event)),
      fc.string(),
    )
    const together = open(t, DROPPING)
    const alone = open(t, DROPPING, { fastPath: false })
    await fc.assert(
      fc.asyncProperty(fc.array(message, { maxLength: 20 }), async (values) => {
        const found = await results(together, values)
        const written: (readonly [number, string])[] = []
        const rejected: (readonly [number, unknown])[] = []
        let empty = 0
        for (const [index, value] of values.entries()) {
          const one = await results(alone, [value])
          for (const [, output] of one.written) written.push([index, output])
          for (const [, record] of one.rejected) rejected.push([index, record])
          empty += one.empty
        }
        assert.deepEqual([found.written, found.rejected, found.empty], [written, rejected, empty])
      }),
      { numRuns: propertyRuns(100) },
    )
  })

  it('enriches lines, and keeps their order', async (t) => {
    const normalizer = open(t, ENRICHING, { tracer: latePool() })
    const values = ['bad.example', 'good.example', null, 'slow.example', 'bad.too'].map((url) =>
      url === null ? null : JSON.stringify({ url, n: '1', name: 'N' }),
    )
    const { written } = await results(normalizer, values)
    assert.deepEqual(
      written.map(([index, output]) => [index, JSON.parse(output).url, output.includes('enrichments')]),
      [
        [0, 'bad.example', true],
        [1, 'good.example', false],
        [3, 'slow.example', false],
        [4, 'bad.too', true],
      ],
    )
    assert.equal(normalizer.enrichment?.detections, 2)
  })

  it('rejects what could not be looked up, where that is required', async (t) => {
    const normalizer = open(t, ENRICHING, { tracer: latePool(), tracerRequired: true })
    const values = ['bad.example', 'slow.example', null, 'good.example'].map((url) =>
      url === null ? null : JSON.stringify({ url, n: '1', name: 'N' }),
    )
    const { written, rejected } = await results(normalizer, values)
    assert.deepEqual(
      written.map(([index]) => index),
      [0, 3],
    )
    assert.deepEqual(
      rejected.map(([index, { code }]) => [index, code]),
      [[1, 'ENRICHMENT_FAILED']],
    )
  })

  it('takes other rules, also such as drop events where those before did not', async (t) => {
    const normalizer = open(t, KEEPING)
    assert.equal((await results(normalizer, MESSAGES)).written.length, 4)
    normalizer.replaceRules(compileRules(DROPPING))
    assert.equal((await results(normalizer, MESSAGES)).written.length, 3)
    normalizer.replaceRules(compileRules('name: name\n'))
    assert.deepEqual((await results(normalizer, MESSAGES)).written[0], [0, '{"name":"A"}'])
  })

  it('refuses rules that write into the member of detections', (t) => {
    const normalizer = open(t, ENRICHING, { tracer: latePool() })
    assert.throws(
      () => normalizer.replaceRules(compileRules(`${ENRICHING}threat.enrichments: name\n`)),
      TypeError,
    )
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Processor } from '../../../src/batches/processor.ts'
import { RecordWriter } from '../../../src/batches/rejected-records.ts'
import { NODE_CODING } from '../../../src/formats/node-coding.ts'
import type { RunnerSource } from '../../../src/rules/apply/normalize.ts'
import { compileRules } from '../../../src/rules/compile.ts'
import { recordWords } from '../../../src/rules/fast/written-places.ts'
import { propertyRuns } from '../../property-runs.ts'
import { compileSets } from '../sets/compile-sets.ts'

interface NotedLine {
  readonly text: string
  /** By field: the text of its value. */
  readonly values: readonly (string | undefined)[]
}

/** All lines that were written, and the noted ones of them. */
function written(rules: RunnerSource, fields: readonly string[], input: string, size = input.length) {
  const processor = new Processor(rules, new RecordWriter('-', NODE_CODING), {
    coding: NODE_CODING,
    placed: fields,
    buffers: 'lent',
  })
  const noted: NotedLine[] = []
  let text = ''
  const take = ({ bytes, places }: ReturnType<typeof processor.finish>) => {
    text += Buffer.from(bytes).toString()
    if (places === undefined) return
    assert.deepEqual(places.fields, fields)
    const { records } = places
    const words = recordWords(fields.length)
    for (let at = 0; at < records.length; at += words) {
      const slice = (index: number) =>
        Buffer.from(bytes.subarray(records[at + index]!, records[at + index + 1]!)).toString()
      const values = fields.map((_, field) =>
        records[at + 2 + 2 * field] === 0 ? undefined : slice(2 + 2 * field),
      )
      noted.push({ text: slice(0), values })
    }
  }
  const bytes = Buffer.from(input)
  for (let start = 0; start < bytes.length; start += size) {
    for (const part of processor.read(bytes.subarray(start, start + size))) take(part)
    take(processor.finish())
  }
  for (const part of processor.end()) take(part)
  take(processor.finish())
  return { text, noted }
}

const RULES = `
a.ip: x
a.n: {field: n, required: false}
b.c.ip: {field: lower(y), required: false}
b.c.z: {field: str(z), required: false}
url: {field: u + '/', required: false}
`

describe('withPlaces', () => {
  it('notes where values stand in every line of the fast path, and nothing else', () => {
    const fields = ['url', 'a.ip', 'b.c.ip', 'b.c', 'none']
    const rules = compileRules(RULES)
    const text = fc.string({ maxLength: 20, unit: fc.constantFrom('a', 'B', '"', 'é', '\\', '7') })
    const value = fc.oneof(text, fc.integer(), fc.constant(null), fc.array(text, { maxLength: 2 }))
    const event = fc.record({ x: value, n: value, y: text, z: value, u: text }, { requiredKeys: ['x'] })
    fc.assert(
      fc.property(fc.array(event, { maxLength: 20 }), fc.integer({ min: 7, max: 400 }), (events, size) => {
        const input = events.map((each) => `${JSON.stringify(each)}\n`).join('')
        const { text, noted } = written(rules, fields, input, size)
        assert.equal(text, written(rules, [], input).text)
        const lines = text.split('\n').slice(0, -1)
        let next = 0
        for (const line of noted) {
          next = lines.indexOf(line.text.slice(0, -1), next) + 1
          assert.notEqual(next, 0)
          const { url, a, b } = JSON.parse(line.text)
          const expected = [url, a?.ip, b?.c?.ip, undefined, undefined]
          assert.deepEqual(
            line.values.map((value) => value && JSON.parse(value)),
            expected,
          )
        }
      }),
      { numRuns: propertyRuns(40) },
    )
  })

  it('notes the lines of a run that is longer than its records', () => {
    const input = Array.from({ length: 3000 }, (_, n) => `{"x":"${n}"}\n`).join('')
    const { noted } = written(compileRules('x: x'), ['x', 'y'], input)
    assert.deepEqual(
      noted.map(({ values }) => values),
      Array.from({ length: 3000 }, (_, n) => [`"${n}"`, undefined]),
    )
  })

  it('notes values of cases, and of several rule sets', () => {
    const input = '{"k":1,"x":"p"}\n{"k":2,"x":"q"}\n{"k":3}\n'
    const cases = compileRules(`
cases:
  - when: k == 1
    ip: x
  - when: k == 2
    ip: x + 'r'
k: k
`)
    assert.deepEqual(
      written(cases, ['ip'], input).noted.map(({ values }) => values[0]),
      ['"p"', '"qr"', undefined],
    )
    const sets = compileSets({
      r0: 'when: k == 1\nip: x',
      r1: 'when: k > 1\nk: k\nip.v: {field: x, required: false}',
    })
    const { text, noted } = written(sets, ['ip'], input)
    assert.equal(text, '{"ip":"p"}\n{"k":2,"ip":{"v":"q"}}\n{"k":3}\n')
    assert.deepEqual(
      noted.map(({ values }) => values[0]),
      ['"p"', undefined, undefined],
    )
  })

  it('notes nothing where a constant or a part of a value may be what is wanted', () => {
    const input = '{"x":{"ip":"1"}}\n'
    for (const [rules, field] of [
      ['ip: "\'192.0.2.1\'"\ny: x', 'ip'],
      ['y: x', 'y.ip'],
    ] as const) {
      const { text, noted } = written(compileRules(rules), [field], input)
      assert.notEqual(text, '')
      assert.deepEqual(noted, [])
    }
  })
})

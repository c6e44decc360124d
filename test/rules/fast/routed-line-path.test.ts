/** Lines that are routed, or dropped, without objects in between. */
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, it } from 'node:test'
import { FUNCTION_LIBRARY } from '../../../src/expression/functions/index.ts'
import { NODE_CODING } from '../../../src/formats/node-coding.ts'
import { ChunkText } from '../../../src/json/chunk-text.ts'
import type { RunnerSource } from '../../../src/rules/apply/normalize.ts'
import { compileRules } from '../../../src/rules/compile.ts'
import { compileRouted, loadRouted } from '../../../src/rules/sets/compile-routes.ts'

interface Taken {
  readonly output: string
  readonly taken: number
  readonly dropped: number
}

/** The output of the fast path by itself: those that it leaves are passed over. */
function take(rules: RunnerSource, lines: readonly string[]): Taken {
  const block = Buffer.from(`${lines.join('\n')}\n`)
  const chunk = new ChunkText(block, NODE_CODING)
  const path = rules.fastPath!.create(rules.createNotes!(), NODE_CODING)
  let [taken, dropped, start] = [0, 0, 0]
  while (start < block.length) {
    const next = path.lines(chunk, start, 16)
    taken += path.taken
    dropped += path.dropped
    start = path.taken > 0 ? next : block.indexOf(0x0a, start) + 1
  }
  return { output: Buffer.from(path.writer.take()).toString(), taken, dropped }
}

describe('the fast path with conditions', () => {
  it('takes the lines of a rule set with when, and drops', () => {
    const rules = compileRules("when: v == 'x' and n != 3\ndrop: d == 'yes' or e > 2\na: n\nb?: lower(s)")
    const lines = [
      '{"v":"x","n":1,"s":"Q"}',
      '{"v":"y","n":1}',
      '{"v":"x","n":3}',
      '{"v":"x","n":4,"d":"yes"}',
      '{"v":"x","n":5,"e":3}',
      '{"v":"x","n":6,"e":"q"}',
      '{"v":"x"}',
      '{"v":"x","n":2.50}',
    ]
    const { output, taken, dropped } = take(rules, lines)
    assert.equal(output, '{"a":1,"b":"q"}\n{"a":2.50}\n')
    // Left: no route, twice; an error in a condition, whose operands before it did not hold; an absent field.
    assert.deepEqual([taken, dropped], [4, 2])
  })

  it('takes the lines of many rule sets, in runs and one by one', () => {
    const texts = Array.from({ length: 300 }, (_, index) => ({
      file: `r${index}`,
      text: `when: v == 'v${index}'\n${index % 10 === 9 ? 'tap: |\n  x = 1\n' : ''}n${index}: n`,
    }))
    const routes = texts.map(({ file }) => ({ file, name: file, conditions: [], lookups: [] }))
    const definition = { label: 'all', routes, noRoute: 'reject' as const, texts, options: {} }
    const rules = compileRouted(FUNCTION_LIBRARY, loadRouted(definition))
    const line = (set: number, n: number) => `{"n":${n},"v":"v${set}"}`
    const lines = [
      ...Array.from({ length: 40 }, (_, index) => line(3, index)),
      line(9, 0),
      ...Array.from({ length: 40 }, (_, index) => line(index % 3, index)),
      '{"v":"none"}',
      ' ',
      line(4, 7),
      // More machines than one memory has room for.
      ...Array.from({ length: 600 }, (_, index) => line(index % 300, index)),
    ]
    const { output, taken } = take(rules, lines)
    assert.equal(taken, 81 + 540)
    const expected = [
      ...Array.from({ length: 40 }, (_, index) => `{"n3":${index}}`),
      ...Array.from({ length: 40 }, (_, index) => `{"n${index % 3}":${index}}`),
      '{"n4":7}',
      ...Array.from({ length: 600 }, (_, index) => index)
        .filter((index) => index % 10 !== 9)
        .map((index) => `{"n${index % 300}":${index}}`),
    ]
    assert.equal(output, `${expected.join('\n')}\n`)
  })

  it('tells where the lines are to go that it leaves', () => {
    const texts = [
      { file: 'tap', text: "when: v == 't'\ntap: |\n  x = 1\nn: n" },
      { file: 'fast', text: "when: v == 'f'\nn: n" },
      { file: 'dropping', text: "when: v == 'd'\ndrop: n > 1\nn: n" },
    ]
    const routes = texts.map(({ file }) => ({ file, name: file, conditions: [], lookups: [] }))
    const definition = { label: 'all', routes, noRoute: 'reject' as const, texts, options: {} }
    const rules = compileRouted(FUNCTION_LIBRARY, loadRouted(definition))
    const path = rules.fastPath!.create(rules.createNotes(), NODE_CODING)
    for (const [line, taken, found] of [
      ['{"v":"t","n":1}', 0, 0],
      ['{"v":"f","n":1}', 1, undefined],
      ['{"v":"f"}', 0, 1],
      ['{"v":"d","n":2}', 1, undefined],
      ['{"v":"d"}', 0, 2],
      ['{"v":"x"}', 0, -1],
      ['{"v":"t","n":01}', 0, undefined],
      ['{"v":"t"', 0, undefined],
    ] as const) {
      path.lines(new ChunkText(Buffer.from(`${line}\n`), NODE_CODING), 0, 16)
      assert.deepEqual([path.taken, path.found], [taken, found], line)
    }
  })

  it('is not there where a condition needs the event as a whole', () => {
    assert.equal(compileRules('when: "\'x\' in line.raw"\na: b').fastPath, undefined)
    assert.equal(compileRules('drop: data.get(k) == 1\na: b').fastPath, undefined)
    assert.deepEqual(compileRules('when: "\'x\' in line.raw"\na: b').plainReasons, [
      "'when' reads the event as a whole, or its text",
    ])
  })
})

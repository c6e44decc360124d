/** Lines that are routed, or dropped, without objects in between. */
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createProcessor } from '../../../src/batches/compiled-rules.ts'
import { RecordWriter } from '../../../src/batches/rejected-records.ts'
import type { BatchNotes } from '../../../src/event.ts'
import { NODE_CODING } from '../../../src/formats/node-coding.ts'
import { ChunkText } from '../../../src/json/chunk-text.ts'
import type { RunnerSource } from '../../../src/rules/apply/normalize.ts'
import { compileRules } from '../../../src/rules/compile.ts'
import { propertyRuns } from '../../property-runs.ts'
import { printedRules } from '../aot/equality.ts'
import { compileSets } from '../sets/compile-sets.ts'
import { eventLine, ruleFileWithCases } from './generated.ts'

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

/** Rule sets for the events of `set` 2, 3 and so on. */
function routed(texts: readonly string[]) {
  const sets = texts.map((text, index) => [`s${index}`, `when: set == ${index + 2}\n${text}`])
  return compileSets(Object.fromEntries(sets))
}

/** The outputs and records of lines that come in blocks of so many, and the sums of all notes. */
function outcomeOf(rules: RunnerSource, lines: readonly string[], blockLines: number, fastPath: boolean) {
  const processor = createProcessor(rules, new RecordWriter('-'), { fastPath, buffers: 'copied' })
  const sums: Record<string, number> = {}
  let [output, errors] = ['', '']
  for (let from = 0; from < lines.length; from += blockLines) {
    const bytes = Buffer.from(`${lines.slice(from, from + blockLines).join('\n')}\n`)
    // The number of parts is a matter of time.
    for (const part of [...processor.read(bytes), processor.finish()]) {
      output += Buffer.from(part.bytes).toString()
      errors += Buffer.from(part.rejected.bytes).toString()
      addNotes(sums, 'all', part.notes ?? {})
    }
  }
  return { output, errors, sums }
}

function addNotes(
  sums: Record<string, number>,
  name: string,
  { dropped, leftOut, events, fields, sets }: BatchNotes,
): void {
  const counts = Object.entries({ dropped, events, looked: fields?.events })
  const rules = Array.from(leftOut ?? [], ([rule, count]) => [`left out: ${rule}`, count] as const)
  for (const [what, count = 0] of [...counts, ...rules]) {
    sums[`${name}, ${what}`] = (sums[`${name}, ${what}`] ?? 0) + count
  }
  for (const [set, notes] of sets ?? []) addNotes(sums, set, notes)
}

describe('the fast path with conditions', () => {
  it('gives what the plain way gives for many rule sets, also of a compiled module, and counts the same', () => {
    const files = fc.array(ruleFileWithCases, { minLength: 2, maxLength: 5 })
    const events = fc.array(fc.tuple(fc.nat(5), eventLine), { minLength: 1, maxLength: 40 })
    const compare = (texts: readonly string[], found: readonly [number, string][], blockLines: number) => {
      const lines = found.map(([set, line]) =>
        line.startsWith('{"') ? `{"set":${(set % texts.length) + 2},${line.slice(1)}` : line,
      )
      const rules = routed(texts)
      const expected = outcomeOf(rules, lines, blockLines, false)
      assert.deepEqual(outcomeOf(rules, lines, blockLines, true), expected)
      assert.deepEqual(outcomeOf(printedRules(rules), lines, blockLines, true), expected)
    }
    fc.assert(fc.property(files, events, fc.integer({ min: 1, max: 20 }), compare), {
      numRuns: propertyRuns(40),
    })
  })

  it('reads the same members for rule sets that turn by turn have lines, whatever the length of keys', () => {
    const key = (set: number, length: number) => `${'k'.repeat(length - 1)}${set}`
    const lengths = [2, 3, 11, 12, 13, 14, 15, 27, 28, 29, 30, 45, 250]
    const texts = [0, 1, 2].map((set) =>
      lengths
        .map((length) => `f${length}?: upper(${key(set, length)})\ng${length}?: m.${key(set, length)}`)
        .join('\n'),
    )
    const members = (set: number, n: number) =>
      lengths.map((length) => [key(set, length), `a${n} ${length}`] as const)
    const lines = Array.from({ length: 60 }, (_, n) => {
      const set = n % 3
      // Members of the rule set, those of another one, which it does not read, and keys with a dot in place of an object.
      const mine = members(set, n)
      const dotted = mine.map(([name, value]) => [`m.${name}`, value])
      const others = Object.fromEntries([...members((set + 1) % 3, n), ...mine])
      const rest = n % 4 === 0 ? Object.fromEntries(dotted) : { m: others }
      return JSON.stringify({ set: set + 2, ...others, ...rest })
    })
    const rules = routed(texts)
    const { output, taken } = take(rules, lines)
    assert.equal(taken, lines.length)
    assert.equal(output, outcomeOf(rules, lines, 7, false).output)
  })

  it('has rule sets of any size: one whose row has no room among what all have in common', () => {
    const many = Array.from({ length: 1200 }, (_, index) => `f${index}?: m.a${index}`).join('\n')
    const rules = routed([many, 'a: lower(x)', many])
    const lines = Array.from({ length: 12 }, (_, n) =>
      JSON.stringify({ set: (n % 3) + 2, x: `X${n}`, m: { [`a${n * 100}`]: n, a1199: 'last' } }),
    )
    const { output, taken } = take(rules, lines)
    assert.equal(taken, lines.length)
    assert.equal(output, outcomeOf(rules, lines, 5, false).output)
  })

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
    const sets = Array.from({ length: 300 }, (_, index) => [
      `r${index}`,
      `when: v == 'v${index}'\n${index % 10 === 9 ? 'tap: |\n  x = 1\n' : ''}n${index}: n`,
    ])
    const rules = compileSets(Object.fromEntries(sets))
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
    const rules = compileSets({
      tap: "when: v == 't'\ntap: |\n  x = 1\nn: n",
      fast: "when: v == 'f'\nn: n",
      dropping: "when: v == 'd'\ndrop: n > 1\nn: n",
    })
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

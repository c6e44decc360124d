/**
 * No event is lost: events after splitting are written, rejected or dropped. The ways through the pipeline agree: on this thread with and
 * without the fast path, stage by stage, and in worker threads.
 */
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { FUNCTION_LIBRARY } from '../../src/expression/functions/index.ts'
import { createPipeline } from '../../src/io/create-pipeline.ts'
import { compileRules } from '../../src/rules/compile.ts'
import { compileRouted, loadRouted } from '../../src/rules/sets/compile-routes.ts'
import { NormalizeStage } from '../../src/stages/normalize.ts'
import type { OutputCounts } from '../../src/stages/output-counter.ts'
import { ParseStage } from '../../src/stages/parse.ts'
import { SerializeStage } from '../../src/stages/serialize.ts'
import { propertyRuns } from '../property-runs.ts'
import { compileSets } from '../rules/sets/compile-sets.ts'

const SETS = {
  split: `
when: kind == 'list'
split: optional(list, [])
drop: d == true
defaults: {required: false, ignore: ['-']}
tap: |
  data['t'] = 1
id: {field: id, required: true}
n: {field: n::int, on_error: anomaly}
whole: parent.k
raw: line.raw
rest: rest`,
  cases: `
when: kind in ('a', 'b')
drop: n > 5
cases:
  - when: kind == 'a'
    x: {field: x::int, on_error: omit}
    y?: lower(y)
  - x: x
z?: z
rest: more`,
  branches: `
when: kind in ('a', 'q') and exists(x)
cases:
  - when: kind == 'a'
    x: lower(x)
    one?: y
  - when: n == 7
    x: x
    two: z
k?: k`,
  fast: `
when: kind == 'p' and not (x == '-')
drop: n == 7 or exists(k)
x: x
y?: lower(y)
z?: z
m?: data['k']`,
  plain: `
when: kind == 'p'
defaults: {required: false, ignore: ['', '-']}
x: {field: x, required: true}
y: lower(y)
z: z
m: {field: n::int, on_error: omit}`,
}

/** A source of numbers that is the same each time. */
function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

function line(next: (below: number) => number): string {
  const pick = <T>(values: readonly T[]): T => values[next(values.length)]!
  const value = () =>
    pick([
      '"-"',
      '"X"',
      '""',
      '7',
      '2.50',
      '"12"',
      'null',
      '{"a":1,"b":{"c":2.0}}',
      '12345678901234567890',
      'true',
    ])
  const members = (names: readonly string[]) =>
    names.filter(() => next(3) > 0).map((name) => `"${name}":${value()}`)
  const kind = `"kind":${pick(['"list"', '"list"', '"a"', '"b"', '"p"', '"p"', '"q"', '5'])}`
  const element = () => pick(['5', `{${members(['id', 'n', 'd', 'o']).join(',')}}`, '{}', '[]'])
  const some = `[${Array.from({ length: next(5) }, element).join(',')}]`
  const list = `"list":${pick(['null', '{}', some, some, some, some])}`
  if (next(20) === 0) return pick(['', ' ', 'x', '[]', '{"a":', '{"kind":"list"}'])
  return `{${[kind, ...(next(2) === 0 ? [list] : []), ...members(['x', 'y', 'z', 'n', 'k'])].join(',')}}`
}

/** Events after splitting, counted without any rule. */
function countEvents(lines: readonly string[], isSplit: boolean): number {
  let count = 0
  for (const text of lines) {
    if (text.trim() === '') continue
    count++
    try {
      const event = JSON.parse(text)
      if (isSplit && event.kind === 'list' && Array.isArray(event.list)) count += event.list.length - 1
      else if (isSplit && event.kind === 'list' && event.list === undefined) count--
    } catch {
      // It is rejected, as one.
    }
  }
  return count
}

class Collected extends Writable {
  text = ''
  override _write(chunk: Buffer, _encoding: string, callback: () => void): void {
    this.text += chunk.toString()
    callback()
  }
}

type Rules = Parameters<typeof createPipeline>[0]['rules']

interface Run {
  readonly output: string
  readonly errors: string
  readonly counts: OutputCounts
}

async function fused(rules: Rules, input: Buffer, options: object): Promise<Run> {
  const [output, errors] = [new Collected(), new Collected()]
  const counts = await createPipeline({
    rules,
    inputs: [Readable.from(pieces(input))],
    output,
    errors,
    ...options,
  }).run()
  return { output: output.text, errors: errors.text, counts }
}

async function staged(rules: Rules, input: Buffer): Promise<Run> {
  const [output, errors] = [new Collected(), new Collected()]
  const serialize = new SerializeStage({ errors })
  await pipeline(Readable.from(pieces(input)), new ParseStage(), new NormalizeStage(rules), serialize, output)
  return { output: output.text, errors: errors.text, counts: serialize.counts }
}

/** Pieces that end anywhere. */
function* pieces(input: Buffer): Generator<Buffer> {
  for (let start = 0; start < input.length; start += 1777) yield input.subarray(start, start + 1777)
}

const SUMS = [
  'events',
  'written',
  'rejected',
  'dropped',
  'rejectedByCode',
  'rejectedByRule',
  'leftOutByRule',
  'ruleSets',
] as const

async function check(rules: Rules, lines: readonly string[], isSplit: boolean): Promise<OutputCounts> {
  const input = Buffer.from(`${lines.join('\n')}\n`)
  const plain = await fused(rules, input, { fastPath: false })
  const { events, written, rejected, dropped } = plain.counts
  assert.equal(events, countEvents(lines, isSplit))
  assert.equal(written + rejected + dropped, events)
  assert.equal(plain.output.split('\n').length - 1, written)
  assert.equal(plain.errors.split('\n').length - 1, rejected)
  const others = [
    await fused(rules, input, {}),
    await staged(rules, input),
    await fused(rules, input, { workers: 2 }),
  ]
  for (const [index, other] of others.entries()) {
    assert.equal(other.output, plain.output, `way ${index}`)
    assert.equal(other.errors, plain.errors, `way ${index}`)
    for (const sum of SUMS) assert.deepEqual(other.counts[sum], plain.counts[sum], `${sum}, way ${index}`)
  }
  return plain.counts
}

const next = random(42)
const LINES = Array.from({ length: 600 }, () => line(next))

describe('events after splitting are written, rejected or dropped', { concurrency: 2 }, () => {
  for (const [name, text] of Object.entries(SETS)) {
    it(`by the rule set ${name}, and all ways agree`, async () => {
      const { written, rejected, rejectedByCode } = await check(compileRules(text), LINES, name === 'split')
      assert.ok(written > 10 && rejected > 10 && rejectedByCode.NO_ROUTE! > 20, `${written} ${rejected}`)
    })
  }

  for (const noRoute of ['reject', 'drop', 'pass'] as const) {
    it(`by all of them with routes, and --no-route ${noRoute}`, async () => {
      const counts = await check(compileSets(SETS, noRoute), LINES, true)
      assert.ok(counts.written > 50 && counts.dropped > 5, `${counts.written} ${counts.dropped}`)
      assert.deepEqual(Object.keys(counts.ruleSets!).sort(), ['branches', 'cases', 'fast', 'plain', 'split'])
    })
  }

  /** All rule sets behind a routes file: one of its lines drops, one has a condition beside that of the rule set. */
  function routedByFile() {
    const routes = `routes:
  - {when: kind == 'p' and x == 7, drop: true}
  - {when: not (n == 7), rules: fast}
  - {when: kind == 'a' and k == '-', drop: true}
  - split
  - cases
  - plain`
    const texts = [...Object.entries(SETS), ['routes.yaml', routes]].map(([file, text]) => ({
      file: file!,
      text: text!,
    }))
    const files = [undefined, 'fast', undefined, 'split', 'cases', 'plain']
    const definitions = files.map((file, line) => ({
      ...(file !== undefined && { file, name: file }),
      conditions: [{ file: 'routes.yaml', line }],
      lookups: [],
    }))
    const loaded = loadRouted({ label: 'all', routes: definitions, noRoute: 'reject', texts, options: {} })
    return compileRouted(FUNCTION_LIBRARY, loaded)
  }

  it('by a routes file, some lines of which drop', async () => {
    const { dropped, ruleSets } = await check(routedByFile(), LINES, true)
    assert.ok(ruleSets!.drop!.dropped > 5 && dropped > ruleSets!.drop!.dropped, `${dropped}`)
    assert.deepEqual(Object.keys(ruleSets!).sort(), ['cases', 'drop', 'fast', 'plain', 'split'])
  })

  it('whatever the lines are', async () => {
    const rules = routedByFile()
    const seeds = fc.asyncProperty(fc.integer(), fc.integer({ min: 1, max: 80 }), async (seed, count) => {
      const some = random(seed)
      await check(
        rules,
        Array.from({ length: count }, () => line(some)),
        true,
      )
    })
    await fc.assert(seeds, { numRuns: propertyRuns(3) })
  })

  it('for an event with very many elements, whose outputs are handed on in parts', async () => {
    const rules = compileRules(`split: l\na: "'${'a'.repeat(500)}'"\nb: b`)
    const elements = Array.from({ length: 30_000 }, (_, index) => (index % 3 === 0 ? '{}' : '{"b":1}'))
    const text = `{"l":[${elements.join(',')}]}`
    const parts: number[] = []
    const errors = new Collected()
    const output = new Writable({
      write(chunk: Buffer, _encoding, callback) {
        parts.push(chunk.length)
        callback()
      },
    })
    const input = Buffer.from(`${text}\n{"l":[]}\n`)
    const counts = await createPipeline({ rules, inputs: [Readable.from([input])], output, errors }).run()
    assert.deepEqual([counts.events, counts.written, counts.rejected], [30_000, 20_000, 10_000])
    assert.ok(parts.length > 2, `${parts.length} parts`)
    assert.ok(Math.max(...parts) < 8 * 1024 * 1024, `${Math.max(...parts)} bytes in a part`)
  })
})

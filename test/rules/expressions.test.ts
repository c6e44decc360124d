import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { toArray } from '../../src/expression/runtime/containers/containers.ts'
import type { JsonObject } from '../../src/expression/value.ts'
import { Dict, DictView, Range, Tuple, ValueIterator, ValueSet } from '../../src/expression/value.ts'
import { parseExact } from '../../src/json/parse.ts'
import { compileRules, RuleError } from '../../src/rules/compile.ts'
import { meter } from '../expression/runtime/unlimited.ts'

const recorded: { event: Record<string, unknown>; cases: [expression: string, result: unknown][] } =
  JSON.parse(
    readFileSync(new URL('../cpython/expressions.json', import.meta.url), 'utf8').replaceAll(
      // JSON.parse has no big integers.
      /"(big|huge)":\s*(\d+)/g,
      '"$1":"$2"',
    ),
  )
const eventText = JSON.stringify(recorded.event).replaceAll(/"(big|huge)":"(\d+)"/g, '"$1":$2')

/** A value as the recording script writes CPython's. */
function encode(value: unknown): unknown {
  if (typeof value === 'bigint') return { $: 'int', v: String(value) }
  if (typeof value === 'number') {
    if (Number.isNaN(value)) return { $: 'nan' }
    if (!Number.isFinite(value)) return { $: value > 0 ? 'inf' : '-inf' }
    if (Number.isInteger(value) && Math.abs(value) <= 2 ** 53) return value + 0
    return { $: 'float', v: value }
  }
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Tuple) return { $: 'tuple', v: value.items.map(encode) }
  if (value instanceof ValueSet) {
    return { $: 'set', v: sorted([...value.entries.values()].map(encode)) }
  }
  if (value instanceof Dict)
    return { $: 'dict', v: [...value.entries.values()].map((entry) => entry.map(encode)) }
  if (Array.isArray(value)) return value.map(encode)
  if (value instanceof Range || value instanceof DictView || value instanceof ValueIterator) {
    return toArray(meter, value).map(encode)
  }
  return { $: 'dict', v: Object.entries(value).map((entry) => entry.map(encode)) }
}

function sorted(items: unknown[]): unknown[] {
  return items.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}

/** The recorded texts of floats as numbers: CPython and JavaScript write them differently. */
function expected(value: any): unknown {
  if (Array.isArray(value)) return value.map(expected)
  if (typeof value !== 'object' || value === null) return value
  if (value.$ === 'float') return { $: 'float', v: Number(value.v) }
  if (value.$ === 'set') return { $: 'set', v: sorted(value.v.map(expected)) }
  return 'v' in value ? { ...value, v: expected(value.v) } : value
}

/** Rules do not change the event: without a tap nothing does. */
const { value, numbers } = parseExact(eventText)

function evaluate(expression: string): unknown {
  const rules = compileRules(`result:\n  field: ${JSON.stringify(expression)}\n`)
  const runner = rules.createRunner()
  const output = runner.runExact(value as JsonObject, eventText, numbers)
  if (output === undefined) return { $: 'error', v: runner.rejection.code, message: runner.rejection.message }
  return encode(output.result)
}

/** Where the rule language differs from CPython on purpose. */
const DIFFERENCES = new Map<string, unknown>([
  // null on the way to a member of the event is absence, and so is what a dict does not have.
  ['none[0]', { $: 'error', v: 'FIELD_MISSING' }],
  ['[e.zz for e in events]', { $: 'error', v: 'FIELD_MISSING' }],
  ["'a' in (x for x in [1, 'a', none.x])", { $: 'error', v: 'FIELD_MISSING' }],
  // A format's missing argument is a wrong value, not an absent one.
  ["'{} {}'.format(1)", { $: 'error', v: 'VALUE_ERROR' }],
  ["'{x}'.format(y=1)", { $: 'error', v: 'VALUE_ERROR' }],
  // An integral float is an integer.
  ['str(-0.0 + 1)', '1'],
  // CPython looks at the count first.
  ['(2**70) * ()', { $: 'tuple', v: [] }],
  ['() * (2**70)', { $: 'tuple', v: [] }],
])

/** A fault that is known before any event comes is refused at load: an attribute that no type has. */
const REFUSED_AT_LOAD = new Set(['text.nope()'])

test('expressions have the values that CPython gives them', () => {
  const wrong: string[] = []
  for (const [expression, recordedResult] of recorded.cases) {
    let actual: any
    try {
      actual = evaluate(expression)
    } catch (error) {
      if (!(error instanceof RuleError)) throw new Error(`${expression}: ${error}`, { cause: error })
      if (REFUSED_AT_LOAD.has(expression)) continue
      actual = { $: 'load error', v: error.message }
    }
    const wanted: any = DIFFERENCES.has(expression) ? DIFFERENCES.get(expression) : expected(recordedResult)
    const same =
      wanted?.$ === 'error' ? actual?.$ === 'error' && actual.v === wanted.v : equal(actual, wanted)
    if (!same)
      wrong.push(`${expression}\n    is ${JSON.stringify(actual)}\n    CPython: ${JSON.stringify(wanted)}`)
  }
  assert.equal(
    wrong.length,
    0,
    `${wrong.length} of ${recorded.cases.length}:\n${wrong.slice(0, 200).join('\n')}`,
  )
})

function equal(actual: unknown, wanted: unknown): boolean {
  try {
    assert.deepEqual(actual, wanted)
    return true
  } catch {
    return false
  }
}

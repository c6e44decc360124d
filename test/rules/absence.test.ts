import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import fc from 'fast-check'
import type { JsonObject } from '../../src/expression/value.ts'
import { Dict, Tuple, ValueSet } from '../../src/expression/value.ts'
import { NODE_CODING } from '../../src/formats/node-coding.ts'
import { ChunkText } from '../../src/json/chunk-text.ts'
import { parseExact } from '../../src/json/parse.ts'
import type { RuleSet } from '../../src/rules/compile.ts'
import { compileRules, RuleError } from '../../src/rules/compile.ts'
import { propertyRuns } from '../property-runs.ts'
import { compareWays, takeLine } from './fast/equality.ts'

const ATOMS = [
  'nul',
  'gone',
  'txt',
  'num',
  'lst',
  'obj',
  'obj.nul',
  'obj.gone',
  "data['gone']",
  "data['nul']",
]
const CONSTANTS = ['None', "'x'", "'-'", '0', '2', '-1', 'True', '[]', '()']

/** Everything that the language puts around values; `A` and `B` stand for them. */
const FORMS = [
  'A[:2]',
  'A[1:B]',
  'A[::B]',
  'A[B]',
  'A.x',
  "A['x']",
  'A.lower()',
  'A.get(B)',
  'A.get(B, A)',
  'A.split(B)',
  'str(A)',
  'A::int',
  'A::str',
  'A::bool',
  'len(A)',
  'repr(A)',
  'sorted(A)',
  'sorted(A, key=len)',
  'min(A, B)',
  'max(A, key=str)',
  'sum(A)',
  'list(A)',
  'dict(a=A)',
  'list(zip(A, B))',
  'reversed(A)',
  'isinstance(A, str)',
  'lower(A)',
  'split(A, B)',
  'replace(A, B, A)',
  "match('a', A)",
  'is_ip(A)',
  'normalize_host(A)',
  'normalize_mac_address(A, false)',
  "lookup('t', A)",
  "lookup('t', A, B)",
  "data.get('gone', A)",
  'optional(A)',
  'optional(A, B)',
  'cond(A, B)',
  'cond(A, B, B, A)',
  'cond(A, B, A)',
  'A if B else A',
  'A and B',
  'A or B',
  'not A',
  '-A',
  'A + B',
  'A * B',
  'A % B',
  'A == B',
  'A < B',
  'A < B < A',
  'A in B',
  'A is None',
  '[A, B]',
  '(A, B)',
  '{A, B}',
  '{A: B}',
  "{'k': A, **B}",
  '[*A, B]',
  '[A for x in B]',
  '[x for x in A if B]',
  '[x[:2] for x in A]',
  '{x: A for x in B}',
  'any(x for x in A)',
  'all(A for x in B)',
  'B in (x for x in A)',
  "f'{A}'",
  "f'{A!r:>{B}}'",
]

/** The form with these values in it. */
function put(form: string, a: string, b: string): string {
  return form.replace(/\b[AB]\b/g, (name) => `(${name === 'A' ? a : b})`)
}

const expression = fc.letrec<{ any: string }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 3, arbitrary: fc.constantFrom(...ATOMS) },
    { weight: 1, arbitrary: fc.constantFrom(...CONSTANTS) },
    {
      weight: 6,
      arbitrary: fc
        .tuple(fc.constantFrom(...FORMS), tie('any'), tie('any'))
        .map(([form, a, b]) => `(${put(form, a, b)})`),
    },
  ),
})).any

const EVENTS = [
  { nul: null, txt: 'a/b', num: 5, lst: ['a', 'bc', null], obj: { nul: null, x: 'y' } },
  { nul: null, txt: '', num: 0, lst: [], obj: {} },
  { nul: null, txt: '10.0.0.1', num: 1.5, lst: [[1, 2, 3], 'x', 2], obj: { x: null } },
  { nul: null },
]

/** True if something that is no value is in it. */
function holdsAbsence(value: unknown): boolean {
  if (value === undefined) return true
  if (typeof value !== 'object' || value === null) return false
  if (value instanceof Dict) return [...value.entries.values()].some((entry) => entry.some(holdsAbsence))
  if (value instanceof ValueSet) return [...value.entries.values()].some(holdsAbsence)
  if (value instanceof Tuple) return value.items.some(holdsAbsence)
  return Object.values(value).some(holdsAbsence)
}

function rulesOf(text: string): string {
  return [
    'lookup: {t: {x: 1, a/b: [1], "5": null}}',
    `v: {field: ${JSON.stringify(text)}}`,
    `w: {field: ${JSON.stringify(text)}, required: false}`,
  ].join('\n')
}

/** Undefined where the language has no such expression: a quote inside an f-string of the same quotes. */
function compiled(text: string): RuleSet | undefined {
  try {
    return compileRules(rulesOf(text))
  } catch (error) {
    if (error instanceof RuleError) return undefined
    throw error
  }
}

/** Counts of what came of checked expressions. */
class Outcomes {
  written = 0
  rejected = 0

  /** Evaluates an expression for every event, in every way there is. */
  check(text: string): void {
    const rules = compiled(text)
    if (rules === undefined) return
    const lines = EVENTS.map((event) => JSON.stringify(event))
    const runner = rules.createRunner()
    for (const line of lines) {
      const { value, numbers } = parseExact(line)
      for (const output of [
        runner.run(JSON.parse(line), line),
        runner.runExact(value as JsonObject, line, numbers),
      ]) {
        if (output === undefined) {
          assert.notEqual(runner.rejection.code, 'INTERNAL_ERROR', runner.rejection.message)
          this.rejected++
        } else {
          assert.ok(!holdsAbsence(output.v), `${text} of ${line}`)
          assert.ok(output.w === undefined || !holdsAbsence(output.w), `${text} of ${line}`)
          this.written++
        }
      }
    }
    const fast = rules.ownPath!.create()
    const block = Buffer.from(`${lines.join('\n')}\n`)
    const chunk = new ChunkText(block, NODE_CODING)
    for (let start = 0; start < block.length; start = block.indexOf(0x0a, start) + 1) {
      if (takeLine(fast, chunk, start) === -1) continue
      assert.ok('v' in JSON.parse(Buffer.from(fast.writer.take()).toString()), text)
    }
    compareWays(rulesOf(text), lines)
  }
}

test('a required rule writes a value or rejects the event, whatever is put around a field', () => {
  const outcomes = new Outcomes()
  for (const form of FORMS) {
    for (const [index, atom] of ATOMS.entries()) {
      outcomes.check(put(form, atom, ATOMS[(index + form.length) % ATOMS.length]!))
    }
  }
  assert.ok(outcomes.written > 500 && outcomes.rejected > 500)
})

test('a required rule writes a value or rejects the event, whatever its expression', () => {
  const outcomes = new Outcomes()
  fc.assert(
    fc.property(expression, (text) => outcomes.check(text)),
    { numRuns: propertyRuns(300) },
  )
  assert.ok(outcomes.written > 50 && outcomes.rejected > 50)
})

test('a slice of null is a type error, one of an absent field an absence', () => {
  const outcome = (text: string, required = true) => {
    const runner = compileRules(
      `v: {field: ${JSON.stringify(text)}, required: ${required}}\nx: "'x'"`,
    ).createRunner()
    return runner.run({ nul: null, obj: { nul: null } }, '{}') ?? runner.rejection
  }
  for (const text of ['nul[:2]', 'str(nul[:2])', 'nul[:2]::int', "optional(nul[:2], 'x')", 'obj.nul[1:]']) {
    for (const required of [true, false]) {
      assert.deepEqual(outcome(text, required), {
        code: 'TYPE_ERROR',
        rule: 'v',
        message: "v: 'NoneType' object is not subscriptable",
      })
    }
  }
  assert.equal((outcome('gone[:2]') as { code: string }).code, 'FIELD_MISSING')
  assert.deepEqual(outcome('gone[:2]', false), { x: 'x' })
  assert.deepEqual(outcome("optional(gone[:2], 'd')"), { v: 'd', x: 'x' })
  // An item of null may be a step of a path.
  assert.deepEqual(outcome("optional(nul['a'][:2], 'd')"), { v: 'd', x: 'x' })
})

/** The results of f-strings in CPython 3.11: test/cpython/record_f_strings.py recorded it. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { compileRules, RuleError } from '../../src/rules/compile.ts'

type Recorded = { readonly value: string } | { readonly error: string } | null

const RECORDED: readonly (readonly [text: string, outcome: Recorded])[] = JSON.parse(
  readFileSync(new URL('../cpython/f-strings.json', import.meta.url), 'utf8'),
)

const EVENT = { x: 3, y: 'ab', w: 10 }

/** The value, `'error'` where it is refused or fails with a type or value error, null where it is a syntax error. */
function outcomeOf(text: string): unknown {
  try {
    const runner = compileRules(JSON.stringify({ value: `(${text})` })).createRunner()
    const output = runner.run({ ...EVENT }, '')
    return output === undefined ? 'error' : output.value
  } catch (error) {
    if (error instanceof RuleError) return null
    throw error
  }
}

test('f-strings are read as CPython reads them', () => {
  const different = RECORDED.filter(([text, recorded]) => {
    const outcome = outcomeOf(text)
    if (recorded === null) return outcome !== null
    // A value that cannot be called, say, is found when rules are loaded.
    if ('error' in recorded) return outcome !== 'error' && outcome !== null
    return outcome !== recorded.value
  })
  assert.deepEqual(
    different.map(([text, recorded]) => [text, recorded, outcomeOf(text)]),
    [],
  )
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as re2js from 're2js'
import { Failure } from '../../../src/expression/failure.ts'
import type { EventContext, PrepareHost } from '../../../src/expression/functions/definition.ts'
import { ArgumentProblem } from '../../../src/expression/functions/definition.ts'
import { match } from '../../../src/expression/functions/match.ts'
import type { Value } from '../../../src/expression/value.ts'
import { Tuple } from '../../../src/expression/value.ts'
import { JSON_CODING } from '../../../src/json/coding.ts'
import { meter } from '../runtime/unlimited.ts'

const context: EventContext = {
  meter,
  json: JSON_CODING,
  field: () => undefined,
  received: 0,
  anomaly: () => assert.fail('match records no anomalies'),
}

function prepare(
  regex: Value,
  allowUnsafePatterns = false,
): { run: (s: Value) => unknown; warnings: string[] } {
  const warnings: string[] = []
  const host: PrepareHost = {
    table: () => undefined,
    tables: [],
    warn: (message) => warnings.push(message),
    re2: () => re2js,
    allowUnsafePatterns,
  }
  assert.ok(match.implementation.kind === 'prepared')
  const call = match.implementation.prepare({ regex }, host)
  return { run: (s) => call(context, regex, s), warnings }
}

function problemOf(regex: Value): ArgumentProblem {
  try {
    prepare(regex)
  } catch (error) {
    if (error instanceof ArgumentProblem) return error
    throw error
  }
  return assert.fail('the pattern was accepted')
}

describe('match', () => {
  test('matches at the start, not the whole', () => {
    const { run, warnings } = prepare('ab')
    assert.equal(run('abc'), true)
    assert.equal(run('cab'), false)
    assert.equal(run(''), false)
    assert.equal(run('ab'), true)
    assert.deepEqual(warnings, [])
  })

  test('rejects what is no text, in CPython words', () => {
    const { run } = prepare('1')
    const cases: [value: Value, message: string][] = [
      [1, "expected string, got 'int'"],
      [1.5, "expected string, got 'float'"],
      [null, "expected string, got 'NoneType'"],
      [['1'], "expected string, got 'list'"],
      [new Tuple(['1']), "expected string, got 'tuple'"],
    ]
    for (const [value, message] of cases) {
      assert.throws(
        () => run(value),
        (error) => error instanceof Failure && error.code === 'TYPE_ERROR' && error.message === message,
      )
    }
  })

  test('reports a bad pattern at its place, with a hint where there is one', () => {
    const unclosed = problemOf('ab(c')
    assert.equal(unclosed.parameter, 'regex')
    assert.equal(unclosed.message, 'bad pattern: missing ), unterminated subpattern')
    assert.equal(unclosed.offset, 2)
    assert.equal(unclosed.hint, undefined)
    const end = problemOf('😀\\z')
    assert.equal(end.offset, 2)
    assert.match(end.hint ?? '', /\\Z/)
    assert.equal(problemOf('(?:a{1000}){1000}b').offset, 0)
    assert.equal(problemOf(5).message, 'a pattern is a string')
  })

  test('refuses patterns that may be slow, or warns of them where they are allowed', () => {
    const { message, hint, offset } = problemOf('(a+)\\1$')
    assert.match(message, /^bad pattern: the pattern needs a back-reference/)
    assert.match(hint ?? '', /--allow-unsafe-patterns/)
    assert.equal(offset, 4)
    assert.match(
      prepare('(a+)\\1$', true).warnings.join(),
      /^match\('\(a\+\)\\\\1\$'\): the pattern needs a back-reference/,
    )
    assert.deepEqual(prepare('(?=x)(a+)+$').warnings, [])
  })

  test('tells the operator about patterns that may be mistaken', () => {
    assert.match(prepare('[[a]').warnings.join(), /Possible nested set/)
  })

  test('keeps no state from one event to the next', () => {
    const { run } = prepare('(?:a|ab)+$')
    for (let turn = 0; turn < 3; turn++) {
      assert.equal(run('aab'), true)
      assert.equal(run('ba'), false)
    }
  })
})

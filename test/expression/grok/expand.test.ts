import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { expandPattern, NO_PATTERNS, type OwnPatterns } from '../../../src/expression/grok/expand.ts'
import { PatternError } from '../../../src/expression/regex/pattern-error.ts'

const own = (patterns: Readonly<Record<string, string>>): OwnPatterns => ({
  names: Object.keys(patterns),
  get: (name) => (Object.hasOwn(patterns, name) ? patterns[name] : undefined),
})

function problem(text: string, patterns: OwnPatterns = NO_PATTERNS): PatternError {
  try {
    expandPattern(text, patterns)
  } catch (error) {
    if (error instanceof PatternError) return error
    throw error
  }
  return assert.fail('the pattern was accepted')
}

describe('expandPattern', () => {
  test('puts patterns in the place of references', () => {
    const { text, types } = expandPattern('a %{INT:n:int} %{INT} %{QS:q} %{NUMBER:x:float}', NO_PATTERNS)
    assert.equal(
      text,
      'a (?P<n>[+-]?[0-9]+) (?:[+-]?[0-9]+) (?P<q>(?:"(?:[^"\\\\]|\\\\.)*"|\'(?:[^\'\\\\]|\\\\.)*\')) ' +
        '(?P<x>(?:[+-]?(?:[0-9]+(?:\\.[0-9]+)?|\\.[0-9]+)))',
    )
    assert.deepEqual(
      [...types],
      [
        ['n', 'int'],
        ['x', 'float'],
      ],
    )
  })

  test('leaves alone what is no reference in a pattern of Python', () => {
    for (const text of [
      '%{2}x',
      '%{,3}',
      '\\%{INT}',
      '[%{INT}]',
      '[]%{INT}]',
      '[^]%{INT}]',
      '%\\{INT}',
      '100%',
    ])
      assert.equal(expandPattern(text, NO_PATTERNS).text, text)
  })

  test('own patterns come first, and may refer to others', () => {
    const patterns = own({ ID: '[A-Z]{2}%{INT:id}', INT: '[0-9]' })
    assert.equal(expandPattern('%{ID}', patterns).text, '(?:[A-Z]{2}(?P<id>[0-9]))')
  })

  test('finds the place in the written pattern for one in the expanded', () => {
    const { text, placeOf } = expandPattern('ab%{INT:n}cd%{INT}e', NO_PATTERNS)
    assert.equal(placeOf(1), 1)
    assert.equal(placeOf(text.indexOf('[')), 2)
    assert.equal(placeOf(text.indexOf('d')), 11)
    assert.equal(placeOf(text.indexOf('e')), 18)
    assert.equal(placeOf(text.length), 19)
  })

  test('says what is wrong, where, and what was meant', () => {
    const unknown = problem('x %{NUMBR:n}')
    assert.deepEqual(
      [unknown.message, unknown.offset, unknown.hint],
      ["there is no pattern 'NUMBR'", 4, "did you mean 'NUMBER'?"],
    )
    assert.match(problem('%{__proto__}').hint!, /functions --patterns/)
    assert.match(problem('%{constructor:x}').message, /no pattern 'constructor'/)
    assert.deepEqual(
      [problem('%{INT:a.b}').message, problem('%{INT:a.b}').offset],
      ["'a.b' cannot be the name of a group", 6],
    )
    assert.deepEqual(
      [problem('%{INT:a:integer}').message, problem('%{INT:a:integer}').offset],
      ["there is no type 'integer'", 8],
    )
    assert.match(problem('a%{').message, /begins a reference/)
    assert.match(problem('a%{b c}').hint!, /%\\\{/)
  })

  test('refuses definitions that mean themselves, or become too big', () => {
    const circle = own({ A: 'x%{B}', B: '(%{C}|y)', C: '%{A}' })
    assert.equal(problem('%{C}', circle).message, "pattern 'C' is defined by itself: C -> A -> B -> C")
    assert.match(problem('%{A}', own({ A: '%{A}' })).message, /A -> A$/)
    const doubling = Object.fromEntries(
      Array.from({ length: 40 }, (_, index) => [`P${index}`, `%{P${index + 1}}%{P${index + 1}}`]),
    )
    assert.match(problem('%{P0}', own({ ...doubling, P40: 'x' })).message, /too big/)
    assert.equal(
      problem('%{A}', own({ A: 'a%{INTT}' })).message,
      "in pattern 'A': there is no pattern 'INTT'",
    )
  })
})

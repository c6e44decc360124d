import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parsePattern } from '../../../src/expression/regex/parse.ts'
import { PatternError } from '../../../src/expression/regex/pattern-error.ts'
import { RECORDED_PATTERNS, RECORDING } from './recording.ts'

function errorOf(pattern: string): PatternError {
  try {
    parsePattern(pattern)
  } catch (error) {
    if (error instanceof PatternError) return error
    throw error
  }
  return assert.fail(`${JSON.stringify(pattern)} was accepted`)
}

/** Offsets count UTF-16 units, CPython's positions characters. */
function position(pattern: string, offset: number): number {
  return Array.from(pattern.slice(0, offset)).length
}

describe('parsePattern', () => {
  test('accepts what CPython accepts', () => {
    for (const [pattern] of RECORDED_PATTERNS) assert.doesNotThrow(() => parsePattern(pattern), pattern)
  })

  test('refuses what CPython refuses, with its message at its place', () => {
    for (const { pattern, message, position: expected } of RECORDING.errors) {
      const error = errorOf(pattern)
      assert.equal(error.message, message, pattern)
      if (expected !== null) assert.equal(position(pattern, error.offset), expected, pattern)
    }
  })

  test('warns of sets that may not mean what they seem to, as CPython does', () => {
    for (const { pattern, warnings } of RECORDING.warnings) {
      assert.deepEqual(parsePattern(pattern).warnings, warnings, pattern)
    }
  })

  test('places errors for which CPython gives no position', () => {
    assert.equal(errorOf('abc(?<=a*)').offset, 3)
    assert.equal(errorOf('ab{99999999999}').offset, 2)
    assert.equal(errorOf('(?<!x(?<=y+))').offset, 5)
  })

  test('refuses what it does not support, and says what to write instead', () => {
    const cases: [pattern: string, message: RegExp, offset: number][] = [
      ['(a)?(?(1)b|c)', /conditional groups.*not supported/, 4],
      ['(?P<x>a)?(?(x)b)', /conditional groups.*not supported/, 9],
      ['a\\N{EM DASH}', /character names.*not supported/, 1],
      ['[\\N{EM DASH}]', /character names.*not supported/, 1],
    ]
    for (const [pattern, message, offset] of cases) {
      const error = errorOf(pattern)
      assert.match(error.message, message)
      assert.equal(error.offset, offset, pattern)
      assert.ok(error.hint, pattern)
    }
    assert.match(errorOf('(?t)a').message, /'t'.*not supported/)
  })

  test('knows the habits of other dialects', () => {
    assert.match(errorOf('a\\z').hint ?? '', /\\Z/)
    assert.match(errorOf('\\p{L}').hint ?? '', /no \\p/)
    assert.match(errorOf('(?<name>a)').hint ?? '', /\(\?P<name>/)
    assert.match(errorOf('ab(?i)c').hint ?? '', /\(\?i:/)
  })

  test('refuses deep nesting, and bears what is just allowed', () => {
    assert.match(errorOf('('.repeat(100_000)).message, /inside each other/)
    assert.doesNotThrow(() => parsePattern('('.repeat(199) + ')'.repeat(199)))
  })

  test('bears long patterns', () => {
    assert.doesNotThrow(() => parsePattern('a|'.repeat(50_000)))
    assert.doesNotThrow(() => parsePattern('[ab]c*'.repeat(20_000)))
  })
})

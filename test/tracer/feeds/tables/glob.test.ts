import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { globMatches } from '../../../../src/tracer/feeds/tables/glob.ts'
import { propertyRuns } from '../../../property-runs.ts'

/** The definition, with all of its backtracking. */
function matchesByDefinition(pattern: string, text: string): boolean {
  if (pattern === '') return text === ''
  if (pattern[0] !== '*')
    return pattern[0] === text[0] && matchesByDefinition(pattern.slice(1), text.slice(1))
  for (let skipped = 0; skipped <= text.length; skipped++) {
    if (matchesByDefinition(pattern.slice(1), text.slice(skipped))) return true
  }
  return false
}

test('a pattern without a star matches itself only', () => {
  assert.ok(globMatches('abc', 'abc'))
  assert.ok(!globMatches('abc', 'abcd'))
  assert.ok(!globMatches('abc', 'ab'))
  assert.ok(globMatches('', ''))
})

test('a beginning and an end do not overlap', () => {
  assert.ok(!globMatches('ab*ba', 'aba'))
  assert.ok(globMatches('ab*ba', 'abba'))
  assert.ok(!globMatches('*aa*aa', 'aaa'))
})

test('a star matches any text, also line ends and none', () => {
  assert.ok(globMatches('*', ''))
  assert.ok(globMatches('*', 'a\nb'))
  assert.ok(globMatches('a**b', 'ab'))
})

test('patterns match as their definition says', () => {
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 7 })
  const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 9 })
  fc.assert(
    fc.property(pattern, text, (one, other) => {
      assert.equal(globMatches(one, other), matchesByDefinition(one, other))
    }),
    { numRuns: propertyRuns(5000) },
  )
})

test('a pattern of many stars goes through a long text once', () => {
  const text = 'a'.repeat(200_000)
  assert.ok(!globMatches(`${'*a'.repeat(1000)}*b`, text))
  assert.ok(!globMatches(`${'a*'.repeat(1000)}b*`, text))
  assert.ok(globMatches('*a'.repeat(1000), text))
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import * as re2js from 're2js'
import { compilePattern, makeRegExp } from '../../../src/expression/regex/engine.ts'
import { findTextSearch } from '../../../src/expression/regex/found-by-text.ts'
import { parsePattern } from '../../../src/expression/regex/parse.ts'
import { simplify } from '../../../src/expression/regex/simplify.ts'
import { toJavaScript } from '../../../src/expression/regex/translate.ts'
import { propertyRuns } from '../../property-runs.ts'

const searchOf = (pattern: string) => {
  const search = findTextSearch(simplify(parsePattern(pattern).root))
  return search && [search.text, search.offset, search.firstLine]
}

describe('the text at which a pattern goes on', () => {
  for (const [pattern, expected] of [
    ['.*\\bdevid="?FG', ['devid=', 0, true]],
    ['(?s).*devid', ['devid', 0, false]],
    ['.*[ >]filterlog(?:\\[\\d+\\])?[: ]', ['filterlog', 1, true]],
    ['.*?,THREAT,', [',THREAT,', 0, true]],
    ['.*a(?=b)bc\\d', ['abc', 0, true]],
    ['.*^ab', ['ab', 0, true]],
    // One character, or none that is sure.
    ['.*x', undefined],
    ['.*\\dab', undefined],
    ['.*[^a]bc', undefined],
    ['.*(?:ab|cd)', undefined],
    ['.*(?i:ab)', undefined],
    // Characters of two units.
    ['.*\u{1f600}ab', undefined],
    ['.*ab\u{1f600}', ['ab', 0, true]],
    // Other loops.
    ['\\w*abc', undefined],
    ['.+abc', undefined],
    ['.{0,9}abc', undefined],
    ['abc', undefined],
  ] as const) {
    test(`${pattern}: ${JSON.stringify(expected)}`, () => assert.deepEqual(searchOf(pattern), expected))
  }
})

const PART = fc.constantFrom(
  ...[
    'a',
    'b',
    'ab',
    'aa',
    '\\b',
    '\\B',
    '[ab]',
    '[ é]',
    '\\n',
    '(?=b)',
    '(?<!a)',
    '(?<=\\n)',
    '^',
    '$',
    'a?',
    'b*',
    '\\w+',
    '(?:a|ab)',
  ],
  ...['.', '\\d', '😀', '(?!aa)'],
)
const PATTERN = fc
  .tuple(fc.constantFrom('.*', '.*?', '(?s).*', '^.*'), fc.array(PART, { minLength: 1, maxLength: 5 }))
  .map(([loop, parts]) => loop + parts.join(''))
const SUBJECT = fc.string({
  unit: fc.constantFrom('a', 'b', 'ab', '\n', ' ', 'é', '1', '😀', '\ud83d', '\ude00'),
  maxLength: 40,
})

test('a pattern that is tried at some places answers as the one that is tried at all', () => {
  let searched = 0
  fc.assert(
    fc.property(PATTERN, fc.array(SUBJECT, { minLength: 1, maxLength: 8 }), (pattern, subjects) => {
      const root = simplify(parsePattern(pattern).root)
      if (findTextSearch(root) !== undefined) searched++
      const compiled = compilePattern(pattern, () => re2js)
      const everywhere = makeRegExp(toJavaScript(root))!
      for (const subject of subjects)
        assert.equal(compiled.matches(subject), everywhere.test(subject), JSON.stringify([pattern, subject]))
    }),
    { numRuns: propertyRuns(3000) },
  )
  assert.ok(searched > 50, `${searched} patterns are searched`)
})

test('where the text stands at many places, or the subject is long, the engine goes through all', () => {
  const pattern = compilePattern('.*ab\\d', () => re2js)
  for (const count of [1, 15, 16, 17, 100]) {
    assert.equal(pattern.matches(`${'abc'.repeat(count)}ab1`), true, String(count))
    assert.equal(pattern.matches('abc'.repeat(count)), false, String(count))
    assert.equal(pattern.matches(`${'abc'.repeat(count)}\nab1`), false, String(count))
  }
  assert.equal(pattern.matches(`${'x'.repeat(200_000)}ab1`), true)
  assert.equal(pattern.matches(`${'x'.repeat(200_000)}\nab1`), false)
})

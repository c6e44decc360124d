import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import * as re2js from 're2js'
import { commit } from '../../../src/expression/regex/commit.ts'
import { LinearMatcher } from '../../../src/expression/regex/linear-matcher.ts'
import { parsePattern } from '../../../src/expression/regex/parse.ts'
import { PatternError } from '../../../src/expression/regex/pattern-error.ts'
import { simplify } from '../../../src/expression/regex/simplify.ts'
import { toJavaScript } from '../../../src/expression/regex/translate.ts'
import { propertyRuns } from '../../property-runs.ts'
import { outcomeOf, RECORDED_PATTERNS } from './recording.ts'

function translate(pattern: string): string {
  return toJavaScript(parsePattern(pattern).root)
}

function refusal(pattern: string): PatternError {
  try {
    translate(pattern)
  } catch (error) {
    if (error instanceof PatternError) return error
    throw error
  }
  return assert.fail(`${pattern} was translated`)
}

describe('toJavaScript', () => {
  test('matches what CPython matches', () => {
    let refused = 0
    for (const [pattern, expected] of RECORDED_PATTERNS) {
      let source: string
      try {
        source = translate(pattern)
      } catch (error) {
        assert.ok(error instanceof PatternError && /not supported/.test(error.message), pattern)
        refused++
        continue
      }
      const regexp = new RegExp(source, 'u')
      assert.equal(
        outcomeOf((subject) => regexp.test(subject)),
        expected,
        pattern,
      )
    }
    assert.ok(refused < RECORDED_PATTERNS.length / 10, `${refused}`)
  })

  test('writes what JavaScript understands in another way', () => {
    const cases: [pattern: string, source: string][] = [
      ['a.c', '^(?:a[^\\u{a}]c)'],
      ['(?s)a.c', '^(?:a[^]c)'],
      ['a$', '^(?:a(?=\\n?$))'],
      ['(?m)^a$', '^(?:(?<![^\\n])a(?![^\\n]))'],
      ['\\Aa\\Z', '^(?:^a$)'],
      ['(?i)k', '^(?:[Kk\\u{212a}])'],
      ['(?ai)k', '^(?:[Kk])'],
      ['(?P<x>a)(?P=x)', '^(?:(a)(?:\\1))'],
      ['(a)(b)\\2', '^(?:a(b)(?:\\1))'],
      ['(?>a+)b', '^(?:(?:(?=(a+))\\1)b)'],
      ['a{,3}b{2,}', '^(?:a{0,3}b{2,})'],
      ['\\w\\W\\d', '^(?:[\\p{L}\\p{N}_][^\\p{L}\\p{N}_][\\p{Nd}])'],
      ['[\\Wa]', '^(?:(?:[^\\p{L}\\p{N}_]|(?=[\\p{L}\\p{N}_])a))'],
      ['(?a)\\b', '^(?:\\b)'],
      ['{}/-', '^(?:\\{\\}\\/-)'],
    ]
    for (const [pattern, source] of cases) assert.equal(translate(pattern), source, pattern)
  })

  test('refuses references to groups that may not have matched: JavaScript takes these for empty', () => {
    for (const pattern of [
      '(a)?\\1',
      '(?:(a)|b)\\1',
      '(?:(a)|(b))\\2',
      '(?:x(a))*\\1',
      '(?!(a))\\1',
      '(?:b|(a))+\\1',
    ]) {
      const error = refusal(pattern)
      assert.match(error.message, /may not have matched/)
      assert.equal(pattern[error.offset], '\\', pattern)
    }
    for (const pattern of [
      '(a)\\1',
      '(?:(a)|(a)b)',
      '(?:(a)b)+\\1',
      '(?=(a))\\1',
      '(?:(a)\\1|b)',
      '(a|)\\1',
    ]) {
      assert.doesNotThrow(() => translate(pattern), pattern)
    }
  })

  test('refuses references that ignore case, unless there is no case', () => {
    assert.match(refusal('(?i)(a)\\1').message, /ignores case/)
    assert.match(refusal('(a)(?i:\\1)').message, /ignores case/)
    assert.match(refusal('(?ia)(\\w)\\1').message, /ignores case/)
    assert.doesNotThrow(() => translate('(?i)(\\d+)-\\1'))
    assert.doesNotThrow(() => translate('(?ia)(é)\\1'))
    assert.doesNotThrow(() => translate('(?i)(a)(?-i:\\1)'))
  })

  test('refuses empty iterations where it would show that JavaScript does not make them', () => {
    for (const pattern of ['(a*)+\\1b', '(?:(a*))+?\\1b', '(?>(?:a|b??)*)c', '(?:a?)*+b', '(?>(?:|a)?)b']) {
      assert.match(refusal(pattern).message, /empty/, pattern)
    }
    assert.doesNotThrow(() => translate('(?:a*)*(b)\\1'))
  })

  test('refuses atomic groups inside a look-behind', () => {
    assert.match(refusal('a(?<=(?>a))b').message, /look-behind/)
  })
})

const character = fc.constantFrom(
  'a',
  'b',
  'A',
  'é',
  'É',
  'ж',
  '😀',
  '\n',
  ' ',
  '_',
  '1',
  'ß',
  'ẞ',
  'K',
  '-',
  '\r',
)

/** Patterns without what re2js lacks. */
const { pattern } = fc.letrec<{ pattern: string; branch: string; piece: string; atom: string }>((tie) => ({
  pattern: fc.array(tie('branch'), { minLength: 1, maxLength: 2 }).map((branches) => branches.join('|')),
  branch: fc.array(tie('piece'), { maxLength: 3 }).map((pieces) => pieces.join('')),
  piece: fc.oneof(
    { weight: 5, arbitrary: tie('atom') },
    {
      weight: 4,
      arbitrary: fc
        .tuple(tie('atom'), fc.constantFrom('*', '+', '?', '*?', '+?', '{2}', '{1,2}', '{2,}', '{,2}?'))
        .map((parts) => parts.join('')),
    },
    { weight: 1, arbitrary: fc.constantFrom('^', '$', '\\b', '\\B', '\\A', '\\Z') },
  ),
  atom: fc.oneof(
    { maxDepth: 2, depthIdentifier: 'atom' },
    fc.constantFrom(
      'a',
      'b',
      'é',
      'ж',
      '😀',
      '.',
      '\\w',
      '\\W',
      '\\s',
      '\\S',
      '\\d',
      '\\n',
      '[ab]',
      '[^a]',
      '[\\Wb]',
      'k',
    ),
    tie('pattern').map((inner) => `(?:${inner})`),
    tie('pattern').map((inner) => `(${inner})`),
    tie('pattern').map((inner) => `(?i:${inner})`),
    tie('pattern').map((inner) => `(?s:${inner})`),
  ),
}))

const flags = fc.constantFrom('', '', '(?i)', '(?m)', '(?s)', '(?a)', '(?im)', '(?ai)')
const subjects = fc.array(
  fc.array(character, { maxLength: 8 }).map((characters) => characters.join('')),
  { minLength: 4, maxLength: 8 },
)

describe('the two engines', () => {
  test('agree on generated patterns and subjects, whichever form the pattern is brought into', () => {
    fc.assert(
      fc.property(
        flags,
        pattern,
        fc.constantFrom('', '$', '\\Z', 'b'),
        subjects,
        (flag, inner, end, texts) => {
          const { root } = parsePattern(`${flag}(?:${inner})${end}`)
          const simple = simplify(root)
          const forms = [root, simple, commit(simple)].map((form) => new RegExp(toJavaScript(form), 'u'))
          const linear = [root, simple].map((form) => LinearMatcher.make(form, () => re2js))
          for (const text of texts) {
            const expected = forms[0]!.test(text)
            for (const form of forms) assert.equal(form.test(text), expected, text)
            for (const matcher of linear) assert.equal(matcher?.matches(text) ?? expected, expected, text)
          }
        },
      ),
      { numRuns: propertyRuns(250) },
    )
  })
})

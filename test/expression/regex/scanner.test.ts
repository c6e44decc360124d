import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { parsePattern } from '../../../src/expression/regex/parse.ts'
import { Scanner } from '../../../src/expression/regex/scanner.ts'
import { simplify } from '../../../src/expression/regex/simplify.ts'
import { toJavaScript } from '../../../src/expression/regex/translate.ts'
import { withoutAtomic } from '../../../src/expression/regex/without-atomic.ts'
import { propertyRuns } from '../../property-runs.ts'
import { outcomeOf, RECORDED_PATTERNS } from './recording.ts'

function make(pattern: string): Scanner | undefined {
  return Scanner.make(withoutAtomic(parsePattern(pattern).root))
}

function matches(pattern: string, subject: string): boolean {
  const scanner = make(pattern)
  assert.ok(scanner !== undefined, pattern)
  return scanner.matches(subject)
}

/** Parts of patterns with every kind of look-around, over the letters of the subjects below. */
const PART: fc.Arbitrary<string> = fc.letrec<{ part: string }>((tie) => ({
  part: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(
      'a',
      'b',
      '[ab]',
      '.',
      '\\n',
      '\\b',
      '\\B',
      '^',
      '$',
      '\\Z',
      '(?m:^)',
      '(?m:$)',
      '(?a:\\b)',
      'é',
    ),
    fc.tuple(tie('part'), tie('part')).map((parts) => parts.join('')),
    fc.tuple(tie('part'), tie('part')).map((parts) => `(?:${parts.join('|')})`),
    fc
      .tuple(tie('part'), fc.constantFrom('*', '+', '?', '*?', '{2}', '{1,2}'))
      .map(([part, times]) => `(?:${part})${times}`),
    tie('part').map((part) => `(?=${part})`),
    tie('part').map((part) => `(?!${part})`),
    fc.constantFrom('a', 'ab', '.b', '^a', 'a$', '(?!b)', '\\b', '\\n').map((part) => `(?<=${part})`),
    fc.constantFrom('a', 'ab', '.b', 'b(?=a)', '(?<!a)b', '\\B').map((part) => `(?<!${part})`),
  ),
})).part

describe('Scanner', () => {
  test('matches what CPython matches', () => {
    let made = 0
    for (const [pattern, expected] of RECORDED_PATTERNS) {
      const { root } = parsePattern(pattern)
      for (const form of [root, simplify(root)]) {
        const scanner = Scanner.make(withoutAtomic(form))
        if (scanner === undefined) continue
        made++
        assert.equal(
          outcomeOf((subject) => scanner.matches(subject)),
          expected,
          pattern,
        )
      }
    }
    assert.ok(made > 1.7 * RECORDED_PATTERNS.length, `${made}`)
  })

  test('matches what backtracking matches, whatever look-around is in what', () => {
    const subject = fc.string({ unit: fc.constantFrom('a', 'b', '\n', ' ', 'é', '😀'), maxLength: 8 })
    fc.assert(
      fc.property(PART, fc.array(subject, { minLength: 1, maxLength: 8 }), (pattern, subjects) => {
        const { root } = parsePattern(pattern)
        const scanner = Scanner.make(root)
        if (scanner === undefined) return
        const regexp = new RegExp(toJavaScript(root), 'u')
        for (const text of subjects)
          assert.equal(scanner.matches(text), regexp.test(text), `${pattern} on ${text}`)
      }),
      { numRuns: propertyRuns(2000) },
    )
  })

  test('forgets what it has learnt when that gets too much, and goes on', () => {
    const pattern = '(?:(?!c).)*a(?:a|b){11}(?<=b)(?=(?:a|b){9}a)(?:a|b)*c'
    const scanner = make(pattern)!
    const regexp = new RegExp(`^(?:${pattern})`, 'u')
    let random = 1
    const letter = () => {
      random = (random * 48271) % 2147483647
      return random % 2 === 0 ? 'a' : 'b'
    }
    const answers = new Set<boolean>()
    for (let round = 0; round < 40; round++) {
      const subject = `${Array.from({ length: 500 + round }, letter).join('')}${round % 3 === 0 ? 'c' : ''}`
      const expected = regexp.test(subject)
      answers.add(expected)
      assert.equal(scanner.matches(subject), expected, subject)
    }
    assert.deepEqual(answers, new Set([true, false]))
  })

  test('tells more combinations of look-around apart than it keeps', () => {
    const letters = 'abcdefgh'
    const pattern = `(?:${Array.from(letters, (letter) => `(?:(?=.{0,3}${letter})|(?!.{0,3}${letter}))`).join('')}[a-h])*$`
    const scanner = make(pattern)!
    let random = 7
    let subject = ''
    for (let count = 0; count < 3000; count++) {
      random = (random * 48271) % 2147483647
      subject += letters[random % letters.length]!
    }
    assert.equal(scanner.matches(subject), true)
    assert.equal(scanner.matches(`${subject}x`), false)
    assert.equal(scanner.matches(subject), true)
  })

  test('is not confused by a subject that is longer or shorter than the one before', () => {
    const scanner = make('.*(?<=b)c$')!
    for (const length of [0, 1, 300, 20_000, 3, 400, 70_000, 0]) {
      assert.equal(scanner.matches(`${'a'.repeat(length)}bc`), true)
      assert.equal(scanner.matches(`${'a'.repeat(length)}c`), false)
    }
  })

  test('sees atomic groups and possessive quantifiers as look-ahead where it can', () => {
    const cases: [pattern: string, subject: string, expected: boolean][] = [
      ['a++b', 'aab', true],
      ['a++a', 'aa', false],
      ['a{1,2}+a', 'aa', false],
      ['a{1,2}+a', 'aaa', true],
      ['(?>a+?)b', 'aab', false],
      ['(?>ba+)a', 'baa', false],
      ['(?>a|b)c', 'bc', true],
      ['(?:a++b)+c', 'aabac', false],
      ['(?:a++b)+c', 'aababc', true],
    ]
    for (const [pattern, subject, expected] of cases)
      assert.equal(matches(pattern, subject), expected, pattern)
    for (const pattern of ['(?>a|ab)c', '(?>a+b?)c', '(?:ab)++c', '(?>a*b*)c', '(a)\\1']) {
      assert.equal(make(pattern), undefined, pattern)
    }
  })
})

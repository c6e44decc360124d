import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as re2js from 're2js'
import { LinearMatcher } from '../../../src/expression/regex/linear-matcher.ts'
import { parsePattern } from '../../../src/expression/regex/parse.ts'
import { PatternError } from '../../../src/expression/regex/pattern-error.ts'
import { simplify } from '../../../src/expression/regex/simplify.ts'
import { outcomeOf, RECORDED_PATTERNS } from './recording.ts'

function make(pattern: string): LinearMatcher | undefined {
  return LinearMatcher.make(parsePattern(pattern).root, () => re2js)
}

function matches(pattern: string, subject: string): boolean {
  const matcher = make(pattern)
  assert.ok(matcher !== undefined, pattern)
  return matcher.matches(subject)
}

describe('LinearMatcher', () => {
  test('matches what CPython matches', () => {
    let made = 0
    for (const [pattern, expected] of RECORDED_PATTERNS) {
      const { root } = parsePattern(pattern)
      for (const form of [root, simplify(root)]) {
        const matcher = LinearMatcher.make(form, () => re2js)
        if (matcher === undefined) continue
        made++
        assert.equal(
          outcomeOf((subject) => matcher.matches(subject)),
          expected,
          pattern,
        )
      }
    }
    assert.ok(made > RECORDED_PATTERNS.length, `${made}`)
  })

  test('leaves to others what needs backtracking', () => {
    for (const pattern of ['(a)\\1', '(?=a)', '(?!a)', '(?<=a)b', '(?<!a)b', '(?>a)', 'a++', 'a?+b']) {
      assert.equal(make(pattern), undefined, pattern)
    }
  })

  test('leaves to others what one code for the characters cannot express', () => {
    assert.equal(make('(?m:^a)$'), undefined)
    assert.equal(make('(?a:\\b)a\\b'), undefined)
    assert.equal(
      make(
        `\\b(?:${Array.from('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_é').join('|')})`,
      ),
      undefined,
    )
  })

  test('tells word boundaries in every script', () => {
    assert.equal(matches('\\bжук\\b', 'жук!'), true)
    assert.equal(matches('\\bжук\\b', 'жуки'), false)
    assert.equal(matches('(?a)\\bжук', 'жук'), false)
    assert.equal(matches('é\\b ', 'é '), true)
    assert.equal(matches('\\B', ''), false)
    assert.equal(matches('(?:\\B|a)*b?', ''), true)
  })

  test('takes $ for the end, or the place before a newline at the end', () => {
    assert.equal(matches('(?:a|\\n)*b?$\\n', 'a\n'), true)
    assert.equal(matches('a$', 'a\n'), true)
    assert.equal(matches('a$', 'a\n\n'), false)
    assert.equal(matches('a\\n$', 'a\n\n'), true)
    assert.equal(matches('a\\Z', 'a\n'), false)
    assert.equal(matches('(?m)a$\\n\\n', 'a\n\n'), true)
    assert.equal(matches('(?m)\\n^b', '\nb'), true)
    assert.equal(matches('\\n^b', '\nb'), false)
  })

  test('takes a pair of surrogates for one character, and a lone one for another', () => {
    assert.equal(matches('.$', '😀'), true)
    assert.equal(matches('..$', '😀'), false)
    assert.equal(matches('.[\\ud800-\\udfff]$', 'a\ud83d'), true)
    assert.equal(matches('..$', '\ude00\ud83d'), true)
    assert.equal(matches('[^😀]', '😀'), false)
  })

  test('bears subjects of any length, one after the other', () => {
    const matcher = make('(?:ab|a|b)*!$')
    assert.ok(matcher !== undefined)
    for (const length of [0, 1, 255, 256, 257, 65_535, 65_536, 65_537, 300_000, 3]) {
      assert.equal(matcher.matches(`${'a'.repeat(length)}!`), true, `${length}`)
      assert.equal(matcher.matches(`${'a'.repeat(length)}?`), false, `${length}`)
      assert.equal(matcher.matches(`${'ж'.repeat(length)}!`), length === 0, `${length}`)
    }
  })

  test('has symbols for many classes of characters', () => {
    const letters = Array.from({ length: 600 }, (_, index) => String.fromCodePoint(0x4e00 + 2 * index))
    const matcher = make(`(?:${letters.join('|')})+!`)
    assert.ok(matcher !== undefined)
    assert.equal(matcher.matches(`${letters.join('')}!`), true)
    assert.equal(matcher.matches(`${letters.join('')}\u4e01!`), false)
    assert.equal(matcher.matches(`${letters.join('').repeat(60)}!`), true)
    assert.equal(make(`(?:${letters.join('|')})$`)?.matches(`${letters[599]}\n`), true)
  })

  test('writes out nested repetitions, which RE2 limits to 1000 altogether', () => {
    assert.equal(matches('(?:(?:a|aa){10}b){10}$', `${'a'.repeat(10)}b`.repeat(10)), true)
    assert.equal(matches('(?:(?:a|aa){2,10}b){2,10}$', 'aaab'.repeat(11)), false)
    assert.equal(matches('(?:(?:a|aa){2,}b){2,}$', 'aaab'.repeat(21)), true)
    assert.equal(matches('a{1000,}$', 'a'.repeat(1000)), true)
    assert.equal(matches('a{1000,}$', 'a'.repeat(999)), false)
    assert.equal(matches('(?:a{0}b){0,0}$', ''), true)
  })

  test('refuses repetitions that multiply', () => {
    for (const pattern of [
      '(?:a{1000}){1000}',
      '(?:(?:a{100}){100}){100}',
      '(?:ab){900}',
      '(?:a{0,40}){0,40}',
      'a{2000}',
    ]) {
      assert.throws(
        () => make(pattern),
        (error) => error instanceof PatternError && /too big/.test(error.message),
        pattern,
      )
    }
  })
})

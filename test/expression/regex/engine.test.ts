import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as re2js from 're2js'
import { Failure } from '../../../src/expression/failure.ts'
import { compilePattern } from '../../../src/expression/regex/engine.ts'
import { PatternError } from '../../../src/expression/regex/pattern-error.ts'
import { outcomeOf, RECORDED_PATTERNS } from './recording.ts'

/** Far more than these tests need, and far less than backtracking would take: that does not end. */
const PATIENCE_MS = 2000

/** Patterns on which backtracking engines explode, or become quadratic. */
const EVIL_PATTERNS = [
  '(a+)+$',
  '^(a+)+$',
  '(a*)*$',
  '(a|a)*$',
  '(a|aa)+$',
  '(?:a|b|ab)*c$',
  '(.*)*x',
  '(?:.*a){20}x',
  '(?:(?:a*)*)*x',
  '(x+x+)+y',
  '(a*)*(b*)*$',
  '(?:a|a|b)*c',
  '^(\\w+\\s?)*$',
  '([a-z]+)*[A-Z]',
  '(?:a?){30}a{30}b',
  '(?:a|b)*a(?:a|b){12}c',
  '.*.*.*.*x$',
  '.*a.*a.*a.*a$',
  '(\\d+\\s*)*:$',
  '(?:s|ſ|S)*$x',
  '\\b(a+\\b ?)+$',
  '(?m:^a*$\\n?)*x',
  '(?:\\w+\\W*)+#',
  '(?:(?:a{0,5}){0,5}){0,5}b',
  'a*?a*?a*?a*?b',
  '(?:[^,]*,?)*;',
  '(?:😀|.)*x',
  '(?:é|[à-ÿ])*x',
]

const FLAGS = ['', '(?i)', '(?s)', '(?m)', '(?a)', '(?ims)']

describe('compilePattern', () => {
  test('matches what CPython matches', () => {
    const engines = new Map<string, number>()
    for (const [pattern, expected] of RECORDED_PATTERNS) {
      let compiled: ReturnType<typeof compilePattern>
      try {
        compiled = compilePattern(pattern, () => re2js)
      } catch (error) {
        assert.ok(error instanceof PatternError && /not supported/.test(error.message), pattern)
        continue
      }
      engines.set(compiled.engine, (engines.get(compiled.engine) ?? 0) + 1)
      assert.equal(
        outcomeOf((subject) => compiled.matches(subject)),
        expected,
        pattern,
      )
    }
    for (const engine of ['v8', 're2', 'v8-unsafe']) assert.ok(engines.get(engine)! > 30, engine)
  })

  test('takes the fastest engine that is safe', () => {
    const cases: [pattern: string, engine: string][] = [
      ['(1..|2..|418)', 'v8'],
      ['https?://[^/]+/', 'v8'],
      ['foo.*bar', 'v8'],
      ['foo.*bar.*baz', 'v8'],
      ['(?i).*powershell.*-enc.*http', 'v8'],
      ['(a+)+', 'v8'],
      ['(a+)+$', 're2'],
      ['(?i)(a+)+$', 're2'],
      ['.*a?b.*c', 're2'],
      ['\\b(a+\\b ?)+$', 're2'],
      ['(?!admin$)\\w+$', 'v8'],
      ['(["\']).*?\\1', 'v8'],
      ['(?!x)(a+)+$', 'v8-unsafe'],
      ['(a+)\\1$', 'v8-unsafe'],
      ['(?:a++)+$', 'v8-unsafe'],
      ['(?<=x)?(a+)+$', 'v8-unsafe'],
    ]
    for (const [pattern, engine] of cases)
      assert.equal(compilePattern(pattern, () => re2js).engine, engine, pattern)
  })

  test('warns of what it cannot prove, and only of that', () => {
    const reasons: [pattern: string, reason: RegExp][] = [
      ['(?=x)(a+)+$', /a look-ahead/],
      ['(?<!x)(a+)+$', /a look-behind/],
      ['(a+)\\1$', /a back-reference/],
      ['(?:a++)+$', /an atomic group or possessive quantifier/],
      ['(?m:^(?:a+)+b)$', /more than the linear engine has/],
    ]
    for (const [pattern, reason] of reasons) {
      const { warnings } = compilePattern(pattern, () => re2js)
      assert.equal(warnings.length, 1, pattern)
      assert.match(warnings[0]!, reason)
    }
    for (const pattern of ['(a+)+$', 'a', '(?=a)b', '(a)\\1']) {
      assert.deepEqual(compilePattern(pattern, () => re2js).warnings, [], pattern)
    }
    assert.deepEqual(compilePattern('[[:alpha:]]+', () => re2js).warnings, [
      'Possible nested set at position 1',
    ])
  })

  test('answers soon, whatever the pattern, its flags and the subject are', () => {
    const words = ['a', 'ab', 'a ', 'aж', 'a\n', 'x', 's', 'é', '😀', 'a1,']
    for (const flags of FLAGS) {
      for (const pattern of EVIL_PATTERNS) {
        const compiled = compilePattern(flags + pattern, () => re2js)
        assert.notEqual(compiled.engine, 'v8-unsafe', pattern)
        const start = performance.now()
        for (const word of words) {
          compiled.matches(`${word.repeat(40)}!`)
          compiled.matches(`${word.repeat(2000)}!`)
        }
        const took = performance.now() - start
        assert.ok(took < PATIENCE_MS, `${flags}${pattern} took ${took} ms`)
      }
    }
  })

  test('compiles soon, or refuses', () => {
    const words = Array.from({ length: 2000 }, (_, index) => (index * 7919).toString(36))
    for (const pattern of [
      words.join('|'),
      `.*(?:${words.slice(0, 300).join('|')})x`,
      '(?:a|b)*a(?:a|b){20}c',
      '(?:(?:(?:(?:a{0,9}){0,9}){0,9}){0,9}){0,9}b',
      '(?=x)(?:(?:(?:(?:a{0,9}){0,9}){0,9}){0,9}){0,9}b',
      '(?:a{1000}){1000}b',
      '(?=x)(?:a{1000}){1000}b',
      '\\w{500}\\W{500}$',
      '[\\w-]+\\.'.repeat(60),
    ]) {
      const start = performance.now()
      try {
        compilePattern(pattern, () => re2js)
      } catch (error) {
        assert.ok(error instanceof PatternError, String(error))
        assert.match(error.message, /too big/)
      }
      assert.ok(performance.now() - start < PATIENCE_MS, pattern.slice(0, 50))
    }
  })

  test('goes on without backtracking when the subject is too long for it', () => {
    const subject = 'ab'.repeat(6_000_000)
    const pattern = compilePattern('(?:a|b)*c', () => re2js)
    assert.equal(pattern.engine, 'v8')
    assert.equal(pattern.matches(subject), false)
    assert.equal(pattern.matches(`${subject}c`), true)
    assert.equal(pattern.matches('abc'), true)
  })

  test('rejects a subject that is too long when there is no other way', () => {
    const pattern = compilePattern('(?=a)(?:a|b)*c', () => re2js)
    assert.throws(
      () => pattern.matches('ab'.repeat(6_000_000)),
      (error) => error instanceof Failure && error.code === 'VALUE_ERROR',
    )
    assert.equal(pattern.matches('abc'), true)
  })
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as re2js from 're2js'
import { Failure } from '../../../src/expression/failure.ts'
import { compilePattern } from '../../../src/expression/regex/engine.ts'
import { PatternError } from '../../../src/expression/regex/pattern-error.ts'
import { outcomeOf, RECORDED_PATTERNS } from './recording.ts'

/** Processor time: other programs take none of it. */
function milliseconds({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1000
}

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
  '(a+)+(?!b)c',
  '(?=(a+)+$)(a|a)*!!',
  '(?!(?:a*)*b)(?:.*a){20}x',
  '(?:(?!x)(?:a|aa))+$',
  '(?:a++)+\\b(?<!a)x',
  '.*(?<=a)(?:\\w+\\s?)*(?=#)',
]

/** Look-around as it stands in rules for events. */
const EVERYDAY_PATTERNS = [
  '.*(?<!\\d)\\d{1,3}(?:\\.\\d{1,3}){3}(?!\\d)',
  '^(?!.*\\.local$).+',
  '(?=.*foo)(?=.*bar)',
  '.*\\bfoo(?=\\s)',
  '.*(?<=user=)\\w+',
  '^(?=.*[A-Z])(?=.*\\d).{8,}$',
  '(?:(?!END).)*END',
  '.*(?<=src=)\\d+(?:\\.\\d+){3}(?=\\s)',
  '.*password(?!.*masked)',
  '^(?!.*(?:localhost|127\\.0\\.0\\.1)).*https?://',
  '.*cmd\\.exe(?!\\w).*\\s/c\\s',
  '.*\\b(?!www\\.)\\w+\\.example\\.com\\b',
  '(?i)^(?!.*svc_).*\\\\(?:admin|root)',
  '^(?=[^@]{1,64}@)[\\w.+-]+@(?:[\\w-]+\\.)+[a-z]{2,}$',
  '.*(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{40,}={0,2}(?![A-Za-z0-9+/=])',
  '(?!10\\.|192\\.168\\.)\\d+\\.\\d+\\.\\d+\\.\\d+$',
]

const FLAGS = ['', '(?i)', '(?s)', '(?m)', '(?a)', '(?ims)']

describe('compilePattern', () => {
  test('matches what CPython matches', () => {
    const engines = new Map<string, number>()
    for (const [pattern, expected] of RECORDED_PATTERNS) {
      let compiled: ReturnType<typeof compilePattern>
      try {
        compiled = compilePattern(pattern, () => re2js, { allowUnsafe: true })
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
    for (const engine of ['v8', 're2', 'scan', 'v8-unsafe']) assert.ok(engines.get(engine)! > 10, engine)
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
      ['(?!x)(a+)+$', 'scan'],
      ['(a+)+(?!b)c', 'scan'],
      ['(?<=x)?(a+)+$', 'scan'],
      ['(?:a++)+$', 'scan'],
      ['(?m:^(?:a+)+b)$', 'scan'],
      ['\\w++@\\w++$', 'v8'],
      ['(?>a+b?)+c', 'v8-unsafe'],
      ['(a+)\\1$', 'v8-unsafe'],
    ]
    for (const [pattern, engine] of cases)
      assert.equal(compilePattern(pattern, () => re2js, { allowUnsafe: true }).engine, engine, pattern)
  })

  test('takes what people write with look-around, without leave', () => {
    for (const pattern of EVERYDAY_PATTERNS) {
      const { engine, warnings } = compilePattern(pattern, () => re2js)
      assert.ok(engine === 'v8' || engine === 'scan', `${pattern}: ${engine}`)
      assert.deepEqual(warnings, [])
    }
  })

  test('refuses what it cannot prove, and takes it with a warning where that is allowed', () => {
    const reasons: [pattern: string, reason: RegExp, offset: number][] = [
      ['(a+)\\1$', /a back-reference/, 4],
      ['(?=x)(a+)\\1$', /a back-reference/, 9],
      ['(?>a+b?)+c', /an atomic group or possessive quantifier/, 0],
      ['(?=x)(?:a{1000}){1000}b', /more steps or look-around than the linear engines take/, 0],
      [
        `${Array.from({ length: 40 }, (_, n) => `(?!a{${n + 2}}b)`).join('')}(a+)+b`,
        /more steps or look-around/,
        0,
      ],
    ]
    for (const [pattern, reason, offset] of reasons) {
      assert.throws(
        () => compilePattern(pattern, () => re2js),
        (error) =>
          error instanceof PatternError &&
          reason.test(error.message) &&
          error.offset === offset &&
          /--allow-unsafe-patterns/.test(error.hint ?? ''),
        pattern,
      )
      const { engine, warnings } = compilePattern(pattern, () => re2js, { allowUnsafe: true })
      assert.equal(engine, 'v8-unsafe')
      assert.equal(warnings.length, 1, pattern)
      assert.match(warnings[0]!, reason)
    }
    for (const pattern of ['(a+)+$', 'a', '(?=a)b', '(a)\\1', '(?=x)(a+)+$']) {
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
        const start = process.cpuUsage()
        for (const word of words) {
          compiled.matches(`${word.repeat(40)}!`)
          compiled.matches(`${word.repeat(2000)}!`)
        }
        const took = milliseconds(process.cpuUsage(start))
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
      const start = process.cpuUsage()
      try {
        compilePattern(pattern, () => re2js)
      } catch (error) {
        assert.ok(error instanceof PatternError, String(error))
        assert.match(error.message, /too big|needs more steps/)
      }
      assert.ok(milliseconds(process.cpuUsage(start)) < PATIENCE_MS, pattern.slice(0, 50))
    }
  })

  test('goes on without backtracking when the subject is too long for it', () => {
    const subject = 'ab'.repeat(6_000_000)
    const pattern = compilePattern('(?:a|b)*c', () => re2js)
    assert.equal(pattern.engine, 'v8')
    assert.equal(pattern.matches(subject), false)
    assert.equal(pattern.matches(`${subject}c`), true)
    assert.equal(pattern.matches('abc'), true)
    const looking = compilePattern('(?=a)(?:a|b)*c', () => re2js)
    assert.equal(looking.matches(`${subject}c`), true)
  })

  test('rejects a subject that is too long when there is no other way', () => {
    const pattern = compilePattern('(a)(?:a|b)*\\1c', () => re2js, { allowUnsafe: true })
    assert.throws(
      () => pattern.matches('ab'.repeat(6_000_000)),
      (error) => error instanceof Failure && error.code === 'VALUE_ERROR',
    )
    assert.equal(pattern.matches('abac'), true)
  })
})

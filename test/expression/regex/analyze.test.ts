import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isLinear, MAX_EXAMINATIONS } from '../../../src/expression/regex/analyze.ts'
import { commit } from '../../../src/expression/regex/commit.ts'
import { parsePattern } from '../../../src/expression/regex/parse.ts'
import { simplify } from '../../../src/expression/regex/simplify.ts'
import { countExaminations } from './backtracker.ts'
import { RECORDED_PATTERNS, RECORDING } from './recording.ts'

function linear(pattern: string): boolean {
  return isLinear(simplify(parsePattern(pattern).root))
}

describe('isLinear', () => {
  test('recognizes what rules usually look for', () => {
    for (const pattern of [
      '(1..|2..|418)',
      'https?://[^/]+/',
      '^\\d+\\.\\d+',
      '^\\d{1,3}(?:\\.\\d{1,3}){3}$',
      'foo.*bar',
      '.*foo',
      '.*(?:error|fail(?:ed|ure)?|denied)\\b',
      '(?i).*\\bpowershell(?:\\.exe)?\\b',
      '[\\w.]+@[\\w.]+\\.\\w+$',
      '\\S+\\s+\\S+\\s+\\S+$',
      '\\s*\\w+\\s*=\\s*"[^"]*"$',
      '^(?:[^,]*,){5}x',
      '(?:\\w+\\s+)*x',
      '(?:(?:ab|cd)*e)*f',
      '^/(?:[a-z]+/)*index\\.html?$',
      '[A-Z][a-z]{2} [ \\d]\\d (?:\\d\\d:){2}\\d\\d \\S+ sshd\\[\\d+\\]: (?:Failed|Accepted) \\S+ for \\S+ from',
      '^(?:25[0-5]|2[0-4]\\d|[01]?\\d?\\d)(?:\\.(?:25[0-5]|2[0-4]\\d|[01]?\\d?\\d)){3}$',
      '.{0,1000}x',
      '(?!admin$)\\w+$',
      '(?=.*\\d)(?=.*[a-z])\\w+$',
      '(["\']).*?\\1',
      '(?>a+)b',
      'a++b',
      '(?<=a)b*c',
      '(a|a)*b',
      '(a?)*b',
    ]) {
      assert.ok(linear(pattern), pattern)
    }
  })

  test('passes nothing that can be quadratic or worse', () => {
    for (const pattern of [
      '(a+)+$',
      '(?i)^(a+)+$',
      '(a*)*b',
      '(a|aa)+$',
      '(.*)*x',
      '(?:a|ab|b)*c',
      '(?:a*b?)*c',
      '(x+x+)+y',
      'a*a*b',
      'foo.*bar.*baz',
      '.*.*x',
      '^(\\w+\\s?)*$',
      '[a-z]+\\d*[a-z]*!',
      '(a?){30}a{30}',
      '(?:|\\b){30}a',
      '(?:a{0,40}){0,40}b',
      '.{0,1000}.{0,1000}x',
      '(?:(?=.*x)a)*b',
      '(?:(?!.*x)a)*b',
      '(a+)\\1',
      '(?:a++)+$',
      'b*(?>.*?a).*c',
      'c(?<=(?:a|.)(?:a|.)(?:a|.)(?:a|.)(?:a|.)c)b',
      '(?:s|ſ|(?i:s))*$x',
    ]) {
      assert.ok(!linear(pattern), pattern)
    }
  })

  test('gives up on what is too big', () => {
    assert.ok(!linear('(?:a{1000}){1000}b'))
    assert.ok(!linear('(?:a|b)*a(?:a|b){20}c'))
    const doubling = Array.from({ length: 30 }, (_, index) => `(\\${index + 1}\\${index + 1})`)
    assert.ok(!linear(`(a)${doubling.join('')}b`))
  })

  test('is right: no recorded pattern that passes examines a character more often', () => {
    const words = ['a', 'b', 'ab', 'aab', 'a ', 'b\n', 'aж', 'a1', 'É', '😀']
    const subjects = [
      ...RECORDING.subjects.filter((subject) => subject.length > 3),
      ...words.map((word) => `a${word.repeat(12)}!`),
    ]
    let proven = 0
    for (const [pattern] of RECORDED_PATTERNS) {
      const root = simplify(parsePattern(pattern).root)
      for (const form of new Set([root, commit(root)])) {
        if (!isLinear(form)) continue
        proven++
        const parts =
          form.kind === 'sequence' ? form.items.filter((item) => item.kind === 'atomic').length : 0
        for (const subject of subjects) {
          const most = countExaminations(form, subject, MAX_EXAMINATIONS * (1 + parts))
          assert.ok(
            most <= MAX_EXAMINATIONS * (1 + parts),
            `${pattern} on ${JSON.stringify(subject)}: ${most}`,
          )
        }
      }
    }
    assert.ok(proven > 1000, `${proven}`)
  })
})

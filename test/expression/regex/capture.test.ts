import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import * as re2js from 're2js'
import { type CapturingPattern, compileCapturing } from '../../../src/expression/regex/capture.ts'
import { LinearCapturer } from '../../../src/expression/regex/linear-capturer.ts'
import { parsePattern } from '../../../src/expression/regex/parse.ts'
import { PatternError } from '../../../src/expression/regex/pattern-error.ts'
import { meter } from '../runtime/unlimited.ts'

type Groups = Readonly<Record<string, string>> | null

/** Patterns, and for each one texts with what CPython finds in them: test/cpython/record_captures.py writes it. */
const RECORDED = JSON.parse(
  readFileSync(new URL('../../cpython/captures.json', import.meta.url), 'utf8'),
) as readonly (readonly [pattern: string, texts: readonly (readonly [text: string, groups: Groups])[]])[]

const compile = (pattern: string, allowUnsafe = false): CapturingPattern =>
  compileCapturing(pattern, () => re2js, { allowUnsafe })

function dictOf(names: readonly string[], texts: readonly (string | undefined)[] | undefined): Groups {
  if (texts === undefined) return null
  const pairs = names.map((name, index) => [name, texts[index]] as const)
  return Object.fromEntries(pairs.filter((pair): pair is [string, string] => pair[1] !== undefined))
}

const find = (pattern: CapturingPattern, text: string): Groups =>
  dictOf(pattern.names, pattern.find(meter, text))

describe('compileCapturing', () => {
  test('finds the groups that CPython finds', () => {
    const engines = new Map<string, number>()
    for (const [written, texts] of RECORDED) {
      let pattern: CapturingPattern
      try {
        pattern = compile(written, true)
      } catch (error) {
        assert.ok(error instanceof PatternError, written)
        engines.set('refused', (engines.get('refused') ?? 0) + 1)
        continue
      }
      engines.set(pattern.engine, (engines.get(pattern.engine) ?? 0) + 1)
      for (const [text, groups] of texts)
        assert.deepEqual(find(pattern, text), groups, JSON.stringify([written, text]))
    }
    for (const engine of ['v8', 're2', 'v8-unsafe'])
      assert.ok((engines.get(engine) ?? 0) > 10, `${engine}: ${engines.get(engine)}`)
    assert.ok(engines.get('refused')! < RECORDED.length / 2, `${engines.get('refused')} refused`)
  })

  test('finds them with the linear engine, too', () => {
    let count = 0
    for (const [written, texts] of RECORDED) {
      const { root, names } = parsePattern(written)
      try {
        compile(written, true)
      } catch {
        continue
      }
      const linear = LinearCapturer.make(root, [...names.values()], () => re2js)
      if (linear === undefined) continue
      count++
      for (const [text, groups] of texts)
        assert.deepEqual(
          dictOf([...names.keys()], linear.find(text)),
          groups,
          JSON.stringify([written, text]),
        )
    }
    assert.ok(count > 100, `${count} patterns`)
  })

  test('takes the fastest engine that is safe', () => {
    const cases: [pattern: string, engine: string][] = [
      ['user (?P<user>\\S+) from (?P<ip>\\S+)', 'v8'],
      ['(?P<n>\\d+) ms', 'v8'],
      ['(?P<n>[+-]?\\d+(?:\\.\\d+)?) ms', 'v8'],
      ['\\s*(?P<name>\\w+)\\s*=\\s*(?P<value>.*)', 'v8'],
      ['\\b(?P<word>\\w+)\\b x', 'v8'],
      ['(?P<a>.*) foo (?P<b>.*)', 'v8'],
      ['(?P<a>.*?) foo (?P<b>.*?) bar', 'v8'],
      ['user=(?P<u>.*?) ip=(?P<ip>.*?) x', 'v8'],
      ['^(?P<a>.*?),(?P<b>.*?),(?P<c>.*?),(?P<d>.*)$', 'v8'],
      ['^(?P<a>.*),(?P<b>.*),(?P<c>.*)$', 're2'],
      ['(?P<a>a+)+$', 're2'],
      // JavaScript forgets the first group in the second iteration.
      ['(?:(?P<a>x)|(?P<b>y))+', 're2'],
      ['(?P<q>["\']).*?(?P=q)', 'v8-unsafe'],
      ['(?P<a>a+)+(?!b)', 'v8-unsafe'],
    ]
    for (const [pattern, engine] of cases) assert.equal(compile(pattern, true).engine, engine, pattern)
  })

  test('refuses what it could not do as Python, or not in linear time', () => {
    const cases: [pattern: string, message: RegExp][] = [
      ['(?P<a>a+)+(?!b)', /look-around than the linear engines take.* could not be proven safe/],
      ['(?P<q>["\']).*?(?P=q)', /back-reference and could not be proven safe/],
      ['(?:(?P<a>a*))*b', /repeating what may be empty/],
      ['(?:(?P<a>a)|b)+(?=c)', /named groups cannot be told/],
      ['(?P<a>a', /unterminated subpattern/],
      ['(?P<a>a)(?P<a>b)', /redefinition of group name 'a'/],
    ]
    for (const [pattern, message] of cases) {
      assert.throws(
        () => compile(pattern),
        (error) => error instanceof PatternError && message.test(error.message),
        pattern,
      )
    }
  })

  test('takes time linear in the text', () => {
    const patterns = [
      '(?P<n>\\d+) ms',
      '(?P<a>\\S+) from (?P<b>\\S+)',
      '(?P<a>.*?) foo (?P<b>.*?) bar',
      'user=(?P<u>.*?) ip=(?P<ip>.*?) x',
      '(?P<a>[^"]*)"(?P<b>[^"]*)"!',
      '\\s*(?P<name>\\w+)\\s*=\\s*(?P<value>.*)',
      '(?P<ip>\\S+) (?P<i>\\S+) \\[(?P<t>[^\\]]+)\\] "(?P<req>.*?)" (?P<st>\\d+)',
      '^(?P<a>.*),(?P<b>.*),(?P<c>.*)x$',
    ]
    const pieces = ['1', 'a ', ' foo ', 'user=', 'user= ip=', '"', ' ', ',', 'x x [] "" ', 'a=', '\n']
    for (const written of patterns) {
      const pattern = compile(written)
      for (const piece of pieces) {
        const text = piece.repeat(Math.ceil(100_000 / piece.length))
        const start = performance.now()
        pattern.find(meter, text)
        const duration = performance.now() - start
        assert.ok(duration < 4000, `${written} on ${JSON.stringify(piece)}: ${duration} ms`)
      }
    }
  })

  test('takes texts that are too long for the stack of JavaScript’s engine', () => {
    const text = `${'ab '.repeat(8_000_000)}x=1`
    assert.deepEqual(find(compile('^(?:\\w+ )*x=(?P<n>\\d)'), text), { n: '1' })
  })
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { commit } from '../../../src/expression/regex/commit.ts'
import { parsePattern } from '../../../src/expression/regex/parse.ts'
import { simplify } from '../../../src/expression/regex/simplify.ts'
import { toJavaScript } from '../../../src/expression/regex/translate.ts'
import { outcomeOf, RECORDED_PATTERNS } from './recording.ts'

function simplified(pattern: string): string {
  return toJavaScript(simplify(parsePattern(pattern).root))
}

function plain(pattern: string): string {
  return toJavaScript(parsePattern(pattern).root)
}

describe('simplify', () => {
  const cases: [pattern: string, same: string][] = [
    ['foo.*', 'foo'],
    ['foo.*?', 'foo'],
    ['foo(?:bar)?', 'foo'],
    ['foo(bar|)', 'foo'],
    ['foo(?:a|b*)', 'foo'],
    ['(foo)(.*)', 'foo'],
    ['a+', 'a'],
    ['(?:a+)+', 'a'],
    ['(?:ab+){3,}', '(?:ab+){2}ab'],
    ['a{3,5}', 'a{2}a'],
    ['x*', ''],
    ['(?:a|.*)', ''],
    ['\\d+(?=px)', '\\d+px'],
    ['\\d+(?=px.*)', '\\d+px'],
    ['(?!x.*)y', '(?!x)y'],
    ['(?=a.*)b', '(?=a)b'],
    ['a(?!b*)', 'a(?!)'],
    ['(?>a+)', 'a'],
    ['a++', 'a'],
    ['a.*$', 'a.*$'],
    ['a\\b.*', 'a\\b'],
    ['(?:get|put|post)x', '(?:get|p(?:ut|ost))x'],
    ['(?:a|a)b', 'ab'],
    ['(?:ab|c|ad)x', '(?:a(?:b|d)|c)x'],
    ['(?:a|ab)c', 'a(?:|b)c'],
    ['((a)|(b))c', '(?:a|b)c'],
  ]

  test('keeps what decides whether a match begins at the start', () => {
    for (const [pattern, same] of cases) {
      assert.equal(simplified(pattern), plain(same), pattern)
    }
  })

  test('leaves groups alone that a back-reference needs', () => {
    assert.equal(simplified('(a*)\\1b'), plain('(a*)\\1b'))
    assert.equal(simplified('(?=(a+))\\1b'), plain('(?=(a+))\\1b'))
    assert.equal(simplified('(a|ab)\\1c'), plain('(a|ab)\\1c'))
  })

  test('keeps the order of alternatives where it matters', () => {
    assert.equal(simplified('(?>ab|c|ad)x'), plain('(?>ab|c|ad)x'))
  })

  test('does not look behind for less', () => {
    assert.equal(simplified('a(?<=.a)b'), plain('a(?<=.a)b'))
    assert.equal(simplified('b(?<=ab|cb)'), plain('b(?<=ab|cb)'))
  })
})

describe('commit', () => {
  function committed(pattern: string): string {
    return toJavaScript(commit(simplify(parsePattern(pattern).root)))
  }

  test('takes the first of several places where a later loop goes over the others', () => {
    const cases: [pattern: string, same: string][] = [
      ['foo.*bar.*baz', '(?>foo.*?bar).*baz'],
      ['.*a.*b.*c', '(?>.*?a)(?>.*?b).*c'],
      ['^.+a.+b', '(?>^.+?a).+b'],
      ['.*.*x', '(?>.*?).*x'],
      ['[ab]*a.*c', '(?>[ab]*?a).*c'],
      ['.*(?:ab|cd).*c', '(?>.*?(?:ab|cd)).*c'],
      ['.*\\bab\\b.*c', '(?>.*?\\bab\\b).*c'],
    ]
    for (const [pattern, same] of cases) assert.equal(committed(pattern), plain(same), pattern)
  })

  test('stays away where the second place may be the right one', () => {
    for (const pattern of [
      '.*a[^b]*c',
      '.*a\\d*b',
      '(?s).*\\n(?-s:.*)b',
      '.*(?:a|bc).*d',
      '.*a?b.*c',
      '(?:a|ab).*c.*d',
      '(.).*(.)\\2.*\\1b',
      '.*(?=a)b.*c',
      '.*(?<=a)b.*c',
    ]) {
      assert.equal(committed(pattern), simplified(pattern), pattern)
    }
  })

  test('changes no outcome', () => {
    let changed = 0
    for (const [pattern, expected] of RECORDED_PATTERNS) {
      const root = simplify(parsePattern(pattern).root)
      const form = commit(root)
      if (form === root) continue
      const source = sourceOf(() => toJavaScript(form))
      if (source === undefined) continue
      if (source !== toJavaScript(root)) changed++
      const regexp = new RegExp(source, 'u')
      assert.equal(
        outcomeOf((subject) => regexp.test(subject)),
        expected,
        pattern,
      )
    }
    assert.ok(changed > 10, `${changed}`)
  })
})

/** Undefined when the pattern cannot be translated. */
function sourceOf(translate: () => string): string | undefined {
  try {
    return translate()
  } catch {
    return undefined
  }
}

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as re2js from 're2js'
import { compilePattern } from '../../../src/expression/regex/engine.ts'
import { parsePattern } from '../../../src/expression/regex/parse.ts'
import { beginsWithLoop, hasTexts, requiredTexts } from '../../../src/expression/regex/required-texts.ts'
import { simplify } from '../../../src/expression/regex/simplify.ts'
import { RECORDED_PATTERNS, RECORDING } from './recording.ts'

const textsOf = (pattern: string) => requiredTexts(simplify(parsePattern(pattern).root))

describe('the texts that a pattern needs', () => {
  for (const [pattern, texts] of [
    ['.*%ASA-(?:\\w+-)?[0-7]-\\d{6}:', ['%ASA-', '-', ':']],
    ['.*\\bdevid="?FG', ['devid=', 'FG']],
    ['.*[ >]filterlog(?:\\[\\d+\\])?[: ]', ['filterlog']],
    ['\\S+ \\S+ [^\\[]+\\[\\d\\d/[A-Z][a-z][a-z]/\\d{4}:', ['[', '/', '/']],
    ['(?:ab)+c', ['ab', 'c']],
    ['a(?=b)b{2}', ['a', 'b', 'b']],
    ['a\\bb', ['ab']],
    ['.*x(?!y)z', ['xz']],
    ['.*(TRAFFIC|THREAT),', ['T', ',']],
    ['.*(one|two)', []],
    ['(?i).*failed', []],
    ['.* {3}', []],
    ['.*(?:x?)+', []],
    ['.*(a)\\1', ['a']],
    ['.*\u{1f600}b', ['\u{1f600}b']],
  ] as const) {
    test(`${pattern} needs ${JSON.stringify(texts)}`, () => assert.deepEqual(textsOf(pattern), texts))
  }

  test('are in each subject that a recorded pattern matches', () => {
    let needed = 0
    for (const [pattern, outcome] of RECORDED_PATTERNS) {
      const texts = textsOf(pattern)
      if (texts.length === 0) continue
      for (const [index, subject] of RECORDING.subjects.entries()) {
        if (outcome[index] === '0') continue
        needed++
        assert.ok(hasTexts(subject, texts), `${pattern} matches ${JSON.stringify(subject)} without ${texts}`)
      }
    }
    assert.ok(needed > 50, `${needed} subjects say something`)
  })

  test('are looked for one behind the other', () => {
    assert.equal(hasTexts('a-b', ['a', 'b']), true)
    assert.equal(hasTexts('b-a', ['a', 'b']), false)
    assert.equal(hasTexts('aba', ['ab', 'ba']), false)
  })

  test('are looked for where an engine goes through the subject first', () => {
    const begins = (pattern: string) => beginsWithLoop(simplify(parsePattern(pattern).root))
    assert.deepEqual(['.*x', '\\b\\w+x', '(?:[^a]*)x', '^ *x'].map(begins), [true, true, true, true])
    assert.deepEqual(['x.*y', '\\d{4}x', 'a|b*c'].map(begins), [false, false, false])
  })

  test('do not change answers, however many subjects have them before one that has not', () => {
    const pattern = compilePattern('.*ab\\d', () => re2js)
    for (let round = 0; round < 600; round++) {
      assert.equal(pattern.matches(`x ab${round % 10}`), true)
      assert.equal(pattern.matches('x abc'), false)
      if (round % 100 === 99) assert.equal(pattern.matches('x a b 1'), false)
    }
    assert.equal(pattern.matches(`${'x'.repeat(200_000)}ab1`), true)
    assert.equal(pattern.matches('x'.repeat(200_000)), false)
  })
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Ranges } from '../../../src/expression/regex/ranges.ts'
import { contains } from '../../../src/expression/regex/ranges.ts'
import { ignoreCase, SPACE, UNICODE } from '../../../src/expression/regex/unicode.ts'
import { isUnassigned } from '../../../src/expression/runtime/text/unassigned.ts'
import { RECORDING } from './recording.ts'

/** Code points about which the two disagree, without those that CPython's Unicode does not have yet. */
function differences(actual: Ranges, expected: Ranges): number[] {
  const found: number[] = []
  for (let codePoint = 0; codePoint <= 0x10ffff; codePoint++) {
    if (contains(actual, codePoint) !== contains(expected, codePoint) && !isUnassigned(codePoint)) {
      found.push(codePoint)
    }
  }
  return found
}

describe("the characters' classes", () => {
  test('are those of CPython', () => {
    assert.deepEqual(differences(UNICODE.word, RECORDING.classes['\\w']), [])
    assert.deepEqual(differences(UNICODE.digit, RECORDING.classes['\\d']), [])
    assert.deepEqual(SPACE, RECORDING.classes['\\s'])
  })

  test("are those of the engine's \\p{...}", () => {
    const word = /^[\p{L}\p{N}_]$/u
    for (let codePoint = 0; codePoint <= 0x10ffff; codePoint += 7) {
      assert.equal(contains(UNICODE.word, codePoint), word.test(String.fromCodePoint(codePoint)))
    }
  })
})

describe('ignoreCase', () => {
  test('takes the characters for the same that CPython does', () => {
    const expected = new Set(RECORDING.cases.map((group) => group.join()))
    const actual = new Set<string>()
    for (const group of UNICODE.cases.values()) {
      const known = group.filter((codePoint) => !isUnassigned(codePoint))
      if (known.length > 1) actual.add(known.join())
    }
    assert.deepEqual(actual, expected)
  })

  test('adds to single characters and to ranges', () => {
    assert.deepEqual(ignoreCase([0x6b, 0x6b], false), [0x4b, 0x4b, 0x6b, 0x6b, 0x212a, 0x212a])
    assert.deepEqual(ignoreCase([0x61, 0x62], false), [0x41, 0x42, 0x61, 0x62])
    assert.deepEqual(ignoreCase([0x31, 0x39], false), [0x31, 0x39])
    assert.deepEqual(ignoreCase([], false), [])
  })

  test('stays in ASCII when told', () => {
    assert.deepEqual(ignoreCase([0x6b, 0x6b], true), [0x4b, 0x4b, 0x6b, 0x6b])
    assert.deepEqual(ignoreCase([0xe9, 0xe9], true), [0xe9, 0xe9])
  })
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Alphabet } from '../../../src/expression/regex/alphabet.ts'
import {
  complement,
  contains,
  EVERYTHING,
  isSubset,
  MAX_CODE_POINT,
  NOTHING,
  toRanges,
} from '../../../src/expression/regex/ranges.ts'

const SMALL = 24

/** Small pairs, so that they overlap and touch often. */
const pairs = fc
  .array(fc.tuple(fc.nat(SMALL), fc.nat(4)), { maxLength: 6 })
  .map((entries) => entries.flatMap(([first, more]) => [first, first + more]))

function members(flat: readonly number[]): Set<number> {
  const found = new Set<number>()
  for (let index = 0; index < flat.length; index += 2) {
    for (let codePoint = flat[index]!; codePoint <= flat[index + 1]!; codePoint++) found.add(codePoint)
  }
  return found
}

describe('ranges', () => {
  test('hold the code points of the pairs, with gaps between them', () => {
    fc.assert(
      fc.property(pairs, (flat) => {
        const ranges = toRanges(flat)
        assert.deepEqual(members(ranges), members(flat))
        for (let index = 2; index < ranges.length; index += 2)
          assert.ok(ranges[index]! > ranges[index - 1]! + 1)
      }),
    )
  })

  test('contain what they hold, and their complement the rest', () => {
    fc.assert(
      fc.property(pairs, fc.nat(SMALL + 8), (flat, codePoint) => {
        const ranges = toRanges(flat)
        assert.equal(contains(ranges, codePoint), members(flat).has(codePoint))
        assert.equal(contains(complement(ranges), codePoint), !members(flat).has(codePoint))
        assert.deepEqual(complement(complement(ranges)), ranges)
      }),
    )
  })

  test('are a subset when all they hold is in the other', () => {
    fc.assert(
      fc.property(pairs, pairs, (one, other) => {
        const outer = members(other)
        assert.equal(
          isSubset(toRanges(one), toRanges(other)),
          [...members(one)].every((n) => outer.has(n)),
        )
      }),
    )
  })

  test('know nothing and everything', () => {
    assert.deepEqual(complement(NOTHING), EVERYTHING)
    assert.deepEqual(complement(EVERYTHING), NOTHING)
    assert.ok(contains(EVERYTHING, MAX_CODE_POINT))
    assert.ok(isSubset(NOTHING, NOTHING))
    assert.deepEqual(complement([MAX_CODE_POINT, MAX_CODE_POINT]), [0, MAX_CODE_POINT - 1])
  })
})

describe('an alphabet', () => {
  test('has one class for characters that are in the same sets', () => {
    fc.assert(
      fc.property(fc.array(pairs, { maxLength: 5 }), (flats) => {
        const sets = flats.map(toRanges)
        const alphabet = new Alphabet(sets)
        const classes = new Map<string, number>()
        for (let codePoint = 0; codePoint < SMALL + 8; codePoint++) {
          const membership = sets.map((ranges) => contains(ranges, codePoint))
          const number = alphabet.classOf(codePoint)
          assert.deepEqual(
            membership,
            alphabet.members.map((set) => set.has(number)),
          )
          const key = membership.join()
          assert.equal(classes.get(key) ?? number, number)
          classes.set(key, number)
        }
        assert.ok(classes.size <= alphabet.size)
      }),
    )
  })

  test('finds the classes of characters beyond Latin-1', () => {
    const alphabet = new Alphabet([
      [0x400, 0x4ff],
      [0x1f600, 0x1f600, 0x10ffff, 0x10ffff],
    ])
    assert.equal(alphabet.size, 3)
    assert.equal(alphabet.classOf(0x410), alphabet.classOf(0x4ff))
    assert.equal(alphabet.classOf(0x1f600), alphabet.classOf(0x10ffff))
    assert.equal(alphabet.classOf(0x1f601), alphabet.classOf(0x61))
  })
})

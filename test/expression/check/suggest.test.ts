import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { suggest } from '../../../src/expression/check/suggest.ts'

const FUNCTIONS = ['lower', 'upper', 'strip', 'split', 'match', 'replace', 'cond', 'lookup', 'is_ip']

describe('suggest', () => {
  const close: [name: string, expected: string][] = [
    ['lowr', 'lower'],
    ['lowwer', 'lower'],
    ['lowre', 'lower'],
    ['lawer', 'lower'],
    ['olwer', 'lower'],
    ['spilt', 'split'],
    ['stripp', 'strip'],
    ['isip', 'is_ip'],
    ['LOWER', 'lower'],
    ['Is_IP', 'is_ip'],
    ['con', 'cond'],
  ]
  for (const [name, expected] of close) {
    test(`'${name}' means '${expected}'`, () => assert.equal(suggest(name, FUNCTIONS), expected))
  }

  test('three edits are too many', () => {
    assert.equal(suggest('lo', FUNCTIONS), undefined)
    assert.equal(suggest('xxwer', ['lower']), 'lower')
    assert.equal(suggest('xxxer', ['lower']), undefined)
  })

  test('as many edits as the name has letters are no likeness', () => {
    assert.equal(suggest('ab', ['cd']), undefined)
    assert.equal(suggest('a', ['b']), undefined)
    assert.equal(suggest('a', ['ab']), undefined)
    assert.equal(suggest('ab', ['ac']), 'ac')
    assert.equal(suggest('', ['a']), undefined)
  })

  test('the nearest wins, of equally near ones the first', () => {
    assert.equal(suggest('abcd', ['abxy', 'abcx']), 'abcx')
    assert.equal(suggest('abcd', ['abcx', 'abcy']), 'abcx')
  })

  test('an edit between swapped letters is allowed: ca and abc are 2 apart', () => {
    assert.equal(suggest('xca', ['xabc']), 'xabc')
  })

  test('the name itself is no suggestion', () => {
    assert.equal(suggest('lower', ['lower']), undefined)
  })

  test('letters beyond the basic plane count as one', () => {
    assert.equal(suggest('😀😀', ['😀😁']), '😀😁')
    assert.equal(suggest('😀', ['😁']), undefined)
  })

  test('names that no one types are not compared', () => {
    assert.equal(suggest('x'.repeat(101), ['x'.repeat(100)]), undefined)
  })

  test('a suggestion is at most two edits away, whatever the names', () => {
    const name = fc.string({ maxLength: 6, unit: fc.constantFrom('a', 'b', 'c') })
    fc.assert(
      fc.property(name, fc.array(name, { maxLength: 4 }), (wanted, candidates) => {
        const found = suggest(wanted, candidates)
        const distances = candidates
          .filter((candidate) => candidate !== wanted)
          .map((to) => distance(wanted, to))
        const nearest = Math.min(...distances)
        if (nearest <= 2 && nearest < wanted.length) assert.equal(distance(wanted, found!), nearest)
        else assert.equal(found, undefined)
      }),
    )
  })
})

/** The definition: the fewest edits, by trying all texts that are one edit away, breadth first. */
function distance(from: string, to: string): number {
  let texts = new Set([from])
  for (let edits = 0; edits <= 2; edits++) {
    if (texts.has(to)) return edits
    texts = new Set([...texts].flatMap(oneEdit))
  }
  return Number.POSITIVE_INFINITY
}

function oneEdit(text: string): string[] {
  const edited: string[] = []
  for (let i = 0; i <= text.length; i++) {
    const [before, after] = [text.slice(0, i), text.slice(i)]
    if (after !== '') edited.push(before + after.slice(1))
    if (after.length > 1) edited.push(before + after[1] + after[0] + after.slice(2))
    for (const letter of 'abc') {
      edited.push(before + letter + after)
      if (after !== '') edited.push(before + letter + after.slice(1))
    }
  }
  return edited
}

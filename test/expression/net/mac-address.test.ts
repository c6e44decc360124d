import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { standardMac } from '../../../src/expression/net/mac-address.ts'

const FORMS: [groups: number, separators: string[]][] = [
  [2, [':', '-']],
  [3, [':', '-', '.']],
  [4, ['.', '-']],
  [12, ['']],
]

function written(digits: string, group: number, separator: string): string {
  return digits.match(new RegExp(`.{${group}}`, 'g'))!.join(separator)
}

test('an address comes out the same in whatever form it is written', () => {
  const digit = fc.constantFrom(...'0123456789abcdefABCDEF')
  fc.assert(
    fc.property(fc.array(digit, { minLength: 12, maxLength: 12 }), (characters) => {
      const digits = characters.join('')
      const standard = written(digits.toUpperCase(), 2, ':')
      for (const [group, separators] of FORMS) {
        for (const separator of separators)
          assert.equal(standardMac(written(digits, group, separator)), standard)
      }
    }),
  )
})

test('a separator that a form does not have makes it invalid', () => {
  for (const [group, separators] of FORMS) {
    for (const separator of [':', '-', '.', ' ', '_', '']) {
      if (separators.includes(separator)) continue
      if (group === 12 || separator === '') continue
      assert.equal(standardMac(written('0123456789ab', group, separator)), undefined, `${group} ${separator}`)
    }
  }
})

test('octets may lack their leading zeros', () => {
  const octet = fc.integer({ min: 0, max: 255 })
  fc.assert(
    fc.property(
      fc.tuple(octet, octet, octet, octet, octet, octet),
      fc.constantFrom(':', '-'),
      fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
      (octets, separator, padded) => {
        const text = octets
          .map((value, index) => value.toString(16).padStart(padded[index]! ? 2 : 1, '0'))
          .join(separator)
        const standard = octets.map((value) => value.toString(16).padStart(2, '0').toUpperCase()).join(':')
        assert.equal(standardMac(text), standard, text)
      },
    ),
  )
})

test('octets without leading zeros stand between equal separators, and are six', () => {
  for (const text of [
    '1:2:3:4:5',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5-6',
    '1.2.3.4.5.6',
    ':1:2:3:4:5:',
    '1:2:3:4::6',
  ])
    assert.equal(standardMac(text), undefined, text)
})

test('one wrong character makes any form invalid', () => {
  for (const [group, separators] of FORMS) {
    const text = written('0123456789ab', group, separators[0]!)
    for (let index = 0; index < text.length; index++) {
      for (const wrong of ['g', ' ', '\n', '/', '@', '`', '\uff11', '\u0661']) {
        assert.equal(standardMac(text.slice(0, index) + wrong + text.slice(index + 1)), undefined)
      }
    }
  }
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { joinMessages, pieces } from '../../src/batches/joined-messages.ts'
import { NODE_CODING } from '../../src/formats/node-coding.ts'
import { propertyRuns } from '../property-runs.ts'

const join = (...values: (string | null)[]) =>
  joinMessages(
    values.map((value) => (value === null ? null : Buffer.from(value))),
    NODE_CODING,
  )

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8')

describe('joinMessages', () => {
  it('makes a line of each message that is not empty, and knows which one it is', () => {
    const { bytes, indexes, ends, empty } = join('{"a":1}', null, '{"a":\n2\n}', ' \t\r\n', '', 'x')
    assert.equal(textOf(bytes), '{"a":1}\n{"a": 2 }\nx\n')
    assert.deepEqual(indexes, [0, 2, 5])
    assert.deepEqual(ends, [8, 18, 20])
    assert.equal(empty, 3)
  })

  it('leaves out a byte order mark', () => {
    const { bytes, empty } = join('\ufeff{"a":1}', '\ufeff', '\ufeff \n')
    assert.equal(textOf(bytes), '{"a":1}\n')
    assert.equal(empty, 2)
  })

  it('joins nothing', () => {
    const { bytes, indexes, empty } = join(null, null)
    assert.equal(bytes.length, 0)
    assert.deepEqual(indexes, [])
    assert.equal(empty, 2)
    assert.deepEqual([...pieces({ bytes, ends: [] }, 10)], [])
  })

  it('does not change the values', () => {
    const value = Buffer.from('a\nb')
    joinMessages([value], NODE_CODING)
    assert.equal(value.toString(), 'a\nb')
  })
})

describe('pieces', () => {
  it('are all lines, in order, each of a whole number of them', () => {
    const value = fc
      .array(fc.constantFrom('a', 'bc', '\n', ' ', '{'), { maxLength: 12 })
      .map((parts) => parts.join(''))
    fc.assert(
      fc.property(fc.array(value, { maxLength: 30 }), fc.integer({ min: 1, max: 40 }), (values, size) => {
        const joined = join(...values)
        let at = 0
        let lines = 0
        for (const { start, end, linesBefore } of pieces(joined, size)) {
          assert.equal(start, at)
          assert.equal(linesBefore, lines)
          assert.equal(joined.bytes[end - 1], 0x0a)
          lines += textOf(joined.bytes.subarray(start, end)).split('\n').length - 1
          at = end
        }
        assert.equal(at, joined.bytes.length)
        assert.equal(lines, joined.indexes.length)
      }),
      { numRuns: propertyRuns(300) },
    )
  })
})

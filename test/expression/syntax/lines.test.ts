import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Lines } from '../../../src/expression/syntax/lines.ts'

describe('Lines', () => {
  test('LF, CRLF and CR end a line', () => {
    const lines = new Lines('a\nbb\r\nc\r\rd')
    assert.equal(lines.count, 5)
    assert.deepEqual(
      [1, 2, 3, 4, 5, 6].map((line) => lines.line(line)),
      ['a', 'bb', 'c', '', 'd', ''],
    )
  })

  test('a line feed at the end begins an empty line', () => {
    const lines = new Lines('a\n')
    assert.equal(lines.count, 2)
    assert.deepEqual(lines.placeAt(2), { line: 2, column: 1 })
  })

  test('an empty text has one line', () => {
    assert.deepEqual(new Lines('').placeAt(0), { line: 1, column: 1 })
  })

  test('a byte order mark takes no column', () => {
    const lines = new Lines('\ufeffab')
    assert.equal(lines.text, 'ab')
    assert.deepEqual(lines.placeAt(1), { line: 1, column: 2 })
  })

  test('columns count code points', () => {
    const lines = new Lines('a😀b\n😀😀c')
    assert.deepEqual(lines.placeAt(1), { line: 1, column: 2 })
    assert.deepEqual(lines.placeAt(2), { line: 1, column: 2 })
    assert.deepEqual(lines.placeAt(3), { line: 1, column: 3 })
    assert.deepEqual(lines.placeAt(9), { line: 2, column: 3 })
  })

  test('a lone surrogate takes a column', () => {
    assert.deepEqual(new Lines('\ud83dx').placeAt(1), { line: 1, column: 2 })
  })

  test('the place of every offset is where splitting the text finds it', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '\n', '\r', '\r\n', '😀', 'é'), maxLength: 12 })
    fc.assert(
      fc.property(text, (written) => {
        const lines = new Lines(written)
        const split = written.split(/\r\n|\n|\r/)
        assert.deepEqual(
          split.map((_, index) => lines.line(index + 1)),
          split,
        )
        for (let offset = 0; offset <= written.length; offset++) {
          const before = written.slice(0, offset)
          if (/[\ud800-\udbff]$/.test(before) || (before.endsWith('\r') && written[offset] === '\n')) continue
          const whole = before.split(/\r\n|\n|\r/)
          const column = [...whole.at(-1)!].length + 1
          assert.deepEqual(lines.placeAt(offset), { line: whole.length, column })
        }
      }),
    )
  })
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { toUtc } from '../../../src/expression/functions/to-utc.ts'
import { hostWith, outcomeOf } from './calling.ts'

const { implementation } = toUtc
assert.ok(implementation.kind === 'prepared')
const convert = implementation.prepare({}, hostWith({}))
const read = (text: string): unknown => outcomeOf((context) => convert(context, text)).value

test('instants are those of Date', () => {
  const two = (value: number): string => String(value).padStart(2, '0')
  const date = fc.date({ min: new Date('0002-01-01'), max: new Date('9998-12-31'), noInvalidDate: true })
  fc.assert(
    fc.property(date, fc.integer({ min: -1439, max: 1439 }), (instant, minutes) => {
      const local = new Date(instant.getTime() + minutes * 60_000).toISOString().slice(0, -1)
      const size = Math.abs(minutes)
      const text = `${local}${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`
      const expected = instant.toISOString().replace('.000Z', 'Z')
      assert.equal(read(text), expected, text)
      assert.equal(read(expected), expected)
    }),
  )
})

test('fractions, offsets with seconds, and the ends of the calendar', () => {
  assert.equal(read('2024-01-01T00:00:00.123456789012+01:00'), '2023-12-31T23:00:00.123456789Z')
  assert.equal(read('2024-01-01T00:00:00+00:00:00.5'), '2023-12-31T23:59:59.500Z')
  assert.equal(read('2024-01-01T00:00:00.25-00:00:00.5'), '2024-01-01T00:00:00.750Z')
  assert.equal(read('2024-01-01T00:00:00.75-00:00:00.5'), '2024-01-01T00:00:01.250Z')
  assert.equal(read('0001-01-01T00:00:00+00:01'), undefined)
  assert.equal(read('9999-12-31T23:59:59-00:01'), undefined)
  assert.equal(read('2024-01-01T00:00+01'), '2023-12-31T23:00:00Z')
})

test('times without offset are no instants', () => {
  for (const text of [
    '',
    '2024-01-01',
    '2024-01-01T00:00:00',
    '2024-02-30T00:00:00Z',
    '20240101T000000Z',
    ' 2024-01-01T00:00:00Z',
  ])
    assert.equal(read(text), undefined, text)
})

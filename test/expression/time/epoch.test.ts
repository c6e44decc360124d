import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fromEpoch, toEpoch } from '../../../src/expression/time/epoch.ts'
import { parseIso8601 } from '../../../src/expression/time/iso8601.ts'
import { Moment } from '../../../src/expression/time/moment.ts'
import { printMoment } from '../../../src/expression/time/print.ts'

interface Recording {
  readonly toEpoch: readonly (readonly [text: string, seconds: number])[]
  readonly fromEpoch: readonly (readonly [seconds: number, text: string | null])[]
}

const recording: Recording = JSON.parse(
  readFileSync(new URL('../../cpython/time.json', import.meta.url), 'utf8'),
)

function epoch(text: string): number {
  const moment = new Moment()
  assert.ok(parseIso8601(text, moment), text)
  return toEpoch(moment, text)
}

function timestamp(seconds: number): string | null {
  const moment = fromEpoch(seconds)
  return moment === undefined ? null : printMoment(moment)
}

describe('seconds since the epoch', () => {
  it('are the float nearest to the exact number, with any number of digits', () => {
    assert.ok(recording.toEpoch.length > 1000)
    for (const [text, expected] of recording.toEpoch) assert.equal(epoch(text), expected, text)
  })

  it('count every digit of a very long fraction', () => {
    // Half way between two floats, and a little above it.
    const half = '00000011920928955078125'
    const zeros = '0'.repeat(100_000)
    assert.equal(epoch(`2024-03-17T22:15:30.${half}${zeros}Z`), 1710713730)
    assert.equal(epoch(`2024-03-17T22:15:30.${half}${zeros}1Z`), 1710713730.0000002)
    assert.ok(epoch(`1969-12-31T23:59:59.${'9'.repeat(100_000)}Z`) === 0)
  })

  it('are never minus zero', () => {
    assert.ok(Object.is(epoch('1970-01-01T00:00:00Z'), 0))
    assert.ok(Object.is(epoch('1970-01-01T03:00:00+03:00'), 0))
    assert.ok(Object.is(epoch('1970-01-01T00:00:00.0000000Z'), 0))
  })
})

describe('a moment from seconds', () => {
  it('is what CPython makes of them, also when it rounds', () => {
    assert.ok(recording.fromEpoch.length > 500)
    for (const [seconds, expected] of recording.fromEpoch) {
      assert.equal(timestamp(seconds), expected, String(seconds))
    }
  })
})

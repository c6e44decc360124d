import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { RejectedEvent } from '../src/event.ts'
import { mergeRejected, rejectedRecord } from '../src/event.ts'

const rejection = {
  code: 'FIELD_MISSING',
  message: 'source.ip: field src_ip is absent',
  rule: 'source.ip',
} as const

describe('rejectedRecord', () => {
  it('has the members in the order of the documentation', () => {
    assert.equal(
      rejectedRecord('events.jsonl', { line: 17, ordinal: 3, rejection, raw: '{"a": "ü\\u0000"}' }),
      '{"line":17,"source":"events.jsonl","rule":"source.ip","code":"FIELD_MISSING",' +
        '"message":"source.ip: field src_ip is absent","raw":"{\\"a\\": \\"ü\\\\u0000\\"}"}',
    )
  })

  it('leaves the rule out where none was at fault', () => {
    const event: RejectedEvent = {
      line: 1,
      ordinal: 0,
      rejection: { code: 'JSON_INVALID', message: 'm' },
      raw: 'x',
    }
    assert.equal(
      rejectedRecord('-', event),
      '{"line":1,"source":"-","code":"JSON_INVALID","message":"m","raw":"x"}',
    )
  })

  it('writes bytes as base64 and says when it is not all', () => {
    const raw = new Uint8Array([9, 0xff, 0xfe, 9]).subarray(1, 3)
    const event: RejectedEvent = { line: 1, ordinal: 0, rejection, raw, truncated: true }
    assert.deepEqual(JSON.parse(rejectedRecord('-', event)), {
      line: 1,
      source: '-',
      ...rejection,
      raw_base64: '//4=',
      raw_truncated: true,
    })
  })
})

describe('mergeRejected', () => {
  it('puts two lists in the order of the input', () => {
    const events = [0, 1, 2, 3, 4].map((ordinal): RejectedEvent => ({ line: 1, ordinal, rejection, raw: '' }))
    const pick = (...ordinals: number[]) => ordinals.map((ordinal) => events[ordinal]!)
    assert.deepEqual(mergeRejected(pick(0, 3), pick(1, 2, 4)), events)
    assert.deepEqual(mergeRejected([], pick(1)), pick(1))
    assert.deepEqual(mergeRejected(pick(1), []), pick(1))
  })
})

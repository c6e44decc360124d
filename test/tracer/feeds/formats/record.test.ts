import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { wireContext } from '../../../../src/tracer/context.ts'
import {
  type FeedRecord,
  type FeedValue,
  recordContext,
} from '../../../../src/tracer/feeds/formats/record.ts'
import { contextText, flattenContext } from '../../../../src/tracer/protocol.ts'
import { propertyRuns } from '../../../property-runs.ts'

function recordOf(fields: Record<string, FeedValue>): FeedRecord {
  return new Map(Object.entries(fields))
}

test('fields stay in the order of the file, also those with numbers for names', () => {
  const record = new Map<string, FeedValue>([
    ['url', 'a.example'],
    ['10', 'ten'],
    [
      '2',
      new Map([
        ['b', 'x'],
        ['1', 'y'],
      ]),
    ],
    ['__proto__', 'own'],
  ])
  assert.equal(recordContext(record), '|url=a.example|10=ten|2.b=x|2.1=y|__proto__=own')
})

test('null is empty, booleans are words, empty fields stay', () => {
  const context = recordContext(recordOf({ a: null, b: true, c: false, d: '' }))
  assert.equal(context, '|a=\u0001|b=\u0001true|c=\u0001false|d=')
  assert.equal(wireContext(context), '|a=|b=true|c=false|d=')
})

test('lists of scalars are joined, other lists are numbered', () => {
  const record = recordOf({
    geo: ['de', 'fr', null, true],
    empty: [],
    files: [recordOf({ MD5: 'x' }), recordOf({ MD5: 'y', names: ['p', 'q'] })],
    mixed: ['a', ['b', 'c'], recordOf({})],
  })
  assert.equal(
    recordContext(record),
    '|geo=de,fr,,true|empty=|files[0].MD5=x|files[1].MD5=y|files[1].names=p,q|mixed[0]=a|mixed[1]=b,c|mixed[2]=',
  )
})

test('what would break a line of the wire becomes a space', () => {
  assert.equal(recordContext(recordOf({ 'a|b\n': 'c\r\nd|e\rf' })), '|a b =c d e f')
})

/** The object of a record, for objects can hold what has no integer-like names. */
function plain(value: FeedValue): unknown {
  if (value instanceof Map)
    return Object.fromEntries(Array.from(value, ([key, member]) => [key, plain(member)]))
  return Array.isArray(value) ? value.map(plain) : value
}

test('a context is what the context of an object is', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'é', '|', '\r', '\n', '=', ',', ' '), maxLength: 5 })
  const name = text.map((characters) => `n${characters}`)
  const { record } = fc.letrec<{ value: FeedValue; record: FeedRecord }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      text,
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 4 }),
      tie('record'),
    ),
    record: fc.array(fc.tuple(name, tie('value')), { maxLength: 4 }).map((fields) => new Map(fields)),
  }))
  fc.assert(
    fc.property(record, (fields) => {
      assert.equal(wireContext(recordContext(fields)), contextText(flattenContext(plain(fields))))
    }),
    { numRuns: propertyRuns(1000) },
  )
})

/** `--input-format json --pick PATH`, on every way from bytes to output. */
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ValueSplitter } from '../../src/formats/values.ts'
import { compileRules } from '../../src/rules/compile.ts'
import { byAllWays, type Made, recordsOf } from '../batches/ways.ts'
import { propertyRuns } from '../property-runs.ts'
import { chunksOf, cutAt, cutBytes, eachByte, splitAll } from '../stages/splitting.ts'

const RAW = compileRules('raw: line.raw\n')
const JSON_INPUT = { inputFormat: 'json' } as const

function made(text: string, pick: string): Made {
  const bytes = Buffer.from(text)
  const options = { ...JSON_INPUT, pick }
  const whole = byAllWays(RAW, options, [bytes])
  for (const chunks of [eachByte(bytes), cutAt(bytes, [1, 2, 5, 9])]) {
    assert.deepEqual(byAllWays(RAW, options, chunks), whole)
  }
  return whole
}

/** The texts of the events. */
function picked(text: string, pick: string): string[] {
  const { output, rejected, unread } = made(text, pick)
  assert.deepEqual([rejected, unread], [0, undefined])
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line).raw)
}

describe('json input with pick', () => {
  it('takes the elements of the list in each document', () => {
    assert.deepEqual(picked('{"Records":[{"a":1.0},\n {"b":"]"}]}', 'Records'), ['{"a":1.0}', '{"b":"]"}'])
    assert.deepEqual(
      picked('\ufeff{"n":1,"r":[{}]}{"r":[]}\n{"x":[{"r":[{"no":1}]}],"r":[{"c":3}],"y":{}}', 'r'),
      ['{}', '{"c":3}'],
    )
    assert.deepEqual(picked('[{"r":[{"a":1}]},{"r":[{"a":2}]}]', 'r'), ['{"a":1}', '{"a":2}'])
  })

  it('follows a path through objects, and through names that have its dots', () => {
    const documents =
      '{"logs":{"count":2,"items":[{"a":1}]}} {"logs.items":[{"a":2}]} {"logs":{"x":{"items":[{"no":1}]},"items":[{"a":3}]}}'
    assert.deepEqual(picked(documents, 'logs.items'), ['{"a":1}', '{"a":2}', '{"a":3}'])
    assert.deepEqual(picked('{"a":{"b.c":{"d":[{"n":1}]}},"a.b":{"c.d":[{"n":2}]}}', 'a.b.c.d'), [
      '{"n":1}',
      '{"n":2}',
    ])
  })

  it('reads names as JSON has them', () => {
    assert.deepEqual(picked('{"\\u0052ecord\\u0073":[{"a":1}]}', 'Records'), ['{"a":1}'])
    assert.deepEqual(picked('{"gr\u00fcn":[{"a":1}]} {"gr\\u00fcn":[{"a":2}]}', 'gr\u00fcn'), [
      '{"a":1}',
      '{"a":2}',
    ])
    assert.deepEqual(picked('{"s":"\\\\","t":"{\\"r\\":[","r":[{"a":1}]}', 'r'), ['{"a":1}'])
    assert.deepEqual(picked('{"__proto__":{"constructor":[{"a":1}]}}', '__proto__.constructor'), ['{"a":1}'])
  })

  it('rejects a document without the list, and goes on', () => {
    const { output, errors, unread } = made(
      '{"other":[1]}\n{"r":{"a":1}} {"r":null}\n{"r":5}{"r":"[]"} [{"r":true}, {"r":[{"ok":1}]}, 7]\n{}',
      'r',
    )
    assert.equal(output, '{"raw":"{\\"ok\\":1}"}\n')
    assert.equal(unread, undefined)
    assert.equal(
      errors,
      [
        '{"line":1,"source":"input","code":"FIELD_MISSING","message":"the document has no list r","raw":"{\\"other\\":[1]}"}',
        '{"line":2,"source":"input","code":"TYPE_ERROR","message":"r of the document is an object, not a list","raw":"{\\"r\\":{\\"a\\":1}}"}',
        '{"line":2,"source":"input","code":"TYPE_ERROR","message":"r of the document is null, not a list","raw":"{\\"r\\":null}"}',
        '{"line":3,"source":"input","code":"TYPE_ERROR","message":"r of the document is a number, not a list","raw":"{\\"r\\":5}"}',
        '{"line":3,"source":"input","code":"TYPE_ERROR","message":"r of the document is a string, not a list","raw":"{\\"r\\":\\"[]\\"}"}',
        '{"line":3,"source":"input","code":"TYPE_ERROR","message":"r of the document is a boolean, not a list","raw":"{\\"r\\":true}"}',
        '{"line":3,"source":"input","code":"JSON_NOT_OBJECT","message":"an event is a JSON object, not a number","raw":"7"}',
        '{"line":4,"source":"input","code":"FIELD_MISSING","message":"the document has no list r","raw":"{}"}',
        '',
      ].join('\n'),
    )
  })

  it('loses one event to a bad one, and nothing to what is bad beside the list', () => {
    const result = made(
      '{"x":NaN,"y" 01,,"r":[{"a":NaN},{"a":1} {"a":2},,{"a":3}],"z":[1,,2} }\n{"r":[{"a":4}]}',
      'r',
    )
    assert.equal(result.output, '{"raw":"{\\"a\\":1}"}\n{"raw":"{\\"a\\":3}"}\n{"raw":"{\\"a\\":4}"}\n')
    assert.deepEqual(
      recordsOf(result).map(({ message, raw }) => [message, raw]),
      [
        ['not valid JSON: expected a value at character 6, not "N"', '{"a":NaN}'],
        ['not valid JSON: expected "," or "]" after an element of the list r', '{"a":2}'],
        ['not valid JSON: expected a value, not ","', ''],
      ],
    )
  })

  it('tells where the input ends inside a document', () => {
    const ends: readonly (readonly [text: string, message: string, bytes: number, raw: string])[] = [
      [
        '{"a":"x',
        'the input ends inside a document, after 7 bytes of it and before its list r',
        7,
        '{"a":"x',
      ],
      ['{"r":[{"a":1}]', 'the input ends inside a document, behind its list r', 0, ''],
      ['{"r":[{"a":1},', 'the input ends inside the list r', 0, ''],
      ['{"r":[{"a":1},{"b', 'the input ends inside this value, after 3 bytes of it', 3, '{"b'],
      ['{"r":[{"a":1}}]}', '"}" closes nothing; 3 bytes from there on are not read', 3, '}]}'],
    ]
    for (const [text, message, bytes, raw] of ends) {
      const result = made(text, 'r')
      const [record] = recordsOf(result)
      assert.deepEqual([record?.message, record?.raw, result.rejected], [message, raw, 1], text)
      assert.equal(result.unread?.bytes, bytes, text)
    }
  })

  it('holds neither the document nor what stands before its list', () => {
    const before = process.memoryUsage().arrayBuffers
    const splitter = new ValueSplitter(1000, undefined, { pick: 'r' })
    splitter.push(Buffer.from(`{"${'k'.repeat(1_000_000)}":1,"x":"`))
    for (let index = 0; index < 500; index++) splitter.push(Buffer.alloc(65_536, '{[x]}'))
    splitter.push(Buffer.from('","r":['))
    let events = 0
    for (let index = 0; index < 100; index++)
      events += splitter.push(Buffer.alloc(63_000, '{"a": 1},')).events.length
    assert.equal(events, 100 * 7000)
    assert.ok(process.memoryUsage().arrayBuffers - before < 40_000_000, 'memory is bounded')
  })

  it('keeps the beginning of a long document that has no list', () => {
    const text = `{"x":"${'ü'.repeat(100_000)}"}`
    const [found, ...others] = splitAll(
      new ValueSplitter(1000, undefined, { pick: 'r' }),
      chunksOf(Buffer.from(text), 1000),
    )
    assert.ok(found !== undefined && 'raw' in found && typeof found.raw === 'string')
    assert.deepEqual([found.rejection.code, found.truncated, others.length], ['FIELD_MISSING', true, 0])
    assert.equal(Buffer.byteLength(found.raw), 65_536)
  })

  it('finds what JSON.parse finds, wherever the bytes are cut', () => {
    const key = fc.constantFrom('r', 'a', 'a.r', 'q"', '\u00fc', '__proto__')
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom<unknown>(null, true, 1.5, '', '"r":[', '}{', '\\'),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.array(fc.tuple(key, tie('value')), { maxLength: 3 }).map((entries) => objectOf(entries)),
      ),
    }))
    const documents = fc.array(
      fc.tuple(fc.array(fc.tuple(key, value), { maxLength: 4 }), fc.boolean()).map(([entries, isSpaced]) => {
        const document = objectOf(entries)
        return { document, text: JSON.stringify(document, null, isSpaced ? 2 : undefined) }
      }),
      { maxLength: 4 },
    )
    fc.assert(
      fc.property(
        documents,
        fc.constantFrom('r', 'a.r'),
        fc.constantFrom('\n', ''),
        fc.infiniteStream(fc.nat()),
        (list, pick, between, places) => {
          const text = list.map((each) => each.text).join(between)
          const bytes = Buffer.from(text)
          const cuts = [...places.take(8)].map((place) => place % (bytes.length + 1))
          const expected = list.flatMap(({ document }) => listsAt(document, pick).flat())
          for (const chunks of [[bytes], cutAt(bytes, cuts), eachByte(bytes)]) {
            const found = splitAll(new ValueSplitter(1000, undefined, { pick }), chunks)
            const events = found.flatMap((event) => ('text' in event ? [JSON.parse(event.text)] : []))
            assert.deepEqual(events, expected)
            const without = list.filter(({ document }) => listsAt(document, pick).length === 0)
            assert.equal(found.length - events.length, without.length)
          }
        },
      ),
      { numRuns: propertyRuns(600) },
    )
  })

  it('makes the same of damaged documents on every way, wherever they are cut', () => {
    const part = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '"r"',
      '"a"',
      ':',
      ',',
      '1',
      '"',
      '\\',
      '\n',
      '{"r":[',
      '{"a":1}',
      'x',
      ']}',
    )
    const bytes = fc.array(part, { maxLength: 20 }).map((parts) => Buffer.from(parts.join('')))
    const options = { ...JSON_INPUT, pick: 'r', maxLineBytes: 8 }
    fc.assert(
      fc.property(cutBytes(bytes), ([whole, chunks]) => {
        const expected = byAllWays(RAW, options, [whole])
        assert.deepEqual(byAllWays(RAW, options, chunks), expected)
        assert.deepEqual(byAllWays(RAW, options, eachByte(whole)), expected)
      }),
      { numRuns: propertyRuns(400) },
    )
  })
})

function objectOf(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  const object: Record<string, unknown> = {}
  for (const [name, member] of entries) {
    Object.defineProperty(object, name, {
      value: member,
      enumerable: true,
      configurable: true,
      writable: true,
    })
  }
  return object
}

/** All lists that a path leads to, in the order of the document. */
function listsAt(object: Record<string, unknown>, path: string): unknown[][] {
  return Object.entries(object).flatMap(([name, member]) => {
    if (name === path) return Array.isArray(member) ? [member] : []
    const leadsOn = path.startsWith(`${name}.`) && typeof member === 'object' && member !== null
    if (!leadsOn || Array.isArray(member)) return []
    return listsAt(member as Record<string, unknown>, path.slice(name.length + 1))
  })
}

import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { jsonParser } from 'stream-json/core/parser.js'
import { streamArray } from 'stream-json/core/streamers/stream-array.js'
import { streamValues } from 'stream-json/core/streamers/stream-values.js'
import type { EventText, RejectedEvent } from '../../src/event.ts'
import { ValueSplitter } from '../../src/formats/values.ts'
import { propertyRuns } from '../property-runs.ts'
import { cutBytes, eachByte, type Found, splitAll } from '../stages/splitting.ts'

const MIB = 1 << 20

function split(text: string | Buffer, maxEventBytes = MIB): Found[] {
  return splitAll(new ValueSplitter(maxEventBytes), [Buffer.from(text as string)])
}

function texts(text: string): string[] {
  return split(text).map((event) => (event as EventText).text)
}

/** The last of what is found, which is a rejected event, and what could not be read. */
function endOf(text: string): {
  found: Pick<RejectedEvent, 'line' | 'raw'> & { message: string }
  unread: unknown
} {
  const splitter = new ValueSplitter(MIB)
  const { line, rejection, raw } = splitAll(splitter, [Buffer.from(text)]).at(-1) as RejectedEvent
  assert.equal(rejection.code, 'JSON_INVALID')
  return { found: { line, message: rejection.message, raw }, unread: splitter.unread }
}

function notSeparated(raw: string): [message: string, raw: string] {
  return ['expected "," or "]" after an element of the top-level array', raw]
}

describe('ValueSplitter', () => {
  it('finds one document', () => {
    assert.deepEqual(split('{"a": [1, {"b": "}"}]}'), [
      { line: 1, ordinal: 0, text: '{"a": [1, {"b": "}"}]}' },
    ])
  })

  it('finds the elements of a top-level array, each with its line and its exact text', () => {
    const text = '[\n  {"a": 1},\n\n  {\n    "b": [ 1.0 , "]" ]\n  }, {"c":\n3}\n]\n'
    assert.deepEqual(split(text), [
      { line: 2, ordinal: 0, text: '{"a": 1}' },
      { line: 4, ordinal: 1, text: '{\n    "b": [ 1.0 , "]" ]\n  }' },
      { line: 6, ordinal: 2, text: '{"c":\n3}' },
    ])
  })

  it('finds values that follow each other, also without blanks and also behind arrays', () => {
    assert.deepEqual(texts('{"a":1} {"b":2}\n{"c":3}{"d":4}[{"e":5},{"f":6}][]\r\n\t{"g":7}'), [
      ...['{"a":1}', '{"b":2}', '{"c":3}', '{"d":4}', '{"e":5}', '{"f":6}', '{"g":7}'],
    ])
  })

  it('finds what is no object as well', () => {
    assert.deepEqual(texts('[1,-2.50,"a]",[2,[3]],true,null,{}]"x" 3 false{}'), [
      ...['1', '-2.50', '"a]"', '[2,[3]]', 'true', 'null', '{}', '"x"', '3', 'false', '{}'],
    ])
  })

  it('has nothing to say about empty input and empty arrays', () => {
    for (const text of ['', ' \r\n\t', '[]', '[ ]', '\ufeff', '\ufeff[\n]\n', '[][]'])
      assert.deepEqual(split(text), [])
  })

  it('skips a byte order mark at the beginning', () => {
    assert.deepEqual(texts('\ufeff{"a":1}'), ['{"a":1}'])
    assert.deepEqual(texts('\ufeff[{"a":1}]'), ['{"a":1}'])
  })

  it('is not misled by quotes, escapes and brackets inside strings', () => {
    const values = [
      '{"a":"\\""}',
      '{"a":"\\\\"}',
      '{"a":"\\\\\\"}"}',
      '{"a":"[{,"}',
      '{"\\"{":"\\u0022}"}',
      '"\\\\"',
      '"\\"]"',
    ]
    assert.deepEqual(texts(`[${values.join(',')}]`), values)
    assert.deepEqual(texts(values.join('\n')), values)
  })

  it('gives what is no value as one, for the parser to refuse', () => {
    assert.deepEqual(texts('[{"a":1},NaN,{"a":2},undefined]'), ['{"a":1}', 'NaN', '{"a":2}', 'undefined'])
    assert.deepEqual(texts('{}\nhello w\u00f6rld{}\ufeff{}\n'), [
      '{}',
      'hello',
      'w\u00f6rld',
      '{}',
      '\ufeff',
      '{}',
    ])
    const bad = ['{"a":NaN}', '{"a":01}', '{"a":"\t"}', '{"a":"\\x"}', '{"a":1,}', '{"a"}', '{]', '{"a":[1}}']
    assert.deepEqual(texts(`[${bad.join(',')}]`), bad)
    assert.deepEqual(texts(bad.join('')), bad)
  })

  it('refuses what is wrong between values, and goes on behind it', () => {
    const cases: readonly (readonly [
      text: string,
      found: readonly (string | [message: string, raw: string])[],
    ])[] = [
      [
        '[{"a":1} {"b":2}, 3]',
        ['{"a":1}', ['expected "," or "]" after an element of the top-level array', '{"b":2}'], '3'],
      ],
      ['[1[2]"3"x,4]', ['1', ...['[2]', '"3"', 'x'].map(notSeparated), '4']],
      ['[1,]2', ['1', ['expected a value, not "]"', ''], '2']],
      ['[,1,,2]', [['expected a value, not ","', ''], '1', ['expected a value, not ","', ''], '2']],
      ['[1:2]', ['1', ['expected a value, not ":"', ':'], '2']],
      ['[:1]', [['expected a value, not ":"', ':'], '1']],
      ['{"a":1},{"b":2}', ['{"a":1}', ['expected a value, not ","', ','], '{"b":2}']],
      ['1:2', ['1', ['expected a value, not ":"', ':'], '2']],
    ]
    for (const [text, expected] of cases) {
      for (const chunks of [[Buffer.from(text)], eachByte(Buffer.from(text))]) {
        const splitter = new ValueSplitter(MIB)
        const found = splitAll(splitter, chunks).map((event) =>
          'text' in event ? event.text : [event.rejection.message.replace('not valid JSON: ', ''), event.raw],
        )
        assert.deepEqual(found, expected, text)
        assert.equal(splitter.unread, undefined)
      }
    }
  })

  it('counts the lines inside strings, where none may end', () => {
    for (const text of ['[{"a":"\n"},\n{"b\n\\\n":1},[]]', '"\n"\n{"\n\\\n"} 7']) {
      for (const chunks of [[Buffer.from(text)], eachByte(Buffer.from(text))]) {
        assert.deepEqual(
          splitAll(new ValueSplitter(MIB), chunks).map(({ line }) => line),
          [1, 3, 5],
        )
      }
    }
  })

  it('ends at a bracket that closes nothing, with the rest as one rejected event', () => {
    const cases: readonly (readonly [text: string, line: number, problem: string, raw: string])[] = [
      ['{}\n}\n{}', 2, '"}" closes nothing', '}\n{}'],
      ['[{"a":1}},{"b":2}]', 1, '"}" closes nothing', '},{"b":2}]'],
      ['[{"a":1}]\n]', 2, '"]" closes nothing', ']'],
      ['[{"a":1},}]', 1, '"}" closes nothing', '}]'],
    ]
    for (const [text, line, problem, raw] of cases) {
      const bytes = raw.length
      const { found, unread } = endOf(text)
      assert.deepEqual(found, {
        line,
        message: `${problem}; ${bytes} bytes from there on are not read`,
        raw,
      })
      assert.deepEqual(unread, { line, problem, bytes })
    }
  })

  it('makes one rejected event of what the input ends in the midst of', () => {
    const cases: readonly (readonly [text: string, line: number, raw: string])[] = [
      ['[{"a":1},\n{"b":[{}]', 2, '{"b":[{}]'],
      ['{} {"a":"b', 1, '{"a":"b'],
      ['{} "a\\', 1, '"a\\'],
      ['[\n12', 2, '12'],
      ['[{"a":"x},{"b":1},\n{"c":2}]', 1, '{"a":"x},{"b":1},\n{"c":2}]'],
      ['{"a":[{"b":1}\n{"c":2}', 1, '{"a":[{"b":1}\n{"c":2}'],
    ]
    for (const [text, line, raw] of cases) {
      const bytes = raw.length
      const { found, unread } = endOf(text)
      assert.deepEqual(found, {
        line,
        message: `the input ends inside this value, after ${bytes} bytes of it`,
        raw,
      })
      assert.deepEqual(unread, { line, problem: 'the input ends inside a value', bytes })
    }
    for (const text of ['\n[', '[{}\n', '[\n{},']) {
      const { found, unread } = endOf(text)
      const problem = 'the input ends inside the top-level array'
      assert.deepEqual(found, { line: 2, message: problem, raw: '' })
      assert.deepEqual(unread, { line: 2, problem, bytes: 0 })
    }
    assert.deepEqual(texts('{} tru'), ['{}', 'tru'])
    assert.deepEqual(texts('{} 12'), ['{}', '12'])
  })

  it('keeps the bytes of such a rest that is not UTF-8', () => {
    const last = split(Buffer.from([0x7b, 0x7d, 0x7d, 0xff, 0xfe, 0x7b])).at(-1) as RejectedEvent
    assert.deepEqual(last.raw, new Uint8Array([0x7d, 0xff, 0xfe, 0x7b]))
  })

  it('keeps 64 KiB of such a rest', () => {
    const rest = `}${'x'.repeat(100_000)}`
    for (const chunks of [[rest], [rest.slice(0, 10), rest.slice(10, 65536), rest.slice(65536)]]) {
      const splitter = new ValueSplitter(MIB)
      const results = splitAll(
        splitter,
        ['{}', ...chunks].map((chunk) => Buffer.from(chunk)),
      )
      assert.equal(results.length, 2)
      const last = results[1] as RejectedEvent
      assert.equal(last.rejection.message, '"}" closes nothing; nothing after it is read')
      assert.equal(last.raw, rest.slice(0, 65536))
      assert.equal(last.truncated, true)
      assert.equal(splitter.unread?.bytes, rest.length)
    }
  })

  it('rejects an event that is not UTF-8, and no other', () => {
    const input = Buffer.concat([
      Buffer.from('[{"a":"ä"},{"b":"'),
      Buffer.of(0xc3),
      Buffer.from('"},{"c":"ü"}]'),
    ])
    for (const chunks of [[input], eachByte(input)]) {
      const [first, second, third] = splitAll(new ValueSplitter(MIB), chunks) as [
        EventText,
        RejectedEvent,
        EventText,
      ]
      assert.equal(first.text, '{"a":"ä"}')
      assert.equal(second.rejection.code, 'UTF8_INVALID')
      assert.deepEqual(Buffer.from(second.raw as Uint8Array).toString('latin1'), '{"b":"\u00c3"}')
      assert.equal(third.text, '{"c":"ü"}')
    }
  })

  it('rejects an event that is longer than allowed, and goes on behind it', () => {
    const input = Buffer.from('[{"a":"12345678"},{"a":"123456789"},{"b":1}]')
    for (const chunks of [[input], eachByte(input)]) {
      const results = splitAll(new ValueSplitter(16), chunks)
      assert.equal((results[0] as EventText).text, '{"a":"12345678"}')
      const long = results[1] as RejectedEvent
      assert.equal(long.rejection.code, 'LINE_TOO_LONG')
      assert.equal(long.raw, '{"a":"123456789"}')
      assert.equal(long.truncated, true)
      assert.equal((results[2] as EventText).text, '{"b":1}')
    }
  })

  it('skips an event without end, and brackets without end, in bounded memory', () => {
    for (const byte of ['x', '[', ' ']) {
      const splitter = new ValueSplitter(1000)
      splitter.push(Buffer.from(byte === 'x' ? '{"a":"' : '{"a":'))
      const chunk = Buffer.alloc(MIB, byte)
      splitter.push(chunk)
      const before = process.memoryUsage().arrayBuffers
      for (let count = 0; count < 20; count++) splitter.push(chunk)
      assert.ok(process.memoryUsage().arrayBuffers - before < 10 * MIB)
      const { rejected } = splitter.end()
      assert.equal(rejected.length, 1)
      assert.equal(rejected[0]!.rejection.code, 'JSON_INVALID')
      assert.equal(rejected[0]!.truncated, true)
      assert.equal((rejected[0]!.raw as string).length, 65536)
      assert.equal(splitter.unread!.bytes, 21 * MIB + (byte === 'x' ? 6 : 5))
    }
  })

  it('gives a value as soon as it has come, be it the shortest at the beginning', () => {
    const splitter = new ValueSplitter(MIB)
    assert.equal(splitter.push(Buffer.from('{}')).events.length, 1)
    for (const [bytes, count] of [
      ['[NaN', 0],
      [',', 1],
      ['{"a":01}', 1],
      [' 7', 0],
      [' ', 1],
      [',{', 0],
      ['}', 1],
    ] as const) {
      const { events, rejected } = splitter.push(Buffer.from(bytes))
      assert.equal(events.length + rejected.length, count, bytes)
    }
  })

  const blank = fc.constantFrom('', '', ' ', '\n', '\r\n', '\t')
  const scalar = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.integer(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
  )
  const value = fc.oneof(
    fc.jsonValue({ noUnicodeString: false }).map((json) => JSON.stringify(json)),
    fc.dictionary(fc.string({ unit: 'grapheme' }), scalar).map((json) => JSON.stringify(json, undefined, 1)),
  )

  it('finds the elements that stream-json finds', () => {
    const document = fc.array(
      fc.tuple(blank, value, blank).map((parts) => parts.join('')),
      { maxLength: 6 },
    )
    fc.assert(
      fc.property(document, (items) => {
        const text = `[${items.join(',')}]`
        assert.deepEqual(
          texts(text).map((item) => JSON.parse(item)),
          streamed(text, streamArray(), {}),
        )
      }),
      { numRuns: propertyRuns(1000) },
    )
  })

  it('finds the values that stream-json finds', () => {
    const objects = value.filter((text) => text.startsWith('{'))
    fc.assert(
      fc.property(fc.array(fc.tuple(blank, objects, blank), { maxLength: 6 }), (items) => {
        const text = items.flat().join('')
        const expected = streamed(text, streamValues(), { jsonStreaming: true })
        assert.deepEqual(
          texts(text).map((item) => JSON.parse(item)),
          expected,
        )
      }),
      { numRuns: propertyRuns(1000) },
    )
  })

  it('gives the same events however the input is cut, whatever it is', () => {
    const junk = fc
      .constantFrom('', '', ',', ']', '[', '"', '{', '}', '\\', '\n', 'ü', '\ufeff', 'tru', '12')
      .map((text) => Buffer.from(text))
    const bad = fc.constantFrom([0xff], [0xc3]).map((bytes) => Buffer.from(bytes))
    const part = fc.oneof(
      { weight: 4, arbitrary: fc.tuple(value, blank).map((parts) => Buffer.from(parts.join(''))) },
      { weight: 4, arbitrary: fc.constantFrom(',', '[', ']', ' ').map((text) => Buffer.from(text)) },
      { weight: 1, arbitrary: fc.oneof(junk, bad) },
    )
    const bytes = fc.array(part, { maxLength: 12 }).map((parts) => Buffer.concat(parts))
    fc.assert(
      fc.property(cutBytes(bytes), fc.integer({ min: 1, max: 60 }), ([whole, chunks], maxEventBytes) => {
        const expected = splitAll(new ValueSplitter(maxEventBytes), [whole])
        assert.deepEqual(splitAll(new ValueSplitter(maxEventBytes), chunks), expected)
        assert.deepEqual(splitAll(new ValueSplitter(maxEventBytes), eachByte(whole)), expected)
      }),
      { numRuns: propertyRuns(3000) },
    )
  })
})

/** The values that stream-json reads from a text. */
function streamed(
  text: string,
  streamer: (token: never) => unknown,
  options: { jsonStreaming?: boolean },
): unknown[] {
  const parse = jsonParser(options) as (chunk: string) => unknown
  const tokens = many(parse(text))
  return tokens
    .flatMap((token) => many(streamer(token as never)))
    .map((item) => (item as { value: unknown }).value)
}

/** stream-chain's way to return any number of values: one, a list of them in an object, or a symbol for none. */
function many(result: unknown): unknown[] {
  if (typeof result === 'symbol' || result === undefined || result === null) return []
  const { values } = result as { values?: unknown[] }
  return Array.isArray(values) ? values : [result]
}

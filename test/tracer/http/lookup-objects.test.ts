import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { HttpError } from '../../../src/http/body.ts'
import { ArrayReader, LinesReader, type LookupObject } from '../../../src/tracer/http/lookup-objects.ts'
import { propertyRuns } from '../../property-runs.ts'

const MAX = 1000

/** All objects of a body that comes in these chunks. */
function read(chunks: readonly Buffer[], isLines = false, maxBytes = MAX): LookupObject[] {
  const reader = isLines ? new LinesReader(maxBytes) : new ArrayReader(maxBytes)
  return [...chunks.flatMap((chunk) => reader.push(chunk)), ...reader.end()]
}

/** The status and the message of the fault in a body; the same wherever it is cut. */
function fault(text: string | Buffer, isLines = false, maxBytes = MAX): string {
  const body = Buffer.from(text)
  const outcome = (chunks: readonly Buffer[]): string => {
    try {
      return `none: ${JSON.stringify(read(chunks, isLines, maxBytes))}`
    } catch (error) {
      return `${(error as HttpError).status} ${(error as HttpError).message}`
    }
  }
  const whole = outcome([body])
  const bytes = Array.from(body, (byte) => Buffer.of(byte))
  assert.equal(outcome(bytes), whole, 'cut at every byte')
  return whole
}

const BODY =
  ' [ {"object": "http:\\/\\/example.com/a,b]}\\"\\\\"} ,\n\t{"object":"пример.рф","more":[{"a":[1,"]"]},{}]},{"object":""}]\r\n'
const OBJECTS = [
  {
    object: 'http://example.com/a,b]}"\\',
    indicator: { type: 'url', value: 'http://example.com/a,b]}"\\' },
  },
  { object: 'пример.рф', indicator: { type: 'url', value: 'пример.рф' } },
  { object: '', indicator: { type: 'url', value: '' } },
]

describe('an array of objects', () => {
  it('is read the same wherever it is cut', () => {
    const body = Buffer.from(BODY)
    assert.deepEqual(read([body]), OBJECTS)
    assert.deepEqual(read(Array.from(body, (byte) => Buffer.of(byte))), OBJECTS)
    for (let at = 0; at <= body.length; at++)
      assert.deepEqual(read([body.subarray(0, at), body.subarray(at)]), OBJECTS, `cut at ${at}`)
  })

  it('has the type of each value guessed, unless one of ours is given', () => {
    const types = (body: unknown[]) =>
      read([Buffer.from(JSON.stringify(body))]).map(({ indicator }) => `${indicator.type} ${indicator.value}`)
    assert.deepEqual(
      types([{ object: ' 192.0.2.1 ' }, { object: '2001:db8::1' }, { object: 'a'.repeat(64) }]),
      ['ip 192.0.2.1', 'ip 2001:db8::1', `hash ${'a'.repeat(64)}`],
    )
    assert.deepEqual(
      types([
        { object: '192.0.2.1', type: 'url' },
        { object: 'x', type: 'constructor' },
      ]),
      ['url 192.0.2.1', 'url x'],
    )
  })

  it('takes no member from a prototype', () => {
    const place = 'element 1, at byte 1, has no "object" that is a text'
    assert.equal(fault('[{"__proto__":{"object":"a"}}]'), `400 ${place}`)
    assert.equal(fault('[{"constructor":"a"}]'), `400 ${place}`)
    assert.equal(Object.hasOwn(Object.prototype, 'object'), false)
  })

  it('is refused with the place of its fault', () => {
    const cases: [body: string | Buffer, message: string][] = [
      ['', 'the body is empty: send [{"object": "example.com"}]'],
      [' \n', 'the body is empty: send [{"object": "example.com"}]'],
      ['{"object":"a"}', 'the body is no array, at byte 0: send [{"object": "example.com"}]'],
      ['  null', 'the body is no array, at byte 2: send [{"object": "example.com"}]'],
      ['[]', 'the array is empty: send [{"object": "example.com"}]'],
      ['[ \n ]', 'the array is empty: send [{"object": "example.com"}]'],
      ['[', 'the body ends within element 1: it is not whole'],
      ['[{"object":"a"},{"obj', 'the body ends within element 2: it is not whole'],
      ['[{"object":"a"}', 'the body ends within element 1: it is not whole'],
      ['[{"object":"a"},]', 'element 2, at byte 16, is no JSON'],
      ['[,{"object":"a"}]', 'element 1, at byte 1, is no JSON'],
      ['[{"object":"a"},,{"object":"b"}]', 'element 2, at byte 16, is no JSON'],
      ['[{"object":"a"}, {"object":a}, {"object":"b"}]', 'element 2, at byte 17, is no JSON'],
      ['[{"object":"a"} {"object":"b"}]', 'element 1, at byte 1, is no JSON'],
      ['[{"object":"a"}] x', 'there is something behind the array, at byte 17'],
      ['[{"object":"a"}][', 'there is something behind the array, at byte 16'],
      ['[{"object":"a"}}', 'the array ends with }, at byte 15: it is no JSON'],
      ['[{"object":"a"]}]', 'the array ends with }, at byte 15: it is no JSON'],
      ['[{"object":"a"}, 7]', 'element 2, at byte 17, has no "object" that is a text'],
      ['[null]', 'element 1, at byte 1, has no "object" that is a text'],
      ['["object"]', 'element 1, at byte 1, has no "object" that is a text'],
      ['[[{"object":"a"}]]', 'element 1, at byte 1, has no "object" that is a text'],
      ['[{"object":7}]', 'element 1, at byte 1, has no "object" that is a text'],
      ['[{"object":"a"},{"Object":"b"}]', 'element 2, at byte 16, has no "object" that is a text'],
      ['[{"object":"a\nb"}]', 'element 1, at byte 1, is no JSON'],
      [Buffer.from('[{"object":"a"},{"object":"\xff"}]', 'latin1'), 'element 2, at byte 16, is not UTF-8'],
    ]
    for (const [body, message] of cases) assert.equal(fault(body), `400 ${message}`, String(body))
  })

  it('may have no element that is too long, and as many others as there are', () => {
    const element = JSON.stringify({ object: 'a'.repeat(80) })
    assert.equal(read([Buffer.from(`[${element},${element}]`)], false, element.length).length, 2)
    const message = `413 an element has more than ${element.length - 1} bytes, at byte 1 of the body`
    assert.equal(fault(`[${element},${element}]`, false, element.length - 1), message)
    assert.equal(
      fault(`[${'['.repeat(2000)}`),
      `413 an element has more than ${MAX} bytes, at byte 1 of the body`,
    )
    const nested = Buffer.from(`[{"object":"a","b":${'['.repeat(30_000)}${']'.repeat(30_000)}}]`)
    assert.equal(read([nested], false, 100_000).length, 1)
  })

  it('is what JSON.parse makes of it, for any texts and any cuts', () => {
    const objects = fc.array(
      fc.record({ object: fc.string({ unit: 'grapheme' }), more: fc.jsonValue({ maxDepth: 2 }) }),
      { minLength: 1, maxLength: 8 },
    )
    const property = fc.property(
      objects,
      fc.array(fc.nat(400)),
      fc.constantFrom(0, 1),
      (asked, cuts, indent) => {
        const body = Buffer.from(JSON.stringify(asked, undefined, indent))
        const places = [...new Set([0, ...cuts.filter((cut) => cut < body.length)])].sort((a, b) => a - b)
        const chunks = places.map((from, i) => body.subarray(from, places[i + 1]))
        const given = read(chunks, false, 1e6).map(({ object }) => object)
        assert.deepEqual(
          given,
          asked.map(({ object }) => object),
        )
      },
    )
    fc.assert(property, { numRuns: propertyRuns(500) })
  })
})

describe('objects, one a line', () => {
  it('are read the same wherever they are cut, with or without a last line end', () => {
    const body = Buffer.from('\n{"object":"a"}\r\n  \n{"object":"б","more":[1]}')
    const expected = ['a', 'б']
    for (let at = 0; at <= body.length; at++) {
      const found = read([body.subarray(0, at), body.subarray(at)], true).map(({ object }) => object)
      assert.deepEqual(found, expected, `cut at ${at}`)
    }
    assert.equal(read([Buffer.from('{"object":"a"}\n')], true).length, 1)
  })

  it('are refused with the line of their fault', () => {
    const cases: [body: string | Buffer, message: string][] = [
      ['', '400 the body is empty: send a line such as {"object": "example.com"}'],
      ['\n\n', '400 the body is empty: send a line such as {"object": "example.com"}'],
      ['{"object":"a"}\n\n{"object"', '400 line 3 is no JSON'],
      ['{"object":"a"},{"object":"b"}\n', '400 line 1 is no JSON'],
      ['{"object":"a"}\n["object"]\n', '400 line 2 has no "object" that is a text'],
      [Buffer.from('{"object":"\xff"}', 'latin1'), '400 line 1 is not UTF-8'],
      [`{"object":"a"}\n{"object":"${'a'.repeat(MAX)}"}\n`, `413 line 2 has more than ${MAX} bytes`],
    ]
    for (const [body, message] of cases) assert.equal(fault(body, true), message, String(body))
  })
})

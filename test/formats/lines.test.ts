import assert from 'node:assert/strict'
import { Buffer, isUtf8 } from 'node:buffer'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { EventText, RejectedEvent } from '../../src/event.ts'
import { LineSplitter } from '../../src/formats/lines.ts'
import { propertyRuns } from '../property-runs.ts'
import { chunksOf, cutBytes, eachByte, type Found, splitAll } from '../stages/splitting.ts'

const MIB = 1 << 20

function split(text: string | Buffer, maxLineBytes = MIB): Found[] {
  return splitAll(new LineSplitter(maxLineBytes), [Buffer.from(text as string)])
}

/** The lines, found in another way: one byte at a time, no batches. */
function reference(bytes: Buffer, maxLineBytes: number): Found[] {
  const results: Found[] = []
  let line = 0
  for (let start = 0; start < bytes.length; ) {
    const lf = bytes.indexOf(10, start)
    let content = bytes.subarray(start, lf === -1 ? bytes.length : lf)
    start += content.length + 1
    if (++line === 1 && content.subarray(0, 3).equals(Buffer.from('\ufeff'))) content = content.subarray(3)
    if (content.at(-1) === 13) content = content.subarray(0, -1)
    const place = { line, ordinal: results.length }
    if (content.length > maxLineBytes) {
      const message = `the event is longer than ${maxLineBytes} bytes`
      const raw = isUtf8(content) ? content.toString() : new Uint8Array(content)
      results.push({ ...place, rejection: { code: 'LINE_TOO_LONG', message }, raw, truncated: true })
    } else if (!isUtf8(content)) {
      const rejection = { code: 'UTF8_INVALID', message: 'the bytes are not valid UTF-8' } as const
      results.push({ ...place, rejection, raw: new Uint8Array(content) })
    } else if (/[^ \t\r]/.test(content.toString())) {
      results.push({ ...place, text: content.toString() })
    }
  }
  return results
}

describe('LineSplitter', () => {
  it('gives each line its number, blank lines counted', () => {
    assert.deepEqual(split('a\n\n \t\r\nb\r\n\r\r\n\nc'), [
      { line: 1, ordinal: 0, text: 'a' },
      { line: 4, ordinal: 1, text: 'b' },
      { line: 7, ordinal: 2, text: 'c' },
    ])
  })

  it('keeps what is not a line end: a lone CR, blanks around, other line breaks of Unicode', () => {
    const texts = split(' a\rb \n\u2028c\u0085\n\u000b\nd\r\r\n').map((event) => (event as EventText).text)
    assert.deepEqual(texts, [' a\rb ', '\u2028c\u0085', '\u000b', 'd\r'])
  })

  it('skips a byte order mark at the beginning and nowhere else', () => {
    const texts = split('\ufeff{}\n\ufeff{}\n').map((event) => (event as EventText).text)
    assert.deepEqual(texts, ['{}', '\ufeff{}'])
    assert.deepEqual(
      split('\ufeff\n\ufeff').map((event) => event.line),
      [2],
    )
    assert.deepEqual(split('\ufeff \r\n'), [])
    assert.deepEqual(
      split('\n\ufeff').map((event) => event.line),
      [2],
    )
  })

  it('has nothing to say about empty input', () => {
    for (const text of ['', '\n', '\n\n', ' ', '\ufeff', '\r\n \r\n']) assert.deepEqual(split(text), [])
  })

  it('decodes lines of any script, next to lines of ASCII', () => {
    const lines = [
      'ascii',
      'Größe',
      'Привет',
      'ascii',
      '日本語',
      '😀',
      'ascii',
      '\u00a0',
      '\u00ff',
      'x\u0000y',
    ]
    const texts = split(lines.join('\n')).map((event) => (event as EventText).text)
    assert.deepEqual(texts, lines)
  })

  it('rejects a line that is not UTF-8 with its bytes, and no other line', () => {
    const bad = [
      [0xff],
      [0xc3],
      [0xc3, 0x28],
      [0xed, 0xa0, 0x80],
      [0xf5, 0x80, 0x80, 0x80],
      [0xc0, 0xaf],
      [0x80],
    ]
    for (const bytes of bad) {
      const input = Buffer.concat([Buffer.from('ä\n{'), Buffer.from(bytes), Buffer.from('}\r\nü\n')])
      const [first, second, third] = split(input) as [EventText, RejectedEvent, EventText]
      assert.equal(first.text, 'ä')
      assert.equal(second.rejection.code, 'UTF8_INVALID')
      assert.deepEqual(second.raw, new Uint8Array([0x7b, ...bytes, 0x7d]))
      assert.deepEqual([second.line, second.ordinal], [2, 1])
      assert.equal(third.text, 'ü')
    }
  })

  it('rejects a line that is longer than allowed: line ends and byte order mark do not count', () => {
    for (const chunks of [(b: Buffer) => [b], eachByte]) {
      for (const end of ['\n', '\r\n', '']) {
        const input = Buffer.from(`\ufeff${'a'.repeat(10)}${end || '\n'}${'b'.repeat(11)}${end}`)
        const [first, second] = splitAll(new LineSplitter(10), chunks(input)) as [EventText, RejectedEvent]
        assert.equal(first.text, 'a'.repeat(10))
        assert.equal(second.rejection.code, 'LINE_TOO_LONG')
        assert.equal(second.rejection.message, 'the event is longer than 10 bytes')
        assert.equal(second.raw, 'b'.repeat(11))
        assert.equal(second.truncated, true)
      }
    }
  })

  it('keeps the first 64 KiB of such a line, whole characters only', () => {
    for (const shift of [0, 1, 2, 3]) {
      const line = `${'x'.repeat(shift)}${'😀'.repeat(20_000)}`
      const input = Buffer.from(`${line}\nnext\n`)
      for (const size of [input.length, 1000, 65536, 65537]) {
        const [long, next] = splitAll(new LineSplitter(100), chunksOf(input, size)) as [
          RejectedEvent,
          EventText,
        ]
        const kept = Math.floor((65536 - shift) / 4)
        assert.equal(long.raw, `${'x'.repeat(shift)}${'😀'.repeat(kept)}`)
        assert.deepEqual(next, { line: 2, ordinal: 1, text: 'next' })
      }
    }
  })

  it('keeps the first 64 KiB as bytes when they are not UTF-8', () => {
    const line = Buffer.alloc(70_000, 0xfe)
    const [long] = split(line, 100) as [RejectedEvent]
    assert.deepEqual(long.raw, new Uint8Array(line.subarray(0, 65536)))
  })

  it('skips a line without end in bounded memory', () => {
    const splitter = new LineSplitter(1000)
    const chunk = Buffer.alloc(MIB, 'x')
    splitter.push(chunk)
    const before = process.memoryUsage()
    for (let count = 0; count < 30; count++) splitter.push(chunk)
    const after = process.memoryUsage()
    assert.ok(after.arrayBuffers - before.arrayBuffers < 10 * MIB)
    const { rejected } = splitter.end()
    assert.equal((rejected[0]!.raw as string).length, 65536)
  })

  it('reads a long line that comes in small pieces in time that grows with its length', () => {
    const splitter = new LineSplitter(16 * MIB)
    const piece = Buffer.from('abcdefgh')
    const start = performance.now()
    for (let count = 0; count < 500_000; count++) splitter.push(piece)
    assert.equal(splitter.push(Buffer.from('\n')).events[0]!.text.length, 4_000_000)
    assert.ok(performance.now() - start < 5000)
  })

  it('gives the same lines however the input is cut, and the same as a plain description of them', () => {
    const part = fc.oneof(
      fc
        .constantFrom('a', '{"a":1}', ' ', '\t', 'ü', '日本', '😀', '\u00a0')
        .map((text) => Buffer.from(text)),
      fc.constantFrom('\n', '\n', '\n', '\r\n', '\r', '\ufeff').map((text) => Buffer.from(text)),
      fc
        .constantFrom([0xff], [0xc3], [0xe2, 0x82], [0xef, 0xbb], [0xf0, 0x9f, 0x98])
        .map((bytes) => Buffer.from(bytes)),
    )
    const bytes = fc.array(part, { maxLength: 30 }).map((parts) => Buffer.concat(parts))
    fc.assert(
      fc.property(cutBytes(bytes), fc.integer({ min: 1, max: 12 }), ([whole, chunks], maxLineBytes) => {
        const expected = reference(whole, maxLineBytes)
        assert.deepEqual(splitAll(new LineSplitter(maxLineBytes), [whole]), expected)
        assert.deepEqual(splitAll(new LineSplitter(maxLineBytes), chunks), expected)
        assert.deepEqual(splitAll(new LineSplitter(maxLineBytes), eachByte(whole)), expected)
      }),
      { numRuns: propertyRuns(3000) },
    )
  })

  it('takes plain Uint8Arrays, also views of a larger buffer', () => {
    const whole = new TextEncoder().encode('xx{"a":"ü"}\nyy')
    const view = new Uint8Array(whole.buffer, 2, whole.length - 4)
    assert.deepEqual(splitAll(new LineSplitter(MIB), [view]), [{ line: 1, ordinal: 0, text: '{"a":"ü"}' }])
  })
})

/** `--encoding` and `--invalid-utf8`, with every format and on every way from bytes to output. */
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { InputOptions } from '../../src/formats/input-options.ts'
import { inputSettings } from '../../src/formats/input-options.ts'
import { Transcoder } from '../../src/formats/transcoder.ts'
import { compileRules } from '../../src/rules/compile.ts'
import { byAllWays, type Made, recordsOf } from '../batches/ways.ts'
import { propertyRuns } from '../property-runs.ts'
import { cutAt, cutBytes, eachByte } from '../stages/splitting.ts'

const RULES = compileRules('v: data\nraw: line.raw\n')

/** The same text in each format, and an event's value of it. */
const FORMATS: readonly (readonly [InputOptions, (value: string) => string])[] = [
  [{ inputFormat: 'jsonl' }, (value) => `{"message":"${value}"}\n`],
  [{ inputFormat: 'json' }, (value) => `[{"message":"${value}"}]`],
  [{ inputFormat: 'json', pick: 'r' }, (value) => `{"r":[{"message":"${value}"}]}`],
  [{ inputFormat: 'text' }, (value) => `${value}\n`],
  [{ inputFormat: 'csv' }, (value) => `message\n"${value}"\n`],
]

function made(bytes: Buffer, options: InputOptions): Made {
  const whole = byAllWays(RULES, options, [bytes])
  for (const chunks of [eachByte(bytes), cutAt(bytes, [1, 2, 3, 7, 11])]) {
    assert.deepEqual(byAllWays(RULES, options, chunks), whole)
  }
  return whole
}

function messages({ output }: Made): unknown[] {
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line).v.message)
}

const utf16be = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16()

describe('the encoding of the input', () => {
  for (const [options, written] of FORMATS) {
    const name = `${options.inputFormat}${options.pick === undefined ? '' : ', pick'}`
    it(`may be another one than UTF-8: ${name}`, () => {
      const value = 'caf\u00e9'
      const encodings: readonly (readonly [string, Buffer])[] = [
        ['latin1', Buffer.from(written(value), 'latin1')],
        ['utf-16le', Buffer.from(written(value), 'utf16le')],
        ['UTF-16LE', Buffer.from(`\ufeff${written(value)}`, 'utf16le')],
        ['utf-16be', utf16be(`\ufeff${written(value)}`)],
        ['utf8', Buffer.from(`\ufeff${written(value)}`)],
      ]
      for (const [encoding, bytes] of encodings) {
        const result = made(bytes, { ...options, encoding })
        assert.deepEqual([messages(result), result.rejected, result.replaced], [[value], 0, 0], encoding)
      }
      const russian = Buffer.from([0xcf, 0xf0, 0xe8, 0xe2, 0xe5, 0xf2])
      const [before, after] = written('|').split('|')
      const bytes = Buffer.concat([Buffer.from(before!), russian, Buffer.from(after!)])
      assert.deepEqual(messages(made(bytes, { ...options, encoding: 'windows-1251' })), [
        '\u041f\u0440\u0438\u0432\u0435\u0442',
      ])
      // The second byte of this character is a backslash, and that of the other one a bracket.
      const japanese = Buffer.from([0x95, 0x5c, 0x83, 0x7b])
      const shifted = Buffer.concat([Buffer.from(before!), japanese, Buffer.from(after!)])
      assert.deepEqual(messages(made(shifted, { ...options, encoding: 'shift_jis' })), ['\u8868\u30dc'])
    })

    it(`replaces bytes that are not UTF-8, and counts the events: ${name}`, () => {
      const [before, after] = written('|').split('|')
      const bytes = Buffer.concat([
        Buffer.from(before!),
        Buffer.from([0x61, 0xff, 0xe2, 0x82, 0x62]),
        Buffer.from(after!),
      ])
      const replaced = made(bytes, { ...options, invalidUtf8: 'replace' })
      assert.deepEqual([messages(replaced), replaced.rejected, replaced.replaced], [['a\ufffd\ufffdb'], 0, 1])
      const rejected = made(bytes, options)
      assert.deepEqual([rejected.written, rejected.rejected, rejected.replaced], [0, 1, 0])
      assert.match(
        rejected.errors,
        /"code":"UTF8_INVALID","message":"the bytes are not valid UTF-8","raw_base64":"/,
      )
      const good = made(Buffer.from(written('\ufffd')), { ...options, invalidUtf8: 'replace' })
      assert.deepEqual([messages(good), good.replaced], [['\ufffd'], 0])
    })

    it(`rejects or replaces bytes that do not fit another encoding: ${name}`, () => {
      const lone = Buffer.from(written('a\ud800b'), 'utf16le')
      const utf16 = { ...options, encoding: 'utf-16le' }
      const rejected = made(lone, utf16)
      const [record] = recordsOf(rejected)
      assert.deepEqual([record?.code, record?.message], ['UTF8_INVALID', 'the bytes are not valid utf-16le'])
      assert.match(record?.raw ?? '', /a\ufffdb/)
      assert.deepEqual([rejected.written, rejected.rejected], [0, 1])
      const replaced = made(lone, { ...utf16, invalidUtf8: 'replace' })
      assert.deepEqual([messages(replaced), replaced.rejected, replaced.replaced], [['a\ufffdb'], 0, 1])
      // A U+FFFD in UTF-16 is a character.
      const good = made(Buffer.from(written('\ufffd'), 'utf16le'), utf16)
      assert.deepEqual([messages(good), good.rejected, good.replaced], [['\ufffd'], 0, 0])
    })
  }

  it('goes on behind an event that does not fit', () => {
    const bytes = Buffer.concat([Buffer.from('one\n'), Buffer.from([0x81, 0x0a]), Buffer.from('three\n')])
    const result = made(bytes, { inputFormat: 'text', encoding: 'windows-1253' })
    assert.deepEqual(messages(result), ['one', '\u0081', 'three'])
    const greek = Buffer.concat([Buffer.from('one\n'), Buffer.from([0xd2, 0x0a]), Buffer.from('three\n')])
    const rejected = made(greek, { inputFormat: 'text', encoding: 'windows-1253' })
    assert.deepEqual(messages(rejected), ['one', 'three'])
    assert.deepEqual(
      recordsOf(rejected).map(({ line, raw }) => [line, raw]),
      [[2, '\ufffd']],
    )
  })

  it('is decoded as TextDecoder decodes it, wherever the bytes are cut', () => {
    const piece = fc.oneof(
      fc
        .constantFrom('a', '\u00e9', '\ufffd', '\u{1f600}', '\ud800', '\udc00', '\ufeff')
        .map((text) => Buffer.from(text, 'utf16le')),
      fc.uint8Array({ maxLength: 3 }).map((bytes) => Buffer.from(bytes)),
      fc
        .constantFrom([0x81, 0x30, 0x81], [0x8f, 0xa2], [0x1b, 0x24, 0x42], [0x0a], [0x81, 0x0a])
        .map((bytes) => Buffer.from(bytes)),
    )
    const bytes = fc
      .tuple(fc.array(piece, { maxLength: 12 }), fc.constantFrom(0, 4090, 9000))
      .map(([parts, length]) => Buffer.concat([...parts, Buffer.alloc(length, 'x'), ...parts]))
    fc.assert(
      fc.property(
        cutBytes(bytes),
        fc.constantFrom(
          'utf-16le',
          'utf-16be',
          'shift_jis',
          'gb18030',
          'euc-kr',
          'windows-1253',
          'iso-2022-jp',
        ),
        ([whole, chunks], encoding) => {
          const transcoder = new Transcoder(encoding)
          for (const parts of [[whole], chunks, whole.length < 200 ? eachByte(whole) : []]) {
            if (parts.length === 0) continue
            const made = Buffer.concat([...parts.map((part) => transcoder.push(part)), transcoder.end()])
            const expected = new TextDecoder(encoding, { ignoreBOM: true }).decode(whole)
            assert.equal(new TextDecoder('utf-8', { ignoreBOM: true }).decode(made), expected)
          }
        },
      ),
      { numRuns: propertyRuns(2000) },
    )
  })

  it('has to be one that is known', () => {
    assert.throws(() => inputSettings({ encoding: 'utf-9' }), /there is no encoding "utf-9"/)
    assert.throws(() => inputSettings({ invalidUtf8: 'drop' as never }), TypeError)
    assert.equal(inputSettings({ encoding: 'UTF8' }).encoding, undefined)
  })
})

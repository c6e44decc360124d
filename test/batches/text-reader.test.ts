/** `--input-format text`, on every way from bytes to output. */
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { compileRules } from '../../src/rules/compile.ts'
import { propertyRuns } from '../property-runs.ts'
import { cutAt, cutBytes, eachByte } from '../stages/splitting.ts'
import { byAllWays, bySteps, recordsOf } from './ways.ts'

const TEXT = { inputFormat: 'text' } as const
const WHOLE = compileRules('all: data\nraw: line.raw\n')

const lines = fc.array(
  fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }).map((text) => Buffer.from(text)),
    fc
      .constantFrom('', ' ', '\t', '"', '\\', '\u2028', '{"a":1}', '\ufeff', '\0', 'user=Ann src=10.0.0.1')
      .map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes)),
  ),
  { maxLength: 12 },
)

const input = cutBytes(
  fc
    .tuple(lines, fc.constantFrom('\n', '\r\n'), fc.boolean())
    .map(([texts, end, isEnded]) =>
      Buffer.concat([
        ...texts.flatMap((text, index) => (index === 0 ? [text] : [Buffer.from(end), text])),
        Buffer.from(isEnded ? end : ''),
      ]),
    ),
)

describe('text input', () => {
  it('makes an event of every line, with its text as message and as line.raw', () => {
    const made = byAllWays(WHOLE, TEXT, [
      Buffer.from('\ufeffone "1"\r\n\n \t\ntwo\\\u{1f600}\n{"a": 1}\nlast\r'),
    ])
    assert.deepEqual(
      made.output
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
      ['one "1"', '', ' \t', 'two\\\u{1f600}', '{"a": 1}', 'last'].map((raw) => ({
        all: { message: raw },
        raw,
      })),
    )
    assert.equal(made.errors, '')
  })

  it('rejects a line with its number and its text', () => {
    const rules = compileRules("user.name: message.split('user=')[1]\n")
    const made = byAllWays(rules, TEXT, [Buffer.from('user=Ann\n\nnobody\nuser=\n')])
    assert.equal(made.output, '{"user":{"name":"Ann"}}\n{"user":{"name":""}}\n')
    assert.equal(
      made.errors,
      '{"line":2,"source":"input","rule":"user.name","code":"FIELD_MISSING","message":"user.name: index or key [1] is absent","raw":""}\n' +
        '{"line":3,"source":"input","rule":"user.name","code":"FIELD_MISSING","message":"user.name: index or key [1] is absent","raw":"nobody"}\n',
    )
  })

  it('rejects what is not UTF-8, and what is too long, in bounded memory', () => {
    const bytes = Buffer.concat([
      Buffer.from('a\n'),
      Buffer.from([0x62, 0xff, 0x0a]),
      Buffer.alloc(10_000_000, 'c'),
      Buffer.from('\nd'),
    ])
    const made = byAllWays(WHOLE, { ...TEXT, maxLineBytes: 1000 }, cutAt(bytes, [70_000, 6_000_000]))
    assert.deepEqual(
      recordsOf(made).map(({ line, code, raw }) => [line, code, raw?.length]),
      [
        [2, 'UTF8_INVALID', undefined],
        [3, 'LINE_TOO_LONG', 65_536],
      ],
    )
    assert.deepEqual([made.written, made.rejected], [2, 2])
  })

  it('gives a long line through where that is allowed', () => {
    const text = `"${'\\\t'.repeat(1_000_000)}`
    const rules = compileRules('n: len(message)\n')
    assert.equal(byAllWays(rules, TEXT, [Buffer.from(text)]).output, `{"n":${text.length}}\n`)
  })

  it('makes the same on every way, whatever the bytes and wherever they are cut', () => {
    const rules = compileRules("all: data\nfirst: message.split(' ')[1]\nraw: line.raw\n")
    fc.assert(
      fc.property(input, ([whole, chunks]) => {
        const expected = bySteps(rules, TEXT, [whole])
        assert.deepEqual(byAllWays(rules, TEXT, chunks), expected)
        assert.deepEqual(byAllWays(rules, TEXT, eachByte(whole)), expected)
        const ends =
          whole.toString('latin1').split('\n').length - (whole.length === 0 || whole.at(-1) === 0x0a ? 1 : 0)
        assert.equal(expected.written + expected.rejected, ends)
      }),
      { numRuns: propertyRuns(300) },
    )
  })
})

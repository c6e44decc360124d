/** `--input-format csv`, on every way from bytes to output. */
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, it } from 'node:test'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import type { EventText } from '../../src/event.ts'
import { CsvSplitter } from '../../src/formats/csv.ts'
import { CsvProblem, splitRecord } from '../../src/formats/csv-record.ts'
import type { InputOptions } from '../../src/formats/input-options.ts'
import { compileRules } from '../../src/rules/compile.ts'
import { byAllWays, byProcessor, type Made, recordsOf } from '../batches/ways.ts'
import { propertyRuns } from '../property-runs.ts'
import { chunksOf, cutAt, cutBytes, eachByte, splitAll } from '../stages/splitting.ts'

const CSV = { inputFormat: 'csv' } as const
const WHOLE = compileRules('all: data\nraw: line.raw\n')

function made(text: string, options: InputOptions = {}): Made {
  const bytes = Buffer.from(text)
  const whole = byAllWays(WHOLE, { ...CSV, ...options }, [bytes])
  for (const chunks of [eachByte(bytes), cutAt(bytes, [1, 2, 5, 9])]) {
    assert.deepEqual(byAllWays(WHOLE, { ...CSV, ...options }, chunks), whole)
  }
  return whole
}

/** The events, and the texts they come from. */
function events(text: string, options: InputOptions = {}): [unknown, string][] {
  return made(text, options)
    .output.split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
    .map(({ all, raw }) => [all, raw])
}

describe('CSV input', () => {
  it('makes an event of each record, with the names of the first one', () => {
    assert.deepEqual(events('\ufeffa,b\r\n1,two\r\n\n\r\n"x, ""y""",\n3'), [
      [{ a: '1', b: 'two' }, '1,two'],
      [{ a: 'x, "y"', b: '' }, '"x, ""y""",'],
      [{ a: '3' }, '3'],
    ])
  })

  it('takes names and delimiter from the options', () => {
    const options = { columns: ['a', 'b'], delimiter: '\t' }
    assert.deepEqual(events('x\t"1\t2"\n,', options), [
      [{ a: 'x', b: '1\t2' }, 'x\t"1\t2"'],
      [{ a: ',' }, ','],
    ])
    assert.deepEqual(events('a\u00a7b\n1\u00a7"2\u00a7\n3"\u00a7\n', { delimiter: '\u00a7' }), [])
    assert.deepEqual(events('a\u00a7b\n1\u00a7"2\u00a7\n3"', { delimiter: '\u00a7' }), [
      [{ a: '1', b: '2\u00a7\n3' }, '1\u00a7"2\u00a7\n3"'],
    ])
  })

  it('keeps names that mean something to JavaScript, and their order', () => {
    const { output } = made('b,__proto__,constructor,10,2,toString,b\n1,2,3,4,5,6,7\n')
    assert.equal(
      output,
      '{"all":{"b":"7","__proto__":"2","constructor":"3","10":"4","2":"5","toString":"6"},"raw":"1,2,3,4,5,6,7"}\n',
    )
    assert.equal(made('__proto__\nx\n').output, '{"all":{"__proto__":"x"},"raw":"x"}\n')
    assert.equal(({} as Record<string, unknown>).x, undefined)
  })

  it('rejects a bad record, and goes on behind it', () => {
    const result = made('a,b\n1,2,3\n"x"y,2\n"x""y"z\n"ok\n",5" disk\nü,"q" \n6,7\n')
    assert.equal(
      result.errors,
      '{"line":2,"source":"input","code":"CSV_INVALID","message":"not valid CSV: the record has more fields than the 2 that have names","raw":"1,2,3"}\n' +
        '{"line":3,"source":"input","code":"CSV_INVALID","message":"not valid CSV: expected a delimiter behind the closing quote, at character 4","raw":"\\"x\\"y,2"}\n' +
        '{"line":4,"source":"input","code":"CSV_INVALID","message":"not valid CSV: expected a delimiter behind the closing quote, at character 7","raw":"\\"x\\"\\"y\\"z"}\n' +
        '{"line":7,"source":"input","code":"CSV_INVALID","message":"not valid CSV: expected a delimiter behind the closing quote, at character 6","raw":"ü,\\"q\\" "}\n',
    )
    assert.equal(
      result.output,
      '{"all":{"a":"ok\\n","b":"5\\" disk"},"raw":"\\"ok\\n\\",5\\" disk"}\n{"all":{"a":"6","b":"7"},"raw":"6,7"}\n',
    )
    assert.equal(result.unread, undefined)
  })

  it('makes one rejected event of quotes that are never closed, with all to the end', () => {
    const result = made('a,b\n1,2\n3,"4\n5,6\n')
    assert.deepEqual(recordsOf(result), [
      {
        line: 3,
        code: 'CSV_INVALID',
        message: 'the input ends inside quotes, after 9 bytes of this record',
        raw: '3,"4\n5,6\n',
      },
    ])
    assert.deepEqual(result.unread, { line: 3, problem: 'the input ends inside quotes', bytes: 9 })
    assert.equal(result.written, 1)
  })

  it('makes one rejected event of an input whose names cannot be read', () => {
    const result = made('\n"a"b,c\n1,2\n')
    const problem =
      'the names of the fields cannot be read: expected a delimiter behind the closing quote, at character 4'
    assert.deepEqual(recordsOf(result), [
      {
        line: 2,
        code: 'CSV_INVALID',
        message: `${problem}; 11 bytes from there on are not read`,
        raw: '"a"b,c\n1,2\n'.replace('c\n', 'c'),
      },
    ])
    assert.deepEqual(result.unread, { line: 2, problem, bytes: 11 })
    const long = made(`${'a,'.repeat(40_000)}\n1,2\n`, { maxLineBytes: 100 })
    assert.equal(long.unread?.bytes, 80_005)
    assert.match(long.errors, /^\{"line":1,.*take more than 100 bytes; .*"raw_truncated":true\}\n$/)
    const notUtf8 = byAllWays(WHOLE, CSV, [Buffer.from([0xff, 0x0a, 0x61, 0x0a])])
    assert.equal(notUtf8.unread?.bytes, 4)
    assert.deepEqual([notUtf8.written, notUtf8.rejected], [0, 1])
  })

  it('rejects what is not UTF-8', () => {
    const bytes = Buffer.concat([Buffer.from('a,b\n1,'), Buffer.from([0xe4, 0x0a]), Buffer.from('ü,"\n"')])
    const result = byAllWays(WHOLE, CSV, [bytes])
    assert.deepEqual(
      recordsOf(result).map(({ line, code }) => [line, code]),
      [[2, 'UTF8_INVALID']],
    )
    assert.equal(result.written, 1)
  })

  it('holds no more of a record than allowed, and reads on where its quotes are closed', () => {
    const input = Buffer.concat([
      Buffer.from('a,b\n1,"'),
      Buffer.alloc(10_000_000, 'x\n"",'),
      Buffer.from('"\n2,3\n4,'),
      Buffer.alloc(3_000_000, 'y'),
      Buffer.from('\n5,6\n'),
    ])
    const result = byProcessor(WHOLE, { ...CSV, maxLineBytes: 1000 }, chunksOf(input, 65_536))
    assert.deepEqual(
      recordsOf(result).map(({ line, code, raw }) => [line, code, raw?.length]),
      [
        [2, 'LINE_TOO_LONG', 65_536],
        [2_000_004, 'LINE_TOO_LONG', 65_536],
      ],
    )
    assert.equal(result.written, 2)
    const splitter = new CsvSplitter(1000)
    splitter.push(Buffer.from('a\n"'))
    const before = process.memoryUsage().arrayBuffers
    for (let index = 0; index < 500; index++) splitter.push(Buffer.alloc(65_536, '""x\n'))
    assert.ok(process.memoryUsage().arrayBuffers - before < 40_000_000, 'memory is bounded')
    assert.equal(splitter.end().rejected.length, 1)
    assert.equal(splitter.unread?.bytes, 500 * 65_536 + 1)
  })

  it('makes the same on every way, wherever the bytes are cut', () => {
    const part = fc.constantFrom(
      'a',
      'b,',
      ',',
      '"',
      '""',
      '\n',
      '\r\n',
      '\r',
      'ü',
      '\u2028',
      'x"y',
      ',"',
      '",',
      '\0',
    )
    const bytes = fc
      .array(
        fc.oneof(
          { weight: 12, arbitrary: part.map((text) => Buffer.from(text)) },
          { weight: 1, arbitrary: fc.constant(Buffer.of(0xff)) },
        ),
        { maxLength: 30 },
      )
      .map((parts) => Buffer.concat(parts))
    fc.assert(
      fc.property(
        cutBytes(bytes),
        fc.constantFrom(3, 1000),
        fc.boolean(),
        ([whole, chunks], maxLineBytes, isNamed) => {
          const options = { ...CSV, maxLineBytes, columns: isNamed ? ['a', 'b', 'c'] : undefined }
          const expected = byAllWays(WHOLE, options, [whole])
          assert.deepEqual(byAllWays(WHOLE, options, chunks), expected)
          assert.deepEqual(byAllWays(WHOLE, options, eachByte(whole)), expected)
        },
      ),
      { numRuns: propertyRuns(400) },
    )
  })

  it('finds the records and fields that csv-parse finds', () => {
    const field = fc.oneof(
      fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r\n', ' ', 'ü', ';') }),
      fc.string(),
    )
    fc.assert(
      fc.property(
        fc.array(fc.array(field, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 8 }),
        fc.constantFrom(',', ';', '\t', '\u00a7'),
        fc.boolean(),
        (rows, delimiter, isQuoted) => {
          const written = (text: string) =>
            isQuoted || /[",;\t\u00a7\r\n]/.test(text) || text === ''
              ? `"${text.replaceAll('"', '""')}"`
              : text
          const text = rows.map((row) => row.map(written).join(delimiter)).join('\n')
          const expected = parse(text, {
            delimiter,
            relax_column_count: true,
            record_delimiter: ['\n', '\r\n'],
          })
          const found = splitAll(new CsvSplitter(1 << 20, undefined, { delimiter, columns: ['x'] }), [
            Buffer.from(text),
          ])
          assert.deepEqual(
            found.map((event) => splitRecord((event as EventText).text, delimiter)),
            expected,
          )
        },
      ),
      { numRuns: propertyRuns(600) },
    )
  })
})

describe('splitRecord', () => {
  it('finds no more fields than it is asked for', () => {
    assert.deepEqual(splitRecord(','.repeat(10_000_000), ',', 3), ['', '', ''])
    assert.deepEqual(splitRecord(`"",${',"'.repeat(1_000_000)}`, ',', 2), ['', ''])
  })

  it('tells where quotes are not closed', () => {
    const problem = splitRecord('a,"b""', ',')
    assert.ok(problem instanceof CsvProblem)
    assert.equal(problem.message, 'the quote at character 3 is not closed')
  })

  it('costs time that grows with the length of the text', () => {
    const text = `"${'""'.repeat(5_000_000)}"`
    const [value] = splitRecord(text, ',') as string[]
    assert.equal(value?.length, 5_000_000)
  })
})

/** `--multiline`, on every way from bytes to output. */
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { PassThrough, Writable } from 'node:stream'
import { describe, it, type TestContext } from 'node:test'
import fc from 'fast-check'
import { lineTest } from '../../src/batches/multiline-pattern.ts'
import type { InputOptions } from '../../src/formats/input-options.ts'
import { inputSettings } from '../../src/formats/input-options.ts'
import { HELD_EVENT_MS } from '../../src/formats/limits.ts'
import { MultilineSplitter } from '../../src/formats/multiline.ts'
import { createPipeline } from '../../src/io/create-pipeline.ts'
import { compileRules } from '../../src/rules/compile.ts'
import { loadRe2 } from '../../src/rules/load-re2.ts'
import { byAllWays, type Made, recordsOf } from '../batches/ways.ts'
import { propertyRuns } from '../property-runs.ts'
import { chunksOf, cutAt, cutBytes, eachByte } from '../stages/splitting.ts'

const WHOLE = compileRules('all: data\nraw: line.raw\n')
const TRACES = { inputFormat: 'text', multiline: '[A-Z]' } as const

function made(text: string | Buffer, options: InputOptions = TRACES): Made {
  const bytes = Buffer.from(text as string)
  const whole = byAllWays(WHOLE, options, [bytes])
  for (const chunks of [eachByte(bytes), cutAt(bytes, [1, 2, 5, 9])]) {
    assert.deepEqual(byAllWays(WHOLE, options, chunks), whole)
  }
  return whole
}

function messages({ output }: Made): string[] {
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
    .map(({ all, raw }) => {
      assert.deepEqual(all, { message: raw })
      return raw
    })
}

describe('events of several lines', () => {
  it('end before the next line that matches the pattern', () => {
    assert.deepEqual(messages(made('\ufeff  begins with\r\nA one\r\n  two\n\n\tthree\nB\nC four')), [
      '  begins with',
      'A one\n  two\n\n\tthree',
      'B',
      'C four',
    ])
    assert.deepEqual(messages(made('')), [])
    assert.deepEqual(messages(made('\n\n')), ['\n'])
  })

  it('are matched at the beginning of their lines, as in Python', () => {
    assert.deepEqual(messages(made('aA\nA\n')), ['aA', 'A'])
    assert.deepEqual(messages(made('aA\nab\nA\n', { ...TRACES, multiline: '.*A$' })), ['aA\nab', 'A'])
    assert.deepEqual(messages(made('1 a\n  b\n2 c\n', { ...TRACES, multiline: '(?!\\s)' })), [
      '1 a\n  b',
      '2 c',
    ])
    assert.throws(() => lineTest('(a', loadRe2), /^TypeError: the pattern "\(a" cannot be used: /)
    assert.throws(() => lineTest('(a+)+\\1', loadRe2), /could not be proven safe/)
    const long = lineTest('(x+x+)+y|(?=a)b', loadRe2)
    assert.equal(long('x'.repeat(100_000)), false)
  })

  it('end with the last line or before the byte that they may have', () => {
    const text = 'A\n1\n2\n3\n4\nB\n1\n'
    assert.deepEqual(messages(made(text, { ...TRACES, multilineMaxLines: 3 })), ['A\n1\n2', '3\n4', 'B\n1'])
    assert.deepEqual(messages(made(text, { ...TRACES, multilineMaxLines: 1 })), [
      'A',
      '1',
      '2',
      '3',
      '4',
      'B',
      '1',
    ])
    assert.deepEqual(messages(made(text, { ...TRACES, multilineMaxBytes: 4 })), ['A\n1', '2\n3', '4', 'B\n1'])
    assert.deepEqual(messages(made('A\n\u00fc\n\u00fc\n', { ...TRACES, multilineMaxBytes: 5 })), [
      'A\n\u00fc',
      '\u00fc',
    ])
    assert.deepEqual(messages(made(text, { ...TRACES, maxLineBytes: 5 })), ['A\n1\n2', '3\n4', 'B\n1'])
    assert.equal(messages(byAllWays(WHOLE, TRACES, [Buffer.from(`A\n${'x\n'.repeat(1200)}`)])).length, 3)
  })

  it('are rejected where they are not UTF-8, or replaced', () => {
    const bytes = Buffer.concat([Buffer.from('A \u00fc\n'), Buffer.of(0xff), Buffer.from('\n  c\nB\n')])
    const rejected = made(bytes)
    assert.equal(
      rejected.errors,
      `{"line":1,"source":"input","code":"UTF8_INVALID","message":"the bytes are not valid UTF-8","raw_base64":"${bytes.subarray(0, -3).toString('base64')}"}\n`,
    )
    assert.deepEqual(messages(rejected), ['B'])
    const replaced = made(bytes, { ...TRACES, invalidUtf8: 'replace' })
    assert.deepEqual([messages(replaced), replaced.replaced], [['A \u00fc\n\ufffd\n  c', 'B'], 1])
    const latin1 = made(bytes, { ...TRACES, encoding: 'latin1' })
    assert.deepEqual(messages(latin1), ['A \u00c3\u00bc\n\u00ff\n  c', 'B'])
  })

  it('are cut at a line that is too long, which is rejected by itself', () => {
    const long = 'x'.repeat(3_000_000)
    const input = Buffer.from(`A\n1\n${long}\n2\nB\n`)
    for (const chunks of [[input], chunksOf(input, 65_536)]) {
      const result = byAllWays(WHOLE, { ...TRACES, maxLineBytes: 100 }, chunks)
      assert.deepEqual(messages(result), ['A\n1', '2', 'B'])
      assert.deepEqual(
        recordsOf(result).map(({ line, code }) => [line, code]),
        [[3, 'LINE_TOO_LONG']],
      )
    }
  })

  it('make the same on every way, wherever the bytes are cut', () => {
    const part = fc.constantFrom('A', 'b', ' ', '\n', '\n\n', '\r\n', '\u00fc', 'A b\n', '\nA')
    const bytes = fc
      .array(
        fc.oneof(
          { weight: 12, arbitrary: part.map((text) => Buffer.from(text)) },
          { weight: 1, arbitrary: fc.constant(Buffer.of(0xff)) },
        ),
        { maxLength: 25 },
      )
      .map((parts) => Buffer.concat(parts))
    const limits = fc.record({
      maxLineBytes: fc.constantFrom(3, 1000),
      multilineMaxLines: fc.constantFrom(undefined, 2),
      multilineMaxBytes: fc.constantFrom(undefined, 6),
      invalidUtf8: fc.constantFrom('reject' as const, 'replace' as const),
    })
    fc.assert(
      fc.property(cutBytes(bytes), limits, ([whole, chunks], options) => {
        const expected = byAllWays(WHOLE, { ...TRACES, ...options }, [whole])
        assert.deepEqual(byAllWays(WHOLE, { ...TRACES, ...options }, chunks), expected)
        assert.deepEqual(byAllWays(WHOLE, { ...TRACES, ...options }, eachByte(whole)), expected)
      }),
      { numRuns: propertyRuns(400) },
    )
  })

  it('are those that end with a line that matches, where nothing is too long', () => {
    const line = fc.string({ unit: fc.constantFrom('A', 'b', ' '), maxLength: 4 })
    fc.assert(
      fc.property(fc.array(line, { maxLength: 20 }), (lines) => {
        const splitter = new MultilineSplitter(1000, undefined, { begins: (text) => text.startsWith('A') })
        const expected: string[][] = []
        for (const text of lines) {
          if (expected.length === 0 || text.startsWith('A')) expected.push([text])
          else expected.at(-1)!.push(text)
        }
        const found = [splitter.push(Buffer.from(lines.map((text) => `${text}\n`).join(''))), splitter.end()]
        assert.deepEqual(
          found.flatMap(({ events }) => events.map(({ text }) => text)),
          expected.map((event) => event.join('\n')),
        )
      }),
      { numRuns: propertyRuns(500) },
    )
  })

  it('refuse options that make no sense', () => {
    const bad: readonly InputOptions[] = [
      { multiline: 'a' },
      { inputFormat: 'text', multilineMaxLines: 3 },
      { inputFormat: 'text', multiline: 'a', multilineMaxLines: 0 },
      { inputFormat: 'text', multiline: 'a', multilineMaxBytes: 2 ** 40 },
      { inputFormat: 'csv', multiline: 'a' },
    ]
    for (const options of bad) assert.throws(() => inputSettings(options), TypeError)
    const output = new PassThrough()
    const options = { rules: WHOLE, inputs: [], output, inputFormat: 'text', multiline: '(' } as const
    for (const workers of [1, 2]) assert.throws(() => createPipeline({ ...options, workers }), TypeError)
  })

  for (const workers of [1, 2]) {
    it(`end when nothing has come for a second, with ${workers} threads`, async (test) => {
      await endsWhenIdle(test, workers)
    })
  }
})

async function endsWhenIdle(test: TestContext, workers: number): Promise<void> {
  const input = new PassThrough()
  let text = ''
  let changed = () => {}
  const output = new Writable({
    write(bytes: Buffer, _encoding, callback) {
      text += bytes
      changed()
      callback()
    },
  })
  const until = async (expected: string): Promise<void> => {
    while (text !== expected) {
      assert.ok(expected.startsWith(text), text)
      await new Promise<void>((resolve) => {
        changed = resolve
      })
    }
  }
  const rules = compileRules('m: message\n')
  const running = createPipeline({ rules, inputs: [input], output, ...TRACES, workers }).run()
  test.after(() => input.destroy())
  const started = performance.now()
  input.write('A\n 1\n')
  await until('{"m":"A\\n 1"}\n')
  assert.ok(performance.now() - started >= HELD_EVENT_MS - 50, 'not before a second')
  input.write(' 2\nB\n 3\n')
  await until('{"m":"A\\n 1"}\n{"m":" 2"}\n{"m":"B\\n 3"}\n')
  input.end(' 4\nC')
  await running
  await until('{"m":"A\\n 1"}\n{"m":" 2"}\n{"m":"B\\n 3"}\n{"m":" 4"}\n{"m":"C"}\n')
}

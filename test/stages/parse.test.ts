import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import process from 'node:process'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import type { Batch, InputEvent } from '../../src/event.ts'
import { Dict } from '../../src/expression/value.ts'
import { parseBatch } from '../../src/rules/apply/parse-event.ts'
import type { ParseOptions } from '../../src/stages/parse.ts'
import { ParseStage } from '../../src/stages/parse.ts'
import type { InputChunk } from '../../src/stages/source.ts'

function parse(...texts: string[]): Batch<InputEvent> {
  const events = texts.map((text, ordinal) => ({
    line: ordinal + 1,
    ordinal,
    text,
  }))
  return parseBatch('x.jsonl', { events, rejected: [] })
}

async function runStage(
  chunks: readonly (InputChunk | Uint8Array)[],
  options: ParseOptions = {},
): Promise<Batch<InputEvent>[]> {
  const batches: Batch<InputEvent>[] = []
  await pipeline(Readable.from(chunks), new ParseStage(options), async (source) => {
    for await (const batch of source) batches.push(batch as Batch<InputEvent>)
  })
  return batches
}

function summary({ source, events, rejected }: Batch<InputEvent>): unknown {
  return [
    source,
    events.map((event) => [event.line, event.data]),
    rejected.map((event) => [event.line, event.rejection.code]),
  ]
}

describe('parseBatch', () => {
  it('parses objects and remembers place and text', () => {
    const text = '{"a":{"b":[1,"x"]}}'
    const [event] = parse(text).events
    const data = JSON.parse(text)
    assert.deepEqual(event, { line: 1, ordinal: 0, text, data, exact: false, numbers: undefined })
  })

  it('parses exactly what JSON.parse would lose', () => {
    const [big, odd, order] = parse('{"a":9223372036854775807}', '{"a":2230.0}', '{"b":1,"1":2}').events
    assert.deepEqual([big!.exact, big!.data], [true, { a: 9223372036854775807n }])
    assert.deepEqual(
      [odd!.exact, odd!.data, odd!.numbers!.get(odd!.data)],
      [true, { a: 2230 }, new Map([['a', '2230.0']])],
    )
    assert.ok(order!.data instanceof Dict)
  })

  it('rejects what is no JSON, and says what is wrong', () => {
    const { events, rejected } = parse('{"a":1}', '{"a":tru}', '{"a":1.0', '{"a":1}')
    assert.deepEqual(
      events.map((event) => event.ordinal),
      [0, 3],
    )
    assert.deepEqual(rejected, [
      {
        line: 2,
        ordinal: 1,
        rejection: {
          code: 'JSON_INVALID',
          message: 'not valid JSON: expected a value at character 6, not "t"',
        },
        raw: '{"a":tru}',
      },
      {
        line: 3,
        ordinal: 2,
        rejection: {
          code: 'JSON_INVALID',
          message: 'not valid JSON: expected "," or "}" at character 9, but the text ends',
        },
        raw: '{"a":1.0',
      },
    ])
  })

  it('rejects what is no object', () => {
    const values = ['null', 'true', '1', '1.0', '"{}"', '[]', '[{}]', '12345678901234567890']
    const types = [
      'null',
      'a boolean',
      'a number',
      'a number',
      'a string',
      'an array',
      'an array',
      'a number',
    ]
    assert.deepEqual(
      parse(...values).rejected.map(({ rejection }) => [rejection.code, rejection.message]),
      types.map((type) => [
        'JSON_NOT_OBJECT',
        `an event is a JSON object, not ${type}${type === 'an array' ? '; an array of events is read with --input-format json' : ''}`,
      ]),
    )
  })

  it('keeps rejected events in the order of the input', () => {
    const events = ['x', '{}', 'y'].map((text, index) => ({
      line: index * 2 + 1,
      ordinal: index * 2,
      text,
    }))
    const earlier = [1, 3].map((ordinal) => {
      const rejection = { code: 'UTF8_INVALID', message: '' } as const
      return { line: ordinal + 1, ordinal, rejection, raw: new Uint8Array() }
    })
    const { rejected } = parseBatch('-', { events, rejected: earlier })
    assert.deepEqual(
      rejected.map((event) => event.ordinal),
      [0, 1, 3, 4],
    )
  })

  it('rejects a nesting bomb without parsing it', () => {
    const depth = 5_000_000
    const start = process.cpuUsage()
    const { rejected } = parse(
      `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`,
      '['.repeat(depth),
      '{"a":'.repeat(depth),
    )
    assert.ok(process.cpuUsage(start).user < 10e6)
    for (const { rejection } of rejected) {
      assert.deepEqual(rejection, {
        code: 'JSON_INVALID',
        message: 'not valid JSON: it nests deeper than 10000 levels',
      })
    }
  })

  it('parses what nests 10000 levels, brackets in strings not counted', () => {
    const nested = `{"a":${'['.repeat(9999)}${']'.repeat(9999)}}`
    const text = JSON.stringify({ a: '[{\\"'.repeat(20_000) })
    assert.equal(parse(nested, text).events.length, 2)
    assert.equal(
      parse(`[${nested}]`).rejected[0]!.rejection.message,
      'not valid JSON: it nests deeper than 10000 levels',
    )
  })

  it('takes hostile names as ordinary ones', () => {
    const text = '{"__proto__":{"a":1},"constructor":2}'
    for (const [event] of [parse(text).events, parse(text.replace('2', '2.0')).events]) {
      assert.deepEqual(Object.keys(event!.data), ['__proto__', 'constructor'])
      assert.equal(Object.getPrototypeOf(event!.data), Object.prototype)
    }
  })
})

describe('ParseStage', () => {
  it('makes one batch of each chunk that completes events', async () => {
    const chunks = ['{"a":1}\n{"a"', ':2}\n', '{"a":', '3}\n{"a":4}'].map((text) => Buffer.from(text))
    const batches = await runStage(chunks)
    assert.deepEqual(batches.map(summary), [
      ['-', [[1, { a: 1 }]], []],
      ['-', [[2, { a: 2 }]], []],
      ['-', [[3, { a: 3 }]], []],
      ['-', [[4, { a: 4 }]], []],
    ])
  })

  it('names the source of plain bytes as it is told', async () => {
    const [batch] = await runStage([Buffer.from('{}')], { source: 'queue' })
    assert.equal(batch!.source, 'queue')
  })

  it('begins anew with each input: lines, byte order mark, last line without end', async () => {
    const bytes = (text: string) => Buffer.from(text)
    const batches = await runStage([
      { source: 'a', bytes: bytes('\ufeff\n{"a":1}\n{"a":2}') },
      { source: 'a' },
      { source: 'empty' },
      { source: 'b', bytes: bytes('\ufeff{"b":1') },
      { source: 'b', bytes: bytes('}') },
      { source: 'b' },
    ])
    assert.deepEqual(batches.map(summary), [
      ['a', [[2, { a: 1 }]], []],
      ['a', [[3, { a: 2 }]], []],
      ['b', [[1, { b: 1 }]], []],
    ])
  })

  it('reads documents, arrays and sequences of values as json', async () => {
    const [batch] = await runStage([Buffer.from('[{"a":1},\n2,{"a":2.0}]\n{"a":3}')], { inputFormat: 'json' })
    assert.deepEqual(summary(batch!), [
      '-',
      [
        [1, { a: 1 }],
        [2, { a: 2 }],
        [3, { a: 3 }],
      ],
      [[2, 'JSON_NOT_OBJECT']],
    ])
    assert.deepEqual(
      batch!.events.map((event) => event.text),
      ['{"a":1}', '{"a":2.0}', '{"a":3}'],
    )
  })

  it('loses one event to a bad value in a json input, whatever is wrong with it', async () => {
    const deep = '['.repeat(20_000)
    const bad = [
      'x',
      'NaN',
      '01',
      '"\t"',
      '"\\x"',
      '1,',
      '"b" 2',

      '--1',
      `${deep}${deep.replaceAll('[', ']')}`,
    ]
    const text = `[{"a":1},${bad.map((value) => `{"a":${value}}`).join(`,{"a":2},`)},{"a":3}]{"a":NaN}{"a":4}`
    for (const size of [1, 7, 4096, text.length]) {
      const chunks = Array.from({ length: Math.ceil(text.length / size) }, (_, index) => ({
        source: 'a',
        bytes: Buffer.from(text.slice(index * size, (index + 1) * size)),
      }))
      const next = [{ source: 'b', bytes: Buffer.from('{"b":1}') }, { source: 'b' }]
      const batches = await runStage([...chunks, { source: 'a' }, ...next], { inputFormat: 'json' })
      assert.deepEqual(
        batches.flatMap(({ events }) => events.map(({ data }) => data)),
        [{ a: 1 }, ...bad.slice(1).map(() => ({ a: 2 })), { a: 3 }, { a: 4 }, { b: 1 }],
      )
      const rejected = batches.flatMap((batch) => batch.rejected)
      assert.deepEqual(
        rejected.map(({ raw }) => raw),
        [...bad.map((value) => `{"a":${value}}`), '{"a":NaN}'],
      )
      assert.ok(rejected.every(({ rejection }) => rejection.code === 'JSON_INVALID'))
    }
  })

  it('rejects a json input that is cut off once, whatever it ends in', async () => {
    for (const text of ['[{"a":1},{"a":', '[{"a":1},', '[{"a":1}', '[{"a":1}, {"b":"\\']) {
      const batches = await runStage([Buffer.from(text)], { inputFormat: 'json' })
      assert.deepEqual(
        batches.flatMap((batch) => batch.rejected.map((event) => event.rejection.code)),
        ['JSON_INVALID'],
      )
      assert.deepEqual(
        batches.flatMap((batch) => batch.events.map((event) => event.data)),
        [{ a: 1 }],
      )
    }
  })

  it('counts the bytes that it reads', async () => {
    const stage = new ParseStage()
    stage.resume()
    await pipeline(Readable.from([Buffer.from('\n{}'), Buffer.from('\n')]), stage)
    assert.equal(stage.bytesRead, 4)
  })

  it('refuses options that make no sense', () => {
    const bad: readonly object[] = [
      { inputFormat: 'xml' },
      { maxLineBytes: 0 },
      { maxLineBytes: 1.5 },
      { maxLineBytes: Number.NaN },
      { maxLineBytes: 2 ** 30 },
      { maxLineBytes: '100' },
    ]
    for (const options of bad) assert.throws(() => new ParseStage(options), TypeError)
  })
})

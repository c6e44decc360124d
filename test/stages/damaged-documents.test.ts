import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { Readable, Writable } from 'node:stream'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { BlockProcessor } from '../../src/batches/block-processor.ts'
import { EventCutter } from '../../src/batches/event-cutter.ts'
import { placeRecords } from '../../src/batches/rejected-records.ts'
import { inputSettings } from '../../src/formats/input-options.ts'
import { ValueSplitter } from '../../src/formats/values.ts'
import { createPipeline } from '../../src/io/create-pipeline.ts'
import { compileRules } from '../../src/rules/compile.ts'
import { InputError } from '../../src/stages/source.ts'
import { propertyRuns } from '../property-runs.ts'
import { cutAt, type Found, splitAll } from './splitting.ts'

const MIB = 1 << 20

const RULES = compileRules('id: id\n')

/** Events of documents, and what each is in text: one that is whole, or one that is damaged and stays one value. */
const whole = fc
  .record({
    id: fc.nat(999),
    text: fc.string({ unit: 'grapheme' }),
    list: fc.array(fc.constantFrom(1, '[', {}, '"}')),
  })
  .map((event) => JSON.stringify(event))

const damaged = fc.oneof(
  fc.constantFrom(
    ...[
      '{"id":NaN}',
      '{"id":01}',
      '{"id":"\t"}',
      '{"id":"\\x"}',
      '{"id":1,}',
      '{"id" 1}',
      '{"id":[1}}',
      '{]',
    ],
    ...[
      'NaN',
      'undefined',
      '-',
      '1.',
      "'id'",
      '{"id":1 "a":2}',
      '"\\u12"',
      '{"id":"\n"}',
      '{"":}',
      'x\ufeff',
      '{"id":.}',
    ],
  ),
  fc.constantFrom(10_001, 20_000).map((depth) => `{"id":${'['.repeat(depth)}${']'.repeat(depth)}}`),
)

const value = fc.oneof(
  { weight: 3, arbitrary: whole.map((text) => ({ text, isWhole: true })) },
  { weight: 1, arbitrary: damaged.map((text) => ({ text, isWhole: false })) },
)

interface Document {
  readonly bytes: Buffer
  /** Its parts. */
  readonly values: readonly { readonly text: string; readonly isWhole: boolean }[]
}

const document: fc.Arbitrary<Document> = fc
  .tuple(fc.array(value, { maxLength: 12 }), fc.constantFrom(' ', '\n', '\r\n\t'), fc.boolean())
  .map(([values, blank, isArray]) => {
    const texts = values.map(({ text }) => text)
    const text = isArray ? `[${blank}${texts.join(`,${blank}`)}${blank}]${blank}` : texts.join(blank) + blank
    return { bytes: Buffer.from(text), values }
  })

const cuts = fc.array(fc.nat(10_000), { maxLength: 12 })

function chunksOf(bytes: Buffer, places: readonly number[]): Buffer[] {
  return cutAt(
    bytes,
    places.map((place) => place % (bytes.length + 1)),
  )
}

function collector(): Writable & { text: string } {
  const stream = Object.assign(
    new Writable({
      write: (chunk: Buffer, _encoding, callback) => {
        stream.text += chunk.toString()
        callback()
      },
    }),
    { text: '' },
  )
  return stream
}

/** The output of the program for a document on one thread. */
async function processed(chunks: readonly Buffer[]) {
  const [output, errors] = [collector(), collector()]
  const pipeline = createPipeline({
    rules: RULES,
    inputs: [Readable.from(chunks)],
    inputFormat: 'json',
    output,
    errors,
  })
  const fault = await pipeline.run().then(
    () => undefined,
    (error: unknown) => error,
  )
  return { output: output.text, errors: errors.text, counts: pipeline.counts, fault }
}

/** The output of workers for it: the same work, without the threads. */
function processedInBlocks(chunks: readonly Buffer[]) {
  const cutter = new EventCutter(() => new ValueSplitter(MIB), 100)
  const normalizer = new BlockProcessor(RULES, {
    input: inputSettings({ inputFormat: 'json', maxLineBytes: MIB }),
    fastPath: true,
    stopAtRejected: false,
  })
  let [output, errors, written, rejected] = ['', '', 0, 0]
  for (const piece of [...chunks.flatMap((chunk) => [...cutter.push(chunk)]), ...cutter.end()]) {
    assert.ok(piece.kind === 'events')
    for (const result of normalizer.process(piece)) {
      output += Buffer.from(result.bytes).toString()
      errors += Buffer.from(placeRecords(result.rejected, '-', 0).bytes).toString()
      written += result.written
      rejected += result.rejected.count
    }
  }
  return { output, errors, written, rejected, unread: cutter.unread?.bytes ?? 0 }
}

const BLANKS_AND_SEPARATORS = new Set(Buffer.from(' \t\r\n,[]'))

/** Every byte is in exactly one of what was found, in their order, or stands between two of them. */
function assertAccounted(bytes: Buffer, found: readonly Found[]): void {
  let position = 0
  const skipTo = (next: number): void => {
    for (; position < next; position++)
      assert.ok(BLANKS_AND_SEPARATORS.has(bytes[position]!), `byte ${position}`)
  }
  for (const event of found) {
    const raw = 'text' in event ? Buffer.from(event.text) : Buffer.from(event.raw as string)
    const start = bytes.indexOf(raw, position)
    assert.notEqual(start, -1)
    skipTo(start)
    position += raw.length
  }
  skipTo(bytes.length)
}

const TOKENS = /"(?:[^"\\]|\\[\s\S])*"|[[\]{},:"]|[^ \t\r\n,:"[\]{}]+/g

/** The number of values in a document, counted in another way; undefined where its brackets or strings do not match. */
function countValues(text: string): number | undefined {
  let [depth, count] = [0, 0]
  /** In an array at the top: whether a value is due, behind a comma, or has been. Undefined outside. */
  let place: 'first' | 'due' | 'behind' | undefined
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === '"') return undefined
    const isOpening = token === '[' || token === '{'
    const isClosing = token === ']' || token === '}'
    if (depth > 0) {
      depth += isOpening ? 1 : isClosing ? -1 : 0
    } else if (token === '[' && place === undefined) {
      place = 'first'
    } else if (token === ']' && place !== undefined) {
      if (place === 'due') count++
      place = undefined
    } else if (isClosing) {
      return undefined
    } else if (token === ',' && place !== undefined) {
      if (place !== 'behind') count++
      place = 'due'
    } else {
      count++
      if (place !== undefined && token !== ':') place = 'behind'
      else if (place === 'behind') place = 'due'
      if (isOpening) depth = 1
    }
  }
  return depth === 0 && place === undefined ? count : undefined
}

describe('a damaged JSON document', () => {
  it('loses its bad values and no other, however it is cut, with workers and without', async () => {
    await fc.assert(
      fc.asyncProperty(document, cuts, async ({ bytes, values }, places) => {
        const chunks = chunksOf(bytes, places)
        const { output, errors, counts, fault } = await processed(chunks)
        const good = values
          .filter(({ isWhole }) => isWhole)
          .map(({ text }) => JSON.parse(text) as { id: number })
        assert.equal(output, good.map(({ id }) => `{"id":${id}}\n`).join(''))
        assert.deepEqual([counts.events, counts.written + counts.rejected], [values.length, values.length])
        assert.deepEqual([fault, counts.bytesUnread], [undefined, 0])
        const blocks = processedInBlocks(chunks)
        assert.deepEqual([blocks.output, blocks.errors, blocks.unread], [output, errors, 0])
        assert.deepEqual([blocks.written, blocks.rejected], [counts.written, counts.rejected])
      }),
      { numRuns: propertyRuns(300) },
    )
  })

  const edits = fc.array(
    fc.record({
      place: fc.nat(10_000),
      removed: fc.nat(2),
      text: fc.constantFrom('', '', '"', '\\', '[', ']', '{', '}', ',', ':', 'x', '\n', '0', '\u00e4'),
    }),
    { minLength: 1, maxLength: 3 },
  )

  it('is accounted for to the last byte, wherever the damage is', async () => {
    let [readable, unreadable] = [0, 0]
    await fc.assert(
      fc.asyncProperty(document, edits, cuts, async ({ bytes: intact }, damage, places) => {
        let text = intact.toString()
        for (const { place, removed, text: added } of damage) {
          const start = place % (text.length + 1)
          text = text.slice(0, start) + added + text.slice(start + removed)
        }
        const bytes = Buffer.from(text)
        const chunks = chunksOf(bytes, places)
        const splitter = new ValueSplitter(MIB)
        const found = splitAll(splitter, chunks)
        const expected = countValues(text)
        if (expected !== undefined) assert.equal(found.length, expected)
        if (expected === undefined) unreadable++
        else readable++
        assert.equal(splitter.unread === undefined, expected !== undefined)
        if (!found.some((event) => 'truncated' in event)) assertAccounted(bytes, found)
        const { output, errors, counts, fault } = await processed(chunks)
        assert.equal(counts.written + counts.rejected, found.length)
        assert.equal(counts.bytesUnread, splitter.unread?.bytes ?? 0)
        assert.equal(fault instanceof InputError, expected === undefined)
        const blocks = processedInBlocks(chunks)
        assert.deepEqual([blocks.output, blocks.errors], [output, errors])
        assert.deepEqual(
          [blocks.written + blocks.rejected, blocks.unread],
          [counts.events, counts.bytesUnread],
        )
      }),
      { numRuns: propertyRuns(500) },
    )
    assert.ok(readable > 10 && unreadable > 10, `${readable} readable, ${unreadable} not`)
  })

  it('loses what is cut off at its end as one rejected event, which says how many bytes that is', async () => {
    const texts = ['{"id":1}', '{"id":2,"s":"[\\"{"}', '{"id":3}']
    const text = `[${texts.join(',')}]`
    const ends = texts.map((part) => text.indexOf(part) + part.length)
    for (let end = 1; end < text.length; end++) {
      const { counts, errors, fault } = await processed([Buffer.from(text.slice(0, end))])
      assert.equal(counts.written, ends.filter((place) => place <= end).length)
      assert.equal(counts.rejected, 1, text.slice(0, end))
      const { raw, message } = JSON.parse(errors) as { raw: string; message: string }
      assert.equal(counts.bytesUnread, raw.length)
      assert.ok(text.slice(0, end).endsWith(raw))
      if (raw !== '') assert.ok(message.includes(` ${raw.length} bytes`), message)
      assert.ok(fault instanceof InputError)
      assert.match(fault.message, /^cannot read - to its end: line 1: the input ends inside /)
    }
  })
})

describe('what the accounting is tested with', () => {
  it('counts values', () => {
    const counts: readonly (readonly [text: string, count: number | undefined])[] = [
      ['[1,{"a":"]"},[2]]3', 4],
      ['[] [ ] []', 0],
      ['[,]', 2],
      ['[1,,2] , :', 5],
      ['[1 2]', 2],
      ['{"a":1}}', undefined],
      ['[1', undefined],
      ['"a', undefined],
    ]
    for (const [text, count] of counts) assert.equal(countValues(text), count, text)
    assert.throws(() => assertAccounted(Buffer.from('{} x {}'), [{ line: 1, ordinal: 0, text: '{}' }]))
  })
})

import assert from 'node:assert/strict'
import { BlockProcessor } from '../../src/batches/block-processor.ts'
import { createCutter } from '../../src/batches/create-cutter.ts'
import type { Piece } from '../../src/batches/cutter.ts'
import { EventFormat } from '../../src/batches/input-format.ts'
import type { ProcessedPart } from '../../src/batches/processor.ts'
import { Processor } from '../../src/batches/processor.ts'
import type { RejectedRecords } from '../../src/batches/rejected-records.ts'
import { placeRecords, RecordWriter } from '../../src/batches/rejected-records.ts'
import { serializeBatch, serializeRejected } from '../../src/batches/serialize.ts'
import type { InputOptions } from '../../src/formats/input-options.ts'
import { inputSettings } from '../../src/formats/input-options.ts'
import { NODE_CODING } from '../../src/formats/node-coding.ts'
import type { UnreadRest } from '../../src/formats/splitter.ts'
import type { TextCoding } from '../../src/json/text-coding.ts'
import { PORTABLE_CODING } from '../../src/json/text-coding.ts'
import { normalizeBatch } from '../../src/rules/apply/normalize.ts'
import { parseBatch } from '../../src/rules/apply/parse-event.ts'
import type { RuleSet } from '../../src/rules/rule-set.ts'
import { safeLineTest } from '../../src/stages/process/line-test.ts'

/** The fate of an input. */
export interface Made {
  readonly output: string
  /** The records of rejected events. */
  readonly errors: string
  readonly written: number
  readonly rejected: number
  /** Events that were read with U+FFFD in the place of bytes. */
  readonly replaced: number
  readonly unread: UnreadRest | undefined
}

export const SOURCE = 'input'

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString()

/** The processor's way, on which lines may go the fast path. */
export function byProcessor(
  rules: RuleSet,
  input: InputOptions,
  chunks: readonly Uint8Array[],
  { fastPath = true, coding = PORTABLE_CODING }: { fastPath?: boolean; coding?: TextCoding } = {},
): Made {
  const processor = new Processor(rules, new RecordWriter(SOURCE), {
    ...input,
    fastPath,
    coding,
    lineTest: safeLineTest,
  })
  let [output, errors, written, rejected, replaced] = ['', '', 0, 0, 0]
  const take = (parts: Iterable<ProcessedPart<RejectedRecords>>) => {
    for (const part of [...parts, processor.finish()]) {
      output += textOf(part.bytes)
      errors += textOf(part.rejected.bytes)
      written += part.written
      rejected += part.rejected.count
      replaced += part.notes?.replaced ?? 0
    }
  }
  for (const chunk of chunks) {
    const lent = new Uint8Array(chunk)
    take(processor.read(lent))
    // Whoever reads the input may use its buffer again.
    lent.fill(0x2a)
  }
  take(processor.end())
  return { output, errors, written, rejected, replaced, unread: processor.unread }
}

/** The way of worker threads, without the threads. */
export function byBlocks(
  rules: RuleSet,
  input: InputOptions,
  chunks: readonly Uint8Array[],
  blockBytes = 100,
): Made {
  const settings = inputSettings(input)
  const cutter = createCutter(
    new EventFormat(settings, safeLineTest),
    settings.maxLineBytes,
    blockBytes,
    NODE_CODING,
  )
  const processor = new BlockProcessor(rules, { input: settings, fastPath: true, stopAtRejected: false })
  let [output, errors, written, rejected, replaced, lines] = ['', '', 0, 0, 0, 0]
  const pieces: Piece[] = []
  for (const chunk of chunks) pieces.push(...cutter.push(new Uint8Array(chunk), true))
  pieces.push(...cutter.end())
  for (const piece of pieces) {
    // Messages between threads are copied.
    const results = piece.kind === 'result' ? [piece.result] : processor.process(structuredClone(piece))
    for (const result of results) {
      output += textOf(result.bytes)
      errors += textOf(placeRecords(result.rejected, SOURCE, lines).bytes)
      written += result.written
      rejected += result.rejected.count
      replaced += result.notes?.replaced ?? 0
      lines += result.lines
    }
  }
  return { output, errors, written, rejected, replaced, unread: cutter.unread }
}

/** The way of the separate stages, which make objects of all events. */
export function bySteps(rules: RuleSet, input: InputOptions, chunks: readonly Uint8Array[]): Made {
  const format = new EventFormat(inputSettings(input), safeLineTest)
  const splitter = format.createSplitter(NODE_CODING)
  const reader = format.createReader()
  const runner = rules.createRunner()
  let [output, errors, written, rejected, replaced] = ['', '', 0, 0, 0]
  for (const texts of [...chunks.map((chunk) => splitter.push(chunk)), splitter.end()]) {
    const batch = serializeBatch(normalizeBatch(parseBatch(SOURCE, texts, reader), runner))
    output += batch.texts.join('')
    errors += serializeRejected(SOURCE, batch.rejected).join('')
    written += batch.written
    rejected += batch.rejected.length
    replaced += texts.events.filter(({ isReplaced }) => isReplaced).length
  }
  return { output, errors, written, rejected, replaced, unread: splitter.unread }
}

/**
 * Processes the input on every way there is, and compares what they make of it.
 *
 * @returns what all of them make
 */
export function byAllWays(rules: RuleSet, input: InputOptions, chunks: readonly Uint8Array[]): Made {
  const made = bySteps(rules, input, chunks)
  assert.deepEqual(byProcessor(rules, input, chunks), made, 'the processor')
  assert.deepEqual(byProcessor(rules, input, chunks, { fastPath: false }), made, 'the plain way')
  assert.deepEqual(byProcessor(rules, input, chunks, { coding: NODE_CODING }), made, "with Node's coding")
  assert.deepEqual(byBlocks(rules, input, chunks), made, 'small blocks')
  assert.deepEqual(byBlocks(rules, input, chunks, 1000), made, 'larger blocks')
  return made
}

/** The members of records that matter in most tests. */
export function recordsOf({ errors }: Made): { line: number; code: string; message: string; raw?: string }[] {
  return errors
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
    .map(({ line, code, message, raw }) => ({ line, code, message, raw }))
}

import type { TextCoding } from '../json/text-coding.ts'
import { PORTABLE_CODING } from '../json/text-coding.ts'
import type { RunnerSource } from '../rules/apply/normalize.ts'
import { WORD_BYTES } from './line-cutter.ts'
import type { ProcessedPart } from './processor.ts'
import { Processor } from './processor.ts'
import type { Block, BlockResult, LineBlock, WorkerSettings } from './protocol.ts'
import type { UnplacedRecords } from './rejected-records.ts'
import { UnplacedRecordWriter } from './rejected-records.ts'

/** So much is read at a time: the processor's caches hold it, and the output that is made of it. */
const STEP_BYTES = 64 * 1024

/** A worker's part of the work: blocks in, their results out. Only the main thread knows the source of a block. */
export class BlockProcessor {
  readonly #processor: Processor<UnplacedRecords>

  /** @param coding how text becomes bytes. Default: as it is done everywhere */
  constructor(
    rules: RunnerSource,
    { input, ...settings }: WorkerSettings,
    coding: TextCoding = PORTABLE_CODING,
  ) {
    const records = new UnplacedRecordWriter(coding)
    this.#processor = new Processor(rules, records, {
      ...input,
      ...settings,
      isCut: true,
      buffers: 'lent',
      coding,
    })
  }

  /** The next block is worked on with these rules. */
  replaceRules(rules: RunnerSource): void {
    this.#processor.replaceRules(rules)
  }

  /** The results of a block, the last one marked as that; several where they are large, or take long. */
  process(block: Block): Iterable<BlockResult> {
    return blockResults(this.#processor, block)
  }
}

/** Bytes of shared memory are copied before they are looked at, to a place that is as far from a word's beginning: so V8 copies words. */
class PrivateCopy {
  readonly #bytes = new Uint8Array(STEP_BYTES + WORD_BYTES)

  of(part: Uint8Array): Uint8Array {
    const start = part.byteOffset % WORD_BYTES
    this.#bytes.set(part, start)
    return this.#bytes.subarray(start, start + part.length)
  }
}

/** Of this thread. Nothing is in it between two steps. */
let privateCopy: PrivateCopy | undefined

/**
 * The results of a block, as {@link BlockProcessor.process} gives them.
 *
 * @param processor it lends its buffers, holds nothing of another block, and is made for what is cut already: for lines, or with `isCut`
 */
export function* blockResults(processor: Processor<UnplacedRecords>, block: Block): Iterable<BlockResult> {
  const parts = block.kind === 'lines' ? readLines(processor, block) : processor.readTexts(block.texts)
  for (const part of parts) yield { ...part, bytes: new Uint8Array(part.bytes), lines: 0, isLast: false }
  const lines = block.kind === 'lines' ? processor.lines : 0
  const rest = processor.finish()
  const room = block.kind === 'lines' ? block.room : undefined
  yield { ...rest, bytes: placed(rest.bytes, room), lines, isLast: true }
}

function placed(bytes: Uint8Array, room: Uint8Array | undefined): Uint8Array {
  if (room === undefined || bytes.length > room.length) return new Uint8Array(bytes)
  room.set(bytes)
  return room.subarray(0, bytes.length)
}

function* readLines(
  processor: Processor<UnplacedRecords>,
  { parts, isFirst }: LineBlock,
): Iterable<ProcessedPart<UnplacedRecords>> {
  processor.begin(isFirst)
  for (const part of parts) {
    for (let start = 0; start < part.length; start += STEP_BYTES) {
      const step = part.subarray(start, start + STEP_BYTES)
      if (part.buffer instanceof ArrayBuffer) yield* processor.read(step)
      else {
        privateCopy ??= new PrivateCopy()
        yield* processor.read(privateCopy.of(step))
      }
    }
  }
  yield* processor.end()
}

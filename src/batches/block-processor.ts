import type { TextCoding } from '../json/text-coding.ts'
import { PORTABLE_CODING } from '../json/text-coding.ts'
import type { RunnerSource } from '../rules/apply/normalize.ts'
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
      buffers: 'copied',
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

/**
 * The results of a block, as {@link BlockProcessor.process} gives them.
 *
 * @param processor it holds nothing of another block, and is made for what is cut already: for lines, or with `isCut`
 */
export function* blockResults(processor: Processor<UnplacedRecords>, block: Block): Iterable<BlockResult> {
  const parts = block.kind === 'lines' ? readLines(processor, block) : processor.readTexts(block.texts)
  for (const part of parts) yield { ...part, lines: 0, isLast: false }
  const lines = block.kind === 'lines' ? processor.lines : 0
  yield { ...processor.finish(), lines, isLast: true }
}

function* readLines(
  processor: Processor<UnplacedRecords>,
  { parts, isFirst }: LineBlock,
): Iterable<ProcessedPart<UnplacedRecords>> {
  processor.begin(isFirst)
  for (const part of parts) {
    for (let start = 0; start < part.length; start += STEP_BYTES) {
      yield* processor.read(part.subarray(start, start + STEP_BYTES))
    }
  }
  yield* processor.end()
}

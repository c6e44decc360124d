import { Buffer } from 'node:buffer'
import type { RuleNotes } from '../../rules/rule-notes.ts'
import type { Runner } from '../../rules/runner.ts'
import { LineReader } from '../lines.ts'
import type { RunnerSource } from '../normalize.ts'
import { normalizeBatch } from '../normalize.ts'
import { parseBatch } from '../parse.ts'
import { Rewriter } from '../rewriter.ts'
import { serializeBatch } from '../serialize.ts'
import type { Block, BlockResult, LineBlock, ValueBlock, WorkerSettings } from './protocol.ts'

/** So much is read at a time: the processor's caches hold it, and what is made of it. */
const STEP_BYTES = 64 * 1024

/** The main thread knows which source a block is of. */
const NO_SOURCE = ''

/** What a worker does with blocks: the work of parse, normalize and serialize. */
export class BlockNormalizer {
  readonly #settings: Omit<WorkerSettings, 'rules'>
  #rewriter!: Rewriter
  #runner!: Runner
  #notes: RuleNotes | undefined

  constructor(rules: RunnerSource, settings: Omit<WorkerSettings, 'rules'>) {
    this.#settings = settings
    this.replaceRules(rules)
  }

  /** The next block is worked on with these rules. */
  replaceRules(rules: RunnerSource): void {
    const { fastPath, stopAtRejected } = this.#settings
    this.#rewriter = new Rewriter(NO_SOURCE, fastPath ? rules : withoutFastPath(rules), stopAtRejected)
    this.#notes = rules.createNotes?.()
    this.#runner = rules.createRunner(this.#notes)
  }

  normalize(block: Block): BlockResult {
    return block.kind === 'lines' ? this.#lines(block) : this.#values(block)
  }

  #lines({ parts, isFirst }: LineBlock): BlockResult {
    const reader = new LineReader(this.#settings.maxLineBytes, this.#rewriter, isFirst)
    for (const part of parts) {
      for (let start = 0; start < part.length; start += STEP_BYTES) {
        reader.push(part.subarray(start, start + STEP_BYTES))
      }
    }
    reader.end()
    const { bytes, written, rejected, notes } = this.#rewriter.finish()
    const { lines, events } = reader
    return { bytes: new Uint8Array(bytes), written, rejected, notes, lines, events }
  }

  #values({ texts }: ValueBlock): BlockResult {
    const { stopAtRejected } = this.#settings
    const normalized = normalizeBatch(parseBatch(NO_SOURCE, texts), this.#runner, stopAtRejected)
    const { texts: lines, written, rejected } = serializeBatch(normalized, stopAtRejected)
    const notes = this.#notes?.take()
    const bytes = Buffer.allocUnsafeSlow(lines.reduce((sum, text) => sum + Buffer.byteLength(text), 0))
    let length = 0
    for (const text of lines) length += bytes.write(text, length)
    return { bytes, written, rejected, notes, lines: 0, events: 0 }
  }
}

function withoutFastPath(rules: RunnerSource): RunnerSource {
  return {
    createRunner: (notes) => rules.createRunner(notes),
    createNotes: rules.createNotes?.bind(rules),
  }
}

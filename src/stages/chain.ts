import type { EnrichCounts } from './enrich.ts'
import type { OutputCounts } from './output-counter.ts'
import type { PipelineRules } from './pipeline-options.ts'
import type { Source } from './source.ts'

/** Counts of all but the reading. */
export interface ChainCounts extends OutputCounts {
  /** Bytes parsed, after decompression. */
  readonly bytesParsed: number
  /**
   * Those of them, at the ends of JSON documents, that could not be cut into values: of each such document they are one
   * rejected event.
   */
  readonly bytesUnread: number
  /** With a tracer: what became of the events that were looked up. */
  readonly enrichment?: EnrichCounts
}

/** Counts of all that has happened so far. */
export interface PipelineCounts extends ChainCounts {
  /** Bytes read from the inputs, before decompression. */
  readonly bytesRead: number
}

/** All that a pipeline does behind its source. */
export interface StageChain {
  /** Processes a source to its end. Called once. @throws what the output or the errors output failed with */
  run(source: Source): Promise<void>
  /** From the next batch on these rules apply. @throws {TypeError} when they take another chain */
  replaceRules(rules: PipelineRules): void
  readonly counts: ChainCounts
  /** The rests of documents that could not be read. */
  readonly unread: { readonly message: string | undefined }
  /** True when an event was rejected under `onError: 'fail'`, which ended the reading. */
  readonly stopped: boolean
  /** Threads that do the work. */
  readonly workers: number
}

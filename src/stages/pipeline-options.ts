import type { Writable } from 'node:stream'
import type { InputOptions } from '../formats/input-options.ts'
import type { RunnerSource } from '../rules/apply/normalize.ts'
import type { EnrichSpec } from '../rules/load.ts'
import type { TracerPool } from '../tracer/client/pool.ts'
import type { EnrichCounts } from './enrich.ts'
import type { OutputCounts, SerializeOptions, SerializeStage } from './serialize.ts'

/** The part of a compiled rule file that the pipeline needs. */
export interface PipelineRules extends RunnerSource {
  /** The fields that are looked up, and the member for detections. Default: nothing is looked up. */
  readonly enrich?: EnrichSpec | undefined
  /** The output fields. Needed with `enrich`. */
  readonly writes?: readonly string[]
}

/** All but where the bytes come from. */
export interface StageOptions extends InputOptions, Pick<SerializeOptions, 'errors' | 'onError'> {
  /** A rule file that `compileRules` has compiled. */
  readonly rules: PipelineRules
  /** Lines may go from bytes to bytes where the rules allow it; the result is the same. Default: true. */
  readonly fastPath?: boolean
  /**
   * Threads that parse, normalize and serialize; 1: it is done on this one, as it is where the enrich stage needs events
   * as objects. The result is the same. Default: 1.
   */
  readonly workers?: number
  /** Looks up what the rules' `enrich` names. It is the caller's to close. Default: nothing is looked up. */
  readonly tracer?: TracerPool | undefined
  /** Reject events that could not be looked up (ENRICHMENT_FAILED), instead of marking them. Default: false. */
  readonly tracerRequired?: boolean | undefined
  /** Called after each batch that was counted. Default: nobody looks on. */
  readonly onBatch?: ((counts: BatchCounts) => void) | undefined
  /** Where the normalized events go, as JSON lines. */
  readonly output: Writable
  /** End the output after the last event. Default: true. */
  readonly endOutput?: boolean
}

/** The counts that are asked for after each batch: they take no time. */
export type BatchCounts = Pick<SerializeStage, 'events' | 'rejected'>

/** Counts of all that has happened so far. */
export interface PipelineCounts extends OutputCounts {
  /** Bytes read from the inputs, before decompression. */
  readonly bytesRead: number
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

/** Messages between the main thread and the workers. */
import type { BatchNotes } from '../event.ts'
import type { InputSettings } from '../formats/input-options.ts'
import type { EventTexts } from '../formats/splitter.ts'
import type { PrintedRules } from '../rules/aot/print-rules.ts'
import type { RuleDefinition } from '../rules/definition.ts'
import type { UnplacedRecords } from './rejected-records.ts'

/** The settings that a worker is started with. Rules are its first message. */
export interface WorkerSettings {
  readonly input: InputSettings
  readonly fastPath: boolean
  readonly stopAtRejected: boolean
  /** Results tell which event each line is of. Default: false. */
  readonly tracksOutputs?: boolean
}

/** Rules as a worker gets them: as code, or to be compiled, where they need something that no code holds (a database of addresses). */
export type WorkerRules =
  | { readonly kind: 'printed'; readonly printed: PrintedRules }
  | { readonly kind: 'definition'; readonly definition: RuleDefinition }

/** Work for one worker. */
export type Block = LineBlock | EventBlock

/** Bytes whose buffer can change hands. */
export type Bytes = Uint8Array<ArrayBuffer>

export interface LineBlock {
  readonly kind: 'lines'
  /** Complete lines, the last one of a source perhaps without LF. Each part has a buffer of its own, or is in shared memory. */
  readonly parts: readonly Uint8Array[]
  /** Shared memory for the output of the last result, where it fits in. Default: it comes in a buffer of its own. */
  readonly room?: Uint8Array | undefined
  /** Bytes in them. */
  readonly size: number
  /** It begins where its source does. */
  readonly isFirst: boolean
}

export interface EventBlock {
  readonly kind: 'events'
  readonly texts: EventTexts
  /** Characters of the texts, about. */
  readonly size: number
}

/** The output of a block, or of a part of it. */
export interface BlockResult {
  /** JSON lines, in the block's room, or in a buffer that holds nothing else. */
  readonly bytes: Uint8Array
  /** Number of lines. */
  readonly written: number
  /** Their lines are counted from the beginning of a block of lines. */
  readonly rejected: UnplacedRecords
  readonly notes?: BatchNotes | undefined
  /** With `tracksOutputs`: of each line the ordinal of its event in the block. */
  readonly ordinals?: readonly number[] | undefined
  /** With the last result of a block of lines: its lines, by which those of the blocks behind it are moved; else 0. */
  readonly lines: number
  /** It is the last one of its block. */
  readonly isLast: boolean
}

/** A worker has loaded all that it needs. */
export interface WorkerReady {
  readonly kind: 'ready'
}

/**
 * To a worker. Each block is answered with results, mostly one, in the order of the blocks; after one that is not the last of its block
 * the worker waits until it is told to go on, so that no more than one of a block is in memory.
 */
export type WorkerMessage =
  | Block
  | { readonly kind: 'rules'; readonly rules: WorkerRules }
  | { readonly kind: 'on' }

import type { EventText, RejectedEvent } from '../event.ts'

/** The events that a chunk of input completes. */
export interface EventTexts {
  readonly events: readonly EventText[]
  readonly rejected: readonly RejectedEvent[]
}

/** Cuts the bytes of one source into the texts of events, whatever the chunks they come in. */
export interface Splitter {
  /** @returns what became complete with this chunk */
  push(chunk: Uint8Array): EventTexts
  /** The source has ended. @returns what it still held */
  end(): EventTexts
  /** Gives the event that is held only because more of it may come. Default: none is held so. */
  flush?(): EventTexts
  /** `flush` would give an event. */
  readonly holdsEvent?: boolean
  /** After the end: the part that could not be cut into events. Lines can always be. */
  readonly unread?: UnreadRest | undefined
}

/** An input cannot be cut into events any longer: from here to its end. */
export interface UnreadRest {
  /** The line on which it begins. */
  readonly line: number
  readonly problem: string
  /** Its length; 0 where only the end of an array is missing. */
  readonly bytes: number
}

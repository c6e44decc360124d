import type { UnreadRest } from '../formats/splitter.ts'
import type { Block, BlockResult } from './protocol.ts'

/** A piece of a chunk of input: work for a worker, or a result that needs none. */
export type Piece = Block | { readonly kind: 'result'; readonly result: BlockResult }

/**
 * Cuts the bytes of sources into blocks of complete events. The blocks that it yields have to be taken before the next call; only
 * so much is cut as is taken.
 */
export interface Cutter {
  /** @param isOwned nobody else has the chunk's buffer */
  push(chunk: Uint8Array, isOwned?: boolean): Iterable<Piece>
  /** Gives what is complete, be it little. */
  flush(): Iterable<Piece>
  /** Gives what is complete, and the event that is held only because more of it may come. */
  flushHeld?(): Iterable<Piece>
  /** Such an event is held. */
  readonly holdsEvent?: boolean
  /** The source has ended: gives the rest. All that follows belongs to another source. */
  end(): Iterable<Piece>
  /** The rest of the source that has ended last, which could not be cut because it is no document. Lines can always be. */
  readonly unread?: UnreadRest | undefined
  /** `flush` would give something. */
  readonly hasComplete: boolean
}

/** Bytes of one input; without `bytes`: its end. */
export interface InputChunk {
  readonly source: string
  readonly bytes?: Uint8Array
  /** Nobody else has the bytes' buffer: it may be given away. Default: false. */
  readonly isOwned?: boolean
  /**
   * Another chunk follows at once, the end too; where nothing is there yet, one without bytes: what is held for the sake of more is given then.
   * Default: false.
   */
  readonly isFollowed?: boolean
}

/**
 * Where the pipeline's bytes come from: the chunks of one input after the other, and after each input a chunk that tells
 * its end. A fault ends the chunks and is no error of theirs, so that all before it is processed.
 */
export interface Source extends AsyncIterable<InputChunk> {
  /** Why the chunks ended early, if they did. */
  readonly fault: InputError | undefined
  /** Bytes read so far, before decompression. */
  readonly bytesRead: number
  /** Ends the chunks: what was read is processed as if the input ended here. */
  stop(): void
}

/** An input could not be read to its end: a fault of the disk, compressed data that is damaged, a JSON document that is cut off. */
export class InputError extends Error {
  override readonly name = 'InputError'
}

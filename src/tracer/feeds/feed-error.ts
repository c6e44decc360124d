/** The reasons why a feed could not be loaded. A closed list. */
const FEED_ERRORS = {
  /** The file is not there, may not be read, or is not what its gzip header says. */
  FEED_UNREADABLE: 'the file cannot be read',
  /** No byte but blanks: more likely a file that is being written than a feed without records. */
  FEED_EMPTY: 'the file is empty',
  /** Neither CSV nor JSON, or broken in the middle. */
  FEED_INVALID: 'the file is broken',
  /** No record has the column or path of `--key`. */
  FEED_KEY_MISSING: 'the key is not in the feed',
  /** It is no format that says itself what is looked up, and there is no `--key`. */
  FEED_KEY_NEEDED: 'the feed needs a key',
  /** The file was written while it was read. */
  FEED_CHANGED: 'the file changed while it was read',
  /** Fewer indicators than a feed has to have. */
  FEED_TOO_FEW: 'the feed has too few indicators',
  /** Far fewer indicators than the version before it had. */
  FEED_SHRUNK: 'the feed has lost most of its indicators',
  /** More than a table in memory can hold. */
  FEED_TOO_LARGE: 'the feed is too large',
  /** A compiled feed that is cut, or whose checksums are wrong. */
  FEED_DAMAGED: 'the compiled feed is damaged',
  /** A compiled feed of another version of tracer. */
  FEED_VERSION: 'the compiled feed is of another version',
  /** A compiled feed could not be written: a full disk, a file that may not be replaced. */
  FEED_UNWRITABLE: 'the compiled feed cannot be written',
} as const

export type FeedErrorCode = keyof typeof FEED_ERRORS

/** A feed that was refused as a whole. Its message names the file, the place in it, and what to do. */
export class FeedError extends Error {
  readonly code: FeedErrorCode
  readonly file: string

  /** @param problem the fault and its place, without the file's name */
  constructor(code: FeedErrorCode, file: string, problem: string, cause?: unknown) {
    super(`${file}: ${problem}`, cause === undefined ? undefined : { cause })
    this.name = 'FeedError'
    this.code = code
    this.file = file
  }
}

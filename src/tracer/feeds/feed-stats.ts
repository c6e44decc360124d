/** Numbers that a feed file tells of itself. */
export interface FeedStats {
  readonly file: string
  /** Records that are in use. */
  readonly records: number
  /** Keys that can be hit. */
  readonly indicators: number
  /** Rows that are no records, and records without a usable key. */
  readonly skipped: number
  /** Records of kinds that cannot be looked up, as a comment of MISP. */
  readonly ignored?: number
  /** The time when the tables in use were read, in milliseconds since 1970. */
  readonly loadedAt: number
  /** Reloads, without the first loading. */
  readonly reloadsOk: number
  readonly reloadsFailed: number
  /** Versions that could be read, and were refused for their size. Default: 0. */
  readonly reloadsRefused?: number
  /** Nothing of it is served: it could not be read since the start, has not come yet, or is damaged. Default: false. */
  readonly isUnusable?: boolean
}

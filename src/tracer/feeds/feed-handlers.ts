import type { FeedRecord } from './formats/record.ts'
import type { KeyType } from './keys/indicator-key.ts'

/** An indicator that a record itself names to be looked up by. */
export interface OwnIndicator {
  readonly value: string
  /** Undefined: to be detected. */
  readonly type: KeyType | undefined
}

/** Takes the records of a feed while it is read. An error that a handler throws ends the reading. */
export interface FeedHandlers {
  /** The columns of a CSV file, before its first record. */
  onColumns(columns: readonly string[]): void
  /**
   * @param ordinal of the record among all that are told, from 1
   * @param own the indicators that the record is looked up by, whatever the `--key`; undefined: the format does not say
   * it
   * @param line of the file, where each line is a record. Default: a place is the ordinal
   */
  onRecord(record: FeedRecord, ordinal: number, own?: readonly OwnIndicator[], line?: number): void
  /**
   * Something that stands where a record should, and is none.
   *
   * @param place such as `line 17`
   * @param what stands there, and why it is none
   * @param reason under which it is counted. Default: `what`
   */
  onSkipped(place: string, what: string, reason?: string): void
  /** The keys by which records are to be looked up, where they are named. Formats of JSON find their records by them. */
  readonly wantedKeys?: readonly string[]
  /** The format of the file, before its first record. */
  onFormat?(name: string): void
  /** The records are the values at this path of the file; keys may begin with it. */
  onRecordsPath?(path: readonly string[]): void
  /** Something that is as it should be, but of a kind that cannot be looked up: an attribute that is a comment. */
  onIgnored?(): void
}

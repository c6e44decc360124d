import type { IndicatorType } from '../protocol.ts'
import type { FeedRecord } from './formats/record.ts'

/** An indicator that a record itself names to be looked up by. */
export interface OwnIndicator {
  readonly value: string
  /** Undefined: to be detected. */
  readonly type: IndicatorType | undefined
}

/** Takes the records of a feed while it is read. An error that a handler throws ends the reading. */
export interface FeedHandlers {
  /** The columns of a CSV file, before its first record. */
  onColumns(columns: readonly string[]): void
  /**
   * @param ordinal of the record among all that are told, from 1
   * @param own the indicators that the record is looked up by, whatever the `--key`; undefined: the format does not say
   * it
   */
  onRecord(record: FeedRecord, ordinal: number, own?: readonly OwnIndicator[]): void
  /**
   * Something that stands where a record should, and is none.
   *
   * @param place such as `line 17`
   */
  onSkipped(place: string, reason: string): void
  /** Something that is as it should be, but of a kind that cannot be looked up: an attribute that is a comment. */
  onIgnored?(): void
}

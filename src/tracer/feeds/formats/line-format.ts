import type { OwnIndicator } from '../feed-handlers.ts'
import type { FeedRecord } from './record.ts'

/** A line of a feed: nothing (a comment, a header), a record and what it is looked up by, or something that is left out. */
export type LineResult =
  | undefined
  | { readonly record: FeedRecord; readonly own: readonly OwnIndicator[] }
  /** Left out as the format means it: a rule that is no indicator. `reason` is what such lines are counted under. */
  | { readonly skipped: string; readonly reason?: string }

/** Reads the lines of one file, in their order. */
export interface LineReader {
  /** @param line without its end; not empty, and without blanks round it */
  read(line: string): LineResult
}

/** A format of one record a line. */
export interface LineFormat {
  /** Its name for `--format`. */
  readonly name: string
  /**
   * True when a file whose first lines these are is of the format.
   *
   * @param lines without blanks round them and without empty ones, comments among them; at least one, 200 at most
   */
  recognizes(lines: readonly string[]): boolean
  createReader(): LineReader
}

/** True when all lines are, and there is one. */
export function areAll(lines: readonly string[], is: (line: string) => boolean): boolean {
  return lines.length > 0 && lines.every(is)
}

/** True when nearly all lines are: lists of others hold a faulty one now and then. */
export function areMost(lines: readonly string[], is: (line: string) => boolean): boolean {
  return lines.length > 0 && lines.filter(is).length >= lines.length * 0.9
}

/** Lines that are no comments of the usual kinds. */
export function withoutComments(lines: readonly string[]): string[] {
  return lines.filter((line) => !/^(?:#|;|\/\/|!)/.test(line))
}

/** Fields by name; those that are undefined are left out. */
export function fields(pairs: Readonly<Record<string, string | undefined>>): FeedRecord {
  const record = new Map<string, string>()
  for (const [name, value] of Object.entries(pairs)) if (value !== undefined) record.set(name, value)
  return record
}

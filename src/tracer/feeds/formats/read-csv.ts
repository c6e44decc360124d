import type { Buffer } from 'node:buffer'
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CsvError, parse } from 'csv-parse'
import { FeedError } from '../feed-error.ts'
import type { FeedHandlers } from '../feed-handlers.ts'
import type { FeedRecord } from './record.ts'

/** A quote that is never closed would take the rest of the file into one field. */
const LARGEST_RECORD_BYTES = 16 * 1024 * 1024
/** Records that wait between the parser and the table. */
const QUEUED_RECORDS = 256

/** Reads CSV (RFC 4180) with a header row. A row that has not as many fields as the header is skipped. */
export async function readCsv(
  chunks: AsyncIterable<Buffer>,
  file: string,
  handlers: FeedHandlers,
): Promise<void> {
  let columns: readonly string[] | undefined
  let ordinal = 0
  const parser = parse({
    bom: true,
    record_delimiter: ['\r\n', '\n'],
    skip_empty_lines: true,
    // A quote in the middle of a field is a quote.
    relax_quotes: true,
    max_record_size: LARGEST_RECORD_BYTES,
    // The line of a row is known only when it is wrong.
    skip_records_with_error: true,
    on_skip(error) {
      if (error?.code !== 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH') throw error
      handlers.onSkipped(`line ${error.lines}`, error.message)
      return undefined
    },
  })
  const sink = new Writable({
    objectMode: true,
    highWaterMark: QUEUED_RECORDS,
    write(fields: string[], _encoding, done) {
      try {
        if (columns === undefined) {
          columns = columnNames(fields)
          handlers.onColumns(columns)
        } else {
          ordinal += 1
          handlers.onRecord(recordOf(columns, fields), ordinal)
        }
        done()
      } catch (error) {
        done(error as Error)
      }
    },
  })
  try {
    await pipeline(Readable.from(chunks), parser, sink)
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    throw new FeedError('FEED_INVALID', file, `line ${error.lines}: ${error.message}`, error)
  }
}

/** The names of the header without blanks round them; a name that is empty or taken gets a number. */
function columnNames(header: readonly string[]): string[] {
  const names = new Set<string>()
  for (const [i, field] of header.entries()) {
    const wanted = field.trim() || `column${i + 1}`
    let name = wanted
    for (let number = 2; names.has(name); number++) name = `${wanted}_${number}`
    names.add(name)
  }
  return [...names]
}

function recordOf(columns: readonly string[], fields: readonly string[]): FeedRecord {
  const record = new Map<string, string>()
  for (let i = 0; i < columns.length; i++) record.set(columns[i]!, fields[i]!)
  return record
}

import type { Buffer } from 'node:buffer'
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CsvError, parse } from 'csv-parse'
import { FeedError } from '../feed-error.ts'
import type { FeedHandlers } from '../feed-handlers.ts'
import type { CsvLayout } from './csv-layout.ts'
import { hasKnownFields, knownIndicators } from './known-fields.ts'
import type { FeedRecord } from './record.ts'

/** A quote that is never closed would take the rest of the file into one field. */
const LARGEST_RECORD_BYTES = 16 * 1024 * 1024
/** Records that wait between the parser and the table. */
const QUEUED_RECORDS = 256

/**
 * Reads CSV (RFC 4180). A row that has not as many fields as there are columns is skipped. Without a wanted key, records
 * tell themselves what they are looked up by, see `knownIndicators`.
 *
 * @param layout of the file, whose skipped characters are not in the chunks any more
 */
export async function readCsv(
  chunks: AsyncIterable<Buffer>,
  file: string,
  handlers: FeedHandlers,
  layout: CsvLayout,
): Promise<void> {
  let columns: readonly string[] | undefined
  let ordinal = 0
  let isKnown = false
  const useColumns = (names: readonly string[]) => {
    columns = columnNames(names)
    isKnown = (handlers.wantedKeys ?? []).length === 0 && hasKnownFields(columns)
    if (!isKnown) handlers.onColumns(columns)
  }
  if (layout.columns !== undefined) useColumns(layout.columns)
  const lineOf = ({ lines }: CsvError) => `line ${Number(lines) + layout.skippedLines}`
  const parser = parse({
    bom: true,
    delimiter: layout.delimiter,
    record_delimiter: ['\r\n', '\n'],
    skip_empty_lines: true,
    // A quote in the middle of a field is a quote.
    relax_quotes: true,
    ltrim: layout.hasBlanksBeforeQuotes,
    ...(layout.hasComments ? { comment: '#', comment_no_infix: true } : {}),
    ...(layout.columns === undefined ? {} : { columns: false, relax_column_count: true }),
    max_record_size: LARGEST_RECORD_BYTES,
    // The line of a row is known only when it is wrong.
    skip_records_with_error: true,
    on_skip(error) {
      if (error?.code !== 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH') throw error
      handlers.onSkipped(lineOf(error), error.message, 'rows of another length')
      return undefined
    },
  })
  const sink = new Writable({
    objectMode: true,
    highWaterMark: QUEUED_RECORDS,
    write(fields: string[], _encoding, done) {
      try {
        if (columns === undefined) {
          useColumns(fields)
        } else if (fields.length !== columns.length) {
          handlers.onSkipped(
            `record ${ordinal + 1}`,
            `has ${fields.length} fields, and there are ${columns.length} columns`,
            'rows of another length',
          )
          ordinal += 1
        } else {
          ordinal += 1
          const record = recordOf(columns, fields)
          if (isKnown) handlers.onRecord(record, ordinal, knownIndicators(record) ?? [])
          else handlers.onRecord(record, ordinal)
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
    throw new FeedError('FEED_INVALID', file, `${lineOf(error)}: ${error.message}`, error)
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

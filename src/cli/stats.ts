import type { PipelineCounts } from '../pipeline.ts'

/** What `--stats` prints: one JSON object. `events` is `written` and `rejected` together. */
export function statsRecord(counts: PipelineCounts, seconds: number): string {
  const { events, written, rejected, rejectedByCode, bytesRead, bytesParsed, bytesWritten } = counts
  return JSON.stringify({
    events,
    written,
    rejected,
    rejected_by_code: rejectedByCode,
    bytes_read: bytesRead,
    bytes_parsed: bytesParsed,
    bytes_written: bytesWritten,
    seconds: Math.round(seconds * 1000) / 1000,
    events_per_second: seconds > 0 ? Math.round(events / seconds) : 0,
  })
}

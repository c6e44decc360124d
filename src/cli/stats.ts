import type { PipelineCounts } from '../pipeline.ts'
import type { PoolStats } from '../tracer/pool.ts'

/** What `--stats` prints: one JSON object. `events` is `written` and `rejected` together. */
export function statsRecord(counts: PipelineCounts, seconds: number, tracer?: PoolStats): string {
  const { events, written, rejected, rejectedByCode, bytesRead, bytesParsed, bytesUnread, bytesWritten } =
    counts
  return JSON.stringify({
    events,
    written,
    rejected,
    rejected_by_code: rejectedByCode,
    bytes_read: bytesRead,
    bytes_parsed: bytesParsed,
    bytes_unread: bytesUnread,
    bytes_written: bytesWritten,
    seconds: Math.round(seconds * 1000) / 1000,
    events_per_second: seconds > 0 ? Math.round(events / seconds) : 0,
    ...(tracer === undefined ? {} : { enrichment: { ...counts.enrichment, ...tracerRecord(tracer) } }),
  })
}

function tracerRecord(stats: PoolStats): Record<string, number> {
  return {
    detections: stats.detections,
    cache_hits: stats.cacheHits,
    cache_misses: stats.cacheMisses,
    requests: stats.requests,
    retries: stats.retries,
    late_replies: stats.lateReplies,
    stray_detections: stats.strayDetections,
    too_long: stats.tooLong,
    connections: stats.connections,
    failed_connections: stats.failedConnections,
  }
}

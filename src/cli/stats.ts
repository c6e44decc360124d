import type { PipelineCounts } from '../stages/chain.ts'
import type { PoolStats } from '../tracer/client/pool.ts'

/**
 * The object that `--stats` prints as JSON. The README of this folder defines each member; a test holds the two
 * together.
 */
export function statsRecord(counts: PipelineCounts, seconds: number, tracer?: PoolStats): string {
  const { events, written, rejected, bytesRead, bytesParsed, bytesUnread, bytesWritten } = counts
  return JSON.stringify({
    events,
    written,
    rejected,
    rejected_by_code: counts.rejectedByCode,
    rejected_by_rule: counts.rejectedByRule,
    left_out_by_rule: counts.leftOutByRule,
    never_present: counts.neverPresent.map(({ field }) => field),
    replaced: counts.replaced,
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

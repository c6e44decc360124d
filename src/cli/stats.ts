import type { Value } from '../expression/value.ts'
import type { SyslogCounts } from '../io/syslog/source.ts'
import { toPlain } from '../rules/apply/plain-values.ts'
import type { PipelineCounts } from '../stages/chain.ts'
import type { PoolStats } from '../tracer/client/pool.ts'

/** The summary that `--stats` prints: one JSON object. The README of this folder defines each member; a test holds the two together. */
export function statsRecord(
  counts: PipelineCounts,
  seconds: number,
  tracer?: PoolStats,
  rules: StatsRules = {},
  syslog?: SyslogCounts,
): string {
  const { events, written, rejected, dropped, bytesRead, bytesParsed, bytesUnread, bytesWritten } = counts
  return JSON.stringify({
    events,
    written,
    rejected,
    dropped,
    rejected_by_code: counts.rejectedByCode,
    rejected_by_rule: counts.rejectedByRule,
    left_out_by_rule: counts.leftOutByRule,
    ...(counts.ruleSets !== undefined && { rules: ruleSetRecords(counts.ruleSets, rules.routes ?? []) }),
    ...(rules.meta !== undefined && { meta: toPlain(rules.meta) }),
    never_present: counts.neverPresent.map(({ field }) => field),
    replaced: counts.replaced,
    bytes_read: bytesRead,
    bytes_parsed: bytesParsed,
    bytes_unread: bytesUnread,
    bytes_written: bytesWritten,
    seconds: Math.round(seconds * 1000) / 1000,
    events_per_second: seconds > 0 ? Math.round(events / seconds) : 0,
    ...(syslog !== undefined && { syslog: syslogRecord(syslog) }),
    ...(tracer === undefined ? {} : { enrichment: { ...counts.enrichment, ...tracerRecord(tracer) } }),
  })
}

/** Rules, as far as the summary tells of them. */
interface StatsRules {
  /** The key `meta` of a rule file. */
  readonly meta?: Value | undefined
  /** Of several rule sets. */
  readonly routes?: readonly {
    readonly name: string
    readonly set: { readonly meta: Value | undefined } | undefined
  }[]
}

function ruleSetRecords(
  counts: NonNullable<PipelineCounts['ruleSets']>,
  routes: NonNullable<StatsRules['routes']>,
): Record<string, unknown> {
  const metas = new Map(routes.map(({ name, set }) => [name, set?.meta]))
  return Object.fromEntries(
    Object.entries(counts).map(([name, count]) => {
      const meta = metas.get(name)
      return [name, meta === undefined ? count : { ...count, meta: toPlain(meta) }]
    }),
  )
}

function syslogRecord({
  messages,
  udpDropped,
  truncated,
  connections,
  refused,
}: SyslogCounts): Record<string, number> {
  return { messages, udp_dropped: udpDropped, truncated, connections, refused }
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

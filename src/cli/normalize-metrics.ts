import process from 'node:process'
import { Histogram, Registry } from 'prom-client'
import { type DrawnValues, drawCounter, drawGauge } from '../http/drawn-metrics.ts'
import type { MetricsPage } from '../http/operator-pages.ts'
import type { HttpServer } from '../http/server.ts'
import type { OutputCounts } from '../stages/output-counter.ts'
import type { EnrichCounts } from '../stages/pending-batch.ts'
import type { PoolStats } from '../tracer/client/pool.ts'

/** The sources of the metrics of `normalize`. */
export interface NormalizeMetricsSource {
  /** The name of the rules, where there is one rule set. */
  readonly rules: string
  readonly counts: () => OutputCounts
  /** Bytes of the inputs, unpacked. */
  readonly inputBytes: () => number
  /** Reloads of the rules, by their results. Default: none is made. */
  readonly reloads?: (() => { readonly ok: number; readonly failed: number }) | undefined
  /** Default: nothing is served over HTTP. */
  readonly server?: HttpServer | undefined
  /** Counts of syslog, by the names of the metrics without `sluice_syslog_`. Default: none is received. */
  readonly syslog?: (() => Readonly<Record<string, number>>) | undefined
  /** Counts of what was looked up. Default: no tracer is asked. */
  readonly enrichment?: (() => { readonly counts: EnrichCounts; readonly pool: PoolStats }) | undefined
}

const REQUEST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** The metrics of a process that normalizes, in the text format of Prometheus. They are drawn from bare counts when they are asked for. */
export class NormalizeMetrics implements MetricsPage {
  readonly #registry = new Registry()
  readonly #seconds: Histogram | undefined

  constructor(source: NormalizeMetricsSource) {
    const { rules, counts, inputBytes, reloads, server, syslog, enrichment } = source
    this.#counter(
      'sluice_events_total',
      'Events, by rule set and what became of them',
      ['rules', 'outcome'],
      () => eventValues(rules, counts()),
    )
    this.#counter('sluice_rejected_total', 'Rejected events, by code', ['code'], () =>
      Object.entries(counts().rejectedByCode).map(([code, count]) => [{ code }, count]),
    )
    this.#counter('sluice_input_bytes_total', 'Bytes of input, unpacked', [], () => [[{}, inputBytes()]])
    this.#counter('sluice_output_bytes_total', 'Bytes of output', [], () => [[{}, counts().bytesWritten]])
    if (reloads !== undefined) {
      this.#counter('sluice_rule_reloads_total', 'Reloads of the rules, by result', ['result'], () =>
        Object.entries(reloads()).map(([result, count]) => [{ result }, count]),
      )
    }
    for (const name of Object.keys(syslog?.() ?? {})) {
      this.#counter(`sluice_syslog_${name}`, SYSLOG_HELP[name] ?? name, [], () => [[{}, syslog!()[name]!]])
    }
    if (enrichment !== undefined) this.#drawEnrichment(enrichment)
    if (server !== undefined) this.#seconds = this.#drawServer(server)
    this.#counter('sluice_processor_seconds_total', 'Processor time of the process', [], () => {
      const { user, system } = process.cpuUsage()
      return [[{}, (user + system) / 1e6]]
    })
    this.#gauge('sluice_resident_memory_bytes', 'Memory of the process', [], () => [
      [{}, process.memoryUsage.rss()],
    ])
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  text(): Promise<string> {
    return this.#registry.metrics()
  }

  /** A request was answered, after so many seconds. */
  observeRequest(seconds: number): void {
    this.#seconds?.observe(seconds)
  }

  #drawEnrichment(source: NonNullable<NormalizeMetricsSource['enrichment']>): void {
    this.#counter(
      'sluice_lookups_total',
      'Events that detections were found for, or that could not be looked up, by result',
      ['result'],
      () => {
        const { enriched, timeout, unavailable } = source().counts
        return Object.entries({ enriched, timeout, unavailable }).map(([result, count]) => [
          { result },
          count,
        ])
      },
    )
    this.#counter('sluice_detections_total', 'Detections that were added to events', [], () => [
      [{}, source().counts.detections],
    ])
    this.#counter('sluice_tracer_requests_total', 'Requests that were sent to tracers', [], () => [
      [{}, source().pool.requests],
    ])
    this.#counter(
      'sluice_tracer_cache_total',
      'Indicators that the cache of answers knew, or did not know',
      ['result'],
      () => {
        const { cacheHits, cacheMisses } = source().pool
        return [
          [{ result: 'hit' }, cacheHits],
          [{ result: 'miss' }, cacheMisses],
        ]
      },
    )
  }

  #drawServer(server: HttpServer): Histogram {
    const { counters } = server
    this.#counter('sluice_requests_total', 'Requests that were answered, by status', ['status'], () =>
      Array.from(counters.byStatus, ([status, count]) => [{ status: String(status) }, count]),
    )
    this.#counter('sluice_requests_aborted_total', 'Requests without a whole answer', [], () => [
      [{}, counters.aborted],
    ])
    this.#gauge('sluice_requests_in_flight', 'Requests that are worked on', [], () => [[{}, server.inFlight]])
    this.#gauge('sluice_connections', 'Connections that are open', [], () => [[{}, server.connections]])
    this.#counter('sluice_connections_total', 'Connections, refused ones too', [], () => [
      [{}, counters.connections],
    ])
    this.#counter('sluice_connections_refused_total', 'Connections refused, by reason', ['reason'], () =>
      Object.entries(counters.refusedConnections).map(([reason, count]) => [{ reason }, count]),
    )
    return new Histogram({
      name: 'sluice_request_duration_seconds',
      help: 'Time from the head of a request with events to the end of its answer',
      buckets: REQUEST_SECONDS,
      registers: [this.#registry],
    })
  }

  #counter(name: string, help: string, labelNames: string[], values: () => DrawnValues): void {
    drawCounter({ name, help, labelNames, registers: [this.#registry] }, values)
  }

  #gauge(name: string, help: string, labelNames: string[], values: () => DrawnValues): void {
    drawGauge({ name, help, labelNames, registers: [this.#registry] }, values)
  }
}

const SYSLOG_HELP: Readonly<Record<string, string>> = {
  messages_total: 'Messages that were received',
  bytes_total: 'Bytes that were received',
  udp_dropped_total: 'Datagrams that were lost, here or in the buffer of the system',
  truncated_total: 'Messages that were cut off because they are too long',
  connections_total: 'Connections, refused ones too',
  refused_total: 'Connections and datagrams that were refused',
}

/** With several rule sets those of each by its name, and those that none of them took without one. */
function eventValues(rules: string, { written, rejected, dropped, ruleSets }: OutputCounts): DrawnValues {
  const values: [Record<string, string>, number][] = []
  const add = (name: string, counts: Readonly<Record<'written' | 'rejected' | 'dropped', number>>): void => {
    for (const outcome of ['written', 'rejected', 'dropped'] as const) {
      values.push([{ rules: name, outcome }, Math.max(0, counts[outcome])])
    }
  }
  if (ruleSets === undefined) {
    add(rules, { written, rejected, dropped })
    return values
  }
  const rest = { written, rejected, dropped }
  for (const [name, counts] of Object.entries(ruleSets)) {
    add(name, counts)
    rest.written -= counts.written
    rest.rejected -= counts.rejected
    rest.dropped -= counts.dropped
  }
  add('', rest)
  return values
}

import { Histogram, type Registry } from 'prom-client'
import { type DrawnValues, drawCounter, drawGauge } from '../../http/drawn-metrics.ts'
import type { ExchangeCounts } from '../http/lookup-exchange.ts'

/** The numbers that the HTTP face tells of itself; `TracerHttpServer` is one. */
export interface HttpTraffic {
  readonly counts: ExchangeCounts
  readonly traffic: {
    readonly connections: number
    readonly refusedConnections: Readonly<Record<string, number>>
    readonly byStatus: ReadonlyMap<number, number>
    readonly aborted: number
  }
  readonly inFlight: number
  readonly connections: number
  /** Takes the duration of each look-up. Unset: nobody asks. */
  observeRequest: ((seconds: number) => void) | undefined
}

/** From an object in memory to a body of 64 MiB. */
const REQUEST_SECONDS = [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60]

/** Draws what goes over HTTP, beside the metrics of TCP; indicators, hits and misses are counted there for both. */
export function drawHttp(registry: Registry, http: HttpTraffic): void {
  const registers = [registry]
  const counter = (name: string, help: string, values: () => DrawnValues, labelNames: string[] = []): void =>
    drawCounter({ name, help, labelNames, aggregator: 'sum', registers }, values)
  const gauge = (name: string, help: string, value: () => number): void =>
    drawGauge({ name, help, aggregator: 'sum', registers }, () => [[{}, value()]])
  counter(
    'tracer_http_requests_total',
    'Requests over HTTP that were answered, by status',
    () =>
      Array.from(http.traffic.byStatus, ([status, count]) => [{ status: String(status) }, count] as const),
    ['status'],
  )
  counter(
    'tracer_http_aborted_total',
    'Requests over HTTP without a whole answer: the client went away, was too slow, or sent a fault late',
    () => [[{}, http.traffic.aborted]],
  )
  counter('tracer_http_objects_total', 'Objects looked up over HTTP', () => [[{}, http.counts.objects]])
  counter('tracer_http_received_bytes_total', 'Bytes of bodies received over HTTP', () => [
    [{}, http.counts.receivedBytes],
  ])
  counter('tracer_http_sent_bytes_total', 'Bytes of answers sent over HTTP', () => [
    [{}, http.counts.sentBytes],
  ])
  counter('tracer_http_connections_total', 'Connections for HTTP accepted, refused ones too', () => [
    [{}, http.traffic.connections],
  ])
  counter(
    'tracer_http_connections_refused_total',
    'Connections for HTTP refused, by reason',
    () =>
      Object.entries(http.traffic.refusedConnections).map(([reason, count]) => [{ reason }, count] as const),
    ['reason'],
  )
  gauge('tracer_http_connections', 'Connections for HTTP open now', () => http.connections)
  gauge('tracer_http_requests_in_flight', 'Requests over HTTP that are worked on now', () => http.inFlight)
  const histogram = new Histogram({
    name: 'tracer_http_request_duration_seconds',
    help: 'Duration of look-ups over HTTP, from their headers to the end of their answer',
    buckets: REQUEST_SECONDS,
    registers,
  })
  http.observeRequest = (seconds) => histogram.observe(seconds)
}

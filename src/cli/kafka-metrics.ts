import { Registry } from 'prom-client'
import { type DrawnValues, drawCounter, drawGauge } from '../http/drawn-metrics.ts'
import { OperationsServer } from '../http/operations.ts'
import type { MetricsPage } from '../http/operator-pages.ts'
import type { KafkaLoop } from '../io/kafka/loop.ts'
import type { OwnedPartition } from '../io/kafka/source.ts'
import { type Endpoint, formatEndpoint } from './endpoint.ts'
import { CommandError, EXIT } from './exit-codes.ts'
import { listenFault } from './listen-fault.ts'
import { NormalizeMetrics } from './normalize-metrics.ts'

interface KafkaMetricsSource {
  /** The name of the rules, where there is one rule set. */
  readonly rules: string
  readonly loop: KafkaLoop
  /** Default: the rules are not reloaded. */
  readonly reloads: (() => { readonly ok: number; readonly failed: number }) | undefined
  /** Tells the operator. */
  readonly say: (text: string) => void
}

/**
 * Serves the metrics of events and those of Kafka; `/readyz` says whether messages are read and written.
 *
 * @returns a function that ends it
 * @throws {CommandError} when it cannot listen
 */
export async function serveKafkaMetrics(
  at: Endpoint,
  source: KafkaMetricsSource,
): Promise<() => Promise<void>> {
  const page = new KafkaMetrics(source)
  const server = new OperationsServer({ ...at, metrics: () => page, isReady: () => source.loop.isReady })
  const { address, port } = await server.listen().catch((cause: unknown) => {
    const text = `normalize kafka: --metrics ${formatEndpoint(at)}: ${listenFault(cause)}`
    throw new CommandError(EXIT.FAILED, text, { cause })
  })
  source.say(`metrics are served on http://${formatEndpoint({ host: address, port })}/metrics\n`)
  return () => server.close()
}

/** The page of metrics, in the text format of Prometheus. */
class KafkaMetrics implements MetricsPage {
  readonly #events: NormalizeMetrics
  readonly #registry = new Registry()

  constructor({ rules, loop, reloads }: KafkaMetricsSource) {
    const { source, writer } = loop
    this.#events = new NormalizeMetrics({
      rules,
      counts: () => loop.counter.counts,
      inputBytes: () => loop.counts.bytes,
      reloads,
    })
    const byPartition = (value: (owned: OwnedPartition) => bigint): DrawnValues =>
      Array.from(source.owned, (owned) => [
        { topic: owned.topic, partition: String(owned.partition) },
        Number(value(owned)),
      ])
    this.#gauge(
      'sluice_kafka_lag',
      'Messages of a partition that are not dealt with',
      ['topic', 'partition'],
      () =>
        byPartition(({ highWatermark, position }) =>
          highWatermark > position ? highWatermark - position : 0n,
        ),
    )
    this.#gauge(
      'sluice_kafka_committed_offset',
      'The offset that the group has of a partition',
      ['topic', 'partition'],
      () => byPartition(({ committed }) => committed),
    )
    this.#gauge('sluice_kafka_partitions', 'Partitions of this process', [], () => [
      [{}, [...source.owned].length],
    ])
    this.#counter(
      'sluice_kafka_rebalances_total',
      'Times that the group has shared partitions out again',
      [],
      () => [[{}, source.member.rebalances]],
    )
    this.#counter('sluice_kafka_aborts_total', 'Transactions that were given up', [], () => [
      [{}, writer.aborts],
    ])
    this.#counter('sluice_kafka_producer_errors_total', 'Attempts to write that have failed', [], () => [
      [{}, loop.writeErrors],
    ])
    this.#counter('sluice_kafka_messages_total', 'Messages that were dealt with', [], () => [
      [{}, loop.counts.consumed],
    ])
    this.#counter('sluice_kafka_empty_total', 'Messages without an event: null, or white space', [], () => [
      [{}, loop.counts.empty],
    ])
    this.#gauge('sluice_kafka_outage', '1 while something fails and is tried again', [], () => [
      [{}, loop.outage.isNow ? 1 : 0],
    ])
    this.#registry.registerMetric(batchHistogram(loop) as never)
  }

  get contentType(): string {
    return this.#events.contentType
  }

  async text(): Promise<string> {
    return `${(await this.#events.text()).trimEnd()}\n\n${await this.#registry.metrics()}`
  }

  #counter(name: string, help: string, labelNames: string[], values: () => DrawnValues): void {
    drawCounter({ name, help, labelNames, registers: [this.#registry] }, values)
  }

  #gauge(name: string, help: string, labelNames: string[], values: () => DrawnValues): void {
    drawGauge({ name, help, labelNames, registers: [this.#registry] }, values)
  }
}

/** A histogram that is drawn from counts. */
function batchHistogram({ batchSeconds }: KafkaLoop) {
  const name = 'sluice_kafka_batch_seconds'
  return {
    name,
    collect: () => {},
    get: () => {
      const { bounds, counts, count, sum } = batchSeconds
      const values = [
        ...bounds.map((bound, index) => ({
          metricName: `${name}_bucket`,
          labels: { le: bound },
          value: counts[index]!,
        })),
        { metricName: `${name}_bucket`, labels: { le: '+Inf' }, value: count },
        { metricName: `${name}_sum`, labels: {}, value: sum },
        { metricName: `${name}_count`, labels: {}, value: count },
      ]
      return {
        name,
        help: 'Time from a batch to its offsets, in seconds',
        type: 'histogram',
        values,
        aggregator: 'sum',
      }
    },
  }
}

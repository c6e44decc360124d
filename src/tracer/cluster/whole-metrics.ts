import { AggregatorRegistry } from 'prom-client'
import type { MetricsPage } from '../../http/operator-pages.ts'
import type { Metrics, MetricsSnapshot } from '../server/metrics.ts'

/**
 * The metrics of a server that is several processes: sums, and the largest where a sum means nothing (the age of a feed,
 * its reloads, the lag of an event loop). Counts of workers that have ended stay: in the sums, and where the
 * largest count stands for all, the worker in the place of one that has ended goes on from there.
 */
export class WholeMetrics implements MetricsPage {
  readonly #own: Metrics
  readonly #refresh: () => Promise<void>
  /** The last snapshot of each living worker. */
  readonly #living = new Map<number, MetricsSnapshot>()
  /** The largest of each count of which there is no sum. */
  readonly #largest: Counts = new Map()
  /** The counts from which a worker goes on that is in the place of another one. */
  readonly #begun = new Map<number, Counts>()
  /** The counts of all others. */
  #retired: Promise<MetricsSnapshot> = Promise.resolve([])

  /**
   * @param own of the primary
   * @param refresh asks all workers; resolves, not too late, when `update` was called with what they answered
   */
  constructor(own: Metrics, refresh: () => Promise<void>) {
    this.#own = own
    this.#refresh = refresh
  }

  /** The type of what `text` gives. */
  get contentType(): string {
    return this.#own.contentType
  }

  update(worker: number, snapshot: MetricsSnapshot): void {
    const begun = this.#begun.get(worker)
    const since = begun === undefined ? snapshot : snapshot.map((metric) => goneOn(metric, begun))
    this.#living.set(worker, since)
    for (const metric of since) {
      if (!isLargestCount(metric)) continue
      for (const { labels, value } of metric.values) {
        const key = keyOf(metric, labels)
        this.#largest.set(key, Math.max(value, this.#largest.get(key) ?? 0))
      }
    }
  }

  /** A worker has ended: its counts stay, its state is over. */
  retire(worker: number): void {
    this.#begun.set(worker, new Map(this.#largest))
    const last = this.#living.get(worker)
    if (last === undefined) return
    this.#living.delete(worker)
    const counted = last.filter(({ type }) => COUNTED.has(String(type)))
    this.#retired = this.#retired.then((before) => aggregate([before, counted]).getMetricsAsJSON())
  }

  async text(): Promise<string> {
    await this.#refresh()
    const own = await this.#own.snapshot({ isPage: true })
    const retired = await this.#retired
    return aggregate([own, retired, ...this.#living.values()]).metrics()
  }
}

/** Values of counters by their name and labels. */
type Counts = Map<string, number>
type Metric = MetricsSnapshot[number]

function keyOf({ name }: Metric, labels: unknown): string {
  return `${name} ${JSON.stringify(labels)}`
}

/** All workers count the same, so the largest count is that of all. */
function isLargestCount({ type, aggregator }: Metric): boolean {
  return String(type) === 'counter' && aggregator === 'max'
}

function goneOn(metric: Metric, begun: Counts): Metric {
  if (!isLargestCount(metric)) return metric
  const values = metric.values.map((sample) => ({
    ...sample,
    value: sample.value + (begun.get(keyOf(metric, sample.labels)) ?? 0),
  }))
  return { ...metric, values }
}

/** Metrics that only grow. */
const COUNTED: ReadonlySet<string> = new Set(['counter', 'histogram'])

function aggregate(snapshots: MetricsSnapshot[]) {
  return AggregatorRegistry.aggregate(snapshots)
}

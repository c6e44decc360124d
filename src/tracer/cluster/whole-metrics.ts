import { AggregatorRegistry } from 'prom-client'
import type { Metrics, MetricsPage, MetricsSnapshot } from '../metrics.ts'

/**
 * The metrics of a server that is several processes: sums, and the largest where a sum means nothing (the age of a feed,
 * the lag of an event loop). What workers that have ended had counted stays in the sums.
 */
export class WholeMetrics implements MetricsPage {
  readonly #own: Metrics
  readonly #refresh: () => Promise<void>
  /** The last snapshot of each living worker. */
  readonly #living = new Map<number, MetricsSnapshot>()
  /** What all others had counted. */
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
    this.#living.set(worker, snapshot)
  }

  /** A worker has ended: what it counted stays, what it was is over. */
  retire(worker: number): void {
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

/** What only grows. */
const COUNTED: ReadonlySet<string> = new Set(['counter', 'histogram'])

function aggregate(snapshots: MetricsSnapshot[]) {
  return AggregatorRegistry.aggregate(snapshots)
}

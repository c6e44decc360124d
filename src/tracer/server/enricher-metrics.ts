import { Counter, Gauge, type Registry } from 'prom-client'
import type { EnricherMetric } from '../enricher.ts'

/** Draws what enrichers tell of themselves: metrics whose names are known only when they are told. */
export class EnricherMetrics {
  readonly #registry: Registry
  readonly #source: () => readonly EnricherMetric[]
  readonly #drawn = new Map<string, Counter | Gauge>()

  constructor(registry: Registry, source: () => readonly EnricherMetric[]) {
    this.#registry = registry
    this.#source = source
  }

  /** Takes over the numbers of now. */
  draw(): void {
    for (const metric of this.#drawn.values()) metric.reset()
    for (const { name, help, type, labels, value, aggregator = 'sum' } of this.#source()) {
      let metric = this.#drawn.get(name)
      if (metric === undefined) {
        const options = { name, help, labelNames: Object.keys(labels), registers: [this.#registry] }
        // The workers of a server have their gauges each for themselves: the largest stands for all.
        metric =
          type === 'counter'
            ? new Counter({ ...options, aggregator })
            : new Gauge({ ...options, aggregator: 'max' })
        this.#drawn.set(name, metric)
      }
      // They have been reset: for a gauge, too, this sets the value.
      metric.inc(labels, value)
    }
  }
}

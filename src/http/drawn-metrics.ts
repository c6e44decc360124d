import { Counter, type CounterConfiguration, Gauge, type GaugeConfiguration } from 'prom-client'

/** The values of a metric, each with its labels. */
export type DrawnValues = Iterable<readonly [labels: Record<string, string>, value: number]>

/** A counter that is drawn from a bare count whenever it is asked for, so that counting costs nothing. */
export function drawCounter(settings: CounterConfiguration<string>, values: () => DrawnValues): void {
  const counter: Counter = new Counter({
    ...settings,
    collect: () => {
      counter.reset()
      for (const [labels, value] of values()) counter.inc(labels, value)
    },
  })
}

/** The same for a gauge. */
export function drawGauge(settings: GaugeConfiguration<string>, values: () => DrawnValues): void {
  const gauge: Gauge = new Gauge({
    ...settings,
    collect: () => {
      gauge.reset()
      for (const [labels, value] of values()) gauge.set(labels, value)
    },
  })
}

import type { Indicator, IndicatorType } from '../protocol.ts'

/** The order in which Tracer.py answers for the indicators of a request, see `compat.ts`. */
const ORDER: Readonly<Record<IndicatorType, number>> = { hash: 0, ip: 1, url: 2, email: 3, text: 4 }

/** The indicators of a request in the order in which Tracer.py answers: hashes, addresses, URLs. */
export function inOriginalOrder(indicators: readonly Indicator[]): readonly Indicator[] {
  if (indicators.length < 2) return indicators
  return indicators.toSorted((a, b) => ORDER[a.type] - ORDER[b.type])
}

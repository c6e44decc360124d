import { IndicatorExtractor } from './indicator-extractor.ts'
import type { FeedReading, FeedSpec } from './load.ts'
import { Pace } from './pace.ts'
import { readFeed } from './read.ts'

/** One way in which a feed is served: its keys, and how it is read. */
export interface ServedAs {
  readonly specs: readonly FeedSpec[]
  readonly reading?: FeedReading | undefined
}

/**
 * Reads a feed to its end as it is served, without making tables of it.
 *
 * @param name of the feed in errors
 * @param signal stops the reading; the promise rejects with its reason
 * @returns its indicators, equal ones counted each time
 * @throws FeedError when it cannot be read as a feed
 */
export async function countIndicators(
  file: string,
  { specs, reading }: ServedAs,
  name: string,
  signal?: AbortSignal,
): Promise<number> {
  let indicators = 0
  const sink = {
    putContext: () => 1,
    add() {
      indicators += 1
    },
  }
  const options = { ...reading, name }
  const reader = new IndicatorExtractor(name, specs, sink, options)
  await readFeed(file, reader, new Pace(signal), options)
  reader.finish()
  return indicators
}

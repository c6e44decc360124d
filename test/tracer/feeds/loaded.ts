import { wireContext } from '../../../src/tracer/context.ts'
import { type FeedReading, type FeedSpec, type LoadedFeed, loadFeed } from '../../../src/tracer/feeds/load.ts'
import { queryOf } from '../../../src/tracer/feeds/tables/table.ts'
import type { IndicatorType } from '../../../src/tracer/protocol.ts'
import { temporaryFile } from '../../temporary.ts'

/** A feed that was read from a file, and what it knows. */
export interface Loaded extends LoadedFeed {
  /** The contexts that all tables have of a value, as they go on the wire. */
  find(type: IndicatorType, value: string): string[]
}

/** Loads a feed from a file with this content. */
export async function load(
  content: string | Uint8Array,
  spec: FeedSpec = {},
  options: FeedReading = {},
): Promise<Loaded> {
  return loadedFrom(temporaryFile('feed', content), spec, options)
}

/** Loads a feed from this file. */
export async function loadedFrom(
  file: string,
  spec: FeedSpec = {},
  options: FeedReading = {},
): Promise<Loaded> {
  const feed = await loadFeed(file, [spec], undefined, options)
  return {
    ...feed,
    find: (type, value) =>
      feed.tables.flatMap((table) =>
        (table.find(queryOf({ type, value })!, undefined) ?? []).map(({ context }) => wireContext(context)),
      ),
  }
}

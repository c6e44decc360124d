import type { FileHandle } from 'node:fs/promises'
import { stat } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { FeedError } from '../feed-error.ts'
import { partsOf } from '../keys/mask-parts.ts'
import type { LoadedFeed } from '../load.ts'
import { Pace } from '../pace.ts'
import { fileVersion, openRegular } from '../read.ts'
import { MaskIndex } from '../tables/masks.ts'
import { TextStore } from '../tables/text-store.ts'
import { CompiledTable } from './compiled-table.ts'
import { EntryReader, tableOf } from './entries.ts'
import {
  BLOCK_BYTES,
  blockCount,
  type CompiledHeader,
  checkBlocks,
  damaged,
  type FileEnd,
  readAt,
  readEnd,
} from './file-format.ts'
import { KeyFilter } from './key-filter.ts'
import { StoreReader } from './store-reader.ts'

/** A file up to this size is checked before it is used, which takes a fraction of a second. */
const CHECKED_AT_ONCE_BYTES = 256 * 1024 * 1024
/** Of a larger one the first blocks, the last ones and the filter are; the others follow at this pace. */
const EDGE_BLOCKS = 4
const CHECK_REST_MS = 20

/** A compiled feed that is open. */
export interface CompiledFeed extends LoadedFeed {
  readonly header: CompiledHeader
  readonly store: StoreReader
  close(): void
}

/** The parts of a compiled feed that are checked, and the time when. */
export interface OpenOptions {
  /** The largest file that is checked before it is used. Default: 256 MiB. */
  readonly checkedAtOnceBytes?: number
  /** A version of the file all of which has been checked: see `fileVersion`. */
  readonly checkedVersion?: string | undefined
}

/**
 * Opens a compiled feed. It takes no longer for a large one: its pages come into memory as they are asked for. Only masks
 * with stars are read, for an index of them that is in memory: 50,000 of them take a third of a second.
 *
 * The checksums of a small file are checked before anything of it is used. Of a large one the outer parts are, and the
 * rest while it is in use, see `checked`: to read gigabytes first would not be a start within two seconds, and a damage
 * in the middle is rare enough to be met a minute later.
 *
 * @param signal ends a check that goes on
 * @throws FeedError when the file cannot be read, is damaged, or of another version
 */
export async function openCompiledFeed(
  file: string,
  signal?: AbortSignal,
  { checkedAtOnceBytes = CHECKED_AT_ONCE_BYTES, checkedVersion }: OpenOptions = {},
): Promise<CompiledFeed> {
  const handle = await openRegular(file, file)
  const stop = new AbortController()
  const signals = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal])
  let store: StoreReader | undefined
  try {
    const version = fileVersion(await handle.stat({ bigint: true }))
    const end = await readEnd(handle, file)
    const { header } = end
    if (header.dataBytes + header.filterBytes !== end.contentBytes)
      throw damaged(file, 'its parts do not add up')
    const { first, later } = blocksToCheck(end, checkedAtOnceBytes)
    await checkBlocks(handle, file, end, first)
    signal?.throwIfAborted()
    const filter = new KeyFilter(await readAt(handle, file, header.dataBytes, header.filterBytes))
    store = new StoreReader(file)
    const opened = store
    // It was opened by name: is it still the file whose end was read?
    if (fileVersion(await stat(file, { bigint: true })) !== version) {
      throw new FeedError('FEED_CHANGED', file, 'changed while it was opened')
    }
    const masks = await indexMasks(opened, new Pace(signal))
    const tables = header.tables.map((table, i) => new CompiledTable(table, i, filter, opened, masks.get(i)))
    return {
      header,
      store,
      tables,
      records: header.records,
      indicators: header.indicators,
      skipped: header.skipped,
      ignored: header.ignored,
      skippedPlaces: [],
      version,
      checked: checkLater(handle, file, end, version === checkedVersion ? [] : later, signals),
      close: () => {
        stop.abort()
        opened.close()
      },
    }
  } catch (error) {
    store?.close()
    await handle.close()
    throw error
  }
}

/** An index of the masks of each table that has some. Their values are their numbers in the store. */
async function indexMasks(store: StoreReader, pace: Pace): Promise<Map<number, MaskIndex>> {
  const indexes = new Map<number, MaskIndex>()
  const reader = new EntryReader()
  for (const { number, entry } of store.masks()) {
    reader.start(entry, entry.length)
    reader.next()
    const table = tableOf(reader.space)
    let index = indexes.get(table)
    if (index === undefined) {
      index = new MaskIndex(new TextStore())
      indexes.set(table, index)
    }
    const text = reader.keyText()
    index.add({ text, ...partsOf(text) }, number)
    if (pace.isDue()) await pace.rest()
  }
  for (const index of indexes.values()) await index.finish(pace)
  return indexes
}

function blocksToCheck(end: FileEnd, atOnceBytes: number): { first: number[]; later: number[] } {
  const count = blockCount(end)
  const all = Array.from({ length: count }, (_, block) => block)
  if (end.contentBytes <= atOnceBytes) return { first: all, later: [] }
  const filterStart = Math.floor(end.header.dataBytes / BLOCK_BYTES)
  const isFirst = (block: number) => block < EDGE_BLOCKS || block >= filterStart - EDGE_BLOCKS
  return { first: all.filter(isFirst), later: all.filter((block) => !isFirst(block)) }
}

/** Never rejects, and closes the file. */
async function checkLater(
  handle: FileHandle,
  file: string,
  end: FileEnd,
  blocks: readonly number[],
  signal: AbortSignal,
): Promise<FeedError | undefined> {
  try {
    await checkBlocks(handle, file, end, blocks, () =>
      setTimeout(CHECK_REST_MS, undefined, { signal, ref: false }),
    )
    return undefined
  } catch (error) {
    if (signal.aborted) return undefined
    return error instanceof FeedError ? error : damaged(file, (error as Error).message)
  } finally {
    await handle.close().catch(() => undefined)
  }
}

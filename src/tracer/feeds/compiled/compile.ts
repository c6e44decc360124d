import { Buffer } from 'node:buffer'
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { FeedError } from '../feed-error.ts'
import { IndicatorExtractor } from '../indicator-extractor.ts'
import type { FeedKey } from '../keys/key-path.ts'
import type { FeedReading } from '../load.ts'
import { Pace } from '../pace.ts'
import { readFeed } from '../read.ts'
import { readBlockKey } from './blocks.ts'
import { EntryReader, KINDS, kindOf, MAX_TABLES, tableOf } from './entries.ts'
import {
  BLOCK_BYTES,
  blockChecksum,
  type CompiledHeader,
  encodeEnd,
  type SourceHeader,
} from './file-format.ts'
import { IndicatorSpool } from './indicator-spool.ts'
import { KeyFilterBuilder } from './key-filter.ts'
import { Sorter } from './sorter.ts'
import { StoreWriter } from './store-writer.ts'
import { openWorkspace } from './workspace.ts'
import { writeFully } from './write-fully.ts'

/** The feeds that are to be compiled, and the place of the result. */
export interface CompileFeedsOptions {
  /**
   * In any format, packed or not, each in its own. Of equal keys the last record wins, over all files in
   * order.
   */
  readonly feeds: readonly string[]
  /**
   * The keys that are looked up: every file has them all. Each is a table of its own; they answer in this order. One
   * without a field is for formats that say themselves what is looked up.
   */
  readonly keys: readonly Partial<FeedKey>[]
  /** The way to read them. Default: by their content. */
  readonly reading?: FeedReading | undefined
  /** Default: that of the original for each kind of hit. */
  readonly category?: string
  /** The file that is made, in the place of what may be there. */
  readonly output: string
  /** Stops the work; nothing is left of it. */
  readonly signal?: AbortSignal
  /** The progress, which is changed as the work goes on. */
  readonly progress?: CompileProgress
  /** Is called for a file of which records cannot be used: their number, and the first places. Default: nobody is. */
  readonly onSkipped?: (file: string, skipped: number, places: readonly string[]) => void
  /** Marks what is left behind when the process is killed; see `removeAbandoned`. */
  readonly owner?: string
  /** Bytes that are sorted in memory at a time, for tests. */
  readonly runBytes?: number
}

/** The progress of a compile. */
export interface CompileProgress {
  phase: 'reading' | 'indexing' | 'checking'
  /** The file that is read. */
  file: string
  /** Records that were read and are in use. */
  records: number
  skipped: number
  /** The part that is done, in the other phases: 0 to 1. */
  done: number
}

/** Progress before anything is done. */
export function noProgress(): CompileProgress {
  return { phase: 'reading', file: '', records: 0, skipped: 0, done: 0 }
}

/** Entries of one hash that are held at a time: no real feed comes near it. */
const LARGEST_GROUP_BYTES = 512 * 1024 * 1024
const COPY_BYTES = BLOCK_BYTES
/** Appended to a file that could not be written, to learn why. */
const PROBE_BYTES = 4 * 1024 * 1024

interface MutableCounts {
  hashes: number
  addresses: number
  ranges: number
  urls: number
  hosts: number
  masks: number
  texts: number
}

/**
 * Compiles feeds into one file, which a server opens at once whatever its size. Memory has a bound: keys that do not fit
 * are sorted in files beside the output. The output is complete or untouched.
 *
 * @returns the header of the file
 * @throws FeedError when a feed cannot be used or the output not be written; the signal's reason when it stops
 */
export async function compileFeeds(options: CompileFeedsOptions): Promise<CompiledHeader> {
  if (options.feeds.length === 0) throw new TypeError('there is no feed to compile')
  if (options.keys.length === 0 || options.keys.length > MAX_TABLES) {
    throw new TypeError(`a compiled feed has 1 to ${MAX_TABLES} keys`)
  }
  const output = resolve(options.output)
  const workspace = await openWorkspace(output, options.owner ?? 'someone')
  const data = join(workspace.directory, 'data.mdb')
  try {
    const header = await new Compilation(options, workspace.directory, data).run()
    await workspace.publish(data)
    return header
  } catch (error) {
    throw explain(error, options.output, data)
  } finally {
    await workspace.remove()
  }
}

class Compilation {
  readonly #options: CompileFeedsOptions
  readonly #data: string
  readonly #filterPath: string
  readonly #store: StoreWriter
  readonly #spool: IndicatorSpool
  readonly #masks: Sorter
  readonly #pace: Pace
  readonly #progress: CompileProgress
  readonly #counts: readonly MutableCounts[]
  readonly #reader = new EntryReader()

  constructor(options: CompileFeedsOptions, directory: string, data: string) {
    this.#options = options
    this.#data = data
    this.#filterPath = join(directory, 'filter.tmp')
    this.#store = new StoreWriter(data)
    this.#spool = new IndicatorSpool(directory, options.keys.length, this.#store, options.runBytes)
    this.#masks = new Sorter(join(directory, 'masks.tmp'), options.runBytes)
    this.#pace = new Pace(options.signal)
    this.#progress = options.progress ?? noProgress()
    this.#counts = options.keys.map(() => ({
      hashes: 0,
      addresses: 0,
      ranges: 0,
      urls: 0,
      hosts: 0,
      masks: 0,
      texts: 0,
    }))
  }

  async run(): Promise<CompiledHeader> {
    let sources: readonly SourceHeader[]
    try {
      sources = await this.#readAll()
      await this.#writeEntries()
    } finally {
      this.#spool.close()
      this.#masks.close()
      await this.#store.close()
    }
    return await this.#seal(sources)
  }

  async #readAll(): Promise<SourceHeader[]> {
    const sources: SourceHeader[] = []
    const progress = this.#progress
    for (const file of this.#options.feeds) {
      const before = { records: progress.records, skipped: progress.skipped }
      const reader = new IndicatorExtractor(file, this.#options.keys, this.#spool, this.#options.reading)
      progress.file = file
      const watched = {
        onColumns: (columns: readonly string[]) => reader.onColumns(columns),
        onRecord: (...told: Parameters<IndicatorExtractor['onRecord']>) => {
          reader.onRecord(...told)
          progress.records = before.records + reader.records
          progress.skipped = before.skipped + reader.skipped
        },
        onSkipped: (...skipped: Parameters<IndicatorExtractor['onSkipped']>) => reader.onSkipped(...skipped),
        onRecordsPath: (path: readonly string[]) => reader.onRecordsPath(path),
        wantedKeys: reader.wantedKeys,
        onIgnored: () => reader.onIgnored(),
      }
      await readFeed(file, watched, this.#pace, this.#options.reading)
      reader.finish()
      progress.skipped = before.skipped + reader.skipped
      const { records, skipped, ignored } = reader
      sources.push({ file: basename(file), records, skipped, ignored })
      if (reader.skipped > 0) this.#options.onSkipped?.(file, reader.skipped, reader.skippedPlaces)
    }
    return sources
  }

  /** Entries in the order of their hashes, and the filter of the hashes. */
  async #writeEntries(): Promise<void> {
    const spool = this.#spool
    const progress = this.#progress
    progress.phase = 'indexing'
    const filterFile = openSync(this.#filterPath, 'w')
    try {
      let written = 0
      const filter = new KeyFilterBuilder(spool.size, (bytes) => {
        writeFully(filterFile, bytes, written)
        written += bytes.length
      })
      const group = new EntryGroup()
      const flush = (first: number) => {
        const entries = group.take()
        if (entries.length === 0) return
        const others = entries.filter((entry) => !this.#takeMask(entry))
        if (others.length === 0) return
        this.#store.putEntries(first, others.length === 1 ? others[0]! : Buffer.concat(others))
      }
      let current = -1
      let done = 0
      for await (const { first, second, bytes } of spool.sorted(this.#pace)) {
        if (first !== current) {
          flush(current)
          current = first
        }
        if (!group.add(bytes)) {
          throw new FeedError(
            'FEED_TOO_LARGE',
            this.#options.output,
            'has too many keys that are made to look alike',
          )
        }
        filter.add(first, second)
        progress.done = ++done / spool.size
      }
      flush(current)
      for await (const { bytes } of this.#masks.sorted(this.#pace)) this.#store.putMask(bytes)
      filter.finish()
      this.#store.finish()
    } finally {
      closeSync(filterFile)
    }
  }

  /** Counts an entry. @returns true for a mask, which is put aside, to be written in the order of the records */
  #takeMask(entry: Buffer): boolean {
    const reader = this.#reader
    reader.start(entry, entry.length)
    reader.next()
    const counts = this.#counts[tableOf(reader.space)]!
    switch (kindOf(reader.space)) {
      case KINDS.mask:
        counts.masks += 1
        this.#masks.add(entry, Math.floor(reader.sequence / 2 ** 32), reader.sequence % 2 ** 32)
        return true
      case KINDS.hash:
        counts.hashes += 1
        break
      case KINDS.url:
        counts.urls += 1
        break
      case KINDS.host:
        counts.hosts += 1
        break
      case KINDS.text:
        counts.texts += 1
        break
      case KINDS.domain:
        counts.masks += 1
        break
      case KINDS.block4:
      case KINDS.block6: {
        const isIpv4 = kindOf(reader.space) === KINDS.block4
        const { block, range } = readBlockKey(reader.keyBytes(), isIpv4)
        if (range.first === range.last) counts.addresses += 1
        // Of the blocks of a range one begins where it does.
        else if (block.start === range.first) counts.ranges += 1
      }
    }
    return false
  }

  /** Puts the rest behind the environment: filter, checksums, header. */
  async #seal(sources: readonly SourceHeader[]): Promise<CompiledHeader> {
    const handle = await open(this.#data, 'r+')
    try {
      const { size: dataBytes } = await handle.stat()
      const filterBytes = this.#appendFilter(handle.fd, dataBytes)
      const contentBytes = dataBytes + filterBytes
      const header = this.#header(sources, dataBytes, filterBytes)
      const checksums = await this.#checksums(handle.fd, contentBytes)
      writeFully(handle.fd, encodeEnd(header, checksums, contentBytes), contentBytes)
      // A thread of its own does it: it takes long, and also covers what lmdb has written.
      await handle.sync()
      return header
    } finally {
      await handle.close()
    }
  }

  #appendFilter(file: number, at: number): number {
    const filter = openSync(this.#filterPath, 'r')
    try {
      const block = Buffer.allocUnsafe(COPY_BYTES)
      let copied = 0
      for (;;) {
        const read = readSync(filter, block, 0, block.length, copied)
        if (read === 0) return copied
        writeFully(file, block.subarray(0, read), at + copied)
        copied += read
      }
    } finally {
      closeSync(filter)
    }
  }

  async #checksums(file: number, contentBytes: number): Promise<Buffer> {
    this.#progress.phase = 'checking'
    const sums: Buffer[] = []
    const block = Buffer.allocUnsafe(BLOCK_BYTES)
    for (let start = 0; start < contentBytes; start += BLOCK_BYTES) {
      const length = Math.min(BLOCK_BYTES, contentBytes - start)
      for (let filled = 0; filled < length; ) {
        const read = readSync(file, block, filled, length - filled, start + filled)
        if (read === 0) throw new Error('the compiled feed became shorter while it was made')
        filled += read
      }
      sums.push(blockChecksum(block.subarray(0, length)))
      this.#progress.done = (start + length) / contentBytes
      if (this.#pace.isDue()) await this.#pace.rest()
    }
    return Buffer.concat(sums)
  }

  #header(sources: readonly SourceHeader[], dataBytes: number, filterBytes: number): CompiledHeader {
    const { keys, category } = this.#options
    const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0)
    return {
      builtAt: new Date().toISOString(),
      sources,
      records: sum(sources.map(({ records }) => records)),
      indicators: sum(this.#counts.flatMap((counts) => Object.values(counts))),
      skipped: sum(sources.map(({ skipped }) => skipped)),
      ignored: sum(sources.map(({ ignored }) => ignored)),
      tables: keys.map(({ key, type }, i) => {
        const { prefixes4, prefixes6, longest } = this.#spool.tables[i]!
        return {
          ...(key === undefined ? {} : { key }),
          ...(type === undefined ? {} : { type }),
          ...(category === undefined ? {} : { category }),
          counts: this.#counts[i]!,
          prefixes4: [...prefixes4].sort((a, b) => b - a),
          prefixes6: [...prefixes6].sort((a, b) => b - a),
          longestHash: longest.hash,
          longestUrl: longest.url,
          longestHost: longest.host,
          longestText: longest.text,
          longestDomain: longest.domain,
        }
      }),
      dataBytes,
      filterBytes,
    }
  }
}

/** The entries of one hash: of equal keys the last one. */
class EntryGroup {
  readonly #reader = new EntryReader()
  #only: Buffer | undefined
  readonly #entries = new Map<string, Buffer>()
  #bytes = 0

  /** @returns false when there are too many */
  add(bytes: Buffer): boolean {
    const entry = Buffer.from(bytes)
    if (this.#only === undefined && this.#entries.size === 0) {
      this.#only = entry
      return true
    }
    if (this.#only !== undefined) {
      this.#set(this.#only)
      this.#only = undefined
    }
    this.#set(entry)
    return this.#bytes <= LARGEST_GROUP_BYTES
  }

  take(): Buffer[] {
    const entries = this.#only === undefined ? [...this.#entries.values()] : [this.#only]
    this.#only = undefined
    if (this.#entries.size > 0) this.#entries.clear()
    this.#bytes = 0
    return entries
  }

  #set(entry: Buffer): void {
    this.#reader.start(entry, entry.length)
    this.#reader.next()
    const identity = this.#reader.identity()
    this.#bytes += entry.length - (this.#entries.get(identity)?.length ?? 0)
    this.#entries.set(identity, entry)
  }
}

/** The outcome of the work, for the operator. */
function explain(error: unknown, output: string, data: string): unknown {
  if (error instanceof FeedError) return error
  const { code, syscall, message } = error as NodeJS.ErrnoException
  const isOfLmdb = typeof code === 'number'
  if (!isOfLmdb && syscall === undefined) return error
  // lmdb calls a write that was cut short an I/O error; a write of our own at the same place says why.
  const cause = isOfLmdb ? (probe(data) ?? error) : error
  const reason = REASONS.get(String((cause as NodeJS.ErrnoException).code)) ?? message
  return new FeedError('FEED_UNWRITABLE', output, `cannot be written: ${reason}`, error)
}

const REASONS: ReadonlyMap<string, string> = new Map([
  [
    'ENOSPC',
    'the disk is full; while it compiles, a feed takes about twice the space that it takes in the end',
  ],
  ['EDQUOT', 'the quota of disk space is used up'],
  ['EFBIG', 'a file may not become so large here'],
  ['EROFS', 'the file system is read-only'],
])

function probe(path: string): unknown {
  try {
    const file = openSync(path, 'r+')
    try {
      writeFully(file, Buffer.alloc(PROBE_BYTES), fstatSync(file).size)
    } finally {
      closeSync(file)
    }
    return undefined
  } catch (error) {
    return error
  }
}

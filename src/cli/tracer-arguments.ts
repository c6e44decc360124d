import { InvalidArgumentError } from 'commander'
import { parseDuration } from '../tracer/durations.ts'
import { parseFeedKey } from '../tracer/feeds/key-path.ts'
import type { IndicatorType } from '../tracer/protocol.ts'
import { type Address, parseAddress } from './address.ts'

/** One `--feed` with the `--key` and the `--category` that follow it. */
export interface FeedArgument {
  readonly file: string
  key?: string
  type?: IndicatorType
  category?: string
}

/** One `--mmdb` with the `--category` that follows it. */
export interface MmdbArgument {
  readonly mmdb: string
  category?: string
}

/** What is asked, in the order of the command line: all feeds together where the first one stands. */
export type SourceArgument = 'feeds' | 'misp' | MmdbArgument | { readonly enricher: string }

/**
 * Collects the options of `tracer serve` whose order means something: `--key` and `--category` belong to the `--feed`
 * before them, and the enrichers are asked in the order in which they are given.
 */
export class SourceArguments {
  readonly feeds: FeedArgument[] = []
  readonly order: SourceArgument[] = []
  /** What a `--category` belongs to. */
  #last: FeedArgument | MmdbArgument | undefined

  addFeed(file: string): void {
    if (this.feeds.length === 0) this.order.push('feeds')
    this.#last = { file }
    this.feeds.push(this.#last)
  }

  addMmdb(file: string): void {
    this.#last = { mmdb: file }
    this.order.push(this.#last)
  }

  /** @returns the address */
  addMisp(url: string): string {
    if (this.order.includes('misp')) {
      throw new InvalidArgumentError('There is one MISP at most: its key is the only one.')
    }
    this.order.push('misp')
    return url
  }

  addEnricher(enricher: string): void {
    this.order.push({ enricher })
  }

  /** @param text FIELD[:TYPE] */
  setKey(text: string): void {
    const feed = this.#lastFeed('--key')
    if (feed.key !== undefined) throw new InvalidArgumentError(`--feed ${feed.file} has a --key already.`)
    Object.assign(
      feed,
      orInvalid(() => parseFeedKey(text)),
    )
  }

  setCategory(category: string): void {
    const source = this.#last
    if (source === undefined)
      throw new InvalidArgumentError('--category stands behind the --feed or --mmdb that it belongs to.')
    if (source.category !== undefined) {
      const option = 'mmdb' in source ? `--mmdb ${source.mmdb}` : `--feed ${source.file}`
      throw new InvalidArgumentError(`${option} has a --category already.`)
    }
    if (!/^[^|\r\n]+$/.test(category))
      throw new InvalidArgumentError('It cannot be empty or hold a | or a line end.')
    source.category = category
  }

  #lastFeed(option: string): FeedArgument {
    const feed = this.feeds.at(-1)
    if (feed === undefined)
      throw new InvalidArgumentError(`${option} stands behind the --feed that it belongs to.`)
    return feed
  }
}

/** For commander: a duration in milliseconds. */
export function duration(text: string): number {
  return orInvalid(() => parseDuration(text))
}

/** For commander: HOST:PORT. */
export function address(text: string): Address {
  return orInvalid(() => parseAddress(text))
}

/** For commander: a whole number from 1 to `max`. */
export function count(max: number): (text: string) => number {
  return (text) => {
    if (/^[1-9]\d*$/.test(text) && Number(text) <= max) return Number(text)
    throw new InvalidArgumentError(`It has to be a whole number from 1 to ${max}.`)
  }
}

function orInvalid<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}.`)
  }
}

import { availableParallelism } from 'node:os'
import { InvalidArgumentError } from 'commander'
import { wireText } from '../tracer/controls.ts'
import { isFeedUrl, isUrl, shownFeed } from '../tracer/feeds/download/feed-url.ts'
import { FORMAT_NAMES } from '../tracer/feeds/formats/names.ts'
import type { KeyType } from '../tracer/feeds/keys/indicator-key.ts'
import { type FeedKey, parseFeedKey } from '../tracer/feeds/keys/key-path.ts'
import type { FeedReading } from '../tracer/feeds/load.ts'
import { duration, orInvalid } from './arguments.ts'
import { CommandError, EXIT } from './exit-codes.ts'

const MOST_WORKERS = 256

/** One `--feed` with the `--key` and the `--category` that follow it, or a `--load`. */
interface FeedArgument {
  /** A path or a URL. */
  readonly file: string
  /** It is a compiled one: its key is in it. */
  readonly isCompiled?: boolean
  key?: string
  type?: KeyType
  category?: string
  /** The way to read it, as far as it is given. */
  reading?: FeedReading
}

/** One `--mmdb` with the `--category` that follows it. */
interface MmdbArgument {
  readonly mmdb: string
  category?: string
}
/** One `--allowlist` with the `--key` that follows it. */
type AllowlistArgument = Omit<FeedArgument, 'category'>

/** The sources that are asked, in the order of the command line: all feeds together where the first one stands. */
export type SourceArgument = 'feeds' | 'misp' | MmdbArgument | EnricherArgument

/** An `--enricher`, or a `--shared-enricher`: one for all workers. */
export interface EnricherArgument {
  readonly enricher: string
  /** One instance, in the primary, serves all workers. */
  readonly shared?: true
}

/**
 * Collects the options of `tracer serve` whose order means something: `--key` and `--category` belong to the `--feed`
 * before them, `--key` also to an `--allowlist`, and the enrichers are asked in the order in which they are given.
 */
export class SourceArguments {
  readonly feeds: FeedArgument[] = []
  readonly allowlists: AllowlistArgument[] = []
  readonly order: SourceArgument[] = []
  /** The option that the next `--key` or `--category` belongs to. */
  #last:
    | { readonly option: '--feed' | '--load' | '--allowlist'; readonly file: FeedArgument }
    | { readonly option: '--mmdb'; readonly file: MmdbArgument }
    | undefined

  /** @throws {CommandError} for a URL that cannot be downloaded */
  addFeed(file: string): void {
    refuseOtherUrl('--feed', file)
    if (this.feeds.length === 0) this.order.push('feeds')
    const feed = { file }
    this.feeds.push(feed)
    this.#last = { option: '--feed', file: feed }
  }

  /** @throws {CommandError} for a URL */
  addCompiled(file: string): void {
    refuseUrl('--load ', file)
    if (this.feeds.length === 0) this.order.push('feeds')
    const feed = { file, isCompiled: true }
    this.feeds.push(feed)
    this.#last = { option: '--load', file: feed }
  }

  /** @throws {CommandError} for a URL that cannot be downloaded */
  addAllowlist(file: string): void {
    refuseOtherUrl('--allowlist', file)
    const allowlist = { file }
    this.allowlists.push(allowlist)
    this.#last = { option: '--allowlist', file: allowlist }
  }

  addMmdb(file: string): void {
    const mmdb = { mmdb: file }
    this.order.push(mmdb)
    this.#last = { option: '--mmdb', file: mmdb }
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

  addSharedEnricher(enricher: string): void {
    this.order.push({ enricher, shared: true })
  }

  /** @param text FIELD[:TYPE] */
  setKey(text: string): void {
    const last = this.#last
    if (last === undefined || last.option === '--mmdb')
      throw new InvalidArgumentError('--key stands behind the --feed or --allowlist that it belongs to.')
    if (last.option === '--load') throw isInCompiled(last.file, '--key')
    if (last.file.key !== undefined)
      throw new InvalidArgumentError(`${last.option} ${shownFeed(last.file.file)} has a --key already.`)
    Object.assign(
      last.file,
      orInvalid(() => parseFeedKey(text)),
    )
  }

  /**
   * Takes an option that says how the feed or allowlist before it is read.
   *
   * @param option its name, for messages
   */
  setReading<Name extends keyof FeedReading>(option: string, name: Name, value: FeedReading[Name]): void {
    const last = this.#last
    if (last === undefined || last.option === '--mmdb')
      throw new InvalidArgumentError(`${option} stands behind the --feed or --allowlist that it belongs to.`)
    if (last.option === '--load') throw isInCompiled(last.file, option)
    last.file.reading = { ...last.file.reading, [name]: value }
  }

  setCategory(text: string): void {
    const last = this.#last
    if (last === undefined || last.option === '--allowlist')
      throw new InvalidArgumentError('--category stands behind the --feed or --mmdb that it belongs to.')
    if (last.option === '--load') throw isInCompiled(last.file, '--category')
    if (last.file.category !== undefined) {
      const name = last.option === '--mmdb' ? last.file.mmdb : shownFeed(last.file.file)
      throw new InvalidArgumentError(`${last.option} ${name} has a --category already.`)
    }
    last.file.category = category(text)
  }
}

function isInCompiled({ file }: FeedArgument, option: string): InvalidArgumentError {
  return new InvalidArgumentError(`--load ${file} has it already: ${option} is given to compile.`)
}

/**
 * For what is read from files only. It is not commander that reports it: that would repeat the URL, and a password in it.
 *
 * @param what stands before the URL in the message
 * @throws {CommandError} for a URL
 */
export function refuseUrl(what: string, file: string): void {
  if (!isUrl(file)) return
  const advice = 'is a URL, and this has to be a file: download it first; serve --feed takes http and https'
  throw new CommandError(EXIT.USAGE, `tracer: ${what}${shownFeed(file)} ${advice}`)
}

function refuseOtherUrl(option: string, file: string): void {
  if (!isUrl(file) || isFeedUrl(file)) return
  throw new CommandError(
    EXIT.USAGE,
    `tracer: ${option} ${shownFeed(file)}: the URL of a feed begins with http:// or https://`,
  )
}

/** Reads for commander a category as it may stand on the wire. */
export function category(text: string): string {
  if (text !== '' && wireText(text) === text) return text
  throw new InvalidArgumentError('It cannot be empty or hold a | or a control character.')
}

/** Reads for commander the name of a format of feeds. */
export function feedFormat(text: string): string {
  if (FORMAT_NAMES.includes(text)) return text
  throw new InvalidArgumentError(`There are ${FORMAT_NAMES.join(', ')}.`)
}

/** Reads for commander names of columns, between commas. */
export function columnNames(text: string): string[] {
  const names = text.split(',').map((name) => name.trim())
  if (names.every((name) => name !== '') && new Set(names).size === names.length) return names
  throw new InvalidArgumentError('It has to be names between commas, none of them empty or twice.')
}

/** Reads for commander one character that separates columns; `tab` is one. */
export function delimiter(text: string): string {
  const character = text === 'tab' || text === '\\t' ? '\t' : text
  if (character.length === 1 && !/["\r\n]/.test(character)) return character
  throw new InvalidArgumentError('It has to be one character, or tab.')
}

/** Reads for commander the label of an encoding. */
export function encoding(text: string): string {
  try {
    return new TextDecoder(text).encoding
  } catch {
    throw new InvalidArgumentError('It has to be an encoding such as utf-8, utf-16le, windows-1251.')
  }
}

/** Reads for commander FIELD[:TYPE], several of them. */
export function collectKey(text: string, before: readonly FeedKey[] | undefined): readonly FeedKey[] {
  return [...(before ?? []), orInvalid(() => parseFeedKey(text))]
}

/** Reads for commander a duration, in milliseconds, one second or more. */
export function interval(text: string): number {
  const ms = duration(text)
  if (ms < 1000) throw new InvalidArgumentError('It has to be one second or more.')
  return ms
}

const DAYS = /^(\d{1,5})d$/
const DAY_MS = 24 * 60 * 60_000

/** Reads for commander the time after which an indicator is no more, in milliseconds: a duration, or days (`90d`). */
export function timeToLive(text: string): number {
  const days = DAYS.exec(text)
  const ms = days === null ? duration(text) : Number(days[1]) * DAY_MS
  if (ms === 0) throw new InvalidArgumentError('It has to be more than 0.')
  return ms
}

/** Makes a reader for commander of a whole number from 1 to `max`. */
export function count(max: number): (text: string) => number {
  return (text) => {
    if (/^[1-9]\d*$/.test(text) && Number(text) <= max) return Number(text)
    throw new InvalidArgumentError(`It has to be a whole number from 1 to ${max}.`)
  }
}

/** Reads for commander a whole number, which may be 0. */
export function countFromZero(text: string): number {
  return text === '0' ? 0 : count(Number.MAX_SAFE_INTEGER)(text)
}

/** Reads for commander a part in percent, from 0 to 100; a percent sign may follow. */
export function percent(text: string): number {
  const match = /^(\d{1,3}(?:\.\d{1,6})?)%?$/.exec(text)
  if (match !== null && Number(match[1]) <= 100) return Number(match[1])
  throw new InvalidArgumentError('It has to be a number from 0 to 100.')
}

/** Reads for commander the number of processes; `auto` is one for each core. */
export function workers(text: string): number {
  return text === 'auto' ? availableParallelism() : count(MOST_WORKERS)(text)
}

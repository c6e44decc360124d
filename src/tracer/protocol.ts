import { Buffer } from 'node:buffer'
import { isIP } from 'node:net'
import { wireText } from './controls.ts'

export { wireText } from './controls.ts'

/*
 * The wire, as the server and the client both see it:
 *
 *     stream      = [ header ] *line
 *     line        = *(any octet but LF) LF               a request; CR before LF is ignored
 *     reply(line) = *detection "LookupFinished" LF
 *     detection   = "Category=" category "|MatchedIndicator=" value *( "|" name "=" text ) LF
 *
 * Strings are the unit here; whoever owns a socket decodes a chunk once and encodes a batch of replies once. Only the
 * header is read from bytes, because TCP may cut it anywhere and a line may begin right behind it.
 */

/** The types of values that can be looked up. `email` and `text` are compared as texts, upper and lower case alike. */
export type IndicatorType = 'ip' | 'url' | 'hash' | 'email' | 'text'

/** One value to look up, as the client sent it. */
export interface Indicator {
  readonly type: IndicatorType
  readonly value: string
}

/** Asks for `LookupFinished` after the detections of a line. It is always sent. */
const SEND_FINISHED_EVENT = 'X-KF-SendFinishedEvent'
/** Asks for replies on this connection. A header without it is that of a client that never reads. */
const REPLY_BACK = 'X-KF-ReplyBack'
/** Asks the server to keep statistics. Accepted, without effect. */
const SAVE_STATISTIC = 'X-KF-SaveStatistic'
/** All that a header can hold: glued together in any order, usually without a newline after them. */
const HEADER_TOKENS = [SEND_FINISHED_EVENT, REPLY_BACK, SAVE_STATISTIC] as const
/** The header that our own client sends on connect. */
export const CLIENT_HEADER = SEND_FINISHED_EVENT + REPLY_BACK
/** The whole first message of a client that asks whether the server lives. */
export const PING = `${REPLY_BACK}PING`
/** The answer to a PING; LF follows it. */
export const PONG = 'PONG'
/** Ends the reply to a line, match or not; LF follows it. */
export const FINISHED = 'LookupFinished'

/** The beginning of a connection, as far as it is known. */
export interface Header {
  /** True when at least one token was there. */
  readonly present: boolean
  /** The client asked for replies, or there is no header at all. */
  readonly replyBack: boolean
  /** The first message was a PING. */
  readonly ping: boolean
  /** The bytes behind the header: lines begin here. */
  readonly rest: Buffer
}

const NOTHING = Buffer.alloc(0)
const TOKEN_BYTES = HEADER_TOKENS.map((token) => Buffer.from(token))
const PING_BYTES = Buffer.from(PING.slice(REPLY_BACK.length))
const FIRST_TOKEN_BYTE = TOKEN_BYTES[0]![0]
const CR = 0x0d
const LF = 0x0a

/**
 * Reads the header from the first bytes of a connection, wherever they are cut. Tokens are stripped while they match;
 * a beginning of one waits for more bytes; then one line end (CR, LF or CRLF) may follow.
 *
 *     X-KF-SendFinishedEventX-KF-Rep|lyBack7f3a|url=gmer.com|
 *     `-- token              `-- held        `-- rest
 *
 * A PING counts only when it is all that the client has sent so far: `X-KF-ReplyBackPING|url=gmer.com|` is a request.
 */
export class HeaderReader {
  #held = NOTHING
  #tokens = 0
  #replyBack = false

  /**
   * @param bytes the next bytes of the connection
   * @returns the header once it is known where it ends, else undefined: more bytes are needed. Not to be called again
   *   after it returned a header.
   */
  feed(bytes: Buffer): Header | undefined {
    if (this.#tokens === 0 && this.#held.length === 0 && bytes.length > 0 && bytes[0] !== FIRST_TOKEN_BYTE) {
      return { present: false, replyBack: true, ping: false, rest: bytes }
    }
    const data = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes])
    let at = 0
    for (;;) {
      const token = TOKEN_BYTES.findIndex((candidate) => startsAt(data, at, candidate))
      if (token < 0) break
      this.#tokens += 1
      if (HEADER_TOKENS[token] === REPLY_BACK) this.#replyBack = true
      at += TOKEN_BYTES[token]!.length
    }
    const mayBePing = this.#tokens === 1 && this.#replyBack
    if (mayBePing && startsAt(data, at, PING_BYTES)) {
      const after = data[at + PING_BYTES.length]
      if (after === undefined || after === CR || after === LF) {
        return this.#header(data, at + PING_BYTES.length, true)
      }
    } else if (isBeginning(data, at, mayBePing)) {
      // A copy: the caller's buffer may be a slice of a large one.
      this.#held = Buffer.from(data.subarray(at))
      return undefined
    }
    return this.#header(data, at, false)
  }

  /** The connection has ended. @returns the header; a beginning of a token that never came whole is in `rest` */
  end(): Header {
    return this.#header(this.#held, 0, false)
  }

  #header(data: Buffer, end: number, ping: boolean): Header {
    const present = this.#tokens > 0
    let at = end
    if (present && data[at] === CR) at += 1
    if (present && data[at] === LF) at += 1
    return { present, replyBack: this.#replyBack || !present, ping, rest: data.subarray(at) }
  }
}

function startsAt(data: Buffer, at: number, expected: Buffer): boolean {
  return data.length - at >= expected.length && isPrefix(data, at, expected)
}

/** True when all that is left of `data` may be the beginning of a token (nothing left: of anything). */
function isBeginning(data: Buffer, at: number, mayBePing: boolean): boolean {
  if (TOKEN_BYTES.some((token) => data.length - at < token.length && isPrefix(data, at, token))) return true
  return mayBePing && data.length - at < PING_BYTES.length && isPrefix(data, at, PING_BYTES)
}

/** True when `data` from `at` and `expected` agree as far as both go. */
function isPrefix(data: Buffer, at: number, expected: Buffer): boolean {
  const length = Math.min(data.length - at, expected.length)
  for (let i = 0; i < length; i++) {
    if (data[at + i] !== expected[i]) return false
  }
  return true
}

/** The fields of a request that name an indicator. */
const FIELD_TYPES: ReadonlyMap<string, IndicatorType> = new Map([
  ['url', 'url'],
  ['domain', 'url'],
  ['ip', 'ip'],
  ['hash', 'hash'],
  ['md5', 'hash'],
  ['sha1', 'hash'],
  ['sha256', 'hash'],
  ['email', 'email'],
  ['text', 'text'],
])
const LONGEST_FIELD = 'sha256'.length

const EQUALS = 0x3d

/**
 * The indicators of a request line, in its order, duplicates kept. A line with `|` is cut there, one without at
 * spaces; a piece that starts with `url=`, `domain=`, `ip=`, `hash=`, `md5=`, `sha1=`, `sha256=`, `email=` or `text=` is an indicator,
 * its value all that follows (an empty one is none). A line without `|` and without such a piece is a bare value.
 *
 * @param line one line without its LF; one CR at the end is ignored
 */
export function parseRequest(line: string): Indicator[] {
  const end = line.charCodeAt(line.length - 1) === CR ? line.length - 1 : line.length
  const indicators: Indicator[] = []
  let at = line.indexOf('|')
  const separator = at < 0 ? ' ' : '|'
  let bare = at < 0
  if (bare) at = line.indexOf(' ')
  let from = 0
  for (;;) {
    const to = at < 0 ? end : at
    const type = typeOfField(line, from)
    if (type !== undefined) {
      bare = false
      const value = line.slice(line.indexOf('=', from) + 1, to)
      if (value !== '') indicators.push({ type, value })
    }
    if (at < 0) break
    from = to + 1
    at = line.indexOf(separator, from)
  }
  if (!bare) return indicators
  const value = line.trim()
  return value === '' ? indicators : [{ type: guessType(value), value }]
}

/** The type that the piece of `line` at `from` names by how it starts, undefined when it is no indicator. */
function typeOfField(line: string, from: number): IndicatorType | undefined {
  // The two most frequent ones without a look-up.
  const first = line.charCodeAt(from)
  if (first === 0x75 /* u */) return line.startsWith('url=', from) ? 'url' : undefined
  if (first === 0x69 /* i */) return line.startsWith('ip=', from) ? 'ip' : undefined
  for (let i = from; i <= from + LONGEST_FIELD; i++) {
    if (line.charCodeAt(i) === EQUALS) return FIELD_TYPES.get(line.slice(from, i))
  }
  return undefined
}

/** Lengths of MD5, SHA-1, SHA-224, SHA-256, SHA-384 and SHA-512 in hex digits. */
const HASH_LENGTHS: ReadonlySet<number> = new Set([32, 40, 56, 64, 96, 128])
const HEX = /^[0-9a-fA-F]+$/
const MAY_BE_IP = /^[0-9]|:/

/** True for hex digits, as many as MD5 or one of the SHA family has. */
export function isHash(value: string): boolean {
  return HASH_LENGTHS.has(value.length) && HEX.test(value)
}

/**
 * The type of a value that comes without one: an IP address, a hash (hex digits, as many as MD5 or one of the SHA
 * family has), else a url.
 */
export function guessType(value: string): IndicatorType {
  if (isHash(value)) return 'hash'
  if (MAY_BE_IP.test(value) && isIP(value) !== 0) return 'ip'
  return 'url'
}

/**
 * A request line with its LF: `<id>|url=...|ip=...|`. Characters that would break the line become spaces, so a value
 * may come back as `wireText(value)` in `MatchedIndicator`.
 */
export function formatRequest(id: string, indicators: readonly Indicator[]): string {
  let line = wireText(id)
  for (const { type, value } of indicators) line += `|${type}=${wireText(value)}`
  return `${line}|\n`
}

const CATEGORY_FIELD = 'Category='
const MATCHED_FIELD = 'MatchedIndicator='

/** A record that the server found for one value. */
export interface Detection {
  readonly category: string
  /** The value as the client sent it. */
  readonly matched: string
  /** The context, in the order of the wire. */
  readonly fields: readonly ContextField[]
}

/** One field of a context: its name (a path such as `a.b[0]`) and its text. */
export type ContextField = readonly [name: string, text: string]

/**
 * A detection line with its LF.
 *
 * @param category as it may stand on the wire (see `wireText`)
 * @param matched the value as the client sent it; it comes back as `wireText(matched)`
 * @param context the text that `contextText` made
 */
export function formatDetection(category: string, matched: string, context: string): string {
  return `${CATEGORY_FIELD}${category}|${MATCHED_FIELD}${wireText(matched)}${context}\n`
}

/**
 * The detection that a line of a reply holds.
 *
 * @param line without its LF; one CR at the end is ignored
 * @returns undefined for any other line (`LookupFinished`, text that is no detection)
 */
export function parseDetection(line: string): Detection | undefined {
  if (!line.startsWith(CATEGORY_FIELD)) return undefined
  const pieces = (line.endsWith('\r') ? line.slice(0, -1) : line).split('|')
  const category = pieces[0]!.slice(CATEGORY_FIELD.length)
  let matched: string | undefined
  const fields: ContextField[] = []
  for (let i = 1; i < pieces.length; i++) {
    const piece = pieces[i]!
    if (matched === undefined && piece.startsWith(MATCHED_FIELD)) {
      matched = piece.slice(MATCHED_FIELD.length)
      continue
    }
    const equals = piece.indexOf('=')
    fields.push(equals < 0 ? [piece, ''] : [piece.slice(0, equals), piece.slice(equals + 1)])
  }
  return matched === undefined ? undefined : { category, matched, fields }
}

/** Deeper than any record means it; what nests deeper is an attack or a cycle. */
const MAX_DEPTH = 100

/**
 * The fields of a context, flat and in order: `a.b` for members, `a[0]` for elements, but a list of scalars is one
 * field, joined with `,`. Null is empty, booleans are `true` and `false`, empty values stay (`name=`), dates are ISO
 * 8601; `undefined` and functions are left out, as JSON does.
 *
 * @param record an object; anything else has no fields
 * @throws RangeError when it nests more than 100 levels
 */
export function flattenContext(record: unknown): ContextField[] {
  return flattenWith(record, scalarText)
}

/**
 * As `flattenContext`.
 *
 * @param text of a scalar that is a field; those in a list are joined as they are
 */
export function flattenWith(record: unknown, text: (value: unknown) => string): ContextField[] {
  const fields: ContextField[] = []
  if (typeof record !== 'object' || record === null) return fields
  for (const [name, value] of Object.entries(record)) flatten(wireText(name), value, 1, fields, text)
  return fields
}

function flatten(
  name: string,
  value: unknown,
  depth: number,
  fields: ContextField[],
  text: (value: unknown) => string,
): void {
  if (depth > MAX_DEPTH) throw new RangeError(`a context nests more than ${MAX_DEPTH} levels`)
  if (isScalar(value)) {
    fields.push([name, text(value)])
  } else if (Array.isArray(value)) {
    if (value.every(isScalar)) fields.push([name, value.map(scalarText).join(',')])
    else
      for (const [i, element] of value.entries()) flatten(`${name}[${i}]`, element, depth + 1, fields, text)
  } else if (typeof value === 'object') {
    const members = Object.entries(value as object)
    if (members.length === 0) fields.push([name, ''])
    for (const [key, member] of members) flatten(`${name}.${wireText(key)}`, member, depth + 1, fields, text)
  }
}

function isScalar(value: unknown): boolean {
  if (value === null || value instanceof Date) return true
  return typeof value !== 'object' && typeof value !== 'function' && value !== undefined
}

/** The text of a scalar as it goes on the wire. */
export function scalarText(value: unknown): string {
  if (value === null) return ''
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '' : value.toISOString()
  return wireText(String(value))
}

/** The context as it goes on the wire behind `MatchedIndicator`: `|name=text|name=text`, nothing for no fields. */
export function contextText(fields: readonly ContextField[]): string {
  let text = ''
  for (const [name, value] of fields) text += `|${wireText(name)}=${wireText(value)}`
  return text
}

/**
 * Syslog messages as they are sent.
 *
 *   <165>1 2023-07-10T12:00:00Z host app procid msgid [id name="value"] message      RFC 5424
 *   <38>Jul 10 12:00:00 host app[procid]: message                                    RFC 3164
 *   <189>123: host: *Mar  1 18:48:50.483 UTC: %SYS-5-CONFIG_I: message               Cisco
 *   <166>Jul 10 2023 12:00:00 host : %ASA-6-302013: message                          Cisco ASA
 *   <13>app[procid]: message                                                         local senders
 *
 * Each pattern is tried at one place and reads a bounded number of characters, or goes over each character once.
 */
import { isIpv6 } from '../net/ip.ts'
import { ENTRY_BYTES, setMember } from '../runtime/containers/keys.ts'
import type { Meter } from '../runtime/meter.ts'
import type { JsonObject } from '../value.ts'

const MONTH = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)'
const CLOCK = '\\d\\d:\\d\\d:\\d\\d(?:[.,]\\d{1,9})?'
const DAY = `${MONTH} {1,2}\\d{1,2}`
const ISO =
  '\\d{4}-\\d\\d-\\d\\d[Tt ]\\d\\d:\\d\\d(?::\\d\\d(?:[.,]\\d{1,9})?)?(?:[Zz]|[+-]\\d\\d(?::?\\d\\d)?)?'
const LEGACY = `${DAY} (?:\\d{4} )?${CLOCK}(?: \\d{4}(?=:? ))?|\\d{4} ${DAY} ${CLOCK}`
/** A zone counts with a colon behind it; else it would be a host. */
const STAMP = `(?:(?:${LEGACY}|${ISO})(?: [A-Z][A-Za-z]{1,4}(?=:))?)`

/** The number of octets may stand before it (RFC 6587). */
const PRIORITY = /(?:\d{1,8} )?<(\d{1,3})>/y
const VERSION = new RegExp(`\\d{1,2} (?=${ISO} |- )`, 'y')
const TIMESTAMP = new RegExp(`[*.]?(${STAMP})(:?)(?=\\s|:|$) *`, 'y')
/** `123: ` and `:` before the time, and a host with a colon. */
const BEFORE_STAMP = new RegExp(`:? ?(?:\\d{1,10}: +)?(?:(\\S{1,255}): +(?=[*.]?${STAMP}:))?`, 'y')
/** The header that a device of Cisco wrote before its mnemonic; it stands behind the header of a relay. */
const CISCO = new RegExp(
  `:? *(?:\\d{1,10}: +)?(?:[*.]?${STAMP}: +)?(%[A-Z][A-Za-z\\d_]*-[\\w-]{1,64}): ?`,
  'y',
)
const WORD = /(\S{1,255}) +/y
/** `app[procid]: `, `app: `, `app[procid] `. */
const TAG = /([^\s:[\]<>]{1,128})(?:\[([^\]\s]{0,128})\]:?|:)(?: |$)/y

const HEADER_NAMES = ['timestamp', 'hostname', 'appname', 'procid', 'msgid'] as const

export function readSyslog(meter: Meter, text: string): JsonObject {
  const message: JsonObject = {}
  let at = 0
  let hasPriority = false
  PRIORITY.lastIndex = 0
  const priority = PRIORITY.exec(text)
  if (priority !== null && Number(priority[1]) <= 191) {
    hasPriority = true
    at = PRIORITY.lastIndex
    message.priority = Number(priority[1])
    message.facility = Math.floor(message.priority / 8)
    message.severity = message.priority % 8
  }
  VERSION.lastIndex = at
  at = VERSION.test(text)
    ? readFields(meter, text, VERSION.lastIndex, message)
    : readLegacy(text, at, message, hasPriority)
  message.message = text.slice(at, endOf(text, at))
  return message
}

/** The end without one line break. */
function endOf(text: string, start: number): number {
  let end = text.length
  if (end > start && text.charCodeAt(end - 1) === 0x0a) end--
  if (end > start && text.charCodeAt(end - 1) === 0x0d) end--
  return end
}

// --- RFC 5424 -----------------------------------------------------------------------------------------------------

/** @returns where the message begins */
function readFields(meter: Meter, text: string, start: number, message: JsonObject): number {
  let at = start
  for (const name of HEADER_NAMES) {
    // A time with a blank in it is one field.
    TIMESTAMP.lastIndex = at
    const stamp = name === 'timestamp' ? TIMESTAMP.exec(text) : null
    if (stamp !== null) {
      message.timestamp = stamp[1]!
      at = TIMESTAMP.lastIndex
      continue
    }
    const blank = text.indexOf(' ', at)
    const end = blank < 0 ? text.length : blank
    const value = text.slice(at, end)
    if (value !== '' && value !== '-') message[name] = value
    at = Math.min(end + 1, text.length)
  }
  if (text.charCodeAt(at) === DASH && isEndOfField(text, at + 1)) at++
  else if (text.charCodeAt(at) === OPEN) {
    const data = new StructuredData(meter, text)
    const end = data.read(at)
    if (end >= 0) {
      message.structured_data = data.elements
      at = end
    }
  }
  if (text.charCodeAt(at) === SPACE) at++
  return text.charCodeAt(at) === 0xfeff ? at + 1 : at
}

const SPACE = 0x20
const QUOTE = 0x22
const DASH = 0x2d
const OPEN = 0x5b
const BACKSLASH = 0x5c

function isEndOfField(text: string, at: number): boolean {
  return at === text.length || text.charCodeAt(at) === SPACE
}

const ELEMENT_ID = /\[([^\s="\]]+)/y
const PARAMETER = /\s*([^\s="\]]+)="/y
const END_OF_ELEMENT = /\s*\]/y
const ESCAPED = /\\(["\\\]])/g

/** `[id name="value" name="value"][id]`, up to a blank or the end. */
class StructuredData {
  readonly elements: JsonObject = {}
  readonly #meter: Meter
  readonly #text: string

  constructor(meter: Meter, text: string) {
    this.#meter = meter
    this.#text = text
  }

  /** @returns where it ends; -1: there is none */
  read(start: number): number {
    let at = start
    while (this.#text.charCodeAt(at) === OPEN) {
      at = this.#element(at)
      if (at < 0) return -1
    }
    return isEndOfField(this.#text, at) ? at : -1
  }

  #element(start: number): number {
    const text = this.#text
    ELEMENT_ID.lastIndex = start
    const id = ELEMENT_ID.exec(text)
    if (id === null) return -1
    const parameters: JsonObject = {}
    let at = ELEMENT_ID.lastIndex
    for (;;) {
      PARAMETER.lastIndex = at
      const name = PARAMETER.exec(text)
      if (name === null) break
      const valueStart = PARAMETER.lastIndex
      const end = this.#endOfValue(valueStart)
      if (end < 0) return -1
      const value = text.slice(valueStart, end)
      this.#meter.build(ENTRY_BYTES)
      setMember(parameters, name[1]!, value.includes('\\') ? value.replace(ESCAPED, '$1') : value)
      at = end + 1
    }
    END_OF_ELEMENT.lastIndex = at
    if (!END_OF_ELEMENT.test(text)) return -1
    this.#meter.build(ENTRY_BYTES)
    setMember(this.elements, id[1]!, parameters)
    return END_OF_ELEMENT.lastIndex
  }

  #endOfValue(start: number): number {
    for (let at = start; at < this.#text.length; at++) {
      const code = this.#text.charCodeAt(at)
      if (code === QUOTE) return at
      if (code === BACKSLASH) at++
    }
    return -1
  }
}

// --- RFC 3164 and others ------------------------------------------------------------------------------------------

/** @returns where the message begins */
function readLegacy(text: string, start: number, message: JsonObject, hasPriority: boolean): number {
  BEFORE_STAMP.lastIndex = start
  const before = BEFORE_STAMP.exec(text)
  const stampStart = BEFORE_STAMP.lastIndex
  TIMESTAMP.lastIndex = stampStart
  const stamp = TIMESTAMP.exec(text)
  let at = start
  if (stamp === null) {
    // `<13>app[1]: ...` and `<13>host app[1]: ...`; without priority this is text.
    const tagged = readTag(text, at, message, hasPriority)
    if (tagged >= 0 || !hasPriority) return Math.max(at, tagged)
    const host = wordAt(text, at)
    const behind = host === undefined ? -1 : readTag(text, host.end, message, true)
    if (behind < 0) return at
    message.hostname = host!.word
    return behind
  }
  message.timestamp = stamp[1]!
  at = TIMESTAMP.lastIndex
  if (before?.[1] !== undefined) message.hostname = before[1]
  else if (stamp[2] === '') {
    const host = hostAt(text, at)
    if (host !== undefined) {
      message.hostname = host.word
      at = host.end
    }
  }
  const behind = readTag(text, at, message, true)
  return behind < 0 ? at : behind
}

/** The host behind the time: a word that is not the tag. */
function hostAt(text: string, at: number): { word: string; end: number } | undefined {
  const found = wordAt(text, at)
  if (found === undefined || found.word.startsWith('%') || text.startsWith(REPEATED, at)) return undefined
  const { word } = found
  if (isIpv6(word)) return found
  TAG.lastIndex = at
  const tag = TAG.exec(text)
  // `host: %ASA-...` has a colon of Cisco behind the host.
  if (tag !== null && tag[2] === undefined && text.charCodeAt(TAG.lastIndex) === PERCENT) {
    return { word: tag[1]!, end: found.end }
  }
  return tag === null && !word.endsWith(':') ? found : undefined
}

const PERCENT = 0x25
/** The text of syslogd, which has no host when it comes from a daemon that leaves it out. */
const REPEATED = 'last message repeated '

function wordAt(text: string, at: number): { word: string; end: number } | undefined {
  WORD.lastIndex = at
  const found = WORD.exec(text)
  return found === null ? undefined : { word: found[1]!, end: WORD.lastIndex }
}

/**
 * Reads `app[procid]: `, or the mnemonic of a device of Cisco.
 *
 * @param takesWords a word with a colon is a tag, too
 * @returns where the message begins; -1: there is no tag
 */
function readTag(text: string, at: number, message: JsonObject, takesWords: boolean): number {
  CISCO.lastIndex = at
  const cisco = CISCO.exec(text)
  if (cisco !== null) {
    message.appname = cisco[1]!
    return CISCO.lastIndex
  }
  if (!takesWords) return -1
  TAG.lastIndex = at
  const tag = TAG.exec(text)
  if (tag === null) return -1
  message.appname = tag[1]!
  if (tag[2] !== undefined && tag[2] !== '') message.procid = tag[2]
  return TAG.lastIndex
}

/*
 * JSON.parse loses two things that an output may need: how a number was written, with all digits of a big integer,
 * and where members stood whose names look like array indexes (they come first in a JavaScript object). Few events
 * have either, and one pass of a regular expression finds these few.
 */

/**
 * What may be a number that we would write in another way, or an index-like member name. Both follow `:`, `,`, `[`
 * or `{` and perhaps blanks: digits in the midst of a string (addresses, hashes) do not count.
 *
 *     :1E5  :1e5     an exponent
 *     :1.10  :1.0e3  a fraction that ends in 0, or an exponent after it
 *     :0.0000001     JavaScript writes 1e-7
 *     :-0            JavaScript writes 0
 *     :1234567890123456  :0.1234567890123456   16 digits and more may not survive the way through a double
 *     {"10":         V8 moves such a member to the front
 */
const SUSPECT =
  /[:,[{][ \t\n\r]*(?:-?(?:\d{1,15}(?:[eE]|\.(?:0{6}|\d{0,15}(?:0[,\]} \t\n\r]|[eE])))|[\d.]{16})|-0[,\]} \t\n\r]|"\d{1,10}"[ \t\n\r]*:)/g

/** The whole number at the place of a suspect, if it is one and not the beginning of something in a string. */
const NUMBER = /[:,[{][ \t\n\r]*(-?\d+(\.\d+)?([eE][-+]?\d+)?)(?=[,\]} \t\n\r]|$)/y

/** How a digit begins that is written as an escape: `{"\u0031":` has an index-like name, too. */
const ESCAPED_DIGIT = '\\u003'

/**
 * Finds what JSON.parse and JSON.stringify would not bring out as it stands, in a text that holds many events, each
 * being asked for in turn.
 */
export class OddityFinder {
  readonly #text: string
  /** Offsets of the first of each kind at or after the last part that was asked for. */
  #nextSuspect = -1
  #nextEscape = -1

  /** @param text JSON; as its characters beyond ASCII do not matter, it may be UTF-8 read as latin1 */
  constructor(text: string) {
    this.#text = text
  }

  /**
   * Whether every number of a part is sure to be written as JavaScript writes it, no integer is beyond 2**53, and no
   * member's name looks like an array index. False says only that there may be one: `"a": "see 1: {\"10\": ...}"`
   * is mistaken for it.
   *
   * @param from not before the one of the last call
   */
  isCanonical(from: number, end: number): boolean {
    if (this.#nextSuspect < from) this.#nextSuspect = findSuspect(this.#text, from)
    if (this.#nextEscape < from) this.#nextEscape = find(this.#text, ESCAPED_DIGIT, from)
    return this.#nextSuspect >= end && this.#nextEscape >= end
  }
}

/** @returns whether the whole text is canonical, as {@link OddityFinder.isCanonical} says of a part */
export function isCanonical(text: string): boolean {
  return new OddityFinder(text).isCanonical(0, text.length)
}

/** @returns the offset of the first suspect that a closer look does not clear; Infinity: there is none */
function findSuspect(text: string, from: number): number {
  SUSPECT.lastIndex = from
  for (let match = SUSPECT.exec(text); match !== null; match = SUSPECT.exec(text)) {
    if (match[0].endsWith(':')) return match.index
    NUMBER.lastIndex = match.index
    const number = NUMBER.exec(text)
    if (number === null) continue
    if (!isCanonicalNumber(number[1]!, number[2] === undefined && number[3] === undefined)) return match.index
    // The suspect may have ended behind the comma in front of the next number.
    SUSPECT.lastIndex = NUMBER.lastIndex
  }
  return Number.POSITIVE_INFINITY
}

function find(text: string, part: string, from: number): number {
  const offset = text.indexOf(part, from)
  return offset === -1 ? Number.POSITIVE_INFINITY : offset
}

function isCanonicalNumber(text: string, isInteger: boolean): boolean {
  const value = Number(text)
  return String(value) === text && (!isInteger || Number.isSafeInteger(value))
}

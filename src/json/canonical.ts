/*
 * JSON.parse loses two things that an output may need: how a number was written, with all digits of a big integer,
 * and where members stood whose names look like array indexes (they come first in a JavaScript object). Few events
 * have either, and one pass of a regular expression finds these few.
 */

/**
 * Text that may be a number that we would write in another way, or an index-like member name. Both follow `:`, `,`, `[`
 * or `{` and perhaps blanks: digits in the midst of a string (addresses, hashes) do not count.
 *
 *     :1E5  :1e5     an exponent
 *     :1.10  :1.0e3  a fraction that ends in 0, or an exponent after it
 *     :0.0000001     JavaScript writes 1e-7
 *     :-0            JavaScript writes 0
 *     :1234567890123456  :0.1234567890123456   16 digits and more may not survive the way through a double
 *     {"10":         V8 moves such a member to the front
 *
 * Blanks are an alternative of their own, with all of it once more: without them in between, V8 looks at the character behind the first one at once, and
 * needs a third less time.
 */
const ODD = String.raw`[-\d](?:\d{0,15}(?:[eE]|\.(?:0{6}\d*[eE,\]} \t\n\r]|\d{0,15}(?:0[,\]} \t\n\r]|[eE])))|[\d.]{15}|0[,\]} \t\n\r](?<=-0[\s\S]))|"\d{1,10}"[ \t\n\r]*:`
const SUSPECT = new RegExp(String.raw`[:,[{](?:${ODD}|[ \t\n\r]+(?:${ODD}))`, 'g')

/** The whole number at the place of a suspect, if it is one and not the beginning of something in a string. */
const NUMBER = /[:,[{][ \t\n\r]*(-?\d+(\.\d+)?([eE][-+]?\d+)?)(?=[,\]} \t\n\r]|$)/y

/** The beginning of a digit that is written as an escape: `{"\u0031":` has an index-like name, too. */
const ESCAPED_DIGIT = '\\u003'

/**
 * True when JSON.parse and JSON.stringify are sure to bring everything in `text` out as it stands: every number is
 * written as JavaScript writes it, no integer is beyond 2**53, no member's name looks like an array index. False says
 * only that there may be one: a string that reads `see {"10": 1}` is mistaken for it.
 *
 * @param text JSON, or what wants to be: an object or array, or several of them. As characters beyond ASCII do not
 *   matter, it may be UTF-8 read as latin1.
 */
export function isCanonical(text: string): boolean {
  SUSPECT.lastIndex = 0
  for (let match = SUSPECT.exec(text); match !== null; match = SUSPECT.exec(text)) {
    if (match[0].endsWith(':')) return false
    NUMBER.lastIndex = match.index
    const number = NUMBER.exec(text)
    if (number === null) continue
    if (!isCanonicalNumber(number[1]!, number[2] === undefined && number[3] === undefined)) return false
    // The suspect may have ended behind the comma in front of the next number.
    SUSPECT.lastIndex = NUMBER.lastIndex
  }
  return !text.includes(ESCAPED_DIGIT)
}

function isCanonicalNumber(text: string, isInteger: boolean): boolean {
  const value = Number(text)
  return String(value) === text && (!isInteger || Number.isSafeInteger(value))
}

import { twoDigits } from './iso8601.ts'
import { assign, type Directive, type Field, type Found, readOffset } from './strptime-directives.ts'
import { BLANKS } from './strptime-format.ts'

/**
 * The fast way through a text: at each step what the format's regular expression would take first. If all steps
 * find something, the regular expression would have found the same; if one does not, it may still find another
 * way (`%d%m` on `11`), and has to be asked.
 */
export interface Step {
  readonly kind: StepKind
  readonly field: Field | -1
  /** Literal: the code of the character, in both cases. Digits: smallest and largest number. */
  readonly low: number
  readonly high: number
  /** Up to two digits: the smallest that may stand alone. Fixed: how many digits. Fraction: the value of a 1 in the last place. */
  readonly extra: number
  readonly names: readonly string[]
  readonly values: readonly number[]
}

type StepKind = (typeof KINDS)[keyof typeof KINDS]

const KINDS = {
  literal: 0,
  blanks: 1,
  upToTwo: 2,
  paddedUpToTwo: 3,
  fixed: 4,
  dayOfYear: 5,
  fraction: 6,
  name: 7,
  offset: 8,
  /** Never fits: what the scanner does not know is left to the regular expression. */
  never: 9,
} as const

const NOTHING = { field: -1, low: 0, high: 0, extra: 0, names: [], values: [] } as const

export const BLANKS_STEP: Step = { ...NOTHING, kind: KINDS.blanks }

export function literalStep(character: string): Step {
  const code = character.charCodeAt(0)
  if (character.length !== 1 || code > 127) return { ...NOTHING, kind: KINDS.never }
  const low = character.toLowerCase().charCodeAt(0)
  return { ...NOTHING, kind: KINDS.literal, low, high: character.toUpperCase().charCodeAt(0) }
}

export function directiveStep({ field, scan }: Directive): Step {
  switch (scan.kind) {
    case 'upToTwo': {
      const kind = scan.padded ? KINDS.paddedUpToTwo : KINDS.upToTwo
      return { ...NOTHING, kind, field, low: scan.low, high: scan.high, extra: scan.least }
    }
    case 'fixed':
      return { ...NOTHING, kind: KINDS.fixed, field, low: scan.low, high: scan.high, extra: scan.width }
    case 'name':
      return { ...NOTHING, kind: KINDS.name, field, names: scan.names, values: scan.values }
    case 'fraction':
      return { ...NOTHING, kind: KINDS.fraction, field, extra: 10 ** (9 - scan.digits) }
    default:
      return { ...NOTHING, kind: KINDS[scan.kind], field }
  }
}

/**
 * Where a step finds nothing to take in a text of ASCII, the regular expression finds no way either: each step has one end, or what
 * stands behind its other ends is a digit, which the next step does not take.
 *
 *   %b %d %H:%M    sure
 *   %d%m           not so: `11` is taken by the first, but may be a 1 for each
 */
export function isSure(steps: readonly Step[]): boolean {
  return steps.every(({ kind, names }, index) => {
    const next = steps[index + 1]
    if (kind === KINDS.literal || kind === KINDS.fixed) return true
    if (kind === KINDS.blanks) return next?.kind !== KINDS.blanks
    if (kind === KINDS.name) return names.every((name) => names.every((other) => isApart(name, other)))
    if (kind !== KINDS.upToTwo && kind !== KINDS.paddedUpToTwo && kind !== KINDS.fraction) return false
    if (next?.kind === KINDS.literal) return !isDigit(next.low - 48)
    return next === undefined || next.kind === KINDS.blanks || next.kind === KINDS.name
  })
}

/** A text does not go on with both. */
function isApart(name: string, other: string): boolean {
  return name === other || !name.startsWith(other)
}

const WIDE_BLANK = new RegExp(`[${BLANKS}]`)

/** @returns where the last step ended, -1 if a step found nothing to take */
export function scan(steps: readonly Step[], text: string, found: Found): number {
  let at = 0
  for (let index = 0; index < steps.length; index++) {
    const step = steps[index]!
    const code = text.charCodeAt(at)
    let value = 0
    switch (step.kind) {
      case KINDS.literal:
        if (code !== step.low && code !== step.high) return -1
        at++
        continue
      case KINDS.blanks:
        if (!isBlank(code)) return -1
        do at++
        while (isBlank(text.charCodeAt(at)))
        continue
      case KINDS.paddedUpToTwo:
      case KINDS.upToTwo: {
        const first = code - 48
        const second = text.charCodeAt(at + 1) - 48
        value = first * 10 + second
        if (isDigit(first) && isDigit(second) && value >= step.low && value <= step.high) {
          at += 2
        } else if (isDigit(first) && first >= step.extra) {
          value = first
          at++
        } else if (step.kind === KINDS.paddedUpToTwo && code === 32 && isDigit(second) && second > 0) {
          value = second
          at += 2
        } else {
          return -1
        }
        break
      }
      case KINDS.fixed: {
        const end = at + step.extra
        for (; at < end; at++) {
          const digit = text.charCodeAt(at) - 48
          if (!isDigit(digit)) return -1
          value = value * 10 + digit
        }
        if (value < step.low || value > step.high) return -1
        break
      }
      case KINDS.dayOfYear: {
        const width = dayOfYearWidth(text, at)
        if (width === 0) return -1
        for (const end = at + width; at < end; at++) value = value * 10 + text.charCodeAt(at) - 48
        break
      }
      case KINDS.fraction: {
        let scale = 1_000_000_000
        for (let digit = code - 48; isDigit(digit) && scale > step.extra; digit = text.charCodeAt(at) - 48) {
          scale /= 10
          value += digit * scale
          at++
        }
        if (scale === 1_000_000_000) return -1
        break
      }
      case KINDS.name: {
        const which = nameAt(step.names, text, at)
        if (which < 0) return -1
        value = step.values[which]!
        at += step.names[which]!.length
        break
      }
      case KINDS.offset: {
        const end = offsetEnd(text, at)
        const offset = end < 0 ? undefined : offsetBetween(text, at, end)
        if (offset === undefined) return -1
        value = offset
        at = end
        break
      }
      case KINDS.never:
        return -1
    }
    assign(found, step.field as Field, value)
  }
  return at
}

/** Also false for NaN, which stands behind the end of a text. */
function isDigit(value: number): boolean {
  return value >= 0 && value <= 9
}

function isBlank(code: number): boolean {
  if (code <= 32) return code === 32 || (code >= 9 && code <= 13) || code >= 28
  return code >= 0x85 && WIDE_BLANK.test(String.fromCharCode(code))
}

/** Three digits from 001 to 366, else two from 01, else one from 1, else 0. */
function dayOfYearWidth(text: string, at: number): number {
  const first = text.charCodeAt(at) - 48
  const second = text.charCodeAt(at + 1) - 48
  const third = text.charCodeAt(at + 2) - 48
  if (!isDigit(first)) return 0
  if (isDigit(second)) {
    const pair = first * 10 + second
    const triple = pair * 10 + third
    if (isDigit(third) && triple >= 1 && triple <= 366) return 3
    if (pair >= 1) return 2
  }
  return first >= 1 ? 1 : 0
}

/** Index of the first name that the text goes on with, in any case; -1 if there is none. */
function nameAt(names: readonly string[], text: string, at: number): number {
  for (let index = 0; index < names.length; index++) {
    const name = names[index]!
    let length = 0
    // The bit that tells the cases of an ASCII letter apart makes no letter out of anything else.
    while (length < name.length && (text.charCodeAt(at + length) | 32) === name.charCodeAt(length)) length++
    if (length === name.length) return index
  }
  return -1
}

/** Where an offset ends that the regular expression would take; -1 if it would take none. */
function offsetEnd(text: string, start: number): number {
  const sign = text.charCodeAt(start)
  if (sign === 90 /* Z */) return start + 1
  if (sign !== 43 /* + */ && sign !== 45 /* - */) return -1
  if (!isDigit(text.charCodeAt(start + 1) - 48) || !isDigit(text.charCodeAt(start + 2) - 48)) return -1
  const minutes = sixtiethEnd(text, start + 3)
  if (minutes < 0) return -1
  const seconds = sixtiethEnd(text, minutes)
  if (seconds < 0) return minutes
  if (text.charCodeAt(seconds) !== 46 /* . */) return seconds
  let end = seconds + 1
  while (end < seconds + 7 && isDigit(text.charCodeAt(end) - 48)) end++
  return end === seconds + 1 ? seconds : end
}

/** The same as `readOffset`, without a piece of text for the forms that occur: `+0300`, `+03:00`. */
function offsetBetween(text: string, start: number, end: number): number | undefined {
  const length = end - start
  if (length !== 5 && (length !== 6 || text.charCodeAt(start + 3) !== 58) /* : */) {
    return readOffset(text.slice(start, end))
  }
  const minutes = twoDigits(text, start + 1) * 60 + twoDigits(text, end - 2)
  return (text.charCodeAt(start) === 45 /* - */ ? -minutes : minutes) * 60_000_000
}

/** Behind `:?[0-5][0-9]`, -1 if that is not there. */
function sixtiethEnd(text: string, start: number): number {
  const at = text.charCodeAt(start) === 58 /* : */ ? start + 1 : start
  const tens = text.charCodeAt(at) - 48
  return tens >= 0 && tens <= 5 && isDigit(text.charCodeAt(at + 1) - 48) ? at + 2 : -1
}

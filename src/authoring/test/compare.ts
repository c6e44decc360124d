/** Outputs beside what is expected of them. */
import type { Rejection } from '../../event.ts'
import { isIp } from '../../expression/net/ip.ts'
import { getMember } from '../../expression/runtime/containers/containers.ts'
import { isMapping } from '../../expression/runtime/fields.ts'
import type { Maybe, NumberTexts, Value } from '../../expression/value.ts'
import type { Expected, ExpectedMatcher } from './expected.ts'
import { type JsonText, jsonText, kindOf, membersOf, scalarText } from './json-value.ts'
import type { Difference, Step } from './result.ts'

/** A difference, with the expected value where there is one: `--update` needs its node. */
export interface Found extends Difference {
  readonly node?: Expected | undefined
  /** Index among the outputs that came, where that is another one than `output`. */
  readonly gotIndex?: number | undefined
  /** The rejection that it is about. */
  readonly rejection?: Rejection | undefined
  /** The value that came. */
  readonly value?: Maybe
}

/** More are counted only. */
const MAX_FOUND = 1000

/** Texts that are longer have the place told where they begin to differ. */
const LONG_TEXT = 48

/** ISO 8601 with a zone, as outputs have times. */
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)$/

/**
 * The differences between a value and what is expected of it.
 *
 * @param isPartial objects may have members beside those that are expected
 */
export function differencesOf(expected: Expected, got: JsonText, isPartial: boolean): Found[] {
  const comparison = new Comparison(got.numbers, isPartial)
  comparison.compare(expected, got.value, undefined, [])
  return comparison.found
}

class Comparison {
  readonly found: Found[] = []
  readonly #numbers: NumberTexts | undefined
  readonly #isPartial: boolean

  constructor(numbers: NumberTexts | undefined, isPartial: boolean) {
    this.#numbers = numbers
    this.#isPartial = isPartial
  }

  /** @param own the text of the value, where it is a number with a text of its own */
  compare(expected: Expected, value: Value, own: string | undefined, path: readonly Step[]): void {
    switch (expected.kind) {
      case 'scalar':
        this.#scalar(expected, value, own, path)
        break
      case 'list':
        this.#list(expected, value, own, path)
        break
      case 'object':
        this.#object(expected, value, own, path)
        break
      case 'matcher': {
        const note = this.#mismatch(expected, value, own)
        if (note !== undefined) this.#differs(expected, value, own, path, note)
      }
    }
  }

  #scalar(
    expected: Expected & { kind: 'scalar' },
    value: Value,
    own: string | undefined,
    path: readonly Step[],
  ): void {
    if (typeof value === 'object' && value !== null) {
      this.#differs(expected, value, own, path, undefined)
      return
    }
    const text = own ?? scalarText(value)
    if (text !== expected.text) this.#differs(expected, value, own, path, scalarNote(expected.text, text))
  }

  #list(
    expected: Expected & { kind: 'list' },
    value: Value,
    own: string | undefined,
    path: readonly Step[],
  ): void {
    if (!Array.isArray(value)) {
      this.#differs(expected, value, own, path, `a list is expected, and this is ${kindOf(value)}`)
      return
    }
    const texts = this.#numbers?.get(value)
    for (let index = 0; index < Math.max(expected.items.length, value.length); index++) {
      const item = expected.items[index]
      const at = [...path, index]
      const text = texts?.get(String(index))
      if (item === undefined) this.#unexpected(value[index]!, text, at)
      else if (index >= value.length) this.#missing(item, at)
      else this.compare(item, value[index]!, text, at)
    }
  }

  #object(
    expected: Expected & { kind: 'object' },
    value: Value,
    own: string | undefined,
    path: readonly Step[],
  ): void {
    if (!isMapping(value)) {
      this.#differs(expected, value, own, path, `an object is expected, and this is ${kindOf(value)}`)
      return
    }
    const texts = this.#numbers?.get(value)
    for (const [name, member] of expected.members) {
      const got = getMember(value, name)
      const at = [...path, name]
      if (member.kind === 'matcher' && member.matcher === '$absent') {
        if (got !== undefined) this.#unexpected(got, texts?.get(name), at, member)
      } else if (got === undefined) this.#missing(member, at, dottedNote(name, value))
      else this.compare(member, got, texts?.get(name), at)
    }
    if (this.#isPartial) return
    for (const [name, member] of membersOf(value)) {
      if (!expected.members.has(name)) this.#unexpected(member, texts?.get(name), [...path, name])
    }
  }

  /** @returns why the matcher does not take the value; undefined: it does */
  #mismatch(expected: ExpectedMatcher, value: Value, own: string | undefined): string | undefined {
    switch (expected.matcher) {
      case '$absent':
        return 'nothing is expected here'
      case '$any':
        return isOfKind(value, expected.type) ? undefined : kindNote(value, expected.type)
      case '$match':
        if (typeof value !== 'string') return `a text is expected, and this is ${kindOf(value)}`
        return matchesText(expected.matches, value)
          ? undefined
          : 'the pattern does not match from the beginning'
      case '$approx': {
        if (typeof value !== 'number' && typeof value !== 'bigint')
          return `a number is expected, and this is ${kindOf(value)}`
        const distance = Math.abs(Number(value) - expected.value)
        return distance <= expected.tolerance
          ? undefined
          : `it is ${distance} away, and ${expected.tolerance} are allowed`
      }
      case '$contains':
        return this.#contains(expected.items, value)
      case '$unordered':
        return this.#unordered(expected.items, value)
      case '$one_of':
        return expected.items.some((item) => this.#takes(item, value, own))
          ? undefined
          : 'it is none of these'
      case '$not':
        return this.#takes(expected.inner, value, own) ? 'another value is expected' : undefined
    }
  }

  #contains(items: readonly Expected[], value: Value): string | undefined {
    if (typeof value === 'string') {
      const lacking = items.find(
        (item) => item.kind !== 'scalar' || !value.includes(String(JSON.parse(item.text))),
      )
      return lacking === undefined ? undefined : `it has no ${labelOf(lacking)}`
    }
    if (!Array.isArray(value)) return `a text or a list is expected, and this is ${kindOf(value)}`
    const texts = this.#numbers?.get(value)
    const lacking = items.find(
      (item) => !value.some((element: Value, index) => this.#takes(item, element, texts?.get(String(index)))),
    )
    return lacking === undefined ? undefined : `no element is ${labelOf(lacking)}`
  }

  /** Each expected item takes an element of its own: a matching in a graph of two sides, by augmenting paths. */
  #unordered(items: readonly Expected[], value: Value): string | undefined {
    if (!Array.isArray(value)) return `a list is expected, and this is ${kindOf(value)}`
    if (value.length !== items.length)
      return `${items.length} elements are expected, and these are ${value.length}`
    const texts = this.#numbers?.get(value)
    const takenBy: (number | undefined)[] = value.map(() => undefined)
    const place = (item: number, tried: Set<number>): boolean =>
      value.some((element: Value, index) => {
        if (tried.has(index) || !this.#takes(items[item]!, element, texts?.get(String(index)))) return false
        tried.add(index)
        const other = takenBy[index]
        if (other !== undefined && !place(other, tried)) return false
        takenBy[index] = item
        return true
      })
    const lacking = items.findIndex((_, item) => !place(item, new Set()))
    return lacking === -1 ? undefined : `no element is left for ${labelOf(items[lacking]!)}`
  }

  #takes(expected: Expected, value: Value, own: string | undefined): boolean {
    const trial = new Comparison(this.#numbers, this.#isPartial)
    trial.compare(expected, value, own, [])
    return trial.found.length === 0
  }

  #differs(
    node: Expected,
    value: Value,
    own: string | undefined,
    path: readonly Step[],
    note: string | undefined,
  ): void {
    this.#add({
      kind: 'differs',
      path,
      expected: labelOf(node),
      got: jsonText(value, this.#numbers, own),
      note,
      node,
      value,
    })
  }

  #missing(node: Expected, path: readonly Step[], note?: string): void {
    this.#add({ kind: 'missing', path, expected: labelOf(node), note, node })
  }

  #unexpected(value: Value, own: string | undefined, path: readonly Step[], node?: Expected): void {
    this.#add({ kind: 'unexpected', path, got: jsonText(value, this.#numbers, own), node, value })
  }

  #add(found: Found): void {
    if (this.found.length < MAX_FOUND) this.found.push(found)
  }
}

/** The JSON text of an expected value; matchers have their own. */
export function labelOf(expected: Expected): string {
  switch (expected.kind) {
    case 'scalar':
      return expected.text
    case 'matcher':
      return expected.label
    case 'list':
      return `[${expected.items.map(labelOf).join(',')}]`
    case 'object':
      return `{${Array.from(expected.members, ([name, member]) => `${JSON.stringify(name)}:${labelOf(member)}`).join(',')}}`
  }
}

function matchesText(matches: (text: string) => boolean, value: string): boolean {
  try {
    return matches(value)
  } catch {
    // The text is too long for the engine of the pattern.
    return false
  }
}

function isOfKind(value: Value, kind: string): boolean {
  switch (kind) {
    case 'any':
      return true
    case 'string':
      return typeof value === 'string'
    case 'number':
      return typeof value === 'number' || typeof value === 'bigint'
    case 'integer':
      return typeof value === 'bigint' || Number.isInteger(value)
    case 'boolean':
      return typeof value === 'boolean'
    case 'list':
      return Array.isArray(value)
    case 'object':
      return isMapping(value)
    case 'null':
      return value === null
    case 'ip':
      return typeof value === 'string' && isIp(value)
    default:
      return typeof value === 'string' && TIMESTAMP.test(value) && !Number.isNaN(Date.parse(value))
  }
}

function kindNote(value: Value, kind: string): string {
  const names: Readonly<Record<string, string>> = {
    ip: 'IP address',
    timestamp: 'time of ISO 8601 with a zone',
    integer: 'integer',
  }
  const name = names[kind]
  return name === undefined ? `this is ${kindOf(value)}` : `this is ${kindOf(value)} that is no ${name}`
}

/** The remark on two scalars whose difference is easily overlooked. */
function scalarNote(expected: string, got: string): string | undefined {
  const isText = (text: string) => text.startsWith('"')
  if (isText(expected) !== isText(got)) {
    const other = isText(expected) ? JSON.parse(expected) : JSON.parse(got)
    const plain = isText(expected) ? got : expected
    return other === plain ? `one is a text, the other is none` : undefined
  }
  if (!isText(expected)) {
    const numbers = /^-?\d/.test(expected) && /^-?\d/.test(got)
    return numbers && Number(expected) === Number(got)
      ? 'the same number in other digits: an output is compared as it is written'
      : undefined
  }
  if (Math.min(expected.length, got.length) < LONG_TEXT) return undefined
  const wanted = [...(JSON.parse(expected) as string)]
  const came = [...(JSON.parse(got) as string)]
  let same = 0
  while (same < wanted.length && wanted[same] === came[same]) same++
  const rest = (text: readonly string[]) => JSON.stringify(text.slice(same, same + 16).join(''))
  return `the texts differ from character ${same + 1} on: ${rest(wanted)} is expected, ${rest(came)} came`
}

/** Rules name members with dots; in outputs they are nested. */
function dottedNote(name: string, value: Value): string | undefined {
  if (!name.includes('.')) return undefined
  let inner: Maybe = value
  for (const part of name.split('.')) inner = isMapping(inner) ? getMember(inner, part) : undefined
  return inner === undefined ? undefined : 'the output is nested: write one member inside the other'
}

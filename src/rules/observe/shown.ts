/** Values as people read them: as JSON, and no longer than asked for, however large the value is. */
import { formatNumber, typeName } from '../../expression/runtime/numbers/numbers.ts'
import type { Maybe, Value } from '../../expression/value.ts'
import { Dict, DictView, NumberText, Range, Tuple, ValueIterator, ValueSet } from '../../expression/value.ts'

/** A value at the time when it was reported: a text, which later changes of the value do not reach. */
export interface Shown {
  /**
   * The value as JSON, `absent` where there is none. Beyond JSON: NaN and infinities as Python writes them, an iterator
   * as `<zip>`, since showing its elements would use them up. Where it is too long, `…` stands for what is left out.
   */
  readonly text: string
  /** Python's name of the type, `str`, `dict`, `NoneType`; `absent` where there is no value. */
  readonly type: string
  /** Some of the value is left out of the text. */
  readonly isCut: boolean
}

export const ABSENT: Shown = Object.freeze({ text: 'absent', type: 'absent', isCut: false })

/** Containers are shown to this depth. */
const MAX_DEPTH = 32

/** Longer integers are only described. 2**4096 has 1,234 digits. */
const MAX_HEX_DIGITS = 1024

/** Shows a value. @param room characters that it may take, about */
export function show(value: Maybe | NumberText, room: number): Shown {
  if (value === undefined) return ABSENT
  const writer = new ShownWriter(room)
  writer.write(value, 0)
  const type = value instanceof NumberText ? typeName(Number(value.text)) : typeName(value)
  return { text: writer.text, type, isCut: writer.isCut }
}

class ShownWriter {
  text = ''
  isCut = false
  readonly #room: number

  constructor(room: number) {
    this.#room = room
  }

  get #left(): number {
    return this.#room - this.text.length
  }

  write(value: Maybe | NumberText, depth: number): void {
    switch (typeof value) {
      case 'string':
        this.#string(value)
        break
      case 'number':
        this.text += formatNumber(value)
        break
      case 'bigint':
        this.#integer(value)
        break
      case 'boolean':
        this.text += String(value)
        break
      case 'object':
        if (value === null) this.text += 'null'
        else if (value instanceof NumberText) this.text += value.text
        else if (depth === MAX_DEPTH) this.#cut()
        else this.#container(value, depth)
        break
      default:
        this.text += 'absent'
    }
  }

  #cut(): void {
    this.isCut = true
    if (!this.text.endsWith('…')) this.text += '…'
  }

  #integer(value: bigint): void {
    const { length } = value.toString(16)
    if (length <= MAX_HEX_DIGITS) this.text += String(value)
    else {
      this.isCut = true
      this.text += `<an integer of about ${Math.round(length * Math.log10(16))} digits>`
    }
  }

  #string(value: string): void {
    const left = Math.max(8, this.#left)
    if (value.length <= left) {
      this.text += JSON.stringify(value)
      return
    }
    // No half of a character at the end.
    const last = value.charCodeAt(left - 1)
    const end = last >= 0xd800 && last < 0xdc00 ? left - 1 : left
    this.text += `${JSON.stringify(value.slice(0, end)).slice(0, -1)}…"`
    this.isCut = true
  }

  #container(value: Exclude<Value, null | boolean | number | bigint | string>, depth: number): void {
    if (value instanceof ValueIterator) this.text += `<${value.typeName}>`
    else if (value instanceof Range) this.#range(value)
    else if (value instanceof DictView) this.#view(value, depth)
    else if (Array.isArray(value)) this.#items(value, depth)
    else if (value instanceof Tuple) this.#items(value.items, depth)
    else if (value instanceof ValueSet) this.#items(value.entries.values(), depth)
    else if (value instanceof Dict) this.#members(value.entries.values(), depth)
    else this.#members(entriesOf(value), depth)
  }

  #range({ start, stop, step }: Range): void {
    this.text += `<range ${start} to ${stop}${step === 1 ? '' : ` by ${step}`}>`
  }

  #view({ kind, source }: DictView, depth: number): void {
    const entries = source instanceof Dict ? source.entries.values() : entriesOf(source)
    this.#items(partsOf(kind, entries), depth)
  }

  #items(items: Iterable<Maybe>, depth: number): void {
    this.text += '['
    let separator = ''
    for (const item of items) {
      this.text += separator
      if (this.#left <= 0) {
        this.#cut()
        break
      }
      this.write(item, depth + 1)
      separator = ','
    }
    this.text += ']'
  }

  #members(members: Iterable<readonly [Value, Maybe]>, depth: number): void {
    this.text += '{'
    let separator = ''
    for (const [key, member] of members) {
      if (member === undefined) continue
      this.text += separator
      if (this.#left <= 0) {
        this.#cut()
        break
      }
      this.write(key, depth + 1)
      this.text += ':'
      this.write(member, depth + 1)
      separator = ','
    }
    this.text += '}'
  }
}

/** The members of a plain object, one after the other: a list of all of them may be long. */
function* entriesOf(object: { readonly [key: string]: Value }): Generator<[string, Value]> {
  for (const key in object) if (Object.hasOwn(object, key)) yield [key, object[key]!]
}

function* partsOf(kind: DictView['kind'], entries: Iterable<readonly [Value, Value]>): Generator<Value> {
  for (const [key, value] of entries) yield kind === 'keys' ? key : kind === 'values' ? value : [key, value]
}

import { readFileSync } from 'node:fs'
import { Failure } from '../../src/expression/failure.ts'
import { makeDict, makeSet } from '../../src/expression/runtime/containers/keys.ts'
import type { Maybe, Value } from '../../src/expression/value.ts'
import { Dict, DictView, MAX_INTEGER, Range, Tuple, ValueSet } from '../../src/expression/value.ts'

/** A recorded value; what JSON lacks is an object with a `$` that names it. */
export type Recorded = any

export function readRecording(name: string): Record<string, Recorded[]> {
  return JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), 'utf8'))
}

/** A fresh value. A dict becomes a plain object where all its keys are strings. */
export function decode(recorded: Recorded): Value {
  if (typeof recorded !== 'object' || recorded === null) return recorded
  if (Array.isArray(recorded)) return recorded.map(decode)
  const content = recorded.v
  switch (recorded.$) {
    case 'int':
      return BigInt(content)
    case 'nan':
      return Number.NaN
    case 'inf':
      return Number.POSITIVE_INFINITY
    case '-inf':
      return Number.NEGATIVE_INFINITY
    case 'tuple':
      return new Tuple(content.map(decode))
    case 'set':
      return makeSet(content.map(decode))
    case 'range':
      return new Range(content[0], content[1], content[2])
    case 'dict':
      return decodeDict(content)
    case 'keys':
    case 'values':
    case 'items':
      return new DictView(recorded.$, decode(content) as Dict)
    default:
      throw new Error(`no such kind of value: ${recorded.$}`)
  }
}

function decodeDict(entries: [Recorded, Recorded][]): Value {
  if (entries.some(([key]) => typeof key !== 'string')) {
    return makeDict(entries.map(([key, value]): [Value, Value] => [decode(key), decode(value)]))
  }
  return Object.fromEntries(entries.map(([key, value]) => [key, decode(value)]))
}

/** The value as a recording writes it; fails on what is not canonical, such as a small bigint or a negative zero. */
export function encode(value: Maybe): Recorded {
  if (value === undefined) return { $: 'absent' }
  if (typeof value === 'bigint') {
    if (value <= MAX_INTEGER && value >= -MAX_INTEGER) throw new Error(`${value}n should be a number`)
    return { $: 'int', v: value.toString() }
  }
  if (typeof value === 'number') {
    if (Object.is(value, -0)) throw new Error('-0 should be 0')
    if (Number.isFinite(value)) return value
    return { $: Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf' }
  }
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(encode)
  if (value instanceof Tuple) return { $: 'tuple', v: value.items.map(encode) }
  if (value instanceof ValueSet) return { $: 'set', v: sorted([...value.entries.values()].map(encode)) }
  if (value instanceof Range) return { $: 'range', v: [value.start, value.stop, value.step] }
  if (value instanceof DictView) return { $: value.kind, v: encode(value.source) }
  const entries = value instanceof Dict ? [...value.entries.values()] : Object.entries(value)
  return { $: 'dict', v: entries.map(([key, item]) => [encode(key), encode(item)]) }
}

/** CPython's sets have no order that means anything: recordings sort their elements by their JSON text. */
function sorted(items: Recorded[]): Recorded[] {
  const texts = new Map(items.map((item) => [item, pythonJson(item)]))
  return items.sort((a, b) => (texts.get(a)! < texts.get(b)! ? -1 : 1))
}

function pythonJson(item: Recorded): string {
  const text = JSON.stringify(item).replaceAll('":', '": ').replaceAll(',', ', ')
  return text.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

const CODES: Readonly<Record<string, string>> = {
  AttributeError: 'TYPE_ERROR',
  OverflowError: 'VALUE_ERROR',
  TypeError: 'TYPE_ERROR',
  ValueError: 'VALUE_ERROR',
  ZeroDivisionError: 'DIVISION_BY_ZERO',
}

/** A recorded outcome as `outcome` gives it: an error is its code, and its message where that counts. */
export function expected(recorded: Recorded): Recorded {
  if (recorded?.$ !== 'error') return recorded
  const code = CODES[recorded.v]
  if (code === undefined) throw new Error(`no code for ${recorded.v}`)
  return recorded.message === undefined ? { code } : { code, message: recorded.message }
}

/** The result of an action, in the form of a recording. */
export function outcome(action: () => Maybe): Recorded {
  try {
    return encode(action())
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return error.code === 'TYPE_ERROR' ? { code: error.code, message: error.message } : { code: error.code }
  }
}

/**
 * Constants of generated code as recipes: a constant can be made here and now, and it can be printed as JavaScript for a
 * module that is loaded elsewhere. What printed code calls is exported by src/runtime.ts.
 */

import type { LookupTable } from './functions/definition.ts'
import { bigintText, numberText } from './literal.ts'
import { BUILTINS } from './runtime/builtins.ts'
import type { FieldPath } from './runtime/fields.ts'
import type { Meter } from './runtime/meter.ts'
import { callMethod } from './runtime/methods.ts'
import type { Maybe, Value } from './value.ts'
import { Tuple } from './value.ts'

export type RecipeKind =
  | 'function'
  | 'prepared'
  | 'built-in'
  | 'key'
  | 'table'
  | 'path'
  | 'set'
  | 'bytes'
  | 'value'
  | 'output'

export interface Recipe<T = unknown> {
  readonly kind: RecipeKind
  /** The constant; the same one each time where a recipe holds it already. */
  realize(): T
  /**
   * The constant as an expression of a module in which `runtime` is src/runtime.ts.
   *
   * @param refer gives the name of another constant of the module, which stands before this one
   */
  print(refer: (other: Recipe) => string): string
}

/** What generated code calls: the event's context or the meter comes first. */
export type Call = (...args: any[]) => Maybe

/** A function of the language that needs no preparation. */
export function functionRecipe(name: string, call: Call): Recipe<Call> {
  return {
    kind: 'function',
    realize: () => call,
    print: () => `runtime.plainFunction(${JSON.stringify(name)})`,
  }
}

export type Constants = Readonly<Record<string, Value | readonly Value[] | undefined>>

/**
 * A function of the language that was prepared: a pattern, time formats, a lookup table.
 *
 * @param constants what it was prepared with
 * @param tables the lookup tables that it asked for
 * @param call the function that came of it
 */
export function preparedRecipe(
  name: string,
  constants: Constants,
  tables: readonly Recipe<NamedLookupTable>[],
  call: Call,
): Recipe<Call> {
  return {
    kind: 'prepared',
    realize: () => call,
    print: (refer) =>
      `runtime.preparedFunction(${JSON.stringify(name)}, ${printConstants(constants)}, [${tables.map(refer).join(', ')}])`,
  }
}

export interface NamedLookupTable {
  readonly name: string
  readonly table: LookupTable
}

export function tableRecipe(name: string, table: LookupTable): Recipe<NamedLookupTable> {
  return {
    kind: 'table',
    realize: () => ({ name, table }),
    print() {
      const contents =
        table.kind === 'list'
          ? `items: ${printValue(table.items as Value[])}`
          : `entries: new Map([${Array.from(table.entries, ([key, value]) => `[${JSON.stringify(key)}, ${printValue(value)}]`).join(', ')}])`
      return `{ name: ${JSON.stringify(name)}, table: { kind: ${JSON.stringify(table.kind)}, ${contents} } }`
    },
  }
}

/** A built-in function of Python. */
export function builtinRecipe(name: string): Recipe<Call> {
  return {
    kind: 'built-in',
    realize: () => BUILTINS[name]!.call,
    print: () => `runtime.BUILTINS[${JSON.stringify(name)}].call`,
  }
}

/** A method as `key=`: `str.lower`. */
export function methodKey(name: string): Call {
  return (meter: Meter, item: Value) => callMethod(meter, item, name, [], undefined)
}

/** A built-in function as `key=`. */
export function builtinKey(name: string): Call {
  const { call, signature } = BUILTINS[name]!
  const blanks = signature.parameters.slice(1).map(() => undefined)
  return (meter: Meter, item: Value) => call(meter, item, ...blanks)
}

export function keyRecipe(make: 'methodKey' | 'builtinKey', name: string): Recipe<Call> {
  return {
    kind: 'key',
    realize: () => (make === 'methodKey' ? methodKey(name) : builtinKey(name)),
    print: () => `runtime.${make}(${JSON.stringify(name)})`,
  }
}

export function pathRecipe(path: FieldPath): Recipe<FieldPath> {
  return { kind: 'path', realize: () => path, print: () => `runtime.fieldPath(${printPlain(path.parts)})` }
}

export function setRecipe(texts: readonly string[]): Recipe<ReadonlySet<string>> {
  return { kind: 'set', realize: () => new Set(texts), print: () => `new Set(${printPlain(texts)})` }
}

/** A text as UTF-8. */
export function bytesRecipe(text: string): Recipe<Uint8Array> {
  return {
    kind: 'bytes',
    realize: () => new TextEncoder().encode(text),
    print: () => `new TextEncoder().encode(${JSON.stringify(text)})`,
  }
}

/** A value of the language that no literal stands for. */
export function valueRecipe(value: Value): Recipe<Value> {
  return { kind: 'value', realize: () => value, print: () => printValue(value) }
}

/** A list of the compiler's: keys, keywords of a call, numbers of places. */
export function listRecipe<T extends string | number | undefined>(items: readonly T[]): Recipe<readonly T[]> {
  return { kind: 'value', realize: () => items, print: () => printPlain(items) }
}

/** A list of texts, numbers and gaps, as JavaScript. */
export function printPlain(items: readonly (string | number | undefined)[]): string {
  return `[${items.map((item) => (item === undefined ? 'undefined' : JSON.stringify(item))).join(', ')}]`
}

function printConstants(constants: Constants): string {
  const members = Object.entries(constants).map(
    ([name, value]) =>
      `${JSON.stringify(name)}: ${value === undefined ? 'undefined' : printValue(value as Value)}`,
  )
  return `{ ${members.join(', ')} }`
}

/** A constant of a rule, or a value of a lookup table, as JavaScript: scalars, tuples, lists and plain objects. */
export function printValue(value: Value): string {
  switch (typeof value) {
    case 'number':
      return numberText(value)
    case 'bigint':
      return bigintText(value)
    case 'string':
    case 'boolean':
      return JSON.stringify(value)
  }
  if (value === null) return 'null'
  if (Array.isArray(value)) return `[${value.map(printValue).join(', ')}]`
  if (value instanceof Tuple) return `runtime.RUNTIME.makeTuple(${printValue(value.items as Value[])})`
  if (Object.getPrototypeOf(value) !== Object.prototype)
    throw new Error('a value of this type is no constant')
  // Written as a plain key `__proto__` would set the prototype.
  const members = Object.entries(value).map(
    ([key, member]) => `[${JSON.stringify(key)}]: ${printValue(member)}`,
  )
  return `{ ${members.join(', ')} }`
}

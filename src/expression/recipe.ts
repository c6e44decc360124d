/**
 * Constants of generated code as recipes: a constant can be made here and now, and it can be printed as JavaScript for a
 * module that is loaded elsewhere. The module src/runtime.ts exports everything that printed code calls.
 */

import type { Code, Name } from './emit/code.ts'
import { _, list, objectOf } from './emit/code.ts'
import type { LookupTable } from './functions/definition.ts'
import { BUILTINS } from './runtime/builtins.ts'
import type { FieldPath } from './runtime/fields.ts'
import { builtinKey, methodKey } from './runtime/key-functions.ts'
import type { RestPaths, RestReads } from './runtime/rest.ts'
import type { Maybe, Value } from './value.ts'
import { Tuple } from './value.ts'

type RecipeKind =
  | 'function'
  | 'prepared'
  | 'built-in'
  | 'key'
  | 'table'
  | 'path'
  | 'set'
  | 'value'
  | 'output'
  | 'rest'

export interface Recipe<T = unknown> {
  readonly kind: RecipeKind
  /** The constant; the same one each time where a recipe holds it already. */
  realize(): T
  /**
   * The constant as an expression of a module in which `runtime` is src/runtime.ts.
   *
   * @param refer gives the name of another constant of the module, which stands before this one
   */
  print(refer: (other: Recipe) => Name): Code
}

/** A function that generated code calls: the event's context or the meter comes first. */
export type Call = (...args: any[]) => Maybe

/** A function of the language that needs no preparation. */
export function functionRecipe(name: string, call: Call): Recipe<Call> {
  return {
    kind: 'function',
    realize: () => call,
    print: () => _`runtime.directFunction(${name})`,
  }
}

export type Constants = Readonly<Record<string, Value | readonly Value[] | undefined>>

/**
 * A function of the language that was prepared: a pattern, time formats, a lookup table.
 *
 * @param constants what it was prepared with
 * @param tables the lookup tables that it asked for
 * @param patterns the rule file's own patterns that it asked for, by name
 * @param call the function that came of it
 */
export function preparedRecipe(
  name: string,
  constants: Constants,
  tables: readonly Recipe<NamedLookupTable>[],
  patterns: ReadonlyMap<string, string>,
  call: Call,
): Recipe<Call> {
  return {
    kind: 'prepared',
    realize: () => call,
    print(refer) {
      const own = patterns.size === 0 ? _`` : _`, new Map(${[...patterns]})`
      return _`runtime.preparedFunction(${name}, ${constantsCode(constants)}, ${tables.map(refer)}${own})`
    },
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
          ? _`items: ${table.items.map(valueCode)}`
          : _`entries: new Map(${Array.from(table.entries, ([key, value]) => [key, valueCode(value)])})`
      return _`{ name: ${name}, table: { kind: ${table.kind}, ${contents} } }`
    },
  }
}

/** A built-in function of Python. */
export function builtinRecipe(name: string): Recipe<Call> {
  return {
    kind: 'built-in',
    realize: () => BUILTINS[name]!.call,
    print: () => _`runtime.BUILTINS[${name}].call`,
  }
}

/** A function as `key=`: `len`, `str.lower`. */
export function keyRecipe(make: 'methodKey' | 'builtinKey', name: string): Recipe<Call> {
  return {
    kind: 'key',
    realize: () => (make === 'methodKey' ? methodKey(name) : builtinKey(name)),
    print: () => (make === 'methodKey' ? _`runtime.methodKey(${name})` : _`runtime.builtinKey(${name})`),
  }
}

export function pathRecipe(path: FieldPath): Recipe<FieldPath> {
  return { kind: 'path', realize: () => path, print: () => _`runtime.fieldPath(${path.parts})` }
}

export function setRecipe(texts: readonly string[]): Recipe<ReadonlySet<string>> {
  return { kind: 'set', realize: () => new Set(texts), print: () => _`new Set(${texts})` }
}

/** Values that count as absent. */
export function ignoredRecipe(
  values: readonly (string | number | bigint | boolean | null)[],
): Recipe<ReadonlySet<unknown>> {
  return { kind: 'set', realize: () => new Set<unknown>(values), print: () => _`new Set(${values})` }
}

/** A value of the language that no literal stands for. */
export function valueRecipe(value: Value): Recipe<Value> {
  return { kind: 'value', realize: () => value, print: () => valueCode(value) }
}

/** The reads of rules, for the place where everything else goes. */
export function restRecipe(reads: RestReads): Recipe<RestReads> {
  const printed = (paths: RestPaths): Code =>
    _`{ paths: [${list(paths.paths.map((path) => _`runtime.fieldPath(${path.parts})`))}], keys: ${paths.keys} }`
  return {
    kind: 'rest',
    realize: () => reads,
    print: () =>
      _`{ always: ${printed(reads.always)}, cases: [${list(
        reads.cases.map((branches) => _`[${list(branches.map(printed))}]`),
      )}] }`,
  }
}

/** A list of the compiler's: keys, keywords of a call, numbers of places. */
export function listRecipe<T extends string | number | undefined>(items: readonly T[]): Recipe<readonly T[]> {
  return { kind: 'value', realize: () => items, print: () => _`${items}` }
}

function constantsCode(constants: Constants): Code {
  return objectOf(
    Object.entries(constants).map(([name, value]) => [
      name,
      value === undefined ? undefined : valueCode(value as Value),
    ]),
  )
}

/** A constant of a rule, or a value of a lookup table: scalars, tuples, lists and plain objects. */
function valueCode(value: Value): Code {
  if (typeof value !== 'object' || value === null) return _`${value}`
  if (Array.isArray(value)) return _`${value.map(valueCode)}`
  if (value instanceof Tuple) return _`runtime.RUNTIME.makeTuple(${value.items.map(valueCode)})`
  if (Object.getPrototypeOf(value) !== Object.prototype)
    throw new Error('a value of this type is no constant')
  return objectOf(Object.entries(value).map(([key, member]) => [key, valueCode(member as Value)]))
}

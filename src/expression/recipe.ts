/**
 * Constants of generated code as recipes: a constant can be made here and now, and it can be printed as JavaScript for a
 * module that is loaded elsewhere. The module src/runtime.ts exports everything that printed code calls.
 */

import type { Code, Name } from './emit/code.ts'
import { _, list, objectOf } from './emit/code.ts'
import type { CodeBlock } from './emit/code-block.ts'
import type { LookupTable } from './functions/definition.ts'
import { BUILTINS } from './runtime/builtins.ts'
import type { FieldPath } from './runtime/fields.ts'
import { builtinKey, methodKey } from './runtime/key-functions.ts'
import type { RestPaths, RestReads } from './runtime/rest.ts'
import type { Maybe, Value } from './value.ts'
import { Tuple } from './value.ts'

/** A module that is being printed: what its code refers to. */
export interface ModulePrinter {
  /** The name under which the module's code has an export of src/runtime.ts. */
  use(name: string): Name
  /** Code that gives a constant which the module makes once, when it is first asked for. */
  shared(recipe: Recipe): Code
  /**
   * The name of a function that several programs of the module call: it stands in the module once.
   *
   * @param key stands for the function
   * @param parameters of the function
   */
  once(key: object, parameters: readonly Name[], body: CodeBlock): Name
  /** The name of the list of databases of addresses that the module is given when it runs. */
  databases(): Name
}

export interface Recipe<T = unknown> {
  /** It takes work or room: a module makes it once for all of its programs. Default: false. */
  readonly isShared?: boolean
  /** The name of the function of the language, or of Python, that calls of the constant are calls of. Default: it is called by no rule. */
  readonly callee?: string
  /** The lookup tables that it was made with. Default: none. */
  readonly tables?: readonly NamedLookupTable[]
  /** The constant; the same one each time where a recipe holds it already. */
  realize(): T
  /** The constant as an expression of a module. */
  print(module: ModulePrinter): Code
}

/** A function that generated code calls: the event's context or the meter comes first. */
export type Call = (...args: any[]) => Maybe

/** A function of the language that needs no preparation. */
export function functionRecipe(name: string, call: Call): Recipe<Call> {
  return {
    callee: name,
    realize: () => call,
    print: (module) => _`${module.use('directFunction')}(${definitionOf(module, name)})`,
  }
}

/** The definition of a function of the language, as src/runtime.ts exports it. */
function definitionOf(module: ModulePrinter, name: string): Name {
  return module.use(`fn_${name}`)
}

export type Constants = Readonly<Record<string, Value | readonly Value[] | undefined>>

/** The things that a function asked for when it was prepared. */
interface Preparation {
  /** The lookup tables. */
  readonly tables: readonly Recipe<NamedLookupTable>[]
  /** The rule file's own patterns, by name. */
  readonly patterns: ReadonlyMap<string, string>
  /** The linear engine of patterns. */
  readonly usesRe2: boolean
  /** Databases of addresses. No module holds them: it is given them. */
  readonly usesDatabases: boolean
}

/**
 * A function of the language that was prepared: a pattern, time formats, a lookup table.
 *
 * @param constants what it was prepared with
 * @param call the function that came of it
 */
export function preparedRecipe(
  name: string,
  constants: Constants,
  { tables, patterns, usesRe2, usesDatabases }: Preparation,
  call: Call,
): Recipe<Call> {
  return {
    isShared: true,
    callee: name,
    tables: tables.map((table) => table.realize()),
    realize: () => call,
    print(module) {
      const needs: [string, Code][] = []
      if (tables.length > 0) needs.push(['tables', _`[${list(tables.map((table) => module.shared(table)))}]`])
      if (patterns.size > 0) needs.push(['patterns', _`new Map(${[...patterns]})`])
      if (usesRe2) needs.push(['re2', module.use('re2js')])
      if (usesDatabases) needs.push(['databases', _`${module.databases()}`])
      const more = needs.length === 0 ? _`` : _`, ${objectOf(needs)}`
      const given = constantsCode(constants, module)
      return _`${module.use('preparedFunction')}(${definitionOf(module, name)}, ${given}${more})`
    },
  }
}

export interface NamedLookupTable {
  readonly name: string
  readonly table: LookupTable
}

export function tableRecipe(name: string, table: LookupTable): Recipe<NamedLookupTable> {
  const named = { name, table }
  return {
    isShared: true,
    realize: () => named,
    print(module) {
      const contents =
        table.kind === 'list'
          ? _`items: ${table.items.map((item) => valueCode(item, module))}`
          : _`entries: new Map(${Array.from(table.entries, ([key, value]) => [key, valueCode(value, module)])})`
      return _`{ name: ${name}, table: { kind: ${table.kind}, ${contents} } }`
    },
  }
}

/** A built-in function of Python. */
export function builtinRecipe(name: string): Recipe<Call> {
  return {
    callee: `py_${name}`,
    realize: () => BUILTINS[name]!.call,
    print: (module) => _`${module.use(`py_${name}`)}.call`,
  }
}

/** A function as `key=`: `len`, `str.lower`. */
export function keyRecipe(make: 'methodKey' | 'builtinKey', name: string): Recipe<Call> {
  return {
    realize: () => (make === 'methodKey' ? methodKey(name) : builtinKey(name)),
    print: (module) =>
      make === 'methodKey'
        ? _`${module.use(make)}(${name})`
        : _`${module.use('callableKey')}(${module.use(`py_${name}`)})`,
  }
}

export function pathRecipe(path: FieldPath): Recipe<FieldPath> {
  return { realize: () => path, print: (module) => _`${module.use('fieldPath')}(${path.parts})` }
}

export function setRecipe(texts: readonly string[]): Recipe<ReadonlySet<string>> {
  return { realize: () => new Set(texts), print: () => _`new Set(${texts})` }
}

/** Values that count as absent. */
export function ignoredRecipe(
  values: readonly (string | number | bigint | boolean | null)[],
): Recipe<ReadonlySet<unknown>> {
  return { realize: () => new Set<unknown>(values), print: () => _`new Set(${values})` }
}

/** A value of the language that no literal stands for. */
export function valueRecipe(value: Value): Recipe<Value> {
  return { realize: () => value, print: (module) => valueCode(value, module) }
}

/** The reads of rules, for the place where everything else goes. */
export function restRecipe(reads: RestReads): Recipe<RestReads> {
  return {
    realize: () => reads,
    print(module) {
      const printed = ({ paths, keys }: RestPaths): Code =>
        _`{ paths: [${list(paths.map((path) => pathRecipe(path).print(module)))}], keys: ${keys} }`
      const cases = reads.cases.map((branches) => _`[${list(branches.map(printed))}]`)
      return _`{ always: ${printed(reads.always)}, cases: [${list(cases)}] }`
    },
  }
}

/** A list of the compiler's: keys, keywords of a call, numbers of places. */
export function listRecipe<T extends string | number | undefined>(items: readonly T[]): Recipe<readonly T[]> {
  return { realize: () => items, print: () => _`${items}` }
}

function constantsCode(constants: Constants, module: ModulePrinter): Code {
  return objectOf(
    Object.entries(constants).map(([name, value]) => [
      name,
      value === undefined ? undefined : valueCode(value as Value, module),
    ]),
  )
}

/** A constant of a rule, or a value of a lookup table: scalars, tuples, lists and plain objects. */
function valueCode(value: Value, module: ModulePrinter): Code {
  if (typeof value !== 'object' || value === null) return _`${value}`
  const codeOf = (item: Value): Code => valueCode(item, module)
  if (Array.isArray(value)) return _`${value.map(codeOf)}`
  if (value instanceof Tuple) return _`${module.use('makeTuple')}(${value.items.map(codeOf)})`
  if (Object.getPrototypeOf(value) !== Object.prototype)
    throw new Error('a value of this type is no constant')
  return objectOf(Object.entries(value).map(([key, member]) => [key, codeOf(member as Value)]))
}

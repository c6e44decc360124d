/**
 * The part of src/runtime.ts that all printed rules may need, whichever functions they call. The functions of the language are not in it: some bring a library,
 * and a thread that is given printed rules loads those that are named.
 */
import {
  ArgumentProblem,
  type FunctionDefinition,
  type PrepareHost,
} from '../../expression/functions/definition.ts'
import type { AddressSource } from '../../expression/net/address-database.ts'
import type { Call, Constants, NamedLookupTable } from '../../expression/recipe.ts'
import type { Re2 } from '../../expression/regex/linear-matcher.ts'

export {
  py_all,
  py_any,
  py_dict,
  py_enumerate,
  py_isinstance,
  py_len,
  py_list,
  py_range,
  py_repr,
  py_reversed,
  py_set,
  py_sorted,
  py_str,
  py_tuple,
  py_zip,
} from '../../expression/runtime/builtins.ts'
export { fieldPath } from '../../expression/runtime/fields.ts'
export * from '../../expression/runtime/helpers.ts'
export { callableKey, methodKey } from '../../expression/runtime/key-functions.ts'
export {
  py_abs,
  py_bin,
  py_bool,
  py_chr,
  py_divmod,
  py_float,
  py_hex,
  py_int,
  py_max,
  py_min,
  py_oct,
  py_ord,
  py_pow,
  py_round,
  py_sum,
} from '../../expression/runtime/numbers/number-builtins.ts'
export { wantedTree } from '../../json/wanted.ts'
export { EvaluableRules } from '../evaluable-rules.ts'
export { createFastPath } from '../fast/plan.ts'
export { createLineRoutes } from '../fast/routed-line-path.ts'
export { outputBuilder } from '../generate/build-output.ts'
export { outputWriter } from '../generate/write-output.ts'
export { Routing } from '../sets/routed-runner.ts'

/** Gives a value that is made when it is first asked for. */
export function lazy<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

/**
 * A function of the language as generated code calls it.
 *
 * @throws {TypeError} where the function is not called without preparation
 */
export function directFunction({ name, implementation }: FunctionDefinition): Call {
  if (implementation.kind === 'direct') return implementation.call
  throw otherKind(name)
}

/** Functions change their kind between versions of the product: a module is of the version that compiled it. */
function otherKind(name: string): TypeError {
  return new TypeError(`${name}() is called as another version did: compile the rules again`)
}

/** The things that a function asks for when it is prepared. */
interface Needs {
  readonly tables?: readonly NamedLookupTable[]
  /** The rule file's own patterns, by name. */
  readonly patterns?: ReadonlyMap<string, string>
  /** The library, where a pattern needs it from the start. */
  readonly re2?: Re2
  /** Databases of addresses, one at least when the function is prepared. */
  readonly databases?: readonly AddressSource[]
}

/**
 * A function of the language, prepared with the constants of a call. They have been checked when the rules were
 * compiled: patterns that were allowed then are taken, and nobody is warned again.
 *
 * @param needs what it asked for then. Default: nothing
 * @param other what else is at hand. Default: the library is only there where a pattern needs it from the start
 * @throws {TypeError} where the function is not prepared, or needs a database of addresses and is given none
 */
export function preparedFunction(
  { name, implementation }: FunctionDefinition,
  constants: Constants,
  { tables = [], patterns = new Map(), re2, databases }: Needs = {},
  other: Partial<PrepareHost> = {},
): Call {
  if (implementation.kind !== 'prepared') throw otherKind(name)
  const host: PrepareHost = {
    table: (wanted) => tables.find((table) => table.name === wanted)?.table,
    tables: tables.map(({ name }) => ({ name, file: '' })),
    patterns: { names: [], get: (wanted) => patterns.get(wanted) },
    databases,
    re2: () => re2,
    allowUnsafePatterns: true,
    warn() {},
    ...other,
  }
  try {
    return implementation.prepare(constants, host)
  } catch (error) {
    throw error instanceof ArgumentProblem ? new TypeError(error.message, { cause: error }) : error
  }
}

/**
 * The needs of printed code (`RuleSet.printModule`): the runtime of the language, its functions, and the makers of the constants
 * of a module. Nothing here parses or compiles rules.
 */
import { ArgumentProblem, type PrepareHost } from './expression/functions/definition.ts'
import { FUNCTION_LIBRARY, FUNCTIONS } from './expression/functions/index.ts'
import type { Call, Constants, NamedLookupTable } from './expression/recipe.ts'

export { BUILTINS } from './expression/runtime/builtins.ts'
export { fieldPath } from './expression/runtime/fields.ts'
export { builtinKey, methodKey } from './expression/runtime/key-functions.ts'
export { DEFAULT_LIMITS, Meter } from './expression/runtime/meter.ts'
export { RUNTIME } from './expression/runtime/runtime.ts'
export { outputBuilder } from './rules/generate/build-output.ts'
export { type GeneratedFunction, Run } from './rules/run.ts'

/**
 * A function of the language as generated code calls it.
 *
 * @throws {TypeError} where no function of that name is called without preparation
 */
export function directFunction(name: string): Call {
  const implementation = FUNCTIONS.get(name)?.implementation
  if (implementation?.kind === 'direct') return implementation.call
  throw new TypeError(`no function '${name}' of this kind`)
}

/**
 * A function of the language, prepared with the constants of a call. They have been checked when the rules were
 * compiled: patterns that were allowed then are taken, and nobody is warned again.
 *
 * @param tables the lookup tables that it asks for
 * @param patterns the rule file's own patterns that it asks for
 * @throws {TypeError} where no function of that name is prepared, or one needs a database of addresses: printed code has none
 */
export function preparedFunction(
  name: string,
  constants: Constants,
  tables: readonly NamedLookupTable[],
  patterns: ReadonlyMap<string, string> = new Map(),
): Call {
  const implementation = FUNCTIONS.get(name)?.implementation
  if (implementation?.kind !== 'prepared') throw new TypeError(`no function '${name}' of this kind`)
  const host: PrepareHost = {
    table: (wanted) => tables.find((table) => table.name === wanted)?.table,
    tables: tables.map(({ name }) => ({ name, file: '' })),
    patterns: { names: [], get: (wanted) => patterns.get(wanted) },
    re2: FUNCTION_LIBRARY.re2,
    allowUnsafePatterns: true,
    warn() {},
  }
  try {
    return implementation.prepare(constants, host)
  } catch (error) {
    throw error instanceof ArgumentProblem ? new TypeError(error.message, { cause: error }) : error
  }
}

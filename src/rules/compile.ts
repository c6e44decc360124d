/** Compiling with every function of the language at hand. */
import { FUNCTION_LIBRARY } from '../expression/functions/index.ts'
import { compileWith } from './compile-with.ts'
import type { CompileOptions } from './definition.ts'
import type { Origins } from './observe/origins.ts'
import type { RuleSet } from './rule-set.ts'

export type { CompileOptions, RuleDefinition } from './definition.ts'
export { RuleError } from './rule-error.ts'
export type { RuleSet } from './rule-set.ts'
export { DEFAULT_MAX_WHILE_STEPS } from './rule-set.ts'

/**
 * Compiles a rule file.
 *
 * @param text the file's text, YAML
 * @param options the file's name, global lookup tables, limits
 * @param origins is told where every part was written. Default: nobody asks
 * @throws {RuleError} with every problem of the file and of the lookup files: what, where, what to do
 */
export function compileRules(text: string, options: CompileOptions = {}, origins?: Origins): RuleSet {
  return compileWith(FUNCTION_LIBRARY, text, options, origins)
}

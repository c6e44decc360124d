import { loadFunctions } from '../expression/functions/on-demand.ts'
import type { CompileOptions, RuleSet } from './compiler.ts'
import { compileWith, RuleError } from './compiler.ts'

/**
 * Compiles a rule file with only those functions loaded that it names.
 *
 * @param text the file's text, YAML
 * @throws {RuleError} with every problem of the file and of the lookup files
 */
export async function compileOnDemand(text: string, options: CompileOptions = {}): Promise<RuleSet> {
  try {
    return compileWith(await loadFunctions(text), text, options)
  } catch (error) {
    if (!(error instanceof RuleError)) throw error
  }
  // Names may be written with escapes: with every function at hand the report is right in any case.
  const { compileRules } = await import('./compile.ts')
  return compileRules(text, options)
}

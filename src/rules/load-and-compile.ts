import { loadFunctions } from '../expression/functions/on-demand.ts'
import { compileWith } from './compile-with.ts'
import { loadRe2 } from './load-re2.ts'
import { RuleError } from './rule-error.ts'
import type { CompileOptions, RuleSet } from './rule-set.ts'

/**
 * Compiles a rule file with only those functions loaded that it names.
 *
 * @param text the file's text, YAML
 * @throws {RuleError} with every problem of the file and of the lookup files
 */
export async function loadAndCompile(text: string, options: CompileOptions = {}): Promise<RuleSet> {
  try {
    return compileWith(await loadFunctions(text, loadRe2), text, options)
  } catch (error) {
    if (!(error instanceof RuleError)) throw error
  }
  // Names may be written with escapes: with every function at hand the report is right in any case.
  const { compileRules } = await import('./compile.ts')
  return compileRules(text, options)
}

import { createRequire } from 'node:module'
import { loadFunctions } from '../expression/functions/on-demand.ts'
import type { Re2 } from '../expression/regex/linear-matcher.ts'
import { compileLoaded, loadFor } from './compile-with.ts'
import { RuleError } from './rule-error.ts'
import type { CompileOptions, RuleSet } from './rule-set.ts'

/**
 * Compiles a rule file with only those functions loaded that it names.
 *
 * @param text the file's text, YAML
 * @throws {RuleError} with every problem of the file and of the lookup files
 */
export async function loadAndCompile(text: string, options: CompileOptions = {}): Promise<RuleSet> {
  const loaded = loadFor(text, options)
  try {
    const names = [...loaded.texts.values()].join('\n')
    return compileLoaded(await loadFunctions(names, loadRe2), loaded, options)
  } catch (error) {
    if (!(error instanceof RuleError)) throw error
  }
  // Names may be written with escapes: with every function at hand the report is right in any case.
  const { compileRules } = await import('./compile.ts')
  return compileRules(text, options)
}

/** Patterns are compiled synchronously: an import would come too late, so its form for `require` is taken. */
function loadRe2(): Re2 {
  return createRequire(import.meta.url)('re2js') as Re2
}

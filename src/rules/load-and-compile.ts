import { loadFunctions } from '../expression/functions/on-demand.ts'
import { compileLoaded, loadFor } from './compile-with.ts'
import { reopenDatabases } from './databases.ts'
import type { CompileOptions, RoutedDefinition, RuleDefinition } from './definition.ts'
import { loadRe2 } from './load-re2.ts'
import type { Origins } from './observe/origins.ts'
import { RuleError } from './rule-error.ts'
import type { RuleSet } from './rule-set.ts'
import { compileRouted, loadRouted } from './sets/compile-routes.ts'
import type { RoutedRules } from './sets/routed-rules.ts'

/**
 * Compiles a rule file with only those functions loaded that it names.
 *
 * @param text the file's text, YAML
 * @param origins is told where every part was written. Default: nobody asks
 * @throws {RuleError} with every problem of the file and of the lookup files
 */
export async function loadAndCompile(
  text: string,
  options: CompileOptions = {},
  origins?: Origins,
): Promise<RuleSet> {
  const loaded = loadFor(text, options)
  try {
    const names = [...loaded.texts.values()].join('\n')
    return compileLoaded(await loadFunctions(names, loadRe2), loaded, options, undefined, origins)
  } catch (error) {
    if (!(error instanceof RuleError)) throw error
  }
  // Names may be written with escapes: with every function at hand the report is right in any case.
  const { compileRules } = await import('./compile.ts')
  return compileRules(text, options, origins)
}

/**
 * Compiles many rule sets with only those functions loaded that they name.
 *
 * @param readFile gives the texts of included files that the definition does not have
 * @param origins as above
 * @throws {RuleError} with every problem of all files
 */
export async function loadAndCompileRouted(
  definition: RoutedDefinition,
  readFile?: (file: string) => string,
  origins?: Origins,
): Promise<RoutedRules> {
  const loaded = loadRouted(definition, readFile)
  const texts = [...definition.texts.map(({ text }) => text)]
  for (const { texts: more } of loaded.files.values()) texts.push(...more.values())
  try {
    return compileRouted(await loadFunctions(texts.join('\n'), loadRe2), loaded, origins)
  } catch (error) {
    if (!(error instanceof RuleError)) throw error
  }
  const { FUNCTION_LIBRARY } = await import('../expression/functions/index.ts')
  return compileRouted(FUNCTION_LIBRARY, loaded, origins)
}

/** Compiles what another thread has compiled. */
export async function compileDefinition(definition: RuleDefinition): Promise<RuleSet | RoutedRules> {
  const { databaseFiles, ...others } = definition.options
  const options = { ...others, databases: await reopenDatabases(databaseFiles) }
  if ('routes' in definition) return loadAndCompileRouted({ ...definition, options })
  return loadAndCompile(definition.text, options)
}

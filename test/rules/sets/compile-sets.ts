import { FUNCTION_LIBRARY } from '../../../src/expression/functions/index.ts'
import type { NoRoute } from '../../../src/rules/definition.ts'
import { compileRouted, loadRouted } from '../../../src/rules/sets/compile-routes.ts'
import type { RoutedRules } from '../../../src/rules/sets/routed-rules.ts'

/** Rule sets by the texts of their files, which are asked in this order. */
export function compileSets(
  files: Readonly<Record<string, string>>,
  noRoute: NoRoute = 'reject',
): RoutedRules {
  const texts = Object.entries(files).map(([file, text]) => ({ file, text }))
  const routes = texts.map(({ file }) => ({ file, name: file, conditions: [], lookups: [] }))
  return compileRouted(FUNCTION_LIBRARY, loadRouted({ label: 'all', routes, noRoute, texts, options: {} }))
}

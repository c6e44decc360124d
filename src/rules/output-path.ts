import type { Range } from './yaml/tree.ts'
import type { YamlDocument } from './yaml/yaml.ts'

/**
 * The steps of a dotted path in the output event. One that is empty is reported.
 *
 * @param range where the path is written
 * @param field what the problem belongs to
 */
export function outputPath(document: YamlDocument, range: Range, path: string, field: string): string[] {
  const steps = path.split('.')
  const named = steps.filter((step) => step !== '')
  if (named.length === steps.length) return steps
  const message = named.length === 0 ? `'${path}' names no field` : `the path '${path}' has an empty step`
  const hint = named.length === 0 ? 'write its path with dots: source.ip' : `write '${named.join('.')}'`
  document.report(range, message, { hint, field })
  return steps
}

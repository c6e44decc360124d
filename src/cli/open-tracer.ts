import type { RuleSet } from '../rules/rule-set.ts'
import type { RoutedRules } from '../rules/sets/routed-rules.ts'
import type { TracerPool } from '../tracer/client/pool.ts'
import { CommandError, EXIT } from './exit-codes.ts'
import type { TracerOptions } from './tracer-options.ts'

/**
 * The pool of the options `--tracer...`, where they ask for one.
 *
 * @param say tells the operator of outages, in a line each
 * @throws {CommandError} when the options are not acceptable
 */
export async function openTracer(
  options: TracerOptions,
  say: (line: string) => void,
): Promise<TracerPool | undefined> {
  const { tracer } = options
  if (tracer !== undefined) {
    // Most runs ask no tracer, and need not load what it takes.
    const { createTracerPool } = await import('./tracer-pool.ts')
    return createTracerPool(tracer, options, say)
  }
  if (Object.keys(options).some((name) => name.startsWith('tracer'))) {
    throw new CommandError(EXIT.USAGE, 'the --tracer-... options need a server: --tracer HOST:PORT')
  }
  return undefined
}

/**
 * Options and rules that do not fit together: a tracer that is not asked anything, or rules with nobody to ask.
 *
 * @param isHeard the operator reads more than records of rejected events
 */
export function tracerNote(
  { file, enrich }: RuleSet | RoutedRules,
  { tracer }: TracerOptions,
  isHeard: boolean,
): string | undefined {
  if (tracer !== undefined && enrich === undefined) {
    return `${file}: there is no 'enrich' section, so nothing is looked up at --tracer`
  }
  return tracer === undefined && enrich !== undefined && isHeard
    ? `${file}: the 'enrich' section is not used without --tracer HOST:PORT`
    : undefined
}

import { loadFunctions } from '../../expression/functions/on-demand.ts'
import type { RunnerSource } from '../apply/normalize.ts'
import { compileRecord } from '../generate/record-compiler.ts'
import { loadRe2 } from '../load-re2.ts'
import type { PrintedRules } from './print-rules.ts'
import * as core from './runtime-core.ts'

/** The names of functions of the language in the runtime begin so. */
const FUNCTION_PREFIX = 'fn_'

/**
 * Makes rules of their printed form, in another thread than the one that compiled them. Of the language's functions those are loaded that the rules
 * call. The results are those of the rules that were printed, also where a pattern needs re2js for a text that is too long for V8's engine.
 */
export async function makeRules({ names, text }: PrintedRules): Promise<RunnerSource> {
  const functions = names.filter((name) => name.startsWith(FUNCTION_PREFIX))
  const called = functions.map((name) => name.slice(FUNCTION_PREFIX.length))
  const library = await loadFunctions(called.join(' '), loadRe2)
  const runtime: Record<string, unknown> = {
    ...core,
    preparedFunction: ((definition, constants, needs) =>
      core.preparedFunction(definition, constants, needs, {
        re2: loadRe2,
        compileRecord,
      })) satisfies typeof core.preparedFunction,
  }
  for (const name of called) runtime[FUNCTION_PREFIX + name] = library.get(name)
  if (names.includes('re2js')) runtime.re2js = loadRe2()
  return new Function('runtime', text)(runtime)
}

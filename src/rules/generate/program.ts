import type { ConstantPool } from '../../expression/emit/emit.ts'
import { RUNTIME } from '../../expression/runtime/runtime.ts'

/** Generated JavaScript, and the function `evaluate` that it defines. */
export interface Program<Evaluate> {
  readonly source: string
  readonly evaluate: Evaluate
}

/**
 * Makes a program of generated functions, one of which is called `evaluate`.
 *
 * @param helpers names of the runtime that the functions use
 */
export function createProgram<Evaluate>(
  functions: readonly string[],
  constants: ConstantPool,
  helpers: ReadonlySet<string>,
): Program<Evaluate> {
  const lines = [
    "'use strict'",
    ...(helpers.size === 0 ? [] : [`const { ${[...helpers].sort().join(', ')} } = runtime`]),
    ...constants.declarations(),
    ...functions,
    'return evaluate',
    '',
  ]
  const source = lines.join('\n')
  return { source, evaluate: new Function('runtime', 'k', source)(RUNTIME, constants.values) as Evaluate }
}

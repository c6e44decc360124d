import type { ConstantPool } from '../../expression/emit/emit.ts'
import { RUNTIME } from '../../expression/runtime/runtime.ts'

/** Generated JavaScript, and the function `evaluate` that it defines. */
export interface Program<Evaluate> {
  readonly source: string
  readonly evaluate: Evaluate
  /** The same as a module that exports `evaluate`. @param runtime the specifier of src/runtime.ts */
  printModule(runtime: string): string
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
  const imported = helpers.size === 0 ? '' : `const { ${[...helpers].sort().join(', ')} } = `
  const lines = [
    "'use strict'",
    ...(imported === '' ? [] : [`${imported}runtime`]),
    ...constants.declarations(),
    ...functions,
    'return evaluate',
    '',
  ]
  const source = lines.join('\n')
  return {
    source,
    evaluate: new Function('runtime', 'k', source)(RUNTIME, constants.values) as Evaluate,
    printModule: (runtime) =>
      [
        `import * as runtime from ${JSON.stringify(runtime)}`,
        ...(imported === '' ? [] : [`${imported}runtime.RUNTIME`]),
        ...constants.printed(),
        ...functions,
        'export { evaluate }',
        '',
      ].join('\n'),
  }
}

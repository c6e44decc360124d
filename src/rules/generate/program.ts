import type { Code } from '../../expression/emit/code.ts'
import { _, list, Name } from '../../expression/emit/code.ts'
import { CodeBlock } from '../../expression/emit/code-block.ts'
import type { ConstantPool } from '../../expression/emit/constant-pool.ts'
import type { HelperName } from '../../expression/emit/helpers.ts'
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
 * @param entry the function that is the program. Default: `evaluate`
 */
export function createProgram<Evaluate>(
  functions: CodeBlock,
  constants: ConstantPool,
  helpers: ReadonlySet<HelperName>,
  entry = 'evaluate',
): Program<Evaluate> {
  const names = [...helpers].sort().map((name) => new Name(name))
  const program = new CodeBlock()
  program.line(_`'use strict'`)
  declareHelpers(program, names, _`runtime`)
  program.append(constants.declarations())
  program.append(functions)
  program.line(_`return ${new Name(entry)}`)
  const source = program.text()
  return {
    source,
    evaluate: new Function('runtime', 'k', source)(RUNTIME, constants.values) as Evaluate,
    printModule(runtime) {
      const module = new CodeBlock()
      module.line(_`import * as runtime from ${runtime}`)
      declareHelpers(module, names, _`runtime.RUNTIME`)
      module.append(constants.printed())
      module.append(functions)
      module.line(
        entry === 'evaluate' ? _`export { evaluate }` : _`export { ${new Name(entry)} as evaluate }`,
      )
      return module.text()
    },
  }
}

function declareHelpers(block: CodeBlock, names: readonly Name[], from: Code): void {
  if (names.length > 0) block.line(_`const { ${list(names)} } = ${from}`)
}

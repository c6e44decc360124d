import type { Code } from '../../expression/emit/code.ts'
import { _, list, Name } from '../../expression/emit/code.ts'
import { CodeBlock } from '../../expression/emit/code-block.ts'
import type { ConstantPool } from '../../expression/emit/constant-pool.ts'
import type { HelperName } from '../../expression/emit/helpers.ts'
import type { ModulePrinter } from '../../expression/recipe.ts'
import { RUNTIME } from '../../expression/runtime/runtime.ts'

/** Generated JavaScript, and the function `evaluate` that it defines. */
export interface Program<Evaluate> {
  readonly source: string
  /** Made when it is first asked for. */
  readonly evaluate: Evaluate
  /** The body of a function of a module that returns `evaluate`. */
  print(module: ModulePrinter): CodeBlock
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
  const names = [...helpers].sort()
  const program = new CodeBlock()
  program.line(_`'use strict'`)
  declareHelpers(
    program,
    names.map((name) => new Name(name)),
    _`runtime`,
  )
  program.append(constants.declarations())
  program.append(functions)
  program.line(_`return ${new Name(entry)}`)
  const source = program.text()
  let evaluate: Evaluate | undefined
  return {
    source,
    get evaluate() {
      evaluate ??= new Function('runtime', 'k', source)(RUNTIME, constants.values) as Evaluate
      return evaluate
    },
    print(module) {
      for (const name of names) module.use(name)
      const body = constants.printed(module)
      body.append(functions)
      body.line(_`return ${new Name(entry)}`)
      return body
    },
  }
}

/** Declares functions of the runtime under their names. */
export function declareHelpers(block: CodeBlock, names: readonly Name[], from: Code): void {
  if (names.length > 0) block.line(_`const { ${list(names)} } = ${from}`)
}

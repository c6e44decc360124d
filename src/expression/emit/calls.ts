/** Calls of functions, built-ins and methods. */
import type { Node } from '../check/checked.ts'
import { listRecipe } from '../recipe.ts'
import { mayBeAbsent, resultType } from '../returns.ts'
import type { Code, Name, Part } from './code.ts'
import { _, list } from './code.ts'
import { emitConstant } from './constants.ts'
import type { Emitted, FunctionWriter } from './writer.ts'

const RUN = _`run`

export function emitCall(writer: FunctionWriter, node: Node & { op: 'call' }): Emitted {
  const args: (Code | undefined)[] = node.args.map((argument) => argument && writer.code(argument))
  while (args.length > 0 && args.at(-1) === undefined) args.pop()
  const callee = writer.constants.add(node.callee, node.name)
  const result = _`${callee}(${list([node.context ? RUN : writer.meter(), ...args])})`
  if (node.keepsText === true && args.length === 1) {
    const [only] = args
    return writer.temporary(_`typeof ${only} === 'string' ? ${only} : ${result}`, 'string')
  }
  // The costs of a function of the language are counted here, but for those that it counts itself.
  const isCounted = node.context && node.countsItself !== true
  if (isCounted) {
    for (const [index, argument] of node.args.entries()) {
      if (argument !== undefined && argument.op !== 'constant')
        writer.line(_`${writer.meter()}.read(${args[index]})`)
    }
  }
  const { fallback } = node
  const name = writer.fresh('t')
  writer.line(fallback === undefined ? _`const ${name} = ${result}` : _`let ${name} = ${result}`)
  if (isCounted) writer.line(_`${writer.meter()}.made(${name})`)
  if (node.context && node.name === 'lookup') writer.observed?.entry(node, args, name)
  if (fallback === undefined) return emitResult(writer, name, node, args)
  writer.block(_`if (${name} === undefined)`, () => {
    writer.line(_`${name} = ${writer.code(fallback)}`)
  })
  return { code: name, known: 'any' }
}

/** The result of a call. A text is `any`: its length is counted where it leaves the rule. */
function emitResult(
  writer: FunctionWriter,
  code: Name,
  { returns, absence }: Node & { op: 'call' },
  args: readonly Part[],
): Emitted {
  const known = resultType(returns) === 'boolean' ? 'boolean' : 'any'
  if (!mayBeAbsent(returns)) return { code, known }
  if (absence === undefined) return { code, known, mayBeAbsent: true }
  const message = (): Code => writer.call(absence.helper, ...args)
  return { code, known, mayBeAbsent: true, absence: { code: absence.code, message } }
}

/** A function given as `key=`. */
export function emitCallable(writer: FunctionWriter, node: Node & { op: 'callable' }): Emitted {
  const callee = writer.constants.add(node.callee, 'key function')
  return { code: writer.call('withContext', callee, node.context ? RUN : writer.meter()), known: 'any' }
}

export function emitMethod(writer: FunctionWriter, node: Node & { op: 'method' }): Emitted {
  const object = writer.code(node.object)
  const args = node.args.map((argument) => writer.code(argument))
  const names = node.names && writer.constants.add(listRecipe(node.names), `arguments of ${node.name}`)
  return writer.found(writer.find('callMethod', object, node.name, args, names))
}

export function emitIsInstance(writer: FunctionWriter, node: Node & { op: 'isinstance' }): Emitted {
  const value = writer.code(node.value)
  const types = emitConstant(writer, node.types).code
  const callee = writer.constants.add(node.callee, 'isinstance')
  return writer.temporary(_`${callee}(${writer.meter()}, ${value}, ${types})`, 'boolean')
}

/** The statements of `tap`. */
import type { Node, StatementNode } from '../check/checked.ts'
import type { Code, Name } from './code.ts'
import { _ } from './code.ts'
import { emitAssignment, emitAugmented, emitDeletion } from './targets.ts'
import type { FunctionWriter } from './writer.ts'

/** Each statement notes its line before it does anything. */
export function emitStatements(writer: FunctionWriter, statements: readonly StatementNode[]): void {
  for (const statement of statements) {
    writer.line(_`run.line = ${statement.line}`)
    writer.observed?.statement(statement)
    emitStatement(writer, statement)
  }
}

function emitStatement(writer: FunctionWriter, statement: StatementNode): void {
  switch (statement.op) {
    case 'assign': {
      const value = writer.code(statement.value)
      for (const target of statement.targets) emitAssignment(writer, target, value)
      return
    }
    case 'augment':
      emitAugmented(writer, statement)
      return
    case 'if': {
      const { otherwise } = statement
      writer.block(
        _`if (${chosen(writer, statement, statement.test)})`,
        () => emitStatements(writer, statement.then),
        otherwise.length === 0 ? undefined : () => emitStatements(writer, otherwise),
      )
      return
    }
    case 'for':
      emitFor(writer, statement)
      return
    case 'while':
      emitWhile(writer, statement)
      return
    case 'delete':
      for (const target of statement.targets) emitDeletion(writer, target)
      return
    case 'evaluate':
      writer.value(statement.value)
      return
    case 'break':
    case 'continue':
      emitJump(writer, statement.op)
  }
}

/** The test of a statement. */
function chosen(writer: FunctionWriter, statement: StatementNode, node: Node): Code {
  const test = writer.test(node)
  return writer.observed?.chosen(statement, test) ?? test
}

function emitJump(writer: FunctionWriter, kind: 'break' | 'continue'): void {
  const loop = writer.innermostLoop
  if (loop === undefined) return
  if (kind === 'continue') {
    writer.line(_`continue ${loop.label}`)
    return
  }
  if (loop.broken !== undefined) writer.line(_`${loop.broken} = true`)
  writer.line(_`break ${loop.label}`)
}

function emitFor(writer: FunctionWriter, statement: StatementNode & { op: 'for' }): void {
  const iterable = writer.code(statement.iterable)
  emitLoop(writer, statement.otherwise, (label) => {
    const item = writer.fresh('i')
    writer.block(_`${label}: for (const ${item} of ${writer.call('iterate', iterable)})`, () => {
      writer.round(() => {
        writer.observed?.round(statement, item)
        emitAssignment(writer, statement.target, item)
        emitStatements(writer, statement.body)
      })
    })
  })
}

function emitWhile(writer: FunctionWriter, statement: StatementNode & { op: 'while' }): void {
  emitLoop(writer, statement.otherwise, (label) => {
    writer.block(_`${label}: while (true)`, () => {
      writer.line(_`run.line = ${statement.line}`)
      writer.line(_`run.whileStep()`)
      writer.round(() => {
        writer.line(_`if (!${chosen(writer, statement, statement.test)}) break`)
        emitStatements(writer, statement.body)
      })
    })
  })
}

/** A loop, and its `else`, which is evaluated where no `break` has ended it. */
function emitLoop(
  writer: FunctionWriter,
  otherwise: readonly StatementNode[],
  write: (label: Name) => void,
): void {
  const label = writer.fresh('loop')
  const broken = otherwise.length > 0 ? writer.fresh('broken') : undefined
  if (broken !== undefined) writer.line(_`let ${broken} = false`)
  writer.insideLoop({ label, broken }, () => write(label))
  if (broken !== undefined) writer.block(_`if (!${broken})`, () => emitStatements(writer, otherwise))
}

/** The statements of `tap`. */
import { fieldPath } from '../runtime/fields.ts'
import type { Statement, Target } from '../syntax/ast.ts'
import type { StatementNode, TargetNode } from './checked.ts'
import { ExpressionChecker } from './expression-checker.ts'

export class StatementChecker extends ExpressionChecker {
  protected override readonly mayMutate = true

  /** The number of names that tap assigns; their ids count from 0. */
  get variableCount(): number {
    return this.variables.size
  }

  statements(statements: readonly Statement[], lineOf: (offset: number) => number): StatementNode[] {
    const nodes: StatementNode[] = []
    const inner = (list: readonly Statement[]): StatementNode[] => this.statements(list, lineOf)
    for (const statement of statements) {
      const line = lineOf(statement.start)
      const count = nodes.length
      switch (statement.kind) {
        case 'assign': {
          const value = this.expression(statement.value)
          nodes.push({
            line,
            op: 'assign',
            targets: statement.targets.map((target) => this.#set(target)),
            value,
          })
          break
        }
        case 'augment':
          nodes.push({
            line,
            op: 'augment',
            target: this.#changed(statement.target),
            operator: statement.operator,
            value: this.expression(statement.value),
          })
          break
        case 'if':
          nodes.push({
            line,
            op: 'if',
            test: this.expression(statement.test),
            then: inner(statement.then),
            otherwise: inner(statement.otherwise),
          })
          break
        case 'for': {
          const iterable = this.expression(statement.iterable)
          nodes.push({
            line,
            op: 'for',
            target: this.#target(statement.target),
            iterable,
            body: inner(statement.body),
            otherwise: inner(statement.otherwise),
          })
          break
        }
        case 'while':
          nodes.push({
            line,
            op: 'while',
            test: this.expression(statement.test),
            body: inner(statement.body),
            otherwise: inner(statement.otherwise),
          })
          break
        case 'delete':
          nodes.push({
            line,
            op: 'delete',
            targets: statement.targets.map((target) => this.#changed(target)),
          })
          break
        case 'expression':
          nodes.push({ line, op: 'evaluate', value: this.expression(statement.value) })
          break
        case 'break':
        case 'continue':
          nodes.push({ line, op: statement.kind })
          break
        case 'pass':
          break
      }
      if (nodes.length > count) this.noteOrigin?.(nodes.at(-1)!, statement)
    }
    return nodes
  }

  /** A target of `=`. A member of the event that is set is not read. */
  #set(target: Target): TargetNode {
    const known = new Set(this.reads)
    const node = this.#target(target)
    if (node.op === 'item' && node.object.op === 'root' && node.text !== undefined && !known.has(node.text))
      this.reads.delete(node.text)
    return node
  }

  /** A target of `+=` or `del`. */
  #changed(target: Target): TargetNode {
    // Its value is read, too.
    if (target.kind === 'name') this.path([target.name], target)
    const node = this.#target(target)
    if (node.op === 'event') {
      this.fault(target, 'line.parsed is changed by its members', "write line.parsed['...'] = ...")
    }
    return node
  }

  #target(target: Target): TargetNode {
    switch (target.kind) {
      case 'name': {
        const id = this.variables.get(target.name)
        if (id === undefined) {
          this.fault(
            target,
            `tap assigns no '${target.name}'`,
            `a field is deleted with del data['${target.name}']`,
          )
        }
        this.assigned.add(target.name)
        return {
          op: 'variable',
          name: target.name,
          id: id ?? 0,
          field: { op: 'field', path: fieldPath([target.name]) },
        }
      }
      case 'targets':
        return {
          op: 'targets',
          targets: target.targets.map((entry) => ({
            target: this.#target(entry.target),
            starred: entry.starred,
          })),
        }
      case 'subscript': {
        const node = this.subscript(target.object, target.index)
        return node as TargetNode
      }
      case 'attribute': {
        const parts = this.dotted(target)
        const [first, second] = parts ?? []
        const shadowed = first !== undefined && this.variables.has(first)
        if (parts === undefined || shadowed || (first !== 'line' && first !== 'data')) {
          this.fault(target, 'only attributes of line can be assigned', "write data['...']['...'] = ...")
          return { op: 'path', parts: [target.name], line: false }
        }
        if (first === 'data') return { op: 'path', parts: parts.slice(1), line: false }
        if (second === 'parsed' && parts.length > 2) return { op: 'path', parts: parts.slice(2), line: false }
        if (second === 'parsed') return { op: 'event' }
        if (second === 'raw') this.fault(target, 'line.raw cannot be assigned')
        return { op: 'path', parts: parts.slice(1), line: true }
      }
    }
  }
}

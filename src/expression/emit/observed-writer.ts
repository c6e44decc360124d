/**
 * The reports of an observed program, beside the code of the usual one. They are calls of `run.observer`, written as
 * remarks: a remark counts for nothing, so that an event costs as much as it does without them.
 *
 *     run.observer.enter(7)
 *     const t4 = k0(run, f1)
 *     run.observer.value(7, t4)
 */
import type { Code, Name, Part } from './code.ts'
import { _, list } from './code.ts'

/** Numbers of nodes, statements, rules, conditions and taps: what has none is not reported. */
export interface ObservedNumbers {
  numberOf(thing: object): number | undefined
}

/** The functions of the observer that generated code calls. */
type ReportName =
  | 'begin'
  | 'again'
  | 'end'
  | 'enter'
  | 'value'
  | 'settle'
  | 'branch'
  | 'turn'
  | 'caught'
  | 'entry'
  | 'statement'
  | 'round'

export class ObservedWriter {
  readonly #numbers: ObservedNumbers
  readonly #remark: (code: Code) => void

  /** @param remark writes a statement that is not counted */
  constructor(numbers: ObservedNumbers, remark: (code: Code) => void) {
    this.#numbers = numbers
    this.#remark = remark
  }

  #report(name: ReportName, thing: object, ...args: Part[]): void {
    const number = this.#numbers.numberOf(thing)
    if (number !== undefined) this.#remark(_`run.observer.${NAMES[name]}(${list([number, ...args])})`)
  }

  // --- parts of a rule file ---------------------------------------------------------------------------------

  /** The evaluation of a rule, a condition or a tap begins. */
  begin(part: object): void {
    this.#report('begin', part)
  }

  /** Something is done for a rule that was evaluated before. */
  again(part: object): void {
    this.#report('again', part)
  }

  end(part: object, value: Code): void {
    this.#report('end', part, value)
  }

  /** An error leaves the field of the current rule out. */
  omitted(error: Name): void {
    this.#remark(_`run.observer.omitted(${error})`)
  }

  // --- nodes ------------------------------------------------------------------------------------------------

  /** The evaluation of a node begins. */
  enter(node: object): void {
    this.#report('enter', node)
  }

  value(node: object, value: Code): void {
    this.#report('value', node, value)
  }

  /** A condition has a result, also where its evaluation was left. */
  settle(node: object, value: Code): void {
    this.#report('settle', node, value)
  }

  /** The evaluation goes on in one branch of several. */
  branch(thing: object, index: number): void {
    this.#report('branch', thing, index)
  }

  /** It does not go on in branch 0, but in branch 1. */
  turn(node: object): void {
    this.#report('turn', node)
  }

  /** An error was caught. */
  caught(node: object, error: Name): void {
    this.#report('caught', node, error)
  }

  /** A table was looked into. @param args the name of the table, and the key */
  entry(node: object, [table, key]: readonly (Code | undefined)[], found: Code): void {
    this.#report('entry', node, table, key, found)
  }

  /** Code for a test that decides between branch 0 and branch 1. */
  chosen(thing: object, test: Code): Code {
    return this.#passed('chosen', thing, test)
  }

  /** Code for a test after which the evaluation goes on in a branch, or does not. */
  taken(node: object, index: number, test: Code): Code {
    return this.#passed('taken', node, test, index)
  }

  // --- statements -------------------------------------------------------------------------------------------

  statement(statement: object): void {
    this.#report('statement', statement)
  }

  /** A round of a loop. */
  round(statement: object, item: Code): void {
    this.#report('round', statement, item)
  }

  /** Code for a value that a statement assigns. */
  assigned(statement: object, value: Code): Code {
    return this.#passed('assigned', statement, value)
  }

  /** Code for a value that is reported, and stays the same. */
  #passed(name: 'chosen' | 'taken' | 'assigned', thing: object, value: Code, ...args: Part[]): Code {
    const number = this.#numbers.numberOf(thing)
    if (number === undefined) return value
    return _`run.observer.${NAMES[name]}(${list([number, value, ...args])})`
  }
}

const NAMES = {
  begin: _`begin`,
  again: _`again`,
  end: _`end`,
  enter: _`enter`,
  value: _`value`,
  settle: _`settle`,
  branch: _`branch`,
  turn: _`turn`,
  caught: _`caught`,
  entry: _`entry`,
  statement: _`statement`,
  round: _`round`,
  chosen: _`chosen`,
  taken: _`taken`,
  assigned: _`assigned`,
} as const

import type { Problem } from '../expression/diagnostic.ts'
import { renderProblems } from '../expression/diagnostic.ts'

/** Rules that cannot be used: `problems` says what and where, `message` is the whole report. */
export class RuleError extends Error {
  override readonly name = 'RuleError'
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[], sources: ReadonlyMap<string, string>) {
    super(renderProblems(problems, sources))
    this.problems = problems
  }
}

import type { BatchNotes } from '../event.ts'
import type { EventLimits } from '../expression/runtime/meter.ts'
import { Meter } from '../expression/runtime/meter.ts'
import type { EventNotes, LinePathPlan, RunnerSource } from './apply/normalize.ts'
import type { FastPathPlan } from './fast/plan.ts'
import type { LineNotes } from './fast/routed-line-path.ts'
import type { NotedRules } from './noted-rules.ts'
import { RuleNotes } from './rule-notes.ts'
import type { GeneratedFunction, Runner } from './run.ts'
import { lazyPrograms, Run } from './run.ts'

/** The plain data of a rule set that its evaluation needs. */
export interface EvaluationData {
  /** The fields of outputs and events that notes are about; messages name rules by the same. */
  readonly noted: NotedRules
  /** The names of the `tap`s, for messages. */
  readonly tapLabels: readonly string[]
  /** Rules read the texts of events. */
  readonly readsRaw: boolean
  /** The most rounds of `while` in `tap` for one event. */
  readonly maxWhileSteps: number
  readonly limits: EventLimits
}

/** The same with its programs, each of which is made when the first event needs it. */
interface EvaluableParts extends EvaluationData {
  /** Makes the program for events as JSON.parse gives them. */
  readonly usual: () => GeneratedFunction
  /** Makes the program for any event. */
  readonly exact: () => GeneratedFunction
  /** Gives the fast path for lines of which `when` and `drop` are settled, the same one each time. */
  readonly ownPath: () => FastPathPlan | undefined
  /** Gives the plain way of lines without objects of events. Default: there is none. */
  readonly memberPath?: () => LinePathPlan | undefined
  /** Gives the fast path that asks `when` and `drop` first. Default: there is neither, the path is `ownPath`. */
  readonly conditionalPath?: (() => LinePathPlan | undefined) | undefined
}

/** The parts of a rule set that stages need: of one that was compiled here, and of a compiled module. */
export class EvaluableRules implements RunnerSource {
  readonly #parts: EvaluableParts
  readonly #programs

  constructor(parts: EvaluableParts) {
    this.#parts = parts
    this.#programs = lazyPrograms(parts.usual, parts.exact)
  }

  get ownPath(): FastPathPlan | undefined {
    return this.#parts.ownPath()
  }

  get fastPath(): LinePathPlan | undefined {
    const { noted, conditionalPath, ownPath } = this.#parts
    if (conditionalPath === undefined) return ownPath()
    const plan = conditionalPath()
    return (
      plan && {
        create: (notes = new RuleNotes(noted), coding, places) =>
          plan.create(new LoneNotes(notes as RuleNotes) as EventNotes, coding, places),
      }
    )
  }

  get memberPath(): LinePathPlan | undefined {
    return this.#parts.memberPath?.()
  }

  createNotes(): RuleNotes {
    return new RuleNotes(this.#parts.noted)
  }

  createRunner(notes = this.createNotes(), isRouted = false): Runner {
    const { noted, tapLabels, readsRaw, maxWhileSteps, limits } = this.#parts
    const meter = new Meter(limits.maxWork, limits.maxBuilt)
    const state = { notes, meter, tapLabels, readsRaw, isRouted }
    return new Run(this.#programs, noted.names, maxWhileSteps, state)
  }
}

/** The notes of one rule set, for a fast path that knows several. */
class LoneNotes implements LineNotes {
  readonly #notes: RuleNotes

  constructor(notes: RuleNotes) {
    this.#notes = notes
  }

  get dropped(): number {
    return this.#notes.dropped
  }

  take(): BatchNotes {
    return this.#notes.take()
  }

  of(): RuleNotes {
    return this.#notes
  }

  count(): void {}
}

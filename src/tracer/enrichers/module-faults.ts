import { AsyncLocalStorage } from 'node:async_hooks'
import type { EnricherMetric } from '../enricher.ts'

/** Logs it. */
export const MODULE_FAULT = 'a module has thrown outside of a look-up; it goes on'

/** Counts it. */
export function faultMetric(enricher: string, value: number): EnricherMetric {
  return {
    name: 'tracer_enricher_faults_total',
    help: 'Errors that modules have thrown outside of look-ups',
    type: 'counter',
    labels: { enricher },
    value,
  }
}

/** A module of the user's own, as the one who has to be told of its faults. */
export interface FaultOwner {
  /** The name of its file in stack traces. */
  readonly url: string
  /** It has thrown where nobody waits for it: not in a look-up, or in one that is over. */
  onFault(error: Error): void
}

/** Something that a module does: a look-up, or its being loaded. */
export interface ModuleWork {
  readonly owner: FaultOwner
  /** Fails the look-up; undefined when it is over, or none. */
  fail: ((error: Error) => void) | undefined
}

/**
 * Finds out whose fault it is that something was thrown in a timer, or a rejection was handled by nobody: such an error
 * comes to the process, and would end it. The work of a module is followed through timers, promises and events, so that
 * the error costs the look-up that it comes from, and nothing else.
 */
export class ModuleFaults {
  readonly #working = new AsyncLocalStorage<ModuleWork>()
  readonly #owners = new Set<FaultOwner>()

  /** @param owner takes part from now on */
  add(owner: FaultOwner): void {
    this.#owners.add(owner)
  }

  /** Runs some work of a module, and follows it. */
  run<T>(work: ModuleWork, act: () => T): T {
    return this.#working.run(work, act)
  }

  /**
   * To be called in the handler of an error that came to the process.
   *
   * @returns false when it is no module's: then it is a fault of ours
   */
  take(thrown: unknown): boolean {
    const error = thrown instanceof Error ? thrown : new Error(`threw ${String(thrown)}`)
    const work = this.#working.getStore()
    if (work === undefined) {
      // Node does not follow all ways (queueMicrotask); the stack mostly tells as well.
      const owner = [...this.#owners].find(({ url }) => error.stack?.includes(url))
      owner?.onFault(error)
      return owner !== undefined
    }
    const { fail, owner } = work
    work.fail = undefined
    if (fail === undefined) owner.onFault(error)
    else fail(error)
    return true
  }
}

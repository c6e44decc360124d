import type { Enricher } from '../enricher.ts'
import type { RemoteLookups, RemoteResult, RemoteResults } from './messages.ts'

/** Tells one worker. */
export type SendResults = (message: RemoteResults) => void

/**
 * Asks the enrichers that live in the primary for all workers. Results of one turn of the event loop go to a worker
 * in one message. It holds no more than workers ask, and they have a bound.
 */
export class EnricherHost {
  readonly #enrichers: readonly Enricher[]
  /** Answers that go out together, by who asked and for which enricher. */
  readonly #unsent = new Map<SendResults, Map<number, RemoteResult[]>>()

  constructor(enrichers: readonly Enricher[]) {
    this.#enrichers = enrichers
  }

  /** @param send the way back to the worker that asks, the same one each time */
  onLookups({ enricher, lookups }: RemoteLookups, send: SendResults): void {
    const source = this.#enrichers[enricher]!
    for (const [id, indicator] of lookups) {
      try {
        const found = source.lookup(indicator)
        if (!('then' in found)) this.#answer(send, enricher, [id, found])
        else {
          found.then(
            (matches) => this.#answer(send, enricher, [id, matches]),
            (error: unknown) => this.#answer(send, enricher, failure(id, error)),
          )
        }
      } catch (error) {
        this.#answer(send, enricher, failure(id, error))
      }
    }
  }

  #answer(send: SendResults, enricher: number, answer: RemoteResult): void {
    if (this.#unsent.size === 0) setImmediate(() => this.#flush())
    const ofWorker = this.#unsent.get(send) ?? new Map<number, RemoteResult[]>()
    this.#unsent.set(send, ofWorker)
    const results = ofWorker.get(enricher)
    if (results === undefined) ofWorker.set(enricher, [answer])
    else results.push(answer)
  }

  #flush(): void {
    const unsent = [...this.#unsent]
    this.#unsent.clear()
    for (const [send, ofWorker] of unsent) {
      for (const [enricher, results] of ofWorker) send({ kind: 'results', enricher, results })
    }
  }
}

function failure(id: number, error: unknown): RemoteResult {
  const { isLogged = false } = (error ?? {}) as { isLogged?: boolean }
  return [id, null, error instanceof Error ? error.message : String(error), isLogged]
}

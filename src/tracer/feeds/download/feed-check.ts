import { createHash } from 'node:crypto'
import { countIndicators, type ServedAs } from '../count.ts'
import { FeedError } from '../feed-error.ts'

/** Reads what was downloaded as the feed that it is served as, before it takes the place of the copy. */
export class FeedCheck {
  /** Another one where the feed is served otherwise: its indicators cannot be compared then. */
  readonly id: string
  readonly #name: string
  readonly #served: readonly ServedAs[]

  /**
   * @param name of the feed in errors
   * @param served the ways in which it is served, one at least
   */
  constructor(name: string, served: readonly ServedAs[]) {
    this.#name = name
    this.#served = served
    this.id = createHash('sha256').update(JSON.stringify(served)).digest('hex')
  }

  /**
   * The indicators of a file, over all ways in which it can be read.
   *
   * @throws FeedError when there is no such way
   */
  async count(file: string, signal?: AbortSignal): Promise<number> {
    let indicators: number | undefined
    let fault: FeedError | undefined
    for (const served of this.#served) {
      try {
        indicators = (indicators ?? 0) + (await countIndicators(file, served, this.#name, signal))
      } catch (error) {
        if (!(error instanceof FeedError)) throw error
        fault ??= error
      }
    }
    if (indicators === undefined) throw fault
    return indicators
  }

  /** An error without the name of the feed, which the log has beside it. */
  problemOf({ message }: Error): string {
    const begin = `${this.#name}: `
    return message.startsWith(begin) ? message.slice(begin.length) : message
  }
}

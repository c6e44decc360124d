import type { TopicRouting } from './options.ts'
import { topicProblem } from './options.ts'
import { TopicPattern } from './topic-pattern.ts'

/** Topics that are known to be there or not; with more of them than this, it is asked again. */
const MOST_TOPICS = 1000

/** A topic that was not there is asked for again after so long. In milliseconds. */
const ABSENT_MS = 30_000

/** Finds the topic that an output names. */
export class TopicRouter {
  readonly #path: readonly string[]
  readonly #allow: readonly TopicPattern[]
  readonly #otherwise: string
  /** By name: until when it is taken for absent. Infinity: it is there. */
  readonly #known = new Map<string, number>()

  /** @param otherwise the topic of outputs that name none that is allowed and there */
  constructor({ field, allow }: TopicRouting, otherwise: string) {
    this.#path = field.split('.')
    this.#allow = allow.map((text) => new TopicPattern(text))
    this.#otherwise = otherwise
  }

  /**
   * The topics of outputs.
   *
   * @param exists tells whether the cluster has a topic; it is asked once of each, and of one that it does not have again after 30 s
   */
  async topicsOf(
    outputs: readonly Uint8Array[],
    exists: (topic: string) => Promise<boolean>,
  ): Promise<readonly string[]> {
    const now = performance.now()
    const topics: string[] = []
    for (const output of outputs) {
      const name = this.#named(output)
      topics.push(name !== undefined && (await this.#isThere(name, now, exists)) ? name : this.#otherwise)
    }
    return topics
  }

  /** Nothing is taken for known any longer: topics may have gone. */
  forget(): void {
    this.#known.clear()
  }

  #isThere(
    name: string,
    now: number,
    exists: (topic: string) => Promise<boolean>,
  ): boolean | Promise<boolean> {
    const until = this.#known.get(name)
    if (until !== undefined && until > now) return until === Number.POSITIVE_INFINITY
    return exists(name).then((isThere) => {
      if (this.#known.size >= MOST_TOPICS) this.#known.clear()
      this.#known.set(name, isThere ? Number.POSITIVE_INFINITY : now + ABSENT_MS)
      return isThere
    })
  }

  /** A name that may be chosen. */
  #named(output: Uint8Array): string | undefined {
    const bytes = Buffer.from(output.buffer, output.byteOffset, output.byteLength)
    let value: unknown = JSON.parse(bytes.toString('utf8'))
    for (const step of this.#path) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
      value = (value as Record<string, unknown>)[step]
    }
    if (typeof value !== 'string' || topicProblem(value) !== undefined) return undefined
    return this.#allow.some((pattern) => pattern.matches(value)) ? value : undefined
  }
}

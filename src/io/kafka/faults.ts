/** Errors of the client, told apart by what to do about them. */

/** The parts of the client's errors that are looked at. */
interface ClientError extends Error {
  readonly code?: string
  readonly apiId?: string
  readonly path?: string
  readonly serverErrorMessage?: string | null
  readonly errors?: readonly (ClientError | undefined)[]
}

/** The error, and all that it was made of, from the outside in. */
function* parts(error: unknown, depth = 0): Generator<ClientError> {
  if (!(error instanceof Error) || depth > 8) return
  const fault = error as ClientError
  yield fault
  for (const part of fault.errors ?? []) yield* parts(part, depth + 1)
  yield* parts(fault.cause, depth + 1)
}

/** The names of the protocol's errors in it: `UNKNOWN_TOPIC_OR_PARTITION`. */
export function errorIds(error: unknown): Set<string> {
  const ids = new Set<string>()
  for (const { apiId } of parts(error)) if (apiId !== undefined) ids.add(apiId)
  return ids
}

/** One of the protocol's errors is in it. */
export function hasId(error: unknown, ...ids: readonly string[]): boolean {
  const found = errorIds(error)
  return ids.some((id) => found.has(id))
}

/** An answer has not come in time: its connection is of no use any longer. */
export function isTimeout(error: unknown): boolean {
  // The client gives its errors of time the code of those of the network.
  for (const { code, message } of parts(error)) {
    if (code?.startsWith('PLT_KFK_') === true && message === 'Request timed out') return true
  }
  return false
}

/** No broker can be reached: nobody listens, the way is cut, or a connection ends before anything was said on it. */
export function isUnreachable(error: unknown): boolean {
  if (isRefused(error) || errorIds(error).size > 0) return false
  for (const { code } of parts(error)) {
    if (code === 'PLT_KFK_NETWORK' || code === 'PLT_KFK_TIMEOUT') return true
  }
  return false
}

/** Another process has the same instance id, and has taken the place of this one. */
export function isReplaced(error: unknown): boolean {
  return hasId(error, 'FENCED_INSTANCE_ID')
}

/** The broker does not take who we say we are. */
export function isUnknown(error: unknown): boolean {
  for (const { code, apiId } of parts(error)) {
    if (code === 'PLT_KFK_AUTHENTICATION') return true
    if (apiId === 'SASL_AUTHENTICATION_FAILED' || apiId === 'UNSUPPORTED_SASL_MECHANISM') return true
  }
  return false
}

/** The broker refuses who we are, or what we do. */
export function isRefused(error: unknown): boolean {
  return isUnknown(error) || Array.from(errorIds(error)).some((id) => id.endsWith('AUTHORIZATION_FAILED'))
}

/** The name of a topic that the cluster does not have; undefined: it is another fault. */
export function unknownTopic(error: unknown): string | undefined {
  for (const { message } of parts(error)) {
    const match = /^Unknown topic (.+)\.$/.exec(message)
    if (match !== null) return match[1]
  }
  return undefined
}

/** A line for the operator that says what is wrong, as near to the cause as is known. */
export function describeFault(error: unknown): string {
  const topic = unknownTopic(error)
  if (topic !== undefined) return `there is no topic ${topic}`
  let text = error instanceof Error ? error.message : String(error)
  for (const part of parts(error)) {
    const { apiId, serverErrorMessage, message, code } = part
    if (apiId !== undefined) return `${serverErrorMessage ?? message} (${apiId})`
    if (code !== undefined && !code.startsWith('PLT_KFK_') && message !== '') return message
    // The one inside knows more.
    if (message !== '') text = message
  }
  return text
}

/** Tells of an outage when it begins and when it is over, whatever fails meanwhile. */
export class Outage {
  readonly #say: (line: string) => void
  /** By what fails: when it began to. */
  readonly #since = new Map<string, number>()

  /** @param say tells the operator a line */
  constructor(say: (line: string) => void) {
    this.#say = say
  }

  /** Something fails at the moment. */
  get isNow(): boolean {
    return this.#since.size > 0
  }

  /** @param work what could not be done: `fetch`, `write` */
  failed(work: string, error: unknown): void {
    if (this.#since.has(work)) return
    this.#since.set(work, performance.now())
    this.#say(`kafka: cannot ${work}: ${describeFault(error)}; it is tried again until it works`)
  }

  worked(work: string): void {
    const since = this.#since.get(work)
    if (since === undefined) return
    this.#since.delete(work)
    this.#say(
      `kafka: can ${work} again, after ${Math.max(1, Math.round((performance.now() - since) / 1000))} s`,
    )
  }
}

const FIRST_WAIT_MS = 50
const LONGEST_WAIT_MS = 5_000

/** Times to wait between attempts: twice as long each time, up to 5 s, and never the same for two processes. */
export class BackOff {
  #next = FIRST_WAIT_MS
  #timer: NodeJS.Timeout | undefined
  #wake: (() => void) | undefined

  reset(): void {
    this.#next = FIRST_WAIT_MS
  }

  /** Resolves when it is time for the next attempt, or at `wake`. */
  wait(): Promise<void> {
    const ms = this.#next * (0.75 + Math.random() / 2)
    this.#next = Math.min(LONGEST_WAIT_MS, this.#next * 2)
    return new Promise((resolve) => {
      this.#wake = () => {
        clearTimeout(this.#timer)
        this.#wake = undefined
        resolve()
      }
      this.#timer = setTimeout(this.#wake, ms)
    })
  }

  /** Nobody waits any longer. */
  wake(): void {
    this.#wake?.()
  }
}

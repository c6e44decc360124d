import process from 'node:process'
import { SecondSignal } from './second-signal.ts'
import { messageStream } from './standard-streams.ts'

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/**
 * The signals that stop a service: the first one, also while the command is still loading, lets it end in order; a second one kills. Made before
 * anything else, since a signal without a listener ends the process at once.
 */
export class StopSignals {
  readonly #second = new SecondSignal(SIGNALS)
  readonly #listeners: (() => void)[] = []
  #isStopped = false
  #resolve = (): void => {}
  /** Resolves at the first signal. */
  readonly stopped = new Promise<void>((resolve) => {
    this.#resolve = resolve
  })

  constructor() {
    for (const signal of SIGNALS) process.on(signal, this.#onSignal)
  }

  get isStopped(): boolean {
    return this.#isStopped
  }

  /** Lets signals that have come meanwhile be noticed. @returns true when one has */
  async look(): Promise<boolean> {
    // Signals are seen when the event loop asks for input, which follows what is immediate.
    for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve))
    return this.#isStopped
  }

  /** @param listener called at the first signal; at once when it has come already */
  onStop(listener: () => void): void {
    if (this.#isStopped) listener()
    else this.#listeners.push(listener)
  }

  /** The work is over: signals have their own effect again. */
  end(): void {
    this.#second.end()
    for (const signal of SIGNALS) process.off(signal, this.#onSignal)
  }

  readonly #onSignal = (signal: NodeJS.Signals): void => {
    this.end()
    this.#isStopped = true
    messageStream().write(`${signal}: stopping\n`)
    for (const listener of this.#listeners) listener()
    this.#resolve()
  }
}

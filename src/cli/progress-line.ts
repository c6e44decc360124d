import { Writable } from 'node:stream'

/** A terminal's line is written anew as often as this. */
const LIVE_INTERVAL_MS = 250
const CLEAR_LINE = '\r\u001b[K'

interface ProgressLineOptions {
  /** Shows the line; a terminal when `isTTY` is true. */
  readonly stream: Writable & { readonly isTTY?: boolean }
  /** Makes the line, without its end. @param seconds since the object was made */
  readonly text: (seconds: number) => string
  /** A line is added as often as this where there is no terminal, in milliseconds. */
  readonly logIntervalMs: number
}

/** A line that tells how far a command is: on a terminal one that changes, elsewhere one now and then. */
export class ProgressLine {
  readonly #options: ProgressLineOptions
  readonly #isLive: boolean
  readonly #started = performance.now()
  #timer: NodeJS.Timeout | undefined
  #isVisible = false

  constructor(options: ProgressLineOptions) {
    this.#options = options
    this.#isLive = options.stream.isTTY === true
  }

  start(): void {
    const { logIntervalMs } = this.#options
    this.#timer = setInterval(() => this.#show(), this.#isLive ? LIVE_INTERVAL_MS : logIntervalMs)
    this.#timer.unref()
  }

  /** Shows the last state; the line stays. */
  end(): void {
    clearInterval(this.#timer)
    this.#show()
    if (this.#isLive) this.#options.stream.write('\n')
    this.#isVisible = false
  }

  /** Ends without a last state; nothing stays on a terminal. */
  stop(): void {
    clearInterval(this.#timer)
    this.clear()
  }

  /** A way to write to the same terminal without mixing lines. */
  beside(): Writable {
    return new Writable({
      decodeStrings: false,
      write: (chunk, encoding, callback) => {
        this.clear()
        this.#options.stream.write(chunk, encoding, callback)
      },
    })
  }

  /** Removes the line from the terminal until it is shown again: something else is about to be written there. */
  clear(): void {
    if (this.#isVisible) this.#options.stream.write(CLEAR_LINE)
    this.#isVisible = false
  }

  #show(): void {
    const line = this.#options.text((performance.now() - this.#started) / 1000)
    this.#options.stream.write(this.#isLive ? `${CLEAR_LINE}${line}` : `${line}\n`)
    this.#isVisible = this.#isLive
  }
}

import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino'
import { terminalJson } from '../controls.ts'

/** The log of a server: structured, one JSON object a line. */
export type Log = Logger

/** The levels of `--log-level`, the quietest first. `debug` logs every request. */
export const LOG_LEVELS = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/**
 * A log that writes to `destination` at once: no line from before the end of the process is lost.
 *
 * @param level default 'info': start, stop, reloads and what went wrong, nothing per request
 * @param destination default stderr
 */
export function createLog(level: LogLevel = 'info', destination?: DestinationStream): Log {
  const options = {
    level,
    base: undefined,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  }
  const lines = destination ?? pino.destination({ dest: 2, sync: true })
  // JSON leaves DEL and C1 as they are, and a log is read on terminals.
  return pino(options, { write: (line) => lines.write(terminalJson(line)) })
}

/** The state of a limiter for one subject. */
interface Subject {
  loggedAt: number
  suppressed: number
}

/**
 * Keeps what clients or broken sources cause, any number of times a second, from filling the log: one message per
 * subject and second, with the number of those left out since.
 */
export class LogLimiter {
  readonly #intervalMs: number
  readonly #now: () => number
  readonly #subjects = new Map<string, Subject>()

  /** @param intervalMs default one second */
  constructor(intervalMs = 1000, now: () => number = () => performance.now()) {
    this.#intervalMs = intervalMs
    this.#now = now
  }

  /**
   * @param subject one of a small, fixed set
   * @param write is called when a message is due, with the fields to add to it
   */
  log(subject: string, write: (fields: { suppressed?: number }) => void): void {
    const now = this.#now()
    const known = this.#subjects.get(subject)
    if (known === undefined) {
      this.#subjects.set(subject, { loggedAt: now, suppressed: 0 })
      write({})
      return
    }
    if (now - known.loggedAt < this.#intervalMs) {
      known.suppressed += 1
      return
    }
    const { suppressed } = known
    known.loggedAt = now
    known.suppressed = 0
    write(suppressed > 0 ? { suppressed } : {})
  }
}

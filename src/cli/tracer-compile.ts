import { hostname } from 'node:os'
import process from 'node:process'
import { terminalText } from '../tracer/controls.ts'
import { type CompileProgress, compileFeeds, noProgress } from '../tracer/feeds/compiled/compile.ts'
import { removeAbandoned } from '../tracer/feeds/compiled/workspace.ts'
import { FeedError } from '../tracer/feeds/feed-error.ts'
import type { FeedKey } from '../tracer/feeds/keys/key-path.ts'
import { CommandError, EXIT } from './exit-codes.ts'
import { refuseUrl } from './tracer-arguments.ts'

/** The options of `tracer compile`, as commander names them. */
export interface TracerCompileOptions {
  readonly key?: readonly FeedKey[]
  readonly category?: string
  readonly output: string
}

const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const
/** A terminal's line is written anew as often as this, elsewhere a line is added now and then. */
const LIVE_INTERVAL_MS = 250
const LOG_INTERVAL_MS = 5000
const CLEAR_LINE = '\r\u001b[K'

/**
 * `tracer compile`: feeds to one file.
 *
 * @returns the exit code
 * @throws {CommandError} when a feed cannot be used, or the file not be written
 */
export async function compile(feeds: readonly string[], options: TracerCompileOptions): Promise<number> {
  const { output } = options
  for (const feed of feeds) refuseUrl('', feed)
  const started = performance.now()
  const stop = new AbortController()
  const onSignal = (signal: NodeJS.Signals) => stop.abort(signal)
  for (const signal of STOP_SIGNALS) process.once(signal, onSignal)
  // A limit of the size of files is told as an error by the write, not by the end of the process.
  process.on('SIGXFSZ', () => {})
  const progress = noProgress()
  const line = new ProgressLine(progress)
  try {
    await removeAbandoned(output, isGone)
    const header = await compileFeeds({
      feeds,
      keys: options.key ?? [{}],
      category: options.category,
      output,
      signal: stop.signal,
      progress,
      owner: ownerName(),
      onSkipped: (file, skipped, places) => line.note(skippedNote(file, skipped, places)),
    })
    line.end()
    const seconds = (performance.now() - started) / 1000
    const { indicators, records } = header
    process.stderr.write(
      terminalText(`${output}: ${indicators} indicators of ${records} records in ${seconds.toFixed(1)} s\n`),
    )
    return EXIT.OK
  } catch (error) {
    line.end()
    if (stop.signal.aborted) {
      throw new CommandError(EXIT.FAILED, `tracer: stopped by ${stop.signal.reason}; ${output} is as it was`)
    }
    if (!(error instanceof FeedError)) throw error
    const exitCode = error.code === 'FEED_UNWRITABLE' ? EXIT.FAILED : EXIT.USAGE
    throw new CommandError(exitCode, `tracer: ${error.message}`, { cause: error })
  }
}

function skippedNote(file: string, skipped: number, places: readonly string[]): string {
  const more = skipped > places.length ? '; ...' : ''
  return `${file}: ${skipped} records cannot be used: ${places.join('; ')}${more}`
}

/** Machine and process. */
function ownerName(): string {
  return `${machine()}-${process.pid}`
}

/** Whether what this owner has left behind is of this machine, and its process not running any more. */
function isGone(owner: string): boolean {
  const dash = owner.lastIndexOf('-')
  if (owner.slice(0, dash) !== machine()) return false
  try {
    process.kill(Number(owner.slice(dash + 1)), 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

function machine(): string {
  return hostname().replace(/[^A-Za-z0-9]/g, '_')
}

/** Tells how far a compile is, on the standard error output. */
class ProgressLine {
  readonly #progress: CompileProgress
  readonly #isLive = process.stderr.isTTY === true
  readonly #started = performance.now()
  readonly #timer: NodeJS.Timeout

  constructor(progress: CompileProgress) {
    this.#progress = progress
    const interval = this.#isLive ? LIVE_INTERVAL_MS : LOG_INTERVAL_MS
    this.#timer = setInterval(() => this.#show(), interval).unref()
  }

  /** A line that stays. */
  note(text: string): void {
    process.stderr.write(`${this.#isLive ? CLEAR_LINE : ''}${terminalText(text)}\n`)
  }

  end(): void {
    clearInterval(this.#timer)
    if (this.#isLive) process.stderr.write(CLEAR_LINE)
  }

  #show(): void {
    const text = terminalText(this.#text())
    process.stderr.write(this.#isLive ? `${CLEAR_LINE}${text}` : `${text}\n`)
  }

  #text(): string {
    const { phase, file, records, skipped, done } = this.#progress
    if (phase !== 'reading') return `${phase} ${Math.floor(done * 100)} %`
    const seconds = (performance.now() - this.#started) / 1000
    const rate = Math.round((records + skipped) / seconds)
    return `reading ${file}: ${records} records, ${rate}/s${skipped > 0 ? `, ${skipped} cannot be used` : ''}`
  }
}

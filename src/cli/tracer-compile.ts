import { hostname } from 'node:os'
import process from 'node:process'
import { terminalText } from '../tracer/controls.ts'
import { type CompileProgress, compileFeeds, noProgress } from '../tracer/feeds/compiled/compile.ts'
import { removeAbandoned } from '../tracer/feeds/compiled/workspace.ts'
import { FeedError } from '../tracer/feeds/feed-error.ts'
import type { FeedKey } from '../tracer/feeds/keys/key-path.ts'
import type { FeedReading } from '../tracer/feeds/load.ts'
import { CommandError, EXIT } from './exit-codes.ts'
import { ProgressLine } from './progress-line.ts'
import { refuseUrl } from './tracer-arguments.ts'

/** The options of `tracer compile`, as commander names them. */
export interface TracerCompileOptions extends FeedReading {
  readonly key?: readonly FeedKey[]
  readonly category?: string
  readonly output: string
}

const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const
/** Without a terminal, a line of the progress is added as often as this. */
const LOG_INTERVAL_MS = 5000

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
  const line = new ProgressLine({
    stream: process.stderr,
    text: (seconds) => terminalText(progressText(progress, seconds)),
    logIntervalMs: LOG_INTERVAL_MS,
  })
  const note = (text: string): void => {
    line.clear()
    process.stderr.write(`${terminalText(text)}\n`)
  }
  line.start()
  try {
    await removeAbandoned(output, isGone)
    const header = await compileFeeds({
      feeds,
      keys: options.key ?? [{}],
      category: options.category,
      reading: readingOf(options),
      output,
      signal: stop.signal,
      progress,
      owner: ownerName(),
      onSkipped: (file, skipped, places) => note(skippedNote(file, skipped, places)),
    })
    line.stop()
    const seconds = (performance.now() - started) / 1000
    const { indicators, records } = header
    process.stderr.write(
      terminalText(`${output}: ${indicators} indicators of ${records} records in ${seconds.toFixed(1)} s\n`),
    )
    return EXIT.OK
  } catch (error) {
    line.stop()
    if (stop.signal.aborted) {
      throw new CommandError(EXIT.FAILED, `tracer: stopped by ${stop.signal.reason}; ${output} is as it was`)
    }
    if (!(error instanceof FeedError)) throw error
    const exitCode = error.code === 'FEED_UNWRITABLE' ? EXIT.FAILED : EXIT.USAGE
    throw new CommandError(exitCode, `tracer: ${error.message}`, { cause: error })
  }
}

/** The options that say how feeds are read. */
export function readingOf(options: FeedReading): FeedReading {
  const { format, columns, delimiter, records, encoding, hostMatch, refang, compat } = options
  return { format, columns, delimiter, records, encoding, hostMatch, refang, compat }
}

function skippedNote(file: string, skipped: number, places: readonly string[]): string {
  const more = skipped > places.length ? '; ...' : ''
  return `${file}: ${skipped} records cannot be used: ${places.join('; ')}${more}`
}

/** Machine and process. */
function ownerName(): string {
  return `${machine()}-${process.pid}`
}

/** True when a workspace of this owner is of this machine, and its process not running any more. */
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

/** `reading feed.csv: 12345 records, 41150/s` */
function progressText({ phase, file, records, skipped, done }: CompileProgress, seconds: number): string {
  if (phase !== 'reading') return `${phase} ${Math.floor(done * 100)} %`
  const rate = Math.round((records + skipped) / seconds)
  return `reading ${file}: ${records} records, ${rate}/s${skipped > 0 ? `, ${skipped} cannot be used` : ''}`
}

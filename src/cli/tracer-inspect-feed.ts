import process from 'node:process'
import { wireContext } from '../tracer/context.ts'
import { terminalJson, terminalText } from '../tracer/controls.ts'
import { FeedError } from '../tracer/feeds/feed-error.ts'
import { IndicatorExtractor, type SkipReason } from '../tracer/feeds/indicator-extractor.ts'
import type { IndicatorKey } from '../tracer/feeds/keys/indicator-key.ts'
import { formatAddress } from '../tracer/feeds/keys/ip.ts'
import type { FeedKey } from '../tracer/feeds/keys/key-path.ts'
import type { FeedReading } from '../tracer/feeds/load.ts'
import { Pace } from '../tracer/feeds/pace.ts'
import { readFeed } from '../tracer/feeds/read.ts'
import { CommandError, EXIT } from './exit-codes.ts'
import { refuseUrl } from './tracer-arguments.ts'
import { readingOf } from './tracer-compile.ts'

/** The options of `tracer inspect --feed`, as commander names them. */
export interface InspectFeedOptions extends FeedReading {
  readonly feed?: string
  readonly key?: readonly FeedKey[]
  readonly samples?: number
  readonly json?: boolean
}

/** The content of a feed. */
interface FeedReport {
  readonly format: string
  readonly records: number
  /** Indicators by type; equal ones are counted each time. */
  readonly indicators: Readonly<Record<string, number>>
  readonly skipped: number
  readonly ignored: number
  readonly truncated: number
  readonly reasons: readonly SkipReason[]
  readonly samples: readonly FeedSample[]
}

interface FeedSample {
  readonly type: string
  readonly indicator: string
  readonly context: string
}

const SAMPLES = 5
/** Longest part of a context that is printed for people. */
const SHOWN_CONTEXT = 300

/**
 * `tracer inspect --feed`: reads a feed as `serve` would, and prints what would be served of it.
 *
 * @returns the exit code
 * @throws {CommandError} when it cannot be used
 */
export async function inspectFeed(file: string, options: InspectFeedOptions): Promise<number> {
  refuseUrl('--feed ', file)
  try {
    const report = await reportOf(file, options)
    if (options.json) process.stdout.write(terminalJson(`${JSON.stringify({ feed: file, ...report })}\n`))
    else process.stdout.write(describe(file, report))
    return EXIT.OK
  } catch (error) {
    if (!(error instanceof FeedError)) throw error
    throw new CommandError(EXIT.FAILED, `tracer: ${error.message}`, { cause: error })
  }
}

async function reportOf(file: string, options: InspectFeedOptions): Promise<FeedReport> {
  const indicators: Record<string, number> = {}
  const samples: FeedSample[] = []
  const most = options.samples ?? SAMPLES
  let context = ''
  const reader = new IndicatorExtractor(
    file,
    options.key ?? [{}],
    {
      putContext(text) {
        context = wireContext(text)
        return 1
      },
      add(_, key) {
        const type = typeOf(key)
        indicators[type] = (indicators[type] ?? 0) + 1
        if (samples.length < most) samples.push({ type, indicator: textOf(key), context })
      },
    },
    readingOf(options),
  )
  let format = ''
  const told = Object.assign(reader, {
    onFormat(name: string) {
      format = name
    },
  })
  await readFeed(file, told, new Pace(), readingOf(options))
  reader.finish()
  const { records, skipped, ignored, truncated, skipReasons: reasons } = reader
  return { format, records, indicators, skipped, ignored, truncated, reasons, samples }
}

function typeOf(key: IndicatorKey): string {
  if (key.kind !== 'ip') return key.kind
  return key.first === key.last ? 'address' : 'network'
}

function textOf(key: IndicatorKey): string {
  if (key.kind === 'mask') return key.mask.text
  if (key.kind !== 'ip') return key.text
  const first = formatAddress(key.first)
  return key.first === key.last ? first : `${first}-${formatAddress(key.last)}`
}

function describe(file: string, report: FeedReport): string {
  const counts = Object.entries(report.indicators).map(([type, count]) => `${count} ${type}`)
  const lines = [
    `${file}: ${report.format}`,
    `records     ${report.records}`,
    `indicators  ${counts.join(', ') || 'none'}`,
    `skipped     ${report.skipped}`,
    ...(report.ignored > 0 ? [`other kinds ${report.ignored}`] : []),
    ...(report.truncated > 0 ? [`cut         ${report.truncated} contexts of more than 16 KiB`] : []),
  ]
  for (const { reason, count, places } of report.reasons) {
    lines.push(`            ${count} ${reason}: ${places.join('; ')}${count > places.length ? '; ...' : ''}`)
  }
  for (const { type, indicator, context } of report.samples) {
    const shown = context.length > SHOWN_CONTEXT ? `${context.slice(0, SHOWN_CONTEXT)}...` : context
    lines.push(`sample      ${type} ${indicator} ${shown}`)
  }
  // A feed of somebody else's could make lines of its own.
  return `${lines.map((line) => terminalText(line.replaceAll('\n', '\\x0a'))).join('\n')}\n`
}

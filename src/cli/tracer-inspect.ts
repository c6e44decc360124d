import process from 'node:process'
import { terminalJson, terminalText } from '../tracer/controls.ts'
import { openCompiledFeed } from '../tracer/feeds/compiled/compiled-feed.ts'
import type { CompiledHeader } from '../tracer/feeds/compiled/file-format.ts'
import { FORMAT_VERSION } from '../tracer/feeds/compiled/file-format.ts'
import { type Sample, samplesOf } from '../tracer/feeds/compiled/samples.ts'
import { FeedError } from '../tracer/feeds/feed-error.ts'
import { CommandError, EXIT } from './exit-codes.ts'
import { refuseUrl } from './tracer-arguments.ts'

/** The options of `tracer inspect`, as commander names them. */
export interface InspectOptions {
  readonly samples?: number
  readonly json?: boolean
}

const SAMPLES = 5
/** Longest part of a context that is printed for people. */
const SHOWN_CONTEXT = 300

/**
 * `tracer inspect`: verifies a compiled feed and prints what is in it.
 *
 * @returns the exit code
 * @throws {CommandError} when it cannot be read, is damaged or of another version
 */
export async function inspect(file: string, options: InspectOptions): Promise<number> {
  refuseUrl('', file)
  try {
    // All checksums are checked before it is open.
    const feed = await openCompiledFeed(file, undefined, { checkedAtOnceBytes: Number.POSITIVE_INFINITY })
    const { header } = feed
    try {
      const samples = [...samplesOf(header, feed.store, options.samples ?? SAMPLES)]
      if (options.json)
        process.stdout.write(
          terminalJson(`${JSON.stringify({ format: FORMAT_VERSION, ...header, samples })}\n`),
        )
      else process.stdout.write(describe(file, header, samples))
    } finally {
      feed.close()
    }
    return EXIT.OK
  } catch (error) {
    if (!(error instanceof FeedError)) throw error
    throw new CommandError(EXIT.FAILED, `tracer: ${error.message}`, { cause: error })
  }
}

function describe(file: string, header: CompiledHeader, samples: readonly Sample[]): string {
  const bytes = header.dataBytes + header.filterBytes
  const lines = [
    `${file}: a compiled feed, format ${FORMAT_VERSION}; all checksums are right`,
    `built       ${header.builtAt}`,
    ...header.sources.map(
      (source) => `from        ${source.file}: ${source.records} records, ${source.skipped} skipped`,
    ),
    `records     ${header.records}`,
    `indicators  ${header.indicators}`,
    `size        ${(bytes / 1e6).toFixed(1)} MB`,
  ]
  for (const { key, type, category, counts } of header.tables) {
    const { hashes, addresses, ranges, urls, hosts, masks, texts } = counts
    lines.push(
      `key         ${key ?? '(none)'}${type === undefined ? '' : `:${type}`}${category === undefined ? '' : `, category ${category}`}`,
      `            ${hashes} hashes, ${addresses} addresses, ${ranges} networks and ranges, ${urls} URLs, ${hosts} hosts, ${masks} masks, ${texts} texts`,
    )
  }
  for (const { kind, indicator, context } of samples) {
    const shown = context.length > SHOWN_CONTEXT ? `${context.slice(0, SHOWN_CONTEXT)}...` : context
    lines.push(`sample      ${kind} ${indicator} ${shown}`)
  }
  return `${lines.map(printable).join('\n')}\n`
}

/** A feed of somebody else's could make lines of its own. */
function printable(line: string): string {
  return terminalText(line.replaceAll('\n', '\\x0a'))
}

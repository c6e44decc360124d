import { Writable } from 'node:stream'
import { isatty } from 'node:tty'
import type { PipelineCounts } from '../stages/chain.ts'
import type { Output } from './outputs.ts'

/** A terminal's line is written anew as often as this. */
const LIVE_INTERVAL_MS = 250
/** Elsewhere a line is added. */
const LOG_INTERVAL_MS = 1000

const CLEAR_LINE = '\r\u001b[K'

/** What the line tells of. */
export type ProgressCounts = Pick<PipelineCounts, 'events' | 'rejected' | 'bytesRead' | 'bytesParsed'>

export interface ProgressOptions {
  /** Where it is shown. */
  readonly stream: Writable & { readonly isTTY?: boolean }
  readonly counts: () => ProgressCounts
  /** Size of all inputs, if known: there is a percentage and a remaining time then. */
  readonly totalBytes: number | undefined
}

/**
 * Tells if the progress is shown. Without being asked for, where standard error is a terminal, and where the output does
 * not come to that terminal as well: neither by itself, nor through a pipe to a program that writes to it (`| jq`).
 *
 * @param asked by `--progress` or `--no-progress`; undefined: neither
 */
export function showsProgress(asked: boolean | undefined, output: Output): boolean {
  if (asked !== undefined) return asked
  const { stats } = output
  return isatty(2) && !stats.isFIFO() && !stats.isSocket() && !isTerminal(output)
}

function isTerminal({ stats, stream, isStandard }: Output): boolean {
  if (!stats.isCharacterDevice()) return false
  const { fd } = stream as Writable & { readonly fd?: number }
  return isStandard ? isatty(1) : fd !== undefined && isatty(fd)
}

/** A line that tells how far the processing is: on a terminal one that changes, elsewhere one a second. */
export class Progress {
  readonly #options: ProgressOptions
  readonly #live: boolean
  readonly #started = performance.now()
  #timer: NodeJS.Timeout | undefined
  #visible = false

  constructor(options: ProgressOptions) {
    this.#options = options
    this.#live = options.stream.isTTY === true
  }

  start(): void {
    this.#timer = setInterval(() => this.#show(), this.#live ? LIVE_INTERVAL_MS : LOG_INTERVAL_MS)
    this.#timer.unref()
  }

  /** Shows the last state; the line stays. */
  end(): void {
    clearInterval(this.#timer)
    this.#show()
    if (this.#live) this.#options.stream.write('\n')
    this.#visible = false
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

  clear(): void {
    if (this.#visible) this.#options.stream.write(CLEAR_LINE)
    this.#visible = false
  }

  #show(): void {
    const { stream, counts, totalBytes } = this.#options
    const line = progressLine(counts(), (performance.now() - this.#started) / 1000, totalBytes)
    stream.write(this.#live ? `${CLEAR_LINE}${line}` : `${line}\n`)
    this.#visible = this.#live
  }
}

/** `12,345 events  41,150/s  24.1 MB/s  3 rejected  45%  ETA 0:12` */
export function progressLine(
  counts: ProgressCounts,
  seconds: number,
  totalBytes: number | undefined,
): string {
  const perSecond = (count: number) => (seconds > 0 ? count / seconds : 0)
  const parts = [
    `${grouped(counts.events)} events`,
    `${grouped(Math.round(perSecond(counts.events)))}/s`,
    `${(perSecond(counts.bytesParsed) / 1e6).toFixed(1)} MB/s`,
    `${grouped(counts.rejected)} rejected`,
  ]
  if (totalBytes !== undefined && totalBytes > 0) {
    const share = Math.min(1, counts.bytesRead / totalBytes)
    parts.push(`${Math.floor(share * 100)}%`)
    if (share > 0 && share < 1) parts.push(`ETA ${duration((seconds / share) * (1 - share))}`)
  }
  return parts.join('  ')
}

function grouped(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ',')
}

function duration(seconds: number): string {
  const whole = Math.ceil(seconds)
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  const shown = parts[0] === 0 ? parts.slice(1) : parts
  return shown.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, '0'))).join(':')
}

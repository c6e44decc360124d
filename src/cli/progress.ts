import type { Writable } from 'node:stream'
import { isatty } from 'node:tty'
import type { PipelineCounts } from '../stages/chain.ts'
import type { Output } from './outputs.ts'

/** The counts that the line tells. */
type ProgressCounts = Pick<PipelineCounts, 'events' | 'rejected' | 'bytesRead' | 'bytesParsed'>

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

/** `12,345 events  41,150/s  24.1 MB/s  3 rejected  45%  ETA 0:12` */
export function progressText(
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

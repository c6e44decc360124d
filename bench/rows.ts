/** The answers of a bench: rows of a table, in the terminal and in RESULTS.md. */

/** The bounds that a figure has to keep. */
export interface Target {
  readonly atLeast?: number
  readonly atMost?: number
  /** A first step on the way to `atLeast`. */
  readonly first?: number
}

export type Verdict = 'met' | 'first met' | 'missed' | 'skipped' | ''

export interface Ratio {
  readonly median: number
  readonly least: number
  readonly greatest: number
  readonly target: number | undefined
}

export interface Row {
  readonly what: string
  /** The median, with its unit. */
  readonly value: string
  /** The median by processor time (user and system) in the place of wall time; '' where it was not taken. */
  readonly processor: string
  /** Least and greatest reading. */
  readonly spread: string
  readonly target: string
  readonly verdict: Verdict
  /** For the plot: a ratio of throughputs, more is better. */
  readonly ratio?: Ratio
}

/** Settings of the benches; each reads those that concern it. */
export interface BenchOptions {
  /** Small sizes and few runs: to see that a bench works, not to believe its figures. */
  readonly quick?: boolean
  /** Events in the input (indicators or requests where a bench says so). Default: the bench's own. */
  readonly events?: number
  /** Runs of each side. Default: the bench's own. */
  readonly rounds?: number
  /** Size of the input of the memory bench, whose first scenario gets more. Default: 1, quick 0.1. */
  readonly gigabytes?: number
  /** A Zeek DNS log as JSON lines, also gzipped, for the bench of `normalize`. Default: SLUICE_BENCH_ZEEK. */
  readonly zeek?: string
}

/**
 * A row of several readings of one figure.
 *
 * @param unit `x` (a ratio of throughputs), `times` (another ratio), `/s`, `ev/s`, `MB/s`, `s`, `ms`, `us`, `ns`, `MB`
 * @param processor the same by processor time. Where there is any it is held against the target, and is what the spread
 *   and the plot tell: other programs on the machine take less part in it
 */
export function measured(
  what: string,
  unit: string,
  readings: readonly number[],
  target: Target = {},
  processor: readonly number[] = [],
): Row {
  const judged = processor.length > 0 ? processor : readings
  const value = median(judged)
  const least = Math.min(...judged)
  const greatest = Math.max(...judged)
  return {
    what,
    value: format(median(readings), unit),
    processor: processor.length > 0 ? format(value, unit) : '',
    spread: judged.length > 1 ? `${format(least, unit)} to ${format(greatest, unit)}` : '',
    target: targetText(target, unit),
    verdict: judge(value, target),
    ...(unit === 'x' && target.atMost === undefined
      ? { ratio: { median: value, least, greatest, target: target.atLeast } }
      : {}),
  }
}

/** A row for what cannot be measured here. */
export function skipped(what: string, why: string, target: Target = {}): Row {
  return { what, value: why, processor: '', spread: '', target: targetText(target, 'x'), verdict: 'skipped' }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** A table that reads well as it is, and as Markdown. */
export function table(rows: readonly Row[]): string {
  const cells = [
    ['what', 'value', 'by processor time', 'spread', 'target', 'verdict'],
    ...rows.map(({ what, value, processor, spread, target, verdict }) => [
      ...[what, value, processor, spread, target, verdict],
    ]),
  ].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')))
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)))
  const lines = cells.map(
    (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`,
  )
  lines.splice(1, 0, `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`)
  return `${lines.join('\n')}\n`
}

/** @returns the rows of a table in Markdown, as {@link table} writes them */
export function readTable(markdown: string): Row[] {
  return markdown
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| what '))
    .map((line) => {
      const [what, value, processor, spread, target, verdict] = line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim().replaceAll('\\|', '|')) as [
        string,
        string,
        string,
        string,
        string,
        Verdict,
      ]
      const row = { what, value, processor, spread, target, verdict }
      const judged = processor === '' ? value : processor
      if (!/^[\d.]+x$/.test(judged) || target.startsWith('<=')) return row
      const [least = judged, greatest = judged] = spread === '' ? [] : spread.split(' to ')
      const wanted = target === '' ? undefined : Number.parseFloat(target.replace(/^.*>= /, ''))
      const [median, low, high] = [judged, least, greatest].map(Number.parseFloat) as [number, number, number]
      return { ...row, ratio: { median, least: low, greatest: high, target: wanted } }
    })
}

function judge(value: number, { atLeast, atMost, first }: Target): Verdict {
  if (atMost !== undefined) return value <= atMost ? 'met' : 'missed'
  if (atLeast === undefined) return ''
  if (value >= atLeast) return 'met'
  return first !== undefined && value >= first ? 'first met' : 'missed'
}

function targetText({ atLeast, atMost, first }: Target, unit: string): string {
  if (atMost !== undefined) return `<= ${short(atMost, unit)}`
  if (atLeast === undefined) return ''
  const then = `>= ${short(atLeast, unit)}`
  return first === undefined ? then : `>= ${short(first, unit)}, then ${then}`
}

/** As {@link format}, without zeros that say nothing. */
function short(value: number, unit: string): string {
  return format(value, unit)
    .replace(/(\.\d*?)0+(?=\D|$)/, '$1')
    .replace(/\.(?=\D|$)/, '')
}

function format(value: number, unit: string): string {
  if (unit === 'x') return `${value.toFixed(value < 20 ? 2 : 0)}x`
  if (unit === 'MB/s' || unit === 'MB' || unit === 'ms') return `${value.toFixed(value < 10 ? 1 : 0)} ${unit}`
  if (unit === 'times' || unit === 's' || unit === 'us') return `${value.toFixed(2)} ${unit}`
  if (!unit.endsWith('/s')) return `${value.toFixed(0)} ${unit}`
  const [divisor, prefix] = value >= 1e6 ? [1e6, 'M'] : value >= 1e3 ? [1e3, 'k'] : [1, '']
  const scaled = value / divisor
  return `${scaled.toFixed(scaled < 10 ? 2 : scaled < 100 ? 1 : 0)}${prefix}${unit === '/s' ? '' : ' '}${unit}`
}

/** Pictures of tables: ratios, as bars from 1x, to the right where ours is faster; and the time of one event. */
import type { Ratio, Row, Verdict } from './rows.ts'

const WIDTH = 1000
const LABELS = 500
const FIGURES = 70
const BAR = 14
const PITCH = 24
const TOP = 52
const BOTTOM = 30

const COLORS: Readonly<Record<Verdict, string>> = {
  met: '#2a8a5c',
  'first met': '#c9a227',
  missed: '#c4572b',
  skipped: '#888888',
  '': '#4a78b0',
}

/** @returns an SVG image of the ratios that have a target; undefined when there is none */
export function plotRatios(rows: readonly Row[], subtitle: string): string | undefined {
  const bars = rows.filter((row): row is Row & { ratio: Ratio } => row.ratio?.target !== undefined)
  if (bars.length === 0) return undefined
  const values = bars.flatMap(({ ratio: { least, greatest, target = 1 } }) => [least, greatest, target])
  const ticks = decades(Math.min(1, ...values), Math.max(1, ...values))
  const x = scale(ticks[0]!, ticks.at(-1)!)
  const height = TOP + bars.length * PITCH + BOTTOM
  const bottom = height - BOTTOM
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}"`,
    '  font-family="system-ui, sans-serif" font-size="12" fill="#222">',
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    text(12, 22, 'Throughput against others, times theirs', 'font-size="15" font-weight="600"'),
    text(12, 40, `${subtitle}; thin line: spread, black mark: target`, 'fill="#666"'),
    ...ticks.flatMap((tick) => [
      line(x(tick), TOP, x(tick), bottom, tick === 1 ? '#555' : '#ddd'),
      text(x(tick), bottom + 16, `${tick}x`, 'text-anchor="middle" fill="#666"'),
    ]),
    ...bars.flatMap((row, index) => bar(row, TOP + index * PITCH, x)),
    '</svg>\n',
  ].join('\n')
}

/** The kinds of events whose times are shown beside one another. */
const KINDS = [
  { kind: 'nested events', color: '#2a6fb0' },
  { kind: 'flat events', color: '#8fb8de' },
] as const
/** Height of a bar of times; those of one program touch. */
const THIN = 11

/**
 * @returns an SVG image of the processor time that one event costs, by program, the least first; undefined when no row tells
 *   such a time. Its scale is that of logarithms.
 */
export function plotTimes(rows: readonly Row[], subtitle: string): string | undefined {
  const programs = new Map<string, (number | undefined)[]>()
  for (const { what, processor } of rows) {
    const [, name, kind] = /^(.*), ([^,]*): time of one$/.exec(what) ?? []
    const index = KINDS.findIndex((each) => each.kind === kind)
    if (name === undefined || index === -1 || processor === '') continue
    const times = programs.get(name) ?? KINDS.map(() => undefined)
    times[index] = Number.parseFloat(processor)
    programs.set(name, times)
  }
  if (programs.size === 0) return undefined
  const shown = [...programs].sort(([, one], [, other]) => (one[0] ?? one[1]!) - (other[0] ?? other[1]!))
  const all = shown.flatMap(([, times]) => times.filter((time) => time !== undefined))
  const ticks = decades(Math.min(...all) / 2, Math.max(...all))
  const x = scale(ticks[0]!, ticks.at(-1)!)
  const pitch = KINDS.length * THIN + 10
  const height = TOP + shown.length * pitch + BOTTOM
  const bottom = height - BOTTOM
  const key = KINDS.map(({ kind }, index) => `${index === 0 ? 'dark' : 'light'}: ${kind}`).join(', ')
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}"`,
    '  font-family="system-ui, sans-serif" font-size="12" fill="#222">',
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    text(
      12,
      22,
      'Processor time of one event, in microseconds: less is better',
      'font-size="15" font-weight="600"',
    ),
    text(
      12,
      40,
      `${subtitle}; ${key}; whole processes, one thread, start included; logarithmic scale`,
      'fill="#666"',
    ),
    ...ticks.flatMap((tick) => [
      line(x(tick), TOP, x(tick), bottom, '#ddd'),
      text(x(tick), bottom + 16, `${tick} µs`, 'text-anchor="middle" fill="#666"'),
    ]),
    ...shown.flatMap(([name, times], index) => timeBars(name, times, TOP + index * pitch + 5, x)),
    '</svg>\n',
  ].join('\n')
}

function timeBars(name: string, times: readonly (number | undefined)[], top: number, x: Scale): string[] {
  const weight = name.startsWith('normalize') ? ' font-weight="600"' : ''
  return [
    text(LABELS - 10, top + THIN + 4, name, `text-anchor="end"${weight}`),
    ...times.flatMap((time, index) => {
      if (time === undefined) return []
      const y = top + index * THIN
      const width = (x(time) - LABELS).toFixed(1)
      return [
        `<rect x="${LABELS}" y="${y}" width="${width}" height="${THIN - 1}" fill="${KINDS[index]!.color}"/>`,
        text(x(time) + 5, y + THIN - 2, `${time}`, 'font-size="10"'),
      ]
    }),
  ]
}

function bar(
  { what, value, processor, verdict, ratio }: Row & { ratio: Ratio },
  top: number,
  x: Scale,
): string[] {
  const { median, least, greatest, target } = ratio
  const y = top + (PITCH - BAR) / 2
  const middle = y + BAR / 2
  const [left, right] = [x(Math.min(1, median)), x(Math.max(1, median))]
  const fill = COLORS[verdict]
  const mark = target === undefined ? [] : [line(x(target), y - 3, x(target), y + BAR + 3, '#000', 2)]
  return [
    text(LABELS - 10, middle + 4, what.length > 78 ? `${what.slice(0, 77)}…` : what, 'text-anchor="end"'),
    `<rect x="${left.toFixed(1)}" y="${y}" width="${(right - left).toFixed(1)}" height="${BAR}" fill="${fill}"/>`,
    line(x(least), middle, x(greatest), middle, '#222'),
    ...mark,
    text(WIDTH - 10, middle + 4, processor === '' ? value : processor, 'text-anchor="end" font-weight="600"'),
  ]
}

type Scale = (value: number) => number

function scale(least: number, greatest: number): Scale {
  const width = WIDTH - LABELS - FIGURES
  const span = Math.log(greatest / least)
  return (value) => LABELS + (width * Math.log(value / least)) / span
}

/** 1, 2, 5, 10 and so on (and below 1 the same), from below the least to above the greatest value. */
function decades(least: number, greatest: number): number[] {
  const all: number[] = []
  for (let exponent = -4; exponent < 8; exponent++) {
    for (const step of [1, 2, 5]) all.push(Number(`${step}e${exponent}`))
  }
  const first = all.findLastIndex((tick) => tick <= least)
  const last = all.findIndex((tick) => tick >= greatest && tick > 1)
  const ticks = all.slice(Math.max(0, first), last + 1)
  // Many decades: their beginnings are enough.
  return ticks.length <= 10
    ? ticks
    : ticks.filter(
        (tick, index) => /^1e|^0\.0*1$|^10*$/.test(`${tick}`) || index === 0 || index === ticks.length - 1,
      )
}

function text(x: number, y: number, content: string, attributes = ''): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${escaped}</text>`
}

function line(x1: number, y1: number, x2: number, y2: number, color: string, width = 1): string {
  const [left, top, right, bottom] = [x1, y1, x2, y2].map((value) => value.toFixed(1))
  return `<line x1="${left}" y1="${top}" x2="${right}" y2="${bottom}" stroke="${color}" stroke-width="${width}"/>`
}

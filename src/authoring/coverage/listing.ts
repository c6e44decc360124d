/** Coverage for people: rule files with counts, and a summary. */
import { Lines } from '../../expression/syntax/lines.ts'
import type { Coverage, FileCoverage, Point, TableUse } from './coverage.ts'
import { percentOf } from './coverage.ts'

/** Keys of a table that are named where they were not looked up. */
const MAX_KEYS = 8

/** Characters of a line that are shown. */
const MAX_LINE = 160

/**
 * A rule file with the number of events that came to each of its lines; below a line, what was not reached:
 *
 *     x.yaml  87.5%
 *         12 |  3 | user.name: cond(exists(user), lower(user), 'nobody')
 *            |    |                                            ^^^^^^^^ never taken: otherwise
 */
export function listingOf({ file, text, points }: FileCoverage): string {
  const lines = new Lines(text)
  const counts = new Map<number, number>()
  const notes = new Map<number, Note[]>()
  for (const point of points) {
    const { kind, place, count } = point
    if (kind === 'section' || kind === 'statement') {
      counts.set(place.line, Math.max(counts.get(place.line) ?? 0, count))
    }
  }
  for (const note of notesOf(points)) {
    const own = notes.get(note.line)
    if (own === undefined) notes.set(note.line, [note])
    else own.push(note)
  }
  const last = lines.line(lines.count) === '' ? lines.count - 1 : lines.count
  const countWidth = Math.max(5, ...[...counts.values()].map((count) => String(count).length))
  const numberWidth = String(last).length
  const row = (count: string, number: string, content: string) =>
    `${count.padStart(countWidth)} | ${number.padStart(numberWidth)} | ${content}`.trimEnd()
  const rows = [`${file}  ${percentOf(points).toFixed(1)}%`]
  for (let number = 1; number <= last; number++) {
    const content = lines.line(number).replaceAll('\t', ' ')
    const count = counts.get(number)
    rows.push(row(count === undefined ? '' : String(count), String(number), cut(content)))
    for (const { column, length, text: note } of notes.get(number) ?? []) {
      const marks =
        column > MAX_LINE ? '' : `${' '.repeat(column - 1)}${'^'.repeat(Math.max(1, Math.min(length, 40)))} `
      rows.push(row('', '', `${marks}${note}`))
    }
  }
  return `${rows.join('\n')}\n`
}

/** A line for each file, and one for each table of lookup files. */
export function coverageSummary(coverage: Coverage): string {
  const { files, tables } = coverage
  const rows = files.map(({ file, points }) => row(file, points))
  const all = files.flatMap(({ points }) => points)
  if (files.length !== 1) rows.push(row('all files', all))
  const width = Math.max(...rows.map(([name]) => name.length))
  const lines = rows.map(
    ([name, percent, count]) => `${name.padEnd(width)}  ${percent.padStart(6)}  ${count}`,
  )
  return `coverage\n${lines.map((line) => `  ${line}\n`).join('')}${tableLines(tables)}`
}

/** The coverage for tools. */
export function coverageJson({ files, tables }: Coverage): unknown {
  const all = files.flatMap(({ points }) => points)
  return {
    ...countsOf(all),
    files: files.map(({ file, points }) => ({
      file,
      ...countsOf(points),
      missed: points
        .filter(({ count }) => count === 0)
        .map(({ kind, label, owner, place: { line, column } }) => ({ kind, owner, label, line, column })),
    })),
    tables,
  }
}

interface Note {
  readonly line: number
  readonly column: number
  readonly length: number
  readonly text: string
}

/** The parts that were not reached. Of a section that was never evaluated nothing inside is told, of a table all keys together. */
function notesOf(points: readonly Point[]): Note[] {
  const unreached = new Set(
    points.filter(({ kind, count }) => kind === 'section' && count === 0).map(ownerKey),
  )
  const notes: Note[] = []
  const tables = new Map<string, Point[]>()
  for (const point of points) {
    const { kind, count, label, place } = point
    if (kind === 'entry') {
      const key = `${place.line} ${point.owner}`
      const own = tables.get(key)
      if (own === undefined) tables.set(key, [point])
      else own.push(point)
    } else if (count === 0 && (kind === 'section' || !unreached.has(ownerKey(point)))) {
      notes.push(noteAt(point, label))
    }
  }
  for (const entries of tables.values()) {
    const missed = entries.filter(({ count }) => count === 0)
    if (missed.length > 0) notes.push(noteAt(missed[0]!, keysText(missed, entries.length)))
  }
  return notes
}

function ownerKey({ owner, place: { file } }: Point): string {
  return `${file} ${owner}`
}

function noteAt({ place }: Point, text: string): Note {
  const { line, column, endLine, endColumn } = place
  return { line, column, length: endLine === line ? endColumn - column : 1, text }
}

function keysText(missed: readonly Point[], size: number): string {
  const keys = missed.slice(0, MAX_KEYS).map(({ label }) => label)
  const more = missed.length - keys.length
  return `${size - missed.length} of ${size} keys looked up, never ${keys.join(', ')}${more === 0 ? '' : ` and ${more} more`}`
}

function row(name: string, points: readonly Point[]): [name: string, percent: string, count: string] {
  const { reached, points: size } = countsOf(points)
  return [name, `${percentOf(points).toFixed(1)}%`, `${reached} of ${size}`]
}

function countsOf(points: readonly Point[]): { percent: number; reached: number; points: number } {
  return {
    percent: percentOf(points),
    reached: points.filter(({ count }) => count > 0).length,
    points: points.length,
  }
}

function tableLines(tables: readonly TableUse[]): string {
  const used = tables.filter(({ lookedUp }) => lookedUp > 0)
  return used
    .map(
      ({ file, name, lookedUp, entries }) => `  ${file}: ${name}: ${lookedUp} of ${entries} keys looked up\n`,
    )
    .join('')
}

function cut(text: string): string {
  return text.length > MAX_LINE ? `${text.slice(0, MAX_LINE)}...` : text
}

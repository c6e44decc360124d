import type { FileCoverage, Point } from './coverage.ts'

/**
 * Coverage in the format of lcov, which editors and servers read: a rule is a function, its fates and branches and the entries of
 * tables are branches.
 */
export function lcovOf(files: readonly FileCoverage[]): string {
  return files.map(fileRecord).join('')
}

function fileRecord({ file, points }: FileCoverage): string {
  const sections = points.filter(({ kind }) => kind === 'section')
  const branches = points.filter(({ kind }) => kind === 'fate' || kind === 'branch' || kind === 'entry')
  const lines = new Map<number, number>()
  for (const { kind, place, count } of points) {
    if (kind === 'section' || kind === 'statement')
      lines.set(place.line, Math.max(lines.get(place.line) ?? 0, count))
  }
  const reachedOwners = new Set(sections.filter(({ count }) => count > 0).map(({ owner }) => owner))
  const numbers = new Map<number, number>()
  const branchLine = (point: Point): string => {
    const { line } = point.place
    const number = numbers.get(line) ?? 0
    numbers.set(line, number + 1)
    const isReached = point.kind === 'entry' || reachedOwners.has(point.owner)
    return `BRDA:${line},0,${number},${isReached ? point.count : '-'}`
  }
  const reached = (list: readonly { readonly count: number }[]) =>
    list.filter(({ count }) => count > 0).length
  const sorted = [...lines].sort(([one], [other]) => one - other)
  const name = (owner: string) => owner.replace(/[\r\n]/g, ' ')
  return `${[
    'TN:',
    `SF:${file}`,
    ...sections.map(({ place, owner }) => `FN:${place.line},${name(owner)}`),
    ...sections.map(({ count, owner }) => `FNDA:${count},${name(owner)}`),
    `FNF:${sections.length}`,
    `FNH:${reached(sections)}`,
    ...branches.map(branchLine),
    `BRF:${branches.length}`,
    `BRH:${reached(branches)}`,
    ...sorted.map(([line, count]) => `DA:${line},${count}`),
    `LF:${sorted.length}`,
    `LH:${sorted.filter(([, count]) => count > 0).length}`,
    'end_of_record',
  ].join('\n')}\n`
}

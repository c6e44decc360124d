/** Edits that still look like a slip of the fingers. */
const MAX_EDITS = 2
const MAX_NAMES = 3
/** A longer name is no typing error of another one. */
const LONGEST_NAME = 100

/**
 * The names that the writer of `name` may have meant, at most three, the closest first: another spelling (upper and
 * lower case, separators), the end of a longer path, or up to two letters inserted, left out or changed.
 */
export function closeNames(name: string, candidates: Iterable<string>): string[] {
  const close: { candidate: string; edits: number }[] = []
  for (const candidate of candidates) {
    const edits = distance(name, candidate)
    if (edits <= MAX_EDITS) close.push({ candidate, edits })
  }
  return close
    .sort((a, b) => a.edits - b.edits)
    .slice(0, MAX_NAMES)
    .map(({ candidate }) => candidate)
}

function distance(name: string, candidate: string): number {
  const wanted = lettersOf(name)
  const found = lettersOf(candidate)
  if (wanted === found) return 0
  if (found.endsWith(`/${wanted}`) || wanted.endsWith(`/${found}`)) return 1
  if (wanted.length > LONGEST_NAME || found.length > LONGEST_NAME) return Number.POSITIVE_INFINITY
  // One letter of two is no slip.
  const edits = editDistance(wanted, found)
  return edits < Math.min(wanted.length, found.length) ? edits : Number.POSITIVE_INFINITY
}

/** The name in lower case, its separators alike. */
function lettersOf(name: string): string {
  return name.toLowerCase().replace(/[\s._/-]+/g, '/')
}

/** The Levenshtein distance, a row of its table at a time. */
function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1
      row.push(Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + change))
    }
    above = row
  }
  return above[b.length]!
}

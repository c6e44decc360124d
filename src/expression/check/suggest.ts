/** A name this long is no typing error of another one, and comparing it would only cost time. */
const MAX_NAME_LENGTH = 100

/** Edits that still look like a slip of the fingers. */
const MAX_DISTANCE = 2

/**
 * The candidate that the writer of `name` most likely meant: the one with the smallest Damerau-Levenshtein distance
 * (insertions, deletions, substitutions, transpositions of neighbours), which is at most 2 and less than the length
 * of the name. Another spelling in upper and lower case counts as the nearest. Of equally near ones the first wins.
 */
export function suggest(name: string, candidates: Iterable<string>): string | undefined {
  const wanted = [...name]
  if (wanted.length > MAX_NAME_LENGTH) return undefined
  let nearest: string | undefined
  let smallest = Math.min(MAX_DISTANCE + 1, wanted.length)
  for (const candidate of candidates) {
    if (candidate === name) continue
    if (candidate.toLowerCase() === name.toLowerCase()) return candidate
    const letters = [...candidate]
    if (Math.abs(letters.length - wanted.length) >= smallest) continue
    const distance = editDistance(wanted, letters)
    if (distance < smallest) {
      smallest = distance
      nearest = candidate
    }
  }
  return nearest
}

/**
 * The unrestricted Damerau-Levenshtein distance (Lowrance and Wagner, 1975): letters that were swapped may have
 * been edited between, so 'ca' and 'abc' are 2 apart.
 */
function editDistance(a: readonly string[], b: readonly string[]): number {
  const width = b.length + 2
  const far = a.length + b.length
  // cost[(i + 1) * width + j + 1] is the distance of a's first i and b's first j letters, with a border of `far`.
  const cost = new Uint16Array((a.length + 2) * width)
  cost[0] = far
  for (let i = 0; i <= a.length; i++) {
    cost[(i + 1) * width] = far
    cost[(i + 1) * width + 1] = i
  }
  for (let j = 0; j <= b.length; j++) {
    cost[j + 1] = far
    cost[width + j + 1] = j
  }
  const lastRowOf = new Map<string, number>()
  for (let i = 1; i <= a.length; i++) {
    let lastMatch = 0
    for (let j = 1; j <= b.length; j++) {
      const row = lastRowOf.get(b[j - 1]!) ?? 0
      const column = lastMatch
      const same = a[i - 1] === b[j - 1]
      if (same) lastMatch = j
      cost[(i + 1) * width + j + 1] = Math.min(
        cost[i * width + j]! + (same ? 0 : 1),
        cost[(i + 1) * width + j]! + 1,
        cost[i * width + j + 1]! + 1,
        cost[row * width + column]! + (i - row - 1) + 1 + (j - column - 1),
      )
    }
    lastRowOf.set(a[i - 1]!, i)
  }
  return cost[(a.length + 1) * width + b.length + 1]!
}

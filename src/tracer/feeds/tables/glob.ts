/**
 * Does the whole text match the pattern, in which `*` stands for any text, also none? Each piece between two stars is
 * taken at its first place behind the piece before, which is never wrong; so the text is walked through once.
 */
export function globMatches(pattern: string, text: string): boolean {
  let star = pattern.indexOf('*')
  if (star < 0) return pattern === text
  if (!text.startsWith(pattern.slice(0, star))) return false
  let at = star
  for (;;) {
    const piece = star + 1
    star = pattern.indexOf('*', piece)
    if (star < 0) return text.length - at >= pattern.length - piece && text.endsWith(pattern.slice(piece))
    const found = text.indexOf(pattern.slice(piece, star), at)
    if (found < 0) return false
    at = found + star - piece
  }
}

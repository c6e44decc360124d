/** An event may nest this deep. JSON.parse has no limit, but takes 100 bytes of memory for every level. */
export const MAX_NESTING = 10_000

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
/** Turns a bracket into the brace of its side, and no other character into one. */
const BRACKET_BIT = 0x20

/** True for JSON that nests deeper than MAX_NESTING: asked before it is parsed. */
export function nestsTooDeep(text: string): boolean {
  // Each level takes two characters; few events are so long that they have to be looked at.
  return text.length > 2 * MAX_NESTING && countLevels(text) > MAX_NESTING
}

function countLevels(text: string): number {
  let depth = 0
  let deepest = 0
  let inString = false
  for (let position = 0; position < text.length; position++) {
    const code = text.charCodeAt(position)
    if (code === QUOTE) inString = !inString
    else if (inString) position += code === BACKSLASH ? 1 : 0
    else if ((code | BRACKET_BIT) === OPEN_BRACE) deepest = Math.max(deepest, ++depth)
    else if ((code | BRACKET_BIT) === CLOSE_BRACE) depth--
  }
  return deepest
}

/**
 * A copy of a text for something that lives long. The engine may keep a piece of a text as a reference into the whole,
 * and a cache would keep whole chunks of input alive for a few characters each.
 */
export function detached(text: string): string {
  // Joining makes a new text, and taking a piece of that refers to the new one.
  return ` ${text}`.slice(1)
}

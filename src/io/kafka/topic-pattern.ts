/** A pattern of topics, in which `*` stands for any characters. A match costs no more than one search for each part between stars. */
export class TopicPattern {
  readonly #parts: readonly string[]

  /** @throws {TypeError} for a pattern that no topic matches */
  constructor(text: string) {
    if (!/^[A-Za-z0-9._*-]{1,249}$/.test(text)) {
      throw new TypeError(
        `${JSON.stringify(text)} is no pattern of topics: letters, digits, '.', '_', '-' and '*', 249 at most`,
      )
    }
    this.#parts = text.split('*')
  }

  matches(name: string): boolean {
    const parts = this.#parts
    const first = parts[0]!
    const last = parts.at(-1)!
    if (parts.length === 1) return name === first
    if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last)) {
      return false
    }
    const end = name.length - last.length
    let at = first.length
    for (const part of parts.slice(1, -1)) {
      const found = name.indexOf(part, at)
      if (found === -1 || found + part.length > end) return false
      at = found + part.length
    }
    return true
  }
}

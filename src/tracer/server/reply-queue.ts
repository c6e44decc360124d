/** A part of the replies that is not known yet. */
export interface PendingPart {
  text: string | undefined
}

/**
 * The replies of one connection in the order of its requests, although some of their parts come late.
 *
 *     ready: "LookupFinished\n..."     parts: [ pending ][ "LookupFinished\nCategory=..." ][ pending ][ "Look..." ]
 *     `-- can be written now                  `-- holds back all that follows
 *
 * It holds as much as is put in: whoever uses it stops at a bound of `waiting` and of `heldLength`.
 */
export class ReplyQueue {
  #ready = ''
  #parts: PendingPart[] = []
  #waiting = 0
  #heldLength = 0

  /** Parts that are not known yet. */
  get waiting(): number {
    return this.#waiting
  }

  /** Characters that can be written now. */
  get readyLength(): number {
    return this.#ready.length
  }

  /** Characters that wait for a part before them. */
  get heldLength(): number {
    return this.#heldLength
  }

  /** Adds text behind all that is there. */
  append(text: string): void {
    if (this.#waiting === 0) {
      this.#ready += text
      return
    }
    this.#heldLength += text.length
    const last = this.#parts[this.#parts.length - 1]!
    if (last.text === undefined) this.#parts.push({ text })
    else last.text += text
  }

  /** Keeps a place behind all that is there for text that comes later. */
  reserve(): PendingPart {
    const part: PendingPart = { text: undefined }
    this.#parts.push(part)
    this.#waiting += 1
    return part
  }

  /** Gives a reserved place its text, once. */
  fill(part: PendingPart, text: string): void {
    part.text = text
    this.#waiting -= 1
    this.#heldLength += text.length
    let known = 0
    while (known < this.#parts.length && this.#parts[known]!.text !== undefined) {
      this.#ready += this.#parts[known]!.text
      this.#heldLength -= this.#parts[known]!.text!.length
      known += 1
    }
    if (known > 0) this.#parts.splice(0, known)
  }

  /** Takes all that can be written now. */
  take(): string {
    const text = this.#ready
    this.#ready = ''
    return text
  }
}

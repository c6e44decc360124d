import { PatternError } from './pattern-error.ts'

const DIGIT_TEXT = /^[0-9]$/
const OCTAL_TEXT = /^[0-7]$/
const HEX_TEXT = /^[0-9a-fA-F]$/

export function isDigit(token: string | undefined): boolean {
  return token !== undefined && DIGIT_TEXT.test(token)
}

export function isOctal(token: string | undefined): boolean {
  return token !== undefined && OCTAL_TEXT.test(token)
}

export function isHex(token: string | undefined): boolean {
  return token !== undefined && HEX_TEXT.test(token)
}

/**
 * The pattern as CPython's tokenizer cuts it: a character, or a backslash with the character after it.
 *
 *   a  \d  +  \\        next is the token at `position`, undefined at the end
 *      ^next
 */
export class Tokens {
  readonly text: string
  next: string | undefined
  #end = 0

  constructor(text: string) {
    this.text = text
    this.next = this.#read()
  }

  /** Offset of `next`. */
  get position(): number {
    return this.#end - (this.next?.length ?? 0)
  }

  get(): string | undefined {
    const token = this.next
    this.next = this.#read()
    return token
  }

  accept(token: string): boolean {
    if (this.next !== token) return false
    this.next = this.#read()
    return true
  }

  /** Up to `count` tokens of that sort, joined. */
  getWhile(count: number, accepts: (token: string | undefined) => boolean): string {
    let text = ''
    for (let taken = 0; taken < count && accepts(this.next); taken++) text += this.get()
    return text
  }

  /** Reads the text before `terminator`, which is consumed. */
  getUntil(terminator: string, name: string): string {
    let text = ''
    for (;;) {
      const token = this.get()
      if (token === undefined) {
        if (text === '') throw this.error(`missing ${name}`)
        throw this.error(`missing ${terminator}, unterminated name`, text.length)
      }
      if (token === terminator) {
        if (text === '') throw this.error(`missing ${name}`, 1)
        return text
      }
      text += token
    }
  }

  seek(position: number): void {
    this.#end = position
    this.next = this.#read()
  }

  /** @param back how far before `position` the fault is */
  error(message: string, back = 0, hint?: string): PatternError {
    return new PatternError(message, this.position - back, hint)
  }

  #read(): string | undefined {
    const start = this.#end
    const first = characterAt(this.text, start)
    if (first === undefined) return undefined
    let token = first
    if (first === '\\') {
      const second = characterAt(this.text, start + 1)
      if (second === undefined) throw new PatternError('bad escape (end of pattern)', start)
      token += second
    }
    this.#end = start + token.length
    return token
  }
}

function characterAt(text: string, index: number): string | undefined {
  const codePoint = text.codePointAt(index)
  return codePoint === undefined ? undefined : String.fromCodePoint(codePoint)
}

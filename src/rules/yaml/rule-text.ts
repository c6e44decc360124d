import type { SourceText } from '../../expression/diagnostic.ts'
import type { ScalarSource } from './scalar-source.ts'
import { isPlain, type Range, type ScalarNode } from './tree.ts'
import type { YamlDocument } from './yaml.ts'

/** A line `required: false` inside a text, where it is text to YAML. */
interface RequiredLine {
  /** Offsets into the text: the word `required`, and the end of the line. */
  readonly start: number
  readonly end: number
  /** The text behind the colon. */
  readonly value: string
  /** Nothing but blanks and comments follows. */
  readonly isLast: boolean
}

const REQUIRED_LINE = /^[ \t]*(required)[ \t]*:(?!:)[ \t]*([^\s#]*)[ \t]*(?:#.*)?$/gm
const REQUIRED_AT_END = /\s(required)[ \t]*:(?!:)[ \t]*([^\s#]*)[ \t]*(?:#.*)?\s*$/

/** Strings that are closed, and comments. */
const CLOSED = /'''[\s\S]*?'''|"""[\s\S]*?"""|'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"|#.*/g

/** Reads the texts of a rule file's scalars: what YAML made of them is not always what was meant. */
export class RuleText {
  readonly #document: YamlDocument
  readonly #node: ScalarNode
  readonly #key: Range
  /** The output field. */
  readonly #field: string
  #source: ScalarSource

  /** @param key what has the text as its value */
  constructor(document: YamlDocument, node: ScalarNode, key: Range, field: string) {
    this.#document = document
    this.#key = key
    this.#node = node
    this.#field = field
    this.#source = document.sourceOf(node)
  }

  /**
   * A rule's short form: the expression, and `required: false` on its last line.
   *
   * @returns `required` if the text says it, and the expression if there is one
   */
  shortForm(): { required: boolean | undefined; source: SourceText | undefined } {
    let required: boolean | undefined
    for (const line of this.#requiredLines()) {
      const range = this.#range(line.start, line.end)
      if (!line.isLast) {
        this.#report(range, "only the last line of the text may be 'required: false'", 'move it to the end')
      } else if (/^(?:true|false)$/i.test(line.value)) {
        required = line.value.toLowerCase() === 'true'
      } else {
        this.#report(range, "'required' is true or false", `write 'required: false', or remove the line`)
      }
      this.#blankOut(line)
    }
    if (isPlain(this.#node) && /^(?:field|required):[^:\s]/.test(this.#source.text)) {
      const key = /^\w+:/.exec(this.#source.text)![0]
      this.#report(
        this.#range(0, key.length),
        `'${key}' is not followed by a blank`,
        'YAML wants a blank after the colon',
      )
      return { required, source: undefined }
    }
    return { required, source: this.expression() }
  }

  /** The text of a key `field`, which has a key `required` beside it. */
  field(): SourceText | undefined {
    for (const line of this.#requiredLines()) {
      this.#report(
        this.#range(line.start, line.end),
        `'required: ${line.value}' is a part of the expression's text here`,
        "let it begin in the column of 'field'",
      )
      this.#blankOut(line)
    }
    return this.expression()
  }

  /** A text that is an expression and nothing else. */
  expression(): SourceText | undefined {
    const { text } = this.#source
    if (text.trim() === '') {
      this.#report(this.#key, 'the expression is empty', `an empty text is written '' after |, or "''"`)
      return undefined
    }
    return this.#isCutByComment() ? undefined : this.#source
  }

  /** `field: split(s, ' #')` is `split(s, '` to YAML, and the rest a comment. */
  #isCutByComment(): boolean {
    if (!isPlain(this.#node) || !endsOpen(this.#source.text)) return false
    const { text, lines } = this.#document
    const { line } = lines.placeAt(this.#node.end)
    const after = text.slice(this.#node.end, lines.endOf(line))
    const hash = /^\s+#/.exec(after)
    if (hash === null) return false
    const start = this.#node.end + hash[0].length - 1
    this.#report(
      { start, end: lines.endOf(line) },
      "YAML ends the expression at ' #', which begins a comment",
      'write the expression on a new line after |',
    )
    return true
  }

  *#requiredLines(): Generator<RequiredLine> {
    const { text } = this.#source
    if (!text.includes('required')) return
    let last = -1
    for (const match of text.matchAll(REQUIRED_LINE)) {
      const start = match.index + match[0].indexOf('required')
      const end = match.index + match[0].length
      // In brackets it is a pair of a dict.
      if (endsOpen(text.slice(0, start))) continue
      last = start
      yield { start, end, value: match[2]!, isLast: isOnlyComments(text.slice(end)) }
    }
    // After > or in quotes the line breaks are folded away: what is a line in the file counts as one.
    const folded = REQUIRED_AT_END.exec(text)
    if (folded === null) return
    const start = folded.index + folded[0].indexOf('required')
    if (start === last || endsOpen(text.slice(0, start))) return
    const raw = this.#source.rawOffset(start)
    const lineStart = this.#document.lines.startOf(this.#document.lines.placeAt(raw).line)
    if (this.#document.text.slice(lineStart, raw).trim() !== '') return
    yield { start, end: text.trimEnd().length, value: folded[2]!, isLast: true }
  }

  /** Takes a line out of the text; all other characters keep their offsets. */
  #blankOut(line: RequiredLine): void {
    const { text } = this.#source
    const rest = line.isLast ? '' : ' '.repeat(line.end - line.start) + text.slice(line.end)
    this.#source = this.#document.sourceOf(this.#node, text.slice(0, line.start).concat(rest))
  }

  #range(start: number, end: number): Range {
    return { start: this.#source.rawOffset(start), end: this.#source.rawOffset(end - 1) + 1 }
  }

  #report(range: Range, message: string, hint?: string): void {
    this.#document.report(range, message, { hint, field: this.#field })
  }
}

function isOnlyComments(text: string): boolean {
  return text.split('\n').every((line) => /^\s*(?:#|$)/.test(line))
}

/** The expression's text breaks off inside brackets or quotes. */
function endsOpen(text: string): boolean {
  const rest = text.replace(CLOSED, '')
  let depth = 0
  for (const [bracket] of rest.matchAll(/[()[\]{}]/g)) depth += '([{'.includes(bracket) ? 1 : -1
  return depth > 0 || /['"]/.test(rest)
}

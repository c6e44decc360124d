import { characterHint, foreignPathHint } from '../../expression/check/familiar.ts'
import { indentOf, type KeyLine, type YamlLines } from './lines.ts'
import type { Range } from './tree.ts'

/** A fault of a YAML text, in the words of somebody who writes rules. */
interface SyntaxExplanation {
  readonly range: Range
  readonly message: string
  readonly hint?: string
}

const CLOSING = { '[': ']', '{': '}' } as const
const COLLECTION = { '[': 'list', '{': 'mapping' } as const

/**
 * Says what a YAML parser's error most likely comes from. The parser tells where it gave up, which is often behind
 * the mistake and rarely in terms of it: the usual mistake is an expression that YAML reads as something else.
 *
 * @param lines the file; what has been explained before is blanked out in it
 * @param position where the parser gave up
 * @param reason why, in the words of js-yaml
 */
export function explainSyntaxError(lines: YamlLines, position: number, reason: string): SyntaxExplanation {
  const fault = new Fault(lines, position, reason)
  return (
    fault.character() ??
    fault.escape() ??
    fault.tab() ??
    fault.openQuote() ??
    fault.openCollection() ??
    fault.value() ??
    fault.line() ?? { range: at(position), message: `YAML: ${reason}` }
  )
}

/** One error of the parser; each method knows one kind of mistake, and answers undefined if it is not that. */
class Fault {
  readonly #lines: YamlLines
  readonly #text: string
  readonly #position: number
  readonly #reason: string
  readonly #line: number
  /** Where the top-level key at fault begins. */
  readonly #blockStart: number

  constructor(lines: YamlLines, position: number, reason: string) {
    this.#lines = lines
    this.#text = lines.text
    this.#position = position
    this.#reason = reason
    // The parser misses a closing bracket or quote at the next key, or at the end of the file.
    const isPast = /^(?:deficient indentation|unexpected end)/.test(reason)
    const offset = isPast ? Math.max(0, this.#text.slice(0, position).trimEnd().length - 1) : position
    this.#line = lines.lines.placeAt(offset).line
    this.#blockStart = lines.blockAt(lines.lines.startOf(this.#line))?.start ?? 0
  }

  character(): SyntaxExplanation | undefined {
    const range = at(this.#position)
    if (this.#reason.startsWith('nesting exceeded')) {
      return { range, message: 'lists and mappings are nested too deep' }
    }
    if (!/non-printable|null byte|valid JSON character/.test(this.#reason)) return undefined
    const code = this.#text.charCodeAt(this.#position).toString(16).toUpperCase().padStart(4, '0')
    return {
      range,
      message: `YAML does not allow the character U+${code}`,
      hint: `write it as an escape in a text of the expression: '\\u${code.toLowerCase()}'`,
    }
  }

  escape(): SyntaxExplanation | undefined {
    if (!/^(?:unknown escape|expected hexadecimal)/.test(this.#reason)) return undefined
    const range = { start: this.#text.lastIndexOf('\\', this.#position), end: this.#position + 1 }
    return {
      range,
      message: `YAML has no escape '${this.#text.slice(range.start, range.end)}' in double quotes`,
      hint: 'a backslash stays itself in single quotes, and in a text on a new line after |',
    }
  }

  tab(): SyntaxExplanation | undefined {
    const content = this.#lines.content(this.#line)
    const blanks = content.slice(0, indentOf(content))
    if (!blanks.includes('\t') || !/tab|indent|end of the stream/.test(this.#reason)) return undefined
    const start = this.#lines.lines.startOf(this.#line)
    return {
      range: { start: start + blanks.indexOf('\t'), end: start + blanks.lastIndexOf('\t') + 1 },
      message: 'a tab indents this line',
      hint: 'YAML allows only blanks there',
    }
  }

  openQuote(): SyntaxExplanation | undefined {
    if (!/^deficient|quoted scalar$/.test(this.#reason)) return undefined
    // Only a quoted key at the top can be open over several top-level lines.
    const start = this.#findOpenQuote(this.#blockStart) ?? this.#findOpenQuote(0)
    if (start === undefined) return undefined
    const quote = this.#text[start]
    return {
      range: at(start),
      message: `the text that begins with ${quote} here has no closing ${quote}`,
      hint: 'close it; an expression that begins with a quote goes on a new line after |',
    }
  }

  /** The first quote from an offset on that begins a key, a value or an element, and is not closed before the fault. */
  #findOpenQuote(from: number): number | undefined {
    const { lines } = this.#lines
    let textIndent = Number.POSITIVE_INFINITY
    for (let offset = from; offset < this.#position; ) {
      const { line } = lines.placeAt(offset)
      const content = this.#lines.content(line)
      const lineStart = lines.startOf(line)
      let next = lines.startOf(line + 1)
      // In a text after | or > quotes are not YAML's.
      if (content.trim() !== '' && indentOf(content) <= textIndent) {
        const key = this.#lines.keyLine(line)
        const beginsText = key !== undefined && /^[|>]/.test(this.#text.slice(key.value.start, key.value.end))
        textIndent = beginsText ? key.indent : Number.POSITIVE_INFINITY
        for (const match of content.matchAll(/(?:^|[:\-[{,])[ \t]*(['"])|(?<=\s)#/g)) {
          const quote = lineStart + match.index + match[0].length - 1
          if (quote < offset) continue
          if (match[1] === undefined) break
          const closed = this.#lines.endOfQuoted(quote, this.#position)
          if (closed === undefined) return quote
          offset = closed
          next = Math.max(next, closed)
        }
      }
      offset = next
    }
    return undefined
  }

  openCollection(): SyntaxExplanation | undefined {
    const isOpen = /^deficient|end of the stream within a flow/.test(this.#reason)
    if (!isOpen && !/flow collection|expected the node content/.test(this.#reason)) return undefined
    const key = this.#keyAbove()
    const start = key?.value.start ?? this.#blockStart + indentOf(this.#text.slice(this.#blockStart))
    const opening = this.#text[start]
    if (opening !== '[' && opening !== '{') return undefined
    if (isOpen) {
      return {
        range: at(start),
        message: `the ${opening} has no closing ${CLOSING[opening]}`,
        hint: `close it; an expression that begins with ${opening} goes on a new line after |`,
      }
    }
    return {
      range: at(this.#position),
      message: `YAML reads a value that begins with ${opening} as a ${COLLECTION[opening]}, and this is not one`,
      ...(key !== undefined && { hint: this.#blockHint(key) }),
    }
  }

  /** Something in or after the value of a key. */
  value(): SyntaxExplanation | undefined {
    const key = this.#keyAbove()
    if (key === undefined || key.value.start === key.value.end) return undefined
    const value = this.#text.slice(key.value.start, key.value.end)
    return key.line === this.#line ? this.#oneLine(key, value) : this.#furtherLine(key, value)
  }

  /** A value that would be no expression either, once YAML takes it. */
  #expressionHint(value: string): string | undefined {
    const question = /^[^'"]*?\?(?=.*: )/.exec(value)
    return question === null ? foreignPathHint(value) : characterHint(value, question[0].length - 1)
  }

  /** The fault is on the line of the key. */
  #oneLine(key: KeyLine, value: string): SyntaxExplanation | undefined {
    const first = value[0]!
    const range = { start: this.#position, end: key.value.end }
    if (first === '|' || first === '>') {
      return {
        range,
        message: `nothing can follow ${first} on its line`,
        hint: 'the text begins on the next line',
      }
    }
    const nested = /^(?:'[^']*'|"[^"]*"|[\w.@-]+):\s/.test(value)
    if (nested && /^:\s/.test(this.#text.slice(this.#position, this.#position + 2))) {
      return {
        range: at(this.#position),
        message: "a second ': ' on the line",
        hint: `a mapping in a mapping begins on a new line\n${key.key}:\n  ${value}`,
      }
    }
    const hint = this.#expressionHint(value) ?? this.#blockHint(key)
    const closing = first === '[' || first === '{' ? CLOSING[first] : first
    if (`'"]}`.includes(closing) && closing !== value) {
      return { range, message: `the value ended at the closing ${closing}, and more follows`, hint }
    }
    if (/^(?:[-?](?:\s|$)|[@`%,\]}*&!])/.test(value)) {
      return {
        range: at(key.value.start),
        message: `a value without quotes cannot begin with ${first}`,
        hint,
      }
    }
    return this.#colon(hint)
  }

  /** The line at fault stands below the key's, and was meant to be more of its value, or was not. */
  #furtherLine(key: KeyLine, value: string): SyntaxExplanation | undefined {
    const first = value[0]!
    const range = this.#lines.contentRange(this.#line)
    const indent = indentOf(this.#lines.content(this.#line))
    const own = this.#lines.keyLine(this.#line)
    const isKey = own !== undefined && /^\w+$/.test(own.key)
    if (first === '|' || first === '>') {
      if (isKey) return undefined
      return {
        range,
        message: 'this line is indented less than the text that it belongs to',
        hint: `all lines of the text after ${first} begin at the column of its first line, or further right`,
      }
    }
    if (isKey && indent > key.indent) {
      const belongsToText = own.key === 'required' && key.key !== 'field'
      return {
        range,
        message: `'${own.key}' is indented deeper than '${key.key}', so YAML reads it as more of that value`,
        hint: belongsToText
          ? `write the expression on a new line after '${key.key}: |', and this line below it`
          : `let '${own.key}' begin in the column of '${key.key}'`,
      }
    }
    const hash = /\s#/.exec(value)
    if (hash !== null) {
      return {
        range: { start: key.value.start + hash.index + 1, end: key.value.end },
        message: "the value ended at ' #', which begins a comment, and more follows on the next line",
        hint: this.#blockHint(key),
      }
    }
    if (indent <= key.indent) return undefined
    if (first === "'" || first === '"') {
      const message = `the value ended at its closing ${first}, and more follows`
      return { range, message, hint: this.#blockHint(key) }
    }
    return this.#colon(this.#blockHint(key))
  }

  #colon(hint: string): SyntaxExplanation | undefined {
    if (!/^:\s/.test(this.#text.slice(this.#position, this.#position + 2))) return undefined
    return { range: at(this.#position), message: "a value without quotes cannot contain ': '", hint }
  }

  /** A line that should be `key: value`. */
  line(): SyntaxExplanation | undefined {
    const suspect = this.#suspectLine()
    const range = this.#lines.contentRange(suspect)
    const content = this.#text.slice(range.start, range.end)
    const reserved = /^[@`%][^\s:]*/.exec(content)?.[0]
    if (reserved !== undefined) {
      return {
        range: { start: range.start, end: range.start + reserved.length },
        message: `a key without quotes cannot begin with ${reserved[0]}`,
        hint: `write "${reserved}":`,
      }
    }
    const unspaced = /^[^\s:'"]+:(?=[^\s:])/.exec(content)?.[0]
    if (unspaced !== undefined) {
      return {
        range: { start: range.start, end: range.start + unspaced.length },
        message: `'${unspaced}' is not followed by a blank`,
        hint: 'YAML wants a blank after the colon',
      }
    }
    if (this.#lines.keyLine(suspect) === undefined) {
      return {
        range,
        message: "this line is not 'key: value'",
        hint: 'if it continues the text above, indent it further than the key of that text',
      }
    }
    if (!this.#reason.startsWith('bad indentation')) return undefined
    return {
      range,
      message: 'this line begins in a column where none of the lines above begins',
      hint: 'the keys of one mapping begin in the same column',
    }
  }

  /** The parser notices a line that is no `key: value` at the next one: the first below the last key is meant. */
  #suspectLine(): number {
    if (this.#reason.includes('directive')) {
      const directive = this.#text.search(/^%/m)
      if (directive >= 0) return this.#lines.lines.placeAt(directive).line
    }
    if (!/multiline key|end of the stream/.test(this.#reason)) return this.#line
    let suspect = this.#line
    for (let line = this.#line - 1; line >= 1; line--) {
      const content = this.#lines.content(line)
      if (/^\s*(?:#|$)/.test(content)) continue
      const isDeeper = indentOf(content) > indentOf(this.#lines.content(suspect))
      if (isDeeper || this.#lines.keyLine(line) !== undefined) break
      suspect = line
    }
    return suspect
  }

  /** The nearest `key:` in or below whose value the fault can be. */
  #keyAbove(): KeyLine | undefined {
    const indent = indentOf(this.#lines.content(this.#line))
    for (let line = this.#line; line >= 1 && this.#lines.lines.startOf(line) >= this.#blockStart; line--) {
      const key = this.#lines.keyLine(line)
      if (key === undefined) continue
      if (line === this.#line ? this.#position >= key.value.start : indent >= key.indent) return key
    }
    return undefined
  }

  /** The value of a key in a form that YAML leaves alone. */
  #blockHint(key: KeyLine): string {
    const value = this.#text.slice(key.value.start, key.value.end)
    const next = this.#lines.content(key.line + 1)
    const goesOn = next.trim() !== '' && indentOf(next) > key.indent
    if (goesOn || value.length > 70) return `write the text on a new line after '${key.key}: |'`
    return `write the text on a new line after |\n${key.key}: |\n  ${value}`
  }
}

function at(offset: number): Range {
  return { start: offset, end: offset + 1 }
}

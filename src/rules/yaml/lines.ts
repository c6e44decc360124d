import type { Lines } from '../../expression/syntax/lines.ts'
import type { Range } from './tree.ts'

/** A line `key: value`, or `- key: value`. */
export interface KeyLine {
  readonly line: number
  /** Blanks before the key (or before the dash). */
  readonly indent: number
  /** As it is written, with its quotes. */
  readonly key: string
  /** Offsets of what follows on the line, without an anchor; empty where the line ends at the colon. */
  readonly value: Range
}

/** A YAML text line by line, as far as that goes without a parser: for texts that the parser refuses. */
export class YamlLines {
  readonly text: string
  readonly lines: Lines

  /**
   * @param text the file's text, in which parts may be blanked out
   * @param lines the places of the file
   */
  constructor(text: string, lines: Lines) {
    this.text = text
    this.lines = lines
  }

  content(line: number): string {
    return this.text.slice(this.lines.startOf(line), this.lines.endOf(line))
  }

  /** A line without the blanks around it. */
  contentRange(line: number): Range {
    const content = this.content(line)
    const start = this.lines.startOf(line)
    return { start: start + indentOf(content), end: start + content.trimEnd().length }
  }

  /** The lines of the top-level key that an offset belongs to; undefined where there is nothing but blanks. */
  blockAt(offset: number): Range | undefined {
    const isTopLevel = (line: number) => /^(?:[^\s#\]}-]|-(?!\s|$))/.test(this.content(line))
    let first = this.lines.placeAt(offset).line
    while (first > 1 && !isTopLevel(first)) first--
    let next = first + 1
    while (next <= this.lines.count && !isTopLevel(next)) next++
    const block = { start: this.lines.startOf(first), end: this.lines.startOf(next) }
    return /\S/.test(this.text.slice(block.start, block.end)) ? block : undefined
  }

  /** The top-level key that an offset belongs to, without its quotes. */
  topLevelKey(offset: number): string | undefined {
    const block = this.blockAt(offset)
    const line = block && this.keyLine(this.lines.placeAt(block.start).line)
    return line?.indent === 0 ? line.key.replace(/^(['"])(.*)\1$/, '$2') : undefined
  }

  keyLine(line: number): KeyLine | undefined {
    const start = this.lines.startOf(line)
    const content = this.content(line).trimEnd()
    const key = start + /^[ \t]*(?:-[ \t]+)*/.exec(content)![0].length
    const end = start + content.length
    const colon = this.#colonAfter(key, end)
    if (colon === undefined) return undefined
    const value = colon + 1 + /^[ \t]*(?:&\S+[ \t]+)?/.exec(this.text.slice(colon + 1, end))![0].length
    return {
      line,
      indent: indentOf(content),
      key: this.text.slice(key, colon).trimEnd(),
      value: { start: value, end },
    }
  }

  /** Where the key ends that begins at `start`, if what stands there is one. */
  #colonAfter(start: number, end: number): number | undefined {
    const quote = this.text[start]
    if (quote === '"' || quote === "'") {
      const closed = this.endOfQuoted(start, end)
      if (closed === undefined) return undefined
      const colon = closed + indentOf(this.text.slice(closed, end))
      return /^:(?:[ \t]|$)/.test(this.text.slice(colon, end)) ? colon : undefined
    }
    if (start >= end || /^(?:[#[{|>&*!%@`]|\?\s)/.test(this.text.slice(start, start + 2))) return undefined
    const colon = this.text.slice(start, end).search(/:(?:[ \t]|$)/)
    return colon < 0 ? undefined : start + colon
  }

  /** The offset behind the closing quote of the quoted text that begins at `start`; undefined: there is none before `end`. */
  endOfQuoted(start: number, end: number): number | undefined {
    const quote = this.text[start]
    for (let offset = start + 1; offset < end; offset++) {
      const character = this.text[offset]
      if (character === '\\' && quote === '"') offset++
      else if (character === quote) {
        if (quote === '"' || this.text[offset + 1] !== "'") return offset + 1
        offset++
      }
    }
    return undefined
  }
}

/** The number of blanks and tabs that a text begins with. */
export function indentOf(text: string): number {
  return /^[ \t]*/.exec(text)![0].length
}

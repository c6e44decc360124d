import { CHOMPING_MODE, getScalarValue, SCALAR_STYLE, type ScalarEvent } from 'js-yaml'
import type { SourceText } from '../../expression/diagnostic.ts'
import { type Lines, lastAtOrBefore, type Place } from '../../expression/syntax/lines.ts'

/**
 * The text of a YAML scalar, which knows for each of its characters where it was written, whatever the style. In
 *
 *     field: 'replace(s, ''a'',
 *       b)'
 *
 * the text is `replace(s, 'a', b)`: its first quote is the first one of a pair in the file, and `b` is on the second
 * line. The way back is worked out at the first question: most texts have no problem that asks.
 */
export class ScalarSource implements SourceText {
  readonly text: string
  readonly #file: string
  readonly #lines: Lines
  readonly #input: string
  readonly #event: ScalarEvent
  #map: OffsetMap | undefined

  /**
   * @param lines the places of the file
   * @param input what the scalar's offsets count in: the file's text, perhaps with parts blanked out
   * @param text the value, or a beginning of it, in which characters may be blanked out
   */
  constructor(
    file: string,
    lines: Lines,
    input: string,
    event: ScalarEvent,
    text = getScalarValue(input, event),
  ) {
    this.text = text
    this.#input = input
    this.#file = file
    this.#lines = lines
    this.#event = event
  }

  locate(offset: number): Place & { readonly file: string } {
    return { file: this.#file, ...this.#lines.placeAt(this.rawOffset(offset)) }
  }

  /** Where in the file, in UTF-16 units, the character at `offset` of the text is. */
  rawOffset(offset: number): number {
    this.#map ??= offsetMap(this.#input, this.#event)
    if (offset < this.text.length) return this.#map.rawOffset(offset)
    const visible = this.text.trimEnd().length
    return visible === 0 ? this.#map.rawOffset(0) : this.#map.rawEnd(visible - 1)
  }
}

/**
 * Which offset of the file each offset of a scalar's value comes from, as a list of segments: in a *run* value and
 * file agree character for character; the characters of an *insertion* (a fold's blank, an escape) all come from
 * where it begins.
 */
class OffsetMap {
  readonly #starts: number[] = []
  readonly #raws: number[] = []
  readonly #isRun: boolean[] = []
  #length = 0
  #end = 0

  run(raw: number, length: number): void {
    if (length > 0) this.#add(raw, length, true)
    this.#end = raw + length
  }

  /** @param rawLength what it takes in the file */
  insertion(raw: number, length: number, rawLength: number): void {
    if (length > 0) this.#add(raw, length, false)
    this.#end = raw + rawLength
  }

  #add(raw: number, length: number, isRun: boolean): void {
    this.#starts.push(this.#length)
    this.#raws.push(raw)
    this.#isRun.push(isRun)
    this.#length += length
  }

  rawOffset(offset: number): number {
    const segment = lastAtOrBefore(this.#starts, offset)
    if (segment < 0) return this.#end
    return this.#raws[segment]! + (this.#isRun[segment] ? offset - this.#starts[segment]! : 0)
  }

  /** The offset in the file just after what the character at `offset` was written as. */
  rawEnd(offset: number): number {
    const segment = lastAtOrBefore(this.#starts, offset)
    return this.#isRun[segment] ? this.rawOffset(offset) + 1 : (this.#raws[segment + 1] ?? this.#end)
  }
}

/** Walks a scalar as js-yaml's getScalarValue does, and notes the offsets instead of the characters. */
function offsetMap(input: string, event: ScalarEvent): OffsetMap {
  const map = new OffsetMap()
  const { valueStart: start, valueEnd: end } = event
  if (start < 0) return map
  if (event.fast) {
    map.run(start, end - start)
    return map
  }
  switch (event.style) {
    case SCALAR_STYLE.LITERAL_BLOCK:
    case SCALAR_STYLE.FOLDED_BLOCK:
      mapBlock(map, input, event)
      break
    case SCALAR_STYLE.SINGLE_QUOTED:
      mapFlow(map, input, start, end, "'")
      break
    case SCALAR_STYLE.DOUBLE_QUOTED:
      mapFlow(map, input, start, end, '\\')
      break
    default:
      mapFlow(map, input, start, end, '')
  }
  return map
}

/** Plain and quoted scalars; `escapeMark` is the character that begins an escape. */
function mapFlow(map: OffsetMap, input: string, start: number, end: number, escapeMark: string): void {
  let position = start
  let runStart = start
  let runEnd = start
  while (position < end) {
    const character = input[position]!
    if (character === '\n' || character === '\r') {
      map.run(runStart, runEnd - runStart)
      const fold = skipBreaks(input, position, end)
      // One line break is folded to a blank; of several the first goes.
      if (fold.breaks.length === 1) map.insertion(runEnd, 1, fold.position - runEnd)
      else for (const lineEnd of fold.breaks.slice(1)) map.insertion(lineEnd, 1, fold.position - lineEnd)
      position = runStart = runEnd = fold.position
    } else if (character === escapeMark) {
      map.run(runStart, position - runStart)
      const written = escapeAt(input, position, end)
      map.insertion(position, written.length, written.rawLength)
      position = runStart = runEnd = position + written.rawLength
    } else {
      position++
      if (character !== ' ' && character !== '\t') runEnd = position
    }
  }
  // Blanks before a closing quote belong to the value; the range of a plain scalar has none at its end.
  map.run(runStart, end - runStart)
}

/** The length of an escape in the file, and the number of UTF-16 units that it stands for. */
function escapeAt(input: string, position: number, end: number): { rawLength: number; length: number } {
  switch (input[position + 1]) {
    case '\n':
    case '\r':
      return { rawLength: skipBreaks(input, position + 1, end).position - position, length: 0 }
    case 'x':
      return { rawLength: 4, length: 1 }
    case 'u':
      return { rawLength: 6, length: 1 }
    case 'U': {
      const codePoint = Number.parseInt(input.slice(position + 2, position + 10), 16)
      return { rawLength: 10, length: codePoint > 0xffff ? 2 : 1 }
    }
    default:
      return { rawLength: 2, length: 1 }
  }
}

/** Skips blanks and line breaks from `start`; `breaks` are the offsets of the line breaks. */
function skipBreaks(input: string, start: number, end: number): { position: number; breaks: number[] } {
  const breaks: number[] = []
  let position = start
  for (; position < end; position++) {
    const character = input[position]
    if (character === '\n' || character === '\r') {
      breaks.push(position)
      if (character === '\r' && input[position + 1] === '\n') position++
    } else if (character !== ' ' && character !== '\t') break
  }
  return { position, breaks }
}

/**
 * Literal and folded scalars. The line breaks that are read before a line of content are pending until it is known
 * how many of them the value keeps: all in a literal, all but one between the lines that are folded.
 */
function mapBlock(map: OffsetMap, input: string, event: ScalarEvent): void {
  const folded = event.style === SCALAR_STYLE.FOLDED_BLOCK
  const indent = Math.max(event.indent, 0)
  let pending: number[] = []
  let hasContent = false
  let isIndented = false
  for (const line of linesOf(input, event.valueStart, event.valueEnd)) {
    const content = line.start + indent
    if (event.indent < 0 || skipBlanks(input, line.start, Math.min(content, line.end)) === line.end) {
      pending.push(line.end)
      continue
    }
    const wasIndented = isIndented
    const first = input[content]
    isIndented = folded && (first === ' ' || first === '\t')
    const isFold = folded && hasContent && !isIndented && !wasIndented
    if (isFold && pending.length > 1) pending.shift()
    for (const lineEnd of pending) map.insertion(lineEnd, 1, 1)
    map.run(content, line.end - content)
    pending = [line.end]
    hasContent = true
  }
  if (event.chomping === CHOMPING_MODE.STRIP) return
  if (event.chomping === CHOMPING_MODE.CLIP) pending = hasContent ? pending.slice(0, 1) : []
  for (const lineEnd of pending) map.insertion(lineEnd, 1, 1)
}

/** Offset of the first character from `start` that is not a blank, at most `end`. */
function skipBlanks(input: string, start: number, end: number): number {
  let position = start
  while (position < end && input[position] === ' ') position++
  return position
}

function* linesOf(input: string, start: number, end: number): Generator<{ start: number; end: number }> {
  for (let lineStart = start; lineStart < end; ) {
    let lineEnd = lineStart
    while (lineEnd < end && input[lineEnd] !== '\n' && input[lineEnd] !== '\r') lineEnd++
    yield { start: lineStart, end: lineEnd }
    lineStart = lineEnd + (input[lineEnd] === '\r' && input[lineEnd + 1] === '\n' ? 2 : 1)
  }
}

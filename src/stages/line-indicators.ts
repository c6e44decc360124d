import { Buffer } from 'node:buffer'
import type { JsonObject, Value } from '../expression/value.ts'
import { ESCAPE, NON_ASCII, Scanner } from '../rules/fast/scanner.ts'
import { WantedMembers } from '../rules/fast/wanted.ts'
import { viewOf } from '../rules/fast/writer.ts'
import type { Enrichment, FoundIndicator, IndicatorPath } from './enrichment.ts'
import { addElements, isIndicator, MAX_INDICATORS } from './enrichment.ts'

const LF = 0x0a
const QUOTE = 0x22
const OPEN_BRACKET = 0x5b

const NONE: readonly FoundIndicator[] = Object.freeze([])

interface PlacedPath extends IndicatorPath {
  /** Where its value is noted. */
  readonly slot: number
  /** The same for what leads to it. */
  readonly outer: readonly number[]
}

/** Finds the indicators of events that are written already, without building them again. */
export class LineIndicators {
  readonly #enrichment: Enrichment
  readonly #scanner: Scanner
  readonly #paths: readonly PlacedPath[]
  #bytes: Buffer = Buffer.alloc(0)
  /** The same bytes, one character each: pieces of a text cost far less than texts of pieces. */
  #latin1 = ''
  #next = 0

  constructor(enrichment: Enrichment) {
    const wanted = new WantedMembers()
    this.#enrichment = enrichment
    this.#paths = enrichment.paths.map((path) => {
      const { steps } = path
      const outer = steps.slice(1).map((_, index) => wanted.member(steps.slice(0, index + 1)))
      return { ...path, outer, slot: wanted.member(steps) }
    })
    wanted.finish()
    this.#scanner = new Scanner(wanted.root, wanted.slots, wanted.objects)
  }

  /** Where the line after the one of the last `find` begins. */
  get next(): number {
    return this.#next
  }

  /** The lines that follow are in these bytes; the last one is LF. */
  open(bytes: Buffer): void {
    this.#bytes = bytes
    this.#latin1 = bytes.toString('latin1')
    this.#scanner.block(bytes, viewOf(bytes))
  }

  /** The indicators of the event in the line that begins at `start`: as `Enrichment.find` finds them. */
  find(start: number): readonly FoundIndicator[] {
    const next = this.#scanner.scan(start)
    if (next === -1) return this.#findInObject(start)
    const bytes = this.#bytes
    this.#next = next
    const { starts, ends } = this.#scanner
    let found: FoundIndicator[] | undefined
    for (const path of this.#paths) {
      const { slot, field, type } = path
      const from = starts[slot]!
      if (from < 0) {
        if (path.outer.some((outer) => starts[outer]! >= 0 && bytes[starts[outer]!] === OPEN_BRACKET)) {
          return this.#findInObject(start)
        }
      } else if (bytes[from] === QUOTE) {
        const value = this.#string(slot)
        if (!isIndicator(value)) continue
        found ??= []
        if (found.length < MAX_INDICATORS) found.push({ field, type, value })
      } else if (bytes[from] === OPEN_BRACKET) {
        found ??= []
        const list = JSON.parse(bytes.toString('utf8', from, ends[slot]!)) as Value
        addElements(found, { field, type, steps: [] }, list)
      }
    }
    return found ?? NONE
  }

  /** The plain way, for lines that the scanner leaves alone and paths that lead through lists. */
  #findInObject(start: number): readonly FoundIndicator[] {
    const end = this.#bytes.indexOf(LF, start)
    this.#next = end + 1
    return this.#enrichment.find(JSON.parse(this.#bytes.toString('utf8', start, end)) as JsonObject)
  }

  #string(slot: number): string {
    const from = this.#scanner.starts[slot]!
    const to = this.#scanner.ends[slot]!
    const marks = this.#scanner.marks[slot]! & (ESCAPE | NON_ASCII)
    if (marks === 0) return this.#latin1.slice(from + 1, to - 1)
    const text = this.#bytes.toString('utf8', from, to)
    return (marks & ESCAPE) === 0 ? text.slice(1, -1) : (JSON.parse(text) as string)
  }
}

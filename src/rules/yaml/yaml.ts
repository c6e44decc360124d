import { type Event, getScalarValue, parseEvents, YAMLException } from 'js-yaml'
import type { Problem } from '../../expression/diagnostic.ts'
import { Lines, type Place } from '../../expression/syntax/lines.ts'
import { explainSyntaxError } from './errors.ts'
import { YamlLines } from './lines.ts'
import { ScalarSource } from './scalar-source.ts'
import {
  buildTree,
  type ContentNode,
  contentOf,
  isPlain,
  type MappingNode,
  type Range,
  type ScalarNode,
  type YamlNode,
} from './tree.ts'

/** Collections may nest this deep; nothing that a rule file says needs more. */
const MAX_DEPTH = 100

/** After this many syntax errors the rest of the file is not worth reading. */
const MAX_SYNTAX_ERRORS = 20

/** Keys that merges (`<<`) may copy in one file: enough for any honest table, too few for an alias bomb. */
const MAX_MERGED_KEYS = 100_000

/** The part of a line that a problem underlines. */
export interface Stretch extends Place {
  readonly endColumn: number
}

/** A pair of a mapping whose key is a text. */
export interface Entry {
  readonly name: string
  readonly key: ScalarNode
  readonly value: YamlNode
}

type ProblemDetails = Pick<Problem, 'hint' | 'field'> & { readonly severity?: Problem['severity'] }

/**
 * One YAML file with a single document, its places kept. Its faults are collected in `problems`: the
 * reading goes on behind a syntax error at the next top-level key, so that one run reports them all.
 */
export class YamlDocument {
  readonly file: string
  /** The file as it is written, and the places in it. */
  readonly lines: Lines
  /** The file as it was read: without a byte order mark, and with blanks where there were syntax errors. */
  text: string
  readonly problems: Problem[] = []
  /** Undefined where the file has no content (or none that could be read). */
  readonly root: ContentNode | undefined
  /** There were syntax errors: parts of the file are missing in the tree. */
  readonly incomplete: boolean
  readonly #entries = new Map<MappingNode, readonly Entry[]>()
  readonly #unique = new Set<MappingNode>()
  readonly #shared: ReadonlySet<ContentNode>
  #mergedKeys = 0

  constructor(text: string, file: string) {
    this.file = file
    this.lines = new Lines(text)
    this.text = this.lines.text
    const events = this.#parse()
    this.incomplete = this.problems.length > 0
    const { root, shared } = buildTree(this, events)
    this.root = root
    this.#shared = shared
  }

  #parse(): Event[] {
    while (true) {
      try {
        return parseEvents(this.text, { maxDepth: MAX_DEPTH })
      } catch (error) {
        if (!(error instanceof YAMLException) || error.mark === undefined) throw error
        const lines = new YamlLines(this.text, this.lines)
        const { range, message, hint } = explainSyntaxError(lines, error.mark.position, error.reason)
        this.report(range, message, { hint })
        const block = lines.blockAt(range.start)
        if (block === undefined || this.problems.length === MAX_SYNTAX_ERRORS) return []
        const { text } = this
        this.text =
          text.slice(0, block.start) + blanks(text.slice(block.start, block.end)) + text.slice(block.end)
      }
    }
  }

  /**
   * @param range what is on further lines than the first is not underlined
   * @param details `field` is the top-level key that the range belongs to if it is not given; '' is the whole file
   */
  report(range: Range, message: string, details: ProblemDetails = {}): void {
    const {
      hint,
      field = new YamlLines(this.text, this.lines).topLevelKey(range.start),
      severity = 'error',
    } = details
    this.problems.push({
      message,
      ...(hint !== undefined && { hint }),
      ...(field !== undefined && field !== '' && { field }),
      file: this.file,
      ...this.placeOf(range),
      severity,
    })
  }

  placeOf(range: Range): Stretch {
    const { line, column } = this.lines.placeAt(range.start)
    const end = this.lines.placeAt(Math.min(range.end, this.lines.endOf(line)))
    return { line, column, endColumn: Math.max(end.column, column + 1) }
  }

  /** An alias names it. */
  isShared(node: ContentNode): boolean {
    return this.#shared.has(node)
  }

  scalarText(node: ScalarNode): string {
    return getScalarValue(this.text, node.event)
  }

  /** @param text the value as it is to be read, where that is not the whole scalar; offsets have to be kept */
  sourceOf(node: ScalarNode, text?: string): ScalarSource {
    return new ScalarSource(this.file, this.lines, this.text, node.event, text)
  }

  /**
   * The pairs of a mapping in the order of the file, those that `<<` merges in their place; a key of the mapping
   * itself goes before a merged one, an earlier merged one before a later. Keys that are no text are reported and
   * left out. A key that is given twice is reported, and comes twice.
   *
   * @param field what such a problem belongs to; default: the key itself
   */
  entries(mapping: MappingNode, field?: string): readonly Entry[] {
    const entries = this.allEntries(mapping)
    if (!this.#unique.has(mapping)) {
      this.#unique.add(mapping)
      const first = new Map<string, Entry>()
      for (const entry of entries) {
        const earlier = first.get(entry.name)
        if (earlier === undefined) first.set(entry.name, entry)
        else this.reportRepeated(entry, earlier, field)
      }
    }
    return entries
  }

  /** The same for keys that the caller compares with those of other files. */
  allEntries(mapping: MappingNode): readonly Entry[] {
    let entries = this.#entries.get(mapping)
    if (entries === undefined) {
      entries = this.#readEntries(mapping)
      this.#entries.set(mapping, entries)
    }
    return entries
  }

  reportRepeated(entry: Entry, earlier: Entry, field = entry.name): void {
    const { line, column } = this.placeOf(earlier.key)
    this.report(entry.key, `the key '${entry.name}' is given twice`, {
      hint: `the first is at ${this.file}:${line}:${column}`,
      field,
    })
  }

  #readEntries(mapping: MappingNode): Entry[] {
    const own: Entry[] = []
    const merges: { readonly entry: Entry; readonly at: number }[] = []
    for (const { key, value } of mapping.pairs) {
      const content = contentOf(key)
      if (content?.kind === 'scalar') {
        const entry = { name: this.scalarText(content), key: content, value }
        if (entry.name === '<<' && isPlain(content)) merges.push({ entry, at: own.length })
        else own.push(entry)
      } else if (content !== undefined) {
        this.report(key, 'a key has to be a text', {
          hint: 'YAML reads a key that begins with [ or { as a list or a mapping: put it in quotes',
        })
      }
    }
    return merges.length === 0 ? own : this.#merge(own, merges)
  }

  #merge(own: readonly Entry[], merges: readonly { readonly entry: Entry; readonly at: number }[]): Entry[] {
    const names = new Set(own.map((entry) => entry.name))
    const all: Entry[] = []
    let copied = 0
    for (const { entry, at } of merges) {
      all.push(...own.slice(copied, at))
      copied = at
      for (const source of this.#mergeSources(entry)) {
        for (const merged of this.allEntries(source)) {
          if (++this.#mergedKeys === MAX_MERGED_KEYS) {
            this.report(entry.key, `merges copy more than ${MAX_MERGED_KEYS} keys`, {
              hint: 'write fewer merges, or what they stand for',
            })
          }
          if (this.#mergedKeys >= MAX_MERGED_KEYS) break
          if (names.has(merged.name)) continue
          names.add(merged.name)
          all.push(merged)
        }
      }
    }
    return [...all, ...own.slice(copied)]
  }

  #mergeSources(merge: Entry): MappingNode[] {
    const value = contentOf(merge.value)
    if (value === undefined) return []
    const sources = value.kind === 'sequence' ? value.items.map((item) => contentOf(item)) : [value]
    if (sources.some((source) => source !== undefined && source.kind !== 'mapping')) {
      this.report(merge.value, "'<<' merges a mapping, or a list of mappings", {
        hint: 'a key that is called << goes in quotes: "<<"',
      })
    }
    return sources.filter((source) => source?.kind === 'mapping')
  }
}

/** A text of the same length and lines with nothing in it. */
function blanks(text: string): string {
  return text.replace(/[^\r\n]/g, ' ')
}

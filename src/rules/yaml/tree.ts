import { EVENT_ID, type Event, SCALAR_STYLE, type ScalarEvent } from 'js-yaml'
import type { Lines } from '../../expression/syntax/lines.ts'

export type YamlNode = ScalarNode | MappingNode | SequenceNode | AliasNode

/** Offsets into the file, the end exclusive. */
export interface Range {
  readonly start: number
  readonly end: number
}

/** Its range has the quotes in it; that of an empty one is where it could stand. */
export interface ScalarNode extends Range {
  readonly kind: 'scalar'
  readonly event: ScalarEvent
}

export interface MappingNode extends Range {
  readonly kind: 'mapping'
  readonly pairs: readonly { readonly key: YamlNode; readonly value: YamlNode }[]
}

export interface SequenceNode extends Range {
  readonly kind: 'sequence'
  readonly items: readonly YamlNode[]
}

/** `*name`. Its target is undefined where the name is unknown, which has been reported. */
interface AliasNode extends Range {
  readonly kind: 'alias'
  readonly target: ContentNode | undefined
}

export type ContentNode = Exclude<YamlNode, AliasNode>

interface YamlTree {
  /** Undefined: the file has no content. */
  readonly root: ContentNode | undefined
  /** The nodes that aliases name. */
  readonly shared: ReadonlySet<ContentNode>
}

/** The file that a tree is made of. */
interface TreeHost {
  readonly lines: Lines
  /** The text in which the events' offsets count. */
  readonly text: string
  report(range: Range, message: string, details?: { readonly hint?: string }): void
}

/** Makes the tree of the events, and reports what YAML allows and this project does not: tags, several documents. */
export function buildTree(host: TreeHost, events: readonly Event[]): YamlTree {
  return new TreeBuilder(host, events).build()
}

/** The content that a node stands for: an alias stands for what it names. */
export function contentOf(node: YamlNode): ContentNode | undefined {
  return node.kind === 'alias' ? node.target : node
}

type Properties = Pick<ScalarEvent, 'anchorStart' | 'anchorEnd' | 'tagStart' | 'tagEnd'>

class TreeBuilder {
  readonly #document: TreeHost
  readonly #events: readonly Event[]
  readonly #shared = new Set<ContentNode>()
  readonly #anchors = new Map<string, ContentNode | 'open'>()
  #next = 0
  /** An offset up to which everything has been seen: documents have no offset of their own. */
  #seen = 0

  constructor(document: TreeHost, events: readonly Event[]) {
    this.#document = document
    this.#events = events
  }

  build(): YamlTree {
    if (this.#events.length === 0) return { root: undefined, shared: this.#shared }
    this.#next = 1
    const root = contentOf(this.#node())
    this.#next++
    if (this.#next < this.#events.length) this.#reportFurtherDocument()
    return { root, shared: this.#shared }
  }

  #node(): YamlNode {
    const event = this.#events[this.#next++]!
    switch (event.type) {
      case EVENT_ID.ALIAS:
        return this.#alias(event.anchorStart, event.anchorEnd)
      case EVENT_ID.SCALAR:
        return this.#anchored(event, () => this.#scalar(event))
      case EVENT_ID.SEQUENCE:
        this.#seen = event.start + 1
        return this.#anchored(event, () => {
          const items: YamlNode[] = []
          while (!this.#atPop()) items.push(this.#node())
          return { kind: 'sequence', start: event.start, end: this.#endOf(event.start, ']'), items }
        })
      case EVENT_ID.MAPPING:
        this.#seen = event.start
        return this.#anchored(event, () => {
          const pairs: { key: YamlNode; value: YamlNode }[] = []
          while (!this.#atPop()) pairs.push({ key: this.#node(), value: this.#node() })
          return { kind: 'mapping', start: event.start, end: this.#endOf(event.start, '}'), pairs }
        })
      default:
        throw new Error(`unexpected YAML event ${event.type}`)
    }
  }

  #atPop(): boolean {
    if (this.#events[this.#next]!.type !== EVENT_ID.POP) return false
    this.#next++
    return true
  }

  #scalar(event: ScalarEvent): ScalarNode {
    const { valueStart, valueEnd, style } = event
    if (valueStart < 0) {
      // The colon before an empty value, or after an empty key.
      while (/\s/.test(this.#document.text.charAt(this.#seen))) this.#seen++
      return { kind: 'scalar', start: this.#seen, end: this.#seen + 1, event }
    }
    const isQuoted = style === SCALAR_STYLE.SINGLE_QUOTED || style === SCALAR_STYLE.DOUBLE_QUOTED
    const quote = isQuoted ? 1 : 0
    this.#seen = valueEnd + quote
    return { kind: 'scalar', start: valueStart - quote, end: this.#seen, event }
  }

  /** Where a collection ends whose last element has just been read. */
  #endOf(start: number, closing: ']' | '}'): number {
    const opening = closing === ']' ? '[' : '{'
    if (this.#document.text[start] === opening)
      this.#seen = this.#document.text.indexOf(closing, this.#seen) + 1
    return this.#seen
  }

  #anchored(event: Properties, read: () => ContentNode): ContentNode {
    this.#checkTag(event)
    if (event.anchorStart < 0) return read()
    const name = this.#document.text.slice(event.anchorStart, event.anchorEnd)
    this.#anchors.set(name, 'open')
    const node = read()
    this.#anchors.set(name, node)
    return node
  }

  #alias(nameStart: number, end: number): AliasNode {
    const name = this.#document.text.slice(nameStart, end)
    const target = this.#anchors.get(name)
    const start = nameStart - 1
    this.#seen = end
    if (target === 'open') {
      this.#document.report({ start, end }, `the alias '*${name}' stands inside the value that it names`)
    } else if (target === undefined && !this.#isAnchorLost(name)) {
      this.#document.report(
        { start, end },
        `the alias '*${name}' names nothing: there is no '&${name}' before it`,
        {
          hint: 'YAML reads a value that begins with * as an alias: put it in quotes',
        },
      )
    }
    if (target === undefined || target === 'open') return { kind: 'alias', start, end, target: undefined }
    this.#shared.add(target)
    return { kind: 'alias', start, end, target }
  }

  /** It stands in a part of the file that could not be read. */
  #isAnchorLost(name: string): boolean {
    return this.#document.lines.text.includes(`&${name}`) && !this.#document.text.includes(`&${name}`)
  }

  #checkTag(event: Properties): void {
    if (event.tagStart < 0) return
    const tag = this.#document.text.slice(event.tagStart, event.tagEnd)
    this.#document.report(
      { start: event.tagStart, end: event.tagEnd },
      `the YAML tag '${tag}' is not supported`,
      {
        hint: "remove it; a text that begins with ! goes in quotes, and the operator is called 'not'",
      },
    )
  }

  #reportFurtherDocument(): void {
    const marker = /^(?:---|\.\.\.)(?=\s|$)/gm
    marker.lastIndex = this.#seen
    const start = marker.exec(this.#document.text)?.index ?? this.#seen
    const line = this.#document.text.slice(start, start + 3)
    this.#document.report({ start, end: start + 3 }, 'the file has more than one YAML document', {
      hint: `put everything into one by removing the line '${line}', or make two files`,
    })
  }
}

/** Written without quotes and on the key's line or folded: YAML may read it as a number, a boolean or null. */
export function isPlain(node: ScalarNode): boolean {
  return node.event.style === SCALAR_STYLE.PLAIN
}

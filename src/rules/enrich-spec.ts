import { suggest } from '../expression/check/suggest.ts'
import { outputPath } from './output-path.ts'
import { type ContentNode, contentOf, type MappingNode, type YamlNode } from './yaml/tree.ts'
import { scalarValue } from './yaml/values.ts'
import type { Entry, Stretch, YamlDocument } from './yaml/yaml.ts'

/** Where detections are put unless the rule file says otherwise: ECS's field set for them. */
const DEFAULT_INTO = 'threat.enrichments'

const INDICATOR_TYPES = ['url', 'ip', 'hash'] as const
const KEYS: readonly string[] = [...INDICATOR_TYPES, 'into']
const EXAMPLE = 'for example:\nenrich:\n  url: [url.original]\n  ip: [source.ip, destination.ip]'

/** Which fields of a normalized event are looked up at the tracer, as dotted paths, and where the detections go. */
export interface EnrichSpec {
  readonly url: readonly string[]
  readonly ip: readonly string[]
  readonly hash: readonly string[]
  /** Default: `threat.enrichments`. */
  readonly into: string
}

/** A path under `enrich`, and where it is written. */
export interface EnrichPath {
  /** `into`: detections go there; else its values are looked up. */
  readonly use: (typeof INDICATOR_TYPES)[number] | 'into'
  readonly path: string
  readonly place: Stretch
}

/** The key `enrich` as it was read. */
export interface EnrichEntry {
  readonly spec: EnrichSpec
  /** In the order of the file. Without `into` in the file the place of its default is that of `enrich`. */
  readonly paths: readonly EnrichPath[]
}

/** Reads the key `enrich` of a rule file; undefined where nothing can be made of it, which is reported. */
export function readEnrich(document: YamlDocument, enrich: Entry): EnrichEntry | undefined {
  const value = contentOf(enrich.value)
  if (value === undefined) return undefined
  if (value.kind !== 'mapping') {
    document.report(enrich.key, "'enrich' is a mapping of indicator types to fields", {
      hint: EXAMPLE,
      field: 'enrich',
    })
    return undefined
  }
  return new EnrichReader(document).read(value, enrich)
}

class EnrichReader {
  readonly #document: YamlDocument
  readonly #paths = { url: [] as string[], ip: [] as string[], hash: [] as string[] }
  readonly #places: EnrichPath[] = []
  #into: string | undefined

  constructor(document: YamlDocument) {
    this.#document = document
  }

  read(mapping: MappingNode, enrich: Entry): EnrichEntry {
    const entries = this.#document.entries(mapping, 'enrich')
    for (const entry of entries) {
      const type = INDICATOR_TYPES.find((name) => name === entry.name)
      if (type !== undefined) this.#readPaths(entry, type)
      else if (entry.name === 'into') this.#into = this.#path(entry.value, 'into')
      else this.#reportUnknown(entry)
    }
    if (!entries.some((entry) => entry.name !== 'into')) {
      this.#report(enrich.key, "'enrich' names no field to look up", EXAMPLE)
    }
    if (!entries.some((entry) => entry.name === 'into')) {
      this.#places.push({ use: 'into', path: DEFAULT_INTO, place: this.#document.placeOf(enrich.key) })
    }
    return { spec: { ...this.#paths, into: this.#into ?? DEFAULT_INTO }, paths: this.#places }
  }

  /** A list of paths; one path may stand without the list. */
  #readPaths(entry: Entry, type: (typeof INDICATOR_TYPES)[number]): void {
    const paths = this.#paths[type]
    const value = contentOf(entry.value)
    if (value === undefined) return
    for (const item of value.kind === 'sequence' ? value.items : [entry.value]) {
      const path = this.#path(item, type)
      if (path === undefined) continue
      if (paths.includes(path)) this.#report(item, `the path '${path}' is given twice under '${entry.name}'`)
      else paths.push(path)
    }
  }

  /** @returns undefined where it is none, which is reported */
  #path(node: YamlNode, use: EnrichPath['use']): string | undefined {
    const content: ContentNode | undefined = contentOf(node)
    if (content === undefined) return undefined
    if (content.kind !== 'scalar' || scalarValue(this.#document, content) === null) {
      this.#report(node, 'this is not the path of a field', 'write it with dots: source.ip')
      return undefined
    }
    const text = this.#document.scalarText(content)
    const path = outputPath(this.#document, content, text, 'enrich').join('.')
    this.#places.push({ use, path, place: this.#document.placeOf(content) })
    return path
  }

  #reportUnknown(entry: Entry): void {
    const near = suggest(entry.name, KEYS)
    const hint = near === undefined ? `it knows the keys ${KEYS.join(', ')}` : `did you mean '${near}'?`
    this.#report(entry.key, `'enrich' has no key '${entry.name}'`, hint)
  }

  #report(node: YamlNode, message: string, hint?: string): void {
    this.#document.report(node, message, { hint, field: 'enrich' })
  }
}

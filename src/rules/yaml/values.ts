import { integerFromOutside } from '../../expression/runtime/numbers/huge-integer.ts'
import { type JsonObject, MAX_INTEGER, type Value } from '../../expression/value.ts'
import { type ContentNode, contentOf, isPlain, type ScalarNode, type YamlNode } from './tree.ts'
import type { YamlDocument } from './yaml.ts'

/** Values that aliases may repeat in one file: enough for any honest table, too few for an alias bomb. */
const MAX_REPEATED_VALUES = 100_000

const INTEGER = /^[-+]?[0-9]+$/
const OCTAL_OR_HEXADECIMAL = /^0(?:o[0-7]+|x[0-9a-fA-F]+)$/
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/
const INFINITY = /^[-+]?\.(?:inf|Inf|INF)$/

/** The values of scalars without quotes that are no texts: YAML 1.2's words for null, booleans and not-a-number. */
const WORDS: ReadonlyMap<string, null | boolean | number> = new Map<string, null | boolean | number>([
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['true', 'True', 'TRUE'].map((word) => [word, true] as const),
  ...['false', 'False', 'FALSE'].map((word) => [word, false] as const),
  ...['.nan', '.NaN', '.NAN'].map((word) => [word, Number.NaN] as const),
])

/**
 * A scalar's value in YAML 1.2's core schema; integers are exact at any size.
 *
 * @returns a string for everything in quotes or after `|` or `>`, and what the schema does not know
 */
export function scalarValue(
  document: YamlDocument,
  node: ScalarNode,
): null | boolean | number | bigint | string {
  const text = document.scalarText(node)
  return isPlain(node) ? plainValue(text) : text
}

function plainValue(text: string): null | boolean | number | bigint | string {
  const word = WORDS.get(text)
  if (word !== undefined) return word
  if (!/^[-+.0-9]/.test(text)) return text
  if (INTEGER.test(text) || OCTAL_OR_HEXADECIMAL.test(text)) return integer(text)
  if (FLOAT.test(text)) return Number(text)
  if (INFINITY.test(text)) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return text
}

function integer(text: string): number | bigint {
  // BigInt reads no plus sign, and an integer has no minus zero.
  const exact = BigInt(text.startsWith('+') ? text.slice(1) : text)
  return exact >= -MAX_INTEGER && exact <= MAX_INTEGER ? Number(exact) : integerFromOutside(exact)
}

/**
 * Turns nodes of one document into values: mappings become plain objects whose keys are the texts as written.
 * The value of an alias is built once and shared.
 */
export class ValueBuilder {
  readonly #document: YamlDocument
  readonly #built = new Map<ContentNode, { readonly value: Value; readonly size: number }>()
  #size = 0
  #repeated = 0

  constructor(document: YamlDocument) {
    this.#document = document
  }

  /** @param field what a problem in the node belongs to */
  build(node: YamlNode, field: string): Value {
    const content = contentOf(node)
    if (content === undefined) return null
    if (!this.#document.isShared(content)) return this.#content(content, field)
    let built = this.#built.get(content)
    if (built === undefined) {
      const before = this.#size
      const value = this.#content(content, field)
      built = { value, size: this.#size - before }
      this.#built.set(content, built)
    } else {
      this.#size += built.size
      this.#countRepeated(built.size, node, field)
    }
    return built.value
  }

  #countRepeated(size: number, node: YamlNode, field: string): void {
    if (this.#repeated <= MAX_REPEATED_VALUES && this.#repeated + size > MAX_REPEATED_VALUES) {
      this.#document.report(node, `aliases repeat more than ${MAX_REPEATED_VALUES} values`, {
        hint: 'write fewer aliases, or what they stand for',
        field,
      })
    }
    this.#repeated += size
  }

  #content(node: ContentNode, field: string): Value {
    this.#size++
    switch (node.kind) {
      case 'scalar':
        return scalarValue(this.#document, node)
      case 'sequence':
        return node.items.map((item) => this.build(item, field))
      case 'mapping': {
        const object: JsonObject = {}
        for (const { name, value } of this.#document.entries(node, field))
          setOwn(object, name, this.build(value, field))
        return object
      }
    }
  }
}

/** Assignment would follow `__proto__`. */
function setOwn(object: JsonObject, key: string, value: Value): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
  } else object[key] = value
}

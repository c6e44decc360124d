/** Values in a test file as JSON texts. */

import { stringify } from '../../json/stringify.ts'
import { contentOf, isPlain, type ScalarNode, type YamlNode } from '../../rules/yaml/tree.ts'
import { scalarValue } from '../../rules/yaml/values.ts'
import type { YamlDocument } from '../../rules/yaml/yaml.ts'

/** Values that aliases and merges may repeat in one file: enough for any honest test, too few for an alias bomb. */
const MAX_VALUES = 1_000_000

/** A value may nest so deep; aliases could make more of it than YAML itself allows. */
const MAX_DEPTH = 200

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/

/**
 * Writes nodes of one test file as JSON. Numbers keep the digits of the file: `2230.0` stays `2230.0`, since an output that copies a
 * number keeps the digits of the event.
 */
export class JsonOfYaml {
  readonly #document: YamlDocument
  #values = 0

  constructor(document: YamlDocument) {
    this.#document = document
  }

  /**
   * @param field what a problem in the node belongs to
   * @returns the JSON text; `null` where the node cannot be written, which is reported
   */
  text(node: YamlNode, field: string): string {
    return this.#text(node, field, 0)
  }

  /** The JSON text of a scalar. */
  scalar(node: ScalarNode, field: string): string {
    const value = scalarValue(this.#document, node)
    if (typeof value === 'string') return JSON.stringify(value)
    if (typeof value !== 'number' && typeof value !== 'bigint') return String(value)
    const written = this.#document.scalarText(node)
    if (JSON_NUMBER.test(written)) return written
    if (typeof value === 'bigint' || Number.isFinite(value)) return stringify(value)
    this.#document.report(node, `JSON has no number ${written}`, {
      hint: 'an output has it as a text: "NaN", "Infinity" or "-Infinity"',
      field,
    })
    return 'null'
  }

  #text(node: YamlNode, field: string, depth: number): string {
    const content = contentOf(node)
    if (content === undefined) return 'null'
    this.#values++
    if (this.#values > MAX_VALUES || depth > MAX_DEPTH) {
      if (this.#values <= MAX_VALUES + 1) {
        const message =
          depth > MAX_DEPTH
            ? `the value nests deeper than ${MAX_DEPTH} levels`
            : `the file has more than ${MAX_VALUES} values, those that aliases repeat included`
        this.#document.report(node, message, { hint: 'write fewer aliases, or a golden folder', field })
        this.#values = MAX_VALUES + 1
      }
      return 'null'
    }
    if (content.kind === 'scalar') return this.scalar(content, field)
    if (content.kind === 'sequence') {
      return `[${content.items.map((item) => this.#text(item, field, depth + 1)).join(',')}]`
    }
    const members = this.#document
      .entries(content, field)
      .map(({ name, value }) => `${JSON.stringify(name)}:${this.#text(value, field, depth + 1)}`)
    return `{${members.join(',')}}`
  }
}

/** True for a text that stands in quotes, or after `|` or `>`. */
export function isQuoted(node: ScalarNode): boolean {
  return !isPlain(node)
}

/** The keys of a test file that say how inputs are read. */

import { lineTest } from '../../batches/multiline-pattern.ts'
import type { Re2 } from '../../expression/regex/linear-matcher.ts'
import {
  columnsProblem,
  delimiterProblem,
  encodingProblem,
  type InputOptions,
  pickProblem,
} from '../../formats/input-options.ts'
import { MAX_LINE_LIMIT } from '../../formats/limits.ts'
import { contentOf } from '../../rules/yaml/tree.ts'
import { scalarValue } from '../../rules/yaml/values.ts'
import type { Entry, YamlDocument } from '../../rules/yaml/yaml.ts'
import { INPUT_FORMATS, type InputKey } from './keys.ts'

/** Options that grow key by key. */
export type InputDraft = { -readonly [Name in keyof InputOptions]: InputOptions[Name] }

const UNITS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['B', 1],
  ['KiB', 1024],
  ['MiB', 1024 * 1024],
])

/** The formats that a key is for; the others are for all. */
const NEEDED: readonly (readonly [keyof InputOptions, InputKey, string])[] = [
  ['pick', 'pick', 'json'],
  ['multiline', 'multiline', 'text'],
  ['multilineMaxLines', 'multiline_max', 'text'],
  ['multilineMaxBytes', 'multiline_max', 'text'],
  ['columns', 'columns', 'csv'],
  ['delimiter', 'delimiter', 'csv'],
]

/**
 * Reads one key of the input into options; a value that is not acceptable is reported.
 *
 * @param field what a problem belongs to
 */
export function readInputKey(
  document: YamlDocument,
  entry: Entry,
  into: InputDraft,
  field: string,
  loadRe2: () => Re2,
): void {
  const node = contentOf(entry.value)
  const value = node?.kind === 'scalar' ? scalarValue(document, node) : undefined
  const refuse = (message: string, hint?: string): void =>
    document.report(entry.value, message, { hint, field })
  const text = typeof value === 'string' ? value : undefined
  const checked = (problem: (text: string) => string | undefined): string | undefined => {
    const fault = text === undefined ? `'${entry.name}' is a text` : problem(text)
    if (fault !== undefined) refuse(fault)
    return fault === undefined ? text : undefined
  }
  switch (entry.name as InputKey) {
    case 'input_format':
      if (INPUT_FORMATS.some((format) => format === text))
        into.inputFormat = text as (typeof INPUT_FORMATS)[number]
      else refuse("'input_format' is jsonl, json, text or csv")
      break
    case 'pick':
      into.pick = checked(pickProblem)
      break
    case 'multiline':
      into.multiline = checked((pattern) => patternProblem(pattern, loadRe2))
      break
    case 'multiline_max':
      readMax(String(value ?? ''), into, refuse)
      break
    case 'columns': {
      const names =
        node?.kind === 'sequence'
          ? node.items.map((item) => {
              const content = contentOf(item)
              return content?.kind === 'scalar' ? document.scalarText(content) : ''
            })
          : (text ?? '').split(',').map((name) => name.trim())
      const problem = columnsProblem(names)
      if (problem === undefined) into.columns = names
      else refuse(problem, 'for example: columns: [time, src, dst]')
      break
    }
    case 'delimiter': {
      const character = text === 'tab' || text === '\\t' ? '\t' : (text ?? '')
      const problem = delimiterProblem(character)
      if (problem === undefined) into.delimiter = character
      else refuse(problem, "for example: delimiter: ';', or tab")
      break
    }
    case 'encoding':
      into.encoding = checked(encodingProblem)
      break
    case 'invalid_utf8':
      if (text === 'reject' || text === 'replace') into.invalidUtf8 = text
      else refuse("'invalid_utf8' is reject or replace")
      break
    case 'max_line':
      if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_LINE_LIMIT) {
        into.maxLineBytes = value
      } else refuse(`'max_line' is a number of bytes from 1 to ${MAX_LINE_LIMIT}`)
  }
}

/** A key that does not go with the format, with what it needs; undefined: all go with it. */
export function unfitKey(
  options: InputOptions,
): { readonly key: InputKey; readonly needs: string } | undefined {
  for (const [name, key, format] of NEEDED) {
    if (options[name] !== undefined && options.inputFormat !== format) {
      return { key, needs: `input_format: ${format}` }
    }
  }
  const hasMax = options.multilineMaxLines !== undefined || options.multilineMaxBytes !== undefined
  return hasMax && options.multiline === undefined
    ? { key: 'multiline_max', needs: "the key 'multiline'" }
    : undefined
}

function patternProblem(pattern: string, loadRe2: () => Re2): string | undefined {
  try {
    lineTest(pattern, loadRe2)
    return undefined
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return error.message
  }
}

/** `200`, `64KiB`, `200,64KiB` */
function readMax(text: string, into: InputDraft, refuse: (message: string, hint: string) => void): void {
  for (const part of text.split(',')) {
    const [, digits, unit] = /^([1-9]\d{0,15})(B|KiB|MiB)?$/.exec(part.trim()) ?? []
    const value = Number(digits) * UNITS.get(unit ?? '')!
    if (digits === undefined || value > MAX_LINE_LIMIT) {
      refuse(
        "'multiline_max' is a number of lines, of bytes, or both",
        'for example: 200, 64KiB, or 200,64KiB',
      )
      return
    }
    if (unit === undefined) into.multilineMaxLines = value
    else into.multilineMaxBytes = value
  }
}

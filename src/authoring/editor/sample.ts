/** The fields that sample events have: completions offer them, and hovers show a value. */

import type { Value } from '../../expression/value.ts'
import type { InputOptions } from '../../formats/input-options.ts'
import { toPlain } from '../../rules/apply/plain-values.ts'
import { contentOf } from '../../rules/yaml/tree.ts'
import { ValueBuilder } from '../../rules/yaml/values.ts'
import { YamlDocument } from '../../rules/yaml/yaml.ts'
import { readEvents } from './events.ts'

/** A field of sample events. */
export interface SampleField {
  /** Names of members, the outermost first. */
  readonly path: readonly string[]
  /** The names of its types in the language of rules, in the order in which they were met: `str`, `int`. */
  readonly types: readonly string[]
  /** The first value that is no object, as JSON, cut after 60 characters; undefined where there is none. */
  readonly example: string | undefined
  /** Number of events that have it. */
  readonly count: number
}

/** The fields of some events. */
export interface Sample {
  /** In the order in which they were met. */
  readonly fields: readonly SampleField[]
  readonly events: number
}

export const NO_SAMPLE: Sample = { fields: [], events: 0 }

const MAX_EVENTS = 500
const MAX_FIELDS = 2000
const MAX_DEPTH = 8
const MAX_EXAMPLE = 60

/** Collects the fields of events: of the first 500, and 2,000 fields at most. */
export function sampleOf(events: Iterable<unknown>): Sample {
  const fields = new Map<
    string,
    { path: string[]; types: string[]; example: string | undefined; count: number }
  >()
  let count = 0
  const visit = (value: unknown, path: string[]): void => {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || path.length >= MAX_DEPTH)
      return
    for (const [name, member] of Object.entries(value)) {
      const below = [...path, name]
      const key = JSON.stringify(below)
      let field = fields.get(key)
      if (field === undefined) {
        if (fields.size >= MAX_FIELDS) return
        field = { path: below, types: [], example: undefined, count: 0 }
        fields.set(key, field)
      }
      field.count++
      const type = typeName(member)
      if (!field.types.includes(type)) field.types.push(type)
      if (field.example === undefined && type !== 'dict') field.example = exampleOf(member)
      visit(member, below)
    }
  }
  for (const event of events) {
    if (count >= MAX_EVENTS) break
    count++
    visit(event, [])
  }
  return { fields: [...fields.values()], events: count }
}

/**
 * The fields of the events in a file: of its format, or of the cases of a file of tests (`x.test.yaml`). What cannot be read is
 * left out.
 */
export function sampleOfFile(file: string, text: string, options: InputOptions): Sample {
  return sampleOf(/\.ya?ml$/i.test(file) ? testEvents(file, text) : plainEvents(text, options))
}

function* plainEvents(text: string, options: InputOptions): Generator<unknown> {
  try {
    for (const event of readEvents(text, options)) if ('data' in event) yield toPlain(event.data)
  } catch {
    // A sample that is no sample: there is nothing to complete from it.
  }
}

/** The events of the cases in a file of tests (`x.test.yaml`); those that are given as raw text are left out. */
export function* testEvents(file: string, text: string): Generator<Value> {
  const document = new YamlDocument(text, file)
  if (document.root?.kind !== 'mapping') return
  const cases = document.allEntries(document.root).find(({ name }) => name === 'cases')
  const list = cases && contentOf(cases.value)
  if (list?.kind !== 'sequence') return
  for (const item of list.items) {
    const content = contentOf(item)
    if (content?.kind !== 'mapping') continue
    const event = document.allEntries(content).find(({ name }) => name === 'event')
    if (event !== undefined) yield new ValueBuilder(document).build(event.value, 'event')
  }
}

function typeName(value: unknown): string {
  if (value === null) return 'None'
  if (Array.isArray(value)) return 'list'
  switch (typeof value) {
    case 'string':
      return 'str'
    case 'boolean':
      return 'bool'
    case 'bigint':
      return 'int'
    case 'number':
      return Number.isInteger(value) ? 'int' : 'float'
    default:
      return 'dict'
  }
}

function exampleOf(value: unknown): string {
  const text =
    JSON.stringify(value, (_key, member) => (typeof member === 'bigint' ? String(member) : member)) ?? ''
  return text.length > MAX_EXAMPLE ? `${text.slice(0, MAX_EXAMPLE)}...` : text
}

import type { OutputEvent } from '../event.ts'
import { typeError } from '../expression/failure.ts'
import { getMember } from '../expression/runtime/containers/containers.ts'
import { dictSet } from '../expression/runtime/containers/keys.ts'
import { isMapping } from '../expression/runtime/fields.ts'
import { setOwn } from '../expression/runtime/output.ts'
import type { JsonObject, Maybe, NumberTexts, Value } from '../expression/value.ts'
import { Dict, Tuple, ValueSet } from '../expression/value.ts'
import type { EnrichSpec } from '../rules/load.ts'
import type { Answer } from '../tracer/client/pool.ts'
import type { Indicator, IndicatorType } from '../tracer/protocol.ts'

/** A value of an event that is looked up. */
export interface FoundIndicator extends Indicator {
  /** The path that it was found at. */
  readonly field: string
}

/** An event has this many indicators at most; what comes after them is not looked up. */
export const MAX_INDICATORS = 1000

/** Logs write it where there is nothing. */
const PLACEHOLDER = '-'

const NONE: readonly FoundIndicator[] = Object.freeze([])

const ANOMALY = ['event', 'anomaly', 'enrichment']

/** A path that the rule file says is looked up. */
export interface IndicatorPath {
  /** As it is written. */
  readonly field: string
  readonly type: IndicatorType
  readonly steps: readonly string[]
}

/** The paths that are looked up, in the order in which an {@link Enrichment} has them. */
export function lookedUpFields(spec: EnrichSpec | undefined): readonly string[] {
  return spec === undefined ? [] : [...spec.url, ...spec.ip, ...spec.hash]
}

/** The indicators of an event, and the event with what is found. It never changes an event: it makes new ones. */
export class Enrichment {
  readonly paths: readonly IndicatorPath[]
  /** Where detections go. */
  readonly into: readonly string[]

  constructor(spec: EnrichSpec) {
    const paths = (type: 'ip' | 'url' | 'hash') =>
      spec[type].map((field) => ({ field, type, steps: field.split('.') }))
    this.paths = [...paths('url'), ...paths('ip'), ...paths('hash')]
    this.into = spec.into.split('.')
  }

  /**
   * The indicators of an event, in the order of the rule file's paths: texts that are neither empty nor `-`, and of a
   * list each element, once. A path leads through lists to the members of their elements.
   */
  find(output: JsonObject): readonly FoundIndicator[] {
    let found: FoundIndicator[] | undefined
    for (const { field, type, steps } of this.paths) {
      const value = valueAt(output, steps)
      if (isIndicator(value)) {
        found ??= []
        if (found.length < MAX_INDICATORS) found.push({ field, type, value })
      } else if (itemsOf(value) !== undefined) {
        found ??= []
        addElements(found, { field, type, steps }, output)
      }
    }
    return found ?? NONE
  }

  /**
   * The event with detections added.
   *
   * @throws {Failure} TYPE_ERROR where the place for them is not a list, or not in an object
   */
  add(event: OutputEvent, detections: readonly JsonObject[]): OutputEvent {
    const { into } = this
    return changed(event, into, (value, numbers) => appended(value, detections, numbers, into))
  }
}

/**
 * Detections as an event holds them.
 *
 * @param answers one for each of the indicators
 * @returns undefined: nothing was found
 */
export function detectionsOf(
  found: readonly FoundIndicator[],
  answers: readonly Answer[],
): JsonObject[] | undefined {
  let detections: JsonObject[] | undefined
  for (let index = 0; index < answers.length; index++) {
    const answer = answers[index]!
    if (answer.length === 0) continue
    const { field, type, value } = found[index]!
    detections ??= []
    for (const { category, fields } of answer) {
      const indicator: JsonObject = {}
      for (const [name, text] of fields) setOwn(indicator, name, text)
      detections.push({ category, matched: { atomic: value, field, type }, indicator })
    }
  }
  return detections
}

/**
 * The event with the mark that it was not enriched. Where its own `event` or `event.anomaly` is no object there is no
 * place for the mark, and it stays as it is: no event is lost over this.
 */
export function markUnenriched(event: OutputEvent, reason: 'timeout' | 'unavailable'): OutputEvent {
  let holder: Maybe = event.output
  for (const step of ANOMALY) {
    if (holder === undefined || holder === null) break
    if (!isMapping(holder)) return event
    holder = getMember(holder, step)
  }
  return changed(event, ANOMALY, () => reason)
}

/** True for a value that is looked up. */
export function isIndicator(value: Maybe): value is string {
  return typeof value === 'string' && value !== '' && value !== PLACEHOLDER
}

/** The value at a path, as far as it leads through objects only; the list that it leads into. */
function valueAt(output: Value, steps: readonly string[]): Maybe {
  let value: Maybe = output
  for (const step of steps) {
    if (!isMapping(value)) return itemsOf(value) === undefined ? undefined : value
    value = getMember(value, step)
  }
  return value
}

/** Adds the indicators of a path that leads into lists. @param output where the path's steps begin */
export function addElements(found: FoundIndicator[], path: IndicatorPath, output: Value): void {
  const { field, type, steps } = path
  const seen = new Set<string>()
  const visit = (value: Maybe, depth: number): void => {
    if (found.length >= MAX_INDICATORS) return
    const items = itemsOf(value)
    if (items !== undefined) {
      // A list in a list is no list of indicators.
      for (const item of items) if (itemsOf(item) === undefined) visit(item, depth)
    } else if (depth < steps.length) {
      if (isMapping(value)) visit(getMember(value, steps[depth]!), depth + 1)
    } else if (isIndicator(value) && !seen.has(value)) {
      seen.add(value)
      found.push({ field, type, value })
    }
  }
  visit(output, 0)
}

/** A value that the output writes as a list. An iterator is none: it would be used up. */
function itemsOf(value: Maybe): Iterable<Value> | undefined {
  if (Array.isArray(value)) return value
  if (value instanceof Tuple) return value.items
  return value instanceof ValueSet ? value.entries.values() : undefined
}

/** The way the value at a path becomes another; `numbers` may be added to. */
type Change = (value: Maybe, numbers: NumberTexts | undefined) => Value

/** The event with another value at a path. All that is on the way there is copied: it may be the input's own. */
function changed(event: OutputEvent, path: readonly string[], change: Change): OutputEvent {
  const { line, ordinal, text, plain } = event
  const numbers = event.numbers === undefined ? undefined : new Map(event.numbers)
  const output = changedAt(event.output, path, 0, change, numbers) as JsonObject
  return { line, ordinal, text, output, plain, numbers }
}

function changedAt(
  value: Maybe,
  path: readonly string[],
  depth: number,
  change: Change,
  numbers: NumberTexts | undefined,
): Value {
  if (depth === path.length) return change(value, numbers)
  const key = path[depth]!
  const holder = value ?? {}
  if (!isMapping(holder)) {
    throw typeError(`cannot set ${path.join('.')}: ${path.slice(0, depth).join('.')} is not an object`)
  }
  const copy = copyOf(holder, numbers)
  const member = changedAt(getMember(holder, key), path, depth + 1, change, numbers)
  if (copy instanceof Dict) dictSet(copy, key, member)
  else setOwn(copy, key, member)
  return copy
}

function appended(
  value: Maybe,
  added: readonly JsonObject[],
  numbers: NumberTexts | undefined,
  path: readonly string[],
): Value {
  if (value === undefined || value === null) return [...added]
  const items = itemsOf(value)
  if (items === undefined) throw typeError(`cannot add detections to ${path.join('.')}: it is not a list`)
  const list = [...items, ...added]
  keepTexts(value as object, list, numbers)
  return list
}

function copyOf(holder: JsonObject | Dict, numbers: NumberTexts | undefined): JsonObject | Dict {
  let copy: JsonObject | Dict
  if (holder instanceof Dict) {
    copy = new Dict()
    for (const [key, [name, member]] of holder.entries) copy.entries.set(key, [name, member])
  } else {
    // Own members only, `__proto__` among them if it is there.
    copy = { ...holder }
  }
  keepTexts(holder, copy, numbers)
  return copy
}

/** The numbers in a copy are written as those in the original. */
function keepTexts(original: object, copy: object, numbers: NumberTexts | undefined): void {
  const texts = numbers?.get(original)
  if (texts !== undefined) numbers?.set(copy, texts)
}

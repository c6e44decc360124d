import { originalMispContext } from '../../compat.ts'
import { limitedContext } from '../../feeds/formats/record.ts'
import { type ContextField, contextText } from '../../protocol.ts'
import { MispError } from './misp-error.ts'
import { comparisonKey } from './values.ts'

/** One attribute that MISP knows of a value. */
export interface MispHit {
  /** MISP's id of the attribute: digits. */
  readonly id: string
  /** The context of the detection, see `contextText`. */
  readonly context: string
}

/** An attribute of an answer: its members are looked at with care, they may be anything. */
export type MispAttribute = Readonly<Record<string, unknown>>

/** A longer text of a context is cut: comments hold whole reports now and then. */
const LONGEST_TEXT = 512
const MOST_TAGS = 32
const THREAT_LEVELS: Readonly<Record<string, string>> = {
  '1': 'high',
  '2': 'medium',
  '3': 'low',
  '4': 'undefined',
}

/**
 * The attributes of an answer: `{"response": {"Attribute": [...]}}`; some versions answer `{"response": []}` for none.
 *
 * @throws MispError `bad-answer`
 */
export function readAnswer(text: string): readonly MispAttribute[] {
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch (cause) {
    throw badAnswer(`it begins with ${JSON.stringify(text.slice(0, 60))}, which is not JSON`, cause)
  }
  const response = member(answer, 'response')
  if (Array.isArray(response) && response.length === 0) return []
  const attributes = member(response, 'Attribute')
  if (!Array.isArray(attributes) || !attributes.every(isObject)) {
    throw badAnswer('it has no list of attributes at response.Attribute')
  }
  return attributes
}

function badAnswer(problem: string, cause?: unknown): MispError {
  return new MispError(
    'bad-answer',
    `MISP's answer is not that of a search: ${problem}. Is the URL that of a MISP instance?`,
    { cause },
  )
}

/** The keys of an attribute: its value, and both halves of a composite one (`domain|ip`), but no port. */
export function keysOf(attribute: MispAttribute): readonly string[] {
  const value = textOf(attribute.value)
  const types = textOf(attribute.type).split('|')
  if (types.length < 2) return [comparisonKey(value)]
  return value
    .split('|')
    .slice(0, types.length)
    .filter((_, i) => types[i] !== 'port')
    .map(comparisonKey)
}

/** It is marked for detection. */
export function isForDetection(attribute: MispAttribute): boolean {
  return attribute.to_ids === true || attribute.to_ids === 1 || attribute.to_ids === '1'
}

/** The fields of an attribute and its event that a detection has. */
export function toHit(attribute: MispAttribute): MispHit {
  const event = attribute.Event
  const threatLevel = scalar(member(event, 'threat_level_id'))
  const fields: [name: string, value: string][] = [
    ['value', scalar(attribute.value)],
    ['type', scalar(attribute.type)],
    ['category', scalar(attribute.category)],
    ['to_ids', String(isForDetection(attribute))],
    ['comment', scalar(attribute.comment)],
    ['timestamp', moment(attribute.timestamp)],
    ['first_seen', scalar(attribute.first_seen)],
    ['last_seen', scalar(attribute.last_seen)],
    ['tags', tagsOf(attribute)],
    ['object_relation', scalar(attribute.object_relation)],
    ['uuid', scalar(attribute.uuid)],
    ['event.id', scalar(attribute.event_id) || scalar(member(event, 'id'))],
    ['event.uuid', scalar(member(event, 'uuid'))],
    ['event.info', scalar(member(event, 'info'))],
    ['event.date', scalar(member(event, 'date'))],
    ['event.threat_level', THREAT_LEVELS[threatLevel] ?? threatLevel],
    ['event.org', scalar(member(member(event, 'Orgc'), 'name'))],
  ]
  return { id: idOf(attribute), context: contextText(fields.filter(isTold)) }
}

/** An attribute with its event as Tracer.py tells of it: all that MISP has sent. */
export function toOriginalHit(attribute: MispAttribute): MispHit {
  return { id: idOf(attribute), context: limitedContext(originalMispContext(attribute)).text }
}

/** Fields that the attribute does not have are left out. */
function isTold(field: ContextField): boolean {
  return field[1] !== ''
}

/** MISP's number of the attribute, or what else tells it from others. */
function idOf(attribute: MispAttribute): string {
  return scalar(attribute.id) || scalar(attribute.uuid)
}

/** Attributes in the order in which MISP got them: a new one does not renumber those before it. */
export function byId(a: MispHit, b: MispHit): number {
  return a.id.length - b.id.length || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
}

/** Its own tags and those of its event, joined. */
function tagsOf(attribute: MispAttribute): string {
  const tags = Array.isArray(attribute.Tag) ? attribute.Tag.slice(0, MOST_TAGS) : []
  const names = tags.map((tag) => scalar(member(tag, 'name'))).filter((name) => name !== '')
  return cut([...new Set(names)].join(','))
}

/** Seconds since 1970 as ISO 8601. */
function moment(value: unknown): string {
  const date = new Date(Number(scalar(value)) * 1000)
  return scalar(value) === '' || Number.isNaN(date.getTime()) ? '' : date.toISOString()
}

/** A text as it is told: long ones are cut. */
function scalar(value: unknown): string {
  return cut(textOf(value))
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

function cut(text: string): string {
  if (text.length <= LONGEST_TEXT) return text
  // Half of a character is none.
  const end = /[\ud800-\udbff]/.test(text[LONGEST_TEXT - 1]!) ? LONGEST_TEXT - 1 : LONGEST_TEXT
  return `${text.slice(0, end)}…`
}

function member(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

import type { Token } from 'stream-json/core/parser.js'
import { FeedError } from '../feed-error.ts'
import type { FeedHandlers } from '../feed-handlers.ts'
import { NotOfFormat } from './json-format.ts'
import type { TokenSink } from './json-tokens.ts'
import { ValueAssembler } from './json-value.ts'
import { attributeContext, attributeIndicators } from './misp-attribute.ts'
import type { FeedRecord, FeedValue } from './record.ts'

/*
 * Events of MISP, one or many, an attribute at a time:
 *
 *     {"Event": {"info": ..., "uuid": ..., "date": ...,          what goes into the contexts
 *                "Attribute": [{"type": ..., "value": ...}],      records
 *                "Object": [{"Attribute": [...]}]}}               records
 *     [{"Event": ...}, ...]    {"response": [{"Event": ...}, ...]}    {"response": {"Attribute": [...]}}
 *
 * An event of hundreds of megabytes is never in memory as a whole.
 */

/** A sample is in its attribute, as base64. */
const LONGEST_ATTRIBUTE = 64 * 1024 * 1024
/** Characters that are kept of a text of an event, which goes into the context of each of its attributes. */
const LONGEST_TEXT = 1000
/** Characters of events that tell of themselves behind their attributes. */
const MOST_CHARACTERS = 64 * 1024 * 1024
const EVENT_FIELDS: ReadonlySet<string> = new Set(['info', 'uuid', 'date'])

/** The place where a token stands. */
type Place = 'list' | 'document' | 'event' | 'attributes' | 'objects' | 'object'

/** Events by their number in the file, from 1; only those that tell of themselves too late. */
type EventFields = ReadonlyMap<number, FeedRecord>

/** An event has attributes before it is known what it is: the file has to be surveyed. */
export class LateEventFields extends Error {
  /** Attributes that were told before. */
  readonly attributes: number

  constructor(attributes: number) {
    super('an event tells of itself behind its attributes')
    this.attributes = attributes
  }
}

/** Walks through the wrappings. */
abstract class EventTokens implements TokenSink {
  readonly longestRecord = LONGEST_ATTRIBUTE
  readonly #places: Place[] = []
  /** Containers that are of no interest. */
  #skipped = 0
  #key = ''
  readonly #values = new ValueAssembler()
  #startLine = 1
  /** True once there was something that events are made of. */
  #hasEvent = false
  /** The number of the event that is open, from 1. */
  protected ordinal = 0

  add(token: Token, line: number): boolean {
    if (this.#values.isOpen) {
      if (!this.#values.add(token)) return false
      this.onAttribute(this.#values.value, this.#startLine)
      return true
    }
    switch (token.name) {
      case 'startObject':
      case 'startArray':
        this.#start(token, line)
        return false
      case 'endObject':
      case 'endArray':
        if (this.#skipped > 0) this.#skipped -= 1
        else this.#end()
        return true
      case 'keyValue':
        if (this.#skipped === 0) this.#key = token.value
        return false
      case 'stringValue':
      case 'numberValue':
      case 'trueValue':
      case 'falseValue':
      case 'nullValue':
        if (this.#skipped === 0) this.#scalar(token.value, line)
        return true
      default:
        return false
    }
  }

  #start(token: Token, line: number): void {
    const place = this.#places.at(-1)
    if (this.#skipped > 0) {
      this.#skipped += 1
    } else if (place === 'attributes') {
      this.#startLine = line
      this.#values.add(token)
    } else {
      const next = this.#next(place, token.name === 'startArray')
      if (next === undefined) this.#skipped = 1
      else this.#enter(next)
    }
  }

  /** The place inside a container that begins at this one; undefined: nothing of interest is in it. */
  #next(place: Place | undefined, isList: boolean): Place | undefined {
    switch (place) {
      case undefined:
        return isList ? 'list' : 'document'
      case 'list':
        return isList ? undefined : 'document'
      case 'document':
        if (this.#key === 'Event') return isList ? undefined : 'event'
        if (this.#key === 'response') return isList ? 'list' : 'document'
        return this.#key === 'Attribute' && isList ? 'attributes' : undefined
      case 'event':
        if (!isList) return undefined
        if (this.#key === 'Attribute') return 'attributes'
        return this.#key === 'Object' ? 'objects' : undefined
      case 'objects':
        return isList ? undefined : 'object'
      default:
        return this.#key === 'Attribute' && isList ? 'attributes' : undefined
    }
  }

  #enter(place: Place): void {
    this.#places.push(place)
    if (place === 'event') {
      this.#hasEvent = true
      this.ordinal += 1
      this.onEvent()
    } else if (place === 'attributes') {
      this.#hasEvent = true
      this.onAttributes(this.#places.includes('event'))
    }
  }

  #end(): void {
    const place = this.#places.pop()
    if (place === 'event') this.onEventEnd()
    const isAtTop = this.#places.length === 0 || (this.#places.length === 1 && this.#places[0] === 'list')
    if (place === 'document' && isAtTop && !this.#hasEvent) throw new NotOfFormat('there is no event')
  }

  #scalar(value: FeedValue, line: number): void {
    const place = this.#places.at(-1)
    if (place === 'attributes') this.onAttribute(value, line)
    else if (place === 'event' && typeof value === 'string' && EVENT_FIELDS.has(this.#key))
      this.onEventField(this.#key, value.slice(0, LONGEST_TEXT))
  }

  protected onEvent(): void {}
  protected onEventEnd(): void {}
  protected onEventField(_name: string, _value: string): void {}
  /** Attributes begin. @param isOfEvent they stand in an event */
  protected onAttributes(_isOfEvent: boolean): void {}
  protected onAttribute(_attribute: FeedValue, _line: number): void {}
}

/** Reads what events tell of themselves behind their attributes. */
export class EventSurvey extends EventTokens {
  readonly #file: string
  readonly #late = new Map<number, FeedRecord>()
  #fields = new Map<string, string>()
  #isLate = false
  #characters = 0

  constructor(file: string) {
    super()
    this.#file = file
  }

  get result(): EventFields {
    return this.#late
  }

  protected override onEvent(): void {
    this.#fields = new Map()
    this.#isLate = false
  }

  protected override onAttributes(): void {
    if (this.#fields.size < EVENT_FIELDS.size) this.#isLate = true
  }

  protected override onEventField(name: string, value: string): void {
    this.#fields.set(name, value)
  }

  protected override onEventEnd(): void {
    if (!this.#isLate) return
    this.#late.set(this.ordinal, this.#fields)
    for (const [name, value] of this.#fields) this.#characters += name.length + value.length
    if (this.#characters > MOST_CHARACTERS) {
      throw new FeedError(
        'FEED_TOO_LARGE',
        this.#file,
        'has too many events that tell of themselves behind their attributes; split it',
      )
    }
  }
}

/** Makes a record of each attribute that can be looked up. */
export class EventReader extends EventTokens {
  readonly #handlers: FeedHandlers
  readonly #late: EventFields | undefined
  /** Attributes that were told by a reading before. */
  readonly #told: number
  #event = new Map<string, FeedValue>()
  #attributes = 0
  #ordinal = 0

  /**
   * @param late from a survey; undefined: there was none
   * @param told attributes not to be told again
   */
  constructor(handlers: FeedHandlers, late: EventFields | undefined, told: number) {
    super()
    this.#handlers = handlers
    this.#late = late
    this.#told = told
  }

  protected override onEvent(): void {
    this.#event = new Map(this.#late?.get(this.ordinal))
  }

  protected override onEventEnd(): void {
    this.#event = new Map()
  }

  protected override onEventField(name: string, value: string): void {
    this.#event.set(name, value)
  }

  protected override onAttributes(isOfEvent: boolean): void {
    const isLate = isOfEvent && this.#event.size < EVENT_FIELDS.size
    if (isLate && this.#late === undefined) throw new LateEventFields(this.#attributes)
  }

  protected override onAttribute(attribute: FeedValue, line: number): void {
    this.#attributes += 1
    const indicators = attribute instanceof Map ? attributeIndicators(attribute as FeedRecord) : undefined
    const hasIndicators = indicators !== undefined && indicators.length > 0
    if (hasIndicators) this.#ordinal += 1
    if (this.#attributes <= this.#told) return
    if (indicators === undefined) {
      this.#handlers.onSkipped(`line ${line}`, 'an attribute needs a type and a value')
    } else if (!hasIndicators || (attribute as FeedRecord).get('deleted') === true) {
      this.#handlers.onIgnored?.()
    } else {
      const context = attributeContext(attribute as FeedRecord, this.#event)
      this.#handlers.onRecord(context, this.#ordinal, indicators)
    }
  }
}

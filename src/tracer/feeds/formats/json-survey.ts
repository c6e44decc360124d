import type { Token } from 'stream-json/core/parser.js'
import type { FeedHandlers } from '../feed-handlers.ts'
import { addScalars } from '../keys/key-path.ts'
import { NotOfFormat } from './json-format.ts'
import type { TokenSink } from './json-tokens.ts'
import { MAX_DEPTH, ValueAssembler } from './json-value.ts'
import { knownIndicators } from './known-fields.ts'
import { type FeedRecord, type FeedValue, JsonRecord } from './record.ts'

/*
 * One object whose records are somewhere in it: in the list that one of its members is (`data`, `objects`,
 * `data/items`), or its members are they, by their ids. The file is read twice: its outline first.
 */

/** Stands for any name, or any element, in a path of records. */
const ANY = '*'
const LONGEST_ELEMENT = 16 * 1024 * 1024
const DEEPEST_LIST = 4
/** Members of the outline that are kept. */
const MOST_SCALARS = 200
const MOST_MEMBERS = 1000
const LONGEST_SCALAR = 4000

/** The outline of a file of one object. */
export interface JsonOutline {
  /** The paths of lists of objects, through objects only. */
  readonly lists: readonly (readonly string[])[]
  /** The scalars of the objects, by the path of the object, joined by `/`. */
  readonly scalars: ReadonlyMap<string, FeedRecord>
  /** All members of the object are objects, or lists of objects. */
  readonly isKeyed: boolean
}

/** Reads the outline of a file. @throws NotOfFormat when it is not one object */
export class JsonSurvey implements TokenSink {
  readonly longestRecord = LONGEST_ELEMENT
  #isTooDeep = false
  /** The open containers: the name of each in its parent, and of what kind it is. */
  readonly #stack: { readonly name: string; readonly isList: boolean; hasObjects: boolean }[] = []
  #key = ''
  #hasTop = false
  #members = 0
  #otherMembers = 0
  readonly #lists: string[][] = []
  readonly #scalars = new Map<string, JsonRecord>()
  #kept = 0

  get isTooDeep(): boolean {
    return this.#isTooDeep
  }

  get result(): JsonOutline {
    const isKeyed = this.#members > 0 && this.#otherMembers === 0
    return { lists: this.#lists, scalars: this.#scalars, isKeyed }
  }

  add(token: Token): boolean {
    switch (token.name) {
      case 'startObject':
      case 'startArray':
        this.#start(token.name === 'startArray')
        return false
      case 'endObject':
      case 'endArray':
        this.#end()
        return true
      case 'keyValue':
        this.#key = token.value
        return false
      default:
        this.#scalar(token)
        return true
    }
  }

  #start(isList: boolean): void {
    const parent = this.#stack.at(-1)
    if (parent === undefined) {
      if (this.#hasTop || isList) throw new NotOfFormat('the file is not one object')
      this.#hasTop = true
    } else if (parent.isList && !isList) parent.hasObjects = true
    if (this.#stack.length === 1) this.#members += 1
    if (this.#stack.length >= MAX_DEPTH) {
      this.#isTooDeep = true
      throw new NotOfFormat('the object nests too deep')
    }
    this.#stack.push({ name: this.#key, isList, hasObjects: false })
  }

  #end(): void {
    const { isList, hasObjects } = this.#stack.at(-1)!
    const path = this.#stack.slice(1)
    if (isList && path.slice(0, -1).every((each) => !each.isList) && path.length <= DEEPEST_LIST) {
      if (hasObjects && this.#lists.length < MOST_MEMBERS) this.#lists.push(path.map(({ name }) => name))
      else if (!hasObjects && path.length === 1) this.#otherMembers += 1
    }
    this.#stack.pop()
  }

  #scalar(token: Token): void {
    const parent = this.#stack.at(-1)
    if (parent === undefined) throw new NotOfFormat('the file is not one object')
    if (this.#stack.length === 1) this.#otherMembers += 1
    if (parent.isList || this.#stack.some(({ isList }) => isList) || this.#kept >= MOST_SCALARS) return
    if (this.#stack.length > DEEPEST_LIST) return
    const path = this.#stack
      .slice(1)
      .map(({ name }) => name)
      .join('/')
    let scalars = this.#scalars.get(path)
    if (scalars === undefined) {
      scalars = new JsonRecord()
      this.#scalars.set(path, scalars)
    }
    this.#kept += 1
    scalars.setScalar(this.#key, scalarOf(token), token.name === 'numberValue')
  }
}

function scalarOf(token: Token): FeedValue {
  if (token.name === 'trueValue') return true
  if (token.name === 'falseValue') return false
  if (token.name === 'nullValue') return null
  return String((token as { value?: unknown }).value ?? '').slice(0, LONGEST_SCALAR)
}

/**
 * The path of the records of a file of one object.
 *
 * @param keys that are wanted
 * @returns undefined when the object itself is the record
 */
export function recordsPath(outline: JsonOutline, keys: readonly string[]): readonly string[] | undefined {
  const { lists, scalars, isKeyed } = outline
  const own = scalars.get('')
  if (keys.some((key) => own?.has(key) === true)) return undefined
  if (isKeyed) {
    const isOfLists = lists.length > 0 && lists.every((path) => path.length === 1)
    // One member that is a list has the records; several may be the records, by their ids.
    if (lists.length !== 1 || !isOfLists) {
      const wanted = lists.filter((path) => keys.some((key) => key.startsWith(`${path.join('/')}/`)))
      if (wanted.length > 0) return wanted.length === 1 ? wanted[0] : undefined
      return [ANY]
    }
  }
  if (lists.length === 1) return lists[0]
  const wanted = lists.filter((path) =>
    keys.some((key) => key.startsWith(`${path.join('/')}/`) || key.startsWith(`${path.join('.')}.`)),
  )
  return wanted.length === 1 ? wanted[0] : undefined
}

/** Makes a record of each value at a path. */
export class RecordsAtPath implements TokenSink {
  readonly longestRecord = LONGEST_ELEMENT
  readonly #path: readonly string[]
  readonly #around: FeedRecord
  readonly #handlers: FeedHandlers
  readonly #make: (record: FeedRecord, ordinal: number, place: string) => void
  readonly #values = new ValueAssembler()
  /** The open containers that are not records: names of the path that they stand for. */
  readonly #stack: { readonly isList: boolean; readonly consumed: number }[] = []
  /** The name that the last `ANY` of the path stands for. */
  #id: string | undefined
  #key = ''
  #startLine = 1
  #ordinal = 0
  #isSkipping = 0
  #hasAny = false

  /**
   * @param outline has the scalars that go into each record, after its own
   * @param make takes a record; default: it is told, with what it says itself that it is looked up by if no key is wanted
   */
  constructor(
    path: readonly string[],
    outline: JsonOutline,
    handlers: FeedHandlers,
    make?: (record: FeedRecord, ordinal: number, place: string) => void,
  ) {
    this.#path = path
    this.#handlers = handlers
    this.#around = scalarsAround(path, outline)
    this.#make = make ?? ((record, ordinal) => tellRecord(record, ordinal, handlers))
  }

  get isTooDeep(): boolean {
    return this.#values.isOpen && this.#values.isTooDeep
  }

  /** There was something at the path, a record or not. */
  get hasAny(): boolean {
    return this.#hasAny
  }

  add(token: Token, line: number): boolean {
    if (this.#values.isOpen) return this.#add(token)
    switch (token.name) {
      case 'keyValue':
        this.#key = token.value
        return false
      case 'startObject':
      case 'startArray':
        if (!this.#start(token.name === 'startArray')) return false
        this.#startLine = line
        return this.#add(token)
      case 'endObject':
      case 'endArray':
        if (this.#isSkipping > 0) this.#isSkipping -= 1
        else this.#stack.pop()
        return true
      default:
        if (this.#isSkipping === 0 && this.#isInFinalList) {
          this.#hasAny = true
          this.#handlers.onSkipped(`line ${line}`, 'the value is not an object', 'values that are no objects')
        }
        return true
    }
  }

  #add(token: Token): boolean {
    if (!this.#values.add(token)) return false
    this.#hasAny = true
    const { value, isTooDeep } = this.#values
    const place = `line ${this.#startLine}`
    if (isTooDeep) {
      this.#handlers.onSkipped(place, `the record nests deeper than ${MAX_DEPTH} levels`)
    } else if (value instanceof Map) {
      this.#ordinal += 1
      const record = JsonRecord.copyOf(value as FeedRecord)
      if (this.#id !== undefined && !record.has('id')) record.set('id', this.#id)
      addScalars(record, this.#around)
      this.#make(record, this.#ordinal, place)
    } else {
      this.#handlers.onSkipped(place, 'the value is not an object', 'values that are no objects')
    }
    return true
  }

  get #isInFinalList(): boolean {
    const parent = this.#stack.at(-1)
    return parent?.isList === true && parent.consumed === this.#path.length
  }

  /** A container begins. Lists on the way to the end of the path are gone through. @returns true when it is a record */
  #start(isList: boolean): boolean {
    const parent = this.#stack.at(-1)
    if (this.#isSkipping > 0) {
      this.#isSkipping += 1
      return false
    }
    if (parent === undefined) {
      this.#stack.push({ isList, consumed: 0 })
      return false
    }
    const { consumed } = parent
    if (parent.isList) {
      if (isList) this.#isSkipping = 1
      else if (consumed === this.#path.length) return true
      else this.#stack.push({ isList, consumed })
      return false
    }
    const wanted = this.#path[consumed]
    if (wanted !== ANY && wanted !== this.#key) {
      this.#isSkipping = 1
      return false
    }
    if (wanted === ANY) this.#id = this.#key
    if (consumed + 1 === this.#path.length && !isList) return true
    this.#stack.push({ isList, consumed: consumed + 1 })
    return false
  }
}

/** Tells a record: by the wanted keys, or with what it says itself that it is looked up by. */
export function tellRecord(record: FeedRecord, ordinal: number, handlers: FeedHandlers): void {
  const isWanted = (handlers.wantedKeys ?? []).length > 0
  handlers.onRecord(record, ordinal, isWanted ? undefined : knownIndicators(record))
}

function scalarsAround(path: readonly string[], { scalars }: JsonOutline): FeedRecord {
  const around = new JsonRecord()
  for (let depth = path.length - 1; depth >= 0; depth--) {
    const outer = scalars.get(path.slice(0, depth).join('/'))
    if (outer !== undefined) addScalars(around, outer)
  }
  return around
}

import type { Token } from 'stream-json/core/parser.js'
import { type FeedValue, JsonRecord } from './record.ts'

/** Deeper than any record means it. */
export const MAX_DEPTH = 100

/** An object or a list that is being read. */
type Container = { readonly map: JsonRecord; key: string } | { readonly list: FeedValue[] }

/**
 * Makes values of tokens, one after another: an object would lose the order of its names. Values that nest deeper than
 * 100 levels are read, but not kept.
 */
export class ValueAssembler {
  readonly #open: Container[] = []
  /** Containers that are open but not read, because they are too deep. */
  #tooDeep = 0
  #hasTooDeep = false
  #value: FeedValue = null

  /** A value has begun and has not ended. */
  get isOpen(): boolean {
    return this.#open.length > 0
  }

  /** True when the last value is not whole, because it nests too deep. */
  get isTooDeep(): boolean {
    return this.#hasTooDeep
  }

  /** The value that the last token ended. */
  get value(): FeedValue {
    return this.#value
  }

  /** @returns true when the token ends a value */
  add(token: Token): boolean {
    switch (token.name) {
      case 'startObject':
        return this.#start({ map: new JsonRecord(), key: '' })
      case 'startArray':
        return this.#start({ list: [] })
      case 'endObject':
      case 'endArray':
        return this.#end()
      case 'keyValue':
        this.#setKey(token.value)
        return false
      case 'stringValue':
      case 'numberValue':
      case 'trueValue':
      case 'falseValue':
      case 'nullValue':
        if (this.#tooDeep > 0) return false
        if (this.#open.length === 0) this.#hasTooDeep = false
        return this.#put(token.value, token.name === 'numberValue')
      default:
        return false
    }
  }

  #start(container: Container): boolean {
    if (this.#open.length === 0) this.#hasTooDeep = false
    if (this.#open.length === MAX_DEPTH) {
      this.#tooDeep += 1
      this.#hasTooDeep = true
      return false
    }
    this.#open.push(container)
    return false
  }

  #end(): boolean {
    if (this.#tooDeep > 0) {
      this.#tooDeep -= 1
      return false
    }
    const container = this.#open.pop()!
    return this.#put('map' in container ? container.map : container.list)
  }

  #setKey(key: string): void {
    if (this.#tooDeep > 0) return
    const container = this.#open.at(-1)!
    if ('map' in container) container.key = key
  }

  #put(value: FeedValue, isNumber = false): boolean {
    const container = this.#open.at(-1)
    if (container === undefined) {
      this.#value = value
      return true
    }
    if ('map' in container) container.map.setScalar(container.key, value, isNumber)
    else container.list.push(value)
    return false
  }
}

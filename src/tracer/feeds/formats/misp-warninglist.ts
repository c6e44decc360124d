import type { Token } from 'stream-json/core/parser.js'
import { FeedError } from '../feed-error.ts'
import type { FeedHandlers, OwnIndicator } from '../feed-handlers.ts'
import { detectType } from '../keys/indicator-key.ts'
import { NotOfFormat } from './json-format.ts'
import type { TokenSink } from './json-tokens.ts'

/*
 * A warning-list of MISP, as in the repository misp-warninglists: one object,
 *
 *     {"name": "...", "version": 20241203, "description": "...", "type": "cidr", "list": ["192.0.2.0/24", ...]}
 *
 * Its names are usually sorted, so the list comes before what it is: the file is read twice.
 */

const LONGEST_ELEMENT = 16 * 1024 * 1024
/** Characters of a description that are kept: it goes into the context of every element. */
const LONGEST_TEXT = 1000
const LIST = 'list'

/** The ways to compare the elements of a list, as it names them. */
const KINDS = ['cidr', 'hostname', 'string', 'substring', 'regex'] as const
type Kind = (typeof KINDS)[number]

/** The description of a warning-list. */
interface WarningList {
  readonly name: string
  readonly version: string
  readonly description: string
  readonly kind: Kind
}

/** The members of the object, and the elements of its list. */
abstract class WarningListTokens implements TokenSink {
  readonly longestRecord = LONGEST_ELEMENT
  #depth = 0
  #key = ''

  add(token: Token, line: number): boolean {
    switch (token.name) {
      case 'startObject':
      case 'startArray':
        if (this.#depth === 0) this.onTop(token.name === 'startObject')
        this.#depth += 1
        return false
      case 'endObject':
      case 'endArray':
        this.#depth -= 1
        return false
      case 'keyValue':
        if (this.#depth === 1) this.#key = token.value
        return false
      case 'stringValue':
      case 'numberValue':
        if (this.#depth === 0) this.onTop(false)
        else if (this.#depth === 1) this.onMember(this.#key, token.value)
        else if (this.#depth === 2 && this.#key === LIST) this.onElement(token.value, line)
        return true
      case 'trueValue':
      case 'falseValue':
      case 'nullValue':
        return true
      default:
        return false
    }
  }

  /** Something begins at the top. */
  protected onTop(_isObject: boolean): void {}
  protected onMember(_name: string, _value: string): void {}
  protected onElement(_value: string, _line: number): void {}
}

/** Reads what a file says of itself. */
export class WarningListSurvey extends WarningListTokens {
  readonly #members = new Map<string, string>()
  #hasTop = false

  /** @returns undefined when the file is no warning-list; `NotOfFormat` may tell it sooner */
  get result(): WarningList | undefined {
    const name = this.#members.get('name')
    const version = this.#members.get('version')
    const kind = KINDS.find((each) => each === this.#members.get('type'))
    if (name === undefined || version === undefined || kind === undefined) return undefined
    return { name, version, description: this.#members.get('description') ?? '', kind }
  }

  protected override onTop(isObject: boolean): void {
    if (this.#hasTop || !isObject) throw new NotOfFormat('a warning-list is one object')
    this.#hasTop = true
  }

  protected override onMember(name: string, value: string): void {
    if (name === 'name' || name === 'version' || name === 'type' || name === 'description')
      this.#members.set(name, value.slice(0, LONGEST_TEXT))
  }
}

/** Makes a record of each element of the list. */
export class WarningListReader extends WarningListTokens {
  readonly #list: WarningList
  readonly #handlers: FeedHandlers
  #ordinal = 0

  /** @throws FeedError for a list of regular expressions, which no table can answer from */
  constructor(list: WarningList, file: string, handlers: FeedHandlers) {
    super()
    if (list.kind === 'regex') {
      throw new FeedError(
        'FEED_INVALID',
        file,
        `the warning-list ${JSON.stringify(list.name)} is one of regular expressions (type regex), which are not supported; leave it out, or write it as masks`,
      )
    }
    this.#list = list
    this.#handlers = handlers
  }

  protected override onElement(value: string, line: number): void {
    const text = value.trim()
    if (text === '') {
      this.#handlers.onSkipped(`line ${line}`, 'an empty element')
      return
    }
    this.#ordinal += 1
    const { name, version, description, kind } = this.#list
    const record = new Map([
      ['value', value],
      ['list', name],
      ['version', version],
      ['description', description],
      ['type', kind],
    ])
    this.#handlers.onRecord(record, this.#ordinal, ownIndicators(text, kind))
  }
}

/**
 * The indicators that an element stands for. MISP takes a host name for the domain and all below it, in URLs with any
 * path. A piece of text may be in the host or behind it, which are two masks.
 */
function ownIndicators(text: string, kind: Kind): OwnIndicator[] {
  switch (kind) {
    case 'cidr':
      return [{ value: text, type: 'ip' }]
    case 'hostname': {
      const below: OwnIndicator = { value: `.${text.replace(/^\.+/, '')}`, type: 'url' }
      return detectType(text) === 'ip' ? [{ value: text, type: 'ip' }, below] : [below]
    }
    case 'substring':
      return [
        { value: `*${text}*`, type: 'url' },
        { value: `*/*${text}*`, type: 'url' },
      ]
    default:
      // As MISP has it: a host name is only itself.
      return [{ value: text, type: detectType(text) === 'domain' ? 'url' : undefined }]
  }
}

/**
 * Reads XML 1.0 into a tree. Documents that are not well-formed are none; entities are never expanded, so that a document costs its
 * length: the five names of XML and the numbers of characters are replaced, all other references stay text.
 *
 *   <?xml version="1.0"?>  <!DOCTYPE ...>  <!-- -->   <root a="1">text<child/><![CDATA[text]]></root>   <!-- -->
 *   ^                      ^               ^          ^                                                 ^
 *   skipped                skipped         skipped    the tree                                          skipped
 *
 * A reader of our own: fast-xml-parser, which the tests compare it with, takes ten times as long for an event of Windows once it has
 * checked the document too, refuses or renames members such as `constructor`, and builds all before anything can be counted.
 */
import { ENTRY_BYTES } from '../runtime/containers/keys.ts'
import type { Meter } from '../runtime/meter.ts'
import type { Maybe } from '../value.ts'

export interface XmlElement {
  readonly name: string
  /** In their order, no two of one name. */
  attributes: readonly XmlAttribute[]
  /** In their order. */
  children: readonly XmlElement[]
  /** All text directly in it. */
  text: string
}

interface XmlAttribute {
  readonly name: string
  readonly value: string
}

const NO_ATTRIBUTES: readonly XmlAttribute[] = []
const NO_ELEMENTS: readonly XmlElement[] = []

/** Elements may lie inside one another this deep. */
export const MAX_XML_DEPTH = 200

/** So many names are looked through one by one. */
const FEW = 8

/** Bytes of an element beside its texts. */
const ELEMENT_BYTES = 160

const NAME = /[A-Za-z_:\u00c0-\uffff][\w:.\-\u00b7-\uffff]*/y
/** 2 for the ASCII characters that begin a name, 1 for those that go on with it. */
const IN_NAME = new Uint8Array(128)
for (const character of '0123456789-.') IN_NAME[character.charCodeAt(0)] = 1
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_:')
  IN_NAME[character.charCodeAt(0)] = 2

const ONLY_BLANKS = /^[ \t\r\n]*$/
const REFERENCE = /&(?:#(\d{1,7})|#x([\dA-Fa-f]{1,6})|(lt|gt|amp|quot|apos));/g
const LINE_BREAK = /\r\n?/g

const CHARACTERS: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

const TAB = 0x09
const LINE_FEED = 0x0a
const RETURN = 0x0d
const BLANK = 0x20
const EXCLAMATION = 0x21
const QUOTE = 0x22
const APOSTROPHE = 0x27
const SLASH = 0x2f
const LESS = 0x3c
const EQUALS = 0x3d
const GREATER = 0x3e
const QUESTION = 0x3f
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d

/** @returns the root; undefined where the text is not one well-formed document, or nests too deep */
export function readXml(meter: Meter, text: string): XmlElement | undefined {
  return new XmlReader(meter, text).read()
}

/** The name without its prefix: `Event` of `ev:Event`. */
export function localName(name: string): string {
  const colon = name.indexOf(':')
  return colon < 0 ? name : name.slice(colon + 1)
}

/** The value of the attribute of that name, undefined where there is none. */
export function attributeOf({ attributes }: XmlElement, name: string): Maybe<string> {
  for (const attribute of attributes) if (attribute.name === name) return attribute.value
  return undefined
}

/** Steps give false where the document is not well-formed. */
class XmlReader {
  readonly #meter: Meter
  readonly #text: string
  /** The elements that are open, the innermost one last. */
  readonly #open: XmlElement[] = []
  /** The innermost element that is open. */
  #element: XmlElement | undefined
  #root: XmlElement | undefined
  #at = 0
  /** The names that were read last; empty: none. */
  #lastElement = ''
  #lastAttribute = ''
  /** Where the next `&` and the next carriage return stand; a text before both is as it was written. */
  #reference: number
  #return: number
  /** Names of the attributes of the element that is being read, where it has many. */
  #names: Set<string> | undefined

  constructor(meter: Meter, text: string) {
    this.#meter = meter
    this.#text = text
    this.#reference = placeOf('&', text, 0)
    this.#return = placeOf('\r', text, 0)
  }

  read(): XmlElement | undefined {
    const text = this.#text
    if (text.charCodeAt(0) === 0xfeff) this.#at = 1
    for (;;) {
      if (this.#code() !== LESS) {
        const tag = placeOf('<', text, this.#at)
        if (!this.#characters(tag)) return undefined
        if (tag === text.length) return this.#element === undefined ? this.#root : undefined
        this.#at = tag
      }
      if (!this.#markup()) return undefined
    }
  }

  /** The text up to a tag, or to the end. Outside of the root stand blanks only. */
  #characters(end: number): boolean {
    const element = this.#element
    if (element !== undefined) addText(element, this.#value(this.#at, end))
    else if (!ONLY_BLANKS.test(this.#text.slice(this.#at, end))) return false
    return true
  }

  /** What is written between two places, references and line breaks replaced. */
  #value(start: number, end: number): string {
    const written = this.#text.slice(start, end)
    if (this.#reference >= end && this.#return >= end) return written
    if (this.#reference < end) this.#reference = placeOf('&', this.#text, end)
    if (this.#return < end) this.#return = placeOf('\r', this.#text, end)
    return replaceReferences(written)
  }

  #markup(): boolean {
    const text = this.#text
    switch (text.charCodeAt(this.#at + 1)) {
      case SLASH:
        return this.#endTag()
      case QUESTION:
        return this.#skipTo('?>', 2)
      case EXCLAMATION:
        if (text.startsWith('<!--', this.#at)) return this.#skipTo('-->', 4)
        if (text.startsWith('<![CDATA[', this.#at)) return this.#characterData()
        return text.startsWith('<!DOCTYPE', this.#at) && this.#documentType()
      default:
        return this.#startTag()
    }
  }

  #skipTo(mark: string, from: number): boolean {
    const end = this.#text.indexOf(mark, this.#at + from)
    this.#at = end + mark.length
    return end >= 0
  }

  #characterData(): boolean {
    const start = this.#at + '<![CDATA['.length
    const element = this.#element
    if (element === undefined || !this.#skipTo(']]>', '<![CDATA['.length)) return false
    addText(element, unifyLineBreaks(this.#text.slice(start, this.#at - ']]>'.length)))
    return true
  }

  /** `<!DOCTYPE a SYSTEM "b" [<!ENTITY c "d">]>`: before the root, and nothing of it is looked at. */
  #documentType(): boolean {
    if (this.#root !== undefined) return false
    const text = this.#text
    let depth = 0
    for (let at = this.#at + 1; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code === QUOTE || code === APOSTROPHE) {
        at = text.indexOf(text.charAt(at), at + 1)
        if (at < 0) return false
      } else if (code === OPEN_BRACKET) depth++
      else if (code === CLOSE_BRACKET) depth--
      else if (code === LESS && text.startsWith('<!--', at)) {
        at = text.indexOf('-->', at + 4)
        if (at < 0) return false
      } else if (code === GREATER && depth === 0) {
        this.#at = at + 1
        return true
      }
    }
    return false
  }

  /** `</name >` */
  #endTag(): boolean {
    const element = this.#element
    if (element === undefined || !this.#text.startsWith(element.name, this.#at + 2)) return false
    const open = this.#open
    open.pop()
    this.#element = open.length === 0 ? undefined : open[open.length - 1]
    this.#at += 2 + element.name.length
    this.#skipBlanks()
    return this.#ends()
  }

  /** `<name a="1" b='2'>` or `<name/>` */
  #startTag(): boolean {
    const parent = this.#element
    if (parent === undefined && this.#root !== undefined) return false
    this.#at++
    const name = this.#name(this.#lastElement)
    if (name === undefined) return false
    this.#lastElement = name
    this.#meter.build(ELEMENT_BYTES)
    const element: XmlElement = { name, attributes: NO_ATTRIBUTES, children: NO_ELEMENTS, text: '' }
    if (parent === undefined) this.#root = element
    else if (parent.children === NO_ELEMENTS) parent.children = [element]
    else (parent.children as XmlElement[]).push(element)
    for (;;) {
      const start = this.#at
      this.#skipBlanks()
      const code = this.#code()
      if (code === GREATER) {
        this.#at++
        this.#element = element
        return this.#open.push(element) <= MAX_XML_DEPTH
      }
      if (code === SLASH) {
        this.#at++
        return this.#ends()
      }
      if (this.#at === start || !this.#attribute(element)) return false
    }
  }

  /** `name = "value"` */
  #attribute(element: XmlElement): boolean {
    const text = this.#text
    const name = this.#name(this.#lastAttribute)
    if (name === undefined) return false
    this.#lastAttribute = name
    this.#skipBlanks()
    if (this.#code() !== EQUALS) return false
    this.#at++
    this.#skipBlanks()
    const quote = this.#code()
    if (quote !== QUOTE && quote !== APOSTROPHE) return false
    const end = text.indexOf(quote === QUOTE ? '"' : "'", this.#at + 1)
    if (end < 0) return false
    if (!this.#isNew(element, name)) return false
    this.#meter.build(ENTRY_BYTES)
    const value = this.#value(this.#at + 1, end)
    this.#at = end + 1
    if (element.attributes === NO_ATTRIBUTES) element.attributes = [{ name, value }]
    else (element.attributes as XmlAttribute[]).push({ name, value })
    return true
  }

  /** The element has no attribute of that name yet. */
  #isNew({ attributes }: XmlElement, name: string): boolean {
    if (attributes.length < FEW) return !attributes.some((attribute) => attribute.name === name)
    // They are the names of another element as long as this one has few.
    if (this.#names === undefined || attributes.length === FEW)
      this.#names = new Set(attributes.map((attribute) => attribute.name))
    const { size } = this.#names
    return this.#names.add(name).size > size
  }

  /** @param last the name that was read before this one: often it is the same */
  #name(last: string): Maybe<string> {
    const text = this.#text
    const start = this.#at
    if (last !== '' && text.startsWith(last, start)) {
      const end = start + last.length
      const code = end < text.length ? text.charCodeAt(end) : 0
      if (code <= 0x7f && IN_NAME[code] === 0) {
        this.#at = end
        return last
      }
    }
    const first = this.#code()
    if (first > 0x7f || IN_NAME[first] !== 2) return this.#longName()
    let at = start + 1
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code > 0x7f) return this.#longName()
      if (IN_NAME[code] === 0) break
    }
    this.#at = at
    return text.slice(start, at)
  }

  /** A name with characters beyond ASCII. */
  #longName(): Maybe<string> {
    const start = this.#at
    NAME.lastIndex = start
    if (!NAME.test(this.#text)) return undefined
    this.#at = NAME.lastIndex
    return this.#text.slice(start, this.#at)
  }

  #skipBlanks(): void {
    while (isBlank(this.#code())) this.#at++
  }

  /** The character here, 0 behind the end: the engine is slow where it is asked beyond it. */
  #code(): number {
    return this.#at < this.#text.length ? this.#text.charCodeAt(this.#at) : 0
  }

  /** A tag ends here. */
  #ends(): boolean {
    if (this.#code() !== GREATER) return false
    this.#at++
    return true
  }
}

function isBlank(code: number): boolean {
  return code === BLANK || code === LINE_FEED || code === TAB || code === RETURN
}

/** Where `mark` stands next; the length of the text where it does no more. */
function placeOf(mark: string, text: string, start: number): number {
  const place = text.indexOf(mark, start)
  return place < 0 ? text.length : place
}

function addText(element: XmlElement, text: string): void {
  element.text = element.text === '' ? text : element.text + text
}

function replaceReferences(written: string): string {
  const text = unifyLineBreaks(written)
  if (!text.includes('&')) return text
  return text.replace(
    REFERENCE,
    (reference, decimal: Maybe<string>, hexadecimal: Maybe<string>, name: Maybe<string>) => {
      if (name !== undefined) return CHARACTERS[name]!
      const code = decimal === undefined ? Number.parseInt(hexadecimal!, 16) : Number(decimal)
      const isCharacter = code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff)
      return isCharacter ? String.fromCodePoint(code) : reference
    },
  )
}

function unifyLineBreaks(text: string): string {
  return text.includes('\r') ? text.replace(LINE_BREAK, '\n') : text
}

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
import { ENTRY_BYTES, setMember } from '../runtime/containers/keys.ts'
import type { Meter } from '../runtime/meter.ts'
import type { JsonObject, Maybe } from '../value.ts'

export interface XmlElement {
  readonly name: string
  /** Texts by name; undefined where it has none. */
  attributes: JsonObject | undefined
  /** In their order. */
  readonly children: XmlElement[]
  /** All text directly in it. */
  text: string
}

/** Elements may lie inside one another this deep. */
export const MAX_XML_DEPTH = 200

/** Bytes of an element beside its texts. */
const ELEMENT_BYTES = 160

const NAME = /[A-Za-z_:\u00c0-\uffff][\w:.\-\u00b7-\uffff]*/y
/** 2 for the ASCII characters that begin a name, 1 for those that go on with it. */
const IN_NAME = new Uint8Array(128)
for (const character of '0123456789-.') IN_NAME[character.charCodeAt(0)] = 1
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_:')
  IN_NAME[character.charCodeAt(0)] = 2

const BLANKS = /[ \t\r\n]*/y
const ONLY_BLANKS = /^[ \t\r\n]*$/
const REFERENCE = /&(?:#(\d{1,7})|#x([\dA-Fa-f]{1,6})|(lt|gt|amp|quot|apos));/g
const LINE_BREAK = /\r\n?/g

const CHARACTERS: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

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
  return name.slice(name.indexOf(':') + 1)
}

/** Steps give false where the document is not well-formed. */
class XmlReader {
  readonly #meter: Meter
  readonly #text: string
  readonly #open: XmlElement[] = []
  #root: XmlElement | undefined
  #at = 0

  constructor(meter: Meter, text: string) {
    this.#meter = meter
    this.#text = text
  }

  read(): XmlElement | undefined {
    const text = this.#text
    if (text.charCodeAt(0) === 0xfeff) this.#at = 1
    for (;;) {
      const tag = text.indexOf('<', this.#at)
      const end = tag < 0 ? text.length : tag
      if (!this.#characters(text.slice(this.#at, end))) return undefined
      if (tag < 0) return this.#open.length === 0 ? this.#root : undefined
      this.#at = tag
      if (!this.#markup()) return undefined
    }
  }

  /** Outside of the root stand blanks only. */
  #characters(written: string): boolean {
    const element = this.#open.at(-1)
    if (element === undefined) return ONLY_BLANKS.test(written)
    if (written !== '') element.text += replaceReferences(written)
    return true
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
    const element = this.#open.at(-1)
    if (element === undefined || !this.#skipTo(']]>', '<![CDATA['.length)) return false
    element.text += unifyLineBreaks(this.#text.slice(start, this.#at - ']]>'.length))
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
    const element = this.#open.pop()
    if (element === undefined || !this.#text.startsWith(element.name, this.#at + 2)) return false
    this.#at += 2 + element.name.length
    this.#skipBlanks()
    return this.#text.charCodeAt(this.#at++) === GREATER
  }

  /** `<name a="1" b='2'>` or `<name/>` */
  #startTag(): boolean {
    const parent = this.#open.at(-1)
    if (parent === undefined && this.#root !== undefined) return false
    this.#at++
    const name = this.#name()
    if (name === undefined) return false
    this.#meter.build(ELEMENT_BYTES)
    const element: XmlElement = { name, attributes: undefined, children: [], text: '' }
    if (parent === undefined) this.#root = element
    else parent.children.push(element)
    for (;;) {
      const start = this.#at
      this.#skipBlanks()
      const code = this.#text.charCodeAt(this.#at)
      if (code === GREATER) {
        this.#at++
        this.#open.push(element)
        return this.#open.length <= MAX_XML_DEPTH
      }
      if (code === SLASH) {
        this.#at += 2
        return this.#text.charCodeAt(this.#at - 1) === GREATER
      }
      if (this.#at === start || !this.#attribute(element)) return false
    }
  }

  /** `name = "value"` */
  #attribute(element: XmlElement): boolean {
    const text = this.#text
    const name = this.#name()
    if (name === undefined) return false
    this.#skipBlanks()
    if (text.charCodeAt(this.#at++) !== EQUALS) return false
    this.#skipBlanks()
    const quote = text.charCodeAt(this.#at)
    if (quote !== QUOTE && quote !== APOSTROPHE) return false
    const end = text.indexOf(quote === QUOTE ? '"' : "'", this.#at + 1)
    if (end < 0) return false
    element.attributes ??= {}
    if (Object.hasOwn(element.attributes, name)) return false
    this.#meter.build(ENTRY_BYTES)
    setMember(element.attributes, name, replaceReferences(text.slice(this.#at + 1, end)))
    this.#at = end + 1
    return true
  }

  #name(): Maybe<string> {
    const text = this.#text
    const start = this.#at
    if (IN_NAME[text.charCodeAt(start)] !== 2) return this.#longName()
    let at = start + 1
    while (IN_NAME[text.charCodeAt(at)]! > 0) at++
    if (text.charCodeAt(at) > 0x7f) return this.#longName()
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
    const code = this.#text.charCodeAt(this.#at)
    if (code > 0x20) return
    BLANKS.lastIndex = this.#at
    BLANKS.test(this.#text)
    this.#at = BLANKS.lastIndex
  }
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

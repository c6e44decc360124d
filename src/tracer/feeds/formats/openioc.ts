import type { Buffer } from 'node:buffer'
import { XMLParser } from 'fast-xml-parser'
import { FeedError } from '../feed-error.ts'
import type { FeedHandlers } from '../feed-handlers.ts'
import type { KeyType } from '../keys/indicator-key.ts'
import { fields } from './line-format.ts'

/** An OpenIOC file describes one case; it is read whole. */
const LARGEST_BYTES = 64 * 1024 * 1024
/** The kinds of what an item searches for, by the end of its path. */
const SEARCHES: readonly (readonly [pattern: RegExp, type: KeyType])[] = [
  [/(?:md5sum|md5|sha1sum|sha1|sha256sum|sha256|sha512)$/i, 'hash'],
  [/(?:remoteip|ipv4address|ipv6address|\/ip|localip|iprange|ipaddress)$/i, 'ip'],
  [/(?:network\/dns|hostname|dnsentryitem\/recordname|domain|\/host)$/i, 'domain'],
  [/(?:\/url|network\/uri|\/uri|urlhistoryitem\/url)$/i, 'url'],
  [/(?:email\/from|email\/to|email\/reply-to|senderemail)$/i, 'email'],
]

type Element = { readonly [name: string]: unknown }

/**
 * Reads OpenIOC 1.0 and 1.1: the items that are enough by themselves. Those that AND joins with others are left out.
 *
 * @throws FeedError when it is no XML, too large, or has a document type
 */
export async function readOpenIoc(
  chunks: AsyncIterable<Buffer>,
  file: string,
  handlers: FeedHandlers,
): Promise<void> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of chunks) {
    bytes += chunk.length
    if (bytes > LARGEST_BYTES) {
      throw new FeedError('FEED_INVALID', file, 'is larger than 64 MiB, which no OpenIOC file is; split it')
    }
    text += decoder.decode(chunk, { stream: true })
  }
  text += decoder.decode()
  if (/<!DOCTYPE|<!ENTITY/i.test(text)) {
    throw new FeedError('FEED_INVALID', file, 'has a document type, which an OpenIOC file has not; remove it')
  }
  let root: Element
  try {
    root = new XMLParser({
      ignoreAttributes: false,
      attributeNamePrefix: '@',
      removeNSPrefix: true,
      parseTagValue: false,
    }).parse(text, true)
  } catch (error) {
    throw new FeedError('FEED_INVALID', file, `is no XML: ${(error as Error).message}`, error)
  }
  const items = new ItemReader(handlers)
  for (const ioc of elements(root, 'ioc', 'OpenIOC')) items.readIoc(ioc)
}

class ItemReader {
  readonly #handlers: FeedHandlers
  #ordinal = 0
  #of: Readonly<Record<string, string | undefined>> = {}

  constructor(handlers: FeedHandlers) {
    this.#handlers = handlers
  }

  readIoc(ioc: Element): void {
    const metadata = (elements(ioc, 'metadata')[0] ?? ioc) as Element
    this.#of = {
      id: textOf(ioc['@id']),
      short_description: textOf(metadata.short_description),
      description: textOf(metadata.description),
      authored_by: textOf(metadata.authored_by),
      authored_date: textOf(metadata.authored_date),
    }
    for (const part of [...elements(ioc, 'definition'), ...elements(ioc, 'criteria')]) {
      for (const indicator of elements(part, 'Indicator')) this.#readIndicator(indicator, true)
    }
  }

  /** @param isEnough one of what stands here is enough */
  #readIndicator(indicator: Element, isEnough: boolean): void {
    const items = elements(indicator, 'IndicatorItem')
    const groups = elements(indicator, 'Indicator')
    const isOr = String(indicator['@operator'] ?? 'OR').toUpperCase() === 'OR'
    const isOne = isOr || items.length + groups.length === 1
    for (const item of items) this.#readItem(item, isEnough && isOne)
    for (const group of groups) this.#readIndicator(group, isEnough && isOne)
  }

  #readItem(item: Element, isEnough: boolean): void {
    this.#ordinal += 1
    const [context] = elements(item, 'Context')
    const [content] = elements(item, 'Content')
    const search = textOf(context?.['@search']) ?? ''
    const value = textOf(content?.['#text'] ?? item.Content)?.trim() ?? ''
    const type = SEARCHES.find(([pattern]) => pattern.test(search))?.[1]
    if (type === undefined || value === '' || item['@negate'] === 'true') {
      this.#handlers.onIgnored?.()
    } else if (!isEnough || !/^(?:is|contains|matches)?$/.test(textOf(item['@condition']) ?? 'is')) {
      this.#handlers.onSkipped(
        `item ${this.#ordinal}`,
        'it is not enough by itself',
        'patterns that cannot be looked up',
      )
    } else {
      const record = fields({ value, search, condition: textOf(item['@condition']), ...this.#of })
      this.#handlers.onRecord(record, this.#ordinal, [{ value, type }])
    }
  }
}

function elements(parent: Element | undefined, ...names: readonly string[]): Element[] {
  return names.flatMap((name) => {
    const value = parent !== undefined && Object.hasOwn(parent, name) ? parent[name] : undefined
    const list = Array.isArray(value) ? value : value === undefined ? [] : [value]
    return list.map(
      (each) => (typeof each === 'object' && each !== null ? each : { '#text': each }) as Element,
    )
  })
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'object' && value !== null && '#text' in value) return String(value['#text'])
  return undefined
}

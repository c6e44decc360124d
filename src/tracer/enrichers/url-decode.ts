import { Buffer } from 'node:buffer'
import { CATEGORIES, type Enricher, type Match, NO_MATCHES } from '../enricher.ts'
import { contextText, type Indicator } from '../protocol.ts'

const ESCAPED_BYTES = /(?:%[0-9a-fA-F]{2})+/g

/**
 * The built-in example of the original: answers every url with `decodedURL`, the value percent-decoded once. A url
 * without an escape is answered too, so a rule of the SIEM can rely on the field.
 */
export class UrlDecoder implements Enricher {
  readonly name = 'url-decode'

  lookup({ type, value }: Indicator): readonly Match[] {
    if (type !== 'url') return NO_MATCHES
    return [{ category: CATEGORIES.decoded, context: contextText([['decodedURL', unquote(value)]]) }]
  }
}

/**
 * Decodes `%XX` once, as CPython's `urllib.parse.unquote` does: escapes are bytes of UTF-8, what is none becomes
 * U+FFFD, `%` without two hex digits stays, and so does `+`.
 */
export function unquote(text: string): string {
  if (!text.includes('%')) return text
  return text.replace(ESCAPED_BYTES, (escapes) =>
    Buffer.from(escapes.replaceAll('%', ''), 'hex').toString('utf8'),
  )
}

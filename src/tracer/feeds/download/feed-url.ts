import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { MANIFEST_FILE } from '../formats/misp-manifest.ts'

const FEED_URL = /^https?:\/\//i
const ANY_URL = /^\s*[a-z][a-z\d+.-]*:\/\//i
const SHOWN_DIGITS = 8

/** True when a feed is fetched over HTTP, and is no path. */
export function isFeedUrl(text: string): boolean {
  return FEED_URL.test(text)
}

/** True when a text is a URL of any scheme, which no path is. */
export function isUrl(text: string): boolean {
  return ANY_URL.test(text)
}

/** A feed as it may be seen: a path as it is, of a URL what `shownUrl` says. */
export function shownFeed(text: string): string {
  if (!isUrl(text)) return text
  try {
    return shownUrl(new URL(text))
  } catch {
    return 'a URL that is not valid'
  }
}

/** A feed's address, with its secrets apart. */
interface FeedUrl {
  /** The URL without user and password. */
  readonly url: URL
  /** The value of the header `Authorization`. */
  readonly authorization: string | undefined
  /** The URL for logs, metrics and errors: without user, password and query, which may hold a token. */
  readonly name: string
  /** The name of the feed among all in a cache directory; another one for another user. */
  readonly id: string
  /** It is the manifest of a MISP feed: the events stand beside it. */
  readonly isManifest: boolean
}

/**
 * @throws TypeError for what is no URL of a feed; its message does not repeat the text, which may hold a password
 */
export function parseFeedUrl(text: string): FeedUrl {
  let url: URL | undefined
  try {
    url = new URL(text)
  } catch {
    // Its error holds the text.
  }
  if (url === undefined || !isFeedUrl(url.href)) {
    throw new TypeError('the URL of a feed is not valid: write https://host/path')
  }
  const { username, password } = url
  const isNamed = username !== '' || password !== ''
  const authorization = isNamed
    ? `Basic ${Buffer.from(`${decode(username)}:${decode(password)}`).toString('base64')}`
    : undefined
  url.password = ''
  url.hash = ''
  const id = createHash('sha256').update(url.href).digest('hex')
  url.username = ''
  return {
    url,
    authorization,
    name: shownUrl(url),
    id,
    isManifest: url.pathname.endsWith(`/${MANIFEST_FILE}`),
  }
}

/** A URL as it may be seen. A query leaves its hash in the name, so that two feeds do not look the same. */
export function shownUrl(url: URL): string {
  const query =
    url.search === ''
      ? ''
      : `?(${createHash('sha256').update(url.search).digest('hex').slice(0, SHOWN_DIGITS)})`
  return `${url.protocol}//${url.host}${url.pathname}${query}`
}

/** The path of the feed in the cache directory. A watcher of this file needs to know nothing of downloads. */
export function cachedFeedFile(directory: string, { id, isManifest }: FeedUrl): string {
  return isManifest ? join(directory, id, MANIFEST_FILE) : join(directory, `${id}.feed`)
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

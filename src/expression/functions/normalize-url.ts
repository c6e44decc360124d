import { endsInNumber } from '../net/host-name.ts'
import { addHost, addIp, type Hosts, noHosts } from '../net/hosts.ts'
import { notText } from '../net/text-argument.ts'
import {
  DEFAULT_PORTS,
  isSchemeAlone,
  needsHost,
  SCHEMES_WITH_OPTIONAL_HOST,
  SCHEMES_WITHOUT_AUTHORITY,
} from '../net/url-schemes.ts'
import { cleanUrl, splitNetloc, splitUrl } from '../net/url-split.ts'
import { isAscii } from '../runtime/text/predicates.ts'
import type { JsonObject, Maybe, Value } from '../value.ts'
import type { EventContext, FunctionDefinition } from './definition.ts'

const LEADING_SCHEME = /^([A-Za-z][A-Za-z0-9+.-]*):/
/** Before `://` stands something that is no scheme, because a scheme was looked for first. */
const NO_SCHEME = /^[^/?#]*:\/\//
const PORT_DIGITS = /^[0-9]+$/
const HIGHEST_PORT = 65535

/** Units of work for a character of a URL that is not ASCII: its host may have to be mapped to lower case by itself. */
const INTERNATIONAL = 400

export const normalizeUrl: FunctionDefinition = {
  name: 'normalize_url',
  signature: "s, type=''",
  group: 'normal forms',
  returns: 'object',
  pure: false,
  summary: 'Splits a URL into its parts.',
  parameters: {
    s: 'the URL',
    type: 'what the source is, copied to `source-type`; default `""`',
  },
  result:
    '`{fragment, host, original, params, password, path, port, protocol, query, source-type, username}`. `host` is `{fqdn, hostname, ip}` as `normalize_host` gives it, `port` a number or null, everything else text; a part that is not there is `""`.',
  errors: { TYPE_ERROR: '`s` or `type` is not a string' },
  notes: [
    'The text is split as `urllib.parse.urlparse` of CPython (3.11.12 or later) does it: scheme and host in lower case,',
    '`;params` of the last path segment for the schemes that have them, blanks and control characters in front and tabs',
    'and newlines anywhere dropped, nothing percent-decoded. `original` is the text as it came.',
    '',
    'Without a leading `scheme://`, a text that begins with `//` has a host, one that begins with `/` is a path, and',
    'anything else is read as if `//` stood before it (`host:8080/x`). A scheme is never the host: `file:/etc/passwd`,',
    '`https:/h/x`, `s3:/b/k`, `jdbc:mysql://h/x`, `spotify:track:1` are a scheme and a path; so is any word before a colon',
    'and a slash, and before a colon and a letter unless an `@` follows (`user:password@host`) or the word has a dot.',
    `URLs of the schemes ${[...SCHEMES_WITHOUT_AUTHORITY]
      .map((scheme) => `\`${scheme}:\``)
      .join(', ')} have no host: the rest is path, query and fragment.`,
    '',
    'A port that is no number or above 65535: `port` is null, and the text is recorded in',
    '`event.anomaly.malformed_url`. So is a URL without a host whose scheme needs one (`https:/h/x`), or whose path begins',
    'with `\\` (`C:\\x`). So it is with bad brackets in the host or text around them, with a `\\` in the authority, with',
    'something else than a scheme before `://` (`http_s://h/`), and with characters that Unicode normalization (NFKC)',
    'would turn into a delimiter; then every member but `original` is empty.',
    '',
    'An empty or invalid host: its lists are empty, and the text is recorded in `event.anomaly.malformed_host`. Invalid',
    'is a host that ends in a number but is no address, too (`2130706433`, `0x7f.1`): browsers go to an address. Recorded',
    `is neither the text \`""\` or \`"-"\`, nor the empty host of ${[...SCHEMES_WITH_OPTIONAL_HOST]
      .map((scheme) => `\`${scheme}:\``)
      .join(', ')}.`,
    '',
    `Default ports: ${[...DEFAULT_PORTS].map(([scheme, port]) => `${scheme} ${port}`).join(', ')}. Other schemes: null.`,
  ].join('\n'),
  examples: [
    {
      expression: "normalize_url(data['url'], 'url')",
      event: { url: 'http://user:pass@NetLoc:80/path;parameters?query=argument#fragment' },
      result: {
        fragment: 'fragment',
        host: { fqdn: [], hostname: ['netloc'], ip: [] },
        original: 'http://user:pass@NetLoc:80/path;parameters?query=argument#fragment',
        params: 'parameters',
        password: 'pass',
        path: '/path',
        port: 80,
        protocol: 'http',
        query: 'query=argument',
        'source-type': 'url',
        username: 'user',
      },
    },
    {
      expression: "normalize_url('https://pangeoradar.ru/', 'something')",
      result: {
        fragment: '',
        host: { fqdn: ['pangeoradar.ru'], hostname: [], ip: [] },
        original: 'https://pangeoradar.ru/',
        params: '',
        password: '',
        path: '/',
        port: 443,
        protocol: 'https',
        query: '',
        'source-type': 'something',
        username: '',
      },
    },
    {
      expression: "normalize_url('[2001:DB8::1]:8080/x')",
      result: {
        fragment: '',
        host: { fqdn: [], hostname: [], ip: ['2001:db8::1'] },
        original: '[2001:DB8::1]:8080/x',
        params: '',
        password: '',
        path: '/x',
        port: 8080,
        protocol: '',
        query: '',
        'source-type': '',
        username: '',
      },
    },
    {
      expression: "normalize_url('/index.html?a=1')",
      result: {
        fragment: '',
        host: { fqdn: [], hostname: [], ip: [] },
        original: '/index.html?a=1',
        params: '',
        password: '',
        path: '/index.html',
        port: null,
        protocol: '',
        query: 'a=1',
        'source-type': '',
        username: '',
      },
    },
    {
      expression: "normalize_url('http://host:99999/')['port']",
      result: null,
      anomalies: { malformed_url: ['http://host:99999/'] },
    },
    {
      expression: "normalize_url('http://[::1/x')['path']",
      result: '',
      anomalies: { malformed_url: ['http://[::1/x'] },
    },
    {
      expression: "normalize_url('http://bad host/x')['host']",
      result: { fqdn: [], hostname: [], ip: [] },
      anomalies: { malformed_host: ['http://bad host/x'] },
    },
    {
      expression: "normalize_url('https:/h/x')['protocol']",
      result: 'https',
      anomalies: { malformed_url: ['https:/h/x'] },
    },
    {
      expression: "normalize_url('http://0x7f.1/')['host']",
      result: { fqdn: [], hostname: [], ip: [] },
      anomalies: { malformed_host: ['http://0x7f.1/'] },
    },
  ],
  implementation: {
    kind: 'direct',
    call(context, s: Value, type: Maybe) {
      if (typeof s !== 'string') throw notText('normalize_url', 's', s)
      if (type !== undefined && typeof type !== 'string') throw notText('normalize_url', 'type', type)
      if (!isAscii(s)) context.meter.touch(s.length * INTERNATIONAL)
      return normalize(context, s, type ?? '')
    },
  },
}

function normalize(context: EventContext, original: string, type: string): JsonObject {
  const text = cleanUrl(original)
  const beginning = beginningOf(text)
  const url = beginning === 'nothing' ? undefined : splitUrl(beginning === 'host' ? `//${text}` : text)
  if (url === undefined || url.netloc.includes('\\')) {
    context.anomaly('malformed_url', original)
    return emptyUrl(original)
  }
  const { username, password, host, bracketed, port } = splitNetloc(url.netloc)
  const hosts = noHosts()
  if (beginning === 'scheme' && isWithoutHost(url.scheme, url.path)) {
    context.anomaly('malformed_url', original)
  } else if (beginning !== 'path' && beginning !== 'scheme' && !addUrlHost(hosts, host, bracketed)) {
    if (!isHostOptional(original, url.scheme, url.netloc)) context.anomaly('malformed_host', original)
  }
  const portNumber = port === '' ? (DEFAULT_PORTS.get(url.scheme) ?? null) : readPort(port)
  if (port !== '' && portNumber === null) context.anomaly('malformed_url', original)
  return {
    fragment: url.fragment,
    host: hosts,
    original,
    params: url.params,
    password,
    path: url.path,
    port: portNumber,
    protocol: url.scheme,
    query: url.query,
    'source-type': type,
    username,
  }
}

/**
 * The beginning of a text says how it is read.
 *
 *   https://h/x  //h/x     authority
 *   https:/h/x  mailto:x   scheme, without an authority
 *   /x                     path
 *   h:80/x  h  ?x          host, as if `//` stood before it
 *   http_s://h  ://h       nothing that could be read
 */
function beginningOf(text: string): 'authority' | 'scheme' | 'path' | 'host' | 'nothing' {
  if (text.startsWith('/')) return text.startsWith('//') ? 'authority' : 'path'
  const name = LEADING_SCHEME.exec(text)?.[1]
  if (name !== undefined) {
    if (text.startsWith('//', name.length + 1)) return 'authority'
    if (isSchemeAlone(name.toLowerCase(), text.slice(name.length + 1))) return 'scheme'
  }
  return NO_SCHEME.test(text) ? 'nothing' : 'host'
}

function addUrlHost(hosts: Hosts, host: string, bracketed: boolean): boolean {
  return bracketed || endsInNumber(host) ? addIp(hosts, host) : addHost(hosts, host)
}

/** Of a URL without authority: should there be one? Browsers take a `\` for the beginning of one. */
function isWithoutHost(scheme: string, path: string): boolean {
  return needsHost(scheme) || (path.startsWith('\\') && !SCHEMES_WITHOUT_AUTHORITY.has(scheme))
}

function isHostOptional(original: string, scheme: string, netloc: string): boolean {
  if (original === '' || original === '-') return true
  return netloc === '' && SCHEMES_WITH_OPTIONAL_HOST.has(scheme)
}

function readPort(text: string): number | null {
  if (!PORT_DIGITS.test(text)) return null
  const port = Number(text)
  return port <= HIGHEST_PORT ? port : null
}

function emptyUrl(original: string): JsonObject {
  return {
    fragment: '',
    host: noHosts(),
    original,
    params: '',
    password: '',
    path: '',
    port: null,
    protocol: '',
    query: '',
    'source-type': '',
    username: '',
  }
}

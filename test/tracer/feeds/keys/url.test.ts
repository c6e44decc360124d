import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { canonicalUrl, parseMask, parseUrl } from '../../../../src/tracer/feeds/keys/url.ts'
import { propertyRuns } from '../../../property-runs.ts'

/** A leading tab is dropped, but takes a URL off the fast path. */
function slowly(url: string): string {
  return canonicalUrl(`\t${url}`)
}

const NORMAL_FORMS: Record<string, string> = {
  // The table of the specification.
  'https://www.example.com:443/?q=hello%20world#f': 'example.com/?q=hello world',
  'HTTP://WWW.EXAMPLE.COM/A/B/../c/./D.html': 'example.com/a/c/d.html',
  'http://user:pass@example.com/x': 'example.com/x',
  'http://example.com./a': 'example.com/a',
  'http://example..com//a//b/': 'example.com/a/b',
  'https://example.com/a%2fb': 'example.com/a/b',
  'http://0x1F.0x0D.0x53.0x24/': '31.13.83.36',
  'http://520966948/x': '31.13.83.36/x',
  'http://example.com/a/?q': 'example.com/a?q',
  'example.com?q': 'example.com/?q',
  // Schemes and authorities.
  'gmer.com': 'gmer.com',
  'gmer.com ': 'gmer.com',
  '  http://gmer.com/x\r\n': 'gmer.com/x',
  'ftp://files.example/pub': 'files.example/pub',
  'ssh+git://host.example/x': 'host.example/x',
  '//cdn.example/x': 'cdn.example/x',
  'http:\\\\host.example\\a\\b': 'host.example/a/b',
  'http:/host.example/a': 'host.example/a',
  'http:////host.example/a': 'host.example/a',
  'file:///etc/passwd': '/etc/passwd',
  'file:/etc/passwd': '/etc/passwd',
  'https:host.example/x': 'host.example/x',
  'HTTPS:user@host.example': 'host.example',
  'ws:8080/x': 'ws/x',
  'ws:8080': 'ws',
  'x:/y': 'x/y',
  '/only/a/path/': '/only/a/path',
  'host.example:8080/x': 'host.example/x',
  'host.example:/x': 'host.example/x',
  'http://a:b@c:d@host.example:1/x': 'host.example/x',
  'http://host.example\\@evil.example/': 'host.example/@evil.example',
  'http://host.example/@user': 'host.example/@user',
  'http://host.example/x://y': 'host.example/x:/y',
  'mailto:someone@host.example': 'host.example',
  'javascript:alert(1)': 'javascript:alert(1)',
  // Hosts.
  'http://...host...example.../': 'host.example',
  'www.host.example': 'host.example',
  'www.www.host.example': 'www.host.example',
  'http://www': 'www',
  'http://wwwhost.example': 'wwwhost.example',
  'http://bücher.example/': 'xn--bcher-kva.example',
  'http://BÜCHER.EXAMPLE/': 'xn--bcher-kva.example',
  'http://bücher。example/': 'xn--bcher-kva.example',
  'http://ｅｘａｍｐｌｅ.com/': 'example.com',
  'http://ex%61mple.com/': 'example.com',
  'http://evil.example%2fhost.example/': 'evil.example%2fhost.example',
  'http://under_score.host.example/': 'under_score.host.example',
  'http://[2001:DB8:0:0::1]:8080/x': '[2001:db8::1]/x',
  'http://2001:db8::1/x': '[2001:db8::1]/x',
  'http://[::ffff:192.0.2.1]/': '192.0.2.1',
  'http://[::1': '[::1',
  // IPv4 in its forms.
  'http://192.0.2.1:80/x': '192.0.2.1/x',
  'http://0300.0000.0002.0001/': '192.0.2.1',
  'http://192.513/': '192.0.2.1',
  'http://192.0.513/': '192.0.2.1',
  'http://192.0.2.1./': '192.0.2.1',
  'http://www.0x7f.1/': '127.0.0.1',
  'http://08.1.1.1/': '08.1.1.1',
  'http://256.1.1.1/': '256.1.1.1',
  'http://4294967296/': '4294967296',
  'http://1.2.3.4.5/': '1.2.3.4.5',
  'http://0x/': '0x',
  'http://2.example.7up/': '2.example.7up',
  // Paths.
  'http://host.example/': 'host.example',
  'http://host.example//': 'host.example',
  'http://host.example/.': 'host.example',
  'http://host.example/..': 'host.example',
  'http://host.example/../../a': 'host.example/a',
  'http://host.example/a/b/..': 'host.example/a',
  'http://host.example/%2e%2e/a/%2E/b': 'host.example/a/b',
  'http://host.example/a\\..\\b': 'host.example/b',
  'http://host.example/a%5cb': 'host.example/a/b',
  'http://host.example/a.b./..c/...': 'host.example/a.b./..c/...',
  'http://host.example/a%20b': 'host.example/a b',
  'http://host.example/%2541': 'host.example/%41',
  'http://host.example/%D0%9F%D1%83%D1%82%D1%8C': 'host.example/путь',
  'http://host.example/ПУТЬ': 'host.example/путь',
  'http://host.example/100%/%zz/%4': 'host.example/100%/%zz/%4',
  'http://host.example/%ff%FE': 'host.example/%ff%fe',
  'http://host.example/%c3%28': 'host.example/%c3(',
  'http://host.example/%ed%a0%80': 'host.example/%ed%a0%80',
  'http://host.example/%c0%af': 'host.example/%c0%af',
  'http://host.example/%F0%9F%98%80': 'host.example/😀',
  'http://host.example/a;p=1': 'host.example/a;p=1',
  // Queries and fragments.
  'http://host.example/?': 'host.example',
  'http://host.example/a?': 'host.example/a',
  'http://host.example/a//?q=1': 'host.example/a?q=1',
  'http://host.example?': 'host.example',
  'http://host.example/?Q=A%26B/../x//': 'host.example/?q=a&b/../x//',
  'http://host.example/a?b?c': 'host.example/a?b?c',
  'http://host.example/a#b?c': 'host.example/a',
  'http://host.example#b/c': 'host.example',
  'http://host.example/a?b#c#d': 'host.example/a?b',
  'http://host.example/a%23b': 'host.example/a#b',
  'http://ho\tst.exa\nmple/': 'host.example',
  '': '',
  '   ': '',
  'http://': '',
  '#': '',
  '?': '',
  '?q': '/?q',
}

for (const [url, normal] of Object.entries(NORMAL_FORMS)) {
  test(`the normal form of ${JSON.stringify(url)} is ${JSON.stringify(normal)}`, () => {
    assert.equal(canonicalUrl(url), normal)
    assert.equal(slowly(url), normal)
  })
}

test('a URL keeps its parts beside its text', () => {
  assert.deepEqual(parseUrl('http://www.a.example/B?c'), {
    text: 'a.example/b?c',
    host: 'a.example',
    hadWww: true,
    tail: '/b?c',
  })
  assert.deepEqual(parseUrl('www.a.example'), {
    text: 'a.example',
    host: 'a.example',
    hadWww: true,
    tail: '',
  })
  assert.deepEqual(parseUrl('a.example?q'), {
    text: 'a.example/?q',
    host: 'a.example',
    hadWww: false,
    tail: '/?q',
  })
})

const scheme = fc.constantFrom('', 'http://', 'HTTPS://', '//', 'x-y.1://', 'http:\\\\', 'https:', 'file:/')
const label = fc.constantFrom('a', 'B', 'www', 'xn--a', 'ü', '', '1', '0x1f', 'a_b', 'c-d', '%61')
const host = fc.array(label, { maxLength: 5 }).map((labels) => labels.join('.'))
const segment = fc.constantFrom('a', 'B', '.', '..', '', 'x.y', 'й', 'c d', '~', 'x:y', '%41', '%', 'İ')
const path = fc
  .array(fc.tuple(fc.constantFrom('/', '\\'), segment), { maxLength: 6 })
  .map((all) => all.flat().join(''))
const query = fc.constantFrom('', '?', '?a=b', '?A/../b', '?x?y', '?%41', '?ю', '?a b')
const fragment = fc.constantFrom('', '#', '#a/b?c')
const url = fc
  .tuple(scheme, host, fc.constantFrom('', ':80', ':'), path, query, fragment)
  .map((parts) => parts.join(''))

test('the fast path and the slow path agree', () => {
  fc.assert(
    fc.property(url, (text) => {
      assert.deepEqual(parseUrl(text), parseUrl(`\t${text}`))
    }),
    { numRuns: propertyRuns(3000) },
  )
})

test('a normal form is its own normal form, unless decoding uncovers more', () => {
  fc.assert(
    fc.property(url, (text) => {
      // One `www.` is dropped, and escapes are decoded, at each turn; a path without a host may look like one.
      fc.pre(!/%|www\..*www/i.test(text))
      const normal = canonicalUrl(text)
      fc.pre(!normal.startsWith('/'))
      assert.equal(canonicalUrl(normal), normal)
    }),
    { numRuns: propertyRuns(3000) },
  )
})

test('any text has a normal form', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      assert.equal(typeof canonicalUrl(text), 'string')
      parseMask(text)
    }),
    { numRuns: propertyRuns(2000) },
  )
})

test('hostnames are those of WHATWG URLs', () => {
  const name = fc
    .array(fc.constantFrom('a', 'B', 'xn--bcher-kva', 'ü', 'faß', '1', '255', '0x1f', '010', 'é', '日本'), {
      minLength: 1,
      maxLength: 4,
    })
    .map((labels) => labels.join('.'))
  fc.assert(
    fc.property(name, (text) => {
      const url = `http://${text}/`
      fc.pre(URL.canParse(url))
      assert.equal(parseUrl(url).host, new URL(url).hostname)
    }),
    { numRuns: propertyRuns(1000) },
  )
})

const MASKS: Record<string, string | undefined> = {
  'example.com': undefined,
  'http://example.com/.hidden': undefined,
  'abid-sh84.github.io/netflixclone/*': 'abid-sh84.github.io/netflixclone/*',
  '*.Example.COM/*': '*.example.com/*',
  'http://*.example.com:8080/A//*/': '*.example.com/a/*',
  '*://example.com:*/x*': 'example.com/x*',
  'http*://example.com/*': 'example.com/*',
  'user:*@example.com/x': 'example.com/x',
  'www.example.com/*': 'example.com/*',
  '*.example.com': '*.example.com',
  '*.example.com/': '*.example.com',
  '*.example.com?q=*': '*.example.com/?q=*',
  'example.com/a/?q=*': 'example.com/a?q=*',
  'example.com/***': 'example.com/*',
  '**.example.com': '*.example.com',
  '*..example.com': '*.example.com',
  'example.com/%2a': undefined,
  'example.com/%2a/*': 'example.com/*/*',
  '*.bücher.example/*': '*.xn--bcher-kva.example/*',
  '0x1F.0x0D.0x53.0x24/*': '31.13.83.36/*',
  '192.0.2.*': '192.0.2.*',
  '.dyn.example': '.dyn.example',
  '  .DYN.example. ': '.dyn.example',
  '..dyn.example': '.dyn.example',
  'http://.dyn.example/': '.dyn.example',
  '.dyn.example/Path': '.dyn.example/path',
  '.www.dyn.example': '.www.dyn.example',
  '.bücher.example': '.xn--bcher-kva.example',
  '*': '*',
  '/*': '/*',
}

for (const [key, text] of Object.entries(MASKS)) {
  test(`the mask ${JSON.stringify(key)} is ${text === undefined ? 'none' : JSON.stringify(text)}`, () => {
    assert.equal(parseMask(key)?.text, text)
  })
}

test('hostile URLs are normalised in time that is proportional to their length', () => {
  const size = 300_000
  const hostile = [
    '%'.repeat(size),
    '%2'.repeat(size / 2),
    '%f0%9f'.repeat(size / 6),
    '*'.repeat(size),
    '*/'.repeat(size / 2),
    '.'.repeat(size),
    'a.'.repeat(size / 2),
    '1.'.repeat(size / 2),
    '/..'.repeat(size / 3),
    'a/../'.repeat(size / 5),
    '@'.repeat(size),
    ':'.repeat(size),
    'ü'.repeat(size),
    'ü.'.repeat(size / 2),
    ' '.repeat(size),
    `a${' '.repeat(size)}a`,
    '\t'.repeat(size),
    '#'.repeat(size),
    '?'.repeat(size),
    '[:'.repeat(size / 2),
    `http:${'/'.repeat(size)}`,
    `http://${'0'.repeat(size)}1`,
    'İ'.repeat(size),
  ]
  for (const text of hostile) {
    // Quadratic work on texts of this size would not come to an end.
    for (const url of [text, `http://host.example/${text}`, `http://host.example/?${text}`]) {
      const { text: normal, host, tail } = parseUrl(url)
      assert.equal(normal, host + tail)
      assert.ok(normal.length <= 2 * url.length)
    }
    assert.notEqual(parseMask(`.${text}*`), undefined)
    assert.notEqual(parseMask(`*${text}`), undefined)
  }
})

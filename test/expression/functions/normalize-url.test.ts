import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { normalizeUrl } from '../../../src/expression/functions/normalize-url.ts'
import { DEFAULT_PORTS } from '../../../src/expression/net/url-schemes.ts'
import { call } from './calling.ts'

interface Url {
  host: { fqdn: string[]; hostname: string[]; ip: string[] }
  port: number | null
  [member: string]: unknown
}

const EMPTY = {
  fragment: '',
  host: { fqdn: [], hostname: [], ip: [] },
  params: '',
  password: '',
  path: '',
  port: null,
  protocol: '',
  query: '',
  'source-type': '',
  username: '',
}

function parts(url: string): Url {
  const { value, code } = call(normalizeUrl, url)
  assert.equal(code, undefined)
  return value as Url
}

/** The members that are not empty, without `original`. */
function given(url: string): Record<string, unknown> {
  const { original, host, ...rest } = parts(url)
  assert.equal(original, url)
  const hosts = Object.entries(host).flatMap(([kind, list]) => list.map((name) => `${kind} ${name}`))
  const members = Object.entries(rest).filter(([, value]) => value !== '' && value !== null)
  return Object.fromEntries([...members, ...(hosts.length > 0 ? [['host', hosts.join()]] : [])])
}

test('every part of a URL has its member', () => {
  const original = 'http://user:pass@NetLoc:80/path;parameters?query=argument#fragment'
  assert.deepEqual(call(normalizeUrl, original, 'url'), {
    value: {
      fragment: 'fragment',
      host: { fqdn: [], hostname: ['netloc'], ip: [] },
      original,
      params: 'parameters',
      password: 'pass',
      path: '/path',
      port: 80,
      protocol: 'http',
      query: 'query=argument',
      'source-type': 'url',
      username: 'user',
    },
    anomalies: {},
  })
})

test('the members are in alphabetical order, whatever the URL', () => {
  const names = [...Object.keys(EMPTY), 'original'].sort()
  for (const url of ['http://h/', '/p', 'mailto:a@b', 'http://[', '']) {
    assert.deepEqual(Object.keys(parts(url)), names)
    assert.deepEqual(Object.keys(parts(url).host), ['fqdn', 'hostname', 'ip'])
  }
})

test('a text without scheme begins with the host, unless it begins with a slash', () => {
  const cases: [url: string, given: Record<string, unknown>][] = [
    ['host:8080/x', { host: 'hostname host', port: 8080, path: '/x' }],
    ['host', { host: 'hostname host' }],
    ['www.example.org/a?b#c', { host: 'fqdn www.example.org', path: '/a', query: 'b', fragment: 'c' }],
    ['user:pw@10.0.0.1:8443', { host: 'ip 10.0.0.1', port: 8443, username: 'user', password: 'pw' }],
    ['[2001:DB8::1]:80/', { host: 'ip 2001:db8::1', port: 80, path: '/' }],
    ['www.example.org:443?u=http://x/', { host: 'fqdn www.example.org', port: 443, query: 'u=http://x/' }],
    ['//host/x', { host: 'hostname host', path: '/x' }],
    ['//Host:81', { host: 'hostname host', port: 81 }],
    ['/x', { path: '/x' }],
    ['/x;a?b=//c#d://e', { path: '/x', params: 'a', query: 'b=//c', fragment: 'd://e' }],
    ['/http://host/', { path: '/http://host/' }],
    ['/a:80', { path: '/a:80' }],
    ['HTTPS://host', { protocol: 'https', host: 'hostname host', port: 443 }],
    ['localhost.:80', { host: 'hostname localhost', port: 80 }],
    [' \t\nhttp://ho\nst/', { protocol: 'http', host: 'hostname host', port: 80, path: '/' }],
  ]
  for (const [url, expected] of cases) {
    assert.deepEqual(given(url), expected, url)
    assert.deepEqual(call(normalizeUrl, url).anomalies, {}, url)
  }
})

test('a scheme without authority leaves protocol, path, query and fragment', () => {
  const cases: [url: string, given: Record<string, unknown>][] = [
    [
      'mailto:user@example.org?subject=a',
      { protocol: 'mailto', path: 'user@example.org', query: 'subject=a' },
    ],
    ['MAILTO:a@b', { protocol: 'mailto', path: 'a@b' }],
    ['urn:isbn:0451450523', { protocol: 'urn', path: 'isbn:0451450523' }],
    ['data:text/plain;base64,SGk=', { protocol: 'data', path: 'text/plain;base64,SGk=' }],
    ['javascript:alert(1)//http://x/', { protocol: 'javascript', path: 'alert(1)//http://x/' }],
    ['tel:+7-495;ext=1', { protocol: 'tel', path: '+7-495', params: 'ext=1' }],
    ['magnet:?xt=urn:btih:a', { protocol: 'magnet', query: 'xt=urn:btih:a' }],
    ['about:blank', { protocol: 'about', path: 'blank' }],
  ]
  for (const [url, expected] of cases) {
    assert.deepEqual(given(url), expected, url)
    assert.deepEqual(call(normalizeUrl, url).anomalies, {}, url)
  }
  assert.deepEqual(given('mailto://host/x'), { protocol: 'mailto', host: 'hostname host', path: '/x' })
})

test('without a port the scheme tells it', () => {
  assert.deepEqual(
    ['http', 'https', 'ftp', 'ssh', 'ldap', 'WSS', 'rdp', 'gopher'].map(
      (scheme) => parts(`${scheme}://h`).port,
    ),
    [80, 443, 21, 22, 389, 443, 3389, 70],
  )
  for (const scheme of ['x', 'file', '__proto__', 'constructor', 'toString']) {
    assert.equal(parts(`${scheme}://h`).port, null, scheme)
  }
  assert.equal(parts('http://h:/').port, 80)
  assert.equal(parts('//h').port, null)
  for (const [scheme, port] of DEFAULT_PORTS) assert.equal(parts(`${scheme}://h:`).port, port)
})

test('every default port is in the reference', () => {
  for (const [scheme, port] of DEFAULT_PORTS) assert.ok(normalizeUrl.notes!.includes(`${scheme} ${port}`))
})

test('a port that is no number up to 65535 is an anomaly, and null', () => {
  for (const port of [
    '65536',
    '99999999999999999999999',
    'x',
    '80x',
    '-1',
    '+80',
    ' 80',
    '80:90',
    '8_0',
    '\u0668\u0660',
    '1e3',
  ]) {
    const url = `http://host:${port}/p`
    const { value, anomalies } = call(normalizeUrl, url)
    assert.equal((value as Url).port, null, url)
    assert.equal((value as Url).path, '/p')
    assert.deepEqual((value as Url).host.hostname, ['host'])
    assert.deepEqual(anomalies, { malformed_url: [url] }, url)
  }
  for (const [port, number] of [
    ['0', 0],
    ['00080', 80],
    ['65535', 65535],
  ] as const) {
    assert.equal(parts(`http://host:${port}`).port, number)
  }
})

test('bad brackets leave the original alone', () => {
  for (const url of [
    'http://[::1/x',
    'http://::1]/x',
    'http://[]/',
    'http://[host]/',
    'http://[1.2.3.4]/',
    'http://u[@h/p?q#f',
    '[::1',
    '//[',
    'http://a\uff0fb/',
    'http://\u2100/',
    // Text around the brackets is the host to some readers (CVE-2025-0938).
    'http://evil.com[::1]/x',
    'http://[::1].evil.com/x',
    'http://[::1]80/',
    'http://u@x[::1]/',
    // So is what stands before a backslash.
    'http://good.example\\@evil.example/',
    'http://h\\x',
    'http://u:p\\@h/',
    '\\\\host\\share',
    'host\\x',
    // No scheme.
    '1http://h/',
    'http_s://h/',
    '://h',
    '-x://h/',
    'h\u00e9://h',
    '10.0.0.1://x',
  ]) {
    assert.deepEqual(
      call(normalizeUrl, url, 'proxy'),
      { value: { ...EMPTY, original: url }, anomalies: { malformed_url: [url] } },
      url,
    )
  }
})

test('an empty or invalid host is an anomaly, and its lists are empty', () => {
  for (const url of [
    'http://',
    'http:///path',
    'http://user@/',
    'http://:80/',
    '//',
    '?q',
    'http://bad host/',
    'http://-x/',
    'http://a..b/',
    'http://1.2.3.256/',
    'http://ex%61mple.org/',
    'http://[v1.example]/',
    'http://host /',
    'http://-/',
    '  ',
  ]) {
    const { value, anomalies } = call(normalizeUrl, url)
    assert.deepEqual((value as Url).host, EMPTY.host, url)
    assert.deepEqual(anomalies, { malformed_host: [url] }, url)
  }
})

test('a zone of an IPv6 address is left off', () => {
  for (const url of ['http://[fe80::1%eth0]/', 'http://[fe80::1%253]/'])
    assert.deepEqual(given(url), { protocol: 'http', host: 'ip fe80::1', port: 80, path: '/' })
})

test('a scheme is never the host: without // it leaves protocol and path, as urlsplit has it', () => {
  const cases: [url: string, given: Record<string, unknown>, isMalformed: boolean][] = [
    ['file:/etc/passwd', { protocol: 'file', path: '/etc/passwd' }, false],
    ['FILE:etc', { protocol: 'file', path: 'etc' }, false],
    ['https:/h/x', { protocol: 'https', port: 443, path: '/h/x' }, true],
    ['HTTP:/x?q#f', { protocol: 'http', port: 80, path: '/x', query: 'q', fragment: 'f' }, true],
    ['http:h/x', { protocol: 'http', port: 80, path: 'h/x' }, true],
    ['http:8080/x', { protocol: 'http', port: 80, path: '8080/x' }, true],
    ['https:user@h', { protocol: 'https', port: 443, path: 'user@h' }, true],
    ['https:', { protocol: 'https', port: 443 }, true],
    ['http:\\\\h\\x', { protocol: 'http', port: 80, path: '\\\\h\\x' }, true],
    ['s3:/b/k', { protocol: 's3', path: '/b/k' }, true],
    ['ssh:x', { protocol: 'ssh', port: 22, path: 'x' }, true],
    ['ldap:/o=x', { protocol: 'ldap', port: 389, path: '/o=x' }, false],
    ['dns:www.example.org', { protocol: 'dns', port: 53, path: 'www.example.org' }, false],
    ['foo:/bar', { protocol: 'foo', path: '/bar' }, false],
    [
      'com.example.app:/callback?code=1',
      { protocol: 'com.example.app', path: '/callback', query: 'code=1' },
      false,
    ],
    ['jdbc:mysql://h:3306/db', { protocol: 'jdbc', path: 'mysql://h:3306/db' }, false],
    ['jar:file:///a!/b', { protocol: 'jar', path: 'file:///a!/b' }, false],
    ['spotify:track:1', { protocol: 'spotify', path: 'track:1' }, false],
    ['c:/x', { protocol: 'c', path: '/x' }, false],
    ['C:\\Windows\\x', { protocol: 'c', path: '\\Windows\\x' }, true],
  ]
  for (const [url, expected, isMalformed] of cases) {
    assert.deepEqual(given(url), expected, url)
    assert.deepEqual(call(normalizeUrl, url).anomalies, isMalformed ? { malformed_url: [url] } : {}, url)
  }
})

test('a name before a colon is a host or a user where a port or an @ follows', () => {
  const cases: [url: string, given: Record<string, unknown>][] = [
    ['redis:6379/0', { host: 'hostname redis', port: 6379, path: '/0' }],
    ['ftp:21', { host: 'hostname ftp', port: 21 }],
    ['db:?q', { host: 'hostname db', query: 'q' }],
    [
      'postgres:secret@db:5432/x',
      { host: 'hostname db', port: 5432, path: '/x', username: 'postgres', password: 'secret' },
    ],
  ]
  for (const [url, expected] of cases) {
    assert.deepEqual(given(url), expected, url)
    assert.deepEqual(call(normalizeUrl, url).anomalies, {}, url)
  }
  assert.deepEqual(given('host.example:x'), { host: 'fqdn host.example' })
  assert.deepEqual(call(normalizeUrl, 'host.example:x').anomalies, { malformed_url: ['host.example:x'] })
})

test('a host that ends in a number but is no address is an anomaly and no name', () => {
  for (const url of [
    'http://0x7f.1/',
    'http://1.0x7f',
    'http://2130706433/',
    'http://017700000001/',
    'http://0x',
    'http://0x7F000001.:80/',
    'http://example.0xa/',
    'http://a.1/',
    'http://1.2.3.04/',
    'http://\uff10\uff587f/',
    '//10',
    '2130706433:80/x',
    'user@0x7f.0.0.1',
  ]) {
    const { value, anomalies } = call(normalizeUrl, url)
    assert.deepEqual((value as Url).host, EMPTY.host, url)
    assert.deepEqual(anomalies, { malformed_host: [url] }, url)
  }
  for (const [url, host] of [
    ['http://1.2.3.4/', 'ip 1.2.3.4'],
    ['http://0x7g/', 'hostname 0x7g'],
    ['http://1.x2/', 'fqdn 1.x2'],
    ['http://1a', 'hostname 1a'],
    ['http://1.2.com/', 'fqdn 1.2.com'],
  ] as const) {
    assert.equal(given(url)['host'], host)
  }
})

test('a host and a port can both be wrong', () => {
  assert.deepEqual(call(normalizeUrl, 'http://::1/').anomalies, {
    malformed_host: ['http://::1/'],
    malformed_url: ['http://::1/'],
  })
})

test('an empty text, a hyphen and a URL of this machine are no anomalies', () => {
  for (const url of ['', '-', '/', 'file:///etc/passwd', 'ldap:///dc=example']) {
    assert.deepEqual(call(normalizeUrl, url).anomalies, {}, url)
    assert.deepEqual(parts(url).host, EMPTY.host, url)
  }
  assert.deepEqual(call(normalizeUrl, 'file://bad host/x').anomalies, {
    malformed_host: ['file://bad host/x'],
  })
})

test('nothing is percent-decoded', () => {
  assert.deepEqual(given('http://u%40:p%3a@h/%41%2f?%42#%43'), {
    protocol: 'http',
    username: 'u%40',
    password: 'p%3a',
    host: 'hostname h',
    port: 80,
    path: '/%41%2f',
    query: '%42',
    fragment: '%43',
  })
})

test('no URL makes it fail', () => {
  const cases: [string, unknown][] = JSON.parse(
    readFileSync(new URL('../../cpython/url.json', import.meta.url), 'utf8'),
  )
  for (const [url, split] of cases) {
    const { value, anomalies } = call(normalizeUrl, url, 't')
    assert.equal((value as Url).original, url)
    if (split === null && /^[a-z]+:\/\//i.test(url)) assert.deepEqual(anomalies, { malformed_url: [url] })
  }
})

test('what is not text is a type error', () => {
  for (const value of [null, 5, true, ['http://h']]) {
    assert.equal(call(normalizeUrl, value).code, 'TYPE_ERROR')
    assert.equal(call(normalizeUrl, 'http://h', value).code, 'TYPE_ERROR')
  }
  assert.equal(call(normalizeUrl, 'h', 1).message, "normalize_url() argument 'type' must be str, not int")
})

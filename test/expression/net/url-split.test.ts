import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { cleanUrl, splitNetloc, splitUrl } from '../../../src/expression/net/url-split.ts'

type Parts = [
  scheme: string,
  netloc: string,
  path: string,
  params: string,
  query: string,
  fragment: string,
  username: string,
  password: string,
  host: string,
  port: number | 'invalid' | null,
]

const cases: [url: string, parts: Parts | null][] = JSON.parse(
  readFileSync(new URL('../../cpython/url.json', import.meta.url), 'utf8'),
)

test('a URL is split as urlparse splits it, and refused where urlparse raises', () => {
  assert.ok(cases.length > 1000)
  for (const [url, expected] of cases) {
    const shown = JSON.stringify(url.slice(0, 100))
    const split = splitUrl(cleanUrl(url))
    if (split === undefined || expected === null) {
      assert.equal(split ?? null, expected, shown)
      continue
    }
    const { scheme, netloc, path, params, query, fragment } = split
    const { username, password, host, port } = splitNetloc(netloc)
    assert.deepEqual(
      [scheme, netloc, path, params, query, fragment, username, password, host, portOf(port)],
      expected,
      shown,
    )
  }
})

function portOf(text: string): number | 'invalid' | null {
  if (text === '') return null
  return /^[0-9]+$/.test(text) && Number(text) <= 65535 ? Number(text) : 'invalid'
}

test('a host in brackets is told from one without', () => {
  assert.equal(splitNetloc('u@[::1]:80').bracketed, true)
  assert.equal(splitNetloc('[u]@host:80').bracketed, false)
})

test('a long URL of delimiters or of combining marks is split in linear time', { timeout: 900_000 }, () => {
  for (const piece of [
    '/',
    ';',
    ':',
    '@',
    '[',
    ']',
    '?',
    '#',
    '\n',
    ' ',
    '//',
    '[]',
    '\u0315\u0300',
    'a:',
    '%',
  ]) {
    const long = piece.repeat(200_000)
    for (const url of [`http://${long}`, long, `http://h/${long};${long}`]) {
      const split = splitUrl(cleanUrl(url))
      if (split !== undefined) assert.ok(splitNetloc(split.netloc).host.length <= url.length)
    }
  }
  const marks = '\u0315'.repeat(200_000) + '\u0300'.repeat(200_000)
  assert.equal(splitUrl(`http://a${marks}`)?.netloc.length, 400_001)
})

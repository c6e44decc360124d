import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type MaskKey, parseMask, parseUrl, type UrlKey } from '../../../../src/tracer/feeds/keys/url.ts'
import { Pace } from '../../../../src/tracer/feeds/pace.ts'
import { bySpecificity, MaskIndex } from '../../../../src/tracer/feeds/tables/masks.ts'
import { TextStore } from '../../../../src/tracer/feeds/tables/text-store.ts'
import { propertyRuns } from '../../../property-runs.ts'

/** An index of the masks; their values are their positions, from 1. */
async function indexOf(keys: readonly string[]): Promise<MaskIndex> {
  const index = new MaskIndex(new TextStore())
  for (const [position, key] of keys.entries()) {
    const mask = parseMask(key)
    assert.ok(mask !== undefined, `${key} is a mask`)
    index.add(mask, position + 1)
  }
  await index.finish(new Pace())
  return index
}

async function isHit(mask: string, url: string): Promise<boolean> {
  return (await indexOf([mask])).find(parseUrl(url)).length > 0
}

const HITS: Record<string, { hits: readonly string[]; misses: readonly string[] }> = {
  // The table of the specification.
  'abid-sh84.github.io/netflixclone/*': {
    hits: [
      'https://www.ABID-sh84.github.io/netflixclone/a',
      'https://abid-sh84.github.io/netflixclone',
      'https://abid-sh84.github.io/netflixclone/',
      'abid-sh84.github.io/netflixclone?a',
      'abid-sh84.github.io/netflixclone/?a/b',
    ],
    misses: [
      'https://abid-sh84.github.io/netflixclone2',
      'x.abid-sh84.github.io/netflixclone/a',
      'abid-sh84.github.io',
      'github.io/netflixclone/a',
    ],
  },
  '*.example.com/*': {
    hits: ['http://a.example.com', 'a.b.example.com/x', 'http://www.example.com/', 'www.example.com?q'],
    misses: [
      'example.com/a',
      'http://evil.org/?u=a.example.com/x',
      'a.example.com.evil.org/x',
      'aexample.com',
      'evil.org/a.example.com/x',
    ],
  },
  '*.example.com': {
    hits: ['http://a.example.com', 'a.b.example.com/x/y?z', 'www.example.com'],
    misses: ['example.com', 'a.example.com.evil.org'],
  },
  '.dyn.example': {
    hits: ['dyn.example', 'a.dyn.example/x', 'www.dyn.example', 'http://a.b.dyn.example:80/?x'],
    misses: ['xdyn.example', 'dyn.example.org', 'evil.org/.dyn.example', 'example'],
  },
  '.www.dyn.example': {
    hits: ['www.dyn.example', 'a.www.dyn.example'],
    misses: ['dyn.example', 'a.dyn.example'],
  },
  '.dyn.example/bad/*': {
    hits: ['dyn.example/bad', 'a.dyn.example/bad/x', 'www.dyn.example/bad?x'],
    misses: ['dyn.example', 'a.dyn.example/good', 'a.dyn.example/bad2'],
  },
  '.dyn*.example': {
    hits: ['dyn.example', 'dyns.example', 'a.dyns.example/x'],
    misses: ['adyn.example', 'dyn.sample'],
  },
  // A star in the host stays in the host.
  'evil*.com/x': {
    hits: ['evil.com/x', 'evil1.com/x', 'evil.a.com/X/'],
    misses: ['evil.org/.com/x', 'evil.org/?.com/x', 'evil1.com', 'evil1.com/x/y', 'evil1.com/x?y'],
  },
  'evil*': {
    hits: ['evil', 'evil.example', 'evilx.example/any?thing', 'http://www.evil.example'],
    misses: ['not.evil.example', 'x/evil'],
  },
  '*evil*': { hits: ['an.evil.example/x', 'evil'], misses: ['example/evil', 'example/?evil'] },
  'w*.example.com': {
    hits: ['www.example.com', 'web.example.com'],
    misses: ['example.com', 'a.example.com'],
  },
  'www.example.com/*': { hits: ['example.com', 'www.example.com/a'], misses: ['a.example.com'] },
  '192.0.2.*': { hits: ['192.0.2.1/x', '0xc0.0.2.9'], misses: ['192.0.20.1', '1192.0.2.1'] },
  '203.0.113.66/bins/*': { hits: ['http://203.0.113.66:80/bins/arm7'], misses: ['203.0.113.6/bins/arm7'] },
  '*': { hits: ['anything', 'http://a.example/b?c', ''], misses: [] },
  // A star in the path is anything.
  'example.com/*.exe': {
    hits: ['example.com/a.exe', 'example.com/a/b.EXE', 'example.com/a?b=c.exe'],
    misses: ['example.com/a.exe?x', 'example.com/a.exe/x', 'example.com'],
  },
  'example.com/a*': {
    hits: ['example.com/a', 'example.com/abc/d?e', 'example.com/a?e'],
    misses: ['example.com', 'example.com/ba', 'example.com?a'],
  },
  'example.com/a*b*c': { hits: ['example.com/abc', 'example.com/a/b?c'], misses: ['example.com/acb'] },
  'example.com/*/*': {
    hits: ['example.com/a', 'example.com/a/b', 'example.com/a?b'],
    misses: ['a.example.com/a/b'],
  },
  'tracker.example/gate.php?id=*': {
    hits: ['http://tracker.example/gate.php?id=7', 'tracker.example/gate.php/?ID='],
    misses: ['tracker.example/gate.php', 'tracker.example/gate.php?x=1&id=7'],
  },
  'example.com?id=*': {
    hits: ['example.com?id=1', 'example.com/?id='],
    misses: ['example.com', 'example.com/x?id=1'],
  },
  '*/login.php': {
    hits: ['a.example/login.php', 'b/login.php'],
    misses: ['a.example/x/login.php', 'a.example'],
  },
  '*/wp-content/*/evil/*': {
    hits: ['a.example/wp-content/x/evil', 'b.example/wp-content/x/y/evil/z', 'c/wp-content/x/evil?q'],
    misses: ['a.example/wp-content/evil', 'a.example/x/wp-content/x/evil', 'c/wp-content/x/evil2'],
  },
  'пример.example/вход/*': {
    hits: ['http://ПРИМЕР.example/%D0%92%D1%85%D0%BE%D0%B4/1', 'xn--e1afmkfd.example/вход'],
    misses: ['пример.example/выход'],
  },
  'example.com/a b/*': { hits: ['example.com/A%20B/c'], misses: ['example.com/a+b/c'] },
  '/only/a/path/*': { hits: ['/only/a/path/x'], misses: ['example.com/only/a/path/x'] },
}

for (const [mask, { hits, misses }] of Object.entries(HITS)) {
  test(`the mask ${mask} matches what it should`, async () => {
    for (const url of hits) assert.ok(await isHit(mask, url), `${url} is hit`)
    for (const url of misses) assert.ok(!(await isHit(mask, url)), `${url} is not hit`)
  })
}

test('all masks that match are found, with their texts', async () => {
  const index = await indexOf([
    '*.example.com/*',
    '.example.com',
    'a.example.com/*',
    '*.example.com/x/*',
    '*.org',
  ])
  const hits = index.find(parseUrl('http://a.example.com/x/y')).sort(bySpecificity)
  assert.deepEqual(
    hits.map(({ value, text }) => [value, text]),
    [
      [4, '*.example.com/x/*'],
      [1, '*.example.com/*'],
      [3, 'a.example.com/*'],
      [2, '.example.com'],
    ],
  )
})

test('of two equal masks the last one wins, however they are written', async () => {
  const index = await indexOf(['http://*.EXAMPLE.com/*', '*.example.com/*/', '.a.example', '.A.example.'])
  assert.equal(index.size, 2)
  assert.deepEqual(
    index.find(parseUrl('x.example.com')).map(({ value }) => value),
    [2],
  )
  assert.deepEqual(
    index.find(parseUrl('a.example')).map(({ value }) => value),
    [4],
  )
})

/** The definition of a match, by a regular expression on `host[/path][?query]`. */
function matchesByDefinition(mask: MaskKey, url: UrlKey): boolean {
  const anyHost = '[^/?]*'
  const host = mask.host.split('*').map(escapeRegExp).join(anyHost)
  const below = '(?:[/?][^]*)?'
  const tail =
    mask.tail === ''
      ? below
      : mask.tail.endsWith('/*')
        ? pathPattern(mask.tail.slice(0, -2)) + below
        : pathPattern(mask.tail)
  const pattern = new RegExp(`^${mask.hasLeadingDot ? `(?:${anyHost}\\.)?` : ''}${host}${tail}$`)
  if (mask.hasLeadingDot) return pattern.test(url.hadWww ? `www.${url.text}` : url.text)
  return pattern.test(url.text) || (url.hadWww && mask.host.includes('*') && pattern.test(`www.${url.text}`))
}

function pathPattern(path: string): string {
  return path.split('*').map(escapeRegExp).join('[^]*')
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}

const label = fc.constantFrom('a', 'b', 'ab', 'www', 'com')
const host = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'))
const tail = fc
  .tuple(
    fc.array(fc.constantFrom('a', 'b', 'ab', 'aba'), { maxLength: 3 }),
    fc.constantFrom('', '/', '?', '?a', '?ab=b', '/?b/a'),
  )
  .map(([segments, end]) => segments.map((segment) => `/${segment}`).join('') + end)
const url = fc.tuple(fc.constantFrom('', 'http://', 'http://www.'), host, tail).map((parts) => parts.join(''))
/** A URL with stars put in, or with a dot in front. */
const mask = fc
  .tuple(fc.constantFrom('', '', '', '.'), url, fc.array(fc.nat({ max: 20 }), { maxLength: 3 }), fc.boolean())
  .map(([dot, text, stars, swallow]) => {
    let key = text
    for (const at of stars) key = `${key.slice(0, at)}*${key.slice(swallow ? at + 2 : at)}`
    return dot + key
  })
  .filter((key) => parseMask(key) !== undefined)

test('an index of few or many masks finds what their definition finds', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(mask, { minLength: 1, maxLength: 60 }),
      fc.array(url, { minLength: 20, maxLength: 40 }),
      async (keys, urls) => {
        const index = await indexOf(keys)
        // Equal masks: the last one's value.
        const masks = new Map<string, { mask: MaskKey; value: number }>()
        for (const [position, key] of keys.entries()) {
          const mask = parseMask(key)!
          masks.set(mask.text, { mask, value: position + 1 })
        }
        for (const text of urls) {
          const parsed = parseUrl(text)
          const expected = [...masks.values()].filter((one) => matchesByDefinition(one.mask, parsed))
          assert.deepEqual(
            index
              .find(parsed)
              .map(({ value }) => value)
              .sort(),
            expected.map(({ value }) => value).sort(),
            text,
          )
        }
      },
    ),
    { numRuns: propertyRuns(400) },
  )
})

test('a thousand masks of every shape are found among each other', async () => {
  const shapes = [
    (i: number) => [`*.host${i}.example/*`, `x.host${i}.example/y`],
    (i: number) => [`shared.example/path${i}/*`, `shared.example/path${i}/y?z`],
    (i: number) => [`shared.example/p*/mid${i}x/*.exe`, `shared.example/pq/mid${i}x/y.exe`],
    (i: number) => [`*login${i}z*`, `my.login${i}z.example`],
    (i: number) => [`*/inner/*/deep${i}q/*`, `any.example/inner/w/deep${i}q`],
    (i: number) => [`.dyn${i}.example`, `a.b.dyn${i}.example/x`],
    (i: number) => [`net${i}w*`, `net${i}wide.example`],
    (i: number) => [`*.example/*?id=${i}k*`, `a.example/x?id=${i}kk`],
  ]
  const cases = shapes.flatMap((shape) => Array.from({ length: 125 }, (_, i) => shape(1000 + i)))
  const index = await indexOf(cases.map(([key]) => key!))
  for (const [position, [key, text]] of cases.entries()) {
    const values = index.find(parseUrl(text!)).map(({ value }) => value)
    assert.deepEqual(values, [position + 1], key)
  }
})

test('long hostile URLs are looked up in time that is proportional to their length', async () => {
  const keys = Array.from({ length: 500 }, (_, i) => [
    `*a${i}a*`,
    `*/b${i}*c/*`,
    `a*.e${i}.example/*`,
    `.d${i}.example`,
  ])
  const index = await indexOf([...keys.flat(), '*a*a*a*a*a*b', 'h.example/*a*a*a*a*b'])
  const size = 200_000
  for (const unit of ['a', 'a.', 'a/', '*', '.example', 'a1a', '/b1', '/b1c', 'é', '%41', '..']) {
    const text = unit.repeat(size / unit.length)
    for (const url of [text, `h.example/${text}`, `h.example/?${text}`, `${text}.d1.example`]) {
      const values = new Set(index.find(parseUrl(url)).map(({ value }) => value))
      assert.equal(values.size, index.find(parseUrl(url)).length, 'each mask is found once')
    }
  }
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFqdn, isHostname, nameKind, normalizeName } from '../../../src/expression/net/host-name.ts'

const label63 = 'a'.repeat(63)
/** 253 characters: three labels of 63 and one of 61, with the dots between them. */
const name253 = `${label63}.${label63}.${label63}.${'b'.repeat(61)}`

const KINDS: Record<string, readonly string[]> = {
  hostname: [
    'a',
    'A',
    '1',
    '123',
    'lt-mail',
    'a-b',
    'a--b',
    '_',
    '_a_',
    'a_b',
    'WS_01',
    label63,
    `${label63}.`,
    'localhost',
    'localhost.',
    'почта',
    'ПОЧТА',
    'münchen',
    'mu\u0308nchen',
    '日本',
    'नमस्ते',
    'सर्वर१',
    'é'.repeat(63),
    '𐐀',
    '𐐀'.repeat(63),
    'xn--mnchen-3ya',
    '2130706433',
    '0x7f',
    '__proto__',
    'constructor',
    'é.',
  ],
  fqdn: [
    'a.b',
    'lt-mail.domain',
    'www.example.org',
    'www.example.org.',
    'a.b.',
    '1.a',
    '1.2.3.a',
    '1.2.3.4a',
    'a.1b',
    '_dmarc.example.org',
    '0x7f.0x1',
    'пример.рф',
    'пример.рф.',
    'mail.münchen.de',
    name253,
    `${name253}.`,
    'a.b-c',
    '10.in-addr.arpa',
    'A.B',
    '𐐀.𐐀',
    'a.toString',
    `${'é'.repeat(63)}.${'é'.repeat(63)}.${'é'.repeat(63)}.${'é'.repeat(61)}`,
    `${'𐐀'.repeat(63)}.${'𐐀'.repeat(63)}.${'𐐀'.repeat(63)}.${'𐐀'.repeat(61)}.`,
  ],
  none: [
    '',
    '.',
    '..',
    '-',
    '--',
    '-a',
    'a-',
    'a..',
    '.a',
    'a..b',
    '.a.b',
    'a.b..',
    'a.-b',
    'a-.b',
    'a.b-',
    'a.b-.',
    'a b',
    ' a',
    'a ',
    'a\n',
    'a.b\n',
    '\ta',
    'a\0',
    'a!',
    'a:b',
    'a/b',
    'a@b',
    'a,b',
    '*.example.org',
    'a%41',
    "a'",
    'a"',
    'a\\b',
    '[a]',
    'a+b',
    'a=b',
    '$',
    '1.2.3.4',
    '1.2.3.4.',
    '10.0.0.256',
    '1.2',
    'a.1',
    'a.b.123',
    'a.b.123.',
    '01.02',
    '::1',
    '2001:db8::1',
    `a${label63}`,
    `a${label63}.`,
    `a${label63}.b`,
    `b.a${label63}`,
    `${name253}b`,
    `a.${name253}`,
    `${name253}b.`,
    'é'.repeat(64),
    '𐐀'.repeat(64),
    'é-',
    '-é',
    'é.-',
    'é..a',
    'a.é..',
    'é b',
    'é.1',
    'é.١٢',
    'é!',
    '😀',
    'a😀.b',
    'é😀',
    'a。b',
    'a．b',
    'a\u200db',
    '\ud800',
    'a\udc00',
    'é\ud800',
    `${'é'.repeat(63)}.${'é'.repeat(63)}.${'é'.repeat(63)}.${'é'.repeat(62)}`,
    'a'.repeat(100_000),
    'é'.repeat(100_000),
    'a.'.repeat(50_000),
    'é.'.repeat(50_000),
  ],
}

for (const [kind, texts] of Object.entries(KINDS)) {
  test(`names of kind ${kind}`, () => {
    for (const text of texts) {
      const shown = JSON.stringify(text.slice(0, 80))
      assert.equal(nameKind(text) ?? 'none', kind, shown)
      assert.equal(isHostname(text), kind === 'hostname', shown)
      assert.equal(isFqdn(text), kind === 'fqdn', shown)
    }
  })
}

test('every ASCII character but letters, digits, hyphen and underscore makes a name invalid', () => {
  for (let code = 0; code < 128; code++) {
    const character = String.fromCharCode(code)
    if (character === '.') continue
    const allowed = /[A-Za-z0-9_-]/.test(character)
    assert.equal(isHostname(`a${character}b`), allowed, JSON.stringify(character))
    assert.equal(isFqdn(`a${character}b.org`), allowed, JSON.stringify(character))
    assert.equal(isHostname(`é${character}b`), allowed, JSON.stringify(character))
  }
})

test('names are compared in lower case without the dot of the root', () => {
  assert.equal(normalizeName('WWW.Example.ORG.'), 'www.example.org')
  assert.equal(normalizeName('ПОЧТА'), 'почта')
  assert.equal(normalizeName('localhost.'), 'localhost')
})

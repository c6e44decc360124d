import assert from 'node:assert/strict'
import { test } from 'node:test'
import { htmlUnescape } from '../../../src/expression/functions/html-unescape.ts'
import { hostWith, outcomeOf, processorMs } from './calling.ts'

/** Texts, and the results of `html.unescape` of CPython 3.11. */
const CASES: readonly (readonly [string, string])[] = [
  ['&lt', '<'],
  ['&lt;', '<'],
  ['&ltx', '<x'],
  ['&notit;', '\u00acit;'],
  ['&notin;', '\u2209'],
  ['&not;', '\u00ac'],
  ['&ampamp;', '&amp;'],
  ['&', '&'],
  ['&&amp;', '&&'],
  ['&unknown;&amp;x&y', '&unknown;&x&y'],
  ['a&lt;b&gt;c', 'a<b>c'],
  ['&amp', '&'],
  ['&#', '&#'],
  ['&#;', '&#;'],
  ['&#x', '&#x'],
  ['&#x;', '&#x;'],
  ['&#0;', '\ufffd'],
  ['&#128;', '\u20ac'],
  ['&#x81;', '\u0081'],
  ['&#xD800;', '\ufffd'],
  ['&#x110000;', '\ufffd'],
  ['&#99999999999999999999;', '\ufffd'],
  ['&#1;', ''],
  ['&#x0B;', ''],
  ['&#12;', '\f'],
  ['&#13;', '\r'],
  ['&#x7f;', ''],
  ['&#xfffe;', ''],
  ['&#xfdd0;', ''],
  ['&#65', 'A'],
  ['&#x41g', 'Ag'],
  ['&CounterClockwiseContourIntegral;', '\u2233'],
  ['&CounterClockwiseContourIntegralx;', '&CounterClockwiseContourIntegralx;'],
  ['&NotEqualTilde;', '\u2242\u0338'],
  ['&nGtv;', '\u226b\u0338'],
  ['&amp;lt;', '&lt;'],
  ['&\u00e9;', '&\u00e9;'],
  ['&aacute&Aacute', '\u00e1\u00c1'],
  ['&aacut', '&aacut'],
  ['&a b;', '&a b;'],
  ['&copy\n;', '\u00a9\n;'],
  ['&frac12x', '\u00bdx'],
  ['&fj;', '&fj;'],
  ['&ThickSpace;', '\u205f\u200a'],
  ['&Lt;', '\u226a'],
  ['&LT', '<'],
  ['&aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa;', '&aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa;'],
  ['&ltaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', '<aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'],
  ['&#38;#38;', '&#38;'],
  ['&#x26lt;', '&lt;'],
  ['\ud83d\ude00&gt;\ud83d\ude00&gt\ud83d\ude00', '\ud83d\ude00>\ud83d\ude00>\ud83d\ude00'],
  ['&AMP', '&'],
  ['&;', '&;'],
  ['&amp;amp;', '&amp;'],
  ['&sup1', '\u00b9'],
  ['&sup', '&sup'],
  ['&thetasym;', '\u03d1'],
  ['&nbsp', '\u00a0'],
]

const { implementation } = htmlUnescape
assert.ok(implementation.kind === 'prepared')
const unescapeText = implementation.prepare({}, hostWith({}))
const read = (text: string): unknown => outcomeOf((context) => unescapeText(context, text)).value

test('references are those of CPython', () => {
  for (const [text, expected] of CASES) assert.equal(read(text), expected, text)
})

test('a text costs its length, whatever it is made of', () => {
  for (const piece of ['&', '&#', '&#1', '&#x', '&lt', '&a', '1', `&${'a'.repeat(31)}`, '&amp;', '&#x;']) {
    const text = `&#${piece.repeat(Math.ceil(300_000 / piece.length))}`
    const start = processorMs()
    read(text)
    assert.ok(processorMs() - start < 2000, piece)
  }
})

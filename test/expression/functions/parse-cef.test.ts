import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseCef } from '../../../src/expression/functions/parse-cef.ts'
import { call, processorMs } from './calling.ts'

type Event = Record<string, unknown> & { extension: Record<string, string> }

const read = (text: string): Event => call(parseCef, text).value as Event

test('escapes in header and extension', () => {
  const event = read('CEF:1.2|a\\|b|c\\\\d|e|f|g\\=h|Very-High|x=a\\=b y=a\\nb\\\\n z=C:\\dir\\|')
  assert.equal(event.version, '1.2')
  assert.equal(event.device_vendor, 'a|b')
  assert.equal(event.device_product, 'c\\d')
  assert.equal(event.name, 'g\\=h')
  assert.equal(event.severity, 'Very-High')
  assert.deepEqual(event.extension, { x: 'a=b', y: 'a\nb\\n', z: 'C:\\dir|' })
})

test('values hold blanks and = signs, and names may be of any kind', () => {
  const { extension } = read(
    'CEF:0|a|b|c|d|e|f| act=  two  words ad.x-y_1[0]=1 url=http://h/?a=b&c=d empty= n=== last=x ',
  )
  assert.deepEqual(extension, {
    act: '  two  words',
    'ad.x-y_1[0]': '1',
    url: 'http://h/?a=b&c=d',
    empty: '',
    n: '==',
    last: 'x',
  })
  assert.deepEqual(read('CEF:0|a|b|c|d|e|f|no pairs here').extension, {})
  assert.deepEqual(read('CEF:0|a|b|c|d|e|f').extension, {})
})

test('values have no blanks of any kind at their end', () => {
  const blank = fc.constantFrom(' ', '\t', '\n', '\u00a0', '\ufeff', '\u2028')
  const value = fc.string({ unit: fc.oneof(blank, fc.constantFrom('a', '\x7f', 'é', '1')), maxLength: 6 })
  fc.assert(
    fc.property(value, value, (a, b) => {
      const { extension } = read(`CEF:0|a|b|c|d|e|f|a=${a} b=${b}`)
      assert.deepEqual(extension, { a: a.trimEnd(), b: b.trimEnd() })
    }),
  )
})

test('the header is found behind syslog headers, and not inside of words', () => {
  for (const before of [
    '',
    '<13>',
    'Jul 10 12:00:00 h ',
    '<13>1 - h a - - - \ufeff',
    'CEF: not yet, notCEF:0|x|, ',
  ])
    assert.equal(read(`${before}CEF:0|a|b|c|d|e|f|`).device_vendor, 'a', before)
  assert.equal(read('CEF: 0|a|b|c|d|e|f|').version, '0')
  for (const text of ['', 'CEF:', 'CEF:x|a|b|c|d|e|f|', 'xCEF:0|a|b|c|d|e|f|', 'CEF:0|a|b|c|d|e'])
    assert.equal(call(parseCef, text).value, undefined, text)
})

test('custom values are paired with their labels', () => {
  const event = read(
    'CEF:0|a|b|c|d|e|f|cs1=x cs1Label=Rule Name cn2Label=Count cn2=5 cs3Label=none Label=x cs4=y cs4Label=',
  )
  assert.deepEqual(event.labels, { 'Rule Name': 'x', Count: '5' })
  assert.equal(event.extension.cs1Label, 'Rule Name')
  const { labels } = read('CEF:0|a|b|c|d|e|f|cs1=x cs1Label=__proto__ __proto__Label=l __proto__=p')
  assert.equal(JSON.stringify(labels), '{"__proto__":"x","l":"p"}')
})

test('a text costs its length, whatever it is made of', () => {
  for (const head of ['', 'CEF:0|a|b|c|d|e|f|']) {
    for (const piece of [
      'CEF:',
      'CEF:0|',
      '=',
      'a',
      'a=',
      '\\=',
      ' a=b',
      'a=b',
      '\\',
      ' ',
      '|',
      'aLabel=b ',
      'x =',
    ]) {
      const text = head + piece.repeat(Math.ceil(300_000 / piece.length))
      const start = processorMs()
      call(parseCef, text)
      assert.ok(processorMs() - start < 2000, JSON.stringify([head, piece]))
    }
  }
})

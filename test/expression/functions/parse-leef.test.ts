import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseLeef } from '../../../src/expression/functions/parse-leef.ts'
import { call, processorMs } from './calling.ts'

const extension = (text: string): unknown => (call(parseLeef, text).value as { extension: unknown }).extension

test('attributes of version 1.0 between tabs, or between blanks where there are no tabs', () => {
  assert.deepEqual(extension('LEEF:1.0|a|b|c|d|x=1\ty=a b=c\t\tz\tz2= \t =q'), { x: '1', y: 'a b=c', z2: '' })
  assert.deepEqual(extension('LEEF:1.0|a|b|c|d|x=1 y=a b  z=c\\n'), { x: '1', y: 'a b', z: 'c\\n' })
  assert.deepEqual(extension('LEEF:1.0|a|b|c|d|'), {})
})

test('version 2.0 names its delimiter, or not', () => {
  for (const [delimiter, character] of [
    ['^', '^'],
    ['x5E', '^'],
    ['0x5e', '^'],
    ['x0009', '\t'],
    ['', '\t'],
    ['x', 'x'],
  ] as const)
    assert.deepEqual(
      extension(`LEEF:2.0|a|b|c|d|${delimiter}|k=1 2${character}m=3`),
      { k: '1 2', m: '3' },
      delimiter,
    )
  assert.deepEqual(
    extension('LEEF:2.0|a|b|c|d|k=1 2\tm=3'),
    { k: '1 2', m: '3' },
    'no field for the delimiter',
  )
})

test('a header that is cut off does not fit', () => {
  for (const text of ['', 'LEEF:1.0|a|b|c|d', 'LEEF:|a|b|c|d|', 'xLEEF:1.0|a|b|c|d|'])
    assert.equal(call(parseLeef, text).value, undefined, text)
})

test('names that objects inherit are names', () => {
  const value = extension('LEEF:1.0|a|b|c|d|__proto__=1\tconstructor=2') as object
  assert.equal(JSON.stringify(value), '{"__proto__":"1","constructor":"2"}')
})

test('a text costs its length, whatever it is made of', () => {
  for (const head of ['', 'LEEF:1.0|a|b|c|d|', 'LEEF:1.0|a|b|c|d|\t', 'LEEF:2.0|a|b|c|d|=|']) {
    for (const piece of ['LEEF:', '=', '\t', 'a', 'a=\t', ' a=b', '|', '\ta', 'x5E|']) {
      const text = head + piece.repeat(Math.ceil(300_000 / piece.length))
      const start = processorMs()
      call(parseLeef, text)
      assert.ok(processorMs() - start < 2000, JSON.stringify([head, piece]))
    }
  }
})

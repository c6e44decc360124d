import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Failure } from '../../../../src/expression/failure.ts'
import {
  codePoints,
  elementIndex,
  hasSurrogates,
  textAt,
  textLength,
  textSlice,
  unitOffset,
} from '../../../../src/expression/runtime/text/text.ts'
import type { Recorded } from '../../../cpython/number-values.ts'
import { decode, readRecording } from '../../../cpython/number-values.ts'
import { meter } from '../unlimited.ts'

const recording = readRecording('text')

function bound(recorded: Recorded): number | bigint | null {
  return decode(recorded) as number | bigint | null
}

test('length and elements are those of code points', () => {
  for (const [text, length, elements] of recording.lengths!) {
    assert.equal(textLength(text), length, JSON.stringify(text))
    assert.deepEqual(codePoints(meter, text), elements, JSON.stringify(text))
  }
})

test('an index counts code points from either end, and is absent out of range', () => {
  for (const [text, index, element] of recording.elements!) {
    assert.equal(textAt(meter, text, bound(index)!), element ?? undefined, JSON.stringify([text, index]))
  }
})

test('a slice is the one that CPython gives', () => {
  for (const [text, start, stop, step, slice] of recording.slices!) {
    const actual = textSlice(meter, text, bound(start), bound(stop), bound(step))
    assert.equal(actual, slice, JSON.stringify([text, start, stop, step]))
  }
})

test('bounds that are not given may be undefined', () => {
  assert.equal(textSlice(meter, 'abc', undefined, undefined, undefined), 'abc')
  assert.equal(textSlice(meter, 'abc', 1, undefined, undefined), 'bc')
  assert.equal(textSlice(meter, 'abc', undefined, 1, -1), 'c')
})

test('a step of 0 is a value error', () => {
  for (const step of [0, -0]) {
    assert.throws(
      () => textSlice(meter, 'abc', null, null, step),
      new Failure('VALUE_ERROR', 'slice step cannot be zero'),
    )
  }
})

test('far indexes agree with near ones on texts with and without surrogates', () => {
  for (const piece of ['a', 'я', '😀', 'a😀', '\ud800x']) {
    const text = piece.repeat(30)
    const elements = Array.from(text)
    for (let index = -elements.length - 2; index < elements.length + 2; index++) {
      assert.equal(
        textAt(meter, text, index),
        elements.at(index < -elements.length ? elements.length : index),
      )
    }
  }
})

test('element indexes and UTF-16 offsets are each other’s inverse', () => {
  for (const text of ['', 'abc', 'a😀b😀c', '😀'.repeat(40), '\ud800😀\udc00', 'я'.repeat(50)]) {
    let unit = 0
    for (const [index, element] of Array.from(text).entries()) {
      assert.equal(unitOffset(meter, text, index), unit)
      assert.equal(elementIndex(text, unit), index)
      unit += element.length
    }
    assert.equal(unitOffset(meter, text, 1000), text.length)
    assert.equal(unitOffset(meter, text, -1000), 0)
  }
})

test('surrogates are noticed wherever they are', () => {
  assert.equal(hasSurrogates('я'.repeat(100)), false)
  assert.equal(hasSurrogates(''), false)
  assert.equal(hasSurrogates(`${'a'.repeat(100)}😀`), true)
  assert.equal(hasSurrogates('\udc00'), true)
  assert.equal(hasSurrogates('\ue000\ud7ff'), false)
})

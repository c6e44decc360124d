import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Failure } from '../../src/expression/failure.ts'
import { makeDict, makeSet } from '../../src/expression/runtime/containers/keys.ts'
import type { Value } from '../../src/expression/value.ts'
import { Dict, DictView, NumberText, Range, Tuple, ValueIterator } from '../../src/expression/value.ts'
import { fromPlain, toPlain } from '../../src/rules/apply/plain-values.ts'

function failureOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    assert.ok(error instanceof Failure)
    return `${error.code}: ${error.message}`
  }
  return 'none'
}

describe('toPlain', () => {
  it('makes arrays of what is a sequence, and objects of dicts', () => {
    const dict = makeDict([
      [1, 'a'],
      [null, new Tuple([1, new Tuple([])])],
      [2n ** 64n, true],
      [0.5, new Range(0, 3, 1)],
    ])
    assert.deepEqual(toPlain(dict), { 1: 'a', null: [1, []], '18446744073709551616': true, 0.5: [0, 1, 2] })
    assert.deepEqual(toPlain(makeSet([3, 1, 3])), [3, 1])
    assert.deepEqual(toPlain(new DictView('items', { a: 1 })), [['a', 1]])
    assert.deepEqual(toPlain(new ValueIterator('zip', [1, 2].values())), [1, 2])
  })

  it('leaves scalars as they are, and gives the number of a text', () => {
    for (const value of [null, true, 1.5, 2n ** 70n, 'x', Number.NaN]) assert.equal(toPlain(value), value)
    assert.deepEqual(toPlain([new NumberText('2230.0'), new NumberText('1e400')] as unknown as Value), [
      2230,
      Number.POSITIVE_INFINITY,
    ])
  })

  it('copies everything, and what occurs twice once', () => {
    const shared = [1]
    const value: Value = { a: shared, b: shared, c: new Tuple([shared]) }
    const copy = toPlain(value) as { a: unknown; b: unknown; c: unknown[] }
    assert.notEqual(copy.a, shared)
    assert.equal(copy.a, copy.b)
    assert.equal(copy.a, copy.c[0])
  })

  it('uses an iterator up', () => {
    const iterator = new ValueIterator('zip', [1, 2].values())
    assert.deepEqual(toPlain([iterator, iterator]), [[1, 2], []])
  })

  it('has __proto__ as a member', () => {
    const dict = new Dict()
    dict.entries.set('__proto__', ['__proto__', new Tuple([1])])
    const plain = toPlain(dict) as object
    assert.deepEqual(Object.keys(plain), ['__proto__'])
    assert.equal(Object.getPrototypeOf(plain), Object.prototype)
  })

  it('fails where JSON could not be written', () => {
    const endless: Value[] = []
    endless.push(endless)
    const tooDeep = 'VALUE_ERROR: the output nests deeper than 2000 levels, or contains itself'
    assert.equal(
      failureOf(() => toPlain(endless)),
      tooDeep,
    )
    assert.match(
      failureOf(() => toPlain(makeDict([[new Tuple([1]), 2]]))),
      /^TYPE_ERROR: keys must be str/,
    )
  })
})

describe('fromPlain', () => {
  it('takes what JSON.stringify would write', () => {
    const values = [
      { a: [1, 'x', null, true], b: undefined, c: () => 1, d: Symbol('d') },
      [undefined, () => 1, Number.NaN, Number.NEGATIVE_INFINITY],
      new Date(0),
      { at: new Date(1e12), url: new URL('http://example.com/') },
      new Map([[1, 2]]),
      Object.create({ inherited: 1 }, { own: { value: 2, enumerable: true } }),
      JSON.parse('{"__proto__":{"a":1}}'),
    ]
    for (const value of values) assert.deepEqual(fromPlain(value), JSON.parse(JSON.stringify(value)))
    for (const value of [undefined, () => 1, Symbol('x')]) assert.equal(fromPlain(value), undefined)
  })

  it('takes bigints as the integers that they are', () => {
    assert.deepEqual(fromPlain([5n, 2n ** 53n, 2n ** 53n + 1n]), [5, 2 ** 53, 2n ** 53n + 1n])
  })

  it('does not follow what contains itself', () => {
    const endless: unknown[] = []
    endless.push(endless)
    assert.equal(
      failureOf(() => fromPlain(endless)),
      'VALUE_ERROR: the event nests deeper than 2000 levels, or contains itself',
    )
  })
})

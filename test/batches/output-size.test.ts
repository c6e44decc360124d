import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { outputSize } from '../../src/batches/output-size.ts'
import type { Value } from '../../src/expression/value.ts'
import { Dict, Range, Tuple, ValueSet } from '../../src/expression/value.ts'

describe('outputSize', () => {
  it('is about the length of the JSON text', () => {
    const outputs: Value[] = [
      {},
      { a: 'x'.repeat(1000), b: [1, 2, null, true], c: { d: ['ü', 'y'.repeat(500)] } },
      ['x'.repeat(100), 'y'.repeat(100)],
    ]
    for (const output of outputs) {
      const { length } = JSON.stringify(output)
      const size = outputSize(output, 1e9)
      assert.ok(Math.abs(size - length) < 60, `${size} for ${length}`)
    }
  })

  it('counts what tuples, sets and dicts hold', () => {
    const long = 'x'.repeat(1000)
    const set = new ValueSet()
    set.entries.set(long, long)
    const dict = new Dict()
    dict.entries.set(long, [long, long])
    for (const value of [new Tuple([long]), set, dict]) assert.ok(outputSize(value, 1e9) > 1000)
  })

  it('stops at the limit, also where a value contains itself or the same one many times', () => {
    const shared: Value[] = new Array(10_000).fill('x'.repeat(1000))
    const cyclic: Value[] = []
    cyclic.push(cyclic)
    for (const value of [new Array(10_000).fill(shared), cyclic]) {
      const size = outputSize(value, 10_000)
      assert.ok(size >= 10_000 && size < 40_000, `${size}`)
    }
  })

  it('takes a series that is only computed when it is written for one value', () => {
    assert.ok(outputSize(new Range(0, 1e9, 1), 1e9) < 10)
  })
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { setMember } from '../../../../src/expression/runtime/containers/keys.ts'
import { RecordShapes } from '../../../../src/expression/runtime/containers/record-shapes.ts'
import type { JsonObject, Value } from '../../../../src/expression/value.ts'
import { compileRecord } from '../../../../src/rules/generate/record-compiler.ts'

/** The same object with its members set one by one. */
function oneByOne(names: readonly (string | null)[], values: readonly Value[]): JsonObject {
  const object: JsonObject = {}
  for (const [index, value] of values.entries()) {
    const name = names[index]
    if (typeof name === 'string' && name !== '') setMember(object, name, value)
  }
  return object
}

function assertSame(actual: JsonObject, expected: JsonObject): void {
  assert.deepEqual(Object.entries(actual), Object.entries(expected))
  assert.equal(Object.getPrototypeOf(actual), Object.prototype)
  assert.deepEqual(
    Object.values(Object.getOwnPropertyDescriptors(actual)),
    Object.values(Object.getOwnPropertyDescriptors(expected)),
  )
}

const NAMES = [
  'a',
  'b',
  '__proto__',
  'constructor',
  'toString',
  '10',
  '2',
  '-1',
  '',
  'a b',
  '"',
  '\\',
  '\u2028',
  '\ud800',
  '\n',
  '*/',
]

test('compiled code makes the objects that get their members one by one', () => {
  const names = fc.array(fc.oneof(fc.constantFrom(...NAMES, null), fc.string()), { maxLength: 12 })
  fc.assert(
    fc.property(names, (all) => {
      const values = all.map((_, index) => `v${index}`)
      assertSame(compileRecord(all)(values), oneByOne(all, values))
    }),
  )
})

test('names that come often have code, by their number, and others have not', () => {
  const shapes = new RecordShapes(compileRecord)
  const lists: (readonly [names: Value[], values: string[]])[] = [
    [
      ['a', 'b', null, '__proto__'],
      ['1', '2', '3', '4'],
    ],
    [
      ['a', 'b', null, '__proto__'],
      ['1', '2'],
    ],
    [
      ['a', 'c'],
      ['1', '2'],
    ],
    [
      ['c', 'b'],
      ['1', '2'],
    ],
    [[], []],
  ]
  for (let round = 0; round < 100; round++)
    for (const [names, values] of lists) {
      const made = shapes.make([...names], values)
      assert.equal(made !== undefined, round >= 32, `round ${round}`)
      if (made !== undefined) assertSame(made, oneByOne(names as string[], values))
    }
})

test('names that are none, and too many, are left to others', () => {
  const shapes = new RecordShapes(() => assert.fail('no code is made'))
  const many = Array.from({ length: 257 }, (_, index) => `n${index}`)
  for (let round = 0; round < 100; round++) {
    assert.equal(shapes.make([1, 'a'], ['1', '2']), undefined)
    assert.equal(shapes.make(many, many), undefined)
  }
})

test('where there are many lists of names, each has to come often again', () => {
  let compiled = 0
  const shapes = new RecordShapes((names) => {
    compiled++
    return compileRecord(names)
  })
  for (let round = 0; round < 100; round++)
    for (let index = 0; index < 65; index++) assert.equal(shapes.make([`n${index}`], ['1']), undefined)
  assert.equal(compiled, 0)
  let made: JsonObject | undefined
  for (let round = 0; round < 40; round++) made = shapes.make(['n1'], ['1'])
  assert.deepEqual(made, { n1: '1' })
  assert.equal(compiled, 1)
})

test('no code is made for names that are very long together', () => {
  const shapes = new RecordShapes(compileRecord)
  const made = (length: number): number => {
    const names = ['a', 'b'.repeat(length)]
    return Array.from({ length: 100 }, () => shapes.make(names, [1, 2])).filter(Boolean).length
  }
  assert.ok(made(1000) > 50)
  assert.equal(made(100_000), 0)
})

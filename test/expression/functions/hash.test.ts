import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { fingerprint } from '../../../src/expression/functions/fingerprint.ts'
import { compileRules } from '../../../src/rules/compile.ts'
import { hostWith, outcomeOf } from './calling.ts'

const { implementation } = fingerprint
assert.ok(implementation.kind === 'prepared')
const idOf = implementation.prepare({}, hostWith({}))
const read = (...values: any[]): unknown => outcomeOf((context) => idOf(context, ...values)).value

test('hash takes the bytes of UTF-8, with each algorithm', () => {
  for (const algorithm of ['md5', 'sha1', 'sha256', 'sha512']) {
    const runner = compileRules(`r: hash(s, '${algorithm}')`).createRunner()
    for (const s of ['', 'grün', '😀'.repeat(100), '\ud800', '\0'])
      assert.deepEqual(runner.run({ s }, '{}'), { r: createHash(algorithm).update(s).digest('hex') })
  }
})

test('an unknown algorithm is an error at load that names the others', () => {
  assert.throws(
    () => compileRules("r: hash(s, 'crc32')"),
    /no such hash function[\s\S]*md5, sha1, sha256, sha512/,
  )
})

test('fingerprint does not depend on the order of members, and on nothing but the values', () => {
  const shuffled = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(shuffled)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([name, member]) => [name, shuffled(member)]),
    )
  }
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
      const id = read(one as never, other as never)
      assert.equal(read(shuffled(one) as never, shuffled(other) as never), id)
      assert.match(String(id), /^[\da-f]{64}$/)
    }),
  )
  const ids = [
    ['a', 'b'],
    ['ab'],
    ['a,b'],
    [['a', 'b']],
    ['a', null, 'b'],
    [1],
    ['1'],
    [true],
    [{}],
    [[]],
    [],
  ].map((values) => read(...(values as never[])))
  assert.equal(new Set(ids).size, ids.length)
})

test('canonical JSON has the names in the order of their units, also those like numbers', () => {
  const runner = compileRules(
    "r: |\n  fingerprint({'é': 1, 'b': 2, '10': 3, '9': 4, 'a': [2 ** 70]})",
  ).createRunner()
  const text = '[{"10":3,"9":4,"a":[1180591620717411303424],"b":2,"é":1}]'
  assert.deepEqual(runner.run({}, '{}'), { r: createHash('sha256').update(text).digest('hex') })
})

/** Outputs as bytes, against objects that are built and written by JSON.stringify. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ByteWriter } from '../../../src/json/write.ts'
import { outputTree } from '../../../src/rules/generate/output-tree.ts'
import { isSimple, outputWriter } from '../../../src/rules/generate/write-output.ts'

const KEYS = ['a', 'b', 'c"', 'd\u00e9', 'constructor']
const VALUES = [undefined, undefined, 1.5, 'x', '', null, true, [1, 'y'], { k: 'v' }]

describe('an output that is written as bytes', () => {
  it('is what JSON.stringify writes of the object, whichever values are absent', () => {
    let seed = 5
    const below = (limit: number): number => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
      return Math.floor((seed / 2 ** 32) * limit)
    }
    let simple = 0
    for (let round = 0; round < 300; round++) {
      const paths = new Map(
        Array.from({ length: below(14) }, () => {
          const path = Array.from({ length: 1 + below(4) }, () => KEYS[below(KEYS.length)]!)
          return [path.join(), path] as const
        }),
      )
      const all = [...paths.values()].filter(
        (path) => ![...paths.keys()].some((other) => other.startsWith(`${path.join()},`)),
      )
      const tree = outputTree(all)
      assert.ok(isSimple(tree), JSON.stringify(all))
      simple += all.length
      const writer = outputWriter(all)
      const bytes = new ByteWriter()
      for (let event = 0; event < 8; event++) {
        const values = all.map(() => VALUES[below(VALUES.length)])
        // The order of the tree: an object stands where its first member does, present or not.
        const shape: Record<string, any> = {}
        for (const [index, path] of all.entries()) {
          let object = shape
          for (const key of path.slice(0, -1)) {
            if (!Object.hasOwn(object, key)) object[key] = {}
            object = object[key]
          }
          object[path.at(-1)!] = { value: values[index], isValue: true }
        }
        const present = (node: any): unknown => {
          if (node.isValue === true) return node.value
          const members = Object.entries(node).flatMap(([key, member]) => {
            const value = present(member)
            return value === undefined ? [] : [[key, value] as const]
          })
          return members.length === 0 ? undefined : Object.fromEntries(members)
        }
        const before = bytes.length
        assert.equal(writer.write(bytes, values, { plain: true, numbers: undefined }), true)
        const text = Buffer.from(bytes.bytes.subarray(before, bytes.length)).toString()
        assert.equal(text, JSON.stringify(present(shape) ?? {}), JSON.stringify(all))
      }
    }
    assert.ok(simple > 500, `${simple} values`)
  })

  it('is given up where it is long, or a value is none of JSON', () => {
    const writer = outputWriter([['a', 'b'], ['c']])
    const state = { plain: true, numbers: undefined }
    const bytes = new ByteWriter()
    for (const value of ['x'.repeat(1 << 21), Number.NaN, Symbol('s')])
      assert.equal(writer.write(bytes, ['y', value], state), false)
    bytes.length = 0
    assert.equal(writer.write(bytes, ['y', 12345678901234567890n], state), true)
    assert.equal(
      Buffer.from(bytes.bytes.subarray(0, bytes.length)).toString(),
      '{"a":{"b":"y"},"c":12345678901234567890}',
    )
  })
})

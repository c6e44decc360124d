/** Fields by their dotted paths, as generated functions find them, against the definition of a look-up. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { dictSet, setMember } from '../../../src/expression/runtime/containers/keys.ts'
import { fieldPath, resolveField } from '../../../src/expression/runtime/fields.ts'
import type { JsonObject, Value } from '../../../src/expression/value.ts'
import { Dict } from '../../../src/expression/value.ts'
import { compileRules } from '../../../src/rules/compile.ts'

const NAMES = ['a', 'b', 'c', 'constructor', '__proto__']

/** All paths of one to four of the first three names, and some through names that objects inherit. */
const PATHS = [
  ...[1, 2, 3, 4].flatMap((length) =>
    Array.from({ length: 3 ** length }, (_, code) =>
      Array.from({ length }, (__, part) => NAMES[Math.floor(code / 3 ** part) % 3]!).join('.'),
    ),
  ),
  ...[
    'constructor.a',
    'a.constructor',
    'a.b.constructor',
    'a.constructor.b',
    'constructor.a.b',
    'constructor.constructor.a',
  ],
].filter((path, index) => index % 3 !== 1 || path.includes('c'))

describe('fields of dotted paths', () => {
  it('are found as their definition says: nested, flat, and below flat prefixes, in objects and dicts', () => {
    const rules = PATHS.map((path, index) => `o${index}?: ${path}`)
    const plain = compileRules(rules.join('\n'))
    const tapped = compileRules(`tap: |\n  data['tapped'] = 1\n${rules.join('\n')}`)
    let seed = 7
    const below = (limit: number): number => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
      return Math.floor((seed / 2 ** 32) * limit)
    }
    /** A value with names that are flat paths at times. */
    const value = (depth: number, exact: boolean): Value => {
      if (depth === 0 || below(5) === 0) return [1, 'x', null, [], ['y']][below(5)]!
      const members = Array.from({ length: below(5) + (depth === 4 ? 3 : 0) }, () => {
        const parts = Array.from(
          { length: below(4) === 0 ? 1 + below(3) : 1 },
          () => NAMES[below(below(9) === 0 ? 5 : 3)]!,
        )
        return [parts.join('.'), value(depth - 1, exact)] as const
      })
      if (exact && depth < 4 && below(3) === 0) {
        const dict = new Dict()
        for (const [name, member] of members) dictSet(dict, name, member)
        return dict
      }
      const object: JsonObject = {}
      for (const [name, member] of members) setMember(object, name, member)
      return object
    }
    let found = 0
    for (let round = 0; round < 400; round++) {
      const exact = round % 2 === 0
      let event = value(4, exact)
      while (typeof event !== 'object' || event === null || Array.isArray(event) || event instanceof Dict)
        event = value(4, exact)
      const expected: JsonObject = {}
      for (const [index, path] of PATHS.entries()) {
        const member = resolveField(event, fieldPath(path.split('.')))
        if (member !== undefined) expected[`o${index}`] = member
      }
      found += Object.keys(expected).length
      const outputs = [plain.createRunner().runExact(event as JsonObject, '', undefined)]
      if (!exact) outputs.push(plain.createRunner().run(event as JsonObject, ''))
      const runner = tapped.createRunner()
      outputs.push(
        exact ? runner.runExact(event as JsonObject, '', undefined) : runner.run(event as JsonObject, ''),
      )
      for (const output of outputs) assert.deepEqual(output, expected, JSON.stringify(event))
    }
    assert.ok(found > 2000, `${found} fields were found`)
  })

  it('are found in events of so many members that they are not looked through', () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`m${index}`, index]))
    const rules = compileRules('tap: |\n  x = 1\nflat?: a.b\nmixed?: c.d.e\nbelow?: f.g.h\nabsent?: i.j')
    const event = { ...many, 'a.b': 1, 'c.d': { e: 2 }, f: { 'g.h': 3 } }
    assert.deepEqual(rules.createRunner().run(event, ''), { flat: 1, mixed: 2, below: 3 })
  })
})

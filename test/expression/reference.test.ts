import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BUILTIN_REFERENCE, METHOD_REFERENCE, type ReferenceEntry } from '../../src/expression/reference.ts'
import { BUILTINS } from '../../src/expression/runtime/builtins.ts'
import { METHOD_NAMES, METHODS_BY_TYPE } from '../../src/expression/runtime/methods.ts'
import { stringify } from '../../src/json/stringify.ts'
import { compileRules } from '../../src/rules/compile.ts'

function outcomeOf({ example }: ReferenceEntry, mutates: boolean): unknown {
  const rules = mutates
    ? { tap: `${example.replaceAll('; ', '\n')}\ndata['x'] = x`, value: 'x' }
    : { value: `(${example})` }
  const runner = compileRules(JSON.stringify(rules)).createRunner()
  const output = runner.run({}, '')
  assert.ok(output !== undefined, `${example}: ${runner.rejection?.message}`)
  return JSON.parse(stringify(output)).value
}

test('the reference has every built-in function that rules can call, and its examples are true', () => {
  assert.deepEqual([...BUILTIN_REFERENCE.keys()].sort(), Object.keys(BUILTINS).sort())
  for (const entry of BUILTIN_REFERENCE.values()) {
    assert.deepEqual(outcomeOf(entry, false), entry.result, entry.example)
  }
})

test('the reference has every method of every type, and its examples are true', () => {
  assert.deepEqual([...METHOD_REFERENCE.keys()], [...METHODS_BY_TYPE.keys()])
  const names = new Set<string>()
  for (const [type, entries] of METHOD_REFERENCE) {
    const methods = METHODS_BY_TYPE.get(type)!
    assert.deepEqual([...entries.keys()].sort(), Object.keys(methods).sort(), type)
    for (const [name, entry] of entries) {
      names.add(name)
      assert.match(entry.example, new RegExp(`\\.${name}\\(`), `the example of ${type}.${name}`)
      assert.deepEqual(outcomeOf(entry, methods[name]!.mutates), entry.result, `${type}: ${entry.example}`)
    }
  }
  assert.deepEqual([...names].sort(), [...METHOD_NAMES].sort())
})

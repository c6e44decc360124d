/** Printed rules in another thread: the parts of the runtime that are loaded for them. */
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { makeRules } from '../../../src/rules/aot/make-rules.ts'
import { printFunction } from '../../../src/rules/aot/print-rules.ts'
import { compileRules } from '../../../src/rules/compile.ts'
import * as runtime from '../../../src/runtime.ts'
import { assertSame } from './equality.ts'

/** Exports that the text of modules calls, and that of rules for a thread does not. */
const OF_MODULES = ['createModule']

test('everything that printed rules may name is loaded for them, each function when it is named', async () => {
  const names = Object.keys(runtime).filter((name) => !OF_MODULES.includes(name))
  const all = (await makeRules({ names, text: 'return runtime' })) as unknown as Record<string, unknown>
  const { preparedFunction, re2js, ...others } = all
  const { preparedFunction: _prepared, re2js: _re2js, createModule: _module, ...expected } = runtime
  assert.deepEqual(Object.keys(others).sort(), Object.keys(expected).sort())
  for (const [name, value] of Object.entries(expected)) assert.equal(others[name], value, name)
  assert.equal(typeof preparedFunction, 'function')
  assert.equal(typeof (re2js as { RE2JS?: unknown }).RE2JS, 'function')
  const one = (await makeRules({ names: ['fn_lower'], text: 'return runtime' })) as unknown as object
  assert.deepEqual(
    Object.keys(one).filter((name) => name.startsWith('fn_')),
    ['fn_lower'],
  )
})

test('a module that calls a function as another version did is told to be compiled again', () => {
  const { directFunction, preparedFunction, fn_lower: lower, fn_match: match } = runtime
  assert.equal(typeof directFunction(lower), 'function')
  assert.throws(
    () => directFunction(match),
    /^TypeError: match\(\) is called as another version did: compile the rules again$/,
  )
  assert.throws(() => preparedFunction(lower, {}), /^TypeError: lower\(\) is called as another version did/)
})

test('rules that are made so give the bytes of the live ones, whatever engine their patterns need', async () => {
  const rules = compileRules(
    [
      "a: match('(a+)+b', text)",
      "b: optional(extract(text, '(?P<word>(?:x+)+)y'), 'none')",
      "c: lookup('verdicts', verdict, 'unknown')",
      'd: lower(verdict) + str(len(text))',
      'lookup:',
      '  verdicts: {allow: allowed, deny: denied}',
    ].join('\n'),
  )
  const printed = printFunction(rules)
  assert.ok(printed.names.includes('re2js'), printed.names.join())
  const lines = ['aaab', 'xxy', '', 'a'.repeat(5000)].flatMap((text) =>
    ['allow', 'deny', 'other'].map((verdict) => JSON.stringify({ text, verdict })),
  )
  const { output } = assertSame(
    await makeRules(printed),
    rules,
    Buffer.from(`${lines.join('\n')}\n`),
    'rules',
  )
  assert.equal(output.split('\n').length - 1, lines.length)
})

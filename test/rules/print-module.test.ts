/** Programs printed as modules: what they make of events is what the live program makes of them. */
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { dump } from 'js-yaml'
import { serializeBatch } from '../../src/batches/serialize.ts'
import { FUNCTIONS } from '../../src/expression/functions/index.ts'
import { BUILTIN_REFERENCE } from '../../src/expression/reference.ts'
import { NODE_CODING } from '../../src/formats/node-coding.ts'
import { ChunkText } from '../../src/json/chunk-text.ts'
import { normalizeBatch } from '../../src/rules/apply/normalize.ts'
import { parseBatch } from '../../src/rules/apply/parse-event.ts'
import { compileRules, DEFAULT_MAX_WHILE_STEPS, type RuleSet } from '../../src/rules/compile.ts'
import type { Runner } from '../../src/rules/run.ts'
import { DEFAULT_LIMITS, type GeneratedFunction, Meter, Run } from '../../src/runtime.ts'
import { takeLine } from './fast/equality.ts'

const RUNTIME = new URL('../../src/runtime.ts', import.meta.url).href
const FIXTURES = fileURLToPath(new URL('../../fixtures/', import.meta.url))
const CASES = readdirSync(FIXTURES).filter((name) => existsSync(join(FIXTURES, name, 'rules.yaml')))

async function load<T>(source: string): Promise<T> {
  const module = await import(`data:text/javascript,${encodeURIComponent(source)}`)
  return module.evaluate
}

/** The rules of a set, evaluated by its printed modules. */
async function printedRunner(rules: RuleSet): Promise<Runner> {
  const usual = await load<GeneratedFunction>(rules.printModule(RUNTIME, false))
  const exact = await load<GeneratedFunction>(rules.printModule(RUNTIME, true))
  const meter = new Meter(DEFAULT_LIMITS.maxWork, DEFAULT_LIMITS.maxBuilt)
  const notes = rules.createNotes()
  return new Run({ usual, exact }, rules.writes, DEFAULT_MAX_WHILE_STEPS, { notes, meter })
}

function outcome(runner: Runner, lines: readonly string[]): unknown {
  const events = lines.map((text, index) => ({ line: index + 1, ordinal: index, text }))
  const normalized = normalizeBatch(parseBatch('-', { events, rejected: [] }), runner)
  const { texts, rejected } = serializeBatch(normalized)
  return { texts, rejected }
}

async function compare(rules: RuleSet, lines: readonly string[], name: string): Promise<void> {
  assert.deepEqual(outcome(await printedRunner(rules), lines), outcome(rules.createRunner(), lines), name)
}

function fixture(name: string): { rules: RuleSet; lines: string[] } {
  const read = (...path: string[]): string => readFileSync(join(FIXTURES, ...path), 'utf8')
  const text = read(name, 'rules.yaml')
  // Names of tables are unique: a case with accounts of its own cannot have those that the project ships.
  const lookups = /^ {2}windows_sids:/m.test(text)
    ? []
    : [{ file: 'lookups.yaml', text: read('lookups.yaml') }]
  const lines = read(name, 'input.jsonl').split('\n')
  return {
    rules: compileRules(text, { lookups }),
    lines: lines.filter((line) => line !== ''),
  }
}

for (const name of CASES) {
  test(`the printed program of fixtures/${name} gives the outputs of the live one`, async () => {
    const { rules, lines } = fixture(name)
    assert.ok(lines.length > 0)
    await compare(rules, lines, name)
  })

  test(`the printed fast path of fixtures/${name} takes the same lines, with the same outputs`, async () => {
    const { rules, lines } = fixture(name)
    const plan = rules.ownPath
    if (plan === undefined) return
    const live = plan.create()
    const printed = plan.create(undefined, undefined, await load(plan.printModule(RUNTIME)))
    const block = Buffer.from(`${lines.join('\n')}\n`)
    const chunk = new ChunkText(block, NODE_CODING)
    for (let start = 0; start < block.length; start = block.indexOf(0x0a, start) + 1) {
      assert.equal(takeLine(printed, chunk, start), takeLine(live, chunk, start))
      assert.deepEqual(printed.writer.take(), live.writer.take())
    }
  })
}

test('every function with its constants and tables is printed', async () => {
  for (const { examples } of FUNCTIONS.values()) {
    for (const { expression, event = {}, tables } of examples) {
      const file = { ...(tables === undefined ? {} : { lookup: tables }), result: expression }
      const rules = compileRules(dump(file, { lineWidth: -1 }))
      await compare(rules, [JSON.stringify(event)], expression)
    }
  }
  for (const { example } of BUILTIN_REFERENCE.values())
    await compare(compileRules(dump({ result: `(${example})` }, { lineWidth: -1 })), ['{}'], example)
})

test('constants of every kind are printed as they are', async () => {
  const expressions = [
    "('__proto__', -1, 1e300, 2 ** 70, (1, None, True), 'a\\u2028b')",
    "a in ('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', '__proto__')",
    '123456789012345678901234567890 - -5',
    "lookup('t', a)",
    "(lookup('t', 'l'), lookup('t', 'none', 5))",
    'sorted(b, key=str.lower, reverse=True)',
    'max(b, key=len)',
    'min(b, key=lower)',
    "match('(?<=x)y|(a)\\\\1?', a)",
    "'{x}'.format(x=a)",
    "parse_timestamp(t, '%Y', 'iso8601')",
    'deep.er.than.two',
    "data['10']",
  ]
  const lookup = { t: JSON.parse('{"__proto__":{"__proto__":[1],"10":1,"a":-0.5},"l":[true,null]}') }
  const rules: Record<string, unknown> = { lookup }
  for (const [index, field] of expressions.entries()) rules[`r${index}`] = { field, required: false }
  const lines = [
    '{"a":"__proto__","b":["b","Aaa","c"],"t":"2024","deep":{"er.than":{"two":2.50}},"10":123456789012345678901}',
    '{"a":"a","b":["é"],"t":"2024-03-17T22:15","tzinfo":"Europe/Berlin","deep.er.than.two":1}',
  ]
  await compare(compileRules(dump(rules, { lineWidth: -1 }), { allowUnsafePatterns: true }), lines, 'kinds')
})

test('a program of many rules is printed with what builds its output', async () => {
  const rules: Record<string, unknown> = { 'a.b': 'x', a: '{"c": 1}', '10.5': 'x', __proto__x: 'x' }
  for (let index = 0; index < 70; index++)
    rules[`many.f${index}`] = { field: `x + ${index}`, required: index % 2 === 0 }
  await compare(compileRules(dump(rules)), ['{"x":1}', '{"x":1.0}', '{"x":"t"}', '{}'], 'many')
})

test('a table stands once in a module, however many calls look into it', () => {
  const source = "lookup:\n  t: {a: needle}\nr: lookup('t', a)\ns: lookup('t', b)\n"
  const printed = compileRules(source).printModule(RUNTIME, false)
  assert.equal(printed.split('needle').length, 2)
})

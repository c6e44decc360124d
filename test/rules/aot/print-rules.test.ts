/** Rules printed as JavaScript: what they make of events is, byte for byte, what the live rules make of them. */
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { dump } from 'js-yaml'
import type { RulesModule } from '../../../src/batches/compiled-module.ts'
import { RecordWriter } from '../../../src/batches/rejected-records.ts'
import { loadRules } from '../../../src/cli/rule-files.ts'
import { FUNCTIONS } from '../../../src/expression/functions/index.ts'
import { BUILTIN_REFERENCE } from '../../../src/expression/reference.ts'
import type { InputOptions } from '../../../src/formats/input-options.ts'
import { NODE_CODING } from '../../../src/formats/node-coding.ts'
import { ChunkText } from '../../../src/json/chunk-text.ts'
import { printFunction, printModule } from '../../../src/rules/aot/print-rules.ts'
import type { RunnerSource } from '../../../src/rules/apply/normalize.ts'
import { compileRules, type RuleSet } from '../../../src/rules/compile.ts'
import { propertyRuns } from '../../property-runs.ts'
import { eventLine, manyRules, ruleFile, ruleFileWithCases } from '../fast/generated.ts'
import { assertSame, printedRules } from './equality.ts'

const RUNTIME = new URL('../../../src/runtime.ts', import.meta.url).href
const FIXTURES = fileURLToPath(new URL('../../../fixtures/', import.meta.url))

/** The files of events, by their ends, and how they are read. */
const INPUTS: Readonly<Record<string, InputOptions>> = {
  'input.jsonl': {},
  'input.log': { inputFormat: 'text' },
  // The only one of this kind is CloudTrail's.
  'input.json': { inputFormat: 'json', pick: 'Records' },
}

/** Folders with rules and events for them. */
const CASES = [FIXTURES, join(FIXTURES, 'vendors')].flatMap((folder) =>
  readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((path) => existsSync(join(path, 'rules.yaml'))),
)

function inputOf(folder: string): { readonly bytes: Uint8Array; readonly options: InputOptions } {
  const name = Object.keys(INPUTS).find((each) => existsSync(join(folder, each)))
  assert.ok(name !== undefined, `${folder} has events`)
  return { bytes: readFileSync(join(folder, name)), options: INPUTS[name]! }
}

async function imported(source: string): Promise<RulesModule> {
  return (await import(`data:text/javascript,${encodeURIComponent(source)}`)).default
}

function bytesOf(lines: readonly string[]): Uint8Array {
  return Buffer.from(`${lines.join('\n')}\n`)
}

function same(rules: RuleSet, lines: readonly string[], name: string): void {
  assertSame(printedRules(rules), rules, bytesOf(lines), name)
}

/** The rules of a folder, with the tables that the project ships where rules name them and have none of their own. */
async function rulesIn(folder: string) {
  const rules = join(folder, 'rules.yaml')
  const hasOwn = folder.includes('vendors') || /^ {2}windows_sids:/m.test(readFileSync(rules, 'utf8'))
  return loadRules({
    rules: [rules],
    lookups: hasOwn ? undefined : [join(FIXTURES, 'lookups.yaml')],
    compiler: {},
    noRoute: undefined,
  })
}

for (const folder of CASES) {
  test(`the module of ${folder.slice(FIXTURES.length)} gives the bytes of the live rules`, async () => {
    const rules = await rulesIn(folder)
    const source = printModule(rules, RUNTIME)
    assert.doesNotMatch(source, /\beval\b|new Function/)
    const { bytes, options } = inputOf(folder)
    const { output, errors } = assertSame(await imported(source), rules, bytes, folder, options)
    assert.ok(output.length + errors.length > 0, 'something came of the events')
  })
}

test('the module of many rule sets finds the one for each event, also on the fast path', async () => {
  const rules = await loadRules({
    rules: [join(FIXTURES, 'vendors')],
    lookups: undefined,
    compiler: {},
    noRoute: undefined,
  })
  const lines = ['okta', 'suricata-eve', 'windows-security', 'zeek']
  const inputs = lines.map((name) => readFileSync(join(FIXTURES, 'vendors', name, 'input.jsonl')))
  const module = await imported(printModule(rules, RUNTIME))
  const { output } = assertSame(module, rules, Buffer.concat(inputs), 'vendors')
  assert.ok(output.split('\n').length > 20, output)
})

test('every function with its constants and tables is printed', () => {
  for (const { examples } of FUNCTIONS.values()) {
    for (const { expression, event = {}, tables, records } of examples) {
      // A module is given its databases; the test below does that.
      if (records !== undefined) continue
      const file = { ...(tables === undefined ? {} : { lookup: tables }), result: expression }
      same(compileRules(dump(file, { lineWidth: -1 })), [JSON.stringify(event)], expression)
    }
  }
  for (const { example } of BUILTIN_REFERENCE.values())
    same(compileRules(dump({ result: `(${example})` }, { lineWidth: -1 })), ['{}'], example)
})

test('constants of every kind are printed as they are', () => {
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
    "match('(x+x+)+y', a)",
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
  same(compileRules(dump(rules, { lineWidth: -1 }), { allowUnsafePatterns: true }), lines, 'kinds')
})

test('conditions, cases, taps, splitting, the rest and limits are printed', () => {
  const lines = [
    '{"x":1,"y":[{"z":1},{"z":"a"},5]}',
    '{"x":"t","v":2}',
    '{"x":[1,[2]],"w":{"a":1,"b":2}}',
    '{}',
    '[',
  ]
  const files = [
    'when: x == 1\ndrop: exists(v)\na: x',
    "drop: x == 't'\na: {field: x, required: false}\nb: {rest: true}",
    'a: x\nrest: other',
    'split: y\na: z\nb: parent.x',
    'tap: |\n  while true:\n    data.n = 1\na: x',
    'cases:\n  - when: x == 1\n    rules: {a: x}\n  - rules: {a: v, b: x}',
    'a: {field: x + 1, on_error: anomaly}\nb: {field: x * 1000000, on_error: omit}',
    'a: line.raw\nb: {field: len(line.raw), required: false}',
    'defaults: {required: false, ignore: ["t", 1, null]}\na: x\nb: data["x"]\nc: line.v',
  ]
  let compiled = 0
  for (const file of files) {
    let rules: RuleSet
    try {
      rules = compileRules(file, { maxWork: 1_000_000, maxBuilt: 100_000, maxWhileSteps: 50 })
    } catch {
      continue
    }
    compiled++
    same(rules, lines, file)
  }
  assert.ok(compiled >= 7, `${compiled} of ${files.length} are rule files`)
})

test('a program of many rules is printed with what builds its output', () => {
  const rules: Record<string, unknown> = { 'a.b': 'x', a: '{"c": 1}', '10.5': 'x', __proto__x: 'x' }
  for (let index = 0; index < 70; index++)
    rules[`many.f${index}`] = { field: `x + ${index}`, required: index % 2 === 0 }
  same(compileRules(dump(rules)), ['{"x":1}', '{"x":1.0}', '{"x":"t"}', '{}'], 'many')
})

test('a table stands once in a module, however many calls look into it', () => {
  // A list is nothing that the template of the fast path would have a copy of.
  const source = "lookup:\n  t: {a: [needle]}\nr: lookup('t', a)\ns: lookup('t', b)\n"
  assert.equal(printModule(compileRules(source)).split('needle').length, 2)
})

test('a module names the library of linear patterns only where a pattern began with it', () => {
  const usesRe2 = (pattern: string) =>
    /\bre2js\b/.test(printModule(compileRules(dump({ a: `match(${JSON.stringify(pattern)}, x)` }))))
  assert.equal(usesRe2('[a-z]+'), false)
  assert.equal(usesRe2('(x+x+)+y'), true)
})

test('the fast paths of cases and of MAC addresses are printed, and take the lines', () => {
  const file = [
    "drop: k == 'noise'",
    'mac: {field: normalize_mac_address(m), required: false}',
    'cases:',
    "  - when: k == 'a'",
    '    one.x: v',
    '    one.y: {field: lower(m), required: false}',
    "  - when: k == 'b'",
    '    one.x: n + 1',
    '  - two: k',
  ].join('\n')
  const rules = compileRules(file)
  const lines = [
    '{"k":"a","v":1.50,"m":"AA-BB-CC-DD-EE-FF"}',
    '{"k":"b","n":2,"m":"aabb.ccdd.eeff"}',
    '{"k":"noise"}',
    '{"k":"c","m":5}',
    '{"k":"b","n":"x"}',
  ]
  same(rules, lines, file)
  const taken = (source: RunnerSource) => {
    const chunk = new ChunkText(bytesOf(lines.slice(0, 4)), NODE_CODING)
    const path = source.fastPath!.create(source.createNotes!(), NODE_CODING)
    path.lines(chunk, 0, 16)
    return { taken: path.taken, dropped: path.dropped, output: Buffer.from(path.writer.take()).toString() }
  }
  const expected = taken(rules)
  assert.deepEqual([expected.taken, expected.dropped], [3, 1])
  assert.deepEqual(taken(printedRules(rules)), expected)
})

test('a module looks addresses up in the databases that it is given, and keeps them', async () => {
  const of = (country: string) => ({
    file: 'x.mmdb',
    bytes: new Uint8Array(),
    find: (address: string) =>
      address === '81.2.69.160' ? { country: { iso_code: country }, asn: 'AS64500' } : undefined,
  })
  const text = "a: geoip(ip)['country_iso_code']\nb?: asn(ip)['number']\nc: asn(ip)"
  const rules = compileRules(text, { file: 'r.yaml', databases: [of('GB')] })
  const source = printModule(rules, RUNTIME)
  const module = await imported(source)
  const line = '{"ip":"81.2.69.160"}'
  const missing =
    /^TypeError: the rules of r\.yaml look addresses up .*useDatabases\(\) before the first event/
  assert.throws(() => module.normalize(line), missing)
  assert.throws(() => module.normalizeLines(line), missing)
  assert.throws(() => module.createProcessor(new RecordWriter('-')), missing)
  assert.throws(() => module.useDatabases([]), /^TypeError: useDatabases takes a list/)
  assert.throws(() => module.useDatabases([{ file: 'x' } as never]), /^TypeError: useDatabases takes a list/)
  const lines = Buffer.from(`${line}\n{"ip":"81.2.69.161"}\n{"ip":"10.0.0.1"}\n{"ip":5}\n`)
  module.useDatabases([of('GB')])
  assertSame(module, rules, lines, 'databases')
  assert.throws(
    () => module.useDatabases([of('FR')]),
    /^TypeError: the rules of r\.yaml have looked addresses up/,
  )
  const other = await imported(`${source}\n`)
  other.useDatabases([of('US')])
  other.useDatabases([{ file: 'empty.mmdb', find: () => null }, of('FR')])
  assertSame(other, compileRules(text, { file: 'r.yaml', databases: [of('FR')] }), lines, 'other databases')
  assert.deepEqual(other.normalize(line), { output: { a: 'FR', b: 64500, c: { number: 64500 } } })
  // Workers compile such rules themselves, with the databases beside them.
  assert.throws(
    () => printFunction(rules),
    /^UnprintableError: r\.yaml: the rules look addresses up in databases$/,
  )
  const without = await imported(printModule(compileRules('a: x'), RUNTIME))
  assert.deepEqual(without.normalize('{"x":1}'), { output: { a: 1 } })
  without.useDatabases([of('GB')])
})

test('texts of rules enter the module quoted', () => {
  const evil = '"); globalThis.hacked = true; ("\u2028</script>'
  const rules = compileRules(
    dump({ [evil]: JSON.stringify(evil), b: { field: `data[${JSON.stringify(evil)}]`, required: false } }),
    { file: `${evil}\n.yaml` },
  )
  same(rules, [JSON.stringify({ [evil]: 1 })], 'quoted')
  assert.equal('hacked' in globalThis, false)
})

test('any rules give the same live and printed, for any lines', () => {
  const compare = (file: string, lines: readonly string[]) => same(compileRules(file), lines, file)
  const lines = fc.array(eventLine, { minLength: 1, maxLength: 12 })
  fc.assert(fc.property(ruleFile, lines, compare), { numRuns: propertyRuns(30) })
  fc.assert(fc.property(ruleFileWithCases, lines, compare), { numRuns: propertyRuns(10) })
  fc.assert(fc.property(manyRules, lines, compare), { numRuns: propertyRuns(1) })
})

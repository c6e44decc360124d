/** Observed rules give what the usual ones give: outputs and rejections, over all examples, and over rules and events made at random. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { EventFormat } from '../../../src/batches/input-format.ts'
import { loadRules } from '../../../src/cli/rule-files.ts'
import type { InputEvent, Rejection } from '../../../src/event.ts'
import type { InputOptions } from '../../../src/formats/input-options.ts'
import { inputSettings } from '../../../src/formats/input-options.ts'
import { NODE_CODING } from '../../../src/formats/node-coding.ts'
import { normalizeOne } from '../../../src/rules/apply/normalize.ts'
import { outputText } from '../../../src/rules/apply/output-text.ts'
import { EventParser } from '../../../src/rules/apply/parse-event.ts'
import { SplitElements } from '../../../src/rules/apply/split-elements.ts'
import { compileRules } from '../../../src/rules/compile.ts'
import type { CompileOptions } from '../../../src/rules/definition.ts'
import type { Observation } from '../../../src/rules/observe/index.ts'
import { Origins, observe } from '../../../src/rules/observe/index.ts'
import type { RuleSet } from '../../../src/rules/rule-set.ts'
import type { Runner } from '../../../src/rules/run.ts'
import type { RoutedRules } from '../../../src/rules/sets/routed-rules.ts'
import { propertyRuns } from '../../property-runs.ts'
import { eventLine, ruleFile } from '../fast/generated.ts'

const RECEIVED = Date.UTC(2024, 5, 1)

function parsed(line: string): InputEvent | Rejection {
  return new EventParser().parse({ line: 1, ordinal: 0, text: line })
}

/** The outcome of an event the usual way: an output, a rejection, `dropped`; of an event that was split, those of its elements. */
function usual(event: InputEvent | Rejection, runner: Runner): unknown[] {
  if ('code' in event) return [event]
  runner.received = RECEIVED
  const result = normalizeOne(event, runner)
  const told = (each: Exclude<ReturnType<typeof normalizeOne>, SplitElements>) =>
    'output' in each ? outputText(each) : 'dropped' in each ? 'dropped' : each
  if (!(result instanceof SplitElements)) return [told(result)]
  const all: unknown[] = []
  for (let each = result.next(); each !== undefined; each = result.next()) {
    all.push('rejection' in each ? each.rejection : told(each))
  }
  return all
}

function seen({ outcome, elements }: Observation): unknown[] {
  if (outcome.kind === 'split') return Array.from(elements, (element) => seen(element)[0])
  return [
    outcome.kind === 'output' ? outcome.text : outcome.kind === 'rejected' ? outcome.rejection : 'dropped',
  ]
}

/** The numbers of events that were compared, and of outputs. */
interface Compared {
  readonly events: number
  readonly outputs: number
}

function compareEvents(
  rules: RuleSet | RoutedRules,
  origins: Origins,
  events: () => readonly (InputEvent | Rejection)[],
): Compared {
  const runner: Runner = rules.createRunner()
  const observed = observe(rules, origins)
  let compared = 0
  let outputs = 0
  // Each way has events of its own: tap changes them.
  const others = events()
  for (const [index, event] of events().entries()) {
    const expected = usual(event, runner)
    if ('code' in event) continue
    compared++
    const observation = observed.run(others[index] as InputEvent, RECEIVED)
    assert.deepEqual(seen(observation), expected, `${rules.file}\n${event.text}`)
    for (const { outcome, section, reason } of observation.reports) {
      if (outcome === 'rejected') {
        assert.equal(observation.outcome.kind, 'rejected', 'a section rejects an event that is rejected')
        assert.ok(reason !== undefined && reason.message !== '', `${section.name} says why`)
      }
    }
    assertStory(observation)
    outputs += expected.filter((each) => typeof each === 'string').length
  }
  return { events: compared, outputs }
}

/** NaN, infinities and iterators are shown as Python writes them. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** The value of a JSON text, in which -0 is 0: explanations and outputs write it in several ways. */
function plainJson(text: string): unknown {
  return JSON.parse(JSON.stringify(JSON.parse(text)))
}

/** The values that the story tells of are those in the output, and what it says is left out is not there. */
function assertStory(observation: Observation): void {
  const { outcome, reports } = observation
  if (outcome.kind === 'split') for (const element of observation.elements) assertStory(element)
  if (outcome.kind !== 'output') return
  const output = plainJson(outcome.text)
  const rules = reports.filter(({ section }) => section.kind === 'rule')
  for (const report of rules) {
    const { name } = report.section
    // A path in quotes, a member that several rules write into, and where remarks go: the output does not tell whose it is.
    const isShared = rules.some(
      (other) =>
        other !== report &&
        (name === other.section.name ||
          name.startsWith(`${other.section.name}.`) ||
          other.section.name.startsWith(`${name}.`)),
    )
    if (isShared || /^event\b|['"]/.test(name) || name === 'rest') continue
    let member: unknown = output
    for (const step of name.split('.')) {
      const isObject = typeof member === 'object' && member !== null && Object.hasOwn(member, step)
      member = isObject ? (member as Record<string, unknown>)[step] : undefined
    }
    if (report.outcome === 'value' && report.value?.isCut === false && isJson(report.value.text)) {
      assert.deepEqual(member, plainJson(report.value.text), `${name} of ${outcome.text}`)
    } else if (report.outcome === 'absent' || report.outcome === 'omitted') {
      assert.equal(member, undefined, `${name} of ${outcome.text}`)
    }
  }
}

function compare(text: string, lines: readonly string[], options: CompileOptions = {}): Compared {
  const origins = new Origins()
  try {
    return compareEvents(compileRules(text, options, origins), origins, () => lines.map(parsed))
  } catch (error) {
    throw new Error(text, { cause: error })
  }
}

const FIXTURES = fileURLToPath(new URL('../../../fixtures/', import.meta.url))
const WITH_LOOKUPS = ['firewall', 'web-proxy', 'windows-security', 'zeek-dns']
const VENDORS = join(FIXTURES, 'vendors')

/** By the name of an input, its form. */
const INPUTS: Readonly<Record<string, InputOptions>> = {
  'input.jsonl': {},
  'input.log': { inputFormat: 'text' },
  'input.json': { inputFormat: 'json', pick: 'Records' },
}

function eventsOf(path: string): (InputEvent | Rejection)[] {
  const format = new EventFormat(inputSettings(INPUTS[basename(path)]!))
  const splitter = format.createSplitter(NODE_CODING)
  const reader = format.createReader()
  const texts = [splitter.push(readFileSync(path)), splitter.end()]
  return texts.flatMap(({ events }) => events.map((event) => reader.parse(event)))
}

/** Every folder of examples, with its input. */
function* examples(): Generator<{ readonly folder: string; readonly input: string }> {
  for (const { name, parentPath } of readdirSync(FIXTURES, { recursive: true, withFileTypes: true })) {
    const isExample = name in INPUTS && existsSync(join(parentPath, 'rules.yaml'))
    if (isExample) yield { folder: parentPath, input: join(parentPath, name) }
  }
}

test('observed rules give what the usual ones give, for all examples', async () => {
  let outputs = 0
  const ofVendors: string[] = []
  const load = async (rules: string, lookups: readonly string[] | undefined, origins: Origins) =>
    loadRules({ rules: [rules], lookups, compiler: {}, noRoute: undefined }, origins)
  for (const { folder, input } of examples()) {
    const origins = new Origins()
    const file = join(folder, 'rules.yaml')
    const lookups = WITH_LOOKUPS.some((name) => folder === join(FIXTURES, name))
      ? [join(FIXTURES, 'lookups.yaml')]
      : undefined
    const events = () => eventsOf(input)
    // Those of vendors are compared as rule sets of one process.
    if (folder.startsWith(VENDORS)) ofVendors.push(input)
    else outputs += compareEvents(await load(file, lookups, origins), origins, events).outputs
  }
  const origins = new Origins()
  const routed = await load(join(VENDORS, 'routes.yaml'), undefined, origins)
  outputs += compareEvents(routed, origins, () => ofVendors.flatMap(eventsOf)).outputs
  assert.ok(outputs > 200, `${outputs} outputs were compared`)
})

test('observed rules give what the usual ones give, for any rules and any lines', () => {
  let compared = 0
  fc.assert(
    fc.property(ruleFile, fc.array(eventLine, { minLength: 1, maxLength: 8 }), (rules, events) => {
      compared += compare(rules, events).events
    }),
    { numRuns: propertyRuns(60) },
  )
  assert.ok(compared > 0, 'some lines are events')
})

/** Rules in which errors are caught, fields ignored, and the evaluation takes every way that there is. */
const FORMS = [
  "cond(a == 'x', lower(b), b > 1, c, attempt(a + b, 'none'))",
  'attempt(a / b, c)',
  'coalesce(deep.x, a, b)',
  '[x + 1 for x in c if x != a]',
  '{k: v for k, v in deep.items() if v}',
  'any(x == a for x in c)',
  'a in (x for x in c)',
  'all(exists(deep.x) for x in c)',
  'optional(lower(a) + b, c)',
  "a and b or c if exists(deep) else lookup('t', a)",
  'not (a or b) and c',
  'a < b < c',
  "exists(data['k k']) or exists(deep['x'])",
  "data.get('a', b)",
  'a[0] if a else b[-1:]',
  '(a | lower) if exists(a) else b',
  'sorted(c, key=len)',
  '{*c, a}',
  'line.a',
  "f'{a:>{b}}'",
]

const SECTIONS = [
  ['when: exists(a) or b == 1'],
  ['drop: a == b'],
  [
    'tap: |',
    '  n = 0',
    '  for x in c:',
    '    n += 1',
    '    if n > 2: break',
    '  else:',
    '    line.n = n',
    '  del data["b"]',
  ],
  ['tap: |', '  while exists(a) and len(a) < 5:', "    data['a'] = data['a'] + 'x'", '  a = deep.x'],
  ['split: c', 'parents: {field: parent.a, required: false}'],
  [
    'cases:',
    "  - when: a == 'x'",
    '    in.one: b',
    '  - when: exists(c)',
    '    in.two: {field: c, on_error: omit}',
    '  - in.other: a',
  ],
  ["defaults: {ignore: ['', '-', 1], required: false}"],
  ['rest: unmapped'],
]

const formedFile = fc
  .tuple(
    fc.subarray(SECTIONS, { maxLength: 4 }),
    fc.array(
      fc.tuple(
        fc.constantFrom(...FORMS),
        fc.constantFrom('', ', required: false', ', on_error: omit', ', on_error: anomaly'),
      ),
      { minLength: 1, maxLength: 8 },
    ),
  )
  .map(([sections, rules]) => {
    // One tap at most.
    const chosen = sections.filter(
      (lines, index) =>
        lines[0] !== 'tap: |' || sections.findIndex(([first]) => first === 'tap: |') === index,
    )
    return [
      'lookup: {t: {x: 1, "1": one}}',
      ...chosen.flat(),
      ...rules.map(
        ([expression, settings], index) => `r${index}: {field: ${JSON.stringify(expression)}${settings}}`,
      ),
    ].join('\n')
  })

test('observed rules give what the usual ones give, for every form of the language and of rule files', () => {
  let compared = 0
  fc.assert(
    fc.property(formedFile, fc.array(eventLine, { minLength: 1, maxLength: 8 }), (rules, events) => {
      compared += compare(rules, events, { maxWork: 2_000_000, maxWhileSteps: 100 }).events
    }),
    { numRuns: propertyRuns(120) },
  )
  assert.ok(compared > 0, 'some lines are events')
})

test('an event may cost in observed rules what it may cost in the usual ones, to the unit', () => {
  const rules =
    'a: "[x * 2 for x in c if x > 1 or x == 0]"\nb: "cond(len(c) > 3, sum(x for x in c), 0)"\ntap: |\n  for x in c:\n    y = x + 1\n'
  const line = JSON.stringify({ c: Array.from({ length: 50 }, (_, index) => index) })
  // The limit at which the event is taken, found by halving.
  let low = 1
  let high = 1_000_000
  while (low < high) {
    const maxWork = Math.floor((low + high) / 2)
    const [result] = usual(parsed(line), compileRules(rules, { maxWork }).createRunner())
    if (typeof result === 'string') high = maxWork
    else low = maxWork + 1
  }
  for (const maxWork of [low - 1, low]) {
    const { outputs: taken } = compare(rules, [line], { maxWork })
    assert.equal(taken, maxWork === low ? 1 : 0)
  }
})

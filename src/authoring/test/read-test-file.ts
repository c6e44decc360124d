/** Reads test files (`x.test.yaml`) and the settings of golden folders (`_options.yaml`), with the places of everything. */
import { REJECTION_CODES } from '../../errors.ts'
import { suggest } from '../../expression/check/suggest.ts'
import type { Problem } from '../../expression/diagnostic.ts'
import type { Re2 } from '../../expression/regex/linear-matcher.ts'
import type { Place } from '../../expression/syntax/lines.ts'
import type { InputFormat, InputOptions } from '../../formats/input-options.ts'
import type { NoRoute } from '../../rules/definition.ts'
import { contentOf, type MappingNode, type Range, type YamlNode } from '../../rules/yaml/tree.ts'
import { scalarValue } from '../../rules/yaml/values.ts'
import type { Entry } from '../../rules/yaml/yaml.ts'
import { YamlDocument } from '../../rules/yaml/yaml.ts'
import type { Expected } from './expected.ts'
import { ExpectedReader } from './expected.ts'
import { type InputDraft, readInputKey, unfitKey } from './input-keys.ts'
import { JsonOfYaml } from './json-of-yaml.ts'
import {
  CASE_KEYS,
  CASES_KEY,
  INPUT_KEYS,
  RECEIVED_KEY,
  REJECT_KEYS,
  RULE_KEYS,
  type TestKey,
} from './keys.ts'

/** The rules of a test file, and the options that they are compiled with. */
export interface TestRules {
  /** Relative to the test file. Undefined: the file of its name without `.test`. */
  readonly rules: readonly string[] | undefined
  /** Relative to the test file. Undefined: those beside the rule files. */
  readonly lookups: readonly string[] | undefined
  /** Databases of addresses, relative to the test file. Undefined: none. */
  readonly mmdb: readonly string[] | undefined
  readonly noRoute: NoRoute | undefined
  readonly allowUnsafePatterns: boolean | undefined
  readonly maxWork: number | undefined
  readonly maxBuilt: number | undefined
}

/** The settings at the top of a file. */
export interface TestSettings extends TestRules {
  readonly input: InputOptions
  /** Milliseconds since 1970-01-01T00:00:00Z. Undefined: now. */
  readonly received: number | undefined
  /** The place of the key `rules`, or of the beginning of the file. */
  readonly rulesPlace: Place
}

/** The input of a case. */
export type CaseInput =
  /** An event as JSON. */
  | { readonly kind: 'event'; readonly text: string }
  /** Text as it comes in. */
  | { readonly kind: 'raw'; readonly text: string }
  /** Bytes as they come in. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }

/**
 * A detection as the tracer's client gives it. The protocol has the same type in a file that needs Node, which the page of the
 * playground, where tests are read too, does not have.
 */
interface CaseDetection {
  readonly category: string
  /** The indicator. */
  readonly matched: string
  /** The context: names and texts. */
  readonly fields: readonly (readonly [name: string, text: string])[]
}

/** The tracer in a case: its answers by indicator, or the way in which it fails. */
export type CaseDetections = ReadonlyMap<string, readonly CaseDetection[]> | 'timeout' | 'unavailable'

/** The expectations of a case. A part that is undefined: nothing of the kind may come. */
export interface Expectation {
  readonly outputs: ExpectedOutputs | undefined
  readonly rejects: { readonly list: readonly Expected[]; readonly entry: Entry } | undefined
  /** The number of events that are dropped; true: some. */
  readonly drop: number | true | undefined
  /** The name of the rule set that takes the events. */
  readonly route: string | undefined
}

export interface ExpectedOutputs {
  readonly list: readonly Expected[]
  readonly isPartial: boolean
  readonly entry: Entry
}

export interface TestCase {
  readonly name: string
  readonly place: Place
  readonly node: MappingNode
  readonly input: CaseInput
  readonly options: InputOptions
  readonly received: number | undefined
  readonly detections: CaseDetections | undefined
  /** Why it is not run; undefined: it is. */
  readonly skip: string | undefined
  readonly expectation: Expectation
}

export interface TestFile extends TestSettings {
  readonly file: string
  readonly document: YamlDocument
  readonly cases: readonly TestCase[]
  /** Everything that is wrong with the file. */
  readonly problems: readonly Problem[]
}

const EXAMPLE =
  'for example:\ncases:\n  - name: a denied connection\n    event: {action: deny}\n    expect: {event: {type: denied}}'

const names = (keys: readonly TestKey[]): string[] => keys.map(({ name }) => name)

const INPUT_NAMES = names(INPUT_KEYS)
const TOP_KEYS = names([...RULE_KEYS, ...INPUT_KEYS, RECEIVED_KEY])
const ALL_CASE_KEYS = names([...CASE_KEYS, ...INPUT_KEYS, RECEIVED_KEY])
const REJECT_NAMES = names(REJECT_KEYS)
const INPUTS = ['event', 'raw', 'raw_base64']

/** Names of keys in the tests of other tools. */
const FOREIGN_KEYS: ReadonlyMap<string, string> = new Map([
  ['input', 'event, or raw for a text as it comes in'],
  ['output', 'expect'],
  ['expected', 'expect'],
  ['tests', 'cases'],
  ['description', 'name'],
  ['title', 'name'],
  ['error', 'reject'],
  ['rejected', 'reject'],
  ['dropped', 'drop'],
  ['partial', 'expect_partial'],
  ['rule', 'rules'],
  ['format', 'input_format'],
  ['now', 'received'],
])

/**
 * Reads a test file. Everything that is wrong with it is in `problems`.
 *
 * @param file its name in problems
 * @param loadRe2 loads the engine of patterns that V8's could take too long for
 */
export function readTestFile(text: string, file: string, loadRe2: () => Re2): TestFile {
  return new TestFileReader(text, file, loadRe2).read([...TOP_KEYS, CASES_KEY.name])
}

/**
 * Reads the settings of a golden folder, `_options.yaml`.
 *
 * @param inputFormat the format that the name of the input tells
 */
export function readTestOptions(
  text: string,
  file: string,
  loadRe2: () => Re2,
  inputFormat: InputFormat,
): TestFile {
  return new TestFileReader(text, file, loadRe2, { inputFormat }).read(TOP_KEYS)
}

/** The settings of a golden folder that has no `_options.yaml`. */
export const NO_SETTINGS: TestSettings = {
  rules: undefined,
  lookups: undefined,
  mmdb: undefined,
  noRoute: undefined,
  allowUnsafePatterns: undefined,
  maxWork: undefined,
  maxBuilt: undefined,
  input: {},
  received: undefined,
  rulesPlace: { line: 1, column: 1 },
}

type Draft = { -readonly [Name in keyof TestSettings]: TestSettings[Name] } & { input: InputDraft }

class TestFileReader {
  readonly #document: YamlDocument
  readonly #loadRe2: () => Re2
  readonly #json: JsonOfYaml
  readonly #expected: ExpectedReader
  readonly #settings: Draft
  readonly #names = new Map<string, Place>()

  constructor(text: string, file: string, loadRe2: () => Re2, input: InputDraft = {}) {
    this.#settings = { ...NO_SETTINGS, input: { ...input } }
    this.#document = new YamlDocument(text, file)
    this.#loadRe2 = loadRe2
    this.#json = new JsonOfYaml(this.#document)
    this.#expected = new ExpectedReader(this.#document, this.#json, loadRe2)
  }

  read(keys: readonly string[]): TestFile {
    const document = this.#document
    const cases = this.#readTop(keys)
    return { ...this.#settings, file: document.file, document, cases, problems: document.problems }
  }

  #readTop(keys: readonly string[]): TestCase[] {
    const document = this.#document
    const { root } = document
    const hasCases = keys.includes(CASES_KEY.name)
    if (root?.kind !== 'mapping') {
      const isEmpty = root === undefined || (root.kind === 'scalar' && scalarValue(document, root) === null)
      if (!document.incomplete && (hasCases || !isEmpty)) {
        const message = hasCases
          ? "a test file has the key 'cases'"
          : 'options are a mapping of keys to values'
        document.report(root ?? { start: 0, end: 0 }, message, {
          hint: hasCases ? EXAMPLE : 'for example:\nlookups: [../lookups.yaml]',
          field: '',
        })
      }
      return []
    }
    // The cases come last: what stands at the top holds for all of them.
    let casesEntry: Entry | undefined
    for (const entry of document.entries(root)) {
      if (entry.name === CASES_KEY.name && hasCases) casesEntry = entry
      else if (keys.includes(entry.name)) this.#readSetting(entry)
      // Anchors may be written under a key that is nobody's.
      else if (!entry.name.startsWith('x-')) this.#unknown(entry, keys, 'a test file', '')
    }
    const unfit = unfitKey(this.#settings.input)
    if (unfit !== undefined) {
      const entry = document.entries(root).find(({ name }) => name === unfit.key)
      document.report(entry?.key ?? root, `'${unfit.key}' needs ${unfit.needs}`)
    }
    if (casesEntry === undefined) {
      if (hasCases && !document.incomplete) {
        document.report(root, "a test file has the key 'cases'", { hint: EXAMPLE, field: '' })
      }
      return []
    }
    const list = contentOf(casesEntry.value)
    if (list?.kind !== 'sequence' || list.items.length === 0) {
      document.report(casesEntry.key, "'cases' is a list of cases", { hint: EXAMPLE })
      return []
    }
    return list.items.flatMap((item, index) => this.#case(item, index) ?? [])
  }

  #readSetting(entry: Entry): void {
    const settings = this.#settings
    const { name, value } = entry
    const document = this.#document
    const content = contentOf(value)
    const scalar = content?.kind === 'scalar' ? scalarValue(document, content) : undefined
    switch (name) {
      case 'rules':
        settings.rules = this.#paths(entry)
        settings.rulesPlace = document.placeOf(entry.value)
        break
      case 'lookups':
        settings.lookups = this.#paths(entry)
        break
      case 'mmdb':
        settings.mmdb = this.#paths(entry)
        break
      case 'no_route':
        if (scalar === 'reject' || scalar === 'drop' || scalar === 'pass') settings.noRoute = scalar
        else document.report(value, "'no_route' is reject, drop or pass")
        break
      case 'allow_unsafe_patterns':
        if (typeof scalar === 'boolean') settings.allowUnsafePatterns = scalar
        else document.report(value, "'allow_unsafe_patterns' is true or false")
        break
      case 'max_work':
      case 'max_built':
        if (typeof scalar === 'number' && Number.isSafeInteger(scalar) && scalar > 0) {
          settings[name === 'max_work' ? 'maxWork' : 'maxBuilt'] = scalar
        } else document.report(value, `'${name}' is a whole number from 1`)
        break
      case RECEIVED_KEY.name:
        settings.received = this.#received(entry, RECEIVED_KEY.name)
        break
      default:
        readInputKey(document, entry, settings.input, name, this.#loadRe2)
    }
  }

  #paths(entry: Entry): string[] {
    const content = contentOf(entry.value)
    const items = content?.kind === 'sequence' ? content.items : [entry.value]
    return items.flatMap((item) => {
      const path = contentOf(item)
      if (path?.kind === 'scalar' && typeof scalarValue(this.#document, path) === 'string') {
        return [this.#document.scalarText(path)]
      }
      this.#document.report(item, `'${entry.name}' is a path, or a list of paths`, {
        hint: 'paths are relative to this file',
      })
      return []
    })
  }

  #received({ value }: Entry, field: string): number | undefined {
    const content = contentOf(value)
    const text = content?.kind === 'scalar' ? this.#document.scalarText(content) : ''
    const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/.test(text)
    const time = isTime ? Date.parse(text) : Number.NaN
    if (!Number.isNaN(time)) return time
    this.#document.report(value, "'received' is a time with a zone", {
      hint: 'for example: 2024-03-04T10:00:00Z',
      field,
    })
    return undefined
  }

  #case(item: YamlNode, index: number): TestCase | undefined {
    const document = this.#document
    const node = contentOf(item)
    if (node === undefined) return undefined
    if (node.kind !== 'mapping') {
      document.report(item, 'a case is a mapping: an event, and what is expected of it', { hint: EXAMPLE })
      return undefined
    }
    const entries = new Map(document.entries(node, CASES_KEY.name).map((entry) => [entry.name, entry]))
    const name = this.#name(entries.get('name'), index, node)
    const options: InputDraft = {}
    let received = this.#settings.received
    const problems = document.problems.length
    for (const entry of entries.values()) {
      if (INPUT_NAMES.includes(entry.name)) readInputKey(document, entry, options, name, this.#loadRe2)
      else if (entry.name === RECEIVED_KEY.name) received = this.#received(entry, name)
      else if (!ALL_CASE_KEYS.includes(entry.name)) this.#unknown(entry, ALL_CASE_KEYS, 'a case', name)
    }
    const input = this.#input(entries, node, name)
    const all = withFormat({ ...this.#settings.input, ...options }, input)
    const unfit = document.problems.length === problems ? unfitKey(all) : undefined
    if (unfit !== undefined && Object.keys(options).length > 0) {
      const key = entries.get(unfit.key)?.key ?? node
      document.report(key, `'${unfit.key}' needs ${unfit.needs}`, { field: name })
    }
    const expectation = this.#expectation(entries, name)
    const detections = this.#detections(entries.get('detections'), name)
    const skip = this.#skip(entries.get('skip'), name)
    if (input === undefined || document.problems.length > problems) return undefined
    const place = document.placeOf(item)
    return { name, place, node, input, options: all, received, detections, skip, expectation }
  }

  #name(entry: Entry | undefined, index: number, node: MappingNode): string {
    const document = this.#document
    const content = entry === undefined ? undefined : contentOf(entry.value)
    const isText = content?.kind === 'scalar' && document.scalarText(content).trim() !== ''
    if (entry !== undefined && !isText) {
      document.report(entry.value, "'name' is a text", { hint: 'it says what the case shows' })
    }
    const name = isText ? document.scalarText(content) : `case ${index + 1}`
    const place = document.placeOf(entry?.value ?? node)
    const first = this.#names.get(name)
    if (first !== undefined) {
      document.report(entry?.value ?? node, `the name '${name}' is given twice`, {
        hint: `the first is at ${document.file}:${first.line}:${first.column}; reports and --filter tell cases by their names`,
        field: CASES_KEY.name,
      })
    } else this.#names.set(name, place)
    return name
  }

  #unknown(entry: Entry, keys: readonly string[], owner: string, field: string): void {
    const foreign = FOREIGN_KEYS.get(entry.name)
    const near = suggest(entry.name, keys)
    const hint =
      foreign !== undefined
        ? `it is called ${foreign}`
        : near === undefined
          ? `it knows the keys ${keys.join(', ')}`
          : `did you mean '${near}'?`
    this.#document.report(entry.key, `${owner} has no key '${entry.name}'`, {
      hint,
      ...(field === '' ? undefined : { field }),
    })
  }

  #input(entries: ReadonlyMap<string, Entry>, node: Range, field: string): CaseInput | undefined {
    const document = this.#document
    const given = INPUTS.flatMap((name) => entries.get(name) ?? [])
    const [entry, other] = given
    if (entry === undefined || other !== undefined) {
      const message =
        entry === undefined
          ? 'the case has no event'
          : `a case has one input: '${entry.name}' or '${other!.name}'`
      document.report(other?.key ?? node, message, {
        hint: "write 'event: {action: deny}', or 'raw: ...' for a text as it comes in",
        field,
      })
      return undefined
    }
    const content = contentOf(entry.value)
    if (entry.name === 'event') {
      if (content?.kind === 'mapping') return { kind: 'event', text: this.#json.text(content, field) }
      document.report(entry.value, "'event' is a mapping", {
        hint: "a text as it comes in is written 'raw: ...'",
        field,
      })
      return undefined
    }
    const scalar = content?.kind === 'scalar' ? scalarValue(document, content) : undefined
    if (typeof scalar !== 'string') {
      document.report(entry.value, `'${entry.name}' is a text`, {
        hint:
          entry.name === 'raw'
            ? "an event as YAML is written 'event: ...'; a text goes in quotes"
            : undefined,
        field,
      })
      return undefined
    }
    if (entry.name === 'raw') return { kind: 'raw', text: scalar }
    const bytes = base64Bytes(scalar)
    if (bytes === undefined) document.report(entry.value, 'this is not base64', { field })
    return bytes === undefined ? undefined : { kind: 'bytes', bytes }
  }

  #expectation(entries: ReadonlyMap<string, Entry>, field: string): Expectation {
    const whole = entries.get('expect')
    const partial = entries.get('expect_partial')
    if (whole !== undefined && partial !== undefined) {
      this.#document.report(partial.key, "a case has 'expect' or 'expect_partial'", {
        hint: "'expect' is the whole output, 'expect_partial' some members of it",
        field,
      })
    }
    const entry = whole ?? partial
    const outputs = entry === undefined ? undefined : this.#outputs(entry, entry === partial, field)
    const reject = entries.get('reject')
    return {
      outputs,
      rejects: reject === undefined ? undefined : { list: this.#rejects(reject, field), entry: reject },
      drop: this.#drop(entries.get('drop'), field),
      route: this.#route(entries.get('route'), field),
    }
  }

  #outputs(entry: Entry, isPartial: boolean, field: string): ExpectedOutputs | undefined {
    const content = contentOf(entry.value)
    const items = content?.kind === 'sequence' ? content.items : [entry.value]
    for (const item of items) {
      if (contentOf(item)?.kind === 'mapping') continue
      this.#document.report(item, `'${entry.name}' is an output, or a list of outputs`, {
        hint: 'an output is a mapping: {event: {type: denied}}',
        field,
      })
      return undefined
    }
    return { list: items.map((item) => this.#expected.read(item, field)), isPartial, entry }
  }

  #rejects(entry: Entry, field: string): Expected[] {
    const content = contentOf(entry.value)
    const items = content?.kind === 'sequence' ? content.items : [entry.value]
    return items.flatMap((item) => this.#reject(item, field) ?? [])
  }

  /** `true`, a code, or a mapping. */
  #reject(item: YamlNode, field: string): Expected | undefined {
    const document = this.#document
    const content = contentOf(item)
    if (content?.kind === 'scalar') {
      const value = scalarValue(document, content)
      if (value === true) return { kind: 'object', members: new Map(), node: item }
      if (typeof value === 'string' && this.#isCode(value, content, field)) {
        const code: Expected = { kind: 'scalar', text: JSON.stringify(value), node: item }
        return { kind: 'object', members: new Map([['code', code]]), node: item }
      }
      if (typeof value === 'string') return undefined
    }
    if (content?.kind !== 'mapping') {
      document.report(item, "'reject' is a mapping with code, rule and message", {
        hint: 'for example: reject: {code: FIELD_MISSING, rule: source.ip}',
        field,
      })
      return undefined
    }
    for (const entry of document.entries(content, field)) {
      if (!REJECT_NAMES.includes(entry.name)) this.#unknown(entry, REJECT_NAMES, 'a rejection', field)
      const value = contentOf(entry.value)
      if (entry.name === 'code' && value?.kind === 'scalar') {
        this.#isCode(document.scalarText(value), value, field)
      }
    }
    return this.#expected.read(item, field)
  }

  #isCode(code: string, node: Range, field: string): boolean {
    const codes = Object.keys(REJECTION_CODES)
    if (codes.includes(code)) return true
    const near = suggest(code, codes)
    this.#document.report(node, `there is no code '${code}'`, {
      hint: near === undefined ? `codes are ${codes.join(', ')}` : `did you mean '${near}'?`,
      field,
    })
    return false
  }

  #drop(entry: Entry | undefined, field: string): number | true | undefined {
    if (entry === undefined) return undefined
    const content = contentOf(entry.value)
    const value = content?.kind === 'scalar' ? scalarValue(this.#document, content) : undefined
    if (value === true) return true
    if (value === false) return 0
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value
    this.#document.report(entry.value, "'drop' is true, or the number of events that are dropped", { field })
    return undefined
  }

  #route(entry: Entry | undefined, field: string): string | undefined {
    if (entry === undefined) return undefined
    const content = contentOf(entry.value)
    if (content?.kind === 'scalar') return this.#document.scalarText(content)
    this.#document.report(
      entry.value,
      "'route' is the name of a rule set, as records of rejected events have it",
      { field },
    )
    return undefined
  }

  #skip(entry: Entry | undefined, field: string): string | undefined {
    if (entry === undefined) return undefined
    const content = contentOf(entry.value)
    const value = content?.kind === 'scalar' ? scalarValue(this.#document, content) : undefined
    if (value === false) return undefined
    if (value === true) return ''
    if (typeof value === 'string') return value
    this.#document.report(entry.value, "'skip' is true, or the reason", { field })
    return undefined
  }

  #detections(entry: Entry | undefined, field: string): CaseDetections | undefined {
    if (entry === undefined) return undefined
    const document = this.#document
    const content = contentOf(entry.value)
    const hint =
      'for example: detections: {192.0.2.7: [{category: Tracer_IP_enricher, indicator: {context: scanner}}]}'
    if (content?.kind === 'scalar') {
      const value = scalarValue(document, content)
      if (value === 'timeout' || value === 'unavailable') return value
    }
    if (content?.kind !== 'mapping') {
      document.report(
        entry.value,
        "'detections' is a mapping of indicators to lists of detections, or timeout, or unavailable",
        { hint, field },
      )
      return undefined
    }
    const answers = new Map<string, CaseDetection[]>()
    for (const { name, value } of document.entries(content, field)) {
      const list = contentOf(value)
      const items = list?.kind === 'sequence' ? list.items : [value]
      answers.set(
        name,
        items.flatMap((item) => this.#detection(item, name, field, hint) ?? []),
      )
    }
    return answers
  }

  #detection(item: YamlNode, matched: string, field: string, hint: string): CaseDetection | undefined {
    const document = this.#document
    const content = contentOf(item)
    if (content?.kind !== 'mapping') {
      document.report(item, 'a detection is a mapping with category and indicator', { hint, field })
      return undefined
    }
    let category: string | undefined
    const fields: [string, string][] = []
    for (const { name, key, value } of document.entries(content, field)) {
      const inner = contentOf(value)
      if (name === 'category' && inner?.kind === 'scalar') category = document.scalarText(inner)
      else if (name === 'indicator' && inner?.kind === 'mapping') {
        for (const member of document.entries(inner, field)) {
          const text = contentOf(member.value)
          if (text?.kind === 'scalar') fields.push([member.name, document.scalarText(text)])
          else {
            document.report(member.value, 'the context of an indicator has texts', {
              hint: 'the tracer tells what is nested under a path: {tags[0]: scanner}',
              field,
            })
          }
        }
      } else document.report(key, 'a detection has category and indicator', { hint, field })
    }
    if (category === undefined) {
      document.report(item, 'the detection has no category', { hint, field })
      return undefined
    }
    return { category, matched, fields }
  }
}

/** A `raw` without a format is a line of JSON where it begins as one, else a text. */
function withFormat(options: InputOptions, input: CaseInput | undefined): InputOptions {
  if (options.inputFormat !== undefined || input === undefined || input.kind === 'event') return options
  const isJson = input.kind === 'bytes' || /^\s*[{[]/.test(input.text)
  return { ...options, inputFormat: isJson ? 'jsonl' : 'text' }
}

function base64Bytes(text: string): Uint8Array | undefined {
  const joined = text.replace(/\s/g, '')
  if (!/^[A-Za-z\d+/]*={0,2}$/.test(joined)) return undefined
  try {
    return Uint8Array.from(atob(joined), (character) => character.charCodeAt(0))
  } catch {
    return undefined
  }
}

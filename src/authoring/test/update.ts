/** `--update`: writes what came out into a test file, and leaves all else in it as it is. */
import type { Re2 } from '../../expression/regex/linear-matcher.ts'
import { getMember } from '../../expression/runtime/containers/containers.ts'
import { dictSet } from '../../expression/runtime/containers/keys.ts'
import { isMapping } from '../../expression/runtime/fields.ts'
import type { JsonObject, Value } from '../../expression/value.ts'
import { Dict } from '../../expression/value.ts'
import type { MappingNode, Range, YamlNode } from '../../rules/yaml/tree.ts'
import type { Entry, YamlDocument } from '../../rules/yaml/yaml.ts'
import { differencesOf, type Found } from './compare.ts'
import type { Expected } from './expected.ts'
import { type JsonText, membersOf, parseJson } from './json-value.ts'
import { judge } from './judge.ts'
import { readTestFile, type TestCase, type TestFile } from './read-test-file.ts'
import type { Step } from './result.ts'
import type { Outcome } from './run-input.ts'
import { yamlBehind, yamlFlow, yamlScalar } from './yaml-text.ts'

/** A part of the text that becomes another one. */
interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** A case that fails, and what came of its event. */
export interface FailedCase {
  readonly name: string
  readonly outcome: Outcome
}

export interface Updated {
  /** The text of the file. */
  readonly text: string
  /** Names of the cases that pass with it. */
  readonly names: ReadonlySet<string>
}

/**
 * The text of a test file in which cases expect what came of their events. Members that were right keep their text, their
 * comments and their order; matchers are not replaced, since they say more than one value does.
 *
 * @param text of the file, which has no problems
 */
export function updateTestFile(text: string, failed: readonly FailedCase[], loadRe2: () => Re2): Updated {
  const mark = text.startsWith('\ufeff') ? '\ufeff' : ''
  const isCrlf = text.includes('\r\n')
  const read = (each: string) => readTestFile(each, 'test', loadRe2)
  let current = text.slice(mark.length)
  let open = failed
  // Member by member first; where that does not do, the whole of what a case expects.
  for (const isWhole of [false, true]) {
    const file = read(current)
    const edits = open.flatMap(({ name, outcome }) => {
      const testCase = file.cases.find((each) => each.name === name)
      if (testCase === undefined) return []
      const own = new CaseUpdate(file.document, testCase, outcome, isWhole).edits()
      return overlap(own) ? [] : own
    })
    const next = applied(current, isCrlf ? edits.map(withCrlf) : edits)
    const after = read(next)
    if (after.problems.length > 0 || after.cases.length !== file.cases.length) continue
    current = next
    open = open.filter((each) => !passes(after, each))
  }
  const names = new Set(failed.filter((each) => !open.includes(each)).map(({ name }) => name))
  return { text: `${mark}${current}`, names }
}

function passes({ cases, document }: TestFile, { name, outcome }: FailedCase): boolean {
  const testCase = cases.find((each) => each.name === name)
  return testCase !== undefined && judge(testCase, outcome, document).length === 0
}

function withCrlf(edit: Edit): Edit {
  return { ...edit, text: edit.text.replaceAll('\n', '\r\n') }
}

function sorted(edits: readonly Edit[]): Edit[] {
  return [...edits].sort((one, other) => one.start - other.start || one.end - other.end)
}

function overlap(edits: readonly Edit[]): boolean {
  const all = sorted(edits)
  return all.some((edit, index) => index > 0 && edit.start < all[index - 1]!.end)
}

function applied(text: string, edits: readonly Edit[]): string {
  let result = ''
  let from = 0
  for (const { start, end, text: own } of sorted(edits)) {
    result += text.slice(from, start) + own
    from = end
  }
  return result + text.slice(from)
}

/** The edits for one case. */
class CaseUpdate {
  readonly #text: string
  readonly #document: YamlDocument
  readonly #case: TestCase
  readonly #outcome: Outcome
  readonly #isWhole: boolean
  readonly #edits: Edit[] = []
  /** Pairs of mappings that stay. */
  readonly #deleted = new Map<MappingNode, Set<Entry>>()
  readonly #added = new Map<MappingNode, [name: string, value: JsonText][]>()
  /** A member of an output has a name that a matcher could have: only the whole output can say so. */
  #needsWhole = false

  constructor(document: YamlDocument, testCase: TestCase, outcome: Outcome, isWhole: boolean) {
    this.#document = document
    this.#text = document.lines.text
    this.#case = testCase
    this.#outcome = outcome
    this.#isWhole = isWhole
  }

  edits(): readonly Edit[] {
    const { node, expectation } = this.#case
    const { outputs, rejected, dropped, events } = this.#outcome
    const entries = new Map(this.#document.entries(node).map((entry) => [entry.name, entry]))
    this.#outputs()
    const rejects = rejected.map(
      ({ rejection: { code, rule } }): JsonObject => (rule === undefined ? { code } : { code, rule }),
    )
    const wanted = expectation.rejects?.list ?? []
    const isRight =
      wanted.length === rejected.length &&
      wanted.every(
        (each, index) =>
          differencesOf(each, parseJson(JSON.stringify(rejected[index]!.rejection)), true).length === 0,
      )
    if (!isRight)
      this.#key(
        entries,
        'reject',
        rejects.length === 0 ? undefined : rejects.length === 1 ? rejects[0] : rejects,
      )
    const { drop } = expectation
    const isOne = events === 1 && outputs.length + rejected.length === 0
    if (dropped === 0 && drop !== 0) this.#key(entries, 'drop', undefined)
    else if (dropped > 0 && drop !== true && drop !== dropped)
      this.#key(entries, 'drop', isOne ? true : dropped)
    this.#writeMappings()
    return this.#needsWhole ? [] : this.#edits
  }

  /** `key: value` in the case; undefined: not there. */
  #key(entries: ReadonlyMap<string, Entry>, name: string, value: Value | undefined): void {
    const entry = entries.get(name)
    if (value === undefined) {
      if (entry !== undefined) this.#delete(this.#case.node, entry)
    } else if (entry === undefined) this.#add(this.#case.node, name, { value, numbers: undefined })
    else this.#replaceValue(this.#case.node, entry, { value, numbers: undefined })
  }

  #outputs(): void {
    const { expectation, node } = this.#case
    const came = this.#outcome.outputs.map(({ text }) => withLiterals(parseJson(text)))
    const { outputs } = expectation
    const plain = this.#outcome.outputs.map(({ text }) => parseJson(text))
    if (outputs === undefined) {
      if (came.length > 0) this.#add(node, 'expect', listed(came))
      return
    }
    if (came.length === 0) {
      this.#delete(node, outputs.entry)
      return
    }
    if (!this.#isWhole && came.length === outputs.list.length) {
      for (const [index, expected] of outputs.list.entries()) {
        const got = came[index]!
        for (const found of differencesOf(expected, got, outputs.isPartial))
          this.#member(expected, got, found)
      }
      return
    }
    const isRight =
      came.length === outputs.list.length &&
      outputs.list.every(
        (expected, index) => differencesOf(expected, plain[index]!, outputs.isPartial).length === 0,
      )
    if (isRight || outputs.list.some(hasMatcher)) return
    this.#replaceValue(node, outputs.entry, listed(came))
  }

  /** One difference within an output. */
  #member(root: Expected, got: JsonText, { kind, path, node, value }: Found): void {
    const name = path.at(-1)
    const parent = at(root, path.slice(0, -1))
    if (parent === undefined || name === undefined) return
    if (typeof name === 'number') {
      // Elements come and go: the list is written anew, or, where only one is different, that one.
      if (kind === 'differs' && node !== undefined) this.#replaceNode(node, valueAt(got, path))
      else this.#replaceNode(parent, valueAt(got, path.slice(0, -1)))
      return
    }
    if (parent.kind !== 'object' || parent.node === undefined) return
    const entry = parent.entries?.get(name)
    const mapping = parent.node
    if (mapping.kind !== 'mapping') return
    if (kind === 'unexpected' && entry === undefined) {
      if (name.startsWith('$')) this.#needsWhole = true
      else if (value !== undefined) this.#add(mapping, name, valueAt(got, path))
    } else if (entry === undefined || (node !== undefined && hasMatcher(node))) return
    else if (kind === 'missing') this.#delete(mapping, entry)
    else this.#replaceValue(mapping, entry, valueAt(got, path))
  }

  #delete(mapping: MappingNode, entry: Entry): void {
    const entries = this.#deleted.get(mapping) ?? new Set()
    entries.add(entry)
    this.#deleted.set(mapping, entries)
  }

  #add(mapping: MappingNode, name: string, value: JsonText): void {
    const pairs = this.#added.get(mapping) ?? []
    pairs.push([name, value])
    this.#added.set(mapping, pairs)
  }

  /** An element of a list. */
  #replaceNode(expected: Expected, value: JsonText): void {
    const { node } = expected
    if (node === undefined || hasMatcher(expected)) return
    const end = this.#endOf(node)
    if (this.#edits.some((edit) => edit.start === node.start && edit.end === end)) return
    this.#edits.push({ start: node.start, end, text: yamlFlow(value) })
  }

  /** The value behind a key. */
  #replaceValue(mapping: MappingNode, entry: Entry, value: JsonText): void {
    const start = this.#text.indexOf(':', entry.key.end) + 1
    const end = Math.max(start, this.#endOf(entry.value))
    const text = isFlow(this.#text, mapping)
      ? ` ${yamlFlow(value)}`
      : yamlBehind(value, this.#columnOf(entry) + 2, start - this.#lineStart(start))
    this.#edits.push({ start, end, text })
  }

  #writeMappings(): void {
    for (const mapping of new Set([...this.#deleted.keys(), ...this.#added.keys()])) {
      const deleted = this.#deleted.get(mapping) ?? new Set()
      const added = this.#added.get(mapping) ?? []
      // The pairs of a merge stand elsewhere.
      const entries = this.#document
        .entries(mapping)
        .filter(({ key }) => key.start >= mapping.start && key.end <= mapping.end)
      if (isFlow(this.#text, mapping)) this.#writeFlow(mapping, entries, deleted, added)
      else this.#writeBlock(mapping, entries, deleted, added)
    }
  }

  #writeFlow(
    mapping: MappingNode,
    entries: readonly Entry[],
    deleted: ReadonlySet<Entry>,
    added: readonly [string, JsonText][],
  ): void {
    const kept = entries.filter((entry) => !deleted.has(entry))
    for (const [index, entry] of entries.entries()) {
      if (!deleted.has(entry)) continue
      const next = entries[index + 1]
      const before = entries[index - 1]
      const end = this.#endOf(entry.value)
      if (before !== undefined && (next === undefined || !deleted.has(before))) {
        this.#edits.push({ start: this.#endOf(before.value), end, text: '' })
      } else this.#edits.push({ start: entry.key.start, end: next?.key.start ?? end, text: '' })
    }
    if (added.length === 0) return
    const last = entries.at(-1)
    const start = last === undefined ? mapping.start + 1 : this.#endOf(last.value)
    const text = added.map(([name, value]) => pairText(name, yamlFlow(value))).join(', ')
    this.#edits.push({ start, end: start, text: kept.length === 0 ? text : `, ${text}` })
  }

  #writeBlock(
    mapping: MappingNode,
    entries: readonly Entry[],
    deleted: ReadonlySet<Entry>,
    added: readonly [string, JsonText][],
  ): void {
    const [first] = entries
    if (first === undefined) return
    if (deleted.size === entries.length && added.length === 0) {
      this.#edits.push({ start: mapping.start, end: this.#endOf(mapping), text: '{}' })
      return
    }
    const indent = this.#columnOf(first)
    for (const entry of deleted) {
      const lineStart = this.#lineStart(entry.key.start)
      const end = this.#lineEnd(this.#endOf(entry.value))
      // Behind a dash the next pair comes to its place.
      const isFirstOnLine = this.#text.slice(lineStart, entry.key.start).trim() === ''
      const next = entries[entries.indexOf(entry) + 1]
      if (isFirstOnLine) this.#edits.push({ start: this.#lineEnd(lineStart - 1), end, text: '' })
      else if (next !== undefined) this.#edits.push({ start: entry.key.start, end: next.key.start, text: '' })
      else this.#edits.push({ start: entry.key.start, end: this.#endOf(entry.value), text: '' })
    }
    const blanks = ' '.repeat(indent)
    const lines = added.map(([name, value]) => {
      const key = pairText(name, '').trimEnd()
      return `\n${blanks}${key}${yamlBehind(value, indent + 2, indent + key.length)}`
    })
    if (lines.length === 0) return
    const start = this.#lineEnd(this.#endOf(entries.at(-1)!.value))
    this.#edits.push({ start, end: start, text: lines.join('') })
  }

  /** The end of a node, without the blanks and lines behind it. */
  #endOf(node: Range): number {
    let end = Math.max(node.end, node.start)
    while (end > node.start && /\s/.test(this.#text[end - 1]!)) end--
    return end
  }

  #columnOf({ key }: Entry): number {
    return key.start - this.#lineStart(key.start)
  }

  #lineStart(offset: number): number {
    return this.#text.lastIndexOf('\n', offset - 1) + 1
  }

  /** The end of the line, comments included, before what ends it. */
  #lineEnd(offset: number): number {
    if (offset < 0) return 0
    const end = this.#text.indexOf('\n', offset)
    if (end === -1) return this.#text.length
    return this.#text[end - 1] === '\r' ? end - 1 : end
  }
}

/** One output alone, several as a list. */
function listed(values: readonly JsonText[]): JsonText {
  if (values.length === 1) return values[0]!
  const numbers = new Map(values.flatMap((each) => [...(each.numbers ?? [])]))
  return { value: values.map(({ value }) => value), numbers: numbers.size === 0 ? undefined : numbers }
}

function pairText(name: string, value: string): string {
  return `${yamlScalar(name)}: ${value}`
}

function isFlow(text: string, node: YamlNode): boolean {
  return text[node.start] === '{'
}

function at(root: Expected, path: readonly Step[]): Expected | undefined {
  let current: Expected | undefined = root
  for (const step of path) {
    if (current?.kind === 'list' && typeof step === 'number') current = current.items[step]
    else if (current?.kind === 'object' && typeof step === 'string') current = current.members.get(step)
    else return undefined
  }
  return current
}

/** The value as it is expected: an object with names that begin with `$` stands below `$literal`. */
function withLiterals({ value, numbers, own }: JsonText): JsonText {
  const texts = new Map(numbers)
  const visit = (each: Value): Value => {
    if (Array.isArray(each)) return keepTexts(each, each.map(visit))
    if (!isMapping(each)) return each
    const members = [...membersOf(each)]
    if (members.some(([name]) => name.startsWith('$'))) return { $literal: each } as JsonObject
    const copy = new Dict()
    for (const [name, member] of members) dictSet(copy, name, visit(member))
    return keepTexts(each, copy)
  }
  const keepTexts = <Copy extends Value & object>(original: object, copy: Copy): Copy => {
    const known = texts.get(original)
    if (known !== undefined) texts.set(copy, known)
    return copy
  }
  return { value: visit(value), numbers: texts, own }
}

/** The value at a path, with the text of a number of its own. */
function valueAt({ value, numbers }: JsonText, path: readonly Step[]): JsonText {
  let current: any = value
  let own: string | undefined
  for (const step of path) {
    own = numbers?.get(current)?.get(String(step))
    current = typeof step === 'number' ? current[step] : getMember(current, step)
  }
  return withLiterals({ value: current, numbers, own })
}

function hasMatcher(expected: Expected): boolean {
  switch (expected.kind) {
    case 'matcher':
      return true
    case 'list':
      return expected.items.some(hasMatcher)
    case 'object':
      return [...expected.members.values()].some(hasMatcher)
    default:
      return false
  }
}

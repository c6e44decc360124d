/**
 * Rules whose value is one of a few constants, decided by one text of the event: as an automaton that WebAssembly runs over the bytes of
 * the text, so that no function is called.
 *
 *     cond(match('(\d+[.]){3}', ip), 'ipv4', 'ipv6')      lookup('outcomes', lower(result), 'unknown')
 *     cond(action in ('deny', 'drop'), 'denied', action.startswith('allow'), 'allowed', action)
 *
 * The automaton knows texts of printable ASCII without escapes, and may know the digits of integers. Everything else, and a
 * result that is no scalar, is left to the rule's function.
 */
import type { Node } from '../../expression/check/checked.ts'
import { stringChoices } from '../../expression/emit/constants.ts'
import { AsciiAutomaton } from '../../expression/regex/ascii-automaton.ts'
import type { RegexNode } from '../../expression/regex/ast.ts'
import { sequence } from '../../expression/regex/ast.ts'
import { ANY_CHARACTER, setOf } from '../../expression/regex/character-set.ts'
import { parsePattern } from '../../expression/regex/parse.ts'
import { simplify } from '../../expression/regex/simplify.ts'
import { COMPARISON_OPERATORS } from '../../expression/syntax/operators.ts'
import type { Value } from '../../expression/value.ts'
import { isJsonNumber, Tuple } from '../../expression/value.ts'

/**
 * An automaton over the bytes of a text and its closing quote.
 *
 *   transitions   state 0: | class 0, 1, 2 ... |   state 1: | ... |
 *
 * An entry is where the row of the next state begins; from `transitions.length` on it is the number of an outcome.
 */
export interface TextAutomaton {
  /** By character, up to 127. */
  readonly classes: readonly number[]
  readonly transitions: readonly number[]
  /** As an entry of `transitions`. */
  readonly start: number
  readonly outcomes: readonly Outcome[]
  /** The digits of an integer are a text as well. */
  readonly takesIntegers: boolean
}

/**
 *   text       this JSON
 *   itself     the member as it is
 *   absent     no value
 *   function   what the rule's function gives
 */
export type Outcome =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'itself' | 'absent' | 'function' }

/** A rule that an automaton decides. */
interface Decision {
  /** The slots where the text may stand. */
  readonly slots: readonly number[]
  readonly automaton: TextAutomaton
  /** Units of work that the plain way may count for a text, beside those for each of its characters. */
  readonly work: number
  /** The same for each character. */
  readonly characterWork: number
  /** Bytes that the plain way may build for each character. */
  readonly built: number
}

/** @param read the slots of a node that is a member of the event */
export function decide(
  node: Node,
  read: (node: Node) => readonly number[] | undefined,
): Decision | undefined {
  if (!mayDecide(node)) return undefined
  return new Decider(read).decide(node)
}

/** Nodes that are not worth a closer look are left out at once. */
function mayDecide(node: Node): boolean {
  switch (node.op) {
    case 'cond':
    case 'conditional':
    case 'comparison':
    case 'logical':
    case 'not':
    case 'method':
      return true
    case 'call':
      return node.name === 'match' || node.name === 'lookup'
    default:
      return false
  }
}

/** So many entries has a table of transitions at most. */
const MAX_ENTRIES = 1024
/** Characters of all keys of a table at most, and of the values that it gives: each rule has its own copy. */
const MAX_KEY_CHARACTERS = 512
const MAX_VALUE_CHARACTERS = 1024

const FIRST = 0x20
const LAST = 0x7f
const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Units of work, as much at least as anything counts here. */
const TEST_WORK = 1000
const CHOICE_WORK = 200
const CHARACTER_WORK = 50
const MATCH_CHARACTER_WORK = 600

/** Finds out something about a text. */
interface Recognizer {
  readonly start: number
  /** Equal texts: it does not tell the characters apart. */
  kindOf(code: number): string
  step(state: number, code: number): number
  /** The result for a text that ends in the state. */
  result(state: number): number
}

/** The results of all recognizers. */
type Results = readonly number[]
type Test = (results: Results) => boolean
type Choice = (results: Results) => Outcome

/** The text that a test is about. */
interface Subject {
  /** The character in place of one of the text's. */
  readonly map: (code: number) => number
  /** An integer is taken as a text. */
  readonly takesIntegers: boolean
}

const ITSELF: Outcome = { kind: 'itself' }
const ABSENT: Outcome = { kind: 'absent' }
const FUNCTION: Outcome = { kind: 'function' }

/** Thrown inside for an expression that no automaton decides. */
const UNDECIDED = Symbol('undecided')

class Decider {
  readonly #read: (node: Node) => readonly number[] | undefined
  readonly #recognizers: Recognizer[] = []
  #slots: readonly number[] | undefined
  #takesIntegers = true
  #work = 0
  #characterWork = 0
  #built = 0

  constructor(read: (node: Node) => readonly number[] | undefined) {
    this.#read = read
  }

  decide(node: Node): Decision | undefined {
    try {
      const choice = this.#choice(node)
      if (this.#slots === undefined || this.#recognizers.length === 0) return undefined
      const automaton = combine(this.#recognizers, choice, this.#takesIntegers)
      if (automaton === undefined) return undefined
      return {
        slots: this.#slots,
        automaton,
        work: this.#work,
        characterWork: this.#characterWork,
        built: this.#built,
      }
    } catch (error) {
      if (error === UNDECIDED) return undefined
      throw error
    }
  }

  // --- values -----------------------------------------------------------------------------------------------

  #choice(node: Node): Choice {
    switch (node.op) {
      case 'constant': {
        const outcome = outcomeOf(node.value)
        return () => outcome
      }
      case 'absent':
        return () => ABSENT
      case 'field':
      case 'item':
        this.#member(node, false)
        return () => ITSELF
      case 'cond': {
        const pairs = node.pairs.map(({ test, value }) => ({
          test: this.#test(test),
          choice: this.#choice(value),
        }))
        const otherwise = node.fallback === undefined ? () => ABSENT : this.#choice(node.fallback)
        return (results) => (pairs.find(({ test }) => test(results))?.choice ?? otherwise)(results)
      }
      case 'conditional': {
        const test = this.#test(node.test)
        const [then, otherwise] = [this.#choice(node.then), this.#choice(node.otherwise)]
        return (results) => (test(results) ? then : otherwise)(results)
      }
      case 'call':
        if (node.name === 'lookup') return this.#lookup(node)
    }
    // `and` and `or` give one of their operands, so all of these have to be tests.
    if (!isBoolean(node)) throw UNDECIDED
    const test = this.#test(node)
    return (results) => (test(results) ? TRUE : FALSE)
  }

  #lookup({ args: [table, key], callee, fallback }: Node & { op: 'call' }): Choice {
    if (table?.op !== 'constant' || key === undefined) throw UNDECIDED
    const found = callee.tables?.find(({ name }) => name === table.value)?.table
    if (found?.kind !== 'mapping') throw UNDECIDED
    const keys = [...found.entries.keys()].filter(isUsual)
    if (keys.reduce((sum, { length }) => sum + length, 0) > MAX_KEY_CHARACTERS) throw UNDECIDED
    const outcomes = keys.map((text) => outcomeOf(found.entries.get(text)!))
    if (outcomes.reduce((sum, outcome) => sum + lengthOf(outcome), 0) > MAX_VALUE_CHARACTERS) throw UNDECIDED
    // A number as key is looked up by its text.
    const subject = this.#subject(key, true)
    const index = this.#add(subject, new KeyRecognizer(keys), CHARACTER_WORK)
    const otherwise = fallback === undefined ? () => ABSENT : this.#choice(fallback)
    return (results) => outcomes[results[index]!] ?? otherwise(results)
  }

  // --- tests ------------------------------------------------------------------------------------------------

  #test(node: Node): Test {
    switch (node.op) {
      case 'constant': {
        const { value } = node
        if (typeof value === 'boolean') return () => value
        break
      }
      case 'field':
      case 'item':
        // A text that is not empty.
        return this.#matches(this.#subject(node, false), { kind: 'set', set: ANY_CHARACTER })
      case 'not': {
        const test = this.#test(node.operand)
        return (results) => !test(results)
      }
      case 'logical': {
        const [left, right] = [this.#test(node.left), this.#test(node.right)]
        return node.operator === 'and'
          ? (results) => left(results) && right(results)
          : (results) => left(results) || right(results)
      }
      case 'comparison':
        return this.#comparison(node)
      case 'method':
        return this.#end(node)
      case 'call': {
        const [pattern, subject] = node.args
        if (node.name !== 'match' || pattern?.op !== 'constant' || subject === undefined) break
        if (typeof pattern.value !== 'string') break
        const root = simplify(parsePattern(pattern.value).root)
        return this.#matches(this.#subject(subject, false), root, MATCH_CHARACTER_WORK)
      }
    }
    throw UNDECIDED
  }

  #comparison({ first, rest }: Node & { op: 'comparison' }): Test {
    const [only, more] = rest
    if (only === undefined || more !== undefined) throw UNDECIDED
    const { kind, negated } = COMPARISON_OPERATORS[only.operator]
    const test = this.#compared(kind, first, only.operand)
    return negated ? (results) => !test(results) : test
  }

  #compared(kind: string, left: Node, right: Node): Test {
    if (kind === 'equality') {
      const [constant, subject] = left.op === 'constant' ? [left, right] : [right, left]
      if (constant.op === 'constant' && typeof constant.value === 'string') {
        this.#count([constant.value])
        return this.#matches(this.#subject(subject, false), whole([constant.value]))
      }
    }
    if (kind === 'membership') {
      const choices = stringChoices(right)
      if (choices !== undefined && choices.length > 0) {
        this.#count(choices)
        return this.#matches(this.#subject(left, false), whole(choices))
      }
      if (left.op === 'constant' && typeof left.value === 'string') {
        this.#count([left.value])
        return this.#matches(this.#subject(right, false), sequence([anything(), characters(left.value)]))
      }
    }
    throw UNDECIDED
  }

  /** `s.startswith(...)` and `s.endswith(...)`. */
  #end({ name, object, args: [argument, ...others], names }: Node & { op: 'method' }): Test {
    if (argument?.op !== 'constant' || others.length > 0 || names?.some((key) => key !== undefined)) {
      throw UNDECIDED
    }
    const { value } = argument
    const texts = value instanceof Tuple ? value.items : [value]
    if (texts.length === 0 || !texts.every((text) => typeof text === 'string')) throw UNDECIDED
    this.#count(texts)
    const subject = this.#subject(object, false)
    if (name === 'startswith') return this.#matches(subject, anyOf(texts))
    if (name === 'endswith') return this.#matches(subject, sequence([anything(), whole(texts)]))
    throw UNDECIDED
  }

  #matches(subject: Subject, root: RegexNode, characterWork = CHARACTER_WORK): Test {
    const automaton = AsciiAutomaton.make(root)
    if (automaton === undefined) throw UNDECIDED
    const recognizer: Recognizer = {
      start: automaton.start,
      kindOf: (code) => automaton.kindOf(code),
      step: (state, code) => automaton.step(state, code),
      result: (state) => (automaton.matches(state) ? 1 : 0),
    }
    const index = this.#add(subject, recognizer, characterWork)
    return (results) => results[index] === 1
  }

  /** Counts the work of constants. */
  #count(texts: readonly string[]): void {
    for (const { length } of texts) this.#work += CHOICE_WORK + CHARACTER_WORK * length
  }

  #add({ map, takesIntegers }: Subject, recognizer: Recognizer, characterWork: number): number {
    this.#takesIntegers &&= takesIntegers
    this.#work += TEST_WORK
    this.#characterWork += characterWork
    this.#built++
    const { start } = recognizer
    return (
      this.#recognizers.push({
        start,
        kindOf: (code) => recognizer.kindOf(map(code)),
        step: (state, code) => recognizer.step(state, map(code)),
        result: (state) => recognizer.result(state),
      }) - 1
    )
  }

  /** A member, or its text, or that in lower or upper case. */
  #subject(node: Node, takesIntegers: boolean): Subject {
    if (node.op === 'call') {
      const [value, ...others] = node.args
      const change = CHANGES.get(node.name)
      if (change === undefined || value === undefined) throw UNDECIDED
      if (others.some((argument) => argument !== undefined)) throw UNDECIDED
      this.#characterWork += CHARACTER_WORK
      const inner = this.#subject(value, node.name === 'str')
      return { map: (code) => change(inner.map(code)), takesIntegers: inner.takesIntegers }
    }
    this.#member(node, takesIntegers)
    return { map: (code) => code, takesIntegers }
  }

  #member(node: Node, takesIntegers: boolean): void {
    const slots = this.#read(node)
    if (slots === undefined) throw UNDECIDED
    this.#slots ??= slots
    if (`${slots}` !== `${this.#slots}`) throw UNDECIDED
    this.#takesIntegers &&= takesIntegers
  }
}

const TRUE: Outcome = { kind: 'text', text: 'true' }
const FALSE: Outcome = { kind: 'text', text: 'false' }

/** Functions of ASCII texts, by character. */
const CHANGES: ReadonlyMap<string, (code: number) => number> = new Map([
  ['str', (code) => code],
  ['lower', (code) => (code >= 0x41 && code <= 0x5a ? code + 0x20 : code)],
  ['upper', (code) => (code >= 0x61 && code <= 0x7a ? code - 0x20 : code)],
])

/** The value is true or false. */
function isBoolean(node: Node): boolean {
  switch (node.op) {
    case 'logical':
      return isBoolean(node.left) && isBoolean(node.right)
    case 'constant':
      return typeof node.value === 'boolean'
    case 'call':
      return node.name === 'match'
    default:
      return node.op === 'not' || node.op === 'comparison' || node.op === 'method'
  }
}

function outcomeOf(value: Value): Outcome {
  const isScalar =
    value === null ||
    typeof value === 'string' ||
    typeof value === 'boolean' ||
    (typeof value === 'number' && isJsonNumber(value))
  return isScalar ? { kind: 'text', text: JSON.stringify(value) } : FUNCTION
}

function lengthOf(outcome: Outcome): number {
  return outcome.kind === 'text' ? outcome.text.length : 0
}

/** The text has only characters that the automaton knows. */
function isUsual(text: string): boolean {
  return [...text].every((character) => isUsualCode(character.codePointAt(0)!))
}

function isUsualCode(code: number): boolean {
  return code >= FIRST && code <= LAST && code !== QUOTE && code !== BACKSLASH
}

// --- patterns -----------------------------------------------------------------------------------------------

function characters(text: string): RegexNode {
  return sequence(
    [...text].map((character) => {
      const code = character.codePointAt(0)!
      return { kind: 'set', set: setOf([code, code]) }
    }),
  )
}

function anyOf(texts: readonly string[]): RegexNode {
  return { kind: 'choice', branches: texts.map(characters) }
}

function whole(texts: readonly string[]): RegexNode {
  return sequence([anyOf(texts), { kind: 'position', at: 'end' }])
}

function anything(): RegexNode {
  const body: RegexNode = { kind: 'set', set: ANY_CHARACTER }
  return { kind: 'repeat', body, min: 0, max: Number.POSITIVE_INFINITY, lazy: false, offset: 0 }
}

/** Finds the key of a table. The result is its index; -1: none. */
class KeyRecognizer implements Recognizer {
  readonly start = 0
  /** By state the states that follow, by character. */
  readonly #next: Map<number, number>[] = [new Map()]
  readonly #results: number[] = [-1]
  readonly #codes = new Set<number>()

  constructor(keys: readonly string[]) {
    for (const [index, key] of keys.entries()) {
      let state = this.start
      for (let at = 0; at < key.length; at++) {
        const code = key.charCodeAt(at)
        this.#codes.add(code)
        let next = this.#next[state]!.get(code)
        if (next === undefined) {
          next = this.#next.push(new Map()) - 1
          this.#results.push(-1)
          this.#next[state]!.set(code, next)
        }
        state = next
      }
      this.#results[state] = index
    }
  }

  kindOf(code: number): string {
    return this.#codes.has(code) ? String(code) : ''
  }

  step(state: number, code: number): number {
    return this.#next[state]?.get(code) ?? NO_KEY
  }

  result(state: number): number {
    return this.#results[state] ?? -1
  }
}

/** The state of a text that no key begins with. */
const NO_KEY = -1

// --- all recognizers as one automaton -------------------------------------------------------------------------

/** @returns undefined where it is too big */
function combine(
  recognizers: readonly Recognizer[],
  choice: Choice,
  takesIntegers: boolean,
): TextAutomaton | undefined {
  const { classes, codes } = classify(recognizers)
  // The closing quote is a class of its own.
  const size = codes.length + 1
  const states: (readonly number[])[] = []
  const numbers = new Map<string, number>()
  const numberOf = (state: readonly number[]): number => {
    const key = state.join(' ')
    let number = numbers.get(key)
    if (number === undefined) {
      number = states.push(state) - 1
      numbers.set(key, number)
    }
    return number
  }
  numberOf(recognizers.map(({ start }) => start))
  const rows: (readonly number[])[] = []
  const outcomes = new Outcomes()
  const ends: number[] = []
  for (let index = 0; index < states.length; index++) {
    if (states.length * size > MAX_ENTRIES) return undefined
    const state = states[index]!
    rows.push(
      codes.map((code) =>
        numberOf(recognizers.map((recognizer, part) => recognizer.step(state[part]!, code))),
      ),
    )
    ends.push(outcomes.add(choice(recognizers.map((recognizer, part) => recognizer.result(state[part]!)))))
  }
  return compact(rows, ends, outcomes.all, classes, takesIntegers)
}

/** Characters that no recognizer tells apart are one class. */
function classify(recognizers: readonly Recognizer[]): { classes: number[]; codes: number[] } {
  const numbers = new Map<string, number>()
  const classes = new Array<number>(LAST + 1).fill(0)
  /** A character of each class. */
  const codes: number[] = []
  for (let code = FIRST; code <= LAST; code++) {
    if (!isUsualCode(code)) continue
    const kind = recognizers.map((recognizer) => recognizer.kindOf(code)).join(' ')
    let number = numbers.get(kind)
    if (number === undefined) {
      number = codes.push(code) - 1
      numbers.set(kind, number)
    }
    classes[code] = number
  }
  classes[QUOTE] = codes.length
  return { classes, codes }
}

/** Outcomes, equal ones once. */
class Outcomes {
  readonly all: Outcome[] = []
  readonly #numbers = new Map<string, number>()

  add(outcome: Outcome): number {
    const key = JSON.stringify(outcome)
    let number = this.#numbers.get(key)
    if (number === undefined) {
      number = this.all.push(outcome) - 1
      this.#numbers.set(key, number)
    }
    return number
  }
}

/**
 * States whose outcome is certain become that outcome, so that the rest of a text is not read.
 *
 * @param rows by state and class the states that follow
 * @param ends by state the outcome of a text that ends there
 */
function compact(
  rows: readonly (readonly number[])[],
  ends: readonly number[],
  outcomes: readonly Outcome[],
  classes: readonly number[],
  takesIntegers: boolean,
): TextAutomaton {
  const certain: boolean[] = rows.map(() => false)
  let isChanged = true
  while (isChanged) {
    isChanged = false
    for (let state = rows.length - 1; state >= 0; state--) {
      if (certain[state]) continue
      const isCertain = rows[state]!.every(
        (next) => next === state || (certain[next] === true && ends[next] === ends[state]),
      )
      if (!isCertain) continue
      certain[state] = true
      isChanged = true
    }
  }
  const size = rows[0]!.length + 1
  let kept = 0
  const places = rows.map((_, state) => (certain[state] ? -1 : kept++ * size))
  const length = kept * size
  const entryOf = (state: number): number => (certain[state] ? length + ends[state]! : places[state]!)
  const transitions: number[] = []
  for (const [state, row] of rows.entries()) {
    if (!certain[state]) transitions.push(...row.map(entryOf), length + ends[state]!)
  }
  return { classes, transitions, start: entryOf(0), outcomes, takesIntegers }
}

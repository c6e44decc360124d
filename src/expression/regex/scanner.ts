import { Alphabet } from './alphabet.ts'
import type { RegexNode } from './ast.ts'
import type { Fact, Scan, ScanProgram } from './scan-program.ts'
import { compileScans } from './scan-program.ts'
import { ASCII_WORD, UNICODE } from './unicode.ts'

const LATIN1 = 256
const NEWLINE = 0x0a

/** The buffers for a subject are kept for the next one up to this length. */
const KEPT_LENGTH = 1 << 14

/** The most numbers in a scan's table of transitions. When the table is full, the scan forgets everything. */
const MAX_TABLE = 1 << 18

/** Facts that occur together are looked up in an array where their bits, as a number, are below this. */
const MAX_DIRECT = 1 << 12

/**
 * Matches patterns with look-around in time linear in the subject, whatever pattern and subject are.
 *
 * Each scan of the program goes over the subject once, with all ways through its part of the pattern at the same time.
 * The set of places in the pattern where these ways are is a state; where a state leads with a character and the facts
 * of a place is remembered, so that most characters cost one look into a table.
 */
export class Scanner {
  readonly #program: ScanProgram
  readonly #alphabet: Alphabet
  readonly #scans: readonly Automaton[]
  /** By the number of the fact, those that need no scan. */
  readonly #places: readonly PlaceFact[]
  #classes = new Uint16Array(LATIN1)
  /** A bit for each fact that holds before the character; one more place than characters. */
  #facts = new Uint32Array(LATIN1)

  private constructor(program: ScanProgram) {
    this.#program = program
    const told = [...program.sets]
    const places: PlaceFact[] = []
    for (const [number, fact] of program.facts.entries()) {
      if (fact.kind === 'scanned') continue
      const set = fact.kind === 'position' ? [NEWLINE, NEWLINE] : fact.ascii ? ASCII_WORD : UNICODE.word
      places.push({ fact, bit: 1 << number, set: told.push(set) - 1 })
    }
    this.#alphabet = new Alphabet(told)
    this.#places = places
    this.#scans = program.scans.map((scan) => new Automaton(scan, this.#alphabet))
  }

  /**
   * @param root simplified
   * @returns undefined when it is too big, or has a back-reference or an atomic group
   */
  static make(root: RegexNode): Scanner | undefined {
    const program = compileScans(root)
    return program === undefined ? undefined : new Scanner(program)
  }

  /** True where the pattern matches at the start of the subject. */
  matches(subject: string): boolean {
    const kept = subject.length < KEPT_LENGTH
    if (kept && subject.length >= this.#classes.length) {
      this.#classes = new Uint16Array(2 * subject.length)
      this.#facts = new Uint32Array(2 * subject.length)
    }
    const classes = kept ? this.#classes : new Uint16Array(subject.length)
    const facts = kept ? this.#facts : new Uint32Array(subject.length + 1)
    const length = this.#classify(subject, classes)
    if (this.#program.facts.length > 0) {
      facts.fill(0, 0, length + 1)
      for (const place of this.#places) this.#findPlaces(place, classes, facts, length)
    }
    for (const scan of this.#scans) if (scan.run(classes, facts, length)) return true
    return false
  }

  /** @returns how many characters there are */
  #classify(subject: string, classes: Uint16Array): number {
    const alphabet = this.#alphabet
    let length = 0
    for (let index = 0; index < subject.length; index++) {
      let code = subject.charCodeAt(index)
      if (code >= 0xd800 && code < 0xdc00) {
        code = subject.codePointAt(index)!
        if (code > 0xffff) index++
      }
      classes[length++] = alphabet.classOf(code)
    }
    return length
  }

  #findPlaces({ fact, bit, set }: PlaceFact, classes: Uint16Array, facts: Uint32Array, length: number): void {
    const members = this.#alphabet.members[set]!
    const isMember = (index: number) => index >= 0 && index < length && members.has(classes[index]!)
    if (fact.kind === 'boundary') {
      // An empty text has neither kind, says Python.
      if (length === 0) return
      for (let place = 0; place <= length; place++) {
        if ((isMember(place - 1) !== isMember(place)) !== fact.negated) facts[place]! |= bit
      }
      return
    }
    if (fact.at === 'start' || fact.at === 'line-start') facts[0]! |= bit
    else facts[length]! |= bit
    if (fact.at === 'last-line-end' && isMember(length - 1)) facts[length - 1]! |= bit
    if (fact.at !== 'line-start' && fact.at !== 'line-end') return
    const after = fact.at === 'line-start' ? 1 : 0
    for (let index = 0; index < length; index++) if (isMember(index)) facts[index + after]! |= bit
  }
}

interface PlaceFact {
  readonly fact: Exclude<Fact, { kind: 'scanned' }>
  readonly bit: number
  /** The set of newlines, or of word characters. */
  readonly set: number
}

/**
 * One scan, with what it has learnt: where a state leads, by the facts of a place and the class of the character there.
 *
 *   table    state 0: | facts 0: class 0, 1, 2 ... | facts 1: class 0, 1, 2 ... | ...   state 1: | ...
 *   stops    state 0: | facts 0 | facts 1 | ...
 */
class Automaton {
  readonly #scan: Scan
  readonly #alphabet: Alphabet
  /** The combinations of asked facts that occurred, as small numbers; by the bits of the facts. */
  readonly #combinations: Combinations
  /** The places in the pattern that are reached, by state. */
  #states: (readonly number[])[] = []
  #stateNumbers = new Map<string, number>()
  /** The state that follows, counted from 1; 0: not known yet. */
  #table: Int32Array
  /** Tells if a match ends here: 1 no, 2 yes, 0 not known yet. */
  #stops: Uint8Array
  readonly #visited: Uint32Array
  #visit = 0

  constructor(scan: Scan, alphabet: Alphabet) {
    this.#scan = scan
    this.#alphabet = alphabet
    this.#visited = new Uint32Array(scan.instructions.length)
    this.#combinations = new Combinations(scan.asked)
    this.#table = new Int32Array(INITIAL_STATES * this.#rowLength)
    this.#stops = new Uint8Array(INITIAL_STATES * this.#combinations.capacity)
  }

  /**
   * Goes over the subject, and notes where the fact holds that it finds out.
   *
   * @returns true if the pattern matches and this is the scan of the pattern itself
   */
  run(classes: Uint16Array, facts: Uint32Array, length: number): boolean {
    const { asked, fact, backwards } = this.#scan
    const size = this.#alphabet.size
    const bit = fact === undefined ? 0 : 1 << fact
    const step = backwards ? -1 : 1
    let state = this.#state([this.#scan.start])
    let place = backwards ? length : 0
    for (let taken = 0; ; taken++) {
      let combination = 0
      if (asked !== 0) {
        combination = this.#combinations.numberOf(facts[place]! & asked)
        if (combination === this.#combinations.capacity) {
          const places = this.#states[state]!
          this.#combinations.grow()
          this.#forget()
          state = this.#state(places)
          combination = this.#combinations.numberOf(facts[place]! & asked)
        }
      }
      const index = state * this.#combinations.capacity + combination
      const stops = this.#stops[index]! || this.#findStop(state, combination)
      if (stops === STOPS) {
        if (fact === undefined) return true
        facts[place]! |= bit
      }
      if (taken === length) return false
      const characters = classes[backwards ? place - 1 : place]!
      state = (this.#table[index * size + characters]! || this.#step(state, combination, characters)) - 1
      if (fact === undefined && this.#states[state]!.length === 0) return false
      place += step
    }
  }

  /** The number of a state's entries in the table. */
  get #rowLength(): number {
    return this.#combinations.capacity * this.#alphabet.size
  }

  #findStop(state: number, combination: number): number {
    const stops = this.#reach(state, combination, undefined) ? STOPS : GOES_ON
    this.#stops[state * this.#combinations.capacity + combination] = stops
    return stops
  }

  /** @returns the state that follows, counted from 1 */
  #step(state: number, combination: number, characters: number): number {
    const places: number[] = []
    this.#reach(state, combination, (set, next) => {
      if (this.#alphabet.members[set]!.has(characters)) places.push(next)
    })
    // A look-around may begin at every place, the pattern only at the first one.
    if (this.#scan.fact !== undefined) places.push(this.#scan.start)
    const states = this.#states
    const next = this.#state(places)
    // Where all was forgotten to make room, there is no state any more to note this of.
    if (this.#states === states) {
      this.#table[state * this.#rowLength + combination * this.#alphabet.size + characters] = next + 1
    }
    return next + 1
  }

  /**
   * Follows all ways up to the next character.
   *
   * @param onTest is told each test that is reached
   * @returns true if a match ends here
   */
  #reach(
    state: number,
    combination: number,
    onTest: ((set: number, next: number) => void) | undefined,
  ): boolean {
    const facts = this.#combinations.bitsOf(combination)
    const visited = this.#visited
    const visit = this.#nextVisit()
    const open = [...this.#states[state]!]
    let stops = false
    for (let place = open.pop(); place !== undefined; place = open.pop()) {
      if (visited[place] === visit) continue
      visited[place] = visit
      const step = this.#scan.instructions[place]!
      switch (step.op) {
        case 'test':
          onTest?.(step.set, step.next)
          break
        case 'ask':
          if (((facts >>> step.fact) & 1) === (step.holds ? 1 : 0)) open.push(step.next)
          break
        case 'split':
          for (const target of step.targets) open.push(target)
          break
        case 'stop':
          stops = true
          break
      }
    }
    return stops
  }

  #nextVisit(): number {
    if (this.#visit === 0xffffffff) {
      this.#visit = 0
      this.#visited.fill(0)
    }
    return ++this.#visit
  }

  /** The number of the state with these places; all others may be forgotten to make room for it. */
  #state(places: readonly number[]): number {
    const sorted = [...new Set(places)].sort((a, b) => a - b)
    const key = sorted.join(' ')
    const known = this.#stateNumbers.get(key)
    if (known !== undefined) return known
    this.#makeRoom()
    const number = this.#states.push(sorted) - 1
    this.#stateNumbers.set(key, number)
    return number
  }

  #makeRoom(): void {
    const states = this.#states.length
    const needed = (states + 1) * this.#rowLength
    if (needed <= this.#table.length) return
    // Places are remembered, too: of a large pattern a state may have thousands.
    const placed = states * this.#scan.instructions.length
    if (states > 0 && Math.max(2 * needed, placed) > MAX_TABLE) {
      this.#forget()
      return
    }
    const table = new Int32Array(2 * needed)
    table.set(this.#table)
    this.#table = table
    const stops = new Uint8Array(2 * (states + 1) * this.#combinations.capacity)
    stops.set(this.#stops)
    this.#stops = stops
  }

  #forget(): void {
    this.#states = []
    this.#stateNumbers = new Map()
    const states = Math.max(1, Math.floor(this.#table.length / this.#rowLength))
    if (this.#table.length < states * this.#rowLength) this.#table = new Int32Array(states * this.#rowLength)
    else this.#table.fill(0)
    if (this.#stops.length < states * this.#combinations.capacity) {
      this.#stops = new Uint8Array(states * this.#combinations.capacity)
    } else this.#stops.fill(0)
  }
}

const INITIAL_STATES = 8

const GOES_ON = 1
const STOPS = 2

/** Which facts occur together: their bits as small numbers, in the order in which they are first seen. */
class Combinations {
  /** Numbers are below this; it doubles when they are used up. */
  capacity: number
  #bits: number[] = [0]
  readonly #direct: Int32Array | undefined
  readonly #numbers = new Map<number, number>()

  /** @param asked a bit for each fact that can occur */
  constructor(asked: number) {
    this.capacity = asked === 0 ? 1 : 4
    this.#direct = asked >>> 0 < MAX_DIRECT ? new Int32Array(asked + 1) : undefined
  }

  /** @returns the capacity when there is no number left */
  numberOf(bits: number): number {
    if (bits === 0) return 0
    const known = this.#direct === undefined ? this.#numbers.get(bits) : this.#direct[bits]! || undefined
    return known ?? this.#add(bits)
  }

  bitsOf(number: number): number {
    return this.#bits[number]!
  }

  /** Doubles the capacity; or begins anew, when there are too many to remember. */
  grow(): void {
    if (this.capacity < MAX_COMBINATIONS) {
      this.capacity *= 2
      return
    }
    this.#bits = [0]
    this.#numbers.clear()
    this.#direct?.fill(0)
  }

  #add(bits: number): number {
    if (this.#bits.length === this.capacity) return this.capacity
    const number = this.#bits.push(bits) - 1
    if (this.#direct === undefined) this.#numbers.set(bits, number)
    else this.#direct[bits] = number
    return number
  }
}

/** So many combinations of facts are told apart at a time. */
const MAX_COMBINATIONS = 64

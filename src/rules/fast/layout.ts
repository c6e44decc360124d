/** The memory of the fast path's WebAssembly, as README.md draws it. The numbers are those of assembly/line-machine.ts. */
import type { Wanted, WantedTree } from '../../json/wanted.ts'
import type { Outcome, TextAutomaton } from './decide.ts'

/** One step of a template. Each writes its text first. */
export type Operation =
  | { readonly kind: 'text' | 'open' | 'close' | 'close-root' | 'end'; readonly text: string }
  | PlaceOperation
  | ValueOperation

/** `mark` comes before the step that writes a value, and `place` after it: the place of the value is noted. */
type PlaceOperation =
  | { readonly kind: 'mark'; readonly text: '' }
  | {
      readonly kind: 'place'
      readonly text: ''
      /** Number of the place in the record of a line. */
      readonly place: number
      /** The text that the step in between writes before the value. */
      readonly before: string
    }

/** Writes the value of a rule. */
export interface ValueOperation {
  readonly kind: 'copy' | 'str' | 'lower' | 'upper' | 'mac' | 'part' | 'decide' | 'compute'
  /** Left away where the value is absent. */
  readonly text: string
  /** Index of the rule. */
  readonly rule: number
  /** Without the value there is no output. */
  readonly required: boolean
  /** Slots of the member that the value is made of, in the order in which they count. None: of several members. */
  readonly slots: readonly number[]
  /** Of `part` and `decide`: bytes of the longest value that no function is called for. */
  readonly longest?: number
  /** Of `part`: the character between two parts, ASCII, and the number of the part; below zero it is counted from the end. */
  readonly part?: { readonly separator: string; readonly index: number }
  /** Of `decide`. */
  readonly automaton?: TextAutomaton
  /** Of `compute`: the case whose rule it is. */
  readonly branch?: { readonly group: number; readonly index: number } | undefined
}

/** Addresses of a machine's part of the memory. */
export interface Layout {
  /** Where its part of the memory begins. */
  readonly start: number
  /** From there on: what is there before the first line is read. */
  readonly image: Uint8Array
  /** The list of addresses that `begin` is given. */
  readonly parameters: number
  readonly row: number
  /** By rule: how often it had no value. */
  readonly leftOutCounts: number
  /** Records of the places of values, one for each line of a run; 0: there are none. */
  readonly places: number
  /** Number of lines that there are records for. */
  readonly placedLines: number
  /** Behind all of it. */
  readonly end: number
}

/** Marks that assembly/line-machine.ts leaves on a value: an escape, a byte that is not ASCII. */
export const ESCAPE = 1
export const NON_ASCII = 2
/** A number with a fraction or an exponent. */
export const FRACTION = 8

/** A value that is no text and has one of these is written in our own way: an escape, blanks, an object in it. */
export const REWRITTEN = 1 | 4 | 16

/** Everything begins here; nothing is at address 0, which stands for none. Below are the results of a run, as indexes of words. */
export const START = 4096
export const RESULTS = { taken: 16, written: 17, leftOut: 18 } as const

/**
 * The table of cases, as indexes of words: by group the number of a line, and the case that applies to it. Groups that find no room are left to the
 * host. All machines of a memory have one table, since lines of all of them are counted together.
 */
export const CASES = 32
export const MAX_CASE_GROUPS = (START / 4 - CASES) / 2

/** So much of a machine is brought into the caches of the processor when it takes over. There is more room in none of them. */
const TOUCHED_SIZE = 24 * 1024

/** Lines are read from so many bytes at a time; one that is longer is left to the plain way. */
export const INPUT_SIZE = 256 * 1024
/** The output is handed on when it is so long. */
export const OUTPUT_SIZE = 1024 * 1024
/** One line may have so much output more. */
const OUTPUT_ROOM = 1024 * 1024
/** Behind the input and the output: 16 bytes are read and written at a time, short values without a question. */
const SLACK = 4096
/** For records of the places of values. */
const PLACES_SIZE = 16 * 1024
/** For keys of the lines. */
const KEYS_SIZE = 512 * 1024
/** The same, where many machines share a memory. */
export const SHARED_KEYS_SIZE = 64 * 1024
/** 4096 entries of 256 bytes. */
const MEMO_SIZE = 1024 * 1024
const CREDIT = 128

/** The lines that are read. */
export const INPUT = START
export const OUTPUT = INPUT + INPUT_SIZE + SLACK
/** An output that goes beyond this is given up. */
export const OUTPUT_LIMIT = OUTPUT + OUTPUT_SIZE + OUTPUT_ROOM
const MEMO = OUTPUT_LIMIT + SLACK
/** The row and the like: nothing in it outlives a line, so that all machines of a memory have it in common. */
const SCRATCH = MEMO + MEMO_SIZE
const SCRATCH_SIZE = 16 * 1024
/** From here on each machine of a memory has a part of its own. */
export const PARTS = SCRATCH + SCRATCH_SIZE

/** An address has 27 bits in a pair of the row. */
const MAX_SIZE = 1 << 27

const KINDS = [
  ...(['end', 'text', 'open', 'close', 'close-root', 'mark', 'place'] as const),
  ...(['copy', 'str', 'lower', 'mac', 'part', 'decide', 'compute'] as const),
] as const
const UPPER_A = 0x41
const LOWER_A = 0x61

const encoder = new TextEncoder()

/**
 * Lays out a machine's part of a memory.
 *
 * @param operations the template; the last one is `end`
 * @param rules number of rules
 * @param nativeLength bytes of a text that is changed without a call of a function
 * @param start where the part begins. Default: there is no other one
 * @param keysSize bytes for the keys that lines bring. Default: 512 KiB
 * @param places values whose places are noted for each line, at most `MAX_PLACES`. Default: none
 * @returns undefined where the rules need more memory than there are addresses
 */
export function createLayout(
  { root, slots }: WantedTree,
  operations: readonly Operation[],
  rules: number,
  nativeLength: number,
  start = PARTS,
  keysSize = KEYS_SIZE,
  places = 0,
): Layout | undefined {
  const image = new Image(start)
  // The beginning and the end are seldom needed. What is between them is touched when the machine takes over.
  image.reserveSeldom(root)
  const parameters = image.reserve(18 * WORD)
  const rootAt = image.wanted(root, true)
  const template = image.template(operations)
  const ramp = image.put(Uint8Array.from({ length: 32 }, (_, index) => (index < 16 ? 0xff : 0)))
  const touchedEnd = Math.min(image.end, parameters + TOUCHED_SIZE)
  let scratch = SCRATCH
  /** Room for one line. */
  const reserveScratch = (size: number): number => {
    if (scratch + align(size) > PARTS) return image.reserve(size)
    const at = scratch
    scratch += align(size)
    return at
  }
  const row = reserveScratch(2 * WORD * slots)
  const stack = reserveScratch(2 * WORD * operations.filter(({ kind }) => kind === 'open').length)
  const leftOut = reserveScratch(WORD * rules)
  const leftOutCounts = image.reserve(WORD * rules)
  const recordWords = RECORD_HEAD + 2 * places
  const placedLines = places === 0 ? 0 : Math.floor(PLACES_SIZE / (WORD * recordWords))
  const keys = image.reserve(0)
  const keysEnd = keys + keysSize
  const records = places === 0 ? 0 : keysEnd
  const end = keysEnd + (places === 0 ? 0 : PLACES_SIZE)
  if (end >= MAX_SIZE) return undefined
  image.setWords(parameters, [
    rootAt,
    row,
    row + align(2 * WORD * slots),
    template,
    stack,
    leftOut,
    leftOutCounts,
    MEMO,
    ramp,
    nativeLength,
    keys,
    keysEnd,
    OUTPUT_LIMIT,
    records,
    recordWords * WORD,
    // The machine keeps two of its own here while another one works.
    0,
    0,
    touchedEnd,
  ])
  const addresses = { parameters, row, leftOutCounts, places: records, placedLines }
  return { start, image: image.bytes(), ...addresses, end }
}

const WORD = 4

/** Words of a record before the places: where the line begins in the output, and the end of its LF. */
export const RECORD_HEAD = 2
/** A record has room for so many. */
export const MAX_PLACES = 64

function align(address: number, to = 16): number {
  return (address + to - 1) & -to
}

/** The beginning of a part of the memory, while it is put together. */
class Image {
  readonly #parts: { readonly at: number; readonly bytes: Uint8Array }[] = []
  readonly #texts = new Map<string, number>()
  /** By its contents. */
  readonly #automata = new Map<string, number>()
  /** Places of wanted members' buckets, and of keys that lines seldom have. */
  readonly #buckets = new Map<Wanted, number>()
  readonly #seldom = new Map<Wanted, number>()
  readonly #start: number
  #end: number

  constructor(start: number) {
    this.#start = start
    this.#end = start
  }

  get end(): number {
    return this.#end
  }

  /** Room of zeros. @returns its address */
  reserve(size: number, alignment = 16): number {
    const at = align(this.#end, alignment)
    this.#end = at + size
    return at
  }

  /** Sixteen bytes may be loaded wherever there is one: behind everything there is room for keys. */
  put(bytes: Uint8Array, alignment = 16): number {
    const at = this.reserve(bytes.length, alignment)
    this.#parts.push({ at, bytes })
    return at
  }

  setWords(at: number, words: readonly number[]): void {
    this.#parts.push({ at, bytes: bytesOf(words) })
  }

  bytes(): Uint8Array {
    const all = new Uint8Array(this.#end - this.#start)
    for (const { at, bytes } of this.#parts) all.set(bytes, at - this.#start)
    return all
  }

  // --- wanted members ---------------------------------------------------------------------------------------

  /** Room for the buckets of all objects, and for keys with a dot: most events are nested, though rules may read both. */
  reserveSeldom(root: Wanted): void {
    this.#buckets.set(root, this.reserve(bucketsOf(root) * WORD))
    for (const [name, member] of root.members) {
      if (name.includes('.')) this.#seldom.set(member, this.reserve(sizeOfKey(keyOf(name)), WORD))
      if (member.members.size > 0) this.reserveSeldom(member)
    }
  }

  /** @param isEntered it is read as an object: the event, or one in which something is wanted */
  wanted(wanted: Wanted, isEntered: boolean): number {
    const { slot, marker, members } = wanted
    const at = this.reserve(7 * WORD)
    const buckets = isEntered ? bucketsOf(wanted) : 0
    const firsts = new Array<number>(buckets).fill(0)
    for (const [name, member] of members) {
      const key = keyOf(name)
      // A name with an escape in it is never looked up: lines that have it are left to the plain way.
      const bucket = hashOf(key) & (buckets - 1)
      firsts[bucket] = this.#known(key, member, firsts[bucket]!)
    }
    const bucketsAt = this.#buckets.get(wanted) ?? 0
    if (isEntered) this.setWords(bucketsAt, firsts)
    this.setWords(at, [pairOf(slot), pairOf(marker), 0, 0, buckets - 1, isEntered ? 1 : 0, bucketsAt])
    return at
  }

  /** @param chain the next key of its bucket */
  #known(key: Uint8Array, member: Wanted, chain: number): number {
    const isLeaf = member.members.size === 0 && member.slot !== -1
    const wanted = isLeaf ? LEAF : this.wanted(member, member.members.size > 0)
    const bytes = new Uint8Array(sizeOfKey(key))
    const seen = key.some((byte) => byte >= 0x80) ? NON_ASCII : 0
    bytes.set(bytesOf([key.length + 1, wanted, 0, seen, chain, pairOf(member.slot), 0]))
    bytes.set(key, KEY_AT)
    bytes[KEY_AT + key.length] = 0x3a
    const at = this.#seldom.get(member) ?? this.reserve(bytes.length, WORD)
    this.#parts.push({ at, bytes })
    return at
  }

  // --- the template -----------------------------------------------------------------------------------------

  template(operations: readonly Operation[]): number {
    const words = operations.flatMap((operation) => {
      const { kind, text } = operation
      const head = [KINDS.indexOf(kind === 'upper' ? 'lower' : kind), ...this.#text(text)]
      if ('place' in operation) {
        const { place, before } = operation
        return [...head, WORD * (RECORD_HEAD + 2 * place), encoder.encode(before).length]
      }
      if (!('rule' in operation)) return head
      const { rule, required, slots } = operation
      const number = kind === 'lower' ? UPPER_A : kind === 'upper' ? LOWER_A : CREDIT
      const { part, automaton, branch, longest = branch?.index ?? 0 } = operation
      let more = 0
      if (part !== undefined) more = part.separator.charCodeAt(0) | (part.index << 8)
      else if (automaton !== undefined) more = this.#automaton(automaton)
      else if (branch !== undefined && branch.group < MAX_CASE_GROUPS)
        more = WORD * (CASES + 2 * branch.group)
      const value = [rule, required ? 1 : 0, number, more, longest]
      return [...head, ...value, slots.length, ...slots.map(pairOf)]
    })
    return this.put(bytesOf(words))
  }

  #automaton(automaton: TextAutomaton): number {
    const contents = JSON.stringify(automaton)
    let at = this.#automata.get(contents)
    if (at === undefined) {
      at = this.#putAutomaton(automaton)
      this.#automata.set(contents, at)
    }
    return at
  }

  #putAutomaton({ classes, transitions, start, outcomes, takesIntegers }: TextAutomaton): number {
    const texts = this.put(bytesOf(outcomes.flatMap((outcome) => this.#outcome(outcome))))
    const bytes = new Uint8Array(TRANSITIONS_AT + 2 * transitions.length)
    bytes.set(bytesOf([transitions.length, start, takesIntegers ? 1 : 0, texts]))
    bytes.set(classes, CLASSES_AT)
    const view = new DataView(bytes.buffer)
    for (const [index, entry] of transitions.entries())
      view.setUint16(TRANSITIONS_AT + 2 * index, entry, true)
    return this.put(bytes)
  }

  #outcome(outcome: Outcome): [length: number, at: number] {
    return outcome.kind === 'text' ? this.#text(outcome.text) : [OUTCOMES[outcome.kind], 0]
  }

  #text(text: string): [length: number, at: number] {
    const bytes = encoder.encode(text)
    if (bytes.length === 0) return [0, this.#start]
    let at = this.#texts.get(text)
    if (at === undefined) {
      // No text is written word by word.
      at = this.put(bytes, 1)
      this.#texts.set(text, at)
    }
    return [bytes.length, at]
  }
}

/** Parts of an automaton. */
const CLASSES_AT = 16
const TRANSITIONS_AT = 144
/** In place of the length of a text. */
const OUTCOMES = { function: -1, absent: -2, itself: -4 } as const

/** Where the bytes of a known key begin. */
const KEY_AT = 28
/** In the place of an address: the value is wanted, and nothing in it. */
const LEAF = 1

/** A key as lines have it, without its colon. */
function keyOf(name: string): Uint8Array {
  return encoder.encode(JSON.stringify(name))
}

/** Bytes of a known key. */
function sizeOfKey(key: Uint8Array): number {
  return align(KEY_AT + key.length + 1, WORD)
}

/** Buckets for the keys that are wanted of an object, and for as many that are not. */
function bucketsOf({ members }: Wanted): number {
  let buckets = 64
  while (members.size > buckets / 2) buckets *= 2
  return buckets
}

/** The offset of a slot's pair in the row. */
function pairOf(slot: number): number {
  return slot === -1 ? -1 : slot * 2 * WORD
}

/** FNV-1a. */
function hashOf(key: Uint8Array): number {
  let hash = 0x811c9dc5
  for (const byte of key) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash
}

/** Words as WebAssembly has them: little-endian. */
function bytesOf(words: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(words.length * WORD))
  for (const [index, word] of words.entries()) view.setInt32(index * WORD, word, true)
  return new Uint8Array(view.buffer)
}

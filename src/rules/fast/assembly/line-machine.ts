/**
 * AssemblyScript: the inner loop of the fast path, as WebAssembly. It reads a JSON line in place and writes the output
 * that a template describes. README.md in the folder above draws the memory and the template; layout.ts writes both.
 *
 * Every function that reads takes the address of a byte and returns the address behind what it has read; 0 says that the
 * line is left to the plain way. Lines lie between LF and LF in a memory with room behind them, so that 16 bytes may be
 * loaded anywhere, and every loop over bytes ends at an LF at the latest.
 */

/** Calls the function of a rule, which writes its value at `out`. Returns its length, LEFT, ABSENT or OTHER_CASE. */
@external('host', 'compute')
declare function compute(rule: i32, out: usize, line: u32, kept: i32): i32
/** Writes the value of the pair at `pair` in our own way, which is not the line's. Returns its length or LEFT. */
@external('host', 'rewrite')
declare function rewrite(pair: usize, out: usize): i32
/** The line in the row may have a member that no line had before. Returns 1 while there are members that none has had. */
@external('host', 'look')
declare function look(): i32

/** The line goes the plain way. */
const LEFT: i32 = -1
/** The rule has no value. */
const ABSENT: i32 = -2
/** The rule is one of a case that does not apply: nothing is left out. */
const OTHER_CASE: i32 = -3

// --- memory -------------------------------------------------------------------------------------------------

// Wanted: an object or value that rules need.
/** Offset in the row of its pair; -1: only what is in it is needed. */
const W_SLOT: usize = 0
/** Without a slot: offset of a pair that says that the line had it. */
const W_MARKER: usize = 4
/** The key that came first the last time. */
const W_FIRST: usize = 8
/** Number of keys that lines have brought. */
const W_COUNT: usize = 12
/** Number of buckets less one. */
const W_MASK: usize = 16
/** 1: something in it is wanted. */
const W_HAS_MEMBERS: usize = 20
/** Address of the buckets. They are elsewhere, because a key that was predicted needs none. */
const W_BUCKETS: usize = 24

// Known: a key that objects of one place were seen to have, or may have.
/** Bytes of the key with quotes and colon. */
const K_LENGTH: usize = 0
/** Address of what is wanted of its value; 0: nothing, LEAF: the value, and nothing in it. */
const K_WANTED: usize = 4
/** The key that followed it the last time. */
const K_NEXT: usize = 8
/** NON_ASCII or nothing. */
const K_SEEN: usize = 12
/** The next one in its bucket. */
const K_CHAIN: usize = 16
/** LEAF: offset in the row of its pair. */
const K_SLOT: usize = 20
/** 1: some line had it. */
const K_MET: usize = 24
const K_BYTES: usize = 28

const LEAF: usize = 1

const MAX_KEYS: u32 = 1000
const MAX_KEY_LENGTH: u32 = 200
const MAX_DEPTH: i32 = 60

// Marks: things seen inside a value, as src/json/scan.ts has them.
const ESCAPE: u32 = 1
const NON_ASCII: u32 = 2
const BLANKS: u32 = 4
const FRACTION: u32 = 8
const NESTED: u32 = 16
/** A pair in the row is the address of a value, then the address of its end above these bits with its marks. */
const MARK_BITS: u32 = 5
const MARKS: u32 = 31

/** The addresses of the machine that works. */
let machine: usize = 0
let root: usize = 0
let row: usize = 0
let rowEnd: usize = 0
let template: usize = 0
let stack: usize = 0
let leftOut: usize = 0
let leftOutCounts: usize = 0
let memo: usize = 0
let ramp: usize = 0
let nativeLength: u32 = 0
let keys: usize = 0
let keysEnd: usize = 0
let outLimit: usize = 0
/** Where the places of values are noted, a record for each line; 0: nobody asks. */
let places: usize = 0
/** Bytes of a record. */
let recordSize: usize = 0

/** The record of the line. */
let record: usize = 0
/** The output so far, where a value that is noted may follow. */
let marked: usize = 0

// The results of a run lie in the memory, below everything else: to read a global of WebAssembly costs the host as much as a call.
/** Lines that the last run took. */
const R_TAKEN: usize = 64
/** The end of their output. */
const R_WRITTEN: usize = 68
/** 1: a rule of one of them had no value. */
const R_LEFT_OUT: usize = 72

// From 128 on lies the table of cases: by group of cases two words.

/** The sum of what `begin` has touched, so that no compiler leaves it away. */
export let touched: u32 = 0

/** 1: the line has a wanted key that is new. */
let hasNews: i32 = 0
/** 1: such a key came in a line that could not be read to its end, and will not be new in another one. */
let hasMissed: i32 = 0

let seen: u32 = 0
let depth: i32 = 0
/** Number of the line, so that the host knows which calls belong together. */
let line: u32 = 0

/**
 * Turns to a machine of the memory: to what layout.ts has written there, or to what the machine was when another one took over.
 *
 * @param at its addresses, see `createLayout` in layout.ts
 */
export function begin(at: usize): void {
  // Where it is this one, its memory has been written anew, and the keys that lines have brought are forgotten.
  if (machine !== 0 && machine !== at) {
    store<usize>(machine, keys, 40)
    store<i32>(machine, hasNews, 60)
    store<i32>(machine, hasMissed, 64)
  }
  machine = at
  root = load<usize>(at, 0)
  row = load<usize>(at, 4)
  rowEnd = load<usize>(at, 8)
  template = load<usize>(at, 12)
  stack = load<usize>(at, 16)
  leftOut = load<usize>(at, 20)
  leftOutCounts = load<usize>(at, 24)
  memo = load<usize>(at, 28)
  ramp = load<usize>(at, 32)
  nativeLength = load<u32>(at, 36)
  keys = load<usize>(at, 40)
  keysEnd = load<usize>(at, 44)
  outLimit = load<usize>(at, 48)
  places = load<usize>(at, 52)
  recordSize = load<usize>(at, 56)
  hasNews = load<i32>(at, 60)
  hasMissed = load<i32>(at, 64)
  // A machine that others worked before is not in the caches of the processor, and its scanner follows one address after
  // the other. These loads do not depend on each other: the processor waits for many of them at a time.
  let sum: u32 = 0
  const end = load<usize>(at, 68)
  for (let p = at; p < end; p += CACHE_LINE) sum += load<u32>(p)
  touched = sum
}

const CACHE_LINE: usize = 64

// --- the scanner --------------------------------------------------------------------------------------------

@inline
function isBlank(c: u32): bool {
  return c === 0x20 || c === 0x09 || c === 0x0d
}

function blanks(p: usize): usize {
  seen |= BLANKS
  while (isBlank(load<u8>(p))) p++
  return p
}

/** Which of 16 bytes are no usual part of a string: quotes, backslashes, control characters, bytes beyond ASCII. */
@inline
function special(p: usize): i32 {
  const v = v128.load(p)
  return i8x16.bitmask(
    v128.or(
      v128.or(i8x16.eq(v, i8x16.splat(0x22)), i8x16.eq(v, i8x16.splat(0x5c))),
      // As signed numbers, bytes beyond ASCII are below zero.
      i8x16.lt_s(v, i8x16.splat(0x20)),
    ),
  )
}

/** A string. @param p behind its opening quote */
@inline
function string(p: usize): usize {
  let found = special(p)
  while (found === 0) {
    p += 16
    found = special(p)
  }
  p += ctz(found)
  return load<u8>(p) === 0x22 ? p + 1 : unusualString(p)
}

/** The rest of a string. @param p at the first byte that is not usual */
function unusualString(p: usize): usize {
  while (true) {
    const c = <u32>load<u8>(p)
    if (c === 0x22) return p + 1
    if (c >= 0x80) {
      seen |= NON_ASCII
      do p++
      while (load<u8>(p) >= 0x80)
    } else if (c === 0x5c) {
      seen |= ESCAPE
      const e = <u32>load<u8>(p + 1)
      if (
        e === 0x22 || e === 0x5c || e === 0x2f || e === 0x62 || e === 0x66 || e === 0x6e || e === 0x72 || e === 0x74
      ) {
        p += 2
      } else if (e === 0x75 && isHex(p + 2)) p += 6
      else return 0
    } else return 0
    let found = special(p)
    while (found === 0) {
      p += 16
      found = special(p)
    }
    p += ctz(found)
  }
}

function isHex(p: usize): bool {
  for (let i: usize = 0; i < 4; i++) {
    const c = <u32>load<u8>(p + i)
    if (c - 0x30 > 9 && (c | 0x20) - 0x61 > 5) return false
  }
  return true
}

@inline
function digits(p: usize): usize {
  while (<u32>load<u8>(p) - 0x30 <= 9) p++
  return p
}

function number(p: usize): usize {
  if (load<u8>(p) === 0x2d) p++
  const first = <u32>load<u8>(p)
  if (first === 0x30) p++
  else if (first - 0x31 <= 8) p = digits(p + 1)
  else return 0
  const c = <u32>load<u8>(p)
  return c === 0x2c || c === 0x7d ? p : fraction(p)
}

function fraction(p: usize): usize {
  if (load<u8>(p) === 0x2e) {
    seen |= FRACTION
    const start = ++p
    p = digits(p)
    if (p === start) return 0
  }
  if ((load<u8>(p) | 0x20) === 0x65) {
    seen |= FRACTION
    p++
    const c = load<u8>(p)
    if (c === 0x2d || c === 0x2b) p++
    const start = p
    p = digits(p)
    if (p === start) return 0
  }
  return p
}

/** Any value: validated, not kept. */
function value(p: usize): usize {
  const c = <u32>load<u8>(p)
  if (c === 0x22) return string(p + 1)
  if (c - 0x30 <= 9 || c === 0x2d) return number(p)
  if (c === 0x7b) return skippedObject(p)
  if (c === 0x5b) return array(p)
  const word = load<u32>(p)
  if (word === 0x65757274) return p + 4 // true
  if (word === 0x736c6166 && load<u8>(p + 4) === 0x65) return p + 5 // false
  if (word === 0x6c6c756e) return p + 4 // null
  return 0
}

function array(p: usize): usize {
  if (++depth > MAX_DEPTH) return 0
  p++
  if (isBlank(load<u8>(p))) p = blanks(p)
  if (load<u8>(p) === 0x5d) {
    depth--
    return p + 1
  }
  while (true) {
    const first = <u32>load<u8>(p)
    if (first === 0x7b || first === 0x5b) seen |= NESTED
    p = value(p)
    if (p === 0) return 0
    if (isBlank(load<u8>(p))) p = blanks(p)
    const c = <u32>load<u8>(p)
    p++
    if (c === 0x5d) {
      depth--
      return p
    }
    if (c !== 0x2c) return 0
    if (isBlank(load<u8>(p))) p = blanks(p)
  }
}

function skippedObject(p: usize): usize {
  if (++depth > MAX_DEPTH) return 0
  seen |= NESTED
  p++
  if (isBlank(load<u8>(p))) p = blanks(p)
  if (load<u8>(p) === 0x7d) {
    depth--
    return p + 1
  }
  while (true) {
    if (load<u8>(p) !== 0x22) return 0
    p = string(p + 1)
    if (p === 0) return 0
    if (isBlank(load<u8>(p))) p = blanks(p)
    if (load<u8>(p) !== 0x3a) return 0
    p++
    if (isBlank(load<u8>(p))) p = blanks(p)
    p = value(p)
    if (p === 0) return 0
    if (isBlank(load<u8>(p))) p = blanks(p)
    const c = <u32>load<u8>(p)
    p++
    if (c === 0x7d) {
      depth--
      return p
    }
    if (c !== 0x2c) return 0
    if (isBlank(load<u8>(p))) p = blanks(p)
  }
}

/** True where the key `k` with its colon stands at `p`. */
@inline
function isAt(k: usize, p: usize): bool {
  const length = load<u32>(k, K_LENGTH)
  const key = k + K_BYTES
  if (length > 16) return isLongAt(key, p, length)
  return !differs(v128.load(p), v128.load(key), maskOf(length))
}

/** Ones for so many bytes, at most 16. At `ramp` there are 16 bytes of ones, then 16 of zeros. */
@inline
function maskOf(bytes: u32): v128 {
  return v128.load(ramp + 16 - bytes)
}

@inline
function differs(a: v128, b: v128, mask: v128): bool {
  return v128.any_true(v128.and(v128.xor(a, b), mask))
}

function isLongAt(key: usize, p: usize, length: u32): bool {
  let i: u32 = 0
  for (; i + 16 <= length; i += 16) {
    if (v128.any_true(v128.xor(v128.load(p + i), v128.load(key + i)))) return false
  }
  return i === length || !differs(v128.load(p + i), v128.load(key + i), maskOf(length - i))
}

/** The bucket of a key, which is given with its quotes. layout.ts computes the same. */
function bucketOf(wanted: usize, p: usize, length: u32): usize {
  let hash: u32 = 0x811c9dc5
  for (let i: u32 = 0; i < length; i++) hash = (hash ^ load<u8>(p + i)) * 0x01000193
  return load<usize>(wanted, W_BUCKETS) + ((hash & load<u32>(wanted, W_MASK)) << 2)
}

function known(bucket: usize, p: usize, length: u32): usize {
  for (let k = load<usize>(bucket); k !== 0; k = load<usize>(k, K_CHAIN)) {
    if (load<u32>(k) === length + 1 && memory.compare(k + K_BYTES, p, length) === 0) return k
  }
  return 0
}

/** Keeps a key that nothing is wanted of. Hostile lines may have any number of keys: not all are kept. */
function learn(wanted: usize, bucket: usize, p: usize, length: u32): usize {
  const size = (K_BYTES + length + 4) & ~3
  const count = load<u32>(wanted, W_COUNT)
  if (count >= MAX_KEYS || length > MAX_KEY_LENGTH || keys + size > keysEnd) return 0
  store<u32>(wanted, count + 1, W_COUNT)
  const k = keys
  keys += size
  memory.fill(k, 0, size)
  store<u32>(k, length + 1, K_LENGTH)
  memory.copy(k + K_BYTES, p, length)
  store<u8>(k + K_BYTES + length, 0x3a)
  for (let i: u32 = 0; i < length; i++) if (load<u8>(p + i) >= 0x80) store<u32>(k, NON_ASCII, K_SEEN)
  store<usize>(k, load<usize>(bucket), K_CHAIN)
  store<usize>(bucket, k)
  return k
}

/** The key that `keyAt` has read; 0: one that is not kept. */
let foundKey: usize = 0

/** Reads a key that is not the expected one, and its colon. */
function keyAt(wanted: usize, p: usize): usize {
  if (load<u8>(p) !== 0x22) return 0
  const outer = seen
  seen = 0
  let end = string(p + 1)
  // With an escape in it, it may be a wanted key in disguise.
  if (end === 0 || (seen & ESCAPE) !== 0) return 0
  seen |= outer
  const length = <u32>(end - p)
  const bucket = bucketOf(wanted, p, length)
  foundKey = known(bucket, p, length)
  if (foundKey === 0) foundKey = learn(wanted, bucket, p, length)
  if (load<u8>(end) !== 0x3a) {
    end = blanks(end)
    if (load<u8>(end) !== 0x3a) return 0
  }
  return end + 1
}

/** An object in which something is wanted. The order of its keys is predicted from the line before. */
function object(wanted: usize, p: usize): usize {
  if (++depth > MAX_DEPTH) return 0
  p++
  if (load<u8>(p) !== 0x22) {
    p = blanks(p)
    if (load<u8>(p) === 0x7d) {
      depth--
      return p + 1
    }
  }
  let expected = wanted + W_FIRST
  while (true) {
    let key = load<usize>(expected)
    if (key !== 0 && isAt(key, p)) {
      p += load<u32>(key)
      seen |= load<u32>(key, K_SEEN)
      expected = key + K_NEXT
    } else {
      p = keyAt(wanted, p)
      if (p === 0) return 0
      key = foundKey
      // A key that is not kept leads to nothing: what lines bring must not pile up.
      if (key !== 0) {
        store<usize>(expected, key)
        expected = key + K_NEXT
        if (load<u32>(key, K_MET) === 0) {
          store<u32>(key, 1, K_MET)
          hasNews |= load<usize>(key, K_WANTED) !== 0 ? 1 : 0
        }
      }
    }
    let c = <u32>load<u8>(p)
    if (isBlank(c)) {
      p = blanks(p)
      c = load<u8>(p)
    }
    const child: usize = key === 0 ? 0 : load<usize>(key, K_WANTED)
    if (child === LEAF) p = leaf(row + load<u32>(key, K_SLOT), p, c)
    else if (child === 0) p = c === 0x22 ? string(p + 1) : value(p)
    else p = wantedValue(child, p, c)
    if (p === 0) return 0
    c = load<u8>(p)
    if (c !== 0x2c && c !== 0x7d) {
      p = blanks(p)
      c = load<u8>(p)
    }
    p++
    if (c === 0x7d) {
      depth--
      return p
    }
    if (c !== 0x2c) return 0
    if (load<u8>(p) !== 0x22) p = blanks(p)
  }
}

/** A value in which nothing else is wanted. */
@inline
function leaf(pair: usize, p: usize, c: u32): usize {
  // Given twice: the last one counts.
  if (load<u32>(pair) !== 0) return 0
  store<u32>(pair, <u32>p)
  const outer = seen
  seen = 0
  p = c === 0x22 ? string(p + 1) : value(p)
  store<u32>(pair, (<u32>p << MARK_BITS) | seen, 4)
  seen |= outer
  return p
}

@inline
function wantedValue(wanted: usize, p: usize, c: u32): usize {
  const isEntered = c === 0x7b && load<u32>(wanted, W_HAS_MEMBERS) !== 0
  const slot = load<i32>(wanted, W_SLOT)
  const pair = row + (slot >= 0 ? slot : load<i32>(wanted, W_MARKER))
  // Given twice: the last one counts, and what was noted below the first one does not.
  if (load<u32>(pair) !== 0) return 0
  store<u32>(pair, <u32>p)
  if (slot < 0) return isEntered ? object(wanted, p) : value(p)
  const outer = seen
  seen = 0
  if (c === 0x22) p = string(p + 1)
  else if (isEntered) {
    seen = NESTED
    p = object(wanted, p)
  } else p = value(p)
  store<u32>(pair, (<u32>p << MARK_BITS) | seen, 4)
  seen |= outer
  return p
}

/** Reads the line that begins at `p` into the row. */
function scan(p: usize): usize {
  depth = 0
  seen = 0
  const zero = i64x2.splat(0)
  for (let at = row; at < rowEnd; at += 16) v128.store(at, zero)
  if (load<u8>(p) !== 0x7b) return 0
  p = object(root, p)
  if (p === 0) return 0
  let c = <u32>load<u8>(p)
  while (c !== 0x0a) {
    if (!isBlank(c)) return 0
    c = load<u8>(++p)
  }
  return p + 1
}

// --- the template -------------------------------------------------------------------------------------------

const END: u32 = 0
const TEXT: u32 = 1
const OPEN: u32 = 2
const CLOSE: u32 = 3
const CLOSE_ROOT: u32 = 4
const MARK: u32 = 5
const PLACE: u32 = 6
const COPY: u32 = 7
const STR: u32 = 8
const CASE: u32 = 9
const MAC: u32 = 10
const PART: u32 = 11
const DECIDE: u32 = 12
const COMPUTE: u32 = 13

// All operations begin alike: the operation, then a text that is written first.
const T_LENGTH: usize = 4
const T_TEXT: usize = 8
const T_NEXT_TEXT: usize = 12
/** PLACE: where its pair begins in a record. */
const T_PAIR: usize = 12
/** Length of the text before the value. */
const T_BEFORE: usize = 16
const T_NEXT_PLACE: usize = 20
// Those that write a value go on with the rule, a number of their own, and the slots where the value may stand.
const T_RULE: usize = 12
/** 1: without the value there is no output. */
const T_REQUIRED: usize = 16
/** CASE: the first letter of the case that is changed. DECIDE, COMPUTE: the credit of the memo. */
const T_NUMBER: usize = 20
/**
 * DECIDE: address of the automaton. PART: the separator in eight bits, above them the number of the part. COMPUTE: of a rule of a case, the address
 * of its group's entry in the table of cases, 0: there is none.
 */
const T_MORE: usize = 24
/** DECIDE, PART: the longest value that is dealt with here. COMPUTE: the case. */
const T_LIMIT: usize = 28
const T_COUNT: usize = 32
const T_SLOTS: usize = 36

/** Copies 16 bytes at a time: up to 15 too many, which the next piece overwrites. */
@inline
function copy(to: usize, from: usize, length: u32): void {
  v128.store(to, v128.load(from))
  for (let i: u32 = 16; i < length; i += 16) v128.store(to + i, v128.load(from + i))
}

/** The pair of the first slot that has a value, 0: none. */
@inline
function first(t: usize): usize {
  const count = load<u32>(t, T_COUNT)
  for (let i: u32 = 0; i < count; i++) {
    const pair = row + load<u32>(t + (i << 2), T_SLOTS)
    if (load<u32>(pair) !== 0) return pair
  }
  return 0
}

/** True for a value that is written as we write it. */
@inline
function isOurs(start: usize, marks: u32): bool {
  const c = load<u8>(start)
  return c === 0x22 ? (marks & ESCAPE) === 0 : (marks & (ESCAPE | BLANKS | NESTED)) === 0 && c !== 0x7b
}

/** Writes the output of the line in the row. Returns the end of it. */
function emit(o: usize): usize {
  let t = template
  let open = stack
  let left = leftOut
  while (true) {
    const operation = load<u32>(t)
    const length = load<u32>(t, T_LENGTH)
    if (o + length > outLimit) return 0
    if (operation >= COPY) {
      if (operation === COMPUTE && isOtherCase(t)) {
        t += T_SLOTS + (load<u32>(t, T_COUNT) << 2)
        continue
      }
      const pair = first(t)
      let n = ABSENT
      if (pair !== 0 || operation >= DECIDE) {
        copy(o, load<usize>(t, T_TEXT), length)
        n = emitValue(operation, t, pair, o + length)
        if (n === LEFT) return 0
      }
      if (n >= 0) o += length + n
      else if (n !== OTHER_CASE) {
        if (load<u32>(t, T_REQUIRED) !== 0) return 0
        store<u32>(left, load<u32>(t, T_RULE))
        left += 4
      }
      t += T_SLOTS + (load<u32>(t, T_COUNT) << 2)
      continue
    }
    if (operation >= MARK) {
      if (operation === MARK) {
        marked = o
        t += T_NEXT_TEXT
      } else {
        // Without a value nothing was written.
        if (o > marked) {
          const pair = record + load<u32>(t, T_PAIR)
          store<usize>(pair, marked + load<u32>(t, T_BEFORE))
          store<usize>(pair, o, 4)
        }
        t += T_NEXT_PLACE
      }
      continue
    }
    copy(o, load<usize>(t, T_TEXT), length)
    t += T_NEXT_TEXT
    if (operation === TEXT) o += length
    else if (operation === OPEN) {
      store<usize>(open, o)
      o += length
      store<usize>(open, o, 4)
      open += 8
    } else if (operation === END) {
      o += length
      break
    } else {
      // Each member came with a comma before it: that of the first one becomes the brace.
      open -= 8
      const inner = load<usize>(open, 4)
      if (o > inner) {
        store<u8>(inner, 0x7b)
        store<u8>(o++, 0x7d)
      } else if (operation === CLOSE) o = load<usize>(open)
      else {
        store<u16>(o, 0x7d7b)
        o += 2
      }
    }
  }
  if (o > outLimit) return 0
  if (left > leftOut) store<u32>(R_LEFT_OUT, 1)
  for (let at = leftOut; at < left; at += 4) {
    const count = leftOutCounts + (load<u32>(at) << 2)
    store<u32>(count, load<u32>(count) + 1)
  }
  return o
}

// The host notes in the table of cases which one applies to a line, where it has found that out.
const C_LINE: usize = 0
const C_CASE: usize = 4

/** The rule is known to be one of a case that does not apply: the host need not be asked. */
@inline
function isOtherCase(t: usize): bool {
  const entry = load<usize>(t, T_MORE)
  return entry !== 0 && load<u32>(entry, C_LINE) === line && load<u32>(entry, C_CASE) !== load<u32>(t, T_LIMIT)
}

/** Writes the value of a rule. Returns its length, LEFT, ABSENT or OTHER_CASE. */
@inline
function emitValue(operation: u32, t: usize, pair: usize, o: usize): i32 {
  if (operation === COMPUTE) return computed(t, pair, o)
  if (operation === DECIDE) return decided(t, pair, o)
  const start = load<usize>(pair)
  const marks = load<u32>(pair, 4) & MARKS
  const n = (load<u32>(pair, 4) >> MARK_BITS) - <u32>start
  if (o + n > outLimit) return LEFT
  if (operation === COPY) {
    if (!isOurs(start, marks)) return rewrite(pair, o)
    copy(o, start, n)
    return n
  }
  if (operation === PART) {
    if (n > load<u32>(t, T_LIMIT) || load<u8>(start) !== 0x22 || (marks & ESCAPE) !== 0) {
      return compute(load<i32>(t, T_RULE), o, line, 0)
    }
    return part(o, start, n, load<i32>(t, T_MORE))
  }
  if (n <= nativeLength) {
    const c = <u32>load<u8>(start)
    if (operation === CASE) {
      if (marks === 0 && c === 0x22) {
        changeCase(o, start, n, load<u32>(t, T_NUMBER))
        return n
      }
    } else if (operation === MAC) {
      if (n === MAC_LENGTH && c === 0x22 && standardMac(o, start)) return n
    } else if (c === 0x22) {
      if ((marks & ESCAPE) === 0) {
        copy(o, start, n)
        return n
      }
    } else if (marks === 0 && c - 0x30 <= 9 && n <= 15) {
      store<u8>(o, 0x22)
      v128.store(o + 1, v128.load(start))
      store<u8>(o + n + 1, 0x22)
      return n + 2
    }
  }
  return compute(load<i32>(t, T_RULE), o, line, 0)
}

function changeCase(to: usize, from: usize, length: u32, letter: u32): void {
  // Letters are those whose distance to the first one, as an unsigned number, is below 26.
  const base = i8x16.splat(<i8>(letter - 0x80))
  for (let i: u32 = 0; i < length; i += 16) {
    const v = v128.load(from + i)
    const letters = i8x16.lt_s(i8x16.sub(v, base), i8x16.splat(-128 + 26))
    v128.store(to + i, v128.xor(v, v128.and(letters, i8x16.splat(0x20))))
  }
}

/** `"AA:BB:CC:DD:EE:FF"` */
const MAC_LENGTH: u32 = 19

/** Writes a MAC address of six pairs with equal separators in its standard form. Returns false for any other text. */
function standardMac(to: usize, from: usize): bool {
  const v = v128.load(from + 1)
  const separator = <u32>load<u8>(from + 3)
  if (separator !== 0x3a && separator !== 0x2d) return false
  const between = i8x16(0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0)
  const letters = i8x16.le_u(i8x16.sub(v128.or(v, i8x16.splat(0x20)), i8x16.splat(0x61)), i8x16.splat(5))
  const hex = v128.or(i8x16.le_u(i8x16.sub(v, i8x16.splat(0x30)), i8x16.splat(9)), letters)
  const right = v128.bitselect(i8x16.eq(v, i8x16.splat(<i8>separator)), hex, between)
  let last = <u32>load<u8>(from + 17)
  const isLetter = (last | 0x20) - 0x61 <= 5
  if (!i8x16.all_true(right) || (!isLetter && last - 0x30 > 9)) return false
  if (isLetter) last &= 0xdf
  const upper = v128.andnot(v, v128.and(letters, i8x16.splat(0x20)))
  store<u8>(to, 0x22)
  v128.store(to + 1, v128.bitselect(i8x16.splat(0x3a), upper, between))
  store<u16>(to + 17, <u16>(last | 0x2200))
  return true
}

/**
 * Writes the part of a text between two separators.
 *
 * @param start of the text with its quotes, `n` bytes
 * @param which the separator in eight bits, above them the number of the part; below zero: counted from the end
 * @returns its length or ABSENT
 */
function part(o: usize, start: usize, n: u32, which: i32): i32 {
  const separator = <u32>which & 0xff
  let index = which >> 8
  let from = start + 1
  let to = start + n - 1
  if (index < 0) {
    let p = to
    while (true) {
      while (p > from && load<u8>(p - 1) !== separator) p--
      if (++index === 0) break
      if (p === from) return ABSENT
      to = --p
    }
    from = p
  } else {
    const end = to
    while (true) {
      to = from
      while (to < end && load<u8>(to) !== separator) to++
      if (--index < 0) break
      if (to === end) return ABSENT
      from = to + 1
    }
  }
  const length = <u32>(to - from)
  store<u8>(o, 0x22)
  copy(o + 1, from, length)
  store<u8>(o + 1 + length, 0x22)
  return length + 2
}

// Automaton of a text, see decide.ts.
/** Entries from this on are outcomes. */
const A_LIMIT: usize = 0
const A_START: usize = 4
/** 1: the digits of an integer are a text. */
const A_INTEGERS: usize = 8
const A_OUTCOMES: usize = 12
const A_CLASSES: usize = 16
const A_TRANSITIONS: usize = 144
// An outcome: length of its text, ABSENT, or one of these; address of the text.
/** The rule's function knows. */
const ASK: i32 = -1
/** The value is the text itself. */
const ITSELF: i32 = -4

/** A rule whose value is decided by the bytes of one text. Returns its length, LEFT or ABSENT. */
function decided(t: usize, pair: usize, o: usize): i32 {
  if (pair === 0) return computed(t, pair, o)
  const start = load<usize>(pair)
  const end = <usize>(load<u32>(pair, 4) >> MARK_BITS)
  const n = <u32>(end - start)
  if ((load<u32>(pair, 4) & MARKS) !== 0 || n > load<u32>(t, T_LIMIT)) return computed(t, pair, o)
  const automaton = load<usize>(t, T_MORE)
  const limit = load<u32>(automaton, A_LIMIT)
  let entry = load<u32>(automaton, A_START)
  let p = start
  if (load<u8>(p) === 0x22) {
    // The closing quote leads to an outcome.
    while (entry < limit) entry = follow(automaton, entry, load<u8>(++p))
  } else if (load<u32>(automaton, A_INTEGERS) !== 0 && <u32>load<u8>(p) - 0x30 <= 9 && n <= 15) {
    while (entry < limit && p < end) entry = follow(automaton, entry, load<u8>(p++))
    if (entry < limit) entry = follow(automaton, entry, 0x22)
  } else return computed(t, pair, o)
  const outcome = load<usize>(automaton, A_OUTCOMES) + ((entry - limit) << 3)
  const length = load<i32>(outcome)
  if (length >= 0) {
    if (o + length > outLimit) return LEFT
    copy(o, load<usize>(outcome, 4), length)
    return length
  }
  if (length === ASK) return computed(t, pair, o)
  if (length !== ITSELF) return length
  if (o + n > outLimit) return LEFT
  copy(o, start, n)
  return n
}

@inline
function follow(automaton: usize, entry: u32, c: u32): u32 {
  const index = entry + load<u8>(automaton + c, A_CLASSES)
  return load<u16>(automaton + (index << 1), A_TRANSITIONS)
}

// --- the memo -----------------------------------------------------------------------------------------------

// Entries of one size, for all rules of all machines of the memory together; one that is new takes the place of the old one. A rule is
// known by the address of its operation.
const M_RULE: usize = 0
const M_KEY_LENGTH: usize = 4
const M_LENGTH: usize = 8
const M_KEY: usize = 16
const M_VALUE: usize = 96
const MEMO_SHIFT: u64 = 52
const ENTRY_BITS: usize = 8
const MAX_MEMO_KEY: u32 = 64
const MAX_MEMO_VALUE: i32 = 144

/** A rule begins with it, and gains or loses one with each hit or miss. */
const CREDIT: i32 = 128
const MAX_CREDIT: i32 = 1024
/** Without credit the memo is not asked so many times. */
const PAUSE: i32 = 16384

/**
 * A rule that is computed by the host. Where its value depends on one member alone, it is remembered by that member's
 * bytes. T_NUMBER says how well that goes.
 */
function computed(t: usize, pair: usize, o: usize): i32 {
  const rule = load<i32>(t, T_RULE)
  if (pair === 0) return compute(rule, o, line, 0)
  const start = load<usize>(pair)
  const n = (load<u32>(pair, 4) >> MARK_BITS) - <u32>start
  const credit = load<i32>(t, T_NUMBER)
  if (credit < 0) store<i32>(t, credit === -1 ? CREDIT : credit + 1, T_NUMBER)
  if (credit < 0 || n > MAX_MEMO_KEY || o + MAX_MEMO_VALUE > outLimit) return compute(rule, o, line, 0)
  const entry = entryOf(<u32>t, start, n)
  if (load<u32>(entry, M_RULE) === <u32>t && load<u32>(entry, M_KEY_LENGTH) === n && isKey(entry, start, n)) {
    if (credit < MAX_CREDIT) store<i32>(t, credit + 1, T_NUMBER)
    const length = load<i32>(entry, M_LENGTH)
    if (length > 0) copy(o, entry + M_VALUE, length)
    return length
  }
  store<i32>(t, credit === 0 ? -PAUSE : credit - 1, T_NUMBER)
  const length = compute(rule, o, line, 1)
  if (length === LEFT || length > MAX_MEMO_VALUE) return length
  copy(entry + M_KEY, start, n)
  store<u32>(entry, <u32>t, M_RULE)
  store<u32>(entry, n, M_KEY_LENGTH)
  store<i32>(entry, length, M_LENGTH)
  if (length > 0) copy(entry + M_VALUE, o, length)
  return length
}

@inline
function entryOf(rule: u32, start: usize, n: u32): usize {
  const head = n >= 8 ? load<u64>(start) : load<u64>(start) & (~(<u64>0) >> (<u64>(8 - n) << 3))
  const tail = n >= 8 ? load<u64>(start + n - 8) : 0
  let hash = (head ^ (tail * 0x9e3779b97f4a7c15)) + (<u64>n << 32) + <u64>rule
  if (n > 16) hash ^= load<u64>(start + (n >> 1) - 4) * 0xc2b2ae3d27d4eb4f
  hash = (hash ^ (hash >> 29)) * 0xbf58476d1ce4e5b9
  return memo + (<usize>(hash >> MEMO_SHIFT) << ENTRY_BITS)
}

@inline
function isKey(entry: usize, start: usize, n: u32): bool {
  let i: u32 = 0
  for (; i + 16 <= n; i += 16) {
    if (v128.any_true(v128.xor(v128.load(start + i), v128.load(entry + i, M_KEY)))) return false
  }
  return i === n || !differs(v128.load(start + i), v128.load(entry + i, M_KEY), maskOf(n - i))
}

// --- lines --------------------------------------------------------------------------------------------------

/**
 * Takes lines until one has to go the plain way, `most` are taken, or the output has reached `outEnd`.
 *
 * @param p where the first line begins
 * @param end behind the LF of the last one
 * @param out where the output begins
 * @returns where the first line begins that was not taken, or the end
 */
export function run(p: usize, end: usize, out: usize, outEnd: usize, most: u32): usize {
  let n: u32 = 0
  store<u32>(R_LEFT_OUT, 0)
  record = places
  while (p < end && out < outEnd && n < most) {
    line++
    const next = scan(p)
    if (next === 0) {
      hasMissed |= hasNews
      break
    }
    if ((hasNews | hasMissed) !== 0) {
      hasMissed &= look()
      hasNews = 0
    }
    if (places !== 0) memory.fill(record, 0, recordSize)
    const after = emit(out)
    if (after === 0) break
    store<u8>(after, 0x0a)
    if (places !== 0) {
      store<usize>(record, out)
      store<usize>(record, after + 1, 4)
      record += recordSize
    }
    out = after + 1
    p = next
    n++
  }
  store<u32>(R_TAKEN, n)
  store<usize>(R_WRITTEN, out)
  return p
}

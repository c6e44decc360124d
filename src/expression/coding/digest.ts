/**
 * Hash functions, synchronous and without Node: the language runs in browsers, whose own ones are asynchronous.
 */
import { encodeUtf8 } from './utf8.ts'

type Algorithm = 'md5' | 'sha1' | 'sha256' | 'sha512'

/** The digest of a message. */
type Digest = (message: Uint8Array) => Uint8Array

const MAKERS: Readonly<Record<Algorithm, () => Digest>> = { md5, sha1, sha256, sha512 }

export const ALGORITHMS = Object.keys(MAKERS) as readonly Algorithm[]

export function isAlgorithm(name: unknown): name is Algorithm {
  return typeof name === 'string' && Object.hasOwn(MAKERS, name)
}

/** Texts of so many characters are encoded into one buffer. */
const SHORT_TEXT = 512

/** Computes digests with one algorithm, one after the other: its buffers serve all of them. */
export class Hasher {
  readonly #digest: Digest
  readonly #buffer = new Uint8Array(3 * SHORT_TEXT)

  constructor(algorithm: Algorithm) {
    this.#digest = MAKERS[algorithm]()
  }

  /** The bytes of the digest. */
  digest(message: Uint8Array): Uint8Array {
    return this.#digest(message)
  }

  /** The digest of the text's UTF-8 as hexadecimal digits in lower case. */
  hexOf(text: string): string {
    const message = text.length <= SHORT_TEXT ? encodeUtf8(text, this.#buffer) : encodeUtf8(text)
    return toHex(this.#digest(message))
  }
}

function toHex(bytes: Uint8Array): string {
  let text = ''
  for (let index = 0; index < bytes.length; index++) text += HEX[bytes[index]!]
  return text
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** Goes over the blocks of a message, the last ones with its padding: a one bit, zeros, and the length in bits. */
class Blocks {
  readonly #size: 64 | 128
  readonly #littleEndian: boolean
  readonly #compress: (block: DataView, offset: number) => void
  readonly #tail: Uint8Array
  readonly #tailView: DataView

  constructor(size: 64 | 128, littleEndian: boolean, compress: (block: DataView, offset: number) => void) {
    this.#size = size
    this.#littleEndian = littleEndian
    this.#compress = compress
    this.#tail = new Uint8Array(2 * size)
    this.#tailView = new DataView(this.#tail.buffer)
  }

  read(message: Uint8Array): void {
    const size = this.#size
    const tail = this.#tail
    const rest = message.length % size
    const whole = message.length - rest
    if (whole > 0) {
      const blocks = new DataView(message.buffer, message.byteOffset, whole)
      for (let offset = 0; offset < whole; offset += size) this.#compress(blocks, offset)
    }
    const length = rest + 1 + size / 8 > size ? 2 * size : size
    tail.fill(0)
    for (let index = 0; index < rest; index++) tail[index] = message[whole + index]!
    tail[rest] = 0x80
    const high = Math.floor(message.length / 2 ** 29)
    const low = (message.length % 2 ** 29) * 8
    this.#tailView.setUint32(length - 8, this.#littleEndian ? low : high, this.#littleEndian)
    this.#tailView.setUint32(length - 4, this.#littleEndian ? high : low, this.#littleEndian)
    for (let offset = 0; offset < length; offset += size) this.#compress(this.#tailView, offset)
  }
}

function bytesOf(words: Int32Array, littleEndian: boolean): Uint8Array {
  const bytes = new Uint8Array(4 * words.length)
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!
    for (let byte = 0; byte < 4; byte++)
      bytes[4 * index + byte] = word >>> (8 * (littleEndian ? byte : 3 - byte))
  }
  return bytes
}

function digestWith(blocks: Blocks, state: Int32Array, start: Int32Array, littleEndian: boolean): Digest {
  return (message) => {
    state.set(start)
    blocks.read(message)
    return bytesOf(state, littleEndian)
  }
}

// --- MD5 (RFC 1321) -----------------------------------------------------------------------------------------------

const MD5_SHIFTS = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21]
const MD5_SINES = Int32Array.from({ length: 64 }, (_, index) => Math.abs(Math.sin(index + 1)) * 2 ** 32)

const MD5_START = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476)

function md5(): Digest {
  const state = MD5_START.slice()
  const blocks = new Blocks(64, true, (block, offset) => {
    let a = state[0]!
    let b = state[1]!
    let c = state[2]!
    let d = state[3]!
    for (let step = 0; step < 64; step++) {
      const round = step >> 4
      let mixed: number
      let word: number
      if (round === 0) {
        mixed = (b & c) | (~b & d)
        word = step
      } else if (round === 1) {
        mixed = (d & b) | (~d & c)
        word = 5 * step + 1
      } else if (round === 2) {
        mixed = b ^ c ^ d
        word = 3 * step + 5
      } else {
        mixed = c ^ (b | ~d)
        word = 7 * step
      }
      const sum = (a + mixed + MD5_SINES[step]! + block.getInt32(offset + 4 * (word & 15), true)) | 0
      const shift = MD5_SHIFTS[4 * round + (step & 3)]!
      a = d
      d = c
      c = b
      b = (b + ((sum << shift) | (sum >>> (32 - shift)))) | 0
    }
    state[0] = state[0]! + a
    state[1] = state[1]! + b
    state[2] = state[2]! + c
    state[3] = state[3]! + d
  })
  return digestWith(blocks, state, MD5_START, true)
}

// --- SHA-1 (FIPS 180-4) -------------------------------------------------------------------------------------------

const SHA1_START = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0)
const SHA1_CONSTANTS = Int32Array.of(0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6)

function sha1(): Digest {
  const state = SHA1_START.slice()
  const words = new Int32Array(80)
  const blocks = new Blocks(64, false, (block, offset) => {
    for (let index = 0; index < 16; index++) words[index] = block.getInt32(offset + 4 * index)
    for (let index = 16; index < 80; index++) {
      const word = words[index - 3]! ^ words[index - 8]! ^ words[index - 14]! ^ words[index - 16]!
      words[index] = (word << 1) | (word >>> 31)
    }
    let a = state[0]!
    let b = state[1]!
    let c = state[2]!
    let d = state[3]!
    let e = state[4]!
    for (let round = 0; round < 4; round++) {
      const constant = SHA1_CONSTANTS[round]!
      for (let step = 20 * round; step < 20 * round + 20; step++) {
        let mixed: number
        if (round === 0) mixed = (b & c) | (~b & d)
        else if (round === 2) mixed = (b & c) | (b & d) | (c & d)
        else mixed = b ^ c ^ d
        const sum = (((a << 5) | (a >>> 27)) + mixed + e + ((words[step]! + constant) | 0)) | 0
        e = d
        d = c
        c = (b << 30) | (b >>> 2)
        b = a
        a = sum
      }
    }
    state[0] = state[0]! + a
    state[1] = state[1]! + b
    state[2] = state[2]! + c
    state[3] = state[3]! + d
    state[4] = state[4]! + e
  })
  return digestWith(blocks, state, SHA1_START, false)
}

// --- SHA-256 and SHA-512 (FIPS 180-4) -----------------------------------------------------------------------------

/** The first 64 bits behind the point of the roots of the first 80 primes, as pairs of words. SHA-256 has the first word of each. */
const SQUARE_ROOTS = rootsOfPrimes(8, 2)
const CUBE_ROOTS = rootsOfPrimes(80, 3)

function rootsOfPrimes(count: number, degree: 2 | 3): Int32Array {
  const words: number[] = []
  for (let candidate = 2; words.length < 2 * count; candidate++) {
    if (!isPrime(candidate)) continue
    const root = integerRoot(BigInt(candidate) << BigInt(64 * degree), degree)
    words.push(Number(BigInt.asIntN(32, root >> 32n)), Number(BigInt.asIntN(32, root)))
  }
  return Int32Array.from(words)
}

function isPrime(candidate: number): boolean {
  for (let divisor = 2; divisor * divisor <= candidate; divisor++) if (candidate % divisor === 0) return false
  return true
}

/** The largest integer whose power is not larger than `power`, by halving: it is below 2^69. */
function integerRoot(power: bigint, degree: 2 | 3): bigint {
  let root = 0n
  for (let bit = 1n << 69n; bit > 0n; bit >>= 1n) {
    const larger = root | bit
    if (larger ** BigInt(degree) <= power) root = larger
  }
  return root
}

const SHA256_START = SQUARE_ROOTS.filter((_, index) => index % 2 === 0)
const SHA256_STEPS = CUBE_ROOTS.filter((_, index) => index % 2 === 0)

function sha256(): Digest {
  const state = SHA256_START.slice()
  const words = new Int32Array(64)
  const blocks = new Blocks(64, false, (block, offset) => {
    for (let index = 0; index < 16; index++) words[index] = block.getInt32(offset + 4 * index)
    for (let index = 16; index < 64; index++) {
      const one = words[index - 15]!
      const two = words[index - 2]!
      const small = turned(one, 7) ^ turned(one, 18) ^ (one >>> 3)
      const large = turned(two, 17) ^ turned(two, 19) ^ (two >>> 10)
      words[index] = words[index - 16]! + small + words[index - 7]! + large
    }
    let a = state[0]!
    let b = state[1]!
    let c = state[2]!
    let d = state[3]!
    let e = state[4]!
    let f = state[5]!
    let g = state[6]!
    let h = state[7]!
    for (let step = 0; step < 64; step++) {
      const first =
        (h +
          (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) +
          ((e & f) ^ (~e & g)) +
          SHA256_STEPS[step]! +
          words[step]!) |
        0
      const second = (turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))
      h = g
      g = f
      f = e
      e = (d + first) | 0
      d = c
      c = b
      b = a
      a = (first + second) | 0
    }
    state[0] = state[0]! + a
    state[1] = state[1]! + b
    state[2] = state[2]! + c
    state[3] = state[3]! + d
    state[4] = state[4]! + e
    state[5] = state[5]! + f
    state[6] = state[6]! + g
    state[7] = state[7]! + h
  })
  return digestWith(blocks, state, SHA256_START, false)
}

function turned(word: number, count: number): number {
  return (word >>> count) | (word << (32 - count))
}

/** A word of 64 bits is two of 32: at `2 * index` the high one, behind it the low one. */
function sha512(): Digest {
  const state = SQUARE_ROOTS.slice()
  const words = new Int32Array(160)
  const work = new Int32Array(16)
  const blocks = new Blocks(128, false, (block, offset) => {
    for (let index = 0; index < 32; index++) words[index] = block.getInt32(offset + 4 * index)
    for (let index = 32; index < 160; index += 2) {
      const oneHigh = words[index - 30]!
      const oneLow = words[index - 29]!
      const twoHigh = words[index - 4]!
      const twoLow = words[index - 3]!
      const smallHigh = turnedHigh(oneHigh, oneLow, 1) ^ turnedHigh(oneHigh, oneLow, 8) ^ (oneHigh >>> 7)
      const smallLow =
        turnedHigh(oneLow, oneHigh, 1) ^ turnedHigh(oneLow, oneHigh, 8) ^ ((oneLow >>> 7) | (oneHigh << 25))
      const largeHigh = turnedHigh(twoHigh, twoLow, 19) ^ turnedHigh(twoLow, twoHigh, 29) ^ (twoHigh >>> 6)
      const largeLow =
        turnedHigh(twoLow, twoHigh, 19) ^ turnedHigh(twoHigh, twoLow, 29) ^ ((twoLow >>> 6) | (twoHigh << 26))
      const low =
        (words[index - 31]! >>> 0) + (smallLow >>> 0) + (words[index - 13]! >>> 0) + (largeLow >>> 0)
      words[index + 1] = low
      words[index] = words[index - 32]! + smallHigh + words[index - 14]! + largeHigh + carry(low)
    }
    work.set(state)
    for (let step = 0; step < 160; step += 2) {
      const aHigh = work[0]!
      const aLow = work[1]!
      const eHigh = work[8]!
      const eLow = work[9]!
      const eMixHigh = turnedHigh(eHigh, eLow, 14) ^ turnedHigh(eHigh, eLow, 18) ^ turnedHigh(eLow, eHigh, 9)
      const eMixLow = turnedHigh(eLow, eHigh, 14) ^ turnedHigh(eLow, eHigh, 18) ^ turnedHigh(eHigh, eLow, 9)
      const chooseHigh = (eHigh & work[10]!) ^ (~eHigh & work[12]!)
      const chooseLow = (eLow & work[11]!) ^ (~eLow & work[13]!)
      const firstLow =
        (work[15]! >>> 0) +
        (eMixLow >>> 0) +
        (chooseLow >>> 0) +
        (CUBE_ROOTS[step + 1]! >>> 0) +
        (words[step + 1]! >>> 0)
      const firstHigh =
        (work[14]! + eMixHigh + chooseHigh + CUBE_ROOTS[step]! + words[step]! + carry(firstLow)) | 0
      const aMixHigh = turnedHigh(aHigh, aLow, 28) ^ turnedHigh(aLow, aHigh, 2) ^ turnedHigh(aLow, aHigh, 7)
      const aMixLow = turnedHigh(aLow, aHigh, 28) ^ turnedHigh(aHigh, aLow, 2) ^ turnedHigh(aHigh, aLow, 7)
      const majorityHigh = (aHigh & work[2]!) ^ (aHigh & work[4]!) ^ (work[2]! & work[4]!)
      const majorityLow = (aLow & work[3]!) ^ (aLow & work[5]!) ^ (work[3]! & work[5]!)
      const newLow = (firstLow >>> 0) + (aMixLow >>> 0) + (majorityLow >>> 0)
      const newHigh = firstHigh + aMixHigh + majorityHigh + carry(newLow)
      const dLow = (work[7]! >>> 0) + (firstLow >>> 0)
      const dHigh = work[6]! + firstHigh + carry(dLow)
      work.copyWithin(2, 0, 14)
      work[0] = newHigh
      work[1] = newLow
      work[8] = dHigh
      work[9] = dLow
    }
    for (let index = 0; index < 16; index += 2) {
      const low = (state[index + 1]! >>> 0) + (work[index + 1]! >>> 0)
      state[index] = state[index]! + work[index]! + carry(low)
      state[index + 1] = low
    }
  })
  return digestWith(blocks, state, SQUARE_ROOTS, false)
}

/** The high word of a word of 64 bits that is turned to the right by less than 32; with the halves exchanged, its low word. */
function turnedHigh(high: number, low: number, count: number): number {
  return (high >>> count) | (low << (32 - count))
}

function carry(sum: number): number {
  return Math.floor(sum / 2 ** 32)
}

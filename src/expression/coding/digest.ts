/**
 * Hash functions, synchronous and without Node: the language runs in browsers, whose own ones are asynchronous. Each takes the bytes of
 * a message and gives those of its digest.
 */

type Algorithm = 'md5' | 'sha1' | 'sha256' | 'sha512'

export const DIGESTS: Readonly<Record<Algorithm, (bytes: Uint8Array) => Uint8Array>> = {
  md5,
  sha1,
  sha256,
  sha512,
}

export function isAlgorithm(name: unknown): name is Algorithm {
  return typeof name === 'string' && Object.hasOwn(DIGESTS, name)
}

export function toHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += HEX[byte]
  return text
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** Goes over the blocks of a message, the last ones with its padding: a one bit, zeros, and the length in bits. */
function eachBlock(
  bytes: Uint8Array,
  size: 64 | 128,
  littleEndian: boolean,
  compress: (block: DataView, offset: number) => void,
): void {
  const rest = bytes.length % size
  const whole = bytes.length - rest
  const blocks = new DataView(bytes.buffer, bytes.byteOffset, whole)
  for (let offset = 0; offset < whole; offset += size) compress(blocks, offset)
  const isLong = rest + 1 + size / 8 > size
  const tail = new Uint8Array(isLong ? 2 * size : size)
  tail.set(bytes.subarray(whole))
  tail[rest] = 0x80
  const end = new DataView(tail.buffer)
  const high = Math.floor(bytes.length / 2 ** 29)
  const low = (bytes.length % 2 ** 29) * 8
  end.setUint32(tail.length - 8, littleEndian ? low : high, littleEndian)
  end.setUint32(tail.length - 4, littleEndian ? high : low, littleEndian)
  compress(end, 0)
  if (isLong) compress(end, size)
}

function bytesOf(words: ArrayLike<number>, littleEndian: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * words.length))
  for (let index = 0; index < words.length; index++) view.setInt32(4 * index, words[index]!, littleEndian)
  return new Uint8Array(view.buffer)
}

// --- MD5 (RFC 1321) -----------------------------------------------------------------------------------------------

const MD5_SHIFTS = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21]
const MD5_SINES = Int32Array.from({ length: 64 }, (_, index) => Math.abs(Math.sin(index + 1)) * 2 ** 32)

function md5(bytes: Uint8Array): Uint8Array {
  const state = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476)
  eachBlock(bytes, 64, true, (block, offset) => {
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
    state[0]! += a
    state[1]! += b
    state[2]! += c
    state[3]! += d
  })
  return bytesOf(state, true)
}

// --- SHA-1 (FIPS 180-4) -------------------------------------------------------------------------------------------

function sha1(bytes: Uint8Array): Uint8Array {
  const state = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0)
  const words = new Int32Array(80)
  eachBlock(bytes, 64, false, (block, offset) => {
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
    for (let step = 0; step < 80; step++) {
      let mixed: number
      if (step < 20) mixed = ((b & c) | (~b & d)) + 0x5a827999
      else if (step < 40) mixed = (b ^ c ^ d) + 0x6ed9eba1
      else if (step < 60) mixed = ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc
      else mixed = (b ^ c ^ d) + 0xca62c1d6
      const sum = (((a << 5) | (a >>> 27)) + mixed + e + words[step]!) | 0
      e = d
      d = c
      c = (b << 30) | (b >>> 2)
      b = a
      a = sum
    }
    state[0]! += a
    state[1]! += b
    state[2]! += c
    state[3]! += d
    state[4]! += e
  })
  return bytesOf(state, false)
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

function sha256(bytes: Uint8Array): Uint8Array {
  const state = SQUARE_ROOTS.filter((_, index) => index % 2 === 0)
  const words = new Int32Array(64)
  eachBlock(bytes, 64, false, (block, offset) => {
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
          CUBE_ROOTS[2 * step]! +
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
    state[0]! += a
    state[1]! += b
    state[2]! += c
    state[3]! += d
    state[4]! += e
    state[5]! += f
    state[6]! += g
    state[7]! += h
  })
  return bytesOf(state, false)
}

function turned(word: number, count: number): number {
  return (word >>> count) | (word << (32 - count))
}

/** A word of 64 bits is two of 32: at `2 * index` the high one, behind it the low one. */
function sha512(bytes: Uint8Array): Uint8Array {
  const state = SQUARE_ROOTS.slice()
  const words = new Int32Array(160)
  const work = new Int32Array(16)
  eachBlock(bytes, 128, false, (block, offset) => {
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
  return bytesOf(state, false)
}

/** The high word of a word of 64 bits that is turned to the right by less than 32; with the halves exchanged, its low word. */
function turnedHigh(high: number, low: number, count: number): number {
  return (high >>> count) | (low << (32 - count))
}

function carry(sum: number): number {
  return Math.floor(sum / 2 ** 32)
}

import { Buffer } from 'node:buffer'
import type { Address, AddressRange } from '../keys/ip.ts'
import type { KeyHash } from './key-hash.ts'

const GROUPS = 8
const GROUP_BITS = 16
const IPV4_BITS = 32
const IPV6_BITS = 128

/** All addresses that begin with the same bits, as in `192.0.2.0/24`. */
export interface Block {
  readonly start: Address
  /** Number of bits. */
  readonly prefix: number
}

/**
 * The fewest blocks that make up a range. So a range is found as a network is: by the first bits of an address, one
 * look-up for each length in use, whatever their number and however they overlap. (A tree of ranges would have to be
 * in memory, and would be built anew at every start.)
 */
export function* blocksOf({ first, last }: AddressRange): Generator<Block> {
  const bits = typeof first === 'number' ? IPV4_BITS : IPV6_BITS
  const end = toBigInt(last)
  let at = toBigInt(first)
  while (at <= end) {
    let prefix = bits
    for (let size = 1n; prefix > 0; prefix--) {
      const larger = size * 2n
      if (at % larger !== 0n || at + larger - 1n > end) break
      size = larger
    }
    yield { start: fromBigInt(at, typeof first === 'number'), prefix }
    at += 1n << BigInt(bits - prefix)
  }
}

function toBigInt(address: Address): bigint {
  if (typeof address === 'number') return BigInt(address)
  let value = 0n
  for (let i = 0; i < GROUPS; i++) value = (value << 16n) | BigInt(address.charCodeAt(i))
  return value
}

function fromBigInt(value: bigint, isIpv4: boolean): Address {
  if (isIpv4) return Number(value)
  let address = ''
  for (let i = GROUPS - 1; i >= 0; i--) {
    address += String.fromCharCode(Number((value >> BigInt(i * GROUP_BITS)) & 0xffffn))
  }
  return address
}

/** The start of the block with this prefix that holds the address. */
export function blockStart(address: Address, prefix: number): Address {
  if (typeof address === 'number') return prefix === 0 ? 0 : (address & (-1 << (IPV4_BITS - prefix))) >>> 0
  let start = ''
  for (let i = 0; i < GROUPS; i++) {
    const bits = Math.min(Math.max(prefix - i * GROUP_BITS, 0), GROUP_BITS)
    start += String.fromCharCode(address.charCodeAt(i) & ~(0xffff >> bits))
  }
  return start
}

/** All addresses of a block. */
export function blockRange({ start, prefix }: Block): AddressRange {
  if (typeof start === 'number') return { first: start, last: start + 2 ** (IPV4_BITS - prefix) - 1 }
  let last = ''
  for (let i = 0; i < GROUPS; i++) {
    const bits = Math.min(Math.max(prefix - i * GROUP_BITS, 0), GROUP_BITS)
    last += String.fromCharCode(start.charCodeAt(i) | (0xffff >> bits))
  }
  return { first: start, last }
}

/** Starts a hash with a block. */
export function hashBlock(hash: KeyHash, { start, prefix }: Block): void {
  hash.start()
  if (typeof start === 'number') hash.addNumber(start)
  else hash.addText(start)
  hash.add(prefix)
}

/** The key of a block's entry: `prefix start`, and the ends of the range if the block is not all of it. */
export function blockKey(block: Block, range: AddressRange): Buffer {
  const whole = blockRange(block)
  const isWhole = whole.first === range.first && whole.last === range.last
  const size = typeof block.start === 'number' ? 4 : 16
  const key = Buffer.allocUnsafe(1 + size * (isWhole ? 1 : 3))
  key[0] = block.prefix
  writeAddress(key, block.start, 1)
  if (!isWhole) {
    writeAddress(key, range.first, 1 + size)
    writeAddress(key, range.last, 1 + 2 * size)
  }
  return key
}

/** The range of an entry with this key, undefined when it is one of another block. */
export function rangeOfKey(key: Buffer, block: Block): AddressRange | undefined {
  const isIpv4 = typeof block.start === 'number'
  const size = isIpv4 ? 4 : 16
  if (key.length !== 1 + size && key.length !== 1 + 3 * size) return undefined
  if (key[0] !== block.prefix || readAddress(key, 1, isIpv4) !== block.start) return undefined
  if (key.length === 1 + size) return blockRange(block)
  return { first: readAddress(key, 1 + size, isIpv4), last: readAddress(key, 1 + 2 * size, isIpv4) }
}

/** The range of a block's key, and the block. */
export function readBlockKey(key: Buffer, isIpv4: boolean): { block: Block; range: AddressRange } {
  const block = { start: readAddress(key, 1, isIpv4), prefix: key[0]! }
  return { block, range: rangeOfKey(key, block)! }
}

function writeAddress(bytes: Buffer, address: Address, at: number): void {
  if (typeof address === 'number') bytes.writeUInt32BE(address, at)
  else for (let i = 0; i < GROUPS; i++) bytes.writeUInt16BE(address.charCodeAt(i), at + 2 * i)
}

function readAddress(bytes: Buffer, at: number, isIpv4: boolean): Address {
  if (isIpv4) return bytes.readUInt32BE(at)
  let address = ''
  for (let i = 0; i < GROUPS; i++) address += String.fromCharCode(bytes.readUInt16BE(at + 2 * i))
  return address
}

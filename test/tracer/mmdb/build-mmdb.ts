import { Buffer } from 'node:buffer'
import ipaddr from 'ipaddr.js'

/** The values that a database can hold. */
export type MmdbValue =
  | string
  | number
  | bigint
  | boolean
  | Buffer
  | readonly MmdbValue[]
  | { readonly [name: string]: MmdbValue }

export interface MmdbSpec {
  /** CIDR and record; a network within another comes after it. */
  readonly networks: readonly (readonly [network: string, record: MmdbValue])[]
  readonly databaseType?: string
  readonly ipVersion?: 4 | 6
  readonly recordSize?: 24 | 28 | 32
  /** In place of, or beside, what the metadata has. */
  readonly metadata?: { readonly [name: string]: MmdbValue }
}

/** A node of the search tree, or the place of a record in the data. */
type Branch = { readonly children: [Branch, Branch] } | { readonly record: number } | undefined

const SEPARATOR = Buffer.alloc(16)
const METADATA_START = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1')

/** An `.mmdb` file: a binary tree over the bits of addresses, the records that it leads to, and metadata at the end. */
export function buildMmdb(spec: MmdbSpec): Buffer {
  const { networks, databaseType = 'GeoLite2-City', ipVersion = 6, recordSize = 24, metadata = {} } = spec
  const data: Buffer[] = []
  let dataBytes = 0
  let root: Branch
  for (const [network, record] of networks) {
    root = insert(root, bitsOf(network, ipVersion), 0, { record: dataBytes })
    data.push(encode(record))
    dataBytes += data.at(-1)!.length
  }
  const nodes: [Branch, Branch][] = []
  const numbers = new Map<Branch, number>()
  const visit = (branch: Branch) => {
    if (branch === undefined || 'record' in branch) return
    numbers.set(branch, nodes.push(branch.children) - 1)
    for (const child of branch.children) visit(child)
  }
  visit(root)
  const pointer = (branch: Branch) => {
    if (branch === undefined) return nodes.length
    return 'record' in branch ? nodes.length + SEPARATOR.length + branch.record : numbers.get(branch)!
  }
  const tree = nodes.map(([left, right]) => encodeNode(pointer(left), pointer(right), recordSize))
  const description = encode({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_700_000_000n,
    database_type: databaseType,
    description: { en: 'Made by a test' },
    ip_version: ipVersion,
    languages: ['en'],
    node_count: nodes.length,
    record_size: recordSize,
    ...metadata,
  })
  return Buffer.concat([...tree, SEPARATOR, ...data, METADATA_START, description])
}

function bitsOf(network: string, ipVersion: 4 | 6): number[] {
  const [address, length] = ipaddr.parseCIDR(network)
  const bytes = address.toByteArray()
  const isMapped = address.kind() === 'ipv4' && ipVersion === 6
  const bits = bytes.flatMap((byte) => Array.from({ length: 8 }, (_, i) => (byte >> (7 - i)) & 1))
  return [...(isMapped ? Array(96).fill(0) : []), ...bits.slice(0, length)]
}

function insert(branch: Branch, bits: readonly number[], depth: number, leaf: Branch): Branch {
  if (depth === bits.length) return leaf
  const children: [Branch, Branch] =
    branch === undefined
      ? [undefined, undefined]
      : 'record' in branch
        ? [branch, branch]
        : [...branch.children]
  const bit = bits[depth]!
  children[bit] = insert(children[bit], bits, depth + 1, leaf)
  return { children }
}

function encodeNode(left: number, right: number, recordSize: number): Buffer {
  const node = Buffer.alloc(recordSize / 4)
  if (recordSize === 24) {
    node.writeUIntBE(left, 0, 3)
    node.writeUIntBE(right, 3, 3)
  } else if (recordSize === 28) {
    node.writeUIntBE(left & 0xffffff, 0, 3)
    node[3] = ((left >>> 24) << 4) | (right >>> 24)
    node.writeUIntBE(right & 0xffffff, 4, 3)
  } else {
    node.writeUInt32BE(left, 0)
    node.writeUInt32BE(right, 4)
  }
  return node
}

function encode(value: MmdbValue): Buffer {
  if (typeof value === 'string') {
    const bytes = Buffer.from(value)
    return Buffer.concat([control(2, bytes.length), bytes])
  }
  if (typeof value === 'boolean') return control(14, value ? 1 : 0)
  if (typeof value === 'bigint') return encodeUnsigned(9, value)
  if (typeof value === 'number') {
    if (Number.isInteger(value) && value >= 0) return encodeUnsigned(6, BigInt(value))
    const bytes = Buffer.alloc(8)
    bytes.writeDoubleBE(value)
    return Buffer.concat([control(3, 8), bytes])
  }
  if (Buffer.isBuffer(value)) return Buffer.concat([control(4, value.length), value])
  if (Array.isArray(value)) return Buffer.concat([control(11, value.length), ...value.map(encode)])
  const members = Object.entries(value as { readonly [name: string]: MmdbValue })
  return Buffer.concat([
    control(7, members.length),
    ...members.flatMap(([name, member]) => [encode(name), encode(member)]),
  ])
}

function encodeUnsigned(type: number, value: bigint): Buffer {
  const hex = value === 0n ? '' : value.toString(16)
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  return Buffer.concat([control(type, bytes.length), bytes])
}

/** Type and size of what follows. */
function control(type: number, size: number): Buffer {
  const bits = type < 8 ? type << 5 : 0
  const extended = type < 8 ? [] : [type - 7]
  if (size < 29) return Buffer.from([bits | size, ...extended])
  if (size < 285) return Buffer.from([bits | 29, ...extended, size - 29])
  const rest = size - 285
  return Buffer.from([bits | 30, ...extended, rest >> 8, rest & 0xff])
}

import { Hasher } from '../coding/digest.ts'
import { typeError, valueError } from '../failure.ts'
import { ipv4Number, ipv6Groups, withoutZone } from '../net/ip.ts'
import { notText } from '../net/text-argument.ts'
import { parseDigits } from '../runtime/numbers/number-text.ts'
import { typeName } from '../runtime/numbers/numbers.ts'
import type { Maybe, Value } from '../value.ts'
import type { EventContext, FunctionDefinition } from './definition.ts'

export const communityId: FunctionDefinition = {
  name: 'community_id',
  signature: 'src_ip, dst_ip, transport, src_port=None, dst_port=None, seed=0',
  group: 'hosts',
  returns: 'text?',
  pure: true,
  summary:
    'Computes the Community ID of a flow, version 1: both directions have the same one, in every tool.',
  parameters: {
    src_ip: 'an IP address, a text',
    dst_ip: 'the other one, of the same version',
    transport: 'the protocol: its number, or its name in any case (`tcp udp icmp icmp6 sctp`, ...)',
    src_port: 'the port, an integer or a text of digits; for ICMP the type',
    dst_port: 'the port; for ICMP the code',
    seed: 'an integer from 0 to 65535 that the sensors of a network share. Default: 0',
  },
  result:
    'The id, `1:` and the base64 of a SHA-1. Absent where an address, a port or the protocol is none, where `tcp`, `udp`, `sctp` or ICMP has no ports, and where one port is missing.',
  errors: {
    TYPE_ERROR: 'an argument is of another type',
    VALUE_ERROR: '`seed` is not an integer from 0 to 65535',
  },
  notes: [
    'Types of ICMP that ask and answer are mapped to one another as Zeek does it: an echo request and its reply are one flow. Other types have a direction, and their',
    'code counts. The zone of an IPv6 address does not count.',
  ].join('\n'),
  examples: [
    {
      expression: "community_id(src, dst, 'tcp', sport, dport)",
      event: { src: '128.232.110.120', dst: '66.35.250.204', sport: 34855, dport: 80 },
      result: '1:LQU9qZlK+B5F3KDmev6m5PMibrg=',
    },
    {
      expression: 'community_id(src, dst, proto, sport, dport)',
      event: { src: '66.35.250.204', dst: '128.232.110.120', proto: 6, sport: '80', dport: '34855' },
      result: '1:LQU9qZlK+B5F3KDmev6m5PMibrg=',
    },
    {
      expression: "community_id('192.168.0.89', '192.168.0.1', 'icmp', 8, 0)",
      result: '1:X0snYXpgwiv9TZtqg64sgzUn6Dk=',
    },
    { expression: "community_id('10.1.24.4', '10.1.12.1', 46)", result: '1:/nQI4Rh/TtY3mf0R2gJFBkVlgS4=' },
    { expression: "community_id(src, '10.0.0.1', 'tcp', 1, 2)", event: { src: 'web1' }, result: undefined },
    { expression: "community_id('10.0.0.1', '10.0.0.2', 'tcp')", result: undefined },
    { expression: "community_id(src, '10.0.0.1', 6, 1, 2)", event: { src: 1 }, rejected: 'TYPE_ERROR' },
  ],
  implementation: { kind: 'prepared', constants: {}, prepare },
}

/** Prepared, though nothing is constant: one hasher and its message serve all events. */
function prepare(): (context: EventContext, ...args: Value[]) => Maybe<string> {
  const flow = new FlowHasher()
  return (_context, srcIp, dstIp, transport, srcPort = null, dstPort = null, seed = 0) => {
    if (typeof srcIp !== 'string') throw notText('community_id', 'src_ip', srcIp!)
    if (typeof dstIp !== 'string') throw notText('community_id', 'dst_ip', dstIp!)
    const protocol = protocolNumber(transport!)
    const source = portNumber('src_port', srcPort)
    const destination = portNumber('dst_port', dstPort)
    if (typeof seed !== 'number' || !(seed >= 0 && seed <= 65535) || !Number.isInteger(seed))
      throw valueError('community_id() seed must be an integer from 0 to 65535')
    if (protocol === undefined || source === undefined || destination === undefined) return undefined
    if (!flow.setAddresses(srcIp, dstIp)) return undefined
    let ports: Ports | undefined
    if (source !== NO_PORT && destination !== NO_PORT) ports = portsOf(protocol, source, destination)
    else if (source !== destination || WITH_PORTS.has(protocol)) return undefined
    return flow.id(seed, protocol, ports)
  }
}

const ICMP = 1
const ICMP6 = 58
const WITH_PORTS: ReadonlySet<number> = new Set([ICMP, 6, 17, ICMP6, 132])
const NO_PORT = -1

const PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ...([
    ['icmp', ICMP],
    ['igmp', 2],
    ['tcp', 6],
    ['udp', 17],
    ['ipv6', 41],
    ['rsvp', 46],
    ['gre', 47],
    ['esp', 50],
  ] as const),
  ...([
    ['ah', 51],
    ['icmp6', ICMP6],
    ['icmpv6', ICMP6],
    ['ipv6-icmp', ICMP6],
    ['eigrp', 88],
    ['ospf', 89],
  ] as const),
  ...([
    ['pim', 103],
    ['vrrp', 112],
    ['l2tp', 115],
    ['sctp', 132],
    ['udplite', 136],
  ] as const),
])

/** Types of ICMP and ICMPv6 that ask and answer, or the other way round. */
const ICMP_PAIRS = pairs([8, 0], [13, 14], [15, 16], [10, 9], [17, 18])
const ICMP6_PAIRS = pairs([128, 129], [130, 131], [133, 134], [135, 136], [139, 140], [144, 145])

function pairs(...both: readonly (readonly [number, number])[]): ReadonlyMap<number, number> {
  return new Map(both.flatMap(([one, other]) => [[one, other] as const, [other, one] as const]))
}

interface Ports {
  readonly source: number
  readonly destination: number
  /** The flow has one direction only. */
  readonly oneWay: boolean
}

function portsOf(protocol: number, source: number, destination: number): Ports {
  const answers = protocol === ICMP ? ICMP_PAIRS : protocol === ICMP6 ? ICMP6_PAIRS : undefined
  const answer = answers?.get(source)
  return {
    source,
    destination: answer ?? destination,
    oneWay: answers !== undefined && answer === undefined,
  }
}

/** Digits of a port or a protocol at most. */
const MAX_DIGITS = 5

/** Undefined: there is no such protocol. */
function protocolNumber(transport: Value): Maybe<number> {
  if (typeof transport === 'string') {
    const known = PROTOCOLS.get(transport.toLowerCase())
    if (known !== undefined) return known
    return inRange(parseDigits(transport, MAX_DIGITS), 255)
  }
  if (typeof transport === 'number') return inRange(transport, 255)
  throw typeError(`community_id() argument 'transport' must be str or int, not ${typeName(transport)}`)
}

/** Undefined: that is no port. */
function portNumber(parameter: string, port: Value): Maybe<number> {
  if (port === null) return NO_PORT
  if (typeof port === 'number') return inRange(port, 65535)
  if (typeof port === 'string') return inRange(parseDigits(port, MAX_DIGITS), 65535)
  throw typeError(`community_id() argument '${parameter}' must be int, str or None, not ${typeName(port)}`)
}

function inRange(value: Maybe<number>, limit: number): Maybe<number> {
  return value !== undefined && Number.isInteger(value) && value >= 0 && value <= limit ? value : undefined
}

/** Bytes before the addresses, and those of the longest message. */
const SEED_BYTES = 2
const MESSAGE_BYTES = SEED_BYTES + 2 * 16 + 6

/** Makes ids, one after the other. */
class FlowHasher {
  readonly #hasher = new Hasher('sha1')
  /** seed (2 bytes), the smaller address, the larger one, protocol, 0, the port of each (2 bytes) */
  readonly #message = new Uint8Array(MESSAGE_BYTES)
  /** Messages by their length: views of the one above. */
  readonly #views: (Uint8Array | undefined)[] = []
  /** Bytes of an address. */
  #size = 0

  /** Notes the addresses of the flow. @returns false where one is none, or they are of two versions */
  setAddresses(source: string, destination: string): boolean {
    const size = this.#write(source, SEED_BYTES)
    this.#size = size
    return size > 0 && this.#write(destination, SEED_BYTES + size) === size
  }

  /** Writes an address to the message. @returns its length; 0: it is none */
  #write(text: string, at: number): number {
    const message = this.#message
    const number = ipv4Number(text)
    if (number >= 0) {
      message[at] = number >>> 24
      message[at + 1] = number >>> 16
      message[at + 2] = number >>> 8
      message[at + 3] = number
      return 4
    }
    const groups = ipv6Groups(withoutZone(text))
    if (groups === undefined) return 0
    for (let index = 0; index < 8; index++) {
      const group = groups[index]!
      message[at + 2 * index] = group >> 8
      message[at + 2 * index + 1] = group
    }
    return 16
  }

  id(seed: number, protocol: number, ports: Ports | undefined): string {
    const order = this.#compare()
    const isInOrder =
      ports?.oneWay === true ||
      order < 0 ||
      (order === 0 && (ports === undefined || ports.source < ports.destination))
    if (!isInOrder) this.#exchange()
    const message = this.#message
    message[0] = seed >> 8
    message[1] = seed
    const at = SEED_BYTES + 2 * this.#size
    message[at] = protocol
    message[at + 1] = 0
    if (ports !== undefined) {
      const { source, destination } = ports
      const first = isInOrder ? source : destination
      const second = isInOrder ? destination : source
      message[at + 2] = first >> 8
      message[at + 3] = first
      message[at + 4] = second >> 8
      message[at + 5] = second
    }
    return `1:${toBase64(this.#hasher.digest(this.#view(at + (ports === undefined ? 2 : 6))))}`
  }

  /** The address of the source against that of the destination: below 0, 0, above 0. */
  #compare(): number {
    const message = this.#message
    const size = this.#size
    for (let index = SEED_BYTES; index < SEED_BYTES + size; index++) {
      const difference = message[index]! - message[index + size]!
      if (difference !== 0) return difference
    }
    return 0
  }

  #exchange(): void {
    const message = this.#message
    const size = this.#size
    for (let index = SEED_BYTES; index < SEED_BYTES + size; index++) {
      const byte = message[index]!
      message[index] = message[index + size]!
      message[index + size] = byte
    }
  }

  #view(length: number): Uint8Array {
    this.#views[length] ??= this.#message.subarray(0, length)
    return this.#views[length]
  }
}

const BASE64 = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', (digit) =>
  digit.charCodeAt(0),
)
const PADDING = 0x3d

/** The 20 bytes of a digest, of which the last two make three digits, in one call that makes one flat text: `btoa` takes five times as long for so few. */
function toBase64(bytes: Uint8Array): string {
  const codes: number[] = []
  for (let index = 0; index < 18; index += 3) {
    const bits = (bytes[index]! << 16) | (bytes[index + 1]! << 8) | bytes[index + 2]!
    codes.push(BASE64[bits >> 18]!, BASE64[(bits >> 12) & 63]!, BASE64[(bits >> 6) & 63]!, BASE64[bits & 63]!)
  }
  const bits = (bytes[18]! << 10) | (bytes[19]! << 2)
  codes.push(BASE64[bits >> 12]!, BASE64[(bits >> 6) & 63]!, BASE64[bits & 63]!, PADDING)
  return String.fromCharCode(...codes)
}

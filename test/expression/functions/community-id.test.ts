import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { communityId } from '../../../src/expression/functions/community-id.ts'
import { propertyRuns } from '../../property-runs.ts'
import { hostWith, type Outcome, outcomeOf } from './calling.ts'

const { implementation } = communityId
assert.ok(implementation.kind === 'prepared')
const idOf = implementation.prepare({}, hostWith({}))
const call = (...args: any[]): Outcome => outcomeOf((context) => idOf(context, ...args))

/** Flows, and the ids that the reference implementation has for them with the seeds 0 and 1. */
const VECTORS: readonly (readonly [string, string, string, number, number, string, string])[] = [
  [
    '192.168.0.89',
    '192.168.0.1',
    'icmp',
    8,
    0,
    '1:X0snYXpgwiv9TZtqg64sgzUn6Dk=',
    '1:03g6IloqVBdcZlPyX8r0hgoE7kA=',
  ],
  [
    '192.168.0.1',
    '192.168.0.89',
    'icmp',
    0,
    8,
    '1:X0snYXpgwiv9TZtqg64sgzUn6Dk=',
    '1:03g6IloqVBdcZlPyX8r0hgoE7kA=',
  ],
  [
    '192.168.0.1',
    '192.168.0.89',
    'icmp',
    0,
    20,
    '1:X0snYXpgwiv9TZtqg64sgzUn6Dk=',
    '1:03g6IloqVBdcZlPyX8r0hgoE7kA=',
  ],
  [
    '192.168.0.89',
    '192.168.0.1',
    'icmp',
    20,
    0,
    '1:3o2RFccXzUgjl7zDpqmY7yJi8rI=',
    '1:lCXHHxavE1Vq3oX9NH5ladQg02o=',
  ],
  [
    '192.168.0.89',
    '192.168.0.1',
    'icmp',
    20,
    1,
    '1:tz/fHIDUHs19NkixVVoOZywde+I=',
    '1:Ie3wmFyxiEyikbsbcO03d2nh+PM=',
  ],
  [
    'fe80::200:86ff:fe05:80da',
    'fe80::260:97ff:fe07:69ea',
    'icmp6',
    135,
    0,
    '1:dGHyGvjMfljg6Bppwm3bg0LO8TY=',
    '1:kHa1FhMYIT6Ym2Vm2AOtoOARDzY=',
  ],
  [
    'fe80::260:97ff:fe07:69ea',
    'fe80::200:86ff:fe05:80da%1',
    'IPv6-ICMP',
    136,
    0,
    '1:dGHyGvjMfljg6Bppwm3bg0LO8TY=',
    '1:kHa1FhMYIT6Ym2Vm2AOtoOARDzY=',
  ],
  [
    '3ffe:507:0:1:260:97ff:fe07:69ea',
    '3ffe:507:0:1:200:86ff:fe05:80da',
    'icmp6',
    3,
    0,
    '1:NdobDX8PQNJbAyfkWxhtL2Pqp5w=',
    '1:OlOWx9psIbBFi7lOCw/4MhlKR9M=',
  ],
  [
    '3ffe:507:0:1:200:86ff:fe05:80da',
    '3ffe:507:0:1:260:97ff:fe07:69ea',
    'icmp6',
    3,
    0,
    '1:/OGBt9BN1ofenrmSPWYicpij2Vc=',
    '1:Ij4ZxnC87/MXzhOjvH2vHu7LRmE=',
  ],
  [
    '192.168.170.8',
    '192.168.170.56',
    'sctp',
    7,
    80,
    '1:jQgCxbku+pNGw8WPbEc/TS/uTpQ=',
    '1:Y1/0jQg6e+I3ZwZZ9LP65DNbTXU=',
  ],
  [
    '66.35.250.204',
    '128.232.110.120',
    'TCP',
    80,
    34855,
    '1:LQU9qZlK+B5F3KDmev6m5PMibrg=',
    '1:3V71V58M3Ksw/yuFALMcW0LAHvc=',
  ],
  [
    '10.0.0.1',
    '10.0.0.2',
    'tcp',
    10,
    11569,
    '1:SXBGMX1lBOwhhoDrZynfROxnhnM=',
    '1:HmBRGR+fUyXF4t8WEtal7Y0gEAo=',
  ],
  [
    '192.168.1.52',
    '8.8.8.8',
    'udp',
    54585,
    53,
    '1:d/FP5EW3wiY1vCndhwleRRKHowQ=',
    '1:Q9We8WO3piVF8yEQBNJF4uiSVrI=',
  ],
]

test('ids are those of the reference implementation', () => {
  for (const [src, dst, transport, sport, dport, id, seeded] of VECTORS) {
    assert.equal(call(src, dst, transport, sport, dport).value, id)
    assert.equal(call(src, dst, transport, String(sport), String(dport), 1).value, seeded)
  }
  for (const [seed, id] of [
    [0, '1:/nQI4Rh/TtY3mf0R2gJFBkVlgS4='],
    [1, '1:BK3BVW3U2eemuwVQVN3zd/GULno='],
  ] as const) {
    assert.equal(call('10.1.24.4', '10.1.12.1', 46, null, null, seed).value, id)
    assert.equal(call('10.1.12.1', '10.1.24.4', '46', null, null, seed).value, id)
  }
})

test('both directions have one id', () => {
  const port = fc.integer({ min: 0, max: 65535 })
  for (const address of [fc.ipV4(), fc.ipV6()])
    fc.assert(
      fc.property(address, address, port, port, (src, dst, sport, dport) => {
        const id = call(src, dst, 'udp', sport, dport).value
        assert.match(String(id), /^1:[\w+/]{27}=$/)
        assert.equal(call(dst, src, 17, dport, sport).value, id)
      }),
    )
})

test('the bytes are those of the specification', () => {
  const bytes = [0, 9, 10, 0, 0, 1, 10, 0, 0, 1, 6, 0, 0, 5, 1, 0]
  const id = createHash('sha1').update(Uint8Array.from(bytes)).digest('base64')
  assert.equal(call('10.0.0.1', '10.0.0.1', 'tcp', 256, 5, 9).value, `1:${id}`)
})

test('what is no flow is absent, and other types are errors', () => {
  const ok = ['10.0.0.1', '10.0.0.2', 'tcp', 1, 2] as const
  for (const [index, value] of [
    [0, '10.0.0'],
    [0, ''],
    [1, '::1'],
    [2, 'tpc'],
    [2, 256],
    [2, -1],
    [2, 1.5],
    [2, '999'],
    [3, 65536],
    [3, '1/tcp'],
    [3, ''],
    [3, null],
    [4, -1],
  ] as const) {
    const flow: (string | number | null)[] = [...ok]
    flow[index] = value
    assert.equal(call(...flow).value, undefined, String(flow))
    assert.equal(call(...flow).code, undefined, String(flow))
  }
  for (const [index, value] of [
    [0, 1],
    [1, null],
    [2, null],
    [3, true],
    [4, []],
  ] as const) {
    const flow: unknown[] = [...ok]
    flow[index] = value
    assert.equal(call(...(flow as string[])).code, 'TYPE_ERROR', String(flow))
  }
  for (const seed of [-1, 65536, 0.5, '0', null])
    assert.equal(call(...ok, seed).code, 'VALUE_ERROR', String(seed))
})

test('an id does not depend on the flows before it', () => {
  const byte = fc.integer({ min: 0, max: 255 })
  const version = fc.constantFrom(4, 16).chain((size) => {
    const address = fc.array(byte, { minLength: size, maxLength: size })
    return fc.tuple(address, fc.oneof(address, fc.constant(undefined)))
  })
  const port = fc.integer({ min: 0, max: 65535 })
  const ports = fc.option(fc.tuple(port, fc.oneof(port, fc.constant(undefined))), { nil: undefined })
  const written = (address: readonly number[]): string => {
    if (address.length === 4) return address.join('.')
    const groups = Array.from({ length: 8 }, (_, at) => (address[2 * at]! << 8) | address[2 * at + 1]!)
    return groups.map((group) => group.toString(16)).join(':')
  }
  fc.assert(
    fc.property(version, ports, port, byte, ([from, other], both, seed, start) => {
      const to = other ?? from
      // Protocols above 200 have no names and no ports of their own.
      const protocol = both === undefined ? 200 + (start % 56) : 17
      const [source = 0, second] = both ?? []
      const destination = second ?? source
      const order = Buffer.compare(Buffer.from(from), Buffer.from(to))
      const isInOrder = order < 0 || (order === 0 && (both === undefined || source < destination))
      const message = [
        seed >> 8,
        seed & 255,
        ...(isInOrder ? [...from, ...to] : [...to, ...from]),
        protocol,
        0,
      ]
      const inOrder = isInOrder ? [source, destination] : [destination, source]
      if (both !== undefined) message.push(...inOrder.flatMap((each) => [each >> 8, each & 255]))
      const id = createHash('sha1').update(Uint8Array.from(message)).digest('base64')
      const given = both === undefined ? [null, null] : [source, destination]
      assert.equal(call(written(from), written(to), protocol, ...given, seed).value, `1:${id}`)
    }),
    { numRuns: propertyRuns(2000) },
  )
})

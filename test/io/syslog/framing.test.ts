import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { FrameReader } from '../../../src/io/syslog/framing.ts'
import { dropsIn } from '../../../src/io/syslog/kernel-drops.ts'
import { MessageEvents, peerTail } from '../../../src/io/syslog/message-events.ts'
import { propertyRuns } from '../../property-runs.ts'

/** The messages of a connection whose bytes come in these pieces; `+` behind one says that it was cut off. */
function framed(pieces: readonly Uint8Array[], maxBytes = 1000): string[] {
  const messages: string[] = []
  const reader = new FrameReader(maxBytes, (message, isTruncated) => {
    messages.push(`${Buffer.from(message).toString('latin1')}${isTruncated ? '+' : ''}`)
  })
  for (const piece of pieces) reader.push(piece)
  reader.end()
  return messages
}

/** The same for the text split at every byte. */
function everywhere(text: string, expected: readonly string[], maxBytes?: number): void {
  const bytes = Buffer.from(text, 'latin1')
  assert.deepEqual(framed([bytes], maxBytes), expected)
  assert.deepEqual(
    framed(
      [...bytes].map((byte) => Uint8Array.of(byte)),
      maxBytes,
    ),
    expected,
  )
  for (let at = 1; at < bytes.length; at++) {
    assert.deepEqual(
      framed([bytes.subarray(0, at), bytes.subarray(at)], maxBytes),
      expected,
      `split at ${at}`,
    )
  }
}

describe('frames of syslog', () => {
  it('end with a line end, or have a length, each in its own way', () => {
    everywhere('<1>a\n<2>b\r\n<3>c', ['<1>a', '<2>b', '<3>c'])
    everywhere('4 <1>a6 <2>b\nc7 <3>d\r\n\n<4>e\n4 <5>f', ['<1>a', '<2>b\nc', '<3>d', '<4>e', '<5>f'])
    everywhere('\n\r\n\0\n', [])
    everywhere('1 <', ['<'])
  })

  it('are lines where digits are no length', () => {
    everywhere('2024 was a year\n12: x\n0 <1>a\n123456789 <1>a\n7', [
      '2024 was a year',
      '12: x',
      '0 <1>a',
      '123456789 <1>a',
      '7',
    ])
    everywhere('5  <1>a\n5 \n', ['5  <1>a', '5 '])
  })

  it('are cut off where they are too long, or the connection ends within, at the end of a character', () => {
    everywhere('<1>abcdefgh\n<2>b\n', ['<1>ab+', '<2>b'], 5)
    everywhere('11 <1>abcdefgh4 <2>b', ['<1>ab+', '<2>b'], 5)
    everywhere('<1>ab\r\n<1>abc\r\n', ['<1>ab', '<1>ab+'], 5)
    everywhere('9 <1>a', ['<1>a+'])
    const sign = Buffer.from('<1>é€😀').toString('latin1')
    everywhere(`${sign}\n`, ['<1>+'], 4)
    everywhere(`${sign}\n`, [`${sign.slice(0, 5)}+`], 7)
    everywhere(`${sign}\n`, [`${sign.slice(0, 8)}+`], 11)
    everywhere(`${sign}\n`, [sign], 12)
  })

  it('are found again whatever is in them and however they come', () => {
    const message = fc
      .uint8Array({ minLength: 1, maxLength: 40 })
      .map((bytes) => Buffer.concat([Buffer.from('<1>'), bytes, Buffer.from('x')]))
    const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 10 })
    fc.assert(
      fc.property(fc.array(fc.tuple(message, fc.boolean()), { maxLength: 8 }), sizes, (messages, steps) => {
        const isLine = ([bytes, asLine]: (typeof messages)[number]): boolean =>
          asLine && !bytes.includes(0x0a)
        const whole = Buffer.concat(
          messages.flatMap((each) =>
            isLine(each) ? [each[0], Buffer.from('\n')] : [Buffer.from(`${each[0].length} `), each[0]],
          ),
        )
        const pieces: Uint8Array[] = []
        for (let at = 0, step = 0; at < whole.length; step++) {
          const size = steps[step % steps.length]!
          pieces.push(whole.subarray(at, at + size))
          at += size
        }
        assert.deepEqual(
          framed(pieces),
          messages.map(([bytes]) => bytes.toString('latin1')),
        )
      }),
      { numRuns: propertyRuns(500) },
    )
  })
})

describe('messages as events', () => {
  const tail = peerTail('192.0.2.7', 514, 'udp')
  const peer = { ip: '192.0.2.7', port: 514, transport: 'udp' }

  it('are lines of JSON with the bytes of the message', () => {
    const events = new MessageEvents()
    const all = Buffer.from(Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)).join(''))
    events.add(all, false, tail)
    events.add(Buffer.from('é€😀'), true, tail)
    const lines = Buffer.from(events.take()!).toString().split('\n')
    assert.deepEqual(JSON.parse(lines[0]!), { message: all.toString(), peer })
    assert.deepEqual(JSON.parse(lines[1]!), { message: 'é€😀', truncated: true, peer })
    assert.deepEqual([lines.length, lines[2], events.take(), events.length], [3, '', undefined, 0])
    events.add(Uint8Array.of(0x61, 0xff), false, tail)
    const bytes = events.take()!
    assert.ok(bytes.includes(0xff), 'no text is made of bytes that are none')
  })

  it('come in chunks of whole lines, whatever their sizes', () => {
    const events = new MessageEvents()
    const lengths = [100, 60_000, 1, 65_536, 65_536, 3, 200_000]
    for (const length of lengths) events.add(Buffer.alloc(length, 0x01), false, tail)
    const found: number[] = []
    for (let bytes = events.take(); bytes !== undefined; bytes = events.take()) {
      assert.equal(bytes.at(-1), 0x0a)
      for (const line of Buffer.from(bytes).toString().trimEnd().split('\n'))
        found.push(JSON.parse(line).message.length)
    }
    assert.deepEqual(found, lengths)
    assert.equal(events.length, 0)
  })
})

describe('datagrams that Linux has dropped', () => {
  it('are told for each socket of a port', () => {
    const table = [
      '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops             ',
      '  131: 0100007F:0202 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 25019 2 0000000000000000 17        ',
      '  132: 00000000:0202 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 25020 2 0000000000000000 3         ',
      '  133: 00000000:1202 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 25021 2 0000000000000000 9         ',
    ].join('\n')
    assert.equal(dropsIn(table, 514), 20)
    assert.equal(dropsIn(table, 80), 0)
    assert.equal(dropsIn('', 514), 0)
  })
})

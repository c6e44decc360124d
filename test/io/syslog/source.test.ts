import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { type SyslogOptions, SyslogSource } from '../../../src/io/syslog/source.ts'

const pem = (name: string) => readFileSync(new URL(`../../tracer/tls/${name}.pem`, import.meta.url))
const HOST = '127.0.0.1'

interface Event {
  readonly message: string
  readonly truncated?: boolean
  readonly peer: { readonly ip: string; readonly port: number; readonly transport: string }
}

/** A source that listens, and the events that a reader has taken of it. */
class Received {
  readonly events: Event[] = []
  readonly source: SyslogSource
  readonly port: number
  /** The reader takes chunks; false: it takes none until it is true again. */
  takes = true
  readonly ended: Promise<void>

  private constructor(source: SyslogSource, port: number) {
    this.source = source
    this.port = port
    this.ended = this.#read()
  }

  static async start(
    t: TestContext,
    transport: 'udp' | 'tcp' | 'tls',
    options: Partial<SyslogOptions> = {},
  ): Promise<Received> {
    const source = new SyslogSource({ endpoints: [{ transport, host: HOST, port: 0 }], ...options })
    const [endpoint] = await source.listen()
    const received = new Received(source, endpoint!.port)
    t.after(async () => {
      received.takes = true
      source.stop()
      await received.ended
    })
    return received
  }

  get messages(): string[] {
    return this.events.map(({ message }) => message)
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5))
  }

  async connect(t: TestContext): Promise<Socket> {
    const socket = connect(this.port, HOST)
    socket.on('error', () => {})
    t.after(() => socket.destroy())
    await once(socket, 'connect')
    return socket
  }

  async #read(): Promise<void> {
    for await (const { bytes } of this.source) {
      await this.until(() => this.takes)
      if (bytes === undefined) return
      for (const line of Buffer.from(bytes).toString().trimEnd().split('\n'))
        this.events.push(JSON.parse(line))
    }
  }
}

describe('syslog over TCP', () => {
  it('gives the messages of all connections, with their senders', async (t) => {
    const received = await Received.start(t, 'tcp')
    const first = await received.connect(t)
    const second = await received.connect(t)
    first.write('<1>a\n4 <2>b<3>half')
    second.write('<4>c\n')
    await received.until(() => received.events.length === 3)
    first.write(' a line\n')
    await received.until(() => received.events.length === 4)
    assert.deepEqual(received.messages.sort(), ['<1>a', '<2>b', '<3>half a line', '<4>c'])
    const { peer } = received.events.find(({ message }) => message === '<4>c')!
    assert.deepEqual(peer, { ip: HOST, port: second.localPort, transport: 'tcp' })
    const { messages, connections, bytes } = received.source.counts
    assert.deepEqual([messages, connections, bytes], [4, 2, 31])
  })

  it('loses nothing at the end: what was sent by then is given, also the beginning of a message', async (t) => {
    const received = await Received.start(t, 'tcp')
    const sockets = await Promise.all(Array.from({ length: 20 }, () => received.connect(t)))
    received.takes = false
    const text = `<1>${'x'.repeat(100)}\n`
    for (const socket of sockets) socket.write(`${text.repeat(500)}<2>no line end`)
    // Everything is with the system of the receiver when the sender has nothing left.
    await Promise.all(sockets.map((socket) => received.until(() => socket.writableLength === 0)))
    received.source.stop()
    received.takes = true
    await received.ended
    assert.equal(received.events.length, 20 * 501)
    assert.equal(received.messages.filter((message) => message === '<2>no line end').length, 20)
    await assert.rejects(
      received.connect(t).then((socket) => once(socket, 'nothing')),
      'nobody listens',
    )
  })

  it('makes senders wait while nothing is taken, in bounded memory, and then loses nothing', async (t) => {
    const received = await Received.start(t, 'tcp')
    const socket = await received.connect(t)
    socket.write('<0>first\n')
    await received.until(() => received.events.length === 1)
    received.takes = false
    const line = Buffer.from(`<1>${'y'.repeat(997)}\n`)
    const chunk = Buffer.concat(Array.from({ length: 64 }, () => line))
    let sent = 0
    let isWaiting = false
    while (!isWaiting && sent < 64_000) {
      sent += 64
      isWaiting =
        !socket.write(chunk) &&
        !(await Promise.race([
          once(socket, 'drain').then(() => true),
          new Promise<boolean>((resolve) => setTimeout(resolve, 300, false)),
        ]))
    }
    assert.ok(isWaiting, `${sent} messages were taken from the sender`)
    const { bytes } = received.source.counts
    assert.ok(bytes < 12e6, `${bytes} bytes are held`)
    received.takes = true
    await received.until(() => received.events.length === sent + 1)
    received.source.stop()
    await received.ended
    assert.equal(received.source.counts.messages, sent + 1)
  })

  it('bounds connections, lengths, senders and silence', async (t) => {
    const received = await Received.start(t, 'tcp', {
      maxConnections: 1,
      maxMessageBytes: 10,
      idleTimeoutMs: 200,
    })
    const first = await received.connect(t)
    await received.until(() => received.source.counts.connections === 1)
    const second = await received.connect(t)
    await once(second.resume(), 'close')
    first.write(`<1>${'z'.repeat(100_000)}\n<2>b\n`)
    await received.until(() => received.events.length === 2)
    assert.deepEqual(received.events[0]!.truncated, true)
    assert.deepEqual(received.messages, ['<1>zzzzzzz', '<2>b'])
    await once(first.resume(), 'close')
    const { refused, truncated, connections } = received.source.counts
    assert.deepEqual([refused, truncated, connections], [1, 1, 2])
    const others = await Received.start(t, 'tcp', { allow: ['192.0.2.0/24'] })
    await once((await others.connect(t)).resume(), 'close')
    assert.equal(others.source.counts.refused, 1)
    assert.throws(() => new SyslogSource({ endpoints: [], allow: ['x'] }), RangeError)
  })

  it('says that it cannot listen', async (t) => {
    const { port } = await Received.start(t, 'tcp')
    const second = new SyslogSource({ endpoints: [{ transport: 'tcp', host: HOST, port }] })
    await assert.rejects(second.listen(), {
      name: 'InputError',
      message: `cannot listen at tcp://${HOST}:${port}`,
    })
  })
})

describe('syslog over TLS', () => {
  it('hears devices with a certificate, and nobody without TLS', async (t) => {
    const ca = pem('authority-cert')
    const tls = { cert: pem('server-cert'), key: pem('server-key'), ca }
    const received = await Received.start(t, 'tls', { tls })
    const device = connectTls({
      port: received.port,
      host: HOST,
      ca,
      servername: 'localhost',
      cert: pem('client-cert'),
      key: pem('client-key'),
    })
    t.after(() => device.destroy())
    await once(device, 'secureConnect')
    device.write('9 <1>secret')
    await received.until(() => received.events.length === 1)
    assert.deepEqual([received.messages, received.events[0]!.peer.transport], [['<1>secret'], 'tls'])
    const bare = await received.connect(t)
    bare.write('<1>no TLS\n')
    await once(bare.resume(), 'close')
    assert.equal(received.source.counts.refused, 1)
    assert.throws(
      () => new SyslogSource({ endpoints: [{ transport: 'tls', host: HOST, port: 0 }] }),
      TypeError,
    )
  })
})

describe('syslog over UDP', () => {
  it('gives a message for each datagram, and counts those that it drops', async (t) => {
    const received = await Received.start(t, 'udp', { maxMessageBytes: 2000 })
    const socket = createSocket('udp4')
    t.after(() => socket.close())
    const send = (text: string | Uint8Array): Promise<void> =>
      new Promise((resolve) => socket.send(text, received.port, HOST, () => resolve()))
    await send('<1>a\n')
    await send('<2>two\nlines\0')
    await send('\n')
    await send(`<3>${'x'.repeat(3000)}`)
    await received.until(() => received.events.length === 3)
    assert.deepEqual(received.messages.slice(0, 2), ['<1>a', '<2>two\nlines'])
    assert.deepEqual([received.messages[2]!.length, received.events[2]!.truncated], [2000, true])
    assert.deepEqual(received.events[0]!.peer, { ip: HOST, port: socket.address().port, transport: 'udp' })
    // Nobody takes anything: what is sent beyond the room there is is dropped.
    received.takes = false
    let sent = 3
    const flood = Buffer.alloc(1900, 0x01)
    while (received.source.counts.udpDropped === 0) {
      for (let index = 0; index < 100; index++) await send(flood)
      sent += 100
      await received.source.refresh()
    }
    received.takes = true
    received.source.stop()
    await received.ended
    const { messages, udpDropped } = received.source.counts
    assert.equal(received.events.length, messages)
    if (process.platform === 'linux') assert.equal(messages + udpDropped, sent)
  })
})

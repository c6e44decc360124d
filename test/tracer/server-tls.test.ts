import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect as connectTcp } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { type ConnectionOptions, connect } from 'node:tls'
import { CLIENT_HEADER } from '../../src/tracer/protocol.ts'
import { TracerServer } from '../../src/tracer/server/server.ts'
import { RawClient } from './raw-client.ts'
import { GMER, poll, RunningServer } from './running-server.ts'

const REQUEST = '7f3a|url=gmer.com|\n'
const OPTIONS = { timeout: 900_000 }

function pem(name: string): Buffer {
  return readFileSync(new URL(`tls/${name}.pem`, import.meta.url))
}

const ca = pem('authority-cert')
const SERVER = { cert: pem('server-cert'), key: pem('server-key') }
const CLIENT = { cert: pem('client-cert'), key: pem('client-key') }
const STRANGER = { cert: pem('stranger-cert'), key: pem('stranger-key') }

function connectTls(t: TestContext, running: RunningServer, options: ConnectionOptions = {}): RawClient {
  const client = new RawClient(connect({ host: '127.0.0.1', port: running.port, ca, ...options }))
  t.after(() => client.socket.destroy())
  return client
}

describe('with TLS the server', OPTIONS, () => {
  test('replies as without', async (t) => {
    const running = await RunningServer.start(t, { tls: SERVER })
    const client = connectTls(t, running)
    client.send(CLIENT_HEADER + REQUEST)
    assert.equal(await client.receive(GMER), GMER)
    client.send(REQUEST.repeat(5000))
    assert.equal(await client.receive(GMER.repeat(5001)), GMER.repeat(5001))
    client.socket.end()
    assert.equal(await client.ended(), 'end')
    await running.untilConnections(0)
    assert.deepEqual([...running.counters.closed], [['client', 1]])
  })

  test('gives a slow reader all replies', async (t) => {
    const running = await RunningServer.start(t, { tls: SERVER })
    const client = connectTls(t, running)
    client.socket.pause()
    const count = 100_000
    client.socket.end(REQUEST.repeat(count))
    await poll(() => running.counters.requests > 0)
    await new Promise((resolve) => setTimeout(resolve, 100))
    client.socket.resume()
    assert.equal(await client.ended(), 'end')
    assert.equal(client.text.length, GMER.length * count)
  })

  test('survives a client that speaks no TLS, and counts it', async (t) => {
    const running = await RunningServer.start(t, { tls: SERVER })
    const plain = await running.connect()
    plain.send(CLIENT_HEADER + REQUEST)
    await plain.ended()
    assert.ok(!plain.text.includes('LookupFinished'))
    assert.equal(running.counters.refused.get('tls'), 1)
    assert.equal((await running.logged.message('TLS handshake failed')).level, 'warn')
    await running.untilConnections(0)
    const client = connectTls(t, running)
    client.send(REQUEST)
    assert.equal(await client.receive(GMER), GMER)
  })

  test('survives resets, in the handshake and while it replies', async (t) => {
    const running = await RunningServer.start(t, { tls: SERVER })
    for (let i = 0; i < 10; i++) {
      const raw = connectTcp(running.port, '127.0.0.1')
      await once(raw, 'connect')
      // The beginning of a ClientHello.
      raw.write(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]))
      await running.untilConnections(1)
      raw.resetAndDestroy()
      await running.untilConnections(0)

      const under = connectTcp(running.port, '127.0.0.1')
      const client = connectTls(t, running, { socket: under })
      client.socket.pause()
      client.send(REQUEST.repeat(20_000))
      const { sentBytes } = running.counters
      await poll(() => running.counters.sentBytes > sentBytes)
      under.resetAndDestroy()
      await running.untilConnections(0)
    }
    const client = connectTls(t, running)
    client.send(REQUEST)
    assert.equal(await client.receive(GMER), GMER)
  })

  test('counts those in their handshake as connections, and forgets them when they leave', async (t) => {
    const running = await RunningServer.start(t, { tls: SERVER, maxConnections: 2 })
    const silent = [connectTcp(running.port, '127.0.0.1'), connectTcp(running.port, '127.0.0.1')]
    await running.untilConnections(2)
    const refused = await running.connect()
    assert.equal(await refused.ended(), 'end')
    assert.equal(running.counters.refused.get('max-connections'), 1)
    for (const socket of silent) socket.destroy()
    await running.untilConnections(0)
    const client = connectTls(t, running)
    client.send(REQUEST)
    assert.equal(await client.receive(GMER), GMER)
    assert.equal(running.server.connections, 1)
  })

  test('breaks off a handshake that does not go on', async (t) => {
    const running = await RunningServer.start(t, { tls: SERVER, idleTimeoutMs: 100 })
    const silent = await running.connect()
    await silent.ended()
    await running.untilConnections(0)
    assert.equal(running.counters.refused.get('tls'), 1)
  })

  test('ends its connections when it stops, handshakes too', async (t) => {
    const running = await RunningServer.start(t, { tls: SERVER, shutdownTimeoutMs: 20_000 })
    const client = connectTls(t, running)
    client.send(REQUEST)
    assert.equal(await client.receive(GMER), GMER)
    await running.connect()
    await running.untilConnections(2)
    const closed = running.server.close()
    assert.equal(await client.ended(), 'end')
    client.socket.end()
    await closed
  })

  test('refuses to be made of text that is no certificate', () => {
    assert.throws(() => new TracerServer({ enrichers: [], tls: { cert: 'x', key: 'y' } }))
  })
})

describe('with an authority for clients the server', OPTIONS, () => {
  test('serves those with a certificate of it', async (t) => {
    const running = await RunningServer.start(t, { tls: { ...SERVER, ca } })
    const client = connectTls(t, running, CLIENT)
    client.send(REQUEST)
    assert.equal(await client.receive(GMER), GMER)
  })

  for (const [name, options] of [
    ['without a certificate', {}],
    ['with one of another authority', STRANGER],
  ] as const) {
    test(`refuses those ${name}`, async (t) => {
      const running = await RunningServer.start(t, { tls: { ...SERVER, ca } })
      const client = connectTls(t, running, options)
      client.send(REQUEST)
      await client.ended()
      assert.equal(client.text, '')
      await poll(() => running.counters.refused.get('tls') === 1)
      assert.equal(running.counters.requests, 0)
      await running.untilConnections(0)
    })
  }
})

import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { describe, test } from 'node:test'
import type { Enricher } from '../../src/tracer/enricher.ts'
import { TracerServer } from '../../src/tracer/server/server.ts'
import { GMER, known, ManualEnricher, MISS, poll, RunningServer } from './running-server.ts'

const REQUEST = '7f3a|url=gmer.com|\n'
const OPTIONS = { timeout: 900_000 }
const SHUTDOWN_TIMEOUT = { shutdownTimeoutMs: 20_000 }

/** Waits for the end of a connection. @returns the code of its error */
function endOf(socket: Socket): Promise<string | undefined> {
  return new Promise((resolve) => {
    let code: string | undefined
    socket.on('error', (error: NodeJS.ErrnoException) => {
      code = error.code
    })
    socket.on('close', () => resolve(code)).resume()
  })
}

describe('a server that stops', OPTIONS, () => {
  test('accepts nobody any more, and ends connections that are idle', async (t) => {
    const running = await RunningServer.start(t, SHUTDOWN_TIMEOUT)
    const idle = await running.connect()
    const used = await running.connect()
    used.send(REQUEST)
    await used.receive(GMER)
    const closed = running.server.close()
    assert.equal(await idle.ended(), 'end')
    assert.equal(await used.ended(), 'end')
    // Those that the system accepts in the last turns of the event loop are ended, and then it accepts none.
    let code: string | undefined
    while (code !== 'ECONNREFUSED') code = await endOf(connect(running.port, '127.0.0.1'))
    idle.socket.end()
    used.socket.end()
    await closed
    assert.equal(running.server.isListening, false)
    assert.deepEqual([...running.counters.closed], [['shutdown', 2]])
  })

  test('does not wait long for idle clients that keep their side open', async (t) => {
    const running = await RunningServer.start(t, SHUTDOWN_TIMEOUT)
    const idle = await running.connect()
    const start = performance.now()
    await running.server.close()
    assert.ok(performance.now() - start < 10_000)
    assert.equal(idle.ending, 'end')
  })

  test('waits for look-ups in flight, and sends their replies', async (t) => {
    const manual = new ManualEnricher()
    const running = await RunningServer.start(t, { ...SHUTDOWN_TIMEOUT, enrichers: [manual] })
    const client = await running.connect()
    client.send('a|url=x|\nb|url=y|\n')
    await poll(() => manual.open.size === 2)
    const closed = running.server.close()
    await manual.answer('y', false)
    await manual.answer('x', false)
    assert.equal(await client.ended(), 'end')
    assert.equal(client.text, MISS + MISS)
    client.socket.end()
    await closed
  })

  test('gives a slow reader all replies to what was read, although it goes on sending', async (t) => {
    const running = await RunningServer.start(t, SHUTDOWN_TIMEOUT)
    const client = await running.connect()
    client.socket.pause()
    const block = REQUEST.repeat(2000)
    // Until the server waits for the client, and the client for the server.
    while (client.socket.writableLength < 512 * 1024) {
      client.send(block)
      await new Promise((resolve) => setImmediate(resolve))
    }
    const closed = running.server.close()
    // A request that is sent now is not answered any more; unread, it would reset the connection.
    client.send(block)
    await new Promise((resolve) => setTimeout(resolve, 100))
    client.socket.resume()
    assert.equal(await client.ended(), 'end')
    const count = client.text.length / GMER.length
    assert.equal(client.text, GMER.repeat(count))
    assert.equal(running.counters.requests, count)
    client.socket.end()
    await closed
  })

  test('gives a reader its replies, although it takes long to begin, and sends nothing', async (t) => {
    const running = await RunningServer.start(t, SHUTDOWN_TIMEOUT)
    const client = await running.connect()
    client.socket.pause()
    client.send(REQUEST.repeat(100_000))
    await poll(() => running.counters.requests > 10_000)
    const closed = running.server.close()
    await new Promise((resolve) => setTimeout(resolve, 2500))
    client.socket.resume()
    assert.equal(await client.ended(), 'end')
    assert.equal(client.text, GMER.repeat(running.counters.requests))
    client.socket.end()
    await closed
  })

  test('drops a client that reads nothing when its time is over, and says so', async (t) => {
    const matches = [{ category: 'Verbose', context: `|text=${'x'.repeat(1000)}` }]
    const verbose: Enricher = { name: 'verbose', lookup: () => matches }
    const running = await RunningServer.start(t, { enrichers: [verbose], shutdownTimeoutMs: 300 })
    const client = await running.connect()
    client.socket.pause()
    while (client.socket.writableLength < 512 * 1024) {
      client.send(REQUEST.repeat(1000))
      await new Promise((resolve) => setImmediate(resolve))
    }
    const start = performance.now()
    await running.server.close()
    const elapsed = performance.now() - start
    assert.ok(elapsed >= 295 && elapsed < 5000, `it took ${elapsed} ms`)
    assert.equal((await running.logged.message('clients dropped at shutdown')).connections, 1)
  })

  test('drops what waits for a look-up that never ends when its time is over', async (t) => {
    const running = await RunningServer.start(t, {
      enrichers: [new ManualEnricher()],
      shutdownTimeoutMs: 200,
    })
    const client = await running.connect()
    client.send(REQUEST)
    await poll(() => running.counters.requests === 1)
    await running.server.close()
    assert.notEqual(await client.ended(), undefined)
  })

  test('does not wait for the look-ups of clients that are gone', async (t) => {
    const manual = new ManualEnricher()
    const running = await RunningServer.start(t, { ...SHUTDOWN_TIMEOUT, enrichers: [manual] })
    const client = await running.connect()
    client.send(REQUEST)
    await poll(() => manual.open.size === 1)
    client.socket.resetAndDestroy()
    await poll(() => running.counters.closed.get('error') === 1)
    await running.server.close()
  })

  test('serves the rest of a line of which it has read a part, and nothing behind it', async (t) => {
    const running = await RunningServer.start(t, SHUTDOWN_TIMEOUT)
    const client = await running.connect()
    client.send(`${REQUEST}7f3a|url=gme`)
    await client.receive(GMER)
    const closed = running.server.close()
    client.send(`r.com|\n${REQUEST}`)
    assert.equal(await client.ended(), 'end')
    assert.equal(client.text, GMER + GMER)
    client.socket.end()
    await closed
  })

  test('serves a line whose LF does not come as it stands, and drops one without an indicator', async (t) => {
    const running = await RunningServer.start(t, SHUTDOWN_TIMEOUT)
    const whole = await running.connect()
    const part = await running.connect()
    whole.send(`${REQUEST}7f3a|url=gmer.com|`)
    part.send(`${REQUEST}7f3a|`)
    await whole.receive(GMER)
    await part.receive(GMER)
    const closed = running.server.close()
    assert.equal(await whole.ended(), 'end')
    assert.equal(await part.ended(), 'end')
    assert.equal(whole.text, GMER + GMER)
    assert.equal(part.text, GMER)
    whole.socket.end()
    part.socket.end()
    await closed
  })

  test('ends only once, however often it is told', async (t) => {
    const running = await RunningServer.start(t)
    assert.equal(running.server.close(), running.server.close())
    await running.server.close()
  })

  test('may never have listened', async () => {
    await new TracerServer({ enrichers: [] }).close()
  })
})

test('a port that is in use is an error of listen', OPTIONS, async (t) => {
  const running = await RunningServer.start(t)
  const second = new TracerServer({ enrichers: [known()], port: running.port })
  await assert.rejects(second.listen(), { code: 'EADDRINUSE' })
  assert.equal(second.isListening, false)
  await second.close()
})

test(
  'answers connections that the system had accepted, and the server had not, when it began to stop',
  OPTIONS,
  async (t) => {
    const running = await RunningServer.start(t, { shutdownTimeoutMs: 10_000 })
    const count = 50
    let connected = 0
    let stopping: Promise<void> | undefined
    const replies = Array.from({ length: count }, async () => {
      const socket = connect(running.port, '127.0.0.1')
      t.after(() => socket.destroy())
      socket.on('connect', () => {
        socket.write('7f|url=gmer.com|\n')
        connected += 1
        // All of them are in the queue of the system: the event loop has not turned since it said so.
        if (connected === count) stopping = running.server.close()
      })
      let text = ''
      for await (const part of socket.setEncoding('utf8')) text += part
      return text
    })
    assert.deepEqual(await Promise.all(replies), Array<string>(count).fill(GMER))
    await stopping
    assert.equal(running.counters.connections, count)
  },
)

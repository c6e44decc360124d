import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, test } from 'node:test'
import type { Enricher } from '../../src/tracer/enricher.ts'
import { CLIENT_HEADER } from '../../src/tracer/protocol.ts'
import {
  ADDRESS,
  GMER,
  known,
  LogLines,
  ManualEnricher,
  MISS,
  poll,
  RunningServer,
} from './running-server.ts'

const REQUEST = '7f3a|url=gmer.com|\n'
const OPTIONS = { timeout: 900_000 }

/** Answers everything with this much of text. */
function verbose(length: number): Enricher {
  const matches = [{ category: 'Verbose', context: `|text=${'x'.repeat(length)}` }]
  return { name: 'verbose', lookup: () => matches }
}

describe('a client that sends nothing', OPTIONS, () => {
  test('is closed after the idle time-out, and counted', async (t) => {
    const running = await RunningServer.start(t, { idleTimeoutMs: 100 })
    const silent = await running.connect()
    const answered = await running.connect()
    answered.send(REQUEST)
    assert.equal(await silent.ended(), 'end')
    assert.equal(silent.text, '')
    assert.equal(await answered.ended(), 'end')
    assert.equal(answered.text, GMER)
    silent.socket.end()
    answered.socket.end()
    await running.untilConnections(0)
    assert.equal(running.counters.closed.get('idle-timeout'), 2)
  })

  test('is closed for good when it does not close its side', async (t) => {
    const running = await RunningServer.start(t, { idleTimeoutMs: 50 })
    const silent = await running.connect()
    assert.equal(await silent.ended(), 'end')
    await running.untilConnections(0)
  })

  test('is not idle while a look-up of its is in flight', async (t) => {
    const manual = new ManualEnricher()
    // Long enough that a busy machine does not count as an idle client.
    const running = await RunningServer.start(t, { idleTimeoutMs: 1000, enrichers: [manual] })
    const client = await running.connect()
    client.send('a|url=late|\n')
    await poll(() => manual.open.size === 1)
    await new Promise((resolve) => setTimeout(resolve, 2500))
    assert.equal(client.ending, undefined)
    await manual.answer('late')
    assert.equal(await client.ended(), 'end')
    assert.equal(client.text, 'Category=Manual|MatchedIndicator=late|ioc=late\nLookupFinished\n')
  })

  test('stays for ever without the time-out', async (t) => {
    const running = await RunningServer.start(t, { idleTimeoutMs: 0 })
    const client = await running.connect()
    await new Promise((resolve) => setTimeout(resolve, 100))
    client.send(REQUEST)
    assert.equal(await client.receive(GMER), GMER)
  })
})

describe('a line that is too long', OPTIONS, () => {
  for (const [name, sent] of [
    ['with its LF', `a|url=${'x'.repeat(1000)}|\n`],
    ['that never ends', 'x'.repeat(5000)],
    ['that follows others in the same segment', `\nb|url=${'x'.repeat(2000)}|\n${REQUEST}`],
  ] as const) {
    test(`${name} closes the connection with a logged reason, after the replies to the lines before it`, async (t) => {
      const running = await RunningServer.start(t, { maxLineBytes: 1000 })
      const client = await running.connect()
      client.send(CLIENT_HEADER + REQUEST + sent)
      const logged = await running.logged.message('line too long: connection closed')
      assert.equal(logged.level, 'warn')
      assert.equal(logged.maxLineBytes, 1000)
      assert.match(String(logged.client), /^127\.0\.0\.1:\d+$/)
      assert.equal(await client.ended(), 'end')
      assert.equal(client.text, GMER)
      client.socket.end()
      await running.untilConnections(0)
      assert.equal(running.counters.closed.get('line-too-long'), 1)
    })
  }

  test('does not reset a client that is still sending it', async (t) => {
    const running = await RunningServer.start(t)
    const client = await running.connect()
    client.send(REQUEST)
    for (let i = 0; i < 100 && client.ending === undefined; i++) await client.sent(Buffer.alloc(10_000, 'x'))
    assert.equal(await client.ended(), 'end')
    assert.equal(client.text, GMER)
  })

  test('is longer than 64 KiB when nothing else is said', async (t) => {
    const running = await RunningServer.start(t)
    const line = (length: number) => `a|url=${'x'.repeat(length - 7)}|`
    const client = await running.connect()
    client.send(`${line(65_536)}\n${REQUEST}`)
    assert.equal(await client.receive(MISS + GMER), MISS + GMER)
    client.send(`${line(65_537)}\n`)
    assert.equal(await client.ended(), 'end')
    assert.equal(client.text, MISS + GMER)
  })
})

describe('a client that does not read', OPTIONS, () => {
  test('is not read from any more, and is dropped after the drain time-out', async (t) => {
    const running = await RunningServer.start(t, { enrichers: [verbose(1000)], drainTimeoutMs: 500 })
    const client = await running.connect()
    client.socket.pause()
    // Until the buffers of both systems are full, and one of our own.
    const block = REQUEST.repeat(1000)
    const start = performance.now()
    while (client.socket.writableLength < 1024 * 1024 && client.ending === undefined) {
      client.send(block)
      await new Promise((resolve) => setImmediate(resolve))
    }
    const sent = client.socket.bytesWritten
    assert.ok(running.counters.receivedBytes < sent / 2, 'the server went on reading')
    const logged = await running.logged.message('client does not read: dropped')
    assert.equal(logged.level, 'warn')
    assert.equal(logged.drainTimeoutMs, 500)
    assert.ok(performance.now() - start >= 500)
    await running.untilConnections(0)
    assert.equal(running.counters.closed.get('drain-timeout'), 1)
  })

  test('costs a bounded amount of memory, however long its replies are', async (t) => {
    const running = await RunningServer.start(t, { enrichers: [verbose(10_000)], drainTimeoutMs: 20_000 })
    const client = await running.connect()
    client.socket.pause()
    const before = process.memoryUsage()
    // One line asks for 80 MB, and there are a hundred of them.
    const line = `${'url=a|'.repeat(8000)}\n`
    for (let i = 0; i < 100; i++) client.send(line)
    let sent = -1
    // It has stopped to write.
    while (running.counters.sentBytes !== sent) {
      sent = running.counters.sentBytes
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    assert.ok(sent > 0)
    const { external, heapUsed, arrayBuffers } = process.memoryUsage()
    assert.ok(sent < 64 * 1024 * 1024, `${sent} bytes were sent`)
    assert.ok(external - before.external + heapUsed - before.heapUsed < 64 * 1024 * 1024)
    assert.ok(arrayBuffers - before.arrayBuffers < 32 * 1024 * 1024)
    assert.equal(running.counters.requests, 1)
  })

  test('gets every reply when it reads at last', async (t) => {
    const running = await RunningServer.start(t, { enrichers: [verbose(200)] })
    const client = await running.connect()
    client.socket.pause()
    const count = 50_000
    client.socket.end(`${CLIENT_HEADER}${Array.from({ length: count }, (_, i) => `a|url=h${i}|\n`).join('')}`)
    await poll(() => running.counters.sentBytes > 0)
    await new Promise((resolve) => setTimeout(resolve, 100))
    assert.ok(running.counters.requests < count, 'the server did not wait for the client')
    client.socket.resume()
    assert.equal(await client.ended(), 'end')
    const values = client.text.match(/MatchedIndicator=h\d+/g)!
    assert.equal(values.length, count)
    assert.ok(values.every((text, i) => text === `MatchedIndicator=h${i}`))
    assert.equal(client.text.match(/LookupFinished\n/g)!.length, count)
  })
})

describe('many connections', OPTIONS, () => {
  test('2,000 that are idle do not disturb one that asks', async (t) => {
    const running = await RunningServer.start(t)
    await Promise.all(Array.from({ length: 2000 }, () => running.connect()))
    await running.untilConnections(2000)
    const client = await running.connect()
    client.send(REQUEST)
    assert.equal(await client.receive(GMER), GMER)
    assert.equal(running.counters.connections, 2001)
  })

  test('past the limit are refused with a FIN, not a reset, and counted', async (t) => {
    const running = await RunningServer.start(t, { maxConnections: 5 })
    const served = await Promise.all(Array.from({ length: 5 }, () => running.connect()))
    await running.untilConnections(5)
    const refused = await Promise.all(
      Array.from({ length: 200 }, async () => {
        const client = await running.connect()
        client.send(CLIENT_HEADER + REQUEST)
        return client
      }),
    )
    for (const client of refused) {
      assert.equal(await client.ended(), 'end')
      assert.equal(client.text, '')
      client.socket.end()
    }
    assert.equal(running.counters.refused.get('max-connections'), 200)
    assert.equal(running.server.connections, 5)
    const logged = running.logged.lines.filter(({ msg }) => msg === 'connection refused')
    assert.ok(logged.length >= 1 && logged.length < 50, 'a flood does not fill the log')
    for (const client of served) {
      client.send(REQUEST)
      assert.equal(await client.receive(GMER), GMER)
    }
    // There is room again.
    served[0]!.socket.end()
    await running.untilConnections(4)
    const next = await running.connect()
    next.send(REQUEST)
    assert.equal(await next.receive(GMER), GMER)
  })

  test('one request each, five hundred at a time, all get their reply', async (t) => {
    const running = await RunningServer.start(t)
    for (let round = 0; round < 3; round++) {
      const replies = await Promise.all(
        Array.from({ length: 500 }, async () => {
          const client = await running.connect()
          client.send(CLIENT_HEADER + REQUEST)
          await client.receive(GMER)
          client.socket.end()
          await client.ended()
          return client.text
        }),
      )
      assert.ok(replies.every((reply) => reply === GMER))
    }
    await running.untilConnections(0)
    assert.deepEqual([...running.counters.closed], [['client', 1500]])
  })
})

describe('clients that fail', OPTIONS, () => {
  test('with a reset while they are replied to do not disturb others', async (t) => {
    const running = await RunningServer.start(t, { enrichers: [verbose(1000), known()] })
    const other = await running.connect()
    for (let i = 0; i < 20; i++) {
      const client = await running.connect()
      client.socket.pause()
      client.send(REQUEST.repeat(5000))
      const sent = running.counters.sentBytes
      await poll(() => running.counters.sentBytes > sent)
      client.socket.resetAndDestroy()
    }
    await running.untilConnections(1)
    assert.equal(running.counters.closed.get('error'), 20)
    other.send('a|ip=192.0.2.1|\n')
    assert.match(await other.receiveUntil(ADDRESS), /Category=Tracer_IP_enricher/)
  })

  test('with bytes of any kind do not disturb others', async (t) => {
    const running = await RunningServer.start(t, { maxLineBytes: 4096, drainTimeoutMs: 1000 })
    // A generator of its own, so that a failure comes again.
    let state = 1
    const random = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      return state / 2 ** 32
    }
    const pieces = [
      '\n',
      '\r',
      '|',
      'url=',
      'ip=',
      '=',
      CLIENT_HEADER,
      'X-KF-',
      'PING',
      '\0',
      '__proto__',
      'gmer.com',
    ]
    for (let i = 0; i < 100; i++) {
      const client = await running.connect()
      const parts = Array.from({ length: 100 }, () =>
        random() < 0.5
          ? Buffer.from(pieces[Math.floor(random() * pieces.length)]!)
          : Buffer.from(Array.from({ length: Math.floor(random() * 20) }, () => Math.floor(random() * 256))),
      )
      client.send(Buffer.concat(parts))
      if (random() < 0.3) client.socket.resetAndDestroy()
      else client.socket.end()
    }
    await running.untilConnections(0)
    const client = await running.connect()
    client.send(REQUEST)
    assert.equal(await client.receive(GMER), GMER)
  })
})

describe('the allow list', OPTIONS, () => {
  test('is asked before a connection is handed over', async (t) => {
    let asked = 0
    const handOver = () => {
      asked += 1
      return false
    }
    const closed = await RunningServer.start(t, { allow: ['192.0.2.0/24'], handOver })
    await (await closed.connect()).ended()
    assert.equal(closed.counters.refused.get('not-allowed'), 1)
    assert.equal(asked, 0)
    const open = await RunningServer.start(t, { allow: ['127.0.0.0/8'], handOver })
    const client = await open.connect()
    client.send(CLIENT_HEADER + REQUEST)
    assert.equal(await client.receive(GMER), GMER)
    assert.equal(asked, 1)
  })

  test('lets its addresses in', async (t) => {
    const running = await RunningServer.start(t, { allow: ['192.0.2.0/24', '127.0.0.0/8'] })
    const client = await running.connect()
    client.send(REQUEST)
    assert.equal(await client.receive(GMER), GMER)
  })

  test('keeps others out, and counts them', async (t) => {
    const running = await RunningServer.start(t, { allow: ['192.0.2.0/24'] })
    const client = await running.connect()
    client.send(REQUEST)
    assert.notEqual(await client.ended(), undefined)
    assert.equal(client.text, '')
    assert.equal(running.counters.refused.get('not-allowed'), 1)
    const logged = await running.logged.message('connection refused')
    assert.equal(logged.reason, 'not-allowed')
    assert.equal(logged.client, '127.0.0.1')
  })
})

test('at the level debug each request is logged', OPTIONS, async (t) => {
  const { log, lines } = new LogLines('debug')
  const running = await RunningServer.start(t, { log })
  const client = await running.connect()
  client.socket.end(REQUEST)
  await client.ended()
  const requests = lines.filter(({ msg }) => msg === 'request')
  assert.deepEqual(
    requests.map(({ line }) => line),
    ['7f3a|url=gmer.com|'],
  )
})

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { type Answer, TracerError, TracerPool } from '../../../src/tracer/client/pool.ts'
import { CLIENT_HEADER } from '../../../src/tracer/protocol.ts'
import {
  answers,
  detection,
  FINISHED_LINE,
  found,
  freePort,
  ip,
  listen,
  type Peer,
  poolFor,
  replyTo,
  url,
} from '../loopback.ts'
import { RunningServer } from '../running-server.ts'

function failsWith(code: string): (error: unknown) => boolean {
  return (error) => error instanceof TracerError && error.code === code
}

function pem(name: string): Buffer {
  return readFileSync(new URL(`../tls/${name}.pem`, import.meta.url))
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}

/** A server that takes what it receives at once as one request, and closes after its reply. */
function original(peer: Peer): void {
  peer.socket.once('data', (text: unknown) => {
    const match = /..\|url=([^|]*)\|/.exec(String(text).slice(0, 1024))
    if (match?.[1]?.startsWith('bad')) peer.socket.write(detection('url', match[1]))
    peer.socket.write('LookupFinished')
    peer.socket.end('LookupFinished')
  })
}

/** The window of a connection never opens: the server closes after each reply, however long that takes. */
const UNSETTLED = { settleMs: 1_000_000 }

describe('TracerPool', { timeout: 900_000 }, () => {
  it('gives each indicator its detections', async (t) => {
    const server = await listen(t, answers)
    const pool = poolFor(t, server)
    const result = await pool.lookup([
      url('bad.example'),
      ip('192.0.2.1'),
      url('good.example'),
      url('bad.org'),
    ])
    assert.deepEqual(result, [
      [
        {
          category: 'Test_url',
          matched: 'bad.example',
          fields: [
            ['ioc', 'bad.example'],
            ['kind', 'url'],
          ],
        },
      ],
      [],
      [],
      [
        {
          category: 'Test_url',
          matched: 'bad.org',
          fields: [
            ['ioc', 'bad.org'],
            ['kind', 'url'],
          ],
        },
      ],
    ])
  })

  it('sends the header together with the first line, and one line for all indicators', async (t) => {
    const chunks: string[] = []
    const server = await listen(t, (peer) => {
      peer.socket.on('data', (text) => chunks.push(String(text)))
      answers(peer)
    })
    const pool = poolFor(t, server)
    await pool.lookup([url('a.example'), ip('192.0.2.1')])
    assert.match(
      chunks[0]!,
      /^X-KF-SendFinishedEventX-KF-ReplyBack\w{2,}\|url=a\.example\|ip=192\.0\.2\.1\|\n$/,
    )
    await pool.lookup([url('b.example')])
    assert.match(chunks[1]!, /^\w{2,}\|url=b\.example\|\n$/)
    assert.equal(CLIENT_HEADER, 'X-KF-SendFinishedEventX-KF-ReplyBack')
  })

  it('asks one request on a new connection, and a window of them after the first reply', async (t) => {
    const server = await listen(t, () => {})
    const pool = poolFor(t, server, { window: 8 })
    const lookups = numbers(20).map((n) => pool.lookup([url(`bad${n}`)]))
    const peer = await server.peer(0)
    await peer.until(1)
    assert.equal(peer.lines.length, 1)
    peer.socket.write(replyTo(peer.lines[0]!))
    await peer.until(9)
    assert.equal(peer.lines.length, 9)
    let answered = 1
    for (; answered < 9; answered++) peer.socket.write(replyTo(peer.lines[answered]!))
    await peer.until(17)
    assert.equal(peer.lines.length, 17)
    peer.onLine(() => {
      for (; answered < peer.lines.length; answered++) peer.socket.write(replyTo(peer.lines[answered]!))
    })
    for (; answered < peer.lines.length; answered++) peer.socket.write(replyTo(peer.lines[answered]!))
    const results = await Promise.all(lookups)
    assert.deepEqual(
      results.map(([answer]) => found(answer!)),
      numbers(20).map((n) => [`bad${n}`]),
    )
    assert.equal(server.peers.length, 1)
  })

  it('uses all its connections, and no more', async (t) => {
    const server = await listen(t, answers)
    const pool = poolFor(t, server, { connections: 3, window: 2 })
    const results = await Promise.all(numbers(100).map((n) => pool.lookup([url(`bad${n}`)])))
    assert.deepEqual(
      results.map(([answer]) => found(answer!)),
      numbers(100).map((n) => [`bad${n}`]),
    )
    assert.equal(server.peers.length, 3)
  })

  it('works with a server that closes after each reply', async (t) => {
    const server = await listen(t, (peer) => peer.onLine((line) => peer.socket.end(replyTo(line))))
    const pool = poolFor(t, server, { connections: 4, ...UNSETTLED })
    const results = await Promise.all(
      numbers(50).map((n) => pool.lookup([url(n % 2 ? `bad${n}` : `good${n}`)])),
    )
    assert.deepEqual(
      results.map(([answer]) => found(answer!)),
      numbers(50).map((n) => (n % 2 ? [`bad${n}`] : [])),
    )
    for (const { lines } of server.peers) assert.ok(lines.length <= 1)
    assert.equal(pool.stats.retries, 0)
    assert.equal(pool.stats.failedConnections, 0)
  })

  it('works with the original: one read is one request, the end twice, without line ends', async (t) => {
    const server = await listen(t, original)
    const pool = poolFor(t, server, { connections: 4, ...UNSETTLED })
    const results = await Promise.all(
      numbers(50).map((n) => pool.lookup([url(n % 2 ? `bad${n}` : `good${n}`)])),
    )
    assert.deepEqual(
      results.map(([answer]) => found(answer!)),
      numbers(50).map((n) => (n % 2 ? [`bad${n}`] : [])),
    )
    assert.equal(pool.stats.retries, 0)
    assert.equal(pool.stats.failedConnections, 0)
  })

  it('drops a late reply, and gives the next request its own', async (t) => {
    const server = await listen(t, () => {})
    const pool = poolFor(t, server, { timeoutMs: 3000 })
    const first = pool.lookup([url('bad-one')])
    const peer = await server.peer(0)
    await peer.until(1)
    await assert.rejects(first, failsWith('timeout'))
    peer.socket.write(replyTo(peer.lines[0]!))
    await once(pool, 'back')
    const second = pool.lookup([url('good-two')])
    await peer.until(2)
    peer.socket.write(replyTo(peer.lines[1]!))
    assert.deepEqual(await second, [[]])
    assert.equal(pool.stats.lateReplies, 1)
    assert.equal(server.peers.length, 1)
  })

  it('replaces a connection whose late reply does not come either', async (t) => {
    const server = await listen(t, (peer, index) => {
      if (index > 0) answers(peer)
    })
    const pool = poolFor(t, server, { timeoutMs: 3000 })
    await assert.rejects(pool.lookup([url('bad-one')]), failsWith('timeout'))
    // The new connection asks by itself whether the server answers.
    await once(pool, 'back')
    const [answer] = await pool.lookup([url('bad-two')])
    assert.deepEqual(found(answer!), ['bad-two'])
    assert.equal(server.peers.length, 2)
  })

  it('fails all that waits when a server answers nothing, and asks it no more until it does', async (t) => {
    const server = await listen(t, () => {})
    const pool = poolFor(t, server, { connections: 2, timeoutMs: 500 })
    const results = await Promise.allSettled(numbers(500).map((n) => pool.lookup([url(`bad${n}`)])))
    for (const result of results)
      assert.ok(result.status === 'rejected' && failsWith('timeout')(result.reason))
    await assert.rejects(pool.lookup([url('bad')]), failsWith('timeout'))
    for (const { lines } of server.peers) assert.ok(lines.length <= 1)
  })

  it('asks again on another connection when the server dies within a reply', async (t) => {
    const server = await listen(t, (peer, index) => {
      if (index > 1) answers(peer)
      else {
        peer.onLine((line) => {
          const reply = replyTo(line)
          peer.socket.write(reply.slice(0, 20 + index), () => peer.socket.resetAndDestroy())
        })
      }
    })
    const pool = poolFor(t, server)
    const [answer] = await pool.lookup([url('bad.example')])
    assert.deepEqual(found(answer!), ['bad.example'])
    assert.equal(pool.stats.retries, 2)
  })

  it('asks everything again that was in flight, in its order', async (t) => {
    const server = await listen(t, (peer, index) => {
      if (index > 0) answers(peer)
    })
    const pool = poolFor(t, server, { window: 16 })
    const lookups = numbers(17).map((n) => pool.lookup([url(`bad${n}`)]))
    const peer = await server.peer(0)
    await peer.until(1)
    peer.socket.write(replyTo(peer.lines[0]!))
    await peer.until(17)
    peer.socket.end(replyTo(peer.lines[1]!))
    const results = await Promise.all(lookups)
    assert.deepEqual(
      results.map(([answer]) => found(answer!)),
      numbers(17).map((n) => [`bad${n}`]),
    )
    assert.deepEqual(
      (await server.peer(1)).lines.map((line) => /bad\d+/.exec(line)![0]),
      numbers(15).map((n) => `bad${n + 2}`),
    )
  })

  it('fails only the request that breaks each connection', async (t) => {
    const server = await listen(t, (peer) => {
      peer.onLine((line) => {
        if (line.includes('poison')) peer.socket.resetAndDestroy()
        else peer.socket.write(replyTo(line))
      })
    })
    const pool = poolFor(t, server, { connections: 2, window: 4, retries: 2 })
    const values = numbers(40).map((n) => (n === 11 ? 'poison' : `bad${n}`))
    const results = await Promise.allSettled(values.map((value) => pool.lookup([url(value)])))
    for (const [n, result] of results.entries()) {
      if (n === 11) assert.ok(result.status === 'rejected' && failsWith('unavailable')(result.reason))
      else assert.deepEqual(result.status === 'fulfilled' && found(result.value[0]!), [`bad${n}`])
    }
  })

  it('is not misled by a request that breaks every connection: the server is there for others', async (t) => {
    let isOn = false
    const server = await listen(t, (peer) => {
      peer.onLine((line) => {
        if (!isOn || line.includes('poison')) peer.socket.resetAndDestroy()
        else peer.socket.write(replyTo(line))
      })
    })
    const pool = poolFor(t, server)
    await assert.rejects(pool.lookup([url('bad')]), failsWith('unavailable'))
    await assert.rejects(pool.lookup([url('bad')]), failsWith('unavailable'))
    // The seventh connection in a row: the server is lost, and what asks it now and then is this one.
    await assert.rejects(pool.lookup([url('poison')]), failsWith('unavailable'))
    isOn = true
    const back = once(pool, 'back')
    await assert.rejects(pool.lookup([url('bad')]), failsWith('unavailable'))
    await back
    const [answer] = await pool.lookup([url('bad')])
    assert.deepEqual(found(answer!), ['bad'])
  })

  it('fails what waits when nobody listens, at once when that is known, and works when somebody does', async (t) => {
    const port = await freePort()
    const pool = poolFor(t, [{ host: '127.0.0.1', port }])
    const lost = once(pool, 'lost')
    const results = await Promise.allSettled(numbers(100).map((n) => pool.lookup([url(`bad${n}`)])))
    for (const result of results) {
      assert.ok(result.status === 'rejected' && failsWith('unavailable')(result.reason))
      assert.match(String(result.reason.message), /ECONNREFUSED/)
    }
    const [address, error] = await lost
    assert.deepEqual(address, { host: '127.0.0.1', port })
    assert.match(error.message, /ECONNREFUSED/)
    // One attempt and two more.
    assert.equal(pool.stats.failedConnections, 3)
    await assert.rejects(pool.lookup([url('bad')]), failsWith('unavailable'))
    const back = once(pool, 'back')
    await listen(t, answers, port)
    await back
    const [answer] = await pool.lookup([url('bad')])
    assert.deepEqual(found(answer!), ['bad'])
  })

  it('goes on when the server is restarted', async (t) => {
    const first = await listen(t, answers)
    const { port } = first.address
    const pool = poolFor(t, first, { connections: 3, window: 4 })
    await Promise.all(numbers(50).map((n) => pool.lookup([url(`bad${n}`)])))
    await first.close()
    await assert.rejects(pool.lookup([url('bad')]), failsWith('unavailable'))
    const back = once(pool, 'back')
    await listen(t, answers, port)
    await back
    const results = await Promise.all(numbers(50).map((n) => pool.lookup([url(`bad${n}`)])))
    assert.ok(results.every(([answer]) => answer!.length === 1))
  })

  for (const [what, garbage] of [
    ['text that is no reply', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['a detection without the indicator', 'Category=a|ioc=b\nLookupFinished\n'],
    ['a reply without end', `${detection('url', 'bad').repeat(40)}`],
    ['a line without end', 'Category='.padEnd(2000, 'x')],
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 0x0a, 0x00])],
  ] as const) {
    it(`replaces a connection that sends ${what}`, async (t) => {
      const server = await listen(t, (peer, index) => {
        if (index > 0) answers(peer)
        else peer.onLine(() => peer.socket.write(garbage))
      })
      const pool = poolFor(t, server, { maxReplyLength: 1000 })
      const [answer] = await pool.lookup([url('bad')])
      assert.deepEqual(found(answer!), ['bad'])
      assert.equal(server.peers.length, 2)
      assert.equal(pool.stats.failedConnections, 1)
    })
  }

  it('replaces a connection that sends a reply too many, and trusts nothing after it', async (t) => {
    const server = await listen(t, (peer, index) => {
      if (index > 0) answers(peer)
      else peer.onLine(() => peer.socket.write(FINISHED_LINE + FINISHED_LINE))
    })
    const pool = poolFor(t, server)
    assert.deepEqual(await pool.lookup([url('bad-one')]), [[]])
    const [answer] = await pool.lookup([url('bad-two')])
    assert.deepEqual(found(answer!), ['bad-two'])
    assert.equal(server.peers.length, 2)
  })

  it('reads a reply that comes byte by byte', async (t) => {
    const server = await listen(t, (peer) => {
      peer.onLine(async (line) => {
        for (const byte of Buffer.from(replyTo(line))) {
          await new Promise<void>((resolve) => peer.socket.write(Buffer.of(byte), () => resolve()))
          await new Promise((resolve) => setImmediate(resolve))
        }
      })
    })
    const pool = poolFor(t, server)
    const [answer] = await pool.lookup([url('bad-\u{1f600}-ü')])
    assert.deepEqual(found(answer!), ['bad-\u{1f600}-ü'])
  })

  it('drops and counts detections of what the request did not ask', async (t) => {
    const server = await listen(t, (peer) => {
      peer.onLine((line) => peer.socket.write(detection('url', 'stray') + replyTo(line)))
    })
    const pool = poolFor(t, server)
    const [one, two] = await pool.lookup([url('bad-one'), url('good')])
    assert.deepEqual([found(one!), found(two!)], [['bad-one'], []])
    const [three] = await pool.lookup([url('bad-three')])
    assert.deepEqual(found(three!), ['bad-three'])
    assert.equal(pool.stats.strayDetections, 2)
  })

  it('tells a value apart that is asked as two types', async (t) => {
    const server = await listen(t, (peer) => {
      peer.onLine((line) => peer.socket.write(replyTo(line)))
    })
    const pool = poolFor(t, server)
    const result = await pool.lookup([url('bad'), ip('bad')])
    assert.deepEqual(
      result.map((answer) => answer.map(({ category }) => category)),
      [['Test_url'], ['Test_ip']],
    )
  })

  it('asks for values that would break the line, and finds them', async (t) => {
    const server = await listen(t, answers)
    const pool = poolFor(t, server)
    const values = ['bad|a', 'bad\r\nb', ' bad c\n', 'bad\ud800d', 'bad=e', 'bad__proto__']
    const result = await pool.lookup(values.map(url))
    assert.deepEqual(result.map(found), [
      ['bad a'],
      ['bad b'],
      ['bad c'],
      ['bad\ufffdd'],
      ['bad=e'],
      ['bad__proto__'],
    ])
    assert.equal(server.peers[0]!.lines.length, 1)
  })

  it('asks in several lines what does not fit into one, and not at all what fits into none', async (t) => {
    const server = await listen(t, answers)
    const pool = poolFor(t, server, { maxLineBytes: 1000 })
    const values = [...numbers(30).map((n) => `bad${n}-${'é'.repeat(40)}`), `bad${'x'.repeat(1000)}`, ' ']
    const result = await pool.lookup(values.map(url))
    assert.deepEqual(
      result.map((answer) => answer.length),
      [...numbers(30).map(() => 1), 0, 0],
    )
    for (const line of server.peers[0]!.lines) assert.ok(Buffer.byteLength(line) < 1000)
    assert.equal(server.peers[0]!.lines.length, 3)
    assert.equal(pool.stats.tooLong, 1)
  })

  it('remembers hits and misses, and asks once what is asked at the same time', async (t) => {
    const server = await listen(t, answers)
    const pool = poolFor(t, server, { cacheEntries: 100 })
    const lookups = numbers(10).map(() => pool.lookup([url('bad'), ip('good')]))
    for (const [bad, good] of await Promise.all(lookups)) {
      assert.deepEqual([found(bad!), found(good!)], [['bad'], []])
    }
    const [bad, good] = await pool.lookup([url('bad'), ip('good')])
    assert.deepEqual([found(bad!), found(good!)], [['bad'], []])
    // The same value of another type is another question.
    assert.deepEqual(await pool.lookup([url('good')]), [[]])
    assert.deepEqual(
      server.peers[0]!.lines.map((line) => line.replace(/^\w+/, '')),
      ['|url=bad|ip=good|', '|url=good|'],
    )
    assert.equal(pool.stats.shared, 18)
    assert.equal(pool.stats.cacheHits, 2)
  })

  it('tells at once what it remembers', async (t) => {
    const server = await listen(t, answers)
    const pool = poolFor(t, server, { cacheEntries: 100 })
    await pool.lookup([url('bad')])
    let told: readonly string[] | undefined
    pool.dispatch([url('bad')], {
      onAnswers: ([answer]) => {
        told = found(answer!)
      },
      onFailure: assert.fail,
    })
    assert.deepEqual(told, ['bad'])
  })

  it('remembers neither time-outs nor failures', async (t) => {
    const server = await listen(t, (peer, index) => {
      if (index === 0) peer.onLine(() => peer.socket.end())
      else if (index > 1) answers(peer)
    })
    const pool = poolFor(t, server, { cacheEntries: 100, retries: 0, timeoutMs: 3000 })
    await assert.rejects(pool.lookup([url('bad')]), failsWith('unavailable'))
    await assert.rejects(pool.lookup([url('bad')]), failsWith('timeout'))
    await once(pool, 'back')
    const [answer] = await pool.lookup([url('bad')])
    assert.deepEqual(found(answer!), ['bad'])
    assert.equal(pool.stats.cacheHits, 0)
  })

  it('is busy when its queue is full, refuses more then, and tells when it is not busy any longer', async (t) => {
    const server = await listen(t, () => {})
    const pool = poolFor(t, server, { queue: 4, window: 4 })
    const results: string[] = []
    const handler = (name: string) => ({
      onAnswers: () => results.push(`${name} answered`),
      onFailure: (error: TracerError) => results.push(`${name} ${error.code}`),
    })
    const taken = numbers(4).map((n) => pool.dispatch([url(`${n}`)], handler(`${n}`)))
    assert.deepEqual(taken, [true, true, true, false])
    assert.equal(pool.busy, true)
    assert.equal(pool.dispatch([url('4')], handler('4')), false)
    assert.deepEqual(results, ['4 busy'])
    const peer = await server.peer(0)
    const drained = once(pool, 'drain')
    answers(peer)
    await drained
    assert.equal(pool.busy, false)
    assert.equal(pool.dispatch([url('5')], handler('5')), true)
    await pool.close()
    assert.deepEqual(results, [
      '4 busy',
      '0 answered',
      '1 answered',
      '2 answered',
      '3 answered',
      '5 answered',
    ])
  })

  it('keeps to its rate', async (t) => {
    const server = await listen(t, answers)
    const pool = poolFor(t, server, { rps: 100 })
    const started = performance.now()
    await Promise.all(numbers(11).map((n) => pool.lookup([url(`bad${n}`)])))
    // Ten of them have to wait for 10 ms each.
    assert.ok(performance.now() - started >= 99)
  })

  it('close finishes what was taken, and takes no more', async (t) => {
    const server = await listen(t, () => {})
    const pool = poolFor(t, server, { connections: 2 })
    const lookups = numbers(20).map((n) => pool.lookup([url(`bad${n}`)]))
    const closed = pool.close()
    await assert.rejects(pool.lookup([url('bad')]), failsWith('closed'))
    answers(await server.peer(0))
    answers(await server.peer(1))
    const results = await Promise.all(lookups)
    assert.ok(results.every(([answer]) => answer!.length === 1))
    await closed
    await pool.close()
    await Promise.all(server.peers.map(({ socket }) => socket.destroyed || once(socket, 'close')))
  })

  it('close ends a pool that was never used', async () => {
    await new TracerPool({ servers: [{ host: '127.0.0.1', port: 1 }] }).close()
  })

  it('lets look-ups wait for a server that is lost, however it was lost, and asks it again', async (t) => {
    for (const lose of ['silent', 'closes', 'refuses'] as const) {
      let isBack = false
      const play = (peer: Peer) => {
        if (isBack) answers(peer)
        else if (lose === 'closes') peer.onLine(() => peer.socket.end())
      }
      const port = await freePort()
      if (lose !== 'refuses') await listen(t, play, port)
      const servers = [{ host: '127.0.0.1', port }]
      const pool = poolFor(t, servers, { waitMs: 3_600_000, timeoutMs: 1000, retries: 1 })
      const lost = once(pool, 'lost')
      const asked = [pool.lookup([url('bad')]), pool.lookup([url('good'), url('bad.too')])]
      await lost
      isBack = true
      if (lose === 'refuses') await listen(t, play, port)
      const [[bad], [good, too]] = (await Promise.all(asked)) as [[Answer], [Answer, Answer]]
      assert.deepEqual([found(bad), found(good), found(too)], [['bad'], [], ['bad.too']], lose)
      await pool.close()
    }
  })

  it('lets them fail when they have waited long enough, and at once after that until a server is back', async (t) => {
    const port = await freePort()
    const pool = poolFor(t, [{ host: '127.0.0.1', port }], { waitMs: 100 })
    const waited = once(pool, 'waited')
    const start = performance.now()
    await assert.rejects(pool.lookup([url('a')]), { code: 'unavailable' })
    assert.ok(performance.now() - start >= 100, 'it did not wait')
    await waited
    await assert.rejects(pool.lookup([url('b')]), { code: 'unavailable' })
    const back = once(pool, 'back')
    await listen(t, answers, port)
    await back
    assert.deepEqual(found((await pool.lookup([url('bad')]))[0]!), ['bad'])
  })

  it('stops to wait when it is told to', async (t) => {
    const pool = poolFor(t, [{ host: '127.0.0.1', port: await freePort() }], { waitMs: 3_600_000 })
    const lost = once(pool, 'lost')
    const asked = pool.lookup([url('a')])
    asked.catch(() => {})
    await lost
    pool.stopWaiting()
    await assert.rejects(asked, { code: 'unavailable' })
  })

  it('destroy fails all that waits, queued or in flight', async (t) => {
    const server = await listen(t, () => {})
    const pool = poolFor(t, server)
    const lookups = numbers(20).map((n) => pool.lookup([url(`bad${n}`)]))
    await (await server.peer(0)).until(1)
    pool.destroy(new Error('enough'))
    for (const result of await Promise.allSettled(lookups)) {
      assert.ok(result.status === 'rejected' && failsWith('closed')(result.reason))
      assert.equal(result.reason.message, 'enough')
    }
    await assert.rejects(pool.lookup([url('bad')]), failsWith('closed'))
    const { socket } = server.peers[0]!
    if (!socket.destroyed) await once(socket, 'close')
  })

  it('asks our own server', async (t) => {
    const { port } = await RunningServer.start(t)
    const pool = poolFor(t, [{ host: '127.0.0.1', port }])
    const result = await pool.lookup([url('gmer.com'), ip('192.0.2.1'), url('nothing.example')])
    assert.deepEqual(result.map(found), [['gmer.com'], ['192.0.2.1'], []])
    const names = numbers(1000).map((n) => pool.lookup([url(n % 2 ? 'gmer.com' : `${n}.example`)]))
    for (const [n, [answer]] of (await Promise.all(names)).entries()) assert.equal(answer!.length, n % 2)
  })

  it('asks our own server when it closes after each reply', async (t) => {
    const { port } = await RunningServer.start(t, { oneShot: true })
    const pool = poolFor(t, [{ host: '127.0.0.1', port }], { connections: 4, ...UNSETTLED })
    const names = numbers(100).map((n) => pool.lookup([url(n % 2 ? 'gmer.com' : `${n}.example`)]))
    for (const [n, [answer]] of (await Promise.all(names)).entries()) assert.equal(answer!.length, n % 2)
    assert.equal(pool.stats.failedConnections, 0)
  })

  it('asks with TLS, and shows its certificate', async (t) => {
    const server = { cert: pem('server-cert'), key: pem('server-key'), ca: pem('authority-cert') }
    const { port } = await RunningServer.start(t, { tls: server })
    const tls = { ca: pem('authority-cert'), cert: pem('client-cert'), key: pem('client-key') }
    const pool = poolFor(t, [{ host: '127.0.0.1', port }], { tls })
    const [answer] = await pool.lookup([url('gmer.com')])
    assert.deepEqual(found(answer!), ['gmer.com'])
    const stranger = poolFor(t, [{ host: '127.0.0.1', port }], { tls: { cert: tls.cert, key: tls.key } })
    // It does not know the authority, so it does not trust the server.
    await assert.rejects(stranger.lookup([url('gmer.com')]), failsWith('unavailable'))
  })

  it('asks the server that is there when another one is not', async (t) => {
    const server = await listen(t, answers)
    const port = await freePort()
    const pool = poolFor(t, [{ host: '127.0.0.1', port }, server.address])
    for (const n of numbers(20)) {
      const [answer] = await pool.lookup([url(`bad${n}`)])
      assert.deepEqual(found(answer!), [`bad${n}`])
    }
  })

  it('asks several servers', async (t) => {
    const servers = [await listen(t, answers), await listen(t, answers)]
    const pool = poolFor(
      t,
      servers.map(({ address }) => address),
      { window: 2 },
    )
    const results = await Promise.all(numbers(100).map((n) => pool.lookup([url(`bad${n}`)])))
    assert.ok(results.every(([answer]) => answer!.length === 1))
    for (const { peers } of servers) assert.ok(peers[0]!.lines.length > 10)
  })

  for (const [options, message] of [
    [{ connections: 0 }, /connections has to be a whole number from 1/],
    [{ window: 1.5 }, /window has to be a whole number from 1/],
    [{ rps: 0 }, /rps has to be above 0/],
    [{ rps: Number.NaN }, /rps has to be above 0/],
    [{ timeoutMs: -1 }, /timeoutMs/],
    [{ servers: [] }, /servers/],
    [{ servers: [{ host: 'a', port: 70000 }] }, /a:70000 is not the address of a server/],
  ] as const) {
    it(`refuses ${JSON.stringify(options)}`, () => {
      assert.throws(() => new TracerPool({ servers: [{ host: 'a', port: 1 }], ...options }), {
        name: 'TypeError',
        message,
      })
    })
  }
})

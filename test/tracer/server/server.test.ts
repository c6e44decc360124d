import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, test } from 'node:test'
import { UrlDecoder } from '../../../src/tracer/enrichers/url-decode.ts'
import { CLIENT_HEADER, PING } from '../../../src/tracer/protocol.ts'
import { ADDRESS, GMER, known, ManualEnricher, MISS, poll, RunningServer } from '../running-server.ts'

const REQUEST = '7f3a|url=gmer.com|\n'
const OPTIONS = { timeout: 900_000 }

describe('the server replies', OPTIONS, () => {
  const cases: [name: string, sent: string, reply: string][] = [
    ['to the example with a hit', `${CLIENT_HEADER}${REQUEST}`, GMER],
    ['to the example without one', `${CLIENT_HEADER}7f3c|ip=198.51.100.7|\n`, MISS],
    ['without a header', REQUEST, GMER],
    [
      'with all tokens in another order',
      `X-KF-ReplyBackX-KF-SaveStatisticX-KF-SendFinishedEvent${REQUEST}`,
      GMER,
    ],
    ['with an LF after the header', `${CLIENT_HEADER}\n${REQUEST}`, GMER],
    ['to CRLF', `${CLIENT_HEADER}\r\n7f3a|url=gmer.com|\r\n`, GMER],
    [
      'to several requests in one segment',
      `${REQUEST}a|ip=192.0.2.1|\nb|url=x|\n${REQUEST}`,
      GMER + ADDRESS + MISS + GMER,
    ],
    ['to the Splunk form', 'url=gmer.com \n', GMER],
    ['to bare values', 'gmer.com\n192.0.2.1\n', GMER + ADDRESS],
    ['to the form with spaces', 'ip=192.0.2.1 md5=0 sha1=0 sha256=0 url=nothing\n', ADDRESS],
    [
      'to several indicators in their order, duplicates kept',
      'a|ip=192.0.2.1|url=gmer.com|url=gmer.com|\n',
      ADDRESS.replace(MISS, '') + GMER.replace(MISS, '') + GMER,
    ],
    ['to a line without indicator', '7f3a|\n', MISS],
    ['to a line of blanks', '   \n', MISS],
    ['nothing to empty lines', `\n\r\n\n${REQUEST}\n\n`, GMER],
    ['to a ping', PING, 'PONG\n'],
    ['to a ping with LF, and to the requests behind it', `${PING}\n${REQUEST}`, `PONG\n${GMER}`],
    [
      'with the value as it was sent',
      'a|url=пример.рф|\n',
      'Category=Tracer_URL_enricher|MatchedIndicator=пример.рф|ioc=пример.рф\nLookupFinished\n',
    ],
  ]
  for (const [name, sent, reply] of cases) {
    test(name, async (t) => {
      const running = await RunningServer.start(t)
      const client = await running.connect()
      client.send(sent)
      assert.equal(await client.receive(reply), reply)
      // The rest that it would have sent comes before its FIN.
      client.socket.end()
      assert.equal(await client.ended(), 'end')
      assert.equal(client.text, reply)
    })
  }

  test('to a stream that is cut at every possible byte', async (t) => {
    const running = await RunningServer.start(t)
    const sent = Buffer.from(`${CLIENT_HEADER}7f3a|url=gmer.com|\r\n\nb|url=пример.рф|ip=192.0.2.1|\n`)
    const expected = `${GMER}Category=Tracer_URL_enricher|MatchedIndicator=пример.рф|ioc=пример.рф\n${ADDRESS}`
    await Promise.all(
      Array.from(sent, async (_byte, i) => {
        const client = await running.connect()
        await client.sent(sent.subarray(0, i))
        // The first part has been read, or is on its way with a segment of its own.
        await new Promise((resolve) => setImmediate(resolve))
        client.send(sent.subarray(i))
        assert.equal(await client.receive(expected), expected, `cut at ${i}`)
      }),
    )
  })

  test('to a stream that comes byte by byte', async (t) => {
    const running = await RunningServer.start(t)
    const client = await running.connect()
    for (const byte of Buffer.from(`${CLIENT_HEADER}${REQUEST}${REQUEST}`))
      await client.sent(Buffer.from([byte]))
    assert.equal(await client.receive(GMER + GMER), GMER + GMER)
  })

  test('to any number of pipelined requests, in their order', async (t) => {
    const running = await RunningServer.start(t, { enrichers: [new UrlDecoder()] })
    const client = await running.connect()
    const values = Array.from({ length: 20_000 }, (_, i) => `host${i}.example`)
    client.send(values.map((value) => `a|url=${value}|\n`).join(''))
    const expected = values
      .map(
        (value) =>
          `Category=Tracer_URL_Decoder|MatchedIndicator=${value}|decodedURL=${value}\nLookupFinished\n`,
      )
      .join('')
    assert.equal(await client.receive(expected), expected)
    assert.equal(running.counters.requests, values.length)
  })

  test('what all enrichers know, in their order', async (t) => {
    const running = await RunningServer.start(t, { enrichers: [new UrlDecoder(), known()] })
    const client = await running.connect()
    client.send(REQUEST)
    const decoded = 'Category=Tracer_URL_Decoder|MatchedIndicator=gmer.com|decodedURL=gmer.com\n'
    assert.equal(await client.receive(decoded + GMER), decoded + GMER)
  })

  test('with the very bytes of a value that is not UTF-8', async (t) => {
    const running = await RunningServer.start(t, { enrichers: [new UrlDecoder()] })
    const client = await running.connect()
    const value = Buffer.from([0x61, 0xff, 0xc3, 0x28, 0xed, 0xa0, 0x80, 0xe2, 0x82, 0x2e, 0xd0, 0xb6])
    const around = (before: string, after: string) =>
      Buffer.concat([Buffer.from(before), value, Buffer.from(after)])
    client.send(around('a|url=', '|\n'))
    const expected = Buffer.concat([
      around('Category=Tracer_URL_Decoder|MatchedIndicator=', '|decodedURL='),
      around('', '\nLookupFinished\n'),
    ])
    await client.receiveUntil(MISS)
    assert.deepEqual(client.bytes, expected)
    client.send('gmer.com\n')
    assert.match(await client.receiveUntil('decodedURL=gmer.com\nLookupFinished\n'), /gmer\.com/)
  })

  test('to a client that has ended its side', async (t) => {
    const running = await RunningServer.start(t)
    const client = await running.connect()
    client.socket.end(REQUEST + REQUEST)
    assert.equal(await client.ended(), 'end')
    assert.equal(client.text, GMER + GMER)
  })

  test('to an unterminated line when the client ends its side', async (t) => {
    const running = await RunningServer.start(t)
    for (const [sent, reply] of [
      ['7f3a|url=gmer.com', GMER],
      ['7f3a|', MISS],
      ['X-KF-Reply', MISS],
      [CLIENT_HEADER, ''],
      ['', ''],
    ] as const) {
      const client = await running.connect()
      client.socket.end(sent)
      assert.equal(await client.ended(), 'end')
      assert.equal(client.text, reply, sent)
    }
  })

  test('with one write to all requests of one read, without delay', async (t) => {
    const running = await RunningServer.start(t)
    const client = await running.connect()
    const chunks: number[] = []
    client.socket.on('data', (bytes: Buffer) => chunks.push(bytes.length))
    client.send(REQUEST.repeat(50))
    await client.receive(GMER.repeat(50))
    assert.deepEqual(chunks, [GMER.length * 50])
  })
})

describe('a client that does not ask for replies', OPTIONS, () => {
  test('gets none, although its requests are looked up', async (t) => {
    const running = await RunningServer.start(t)
    const client = await running.connect()
    client.socket.end(`X-KF-SendFinishedEvent${REQUEST}${REQUEST}`)
    assert.equal(await client.ended(), 'end')
    assert.equal(client.text, '')
    assert.equal(running.counters.requests, 2)
    assert.equal(running.counters.hits.get('Tracer_URL_enricher'), 2)
  })

  test('gets them with reply: always', async (t) => {
    const running = await RunningServer.start(t, { reply: 'always' })
    const client = await running.connect()
    client.socket.end(`X-KF-SendFinishedEvent${REQUEST}`)
    assert.equal(await client.ended(), 'end')
    assert.equal(client.text, GMER)
  })

  test('gets none from enrichers that wait', async (t) => {
    const manual = new ManualEnricher()
    const running = await RunningServer.start(t, { enrichers: [manual] })
    const client = await running.connect()
    client.socket.end('X-KF-SaveStatistica|url=late|\n')
    await manual.answer('late')
    assert.equal(await client.ended(), 'end')
    assert.equal(client.text, '')
    assert.equal(running.counters.hits.get('Manual'), 1)
  })
})

describe('a line without LF', OPTIONS, () => {
  test('is processed after 100 ms without another byte, and an LF that comes later is an empty line', async (t) => {
    const running = await RunningServer.start(t)
    const client = await running.connect()
    const start = performance.now()
    client.send(`${CLIENT_HEADER}7f3a|url=gmer.com|`)
    assert.equal(await client.receive(GMER), GMER)
    assert.ok(performance.now() - start >= 95, 'it was processed too early')
    client.send('\n')
    client.send('b|ip=192.0.2.1|')
    assert.equal(await client.receive(GMER + ADDRESS), GMER + ADDRESS)
    client.send('\r\n')
    client.socket.end(REQUEST)
    assert.equal(await client.receive(GMER + ADDRESS + GMER), GMER + ADDRESS + GMER)
    assert.equal(running.counters.requests, 3)
  })

  test('is not processed without an indicator in it', async (t) => {
    const running = await RunningServer.start(t)
    const client = await running.connect()
    client.send('7f3a|ur')
    await new Promise((resolve) => setTimeout(resolve, 250))
    assert.equal(running.counters.requests, 0)
    client.send('l=gmer.com|\n')
    assert.equal(await client.receive(GMER), GMER)
    assert.equal(running.counters.requests, 1)
  })

  test('behind a complete one in the same read is given a second: its client ends its lines', async (t) => {
    const running = await RunningServer.start(t)
    const client = await running.connect()
    client.send('a|ip=192.0.2.1|\nb|url=gm')
    assert.equal(await client.receive(ADDRESS), ADDRESS)
    await new Promise((resolve) => setTimeout(resolve, 300))
    client.send('er.com|\n')
    assert.equal(await client.receive(ADDRESS + GMER), ADDRESS + GMER)
    const start = performance.now()
    client.send('c|ip=192.0.2.1|\nd|url=gmer.com|')
    const replies = ADDRESS + GMER + ADDRESS + GMER
    assert.equal(await client.receive(replies), replies)
    assert.ok(performance.now() - start >= 900, 'it was processed too early')
    assert.equal(running.counters.requests, 4)
  })

  test('behind complete ones does not hold up their replies', async (t) => {
    const manual = new ManualEnricher()
    const running = await RunningServer.start(t, { enrichers: [known(), manual] })
    const client = await running.connect()
    client.send('a|url=first|\nb|url=second|')
    await manual.answer('first', false)
    assert.equal(await client.receive(MISS), MISS)
    await manual.answer('second', false)
    assert.equal(await client.receive(MISS + MISS), MISS + MISS)
  })
})

describe('one-shot', OPTIONS, () => {
  const start = (t: Parameters<typeof RunningServer.start>[0]) => RunningServer.start(t, { oneShot: true })

  test('closes after the first reply, whatever else was sent', async (t) => {
    const running = await start(t)
    const client = await running.connect()
    client.send(`\n${REQUEST}${REQUEST}a|ip=192.0.2.1|\n`)
    assert.equal(await client.ended(), 'end')
    assert.equal(client.text, GMER)
    client.socket.end()
    await running.untilConnections(0)
    assert.equal(running.counters.closed.get('one-shot'), 1)
  })

  test('closes after a request without LF', async (t) => {
    const running = await start(t)
    const client = await running.connect()
    client.send(`${CLIENT_HEADER}7f3a|url=gmer.com|`)
    assert.equal(await client.ended(), 'end')
    assert.equal(client.text, GMER)
  })

  test('closes when an enricher has answered', async (t) => {
    const manual = new ManualEnricher()
    const running = await RunningServer.start(t, { oneShot: true, enrichers: [manual] })
    const client = await running.connect()
    client.send('a|url=one|\nb|url=two|\n')
    await manual.answer('one')
    assert.equal(await client.ended(), 'end')
    assert.equal(client.text, 'Category=Manual|MatchedIndicator=one|ioc=one\nLookupFinished\n')
    assert.equal(manual.asked, 1)
  })

  test('does not reset a client that goes on sending', async (t) => {
    const running = await start(t)
    const client = await running.connect()
    client.socket.pause()
    client.send(REQUEST)
    await poll(() => running.counters.requests === 1)
    for (let i = 0; i < 50; i++) await client.sent(REQUEST.repeat(100))
    client.socket.end()
    client.socket.resume()
    assert.equal(await client.ended(), 'end')
    assert.equal(client.text, GMER)
  })
})

describe('enrichers that wait', OPTIONS, () => {
  const reply = (value: string) => `Category=Manual|MatchedIndicator=${value}|ioc=${value}\nLookupFinished\n`

  test('are answered out of order, and their replies come in the order of the requests', async (t) => {
    const manual = new ManualEnricher()
    const running = await RunningServer.start(t, { enrichers: [manual] })
    const client = await running.connect()
    const values = ['a0', 'a1', 'a2', 'a3', 'a4']
    client.send(values.map((value) => `x|url=${value}|\n`).join(''))
    for (const value of ['a4', 'a2', 'a0', 'a3', 'a1']) await manual.answer(value)
    const expected = values.map(reply).join('')
    assert.equal(await client.receive(expected), expected)
  })

  test('hold back what is known of later requests, and nothing of earlier ones', async (t) => {
    const manual = new ManualEnricher()
    const mixed = {
      name: 'mixed',
      lookup: (indicator: Parameters<ManualEnricher['lookup']>[0]) =>
        indicator.value.startsWith('slow') ? manual.lookup(indicator) : known().lookup(indicator),
    }
    const running = await RunningServer.start(t, { enrichers: [mixed] })
    const client = await running.connect()
    client.send(`${REQUEST}b|url=gmer.com|url=slow|ip=192.0.2.1|\n${REQUEST}`)
    const first = GMER + GMER.replace(MISS, '')
    assert.equal(await client.receive(first), first)
    await manual.answer('slow')
    const expected = `${first}Category=Manual|MatchedIndicator=slow|ioc=slow\n${ADDRESS}${GMER}`
    assert.equal(await client.receive(expected), expected)
  })

  test('have a bounded number of look-ups of one connection in flight, and reading stops beyond', async (t) => {
    const manual = new ManualEnricher()
    const running = await RunningServer.start(t, { enrichers: [manual] })
    const client = await running.connect()
    const count = 200_000
    const value = (i: number) => `host-with-a-long-name-so-that-more-is-sent-than-buffers-take-${i}`
    let sent = 0
    while (client.socket.writableLength < 1024 * 1024 && sent < count) {
      client.send(`x|url=${value(sent)}|\n`)
      sent += 1
      if (sent % 1000 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    await poll(() => manual.open.size === 64)
    assert.ok(sent < count, 'the server went on reading')
    assert.equal(manual.most, 64)
    for (let i = 0; i < 200; i++) await manual.answer(value(i), false)
    assert.equal(manual.most, 64)
    await client.receive(MISS.repeat(200))
    assert.equal(client.text, MISS.repeat(200))
  })

  test('are bounded within one line, too', async (t) => {
    const manual = new ManualEnricher()
    const running = await RunningServer.start(t, { enrichers: [manual] })
    const client = await running.connect()
    const values = Array.from({ length: 500 }, (_, i) => `v${i}`)
    client.send(`x|${values.map((value) => `url=${value}|`).join('')}\n`)
    for (const value of values) await manual.answer(value)
    const expected = `${values.map((value) => reply(value).replace(MISS, '')).join('')}${MISS}`
    assert.equal(await client.receive(expected), expected)
    assert.equal(manual.most, 64)
  })

  test('that fail cost their detections, not the reply, and are counted and logged', async (t) => {
    const manual = new ManualEnricher()
    const broken = {
      name: 'broken',
      lookup: () => {
        throw new Error('the table is gone')
      },
    }
    const running = await RunningServer.start(t, { enrichers: [broken, manual, known()] })
    const client = await running.connect()
    client.send(REQUEST)
    await manual.fail('gmer.com', new Error('the service is down'))
    assert.equal(await client.receive(GMER), GMER)
    client.send(REQUEST)
    await manual.answer('gmer.com')
    const second = `Category=Manual|MatchedIndicator=gmer.com|ioc=gmer.com\n${GMER}`
    assert.equal(await client.receive(GMER + second), GMER + second)
    assert.deepEqual(
      [...running.counters.enricherErrors],
      [
        ['broken', 2],
        ['manual', 1],
      ],
    )
    const logged = running.logged.lines.filter(({ msg }) => msg === 'look-up failed')
    assert.deepEqual(
      logged.map(({ enricher, level }) => [enricher, level]),
      [
        ['broken', 'warn'],
        ['manual', 'warn'],
      ],
    )
  })

  test('a connection that is gone counts until its look-ups are back', async (t) => {
    const manual = new ManualEnricher()
    const running = await RunningServer.start(t, { enrichers: [manual] })
    const client = await running.connect()
    client.send('x|url=a|\nx|url=b|\n')
    await poll(() => manual.open.size === 2)
    client.socket.resetAndDestroy()
    await poll(() => running.counters.closed.get('error') === 1)
    assert.equal(running.server.connections, 1)
    await manual.answer('a')
    await manual.fail('b', new Error('too late'))
    await running.untilConnections(0)
  })
})

test('what happens is counted', OPTIONS, async (t) => {
  const running = await RunningServer.start(t)
  const client = await running.connect()
  const sent = `${CLIENT_HEADER}a|url=gmer.com|url=x|ip=192.0.2.1|hash=0|\n7f|\n\n`
  client.socket.end(sent)
  await client.ended()
  const pinging = await running.connect()
  pinging.socket.end(PING)
  await pinging.ended()
  await running.untilConnections(0)
  const { counters } = running
  assert.equal(counters.requests, 2)
  assert.equal(counters.pings, 1)
  assert.deepEqual(counters.indicators, { ip: 1, url: 2, hash: 1, email: 0, text: 0 })
  assert.deepEqual([...counters.hits].sort(), [
    ['Tracer_IP_enricher', 1],
    ['Tracer_URL_enricher', 1],
  ])
  assert.equal(counters.misses, 2)
  assert.equal(counters.connections, 2)
  assert.equal(counters.receivedBytes, sent.length + PING.length)
  assert.equal(counters.sentBytes, client.bytes.length + pinging.bytes.length)
  assert.deepEqual([...counters.closed], [['client', 2]])
})

test('requests are logged only at the level debug', OPTIONS, async (t) => {
  const quiet = await RunningServer.start(t)
  const client = await quiet.connect()
  client.socket.end(REQUEST)
  await client.ended()
  assert.deepEqual(quiet.logged.lines, [])
})

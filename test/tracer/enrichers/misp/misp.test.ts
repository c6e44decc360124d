import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import type { Match } from '../../../../src/tracer/enricher.ts'
import { MispEnricher, type MispError, type MispOptions } from '../../../../src/tracer/enrichers/misp/misp.ts'
import { CLIENT_HEADER, type Indicator, type IndicatorType } from '../../../../src/tracer/protocol.ts'
import { freePort } from '../../loopback.ts'
import { attribute, FakeMisp, KEY, pem, send } from '../../misp/fake-misp.ts'
import { LogLines, poll, RunningServer } from '../../running-server.ts'

const OPTIONS = { timeout: 900_000 }
const MD5 = 'c912705b4bbb14ec7e78fa8b370532c9'
const CA = pem('authority-cert')

interface Setting {
  readonly misp: FakeMisp
  readonly enricher: MispEnricher
  readonly logged: LogLines
  /** All matches, or the code of the error. */
  ask(value: string, type?: IndicatorType): Promise<readonly Match[] | string>
  metric(name: string): number
}

function createEnricher(t: TestContext, url: string, options: Partial<MispOptions> = {}) {
  const logged = new LogLines()
  const enricher = new MispEnricher({
    url,
    key: KEY,
    ca: CA,
    log: logged.log,
    requestsPerSecond: 10_000,
    batchWaitMs: 1,
    // The time of a look-up counts its answer on a busy machine, too.
    timeoutMs: 100_000,
    ...options,
  })
  t.after(() => {
    enricher.close()
    assert.ok(!JSON.stringify(logged.lines).includes(KEY), 'the key is in the log')
  })
  const ask = async (value: string, type: IndicatorType = 'url') => {
    try {
      return await enricher.lookup({ type, value })
    } catch (error) {
      assert.equal((error as Error).name, 'MispError')
      assert.ok(!`${(error as Error).stack}${JSON.stringify(error)}`.includes(KEY), 'the key is in an error')
      return (error as MispError).code
    }
  }
  const metric = (name: string) => {
    const found = enricher
      .metrics()
      .find((one) => [one.name, ...Object.values(one.labels)].join(' ') === `tracer_misp_${name}`)
    return found?.value ?? 0
  }
  return { enricher, logged, ask, metric }
}

async function start(t: TestContext, options: Partial<MispOptions> = {}): Promise<Setting> {
  const misp = await FakeMisp.start(t)
  return { misp, ...createEnricher(t, misp.url, options) }
}

function categories(matches: readonly Match[] | string): string[] {
  assert.ok(Array.isArray(matches), `${matches}`)
  return matches.map(({ category }) => category)
}

function values(matches: readonly Match[] | string): string[] {
  assert.ok(Array.isArray(matches), `${matches}`)
  return matches.map(({ context }) => /^\|value=([^|]*)/.exec(context)![1]!)
}

describe('what MISP knows', OPTIONS, () => {
  test('becomes detections that are numbered by type, with the attribute and its event as the context', async (t) => {
    const { misp, ask } = await start(t)
    misp.attributes.push(
      attribute(5, 'md5', MD5, { comment: 'dropper' }),
      attribute(11, 'ip-dst', '198.51.100.7'),
      attribute(9, 'ip-src', '198.51.100.7'),
      attribute(1, 'domain', 'evil.example'),
    )
    const found = await ask(MD5.toUpperCase(), 'hash')
    assert.deepEqual(categories(found), ['Tracer_MISP_HASH_enricher1'])
    assert.match(
      (found as Match[])[0]!.context,
      /^\|value=c912.*\|comment=dropper\|.*\|event\.info=Phishing wave\|/,
    )
    const addresses = await ask('198.51.100.7', 'ip')
    assert.deepEqual(categories(addresses), ['Tracer_MISP_IP_enricher1', 'Tracer_MISP_IP_enricher2'])
    assert.match((addresses as Match[])[0]!.context, /\|type=ip-src\|/)
    assert.deepEqual(categories(await ask('EVIL.example')), ['Tracer_MISP_URL_enricher1'])
    assert.deepEqual(await ask('good.example'), [])
    const { returnFormat, includeEventTags, includeContext, page, to_ids: toIds } = misp.searches[0]!
    assert.deepEqual(
      { returnFormat, includeEventTags, includeContext, page, toIds },
      { returnFormat: 'json', includeEventTags: true, includeContext: true, page: 1, toIds: undefined },
    )
  })

  test('of a URL is what it knows of the URL, then of its host', async (t) => {
    const { misp, ask } = await start(t)
    misp.attributes.push(
      attribute(1, 'domain', 'evil.example'),
      attribute(2, 'hostname', 'www.evil.example'),
      attribute(3, 'url', 'http://www.evil.example/Drop/a.exe'),
      attribute(4, 'domain|ip', 'evil.example|198.51.100.7'),
      attribute(5, 'url', 'http://evil.example/other'),
      attribute(6, 'ip-dst|port', '198.51.100.7|8080'),
    )
    const found = await ask('http://www.evil.example/Drop/a.exe')
    assert.deepEqual(values(found), [
      'http://www.evil.example/Drop/a.exe',
      'evil.example',
      'www.evil.example',
      'evil.example 198.51.100.7',
    ])
    assert.deepEqual(values(await ask('http://198.51.100.7/x')), [
      'evil.example 198.51.100.7',
      '198.51.100.7 8080',
    ])
    assert.deepEqual(await ask('8080'), [])
  })

  test('has a bound for each indicator', async (t) => {
    const { misp, ask } = await start(t, { hits: 3 })
    for (let id = 20; id > 0; id--)
      misp.attributes.push(attribute(id, 'domain', 'evil.example', { comment: `${id}` }))
    const found = (await ask('evil.example')) as Match[]
    assert.deepEqual(
      found.map(({ context }) => /comment=(\d+)/.exec(context)![1]),
      ['1', '2', '3'],
    )
  })

  test('is only what is marked for detection, if so desired', async (t) => {
    const { misp, ask } = await start(t, { idsOnly: true })
    misp.attributes.push(
      attribute(1, 'domain', 'evil.example', { to_ids: false }),
      attribute(2, 'domain', 'evil.example'),
    )
    assert.equal((await ask('evil.example')).length, 1)
    assert.equal(misp.searches[0]!.to_ids, true)
    // A version that does not know the filter.
    misp.next.push((response) =>
      send(response, 200, {
        response: { Attribute: [attribute(3, 'domain', 'x.example', { to_ids: false })] },
      }),
    )
    assert.deepEqual(await ask('x.example'), [])
  })

  test('is not more than what was asked: values cannot become patterns, negations or JSON', async (t) => {
    const { misp, ask, metric } = await start(t)
    misp.attributes.push(
      attribute(1, 'domain', 'evil.example'),
      attribute(2, 'text', '"}, "value": ["%"], "x": {"y'),
    )
    for (const value of [
      '%',
      '!x',
      '!',
      '%evil%',
      'evil.example%',
      '',
      ' ',
      '_vil.example',
      'evil*',
      '"],"value":["%"]',
    ]) {
      for (const type of ['url', 'hash', 'ip'] as const) assert.deepEqual(await ask(value, type), [], value)
    }
    for (const { value } of misp.searches) {
      assert.ok(value.length > 0)
      for (const one of value) assert.doesNotMatch(one, /^[!%]|%$/)
    }
    assert.ok(metric('skipped_total') >= 15)
    // A server that answers with something else than what was asked for.
    misp.always = (response) => send(response, 200, { response: { Attribute: misp.attributes } })
    assert.deepEqual(await ask('other.example'), [])
  })

  test('comes in as many pages as it needs, and nothing of it gets lost', async (t) => {
    const { misp, ask } = await start(t, { pageSize: 4, hits: 3 })
    for (let id = 1; id <= 14; id++) misp.attributes.push(attribute(id, 'domain', 'noisy.example'))
    misp.attributes.push(attribute(99, 'domain', 'last.example'))
    const [noisy, last, none] = await Promise.all(
      ['noisy.example', 'last.example', 'none.example'].map((value) => ask(value)),
    )
    assert.deepEqual([noisy!.length, last!.length, none!.length], [3, 1, 0])
    assert.deepEqual(
      misp.searches.map(({ page, value, limit }) => [page, value.length, limit]),
      [1, 2, 3, 4].map((page) => [page, 3, 4]),
    )
  })

  test('is asked for in halves where there are too many pages', async (t) => {
    const { misp, ask, metric } = await start(t, { pageSize: 2, hits: 3 })
    for (let id = 1; id <= 50; id++) misp.attributes.push(attribute(id, 'domain', 'noisy.example'))
    misp.attributes.push(attribute(99, 'domain', 'last.example'))
    const [noisy, last, none] = await Promise.all(
      ['noisy.example', 'last.example', 'none.example'].map((value) => ask(value)),
    )
    assert.deepEqual([noisy!.length, last!.length, none!.length], [3, 1, 0])
    assert.equal(metric('circuit_openings_total'), 0)
  })
})

describe('MISP is asked as little as possible', OPTIONS, () => {
  test('values of one request, and of several at a time, are asked for together and once', async (t) => {
    const { misp, enricher, ask, metric } = await start(t, { batchWaitMs: 3000 })
    misp.attributes.push(attribute(1, 'domain', 'evil.example'), attribute(2, 'ip-dst', '198.51.100.7'))
    const server = await RunningServer.start(t, { enrichers: [enricher] })
    const [a, b] = [await server.connect(), await server.connect()]
    a.send(`${CLIENT_HEADER}1|url=evil.example|ip=198.51.100.7|hash=${MD5}|\n`)
    b.send(`${CLIENT_HEADER}1|url=http://evil.example/x|url=evil.example|\n`)
    const reply = await a.receiveUntil('LookupFinished\n')
    assert.match(
      reply,
      /^Category=Tracer_MISP_URL_enricher1\|MatchedIndicator=evil\.example\|value=.*\nCategory=Tracer_MISP_IP_enricher1\|.*\nLookupFinished\n$/,
    )
    assert.equal((await b.receiveUntil('LookupFinished\n')).match(/URL_enricher1\|/g)!.length, 2)
    assert.equal(misp.searches.length, 1)
    assert.deepEqual(misp.asked.sort(), [
      '198.51.100.7',
      MD5,
      'evil.example',
      'evil.example/x',
      'http://evil.example/x',
    ])
    assert.deepEqual(
      await Promise.all([ask('evil.example'), ask('evil.example/x')]).then(([x]) => x!.length),
      1,
    )
    assert.equal(metric('values_total'), new Set(misp.asked).size)
  })

  test('a value that is asked already is waited for', async (t) => {
    const { misp, ask } = await start(t, { batchWaitMs: 0 })
    let answer = () => {}
    misp.next.push((response, search) => {
      answer = () => misp.answerTruly(response, search)
    })
    const first = ask('evil.example')
    await misp.until(1)
    const second = ask('EVIL.example.')
    misp.attributes.push(attribute(1, 'domain', 'evil.example'))
    answer()
    assert.deepEqual(
      await Promise.all([first, second]).then((found) => found.map(({ length }) => length)),
      [1, 1],
    )
    assert.equal(misp.searches.length, 1)
  })

  test('a full batch goes at once, and no batch is larger', async (t) => {
    const { misp, ask } = await start(t, {
      batchWaitMs: 60_000,
      timeoutMs: 60_000,
      batchValues: 7,
      requests: 2,
    })
    await Promise.all(Array.from({ length: 70 }, (_, i) => ask(`host-${i}.example`)))
    assert.deepEqual(
      misp.searches.map(({ value }) => value.length),
      Array(10).fill(7),
    )
    assert.ok(misp.connections <= 2, 'connections are kept')
  })

  test('hits and misses are remembered: a second look-up is answered at once', async (t) => {
    const { misp, enricher, ask, metric } = await start(t)
    misp.attributes.push(attribute(1, 'domain', 'evil.example'))
    await Promise.all([ask('evil.example'), ask('good.example')])
    const hit = enricher.lookup({ type: 'url', value: 'Evil.Example' })
    const miss = enricher.lookup({ type: 'url', value: 'good.example' })
    assert.ok(Array.isArray(hit) && Array.isArray(miss))
    assert.deepEqual([hit.length, miss.length], [1, 0])
    assert.equal(misp.searches.length, 1)
    assert.equal(metric('cache_lookups_total found'), 2)
    assert.equal(metric('cached_values'), 2)
    await enricher.reload()
    misp.attributes.pop()
    assert.deepEqual(await ask('evil.example'), [])
    assert.equal(misp.searches.length, 2)
  })

  test('misses may be forgotten before hits', async (t) => {
    const { misp, ask } = await start(t, { missTtlMs: 0 })
    misp.attributes.push(attribute(1, 'domain', 'evil.example'))
    for (let i = 0; i < 3; i++) await Promise.all([ask('evil.example'), ask('good.example')])
    assert.deepEqual(misp.asked.sort(), ['evil.example', 'good.example', 'good.example', 'good.example'])
  })

  test('not more often than so many times a second', async (t) => {
    const { misp, ask } = await start(t, { requestsPerSecond: 20, batchWaitMs: 0, batchValues: 1 })
    const startedAt = performance.now()
    await Promise.all(Array.from({ length: 6 }, (_, i) => ask(`host-${i}.example`)))
    const elapsedMs = performance.now() - startedAt
    assert.ok(elapsedMs >= 240, `${elapsedMs} ms for 6 requests at 20 a second`)
    assert.equal(misp.searches.length, 6)
  })

  test('a queue that is full refuses further values, and those that nobody waits for make room', async (t) => {
    const { misp, ask, metric } = await start(t, {
      waitingValues: 3,
      requests: 1,
      batchValues: 1,
      batchWaitMs: 0,
      timeoutMs: 800,
    })
    misp.always = () => {}
    const asked = Array.from({ length: 6 }, (_, i) => ask(`host-${i}.example`))
    assert.deepEqual(await Promise.all(asked), [...Array(4).fill('timeout'), 'busy', 'busy'])
    assert.equal(metric('failures_total busy'), 2)
    misp.always = undefined
    await poll(() => metric('requests_total timeout') > 0)
    let answer = await ask('host-9.example')
    while (answer === 'timeout') answer = await ask('host-9.example')
    assert.deepEqual(answer, [])
    assert.ok(!misp.asked.includes('host-5.example'))
  })
})

describe('a MISP that fails', OPTIONS, () => {
  const failures: [name: string, code: string, options: Partial<MispOptions>, answer: FakeMisp['always']][] =
    [
      ['answers with 500', 'failed', {}, (response) => send(response, 500, { message: 'An Internal Error' })],
      ['answers with 404', 'failed', {}, (response) => send(response, 404, {})],
      [
        'answers with an HTML page',
        'bad-answer',
        {},
        (response) => send(response, 200, '<!DOCTYPE html><html>'),
      ],
      [
        'answers with half of its JSON',
        'bad-answer',
        {},
        (response) => send(response, 200, '{"response": {"Attr'),
      ],
      ['answers with other JSON', 'bad-answer', {}, (response) => send(response, 200, { errors: 'x' })],
      ['answers with nothing', 'bad-answer', {}, (response) => send(response, 200, '')],
      [
        'answers with what is compressed',
        'bad-answer',
        {},
        (response) => send(response, 200, 'x', { 'content-encoding': 'gzip' }),
      ],
      [
        'redirects',
        'redirected',
        {},
        (response) => send(response, 302, '', { location: 'https://misp.example.org/users/login' }),
      ],
      ['does not answer', 'timeout', { timeoutMs: 500 }, () => {}],
      [
        'begins its answer and does not end it',
        'timeout',
        { timeoutMs: 500 },
        (response) => response.writeHead(200).write('{"response": '),
      ],
      [
        'answers byte by byte',
        'timeout',
        { timeoutMs: 500 },
        (response) => {
          const timer = setInterval(() => response.write(' '), 5)
          response.on('close', () => clearInterval(timer))
        },
      ],
      ['closes the connection', 'unreachable', {}, (_response, _search, request) => request.socket.destroy()],
      [
        'resets the connection within its answer',
        'unreachable',
        {},
        (response, _search, request) => {
          response.writeHead(200, { 'content-length': 1000 }).write('{', () => request.socket.destroy())
        },
      ],
      [
        'answers without end',
        'too-large',
        { answerBytes: 100_000 },
        (response) => {
          const more = () => {
            while (response.write(' '.repeat(10_000)));
          }
          response.on('drain', more)
          more()
        },
      ],
    ]
  for (const [name, code, options, answer] of failures) {
    test(`and ${name}: the look-up fails, and is not remembered`, async (t) => {
      const { misp, ask, metric } = await start(t, options)
      misp.attributes.push(attribute(1, 'domain', 'evil.example'))
      misp.always = answer
      assert.equal(await ask('evil.example'), code)
      // The look-up may have had its time before the request.
      await poll(() => metric(`requests_total ${code}`) === 1)
      misp.always = undefined
      let found = await ask('evil.example')
      // The time that is right for the test may be short for a busy machine.
      while (found === 'timeout') found = await ask('evil.example')
      assert.equal(found.length, 1)
      assert.ok(metric(`failures_total ${code}`) >= 1)
      assert.equal(metric('requests_total ok'), 1)
    })
  }

  test('with an answer that is too large costs only the value that it is for', async (t) => {
    const { misp, ask, metric } = await start(t, { answerBytes: 20_000, failures: 1 })
    misp.attributes.push(attribute(1, 'domain', 'huge.example', { junk: 'x'.repeat(30_000) }))
    for (let i = 0; i < 9; i++) misp.attributes.push(attribute(i + 2, 'domain', `host-${i}.example`))
    const asked = ['huge.example', ...Array.from({ length: 9 }, (_, i) => `host-${i}.example`)]
    const found = await Promise.all(asked.map((value) => ask(value)))
    assert.equal(found[0], 'too-large')
    assert.deepEqual(
      found.slice(1).map(({ length }) => length),
      Array(9).fill(1),
    )
    assert.equal(metric('circuit_openings_total'), 0)
  })

  test('what is remembered of a host is told though the URL cannot be asked for', async (t) => {
    const { misp, ask, metric } = await start(t)
    misp.attributes.push(attribute(1, 'domain', 'evil.example'))
    await ask('evil.example')
    misp.always = (response) => send(response, 500, {})
    assert.deepEqual(values(await ask('http://evil.example/x')), ['evil.example'])
    assert.equal(metric('failures_total failed'), 1)
  })

  test('is left alone after several failures, is tried with one request, and asked again when it is back', async (t) => {
    const { misp, ask, logged, metric } = await start(t, {
      failures: 3,
      minBackoffMs: 5000,
      maxBackoffMs: 5000,
      batchWaitMs: 0,
    })
    misp.attributes.push(attribute(1, 'domain', 'evil.example'))
    misp.always = (response) => send(response, 500, {})
    for (let i = 0; i < 3; i++) assert.equal(await ask(`host-${i}.example`), 'failed')
    assert.equal(metric('circuit_state'), 2)
    const asked = await Promise.all(Array.from({ length: 100 }, (_, i) => ask(`host-${i}.example`)))
    assert.deepEqual(new Set(asked), new Set(['not-asked']))
    assert.equal(misp.searches.length, 3)

    await poll(() => metric('circuit_state') === 1)
    const held: (() => void)[] = []
    misp.always = (response, search) => held.push(() => misp.answerTruly(response, search))
    const first = ask('evil.example')
    await misp.until(4)
    const second = ask('other.example')
    await poll(() => metric('waiting_values') === 1)
    assert.equal(misp.searches.length, 4)
    misp.always = undefined
    held[0]!()
    assert.equal((await first).length, 1)
    assert.deepEqual(await second, [])
    assert.equal(metric('circuit_state'), 0)
    assert.deepEqual(
      logged.lines.map(({ level, msg }) => [level, msg]),
      [
        ['warn', 'MISP is not asked for a while'],
        ['info', 'MISP answers again'],
      ],
    )
    assert.equal(metric('circuit_openings_total'), 1)
  })

  test('is left alone again when it still fails, and what waits fails with it', async (t) => {
    const { misp, ask, metric } = await start(t, {
      failures: 1,
      minBackoffMs: 100,
      maxBackoffMs: 100,
      batchWaitMs: 0,
    })
    misp.always = (response) => send(response, 500, {})
    await ask('a.example')
    await poll(() => metric('circuit_state') === 1)
    let fail = () => {}
    misp.always = (response) => {
      fail = () => send(response, 503, {})
    }
    const probe = ask('b.example')
    await misp.until(2)
    const waiting = ask('c.example')
    fail()
    assert.deepEqual([await probe, await waiting], ['failed', 'not-asked'])
    assert.equal(misp.searches.length, 2)
    assert.equal(metric('circuit_openings_total'), 2)
  })

  test('that refuses the key is not asked on, and the log says so once', async (t) => {
    for (const status of [401, 403]) {
      const { misp, ask, logged, enricher } = await start(t, { minBackoffMs: 100_000, maxBackoffMs: 100_000 })
      misp.always = (response) => send(response, status, { message: 'Authentication failed.' })
      assert.equal(await ask('a.example'), 'key-refused')
      for (let i = 0; i < 50; i++) assert.equal(await ask(`host-${i}.example`), 'not-asked')
      assert.equal(misp.searches.length, 1)
      assert.deepEqual(
        logged.lines.map(({ level, msg }) => [level, msg]),
        [['error', 'MISP refuses the key; it is not asked for a while']],
      )
      misp.always = undefined
      await enricher.reload()
      assert.deepEqual(await ask('a.example'), [])
    }
  })

  test('that asks for a short pause is asked again after it, and no look-up is lost', async (t) => {
    const { misp, ask, logged, metric } = await start(t)
    misp.attributes.push(attribute(1, 'domain', 'evil.example'))
    misp.next.push((response) => send(response, 429, {}, { 'retry-after': '1' }))
    const startedAt = performance.now()
    const [evil, good] = await Promise.all([ask('evil.example'), ask('good.example')])
    assert.deepEqual([evil!.length, good!.length], [1, 0])
    assert.ok(performance.now() - startedAt >= 990, 'asked before the pause was over')
    assert.equal(misp.searches.length, 2)
    assert.equal(metric('circuit_openings_total'), 0)
    assert.deepEqual(
      logged.lines.map(({ msg }) => msg),
      ['MISP asks for a pause (429)'],
    )
  })

  test('that asks for a long pause is not asked, and look-ups fail at once', async (t) => {
    const { misp, ask } = await start(t)
    const date = new Date(Date.now() + 3_600_000).toUTCString()
    misp.next.push((response) => send(response, 429, {}, { 'retry-after': date }))
    assert.equal(await ask('a.example'), 'not-asked')
    assert.equal(await ask('b.example'), 'not-asked')
    assert.equal(misp.searches.length, 1)
  })

  test('that asks for a pause and does not say how long gets one', async (t) => {
    const { misp, ask } = await start(t, { minBackoffMs: 100, maxBackoffMs: 100 })
    for (const header of [{}, { 'retry-after': 'later' }])
      misp.next.push((response) => send(response, 429, {}, header))
    const startedAt = performance.now()
    assert.deepEqual(await ask('a.example'), [])
    assert.ok(performance.now() - startedAt >= 95, 'asked before the pause was over')
    assert.equal(misp.searches.length, 3)
  })

  test('late: the look-up fails in time, and the answer that comes later is remembered', async (t) => {
    const { misp, ask, enricher } = await start(t, {
      timeoutMs: 10_000,
      batchWaitMs: 0,
      requests: 1,
      batchValues: 1,
    })
    misp.attributes.push(attribute(1, 'domain', 'slow.example'))
    const held: (() => void)[] = []
    misp.always = (response, search) => held.push(() => misp.answerTruly(response, search))
    const first = ask('first.example')
    await misp.until(1)
    // Its time begins while it waits for the one before.
    const slow = ask('slow.example')
    setTimeout(() => held[0]!(), 700)
    await misp.until(2)
    assert.deepEqual([await first, await slow], [[], 'timeout'])
    held[1]!()
    await poll(() => Array.isArray(enricher.lookup({ type: 'url', value: 'slow.example' })))
    assert.equal((await ask('slow.example')).length, 1)
    assert.equal(misp.searches.length, 2)
  })
})

describe('the connection to MISP', OPTIONS, () => {
  test('is kept, and one that the server has closed meanwhile is replaced without a failure', async (t) => {
    const { misp, ask } = await start(t)
    for (let i = 0; i < 5; i++) assert.deepEqual(await ask(`a-${i}.example`), [])
    assert.equal(misp.connections, 1)
    // The server closes it in the moment in which the next request is on its way.
    misp.next.push((_response, _search, request) => request.socket.destroy())
    assert.deepEqual(await ask('b.example'), [])
    assert.equal(misp.connections, 2)
  })

  test('needs a certificate that is trusted', async (t) => {
    const stranger = await FakeMisp.start(t, 'stranger')
    const trusted = await FakeMisp.start(t)
    for (const [url, ca] of [
      [stranger.url, CA],
      [trusted.url, undefined],
      [trusted.url, pem('stranger-cert')],
      // It is for 127.0.0.1 and localhost.
      [trusted.url.replace('127.0.0.1', '127.0.0.2'), CA],
    ] as const) {
      const { ask } = createEnricher(t, url, { ca })
      assert.equal(await ask('evil.example'), 'unreachable', url)
    }
    assert.deepEqual([stranger.searches.length, trusted.searches.length], [0, 0])
    const { ask } = createEnricher(t, trusted.url.replace('127.0.0.1', 'localhost'))
    assert.deepEqual(await ask('evil.example'), [])
  })

  test('leads to the path that is given', async (t) => {
    const misp = await FakeMisp.start(t)
    misp.path = '/misp/attributes/restSearch'
    const { ask } = createEnricher(t, `${misp.url}/misp/`)
    assert.deepEqual(await ask('evil.example'), [])
  })

  test('is tried at the start, and a MISP that is away is a warning', async (t) => {
    const away = createEnricher(t, `https://127.0.0.1:${await freePort()}`)
    await away.enricher.check()
    const misp = await FakeMisp.start(t)
    const there = createEnricher(t, misp.url)
    await there.enricher.check()
    assert.deepEqual(
      [...away.logged.lines, ...there.logged.lines].map(({ level, msg }) => [level, msg]),
      [
        ['warn', 'MISP does not answer; look-ups go on without it until it does'],
        ['info', 'MISP answers'],
      ],
    )
  })

  test('is refused for addresses, keys and authorities that cannot be right', () => {
    const options = { url: 'https://misp.example.org', key: KEY }
    const wrong: [options: Partial<MispOptions>, message: RegExp][] = [
      [{ url: 'misp.example.org' }, /is no URL/],
      [{ url: 'http://misp.example.org' }, /https only/],
      [{ url: 'https://user:secret@misp.example.org' }, /a user name in it/],
      [{ url: 'https://misp.example.org/?a' }, /ends with its path/],
      [{ key: '' }, /key/],
      [{ key: 'a b' }, /key/],
      [{ key: 'a\r\nX: y' }, /key/],
      [{ ca: '' }, /no certificate/],
      [{ ca: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' }, /cannot be used/],
      [{ batchValues: 0 }, /batchValues: 0/],
      [{ timeoutMs: Number.NaN }, /timeoutMs: NaN/],
      [{ requestsPerSecond: Number.POSITIVE_INFINITY }, /requestsPerSecond/],
      [{ hits: 1.5 }, /hits: 1.5/],
    ]
    for (const [part, message] of wrong) {
      assert.throws(
        () => new MispEnricher({ ...options, ...part }),
        (error: Error) => {
          assert.match(error.message, message)
          assert.ok(!error.message.includes('secret'))
          return true
        },
      )
    }
  })

  test('ends with the enricher: what waits fails, and nothing is left open', async (t) => {
    const { misp, ask, enricher } = await start(t, { batchValues: 1, requests: 1 })
    misp.always = () => {}
    const asked = [ask('a.example'), ask('b.example')]
    await misp.until(1)
    enricher.close()
    assert.deepEqual(await Promise.all(asked), ['closed', 'closed'])
    assert.equal(await ask('c.example'), 'closed')
  })
})

test('a server replies without it when it fails, and logs what is new only', OPTIONS, async (t) => {
  const { misp, enricher } = await start(t, { failures: 1, minBackoffMs: 100_000, maxBackoffMs: 100_000 })
  misp.always = (response) => send(response, 500, {})
  const server = await RunningServer.start(t, { enrichers: [enricher] })
  const client = await server.connect()
  const indicator: Indicator = { type: 'url', value: 'evil.example' }
  for (let i = 0; i < 20; i++) {
    client.send(`${i === 0 ? CLIENT_HEADER : ''}${i}|url=${i}.${indicator.value}|\n`)
    await client.receive('LookupFinished\n'.repeat(i + 1))
  }
  assert.equal(server.counters.enricherErrors.get('misp'), 20)
  assert.equal(server.logged.lines.filter(({ msg }) => msg === 'look-up failed').length, 1)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OperationsServer } from '../../../src/http/operations.ts'
import type { EnricherMetric } from '../../../src/tracer/enricher.ts'
import { CLIENT_HEADER } from '../../../src/tracer/protocol.ts'
import { Counters } from '../../../src/tracer/server/counters.ts'
import { Metrics } from '../../../src/tracer/server/metrics.ts'
import { RawClient } from '../raw-client.ts'
import { known, ManualEnricher, poll, RunningServer } from '../running-server.ts'

const OPTIONS = { timeout: 900_000 }

/** The samples of a page in the text format, by name and labels. */
function samples(page: string): Map<string, number> {
  const found = new Map<string, number>()
  for (const line of page.split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const at = line.lastIndexOf(' ')
    found.set(line.slice(0, at), Number(line.slice(at + 1)))
  }
  return found
}

test('all that a server counts is on the page', OPTIONS, async (t) => {
  const manual = new ManualEnricher()
  const running = await RunningServer.start(t, { enrichers: [known(), manual], maxConnections: 1 })
  const feed = {
    file: 'a.csv',
    records: 3,
    indicators: 4,
    skipped: 1,
    loadedAt: Date.now() - 5000,
    reloadsOk: 2,
    reloadsFailed: 1,
  }
  const metrics = new Metrics({
    counters: running.counters,
    connections: () => running.server.connections,
    feeds: () => [feed, { ...feed, file: '__proto__' }],
  })
  t.after(() => metrics.close())
  const client = await running.connect()
  const sent = `${CLIENT_HEADER}a|url=gmer.com|ip=198.51.100.1|\n`
  client.send(sent)
  await manual.answer('gmer.com', false)
  await manual.fail('198.51.100.1', new Error('down'))
  await client.receiveUntil('LookupFinished\n')
  await (await running.connect()).ended()

  const page = samples(await metrics.text())
  const expected: [name: string, value: number][] = [
    ['tracer_requests_total', 1],
    ['tracer_pings_total', 0],
    ['tracer_indicators_total{type="ip"}', 1],
    ['tracer_indicators_total{type="url"}', 1],
    ['tracer_indicators_total{type="hash"}', 0],
    ['tracer_hits_total{category="Tracer_URL_enricher"}', 1],
    ['tracer_misses_total', 1],
    ['tracer_enricher_errors_total{enricher="manual"}', 1],
    ['tracer_enricher_duration_seconds_count{enricher="manual"}', 2],
    ['tracer_enricher_duration_seconds_count{enricher="known"}', 1],
    ['tracer_enricher_duration_seconds_bucket{le="+Inf",enricher="manual"}', 2],
    ['tracer_received_bytes_total', sent.length],
    ['tracer_sent_bytes_total', client.bytes.length],
    ['tracer_connections', 1],
    ['tracer_connections_total', 2],
    ['tracer_connections_refused_total{reason="max-connections"}', 1],
    ['tracer_feed_records{file="a.csv"}', 3],
    ['tracer_feed_indicators{file="__proto__"}', 4],
    ['tracer_feed_skipped_records{file="a.csv"}', 1],
    ['tracer_feed_reloads_total{file="a.csv",result="ok"}', 2],
    ['tracer_feed_reloads_total{file="a.csv",result="failed"}', 1],
  ]
  for (const [name, value] of expected) assert.equal(page.get(name), value, name)
  const age = page.get('tracer_feed_age_seconds{file="a.csv"}')!
  assert.ok(age >= 5 && age < 60, `the age is ${age}`)
  for (const quantile of ['0.5', '0.99', '1']) {
    assert.ok(page.get(`tracer_event_loop_lag_seconds{quantile="${quantile}"}`)! >= 0)
  }
  assert.ok(page.get('tracer_resident_memory_bytes')! > 1024 * 1024)

  // Values that are drawn from counters do not add up from page to page.
  client.socket.end()
  await running.untilConnections(0)
  const later = samples(await metrics.text())
  assert.equal(later.get('tracer_requests_total'), 1)
  assert.equal(later.get('tracer_connections'), 0)
  assert.equal(later.get('tracer_connections_closed_total{reason="client"}'), 1)
})

test('two servers do not share their metrics', async (t) => {
  const first = new Counters()
  const second = new Counters()
  const pages = [first, second].map((counters) => new Metrics({ counters, connections: () => 0 }))
  t.after(() => pages.forEach((metrics) => void metrics.close()))
  first.requests = 7
  assert.equal(samples(await pages[0]!.text()).get('tracer_requests_total'), 7)
  assert.equal(samples(await pages[1]!.text()).get('tracer_requests_total'), 0)
})

test('a block of the event loop is seen once', async (t) => {
  const metrics = new Metrics({ counters: new Counters(), connections: () => 0 })
  t.after(() => metrics.close())
  // The first interval is measured when the second begins.
  await new Promise((resolve) => setTimeout(resolve, 50))
  const end = performance.now() + 200
  while (performance.now() < end);
  await new Promise((resolve) => setTimeout(resolve, 50))
  const lag = async () => samples(await metrics.text()).get('tracer_event_loop_lag_seconds{quantile="1"}')!
  assert.ok((await lag()) >= 0.15)
  await poll(() => true)
  assert.ok((await lag()) < 0.15)
})

test('the pages of the operator', OPTIONS, async (t) => {
  let isReady = false
  let metrics: Metrics | undefined
  const operations = new OperationsServer({
    host: '127.0.0.1',
    port: 0,
    metrics: () => metrics,
    isReady: () => isReady,
  })
  const { port } = await operations.listen()
  t.after(() => operations.close())
  const get = async (path: string, method = 'GET') => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method })
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      text: await response.text(),
    }
  }
  assert.equal((await get('/healthz')).status, 200)
  assert.equal((await get('/readyz')).status, 503)
  assert.equal((await get('/metrics')).status, 503)

  metrics = new Metrics({ counters: new Counters(), connections: () => 0 })
  t.after(() => metrics!.close())
  isReady = true
  assert.equal((await get('/readyz')).status, 200)
  assert.equal((await get('/readyz?verbose')).status, 200)
  const page = await get('/metrics')
  assert.equal(page.status, 200)
  assert.match(page.type!, /^text\/plain; version=0\.0\.4/)
  assert.match(page.text, /^# HELP tracer_requests_total Request lines, empty ones not counted$/m)
  assert.match(page.text, /^# TYPE tracer_enricher_duration_seconds histogram$/m)
  assert.equal((await get('/metrics', 'HEAD')).text, '')
  assert.equal((await get('/')).status, 404)
  assert.equal((await get('/metrics', 'POST')).status, 405)

  const second = new OperationsServer({
    host: '127.0.0.1',
    port,
    metrics: () => metrics,
    isReady: () => true,
  })
  await assert.rejects(second.listen(), { code: 'EADDRINUSE' })
})

test('what enrichers tell of themselves is on the page, and goes from it with them', OPTIONS, async (t) => {
  const counted = { name: 'tracer_mine_total', help: 'Mine', type: 'counter' } as const
  let told: EnricherMetric[] = []
  const metrics = new Metrics({ counters: new Counters(), connections: () => 0, enrichers: () => told })
  t.after(() => metrics.close())
  assert.doesNotMatch(await metrics.text(), /mine/)
  for (const n of [1, 5]) {
    told = [
      { ...counted, labels: { result: 'ok' }, value: n },
      { ...counted, labels: { result: '__proto__' }, value: 2 },
      { name: 'tracer_mine_state', help: 'State', type: 'gauge', labels: {}, value: -n },
    ]
    const page = await metrics.text()
    assert.match(page, /^# TYPE tracer_mine_total counter$/m)
    const found = samples(page)
    assert.equal(found.get('tracer_mine_total{result="ok"}'), n)
    assert.equal(found.get('tracer_mine_total{result="__proto__"}'), 2)
    assert.equal(found.get('tracer_mine_state'), -n)
  }
  told = []
  assert.ok(!samples(await metrics.text()).has('tracer_mine_total{result="ok"}'))
})

test('who is not allowed sees no page, and no more than 64 connections are kept', OPTIONS, async (t) => {
  const page = { metrics: () => undefined, isReady: () => true, host: '127.0.0.1', port: 0 }
  const closed = new OperationsServer({ ...page, allow: ['192.0.2.0/24'] })
  t.after(() => closed.close())
  const { port } = await closed.listen()
  await assert.rejects(fetch(`http://127.0.0.1:${port}/healthz`))
  assert.throws(() => new OperationsServer({ ...page, allow: ['nonsense'] }), RangeError)

  const open = new OperationsServer({ ...page, allow: ['127.0.0.0/8'] })
  t.after(() => open.close())
  const where = await open.listen()
  const clients = await Promise.all(Array.from({ length: 80 }, () => RawClient.connect(where.port)))
  t.after(() => {
    for (const { socket } of clients) socket.destroy()
  })
  await poll(() => clients.filter(({ ending }) => ending !== undefined).length === 16)
  for (const client of clients) if (client.ending === undefined) client.socket.destroy()
  let status = 0
  while (status !== 200) {
    status = await fetch(`http://127.0.0.1:${where.port}/readyz`).then(
      (response) => response.status,
      () => 0,
    )
  }
})

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { WholeMetrics } from '../../../src/tracer/cluster/whole-metrics.ts'
import { Counters, increment } from '../../../src/tracer/server/counters.ts'
import { Metrics } from '../../../src/tracer/server/metrics.ts'

function feedStats(records: number, ageMs: number, reloadsOk = 1) {
  const loadedAt = Date.now() - ageMs
  return { file: 'a.csv', records, indicators: records, skipped: 0, loadedAt, reloadsOk, reloadsFailed: 0 }
}

/** A worker with so many requests, of which its enricher answered one. */
function worker(t: TestContext, requests: number, connections: number, feed = feedStats(5, 1000)) {
  const counters = new Counters()
  const metrics = new Metrics({ counters, connections: () => connections, feeds: () => [feed] })
  t.after(() => metrics.close())
  counters.requests = requests
  increment(counters.hits, 'Mine', requests)
  counters.observeLookup!('feeds', 0.5)
  return {
    counters,
    // The values that go from one process to another.
    snapshot: async () => JSON.parse(JSON.stringify(await metrics.snapshot({ isPage: true }))),
  }
}

async function samples(metrics: WholeMetrics): Promise<Map<string, number>> {
  const lines = (await metrics.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]))
}

test('counters, connections and memory are sums; feeds and lag are the largest', async (t) => {
  const own = new Metrics({ workers: { listening: 2, restarts: 3 } })
  t.after(() => own.close())
  const workers = [worker(t, 10, 2), worker(t, 5, 1, feedStats(7, 60_000, 3))]
  const whole = new WholeMetrics(own, async () => {
    for (const [i, { snapshot }] of workers.entries()) whole.update(i, await snapshot())
  })
  const page = await samples(whole)
  const expected: [name: string, value: number][] = [
    ['tracer_requests_total', 15],
    ['tracer_hits_total{category="Mine"}', 15],
    ['tracer_connections', 3],
    ['tracer_feed_records{file="a.csv"}', 7],
    ['tracer_feed_reloads_total{file="a.csv",result="ok"}', 3],
    ['tracer_enricher_duration_seconds_count{enricher="feeds"}', 2],
    ['tracer_enricher_duration_seconds_sum{enricher="feeds"}', 1],
    ['tracer_enricher_duration_seconds_bucket{le="0.25",enricher="feeds"}', 0],
    ['tracer_enricher_duration_seconds_bucket{le="0.5",enricher="feeds"}', 2],
    ['tracer_workers', 2],
    ['tracer_worker_restarts_total', 3],
  ]
  for (const [name, value] of expected) assert.equal(page.get(name), value, name)
  const age = page.get('tracer_feed_age_seconds{file="a.csv"}')!
  assert.ok(age >= 60 && age < 100, `the age is ${age}`)
  // The primary and its workers.
  assert.ok(page.get('tracer_resident_memory_bytes')! > 2.5 * process.memoryUsage().rss)
})

test('what a worker that has ended had counted stays, what it was does not', async (t) => {
  const own = new Metrics({ workers: { listening: 1, restarts: 0 } })
  t.after(() => own.close())
  const whole = new WholeMetrics(own, async () => {})
  for (let round = 1; round <= 3; round++) {
    whole.update(1, await worker(t, 10, 4).snapshot())
    assert.equal((await samples(whole)).get('tracer_requests_total'), 10 * round)
    whole.retire(1)
    const page = await samples(whole)
    assert.equal(page.get('tracer_requests_total'), 10 * round)
    assert.equal(page.get('tracer_enricher_duration_seconds_count{enricher="feeds"}'), round)
    assert.equal(page.get('tracer_connections'), undefined)
    assert.equal(page.get('tracer_feed_records{file="a.csv"}'), undefined)
  }
  whole.retire(1)
  assert.equal((await samples(whole)).get('tracer_requests_total'), 30)
})

test('reloads are counted once for all workers, and go on when each of them was replaced', async (t) => {
  const own = new Metrics({})
  t.after(() => own.close())
  const whole = new WholeMetrics(own, async () => {})
  const count = async () => (await samples(whole)).get('tracer_feed_reloads_total{file="a.csv",result="ok"}')
  const reloaded = async (id: number, times: number) =>
    whole.update(id, await worker(t, 0, 0, feedStats(1, 0, times)).snapshot())
  for (const id of [1, 2]) await reloaded(id, 5)
  assert.equal(await count(), 5)
  whole.retire(1)
  assert.equal(await count(), 5)
  await reloaded(1, 0)
  await reloaded(2, 6)
  await reloaded(1, 1)
  assert.equal(await count(), 6)
  whole.retire(2)
  assert.equal(await count(), 6)
  await reloaded(1, 2)
  await reloaded(2, 1)
  assert.equal(await count(), 7)
  // Nobody serves.
  whole.retire(1)
  whole.retire(2)
  assert.equal(await count(), 7)
  await reloaded(2, 0)
  assert.equal(await count(), 7)
  await reloaded(2, 1)
  assert.equal(await count(), 8)
})

test('a snapshot that is for no page leaves the lag of the event loop as it was', async (t) => {
  const metrics = new Metrics({})
  t.after(() => metrics.close())
  await new Promise((resolve) => setTimeout(resolve, 50))
  const end = performance.now() + 200
  while (performance.now() < end);
  await new Promise((resolve) => setTimeout(resolve, 50))
  const lag = async (isPage: boolean) =>
    (await metrics.snapshot({ isPage }))
      .find(({ name }) => name === 'tracer_event_loop_lag_seconds')!
      .values.find(({ labels }) => labels['quantile'] === '1')!.value
  assert.ok((await lag(false)) >= 0.15)
  assert.ok((await lag(true)) >= 0.15)
  assert.ok((await lag(true)) < 0.15)
})

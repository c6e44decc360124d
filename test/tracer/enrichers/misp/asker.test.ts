import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { describe, type TestContext, test } from 'node:test'
import { MispAsker } from '../../../../src/tracer/enrichers/misp/asker.ts'
import { MispClient } from '../../../../src/tracer/enrichers/misp/client.ts'
import type { MispError } from '../../../../src/tracer/enrichers/misp/misp-error.ts'
import { type MispSettings, mispSettings } from '../../../../src/tracer/enrichers/misp/settings.ts'
import { type MispHits, ValueCache } from '../../../../src/tracer/enrichers/misp/value-cache.ts'
import { attribute, FakeMisp, KEY, pem, send } from '../../misp/fake-misp.ts'
import { LogLines } from '../../running-server.ts'

const HOUR = { 'retry-after': '3600' }
/** Long enough for nothing to fail by it: what fails here does so at once. */
const TIMEOUT_MS = 30_000

async function start(t: TestContext, options: Partial<MispSettings> = {}) {
  const misp = await FakeMisp.start(t)
  const settings = mispSettings({
    timeoutMs: TIMEOUT_MS,
    requestsPerSecond: 10_000,
    batchWaitMs: 1,
    batchValues: 1,
    ...options,
  })
  const client = new MispClient({ url: misp.url, key: KEY, ca: pem('authority-cert') }, settings)
  const asker = new MispAsker(client, settings, new LogLines().log, new ValueCache(settings))
  t.after(() => {
    asker.close()
    client.close()
  })
  /** The number of hits, or the code of the error. */
  const ask = async (value: string): Promise<number | string> => {
    try {
      return (await asker.ask(value)).length
    } catch (error) {
      return (error as MispError).code
    }
  }
  /** The next request is answered when the test says so. */
  const hold = (): Promise<ServerResponse> =>
    new Promise((resolve) => misp.next.push((response) => resolve(response)))
  return { misp, asker, ask, hold }
}

function pageOf(...ids: number[]): unknown {
  return { response: { Attribute: ids.map((id) => attribute(id, 'domain', 'noisy.example')) } }
}

/** Fails when it takes as long as a look-up may. */
async function soon<T>(promise: Promise<T>): Promise<T> {
  const started = performance.now()
  const result = await promise
  const tookMs = performance.now() - started
  assert.ok(tookMs < TIMEOUT_MS / 2, `it took ${tookMs} ms`)
  return result
}

describe('while MISP asks for a long pause', { timeout: 900_000 }, () => {
  test('no question waits for its further pages, or for its halves', async (t) => {
    const { misp, asker, ask, hold } = await start(t, { pageSize: 2, batchValues: 2, answerBytes: 10_000 })
    const [paged, large] = [hold(), hold()]
    const answers = [ask('noisy.example'), ask('a.example')]
    const first = await paged
    const halves = [ask('b.example'), ask('c.example')]
    const second = await large
    misp.next.push((response) => send(response, 429, {}, HOUR))
    assert.deepEqual(await soon(Promise.all([ask('d.example'), ask('e.example')])), [
      'not-asked',
      'not-asked',
    ])
    send(first, 200, pageOf(1, 2))
    send(second, 200, ' '.repeat(20_000))
    assert.deepEqual(await soon(Promise.all([...answers, ...halves])), Array(4).fill('not-asked'))
    // Nobody joins what is over.
    for (const value of ['noisy.example', 'a.example', 'b.example', 'c.example', 'd.example']) {
      assert.throws(() => asker.ask(value), { code: 'not-asked' })
    }
    assert.equal(misp.searches.length, 3)
    assert.equal(asker.circuit, 'closed')
    assert.equal(asker.waiting, 0)
  })

  test('no question goes on waiting for the end of a shorter one', async (t) => {
    const { misp, ask, hold } = await start(t, { pageSize: 2 })
    const [paged, last] = [hold(), hold()]
    const noisy = ask('noisy.example')
    const first = await paged
    const late = ask('late.example')
    const second = await last
    misp.next.push((response) => send(response, 429, {}, { 'retry-after': '10' }))
    const paused = ask('paused.example')
    await misp.until(3)
    // It waits for its second page now, or will; the pause is short enough for that.
    send(first, 200, pageOf(1, 2))
    send(second, 429, {}, HOUR)
    assert.deepEqual(await soon(Promise.all([noisy, late, paused])), Array(3).fill('not-asked'))
  })

  test('no question that is refused with a shorter one is kept', async (t) => {
    const { misp, asker, ask, hold } = await start(t)
    const held = hold()
    const early = ask('early.example')
    const response = await held
    misp.next.push((other) => send(other, 429, {}, HOUR))
    assert.equal(await soon(ask('other.example')), 'not-asked')
    send(response, 429, {}, { 'retry-after': '1' })
    assert.equal(await soon(early), 'not-asked')
    assert.equal(asker.waiting, 0)
    assert.throws(() => asker.ask('early.example'), { code: 'not-asked' })
  })

  test('what was asked before it is answered', async (t) => {
    const { misp, asker, ask, hold } = await start(t)
    const held = hold()
    const early = ask('noisy.example')
    const response = await held
    misp.next.push((other) => send(other, 429, {}, HOUR))
    assert.equal(await soon(ask('other.example')), 'not-asked')
    const joined: Promise<MispHits> = asker.ask('noisy.example')
    send(response, 200, pageOf(1))
    assert.deepEqual([await soon(early), (await joined).length], [1, 1])
  })

  test('a reload asks at once', async (t) => {
    const { misp, asker, ask } = await start(t)
    misp.attributes.push(attribute(1, 'domain', 'noisy.example'))
    misp.next.push((response) => send(response, 429, {}, { 'retry-after': '20' }))
    const paused = ask('noisy.example')
    await misp.until(1)
    while (asker.waiting === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    asker.reset()
    assert.equal(await soon(paused), 1)
  })
})

test('while MISP is left alone after failures, no question waits for its further pages', async (t) => {
  const settings = { pageSize: 2, failures: 1, minBackoffMs: TIMEOUT_MS, maxBackoffMs: TIMEOUT_MS }
  const { misp, asker, ask, hold } = await start(t, settings)
  const held = hold()
  const noisy = ask('noisy.example')
  const response = await held
  misp.next.push((other) => send(other, 500, {}))
  assert.equal(await soon(ask('other.example')), 'failed')
  assert.equal(asker.circuit, 'open')
  send(response, 200, pageOf(1, 2))
  assert.equal(await soon(noisy), 'not-asked')
  assert.equal(asker.counts.openings, 1)
})

test('no question waits for a turn that the rate gives too late', async (t) => {
  const { misp, ask } = await start(t, { pageSize: 2, requestsPerSecond: 0.01 })
  misp.attributes.push(...[1, 2, 3].map((id) => attribute(id, 'domain', 'noisy.example')))
  assert.equal(await soon(ask('noisy.example')), 'not-asked')
  assert.equal(misp.searches.length, 1)
})

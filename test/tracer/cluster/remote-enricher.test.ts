import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { EnricherHost } from '../../../src/tracer/cluster/enricher-host.ts'
import type { RemoteLookups, RemoteResults } from '../../../src/tracer/cluster/messages.ts'
import { RemoteEnricher, type RemoteEnricherOptions } from '../../../src/tracer/cluster/remote-enricher.ts'
import type { Enricher } from '../../../src/tracer/enricher.ts'
import type { Indicator } from '../../../src/tracer/protocol.ts'
import { known, ManualEnricher, poll } from '../running-server.ts'

const url = (value: string): Indicator => ({ type: 'url', value })

/** A worker's side and the primary's, joined by messages that are texts in between, as between processes. */
function joined(
  t: TestContext,
  enrichers: readonly Enricher[],
  options: Partial<RemoteEnricherOptions> = {},
) {
  const host = new EnricherHost(enrichers)
  const sent: { lookups: RemoteLookups[]; results: RemoteResults[] } = { lookups: [], results: [] }
  const remotes: RemoteEnricher[] = []
  const answer = (message: RemoteResults) => {
    sent.results.push(message)
    const { enricher, results } = JSON.parse(JSON.stringify(message))
    remotes[enricher]!.onResults(results)
  }
  const send = (message: RemoteLookups) => {
    sent.lookups.push(message)
    host.onLookups(JSON.parse(JSON.stringify(message)), answer)
    return true
  }
  for (const [enricher, { name }] of enrichers.entries()) {
    const remote = new RemoteEnricher({ name, enricher, send, ...options })
    t.after(() => remote.close())
    remotes.push(remote)
  }
  return { remotes, sent }
}

describe('RemoteEnricher', () => {
  it('answers as the enricher does, each look-up with its own answer', async (t) => {
    const manual = new ManualEnricher()
    const { remotes } = joined(t, [known(), manual])
    const [first, second] = remotes as [RemoteEnricher, RemoteEnricher]
    assert.deepEqual(await Promise.all([first.lookup(url('gmer.com')), first.lookup(url('none'))]), [
      [{ category: 'Tracer_URL_enricher', context: '|ioc=gmer.com|context=bad_URL' }],
      [],
    ])
    const [a, b] = [second.lookup(url('a')), second.lookup(url('b'))]
    await manual.answer('b')
    assert.deepEqual(await b, [{ category: 'Manual', context: '|ioc=b' }])
    await manual.answer('a')
    assert.deepEqual(await a, [{ category: 'Manual', context: '|ioc=a' }])
  })

  it('sends what is asked in one turn in one message, and gets it back in one', async (t) => {
    const { remotes, sent } = joined(t, [known()])
    const values = Array.from({ length: 100 }, (_, i) => `v${i}`)
    await Promise.all(values.map((value) => remotes[0]!.lookup(url(value))))
    assert.deepEqual(
      sent.lookups.map(({ lookups }) => lookups.length),
      [100],
    )
    assert.deepEqual(
      sent.results.map(({ results }) => results.length),
      [100],
    )
    await remotes[0]!.lookup(url('later'))
    assert.equal(sent.lookups.length, 2)
  })

  it('takes bytes that are not UTF-8 there and back', async (t) => {
    const echo: Enricher = {
      name: 'echo',
      lookup: ({ value }) => [{ category: 'Echo', context: `|value=${value}` }],
    }
    const { remotes } = joined(t, [echo])
    assert.deepEqual(await remotes[0]!.lookup(url('a\udc80\udcff\u0000й')), [
      { category: 'Echo', context: '|value=a\udc80\udcff\u0000й' },
    ])
  })

  it('fails as the enricher does, whether that throws or rejects', async (t) => {
    const manual = new ManualEnricher()
    const broken: Enricher = {
      name: 'broken',
      lookup: () => {
        throw new Error('thrown')
      },
    }
    const { remotes } = joined(t, [manual, broken])
    const late = remotes[0]!.lookup(url('a'))
    await manual.fail('a', Object.assign(new Error('rejected'), { isLogged: true }))
    await assert.rejects(late, { message: 'rejected', isLogged: true })
    await assert.rejects(remotes[1]!.lookup(url('a')), { message: 'thrown', isLogged: false })
  })

  it('fails what is not answered in time, the oldest first, and drops the late answer', async (t) => {
    const manual = new ManualEnricher()
    const { remotes } = joined(t, [manual], { timeoutMs: 20 })
    const failed: string[] = []
    const ask = (value: string) =>
      remotes[0]!.lookup(url(value)).then(
        () => 'answered',
        (error: Error) => {
          failed.push(value)
          return error.message
        },
      )
    const first = ask('first')
    await new Promise((resolve) => setTimeout(resolve, 10))
    const second = ask('second')
    assert.equal(await first, 'no answer within 20 ms')
    assert.equal(await second, 'no answer within 20 ms')
    assert.deepEqual(failed, ['first', 'second'])
    await manual.answer('first')
    const third = ask('third')
    await manual.answer('third')
    assert.equal(await third, 'answered')
  })

  it('has numbers of its own: late answers to another one are no answers', async (t) => {
    const manual = new ManualEnricher()
    const host = new EnricherHost([manual])
    // Both have the same way back, as if a worker's went to the one that has come in its place.
    let current: RemoteEnricher
    const late: RemoteResults[] = []
    const answer = (message: RemoteResults) => {
      late.push(message)
      current.onResults(message.results)
    }
    const create = () => {
      const send = (message: RemoteLookups) => {
        host.onLookups(message, answer)
        return true
      }
      const remote = new RemoteEnricher({ name: 'manual', enricher: 0, send })
      t.after(() => remote.close())
      return remote
    }
    const first = create()
    const lost = ['a', 'b', 'c'].map((value) => first.lookup(url(value)))
    await poll(() => manual.open.size === 3)
    first.close()
    for (const result of await Promise.allSettled(lost)) assert.equal(result.status, 'rejected')
    current = create()
    const asked = ['x', 'y', 'z'].map((value) => current.lookup(url(value)))
    await poll(() => manual.open.size === 6)
    for (const value of ['a', 'b', 'c']) await manual.answer(value)
    await poll(() => late.flatMap(({ results }) => results).length === 3)
    for (const value of ['x', 'y', 'z']) await manual.answer(value)
    assert.deepEqual(
      (await Promise.all(asked)).map((matches) => matches[0]!.context),
      ['|ioc=x', '|ioc=y', '|ioc=z'],
    )
  })

  it('has a bound: what goes beyond it fails at once', async (t) => {
    const manual = new ManualEnricher()
    const { remotes } = joined(t, [manual], { maxInFlight: 2 })
    const [a, b] = [remotes[0]!.lookup(url('a')), remotes[0]!.lookup(url('b'))]
    await assert.rejects(remotes[0]!.lookup(url('c')), /2 look-ups wait already/)
    await manual.answer('a')
    await a
    const d = remotes[0]!.lookup(url('d'))
    await manual.answer('b')
    await manual.answer('d')
    await Promise.all([b, d])
    assert.equal(manual.asked, 3)
  })

  it('fails all that waits when the primary is gone', async (t) => {
    const { remotes } = joined(t, [new ManualEnricher()])
    const waiting = remotes[0]!.lookup(url('a'))
    remotes[0]!.close()
    await assert.rejects(waiting, /the primary is gone/)
    await assert.rejects(remotes[0]!.lookup(url('b')), /the primary is gone/)
    const cut = new RemoteEnricher({ name: 'cut', enricher: 0, send: () => false })
    await assert.rejects(cut.lookup(url('a')), /the primary is gone/)
  })
})

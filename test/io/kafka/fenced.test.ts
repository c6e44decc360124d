/** A client that joins again when it is fenced, as version 2 does, made to stay so. */
import assert from 'node:assert/strict'
import { tracingChannel } from 'node:diagnostics_channel'
import { EventEmitter } from 'node:events'
import { describe, it, type TestContext } from 'node:test'
import * as kafka from '@platformatic/kafka'
import { keepFenced } from '../../../src/io/kafka/fenced.ts'

/** Not the client's own, which other tests of this process may listen to. */
const consumerHeartbeatChannel = tracingChannel('tests:heartbeat')

const fenced = new kafka.ProtocolError('FENCED_INSTANCE_ID')

/** A consumer, as far as it takes part. */
class Consumer extends EventEmitter {
  memberId: string | null = 'one'
  isMember = true
  readonly told: unknown[] = []

  constructor() {
    super()
    this.on('consumer:heartbeat:error', ({ error }) => this.told.push(error))
  }

  async leaveGroup(): Promise<void> {
    assert.equal(this.memberId, null, 'nothing is asked of the group')
    this.isMember = false
  }

  /** A heartbeat that fails, as the client traces it. @returns the client joins again */
  heartbeat(error: Error): Promise<boolean> {
    return new Promise((resolve) => {
      consumerHeartbeatChannel.traceCallback(
        (done: (error: Error) => void) => done(error),
        0,
        { client: this, operation: 'heartbeat' },
        null,
        () => resolve(this.isMember),
      )
    })
  }
}

/** A module whose error for a fenced member asks to join again, or does not. */
function keep(t: TestContext, needsRejoin: boolean): void {
  class ProtocolError extends Error {
    readonly needsRejoin = needsRejoin
  }
  t.after(
    keepFenced({ ProtocolError, consumerHeartbeatChannel } as unknown as Parameters<typeof keepFenced>[0]),
  )
}

describe('a fenced client', () => {
  it('is no member any longer before it could join again, and says why', async (t) => {
    keep(t, true)
    const [one, other] = [new Consumer(), new Consumer()]
    assert.equal(await one.heartbeat(fenced), false)
    assert.deepEqual([one.told, other.told, other.isMember], [[fenced], [], true])
  })

  it('joins again after any other error', async (t) => {
    keep(t, true)
    const one = new Consumer()
    for (const id of ['REBALANCE_IN_PROGRESS', 'UNKNOWN_MEMBER_ID'])
      assert.equal(await one.heartbeat(new kafka.ProtocolError(id)), true)
    assert.deepEqual(one.told, [])
  })

  it('is left alone where it does not join again by itself', async (t) => {
    keep(t, false)
    const one = new Consumer()
    assert.equal(await one.heartbeat(fenced), true)
    assert.deepEqual(one.told, [])
  })
})

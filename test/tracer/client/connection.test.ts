import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it, type TestContext } from 'node:test'
import type { Answer } from '../../../src/tracer/client/cache.ts'
import { Connection, type ConnectionOwner, type Ending } from '../../../src/tracer/client/connection.ts'
import { Lookup, Question, Request } from '../../../src/tracer/client/request.ts'
import { detection, FINISHED_LINE, freePort, listen, type Peer, replyTo } from '../loopback.ts'

/** A connection with this setting is never settled while a test runs. */
const UNSETTLED = { settleMs: 1_000_000 }

/** Notes what a connection tells its owner. */
class Owner implements ConnectionOwner {
  readonly told: string[] = []
  ending: Ending | undefined
  #waiting: (() => void)[] = []

  onRoom(connection: Connection): void {
    this.#tell(`room ${connection.room}`)
  }

  onReply(_connection: Connection, request: Request, detections: Answer): void {
    this.#tell(`${request.id}: ${detections.length}${request.abandoned ? ' late' : ''}`)
  }

  onTimeout(_connection: Connection, request: Request): void {
    this.#tell(`${request.id}: timeout`)
  }

  onClose(_connection: Connection, ending: Ending): void {
    this.ending = ending
    this.#tell('closed')
  }

  /** Waits until it was told something. */
  async until(what: string): Promise<void> {
    while (!this.told.includes(what)) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  #tell(what: string): void {
    this.told.push(what)
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}

interface Opened {
  readonly owner: Owner
  readonly connection: Connection
  readonly peer: Peer
}

/** Opens a connection, and asks its first request at once. */
async function open(
  test: TestContext,
  first?: Request,
  options: { timeoutMs?: number; settleMs?: number } = {},
): Promise<Opened> {
  const server = await listen(test, () => {})
  const owner = new Owner()
  const settings = { window: 4, timeoutMs: 30_000, settleMs: 20, maxReplyLength: 1000, ...options }
  const connection = new Connection(server.address, settings, owner)
  test.after(() => connection.destroy(new Error('the test is over')))
  await owner.until('room 1')
  if (first !== undefined) connection.send(first)
  return { owner, connection, peer: await server.peer(0) }
}

const nobody = { onAnswers: () => {}, onFailure: () => {} }

function request(id: string, value = 'bad'): Request {
  return new Request(id, [new Question('url', value, new Lookup(nobody, []), 0)])
}

describe('Connection', { timeout: 900_000 }, () => {
  it('has room for one request until the server has kept it open past a reply', async (t) => {
    const { connection, owner, peer } = await open(t, request('r1'))
    assert.equal(connection.room, 0)
    await peer.until(1)
    peer.socket.write(FINISHED_LINE)
    await owner.until('r1: 0')
    assert.equal(connection.room, 0)
    await owner.until('room 4')
    for (const id of ['r2', 'r3', 'r4', 'r5']) connection.send(request(id))
    assert.equal(connection.room, 0)
    assert.throws(() => connection.send(request('r6')), { code: 'ERR_ASSERTION' })
    await peer.until(5)
    peer.socket.write(FINISHED_LINE + detection('url', 'bad') + FINISHED_LINE)
    await owner.until('room 2')
    assert.deepEqual(owner.told, ['room 1', 'r1: 0', 'room 4', 'r2: 0', 'r3: 1', 'room 2'])
  })

  it('does not open its window when the server closes after the reply', async (t) => {
    const { owner, peer } = await open(t, request('r1'), UNSETTLED)
    await peer.until(1)
    peer.socket.end(FINISHED_LINE)
    await owner.until('closed')
    assert.deepEqual(owner.told, ['room 1', 'r1: 0', 'closed'])
    assert.equal(owner.ending!.isFailure, false)
    assert.deepEqual(owner.ending!.unanswered, [])
  })

  it('sends what is asked in one turn of the event loop at once', async (t) => {
    const { connection, owner, peer } = await open(t, request('r1'))
    await peer.until(1)
    peer.socket.write(FINISHED_LINE)
    await owner.until('room 4')
    const chunk = once(peer.socket, 'data')
    for (const id of ['r2', 'r3', 'r4']) connection.send(request(id))
    assert.deepEqual(await chunk, ['r2|url=bad|\nr3|url=bad|\nr4|url=bad|\n'])
  })

  it('abandons a request that times out, takes its late reply, and has room again then', async (t) => {
    const { connection, owner, peer } = await open(t, request('r1'), { timeoutMs: 1000 })
    await owner.until('r1: timeout')
    assert.equal(connection.room, 0)
    peer.socket.write(replyTo(peer.lines[0]!))
    await owner.until('room 4')
    assert.deepEqual(owner.told, ['room 1', 'r1: timeout', 'r1: 1 late', 'room 4'])
  })

  it('closes when the late reply does not come either', async (t) => {
    const { owner } = await open(t, request('r1'), { timeoutMs: 50 })
    await owner.until('closed')
    assert.deepEqual(owner.told, ['room 1', 'r1: timeout', 'closed'])
    assert.equal(owner.ending!.isStalled, true)
    assert.equal(owner.ending!.isFailure, true)
    assert.deepEqual(owner.ending!.unanswered, [])
  })

  it('gives back what was not answered, in its order, when the server closes', async (t) => {
    const { connection, owner, peer } = await open(t, request('r1'))
    await peer.until(1)
    peer.socket.write(FINISHED_LINE)
    await owner.until('room 4')
    for (const id of ['r2', 'r3', 'r4']) connection.send(request(id))
    await peer.until(4)
    peer.socket.end(`${FINISHED_LINE}LookupFin`)
    await owner.until('closed')
    assert.deepEqual(
      owner.ending!.unanswered.map(({ id }) => id),
      ['r3', 'r4'],
    )
    assert.equal(owner.ending!.isFailure, false)
    assert.match(owner.ending!.error.message, /it ended within a reply/)
  })

  it('completes a reply whose end is all that is missing when the server closes', async (t) => {
    for (const end of ['LookupFinished', 'LookupFinishedLookupFinished', 'LookupFinished\nLookupFinished']) {
      const { owner, peer } = await open(t, request('r1'), UNSETTLED)
      await peer.until(1)
      peer.socket.end(detection('url', 'bad') + end)
      await owner.until('closed')
      assert.deepEqual(owner.told, ['room 1', 'r1: 1', 'closed'])
      assert.equal(owner.ending!.isFailure, false)
    }
  })

  it('is a failure when it gives no reply to what was asked', async (t) => {
    const { owner, peer } = await open(t, request('r1'))
    await peer.until(1)
    peer.socket.resetAndDestroy()
    await owner.until('closed')
    assert.equal(owner.ending!.isFailure, true)
    assert.equal(owner.ending!.wasMade, true)
    assert.deepEqual(
      owner.ending!.unanswered.map(({ id }) => id),
      ['r1'],
    )
  })

  it('closes by itself when it is not asked anything, which is no failure', async (t) => {
    const { owner, peer } = await open(t)
    await owner.until('closed')
    assert.equal(owner.ending!.isFailure, false)
    if (!peer.socket.destroyed) await once(peer.socket, 'close')
    assert.equal(peer.received, '')
  })

  it('is a failure when it cannot be made', async () => {
    const owner = new Owner()
    const address = { host: '127.0.0.1', port: await freePort() }
    const connection = new Connection(
      address,
      { window: 4, timeoutMs: 30_000, settleMs: 20, maxReplyLength: 1000 },
      owner,
    )
    assert.equal(connection.isConnecting, true)
    await owner.until('closed')
    assert.equal(owner.ending!.isFailure, true)
    assert.equal(owner.ending!.wasMade, false)
    assert.match(owner.ending!.error.message, /ECONNREFUSED/)
  })

  it('tells nothing more after it was destroyed, and that at once', async (t) => {
    const { connection, owner, peer } = await open(t, request('r1'))
    connection.destroy(new Error('enough'))
    assert.deepEqual(owner.told, ['room 1', 'closed'])
    assert.equal(owner.ending!.error.message, 'enough')
    if (!peer.socket.destroyed) await once(peer.socket, 'close')
    assert.deepEqual(owner.told, ['room 1', 'closed'])
  })
})

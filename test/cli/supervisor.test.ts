import assert from 'node:assert/strict'
import cluster from 'node:cluster'
import { EventEmitter } from 'node:events'
import { describe, it, type TestContext } from 'node:test'
import { CommandError } from '../../src/cli/exit-codes.ts'
import { Supervisor, type SupervisorOptions } from '../../src/cli/supervisor.ts'
import type { ToPrimary, ToWorker } from '../../src/tracer/cluster/messages.ts'
import { LogLines, ManualEnricher, poll } from '../tracer/running-server.ts'

const IDLE = { connections: 0, taken: 0, requests: 0, isFull: false, isDegraded: false }

/** Stands for the process of a worker: a test says what it tells, and sees what it is told. */
class FakeWorker extends EventEmitter {
  readonly process: { pid: number; kill: () => void }
  readonly told: ToWorker[] = []
  #isConnected = true

  constructor(pid: number) {
    super()
    this.process = { pid, kill: () => this.die() }
  }

  isConnected(): boolean {
    return this.#isConnected
  }

  send(message: ToWorker): void {
    this.told.push(message)
    if (message.kind === 'listen') this.tell({ kind: 'listening', address: '127.0.0.1', port: message.port })
    else if (message.kind === 'stop') this.die()
  }

  tell(message: ToPrimary): void {
    setImmediate(() => this.emit('message', message))
  }

  die(): void {
    this.#isConnected = false
    setImmediate(() => this.emit('exit', null, 'SIGKILL'))
  }

  toldOf(kind: ToWorker['kind']): number {
    return this.told.filter((message) => message.kind === kind).length
  }
}

/** A supervisor whose workers are fakes. `fail` makes the next fork throw. */
function supervise(t: TestContext, options: Partial<SupervisorOptions> = {}) {
  const logged = new LogLines()
  const workers: FakeWorker[] = []
  const failures: Error[] = []
  t.mock.method(cluster, 'fork', () => {
    const failure = failures.shift()
    if (failure !== undefined) throw failure
    const worker = new FakeWorker(1000 + workers.length)
    workers.push(worker)
    worker.tell({ kind: 'loaded' })
    return worker
  })
  const supervisor = new Supervisor({
    workers: 2,
    listen: { host: '127.0.0.1', port: 16_666 },
    shutdownTimeoutMs: 1000,
    shared: [],
    log: logged.log,
    ...options,
  })
  t.after(() => supervisor.stop())
  return { supervisor, workers, failures, logged }
}

function memoryFailure(): Error {
  return Object.assign(new Error('spawn ENOMEM'), { code: 'ENOMEM' })
}

// One after the other: `cluster.fork` is one for all.
describe('Supervisor', { timeout: 900_000 }, () => {
  it('tries again when the system cannot start a worker, and lives on', async (t) => {
    const { supervisor, workers, failures, logged } = supervise(t)
    await supervisor.start()
    failures.push(memoryFailure())
    workers[0]!.die()
    const line = await logged.message('worker cannot be started; it is tried again')
    assert.equal(line['worker'], 1)
    assert.equal((line['err'] as Error).message, 'spawn ENOMEM')
    // The second failure in a row.
    assert.ok((line['restartMs'] as number) > 0)
    assert.equal(supervisor.listening, 1)
    assert.equal(supervisor.restarts, 0)
    await poll(() => supervisor.listening === 2)
    assert.equal(workers.length, 3)
    assert.equal(supervisor.restarts, 1)
  })

  it('does not start when the system cannot start a worker', async (t) => {
    const { supervisor, workers, failures } = supervise(t, { workers: 1 })
    failures.push(memoryFailure())
    await assert.rejects(supervisor.start(), (error: CommandError) => {
      assert.ok(error instanceof CommandError)
      assert.equal(error.message, 'tracer: worker 1 cannot be started: spawn ENOMEM')
      assert.equal(error.exitCode, 1)
      return true
    })
    assert.equal(workers.length, 0)
  })

  it('does not tell a worker what the one before it had asked', async (t) => {
    const manual = new ManualEnricher()
    const { supervisor, workers } = supervise(t, { workers: 1, shared: [manual] })
    await supervisor.start()
    const question = (value: string): ToPrimary => ({
      kind: 'lookups',
      enricher: 0,
      lookups: [[1, { type: 'url', value }]],
    })
    workers[0]!.tell(question('first'))
    await poll(() => manual.open.has('first'))
    workers[0]!.die()
    await poll(() => workers.length === 2 && supervisor.listening === 1)
    workers[1]!.tell(question('second'))
    await poll(() => manual.open.has('second'))
    await manual.answer('first')
    // Answers go out after a turn of the event loop, in their order.
    await new Promise((resolve) => setTimeout(resolve, 20))
    await manual.answer('second')
    await poll(() => workers[1]!.toldOf('results') > 0)
    assert.equal(workers[0]!.toldOf('results'), 0)
    assert.deepEqual(
      workers[1]!.told.filter(({ kind }) => kind === 'results'),
      [
        {
          kind: 'results',
          enricher: 0,
          results: [[1, [{ category: 'Manual', context: '|ioc=second' }]]],
        },
      ],
    )
  })

  it('tells where a new connection goes, and counts the one that stays', async (t) => {
    const { supervisor, workers } = supervise(t)
    await supervisor.start()
    const ask = async (worker: FakeWorker, id: number, connections: number) => {
      worker.tell({ kind: 'newcomer', id, ...IDLE, connections })
      const isPlaced = () => worker.told.some((message) => message.kind === 'place' && message.id === id)
      await poll(isPlaced)
      return worker.told.find((message) => message.kind === 'place' && message.id === id)
    }
    assert.deepEqual(await ask(workers[0]!, 1, 0), { kind: 'place', id: 1, stays: true })
    // The first one is on its way, and so counted.
    assert.deepEqual(await ask(workers[0]!, 2, 0), { kind: 'place', id: 2, stays: false })
    assert.deepEqual(await ask(workers[1]!, 1, 0), { kind: 'place', id: 1, stays: true })
    assert.equal(supervisor.connections, 2)
  })

  it('asks workers once for all pages of metrics that wait at the same time', async (t) => {
    const updates: number[] = []
    const metrics = { update: (worker: number) => updates.push(worker), retire: () => {} }
    const { supervisor, workers } = supervise(t, { metrics })
    await supervisor.start()
    const done: string[] = []
    const pages = ['first', 'second'].map((name) => supervisor.refresh().then(() => done.push(name)))
    workers[0]!.tell({ kind: 'metrics', isPage: true, metrics: [] })
    await poll(() => updates.length === 1)
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(done, [])
    workers[1]!.tell({ kind: 'metrics', isPage: true, metrics: [] })
    await Promise.all(pages)
    assert.deepEqual(updates, [1, 2])
    const asked = (worker: FakeWorker) =>
      worker.told.filter((message) => message.kind === 'metrics' && message.isPage).length
    assert.deepEqual(workers.map(asked), [1, 1])
    // A later page asks anew.
    const later = supervisor.refresh()
    for (const worker of workers) worker.tell({ kind: 'load', ...IDLE })
    for (const worker of workers) worker.tell({ kind: 'metrics', isPage: true, metrics: [] })
    await later
    assert.deepEqual(workers.map(asked), [2, 2])
  })
})

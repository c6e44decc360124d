import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { folderWith } from './command.ts'
import { Serving } from './serving.ts'

const FINISHED = 'LookupFinished\n'
/** Does what its value says, and is asked otherwise, too. */
const FAULTY = `import { EventEmitter } from 'node:events'
  setTimeout(() => { throw new Error('in the background') }, 20)
  export default ({ value }) => {
    if (value === 'timer') return new Promise(() => setTimeout(() => { throw new Error('in a timer') }, 1))
    if (value === 'event') return new Promise(() => setImmediate(() => new EventEmitter().emit('error', new Error('as an event'))))
    if (value === 'microtask') queueMicrotask(() => { throw new Error('in a microtask') })
    if (value === 'rejection') {
      Promise.reject(new Error('as a rejection'))
      return new Promise(() => {})
    }
    if (value === 'late') setTimeout(() => Promise.reject('a text'), 1)
    if (value === 'loop') for (;;);
    if (value === 'exit') process.exit(3)
    return { asked: value, pid: process.pid }
  }`
const URL_CATEGORY = 'Category=Tracer_URL_enricher|MatchedIndicator='

function found(value: string, pid: number | undefined): string {
  return `${URL_CATEGORY}${value}|asked=${value}|pid=${pid}\n${FINISHED}`
}

/** Messages of errors of look-ups that were logged. */
function failures(serving: Serving): unknown[] {
  return serving.log.flatMap(({ msg, err, suppressed }) => {
    if (msg !== 'look-up failed') return []
    const message = (err as { message: string }).message
    return suppressed === undefined
      ? [message]
      : [message, ...new Array(suppressed as number).fill('suppressed')]
  })
}

describe('modules of the user', { concurrency: 2, timeout: 900_000 }, () => {
  for (const shared of [false, true]) {
    it(`cost a look-up when they throw in a timer, and never the process${shared ? ', in a thread' : ''}`, async (t) => {
      const path = join(folderWith({ 'own.mjs': FAULTY }), 'own.mjs')
      const option = shared ? '--shared-enricher' : '--enricher'
      const serving = await Serving.start(
        t,
        option,
        path,
        '--metrics',
        '127.0.0.1:0',
        '--enricher-timeout',
        '1h',
      )
      const { pid } = serving.command.child
      await serving.logged('a module has thrown outside of a look-up; it goes on')
      for (const value of ['timer', 'event', 'rejection']) {
        // Long before the time-out.
        assert.equal(await serving.ask(`7f|url=${value}|\n`), FINISHED, value)
        assert.equal(await serving.ask('7f|url=a|\n'), found('a', pid))
      }
      // The answer is there already.
      for (const value of ['late', 'microtask']) {
        assert.equal(await serving.ask(`7f|url=${value}|\n`), found(value, pid))
      }
      await serving.logged('a module has thrown outside of a look-up; it goes on', 3)
      const name = JSON.stringify(path)
      assert.equal(await serving.metric(`tracer_enricher_errors_total{enricher=${name}}`), 3)
      assert.equal(await serving.metric(`tracer_enricher_faults_total{enricher=${name}}`), 3)
      assert.equal(failures(serving)[0], 'in a timer')
      assert.equal((await serving.stop()).code, 0)
    })
  }

  it('are started again when they loop or exit, if they are shared', async (t) => {
    const path = join(folderWith({ 'own.mjs': FAULTY }), 'own.mjs')
    const serving = await Serving.start(
      t,
      '--workers',
      '2',
      '--shared-enricher',
      path,
      '--metrics',
      '127.0.0.1:0',
    )
    const { pid } = serving.command.child
    for (const value of ['loop', 'exit']) {
      assert.equal(await serving.ask('7f|url=a|\n'), found('a', pid))
      const restarts = value === 'loop' ? 1 : 2
      assert.equal(await serving.ask(`7f|url=${value}|\n`), FINISHED)
      await serving.logged('a module was started again', restarts)
    }
    assert.equal(await serving.ask('7f|url=a|\n'), found('a', pid))
    assert.equal(await serving.metric(`tracer_enricher_restarts_total{enricher=${JSON.stringify(path)}}`), 2)
    await serving.logged('a module hangs: its thread is ended')
    assert.equal((await serving.stop()).code, 0)
  })
})

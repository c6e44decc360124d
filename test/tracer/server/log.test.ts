import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLog, LogLimiter } from '../../../src/tracer/server/log.ts'

test('a log line is one JSON object, with a readable level and time', () => {
  const lines: string[] = []
  const log = createLog('info', { write: (line: string) => lines.push(line) })
  log.info({ port: 16666 }, 'listening')
  log.debug('not shown')
  assert.equal(lines.length, 1)
  assert.ok(lines[0]!.endsWith('}\n'))
  const { time, ...rest } = JSON.parse(lines[0]!)
  assert.deepEqual(rest, { level: 'info', port: 16666, msg: 'listening' })
  assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
})

test('an error in a log line keeps its message and its stack', () => {
  const lines: string[] = []
  createLog('warn', { write: (line: string) => lines.push(line) }).warn({ err: new Error('down') }, 'failed')
  const { err } = JSON.parse(lines[0]!)
  assert.equal(err.message, 'down')
  assert.match(err.stack, /log\.test/)
})

test('a limiter lets one message per subject and interval through, and tells how many it kept back', () => {
  let now = 0
  const limiter = new LogLimiter(1000, () => now)
  const written: [string, number | undefined][] = []
  const log = (subject: string) =>
    limiter.log(subject, ({ suppressed }) => written.push([subject, suppressed]))
  for (let i = 0; i < 5; i++) log('a')
  log('b')
  now = 999
  log('a')
  now = 1000
  log('a')
  log('a')
  now = 2000
  log('a')
  now = 5000
  log('a')
  assert.deepEqual(written, [
    ['a', undefined],
    ['b', undefined],
    ['a', 5],
    ['a', 1],
    ['a', undefined],
  ])
})

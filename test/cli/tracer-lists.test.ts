import assert from 'node:assert/strict'
import { join } from 'node:path'
import { it } from 'node:test'
import { folderWith } from './command.ts'
import { Serving, tracer } from './serving.ts'

const GMER =
  /^Category=Tracer_InternalTI_URL_enricher\|MatchedIndicator=gmer\.com\|ioc=hxxp:\/\/gmer\[\.\]com\/\|ticket=4711\|added=.*\|expires=.*\nLookupFinished\n$/

it('tracer add, list and remove change what all workers answer within a second', {
  timeout: 300_000,
}, async (t) => {
  const cache = join(folderWith({}), 'cache')
  const there = ['--feed-cache', cache]
  const serving = await Serving.start(t, '--workers', '2', '--metrics', '127.0.0.1:0', ...there)
  /** Until several connections, which the workers share, get such an answer. */
  const untilAll = async (expected: RegExp) => {
    for (;;) {
      const answers = await Promise.all(Array.from({ length: 4 }, () => serving.ask('7f|url=gmer.com|\n')))
      if (answers.every((answer) => expected.test(answer))) return
      for (const answer of answers) assert.match(answer, /LookupFinished\n$/)
    }
  }
  await untilAll(/^LookupFinished\n$/)
  const context = ['--context', 'ticket=4711', '--ttl', '30d']
  const added = await tracer(['add', ...there, ...context, '-', '192.0.2.0/24'], 'hxxp://gmer[.]com/\n\n')
  assert.deepEqual([added.code, added.stdout, added.stderr], [0, '', 'InternalTI: 2 added, 0 updated\n'])
  await untilAll(GMER)
  const allowed = await tracer(['add', ...there, '--list', 'FalsePositive', 'gmer.com'])
  assert.equal(allowed.stderr, 'FalsePositive: 1 added, 0 updated\n')
  await untilAll(/^LookupFinished\n$/)
  assert.equal(await serving.metric('tracer_list_indicators{list="InternalTI"}'), 2)
  const [listed, refused, removed] = await Promise.all([
    tracer(['list', ...there]),
    tracer(['add', ...there, 'good.example', 'me@evil.example']),
    tracer(['remove', ...there, '--list', 'FalsePositive', 'GMER.com', 'none.example']),
  ])
  const lines = listed.stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
  assert.deepEqual(
    lines.slice(0, 2).map(({ list, value, context: fields }) => [list, value, fields]),
    [
      ['InternalTI', 'hxxp://gmer[.]com/', { ticket: '4711' }],
      ['InternalTI', '192.0.2.0/24', { ticket: '4711' }],
    ],
  )
  assert.equal(Date.parse(lines[0].expires) - Date.parse(lines[0].added), 30 * 24 * 60 * 60_000)
  assert.equal(refused.code, 2)
  assert.match(refused.stderr, /^tracer: "me@evil\.example" is no address, host, URL, mask or hash$/m)
  assert.deepEqual([removed.code, removed.stderr], [0, 'FalsePositive: 1 removed, 1 not there\n'])
  await untilAll(GMER)
  assert.equal((await serving.stop()).code, 0)
})

it('tracer list has nothing to print, and makes nothing, where nothing was added', async () => {
  const cache = join(folderWith({}), 'cache')
  const { code, stdout, stderr } = await tracer(['list', '--list', 'InternalTI', '--feed-cache', cache])
  assert.deepEqual([code, stdout, stderr], [0, '', ''])
})

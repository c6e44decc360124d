/** The small decisions of Kafka that need no broker: who gets which partition, which topic a name stands for, what an error means. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  MultipleErrors,
  NetworkError,
  ProtocolError,
  ResponseError,
  TimeoutError,
  UserError,
} from '@platformatic/kafka'
import { startFault } from '../../../src/cli/kafka.ts'
import { assignPartitions } from '../../../src/io/kafka/assign.ts'
import {
  describeFault,
  hasId,
  isRefused,
  isTimeout,
  isUnreachable,
  Outage,
  unknownTopic,
} from '../../../src/io/kafka/faults.ts'
import type { KafkaOptions } from '../../../src/io/kafka/options.ts'
import { checkOptions } from '../../../src/io/kafka/options.ts'
import { TopicRouter } from '../../../src/io/kafka/route-topic.ts'
import { TopicPattern } from '../../../src/io/kafka/topic-pattern.ts'

type Members = Parameters<typeof assignPartitions>[1]

function assigned(
  members: Readonly<Record<string, readonly string[]>>,
  counts: Readonly<Record<string, number>>,
) {
  const topics = new Map(
    Object.entries(counts).map(([topic, partitionsCount]) => [topic, { partitionsCount }]),
  )
  const result = assignPartitions(
    'a',
    new Map(
      Object.entries(members).map(([memberId, ofMember]) => [memberId, { memberId, topics: ofMember }]),
    ) as unknown as Members,
    new Set(),
    { topics } as never,
  )
  return Object.fromEntries(
    result.map(({ memberId, assignments }) => [
      memberId,
      [...assignments.values()].flatMap(({ topic, partitions }) =>
        partitions.map((partition) => `${topic}/${partition}`),
      ),
    ]),
  )
}

describe('assignPartitions', () => {
  it('shares all partitions evenly over all topics', () => {
    assert.deepEqual(assigned({ b: ['x', 'y'], a: ['x', 'y'] }, { x: 3, y: 3 }), {
      a: ['x/0', 'x/2', 'y/1'],
      b: ['x/1', 'y/0', 'y/2'],
    })
  })

  it('gives a topic only to members that read it', () => {
    assert.deepEqual(assigned({ a: ['x'], b: ['x', 'y'] }, { x: 2, y: 2 }), {
      a: ['x/0'],
      b: ['x/1', 'y/0', 'y/1'],
    })
  })

  it('leaves members without partitions where there are not enough', () => {
    assert.deepEqual(assigned({ a: ['x'], b: ['x'], c: ['x'] }, { x: 2 }), { a: ['x/0'], b: ['x/1'], c: [] })
  })
})

describe('TopicPattern', () => {
  it('takes a star for any characters', () => {
    const matches = (pattern: string, name: string) => new TopicPattern(pattern).matches(name)
    assert.deepEqual(
      ['logs-a', 'logs-', 'logs', 'xlogs-a'].map((name) => matches('logs-*', name)),
      [true, true, false, false],
    )
    assert.deepEqual(
      ['ab', 'a.b', 'aab', 'ba', 'a'].map((name) => matches('a*b', name)),
      [true, true, true, false, false],
    )
    assert.deepEqual(
      ['abcbd', 'abd', 'acd', 'abbcd'].map((name) => matches('a*b*c*d', name)),
      [true, false, false, true],
    )
    assert.equal(matches('aba', 'aba'), true)
    assert.equal(matches('ab*ba', 'aba'), false)
    assert.equal(matches('*', 'x'), true)
    assert.equal(matches('**', 'x'), true)
  })

  it('refuses what no topic matches', () => {
    for (const text of ['', 'a b', 'é', '[a-z]']) assert.throws(() => new TopicPattern(text), TypeError)
  })
})

describe('TopicRouter', () => {
  const router = () => new TopicRouter({ field: 'event.dataset', allow: ['logs-*'] }, 'rest')
  const outputs = (...datasets: unknown[]) =>
    datasets.map((dataset) => Buffer.from(JSON.stringify({ event: { dataset } })))

  it('takes names that are allowed and there', async () => {
    const asked: string[] = []
    const exists = async (topic: string) => {
      asked.push(topic)
      return topic !== 'logs-none'
    }
    const topics = await router().topicsOf(
      outputs('logs-a', 'logs-none', 'other', 'logs-a', 'logs-none', 1, null),
      exists,
    )
    assert.deepEqual(topics, ['logs-a', 'rest', 'rest', 'logs-a', 'rest', 'rest', 'rest'])
    assert.deepEqual(asked, ['logs-a', 'logs-none'])
  })

  it('is not led astray by names of objects, or names that are no topics', async () => {
    const exists = async () => true
    const odd = [
      Buffer.from('{"event":"x"}'),
      Buffer.from('{"event":[]}'),
      Buffer.from('{}'),
      ...outputs('logs-\n', 'logs-/', '..'),
    ]
    assert.deepEqual(
      await router().topicsOf(odd, exists),
      odd.map(() => 'rest'),
    )
    const inherited = new TopicRouter({ field: 'constructor.name', allow: ['*'] }, 'rest')
    assert.deepEqual(await inherited.topicsOf([Buffer.from('{}')], exists), ['rest'])
  })
})

describe('checkOptions', () => {
  const options: KafkaOptions = {
    connection: { brokers: ['b:1'], clientId: 'c' },
    from: ['in'],
    to: 'out',
    errorsTo: 'errors',
    group: 'g',
  }

  it('refuses circles, names that are none, and exactly-once without a name', () => {
    checkOptions(options)
    checkOptions({ ...options, delivery: 'exactly-once', instanceId: 'i' })
    const refused: [Partial<KafkaOptions>, RegExp][] = [
      [{ to: 'in' }, /circle/],
      [{ errorsTo: 'in' }, /circle/],
      [{ from: ['a b'] }, /no name of a topic/],
      [{ to: '..' }, /no name of a topic/],
      [{ delivery: 'exactly-once' }, /needs a name/],
      [{ instanceId: 'a/b' }, /"a\/b" is no name of a process/],
      [{ route: { field: 'a', allow: [] } }, /have to be named/],
      [{ route: { field: 'a', allow: ['a b'] } }, /no pattern/],
    ]
    for (const [change, message] of refused)
      assert.throws(() => checkOptions({ ...options, ...change }), message)
  })
})

describe('errors of the client', () => {
  const refusal = new ResponseError(3, 12, { '/topics/0': [29, 'no right to x'] }, {})

  it('are told by what is nearest to the cause', () => {
    const network = new NetworkError('Connection to b:1 failed.', {
      cause: Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' }),
    })
    assert.equal(
      describeFault(new MultipleErrors('Cannot connect to any broker.', [network])),
      'connect ECONNREFUSED 127.0.0.1:1',
    )
    assert.equal(describeFault(refusal), 'no right to x (TOPIC_AUTHORIZATION_FAILED)')
    assert.equal(describeFault(new UserError('Unknown topic x.')), 'there is no topic x')
    assert.equal(
      describeFault(new MultipleErrors('Producing failed.', [new NetworkError('Connection closed')])),
      'Connection closed',
    )
    assert.equal(describeFault('odd'), 'odd')
  })

  it('are told apart', () => {
    assert.equal(isRefused(refusal), true)
    assert.equal(isRefused(new ProtocolError('NOT_COORDINATOR')), false)
    assert.equal(hasId(refusal, 'NOT_COORDINATOR', 'TOPIC_AUTHORIZATION_FAILED'), true)
    assert.equal(hasId(new Error('x'), 'NOT_COORDINATOR'), false)
    assert.equal(unknownTopic(refusal), undefined)
    const late = new TimeoutError('Request timed out')
    assert.equal(isTimeout(new MultipleErrors('Producing failed.', [late])), true)
    // No request was made.
    assert.equal(isTimeout(new TimeoutError('Connection to b:1 timed out.')), false)
    assert.equal(isUnreachable(late), true)
  })

  it('at the start say what to do', () => {
    const settings = {
      connection: { brokers: ['b:1'] },
      group: 'g',
      instanceId: 'one',
    } as unknown as KafkaOptions
    const hint = (id: string) => startFault(new ProtocolError(id), settings).message
    assert.match(
      hint('GROUP_AUTHORIZATION_FAILED'),
      /b:1 refuses: .*Read on the source topics and the group g/,
    )
    assert.match(
      hint('TRANSACTIONAL_ID_AUTHORIZATION_FAILED'),
      /Write and Describe on the transactional id g\/one$/,
    )
  })
})

describe('Outage', () => {
  it('is told once, and its end', () => {
    const lines: string[] = []
    const outage = new Outage((line) => lines.push(line))
    outage.worked('write')
    outage.failed('write', new Error('a'))
    outage.failed('write', new Error('b'))
    outage.failed('fetch', new Error('c'))
    outage.worked('write')
    assert.equal(outage.isNow, true)
    outage.worked('fetch')
    assert.equal(outage.isNow, false)
    assert.deepEqual(
      lines.map((line) => line.replace(/\d+ s/, 'N s')),
      [
        'kafka: cannot write: a; it is tried again until it works',
        'kafka: cannot fetch: c; it is tried again until it works',
        'kafka: can write again, after N s',
        'kafka: can fetch again, after N s',
      ],
    )
  })
})

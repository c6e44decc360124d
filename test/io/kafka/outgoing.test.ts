import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { OutgoingOptions } from '../../../src/io/kafka/outgoing.ts'
import { outgoingMessages, requests, sizeOf } from '../../../src/io/kafka/outgoing.ts'
import type { KafkaMessage } from '../../../src/io/kafka/source.ts'
import { partitionAt } from '../../../src/io/kafka/source.ts'
import { compileRules } from '../../../src/rules/compile.ts'
import { MessageNormalizer } from '../../../src/stages/process/message-normalizer.ts'

const PARTITIONS: Readonly<Record<string, number>> = { in: 4, same: 4, other: 3, errors: 2 }

function optionsFor(to: string, maxBytes: Readonly<Record<string, number>> = {}): OutgoingOptions {
  return {
    errorsTo: 'errors',
    topicOf: () => to,
    topology: {
      partitions: (topic) => PARTITIONS[topic]!,
      maxBytes: (topic) => maxBytes[topic] ?? 1_000_000,
    },
    hash: (key) => key[0]!,
  }
}

function message(
  partition: number,
  value: string | null,
  { key = null, headers = [] }: Partial<Pick<KafkaMessage, 'key' | 'headers'>> = {},
): KafkaMessage {
  const owned = partitionAt('in', partition, 0n)
  return {
    owned,
    offset: 17n,
    timestamp: 1234n,
    key,
    headers,
    value: value === null ? null : Buffer.from(value),
  }
}

async function outgoing(messages: readonly KafkaMessage[], options: OutgoingOptions) {
  const normalizer = new MessageNormalizer({ rules: compileRules('a: a::int\nb: b\n') })
  return outgoingMessages(messages, await normalizer.normalize(messages.map(({ value }) => value)), options)
}

describe('outgoingMessages', () => {
  it('keeps key, headers, time and, with as many partitions, the partition', async () => {
    const key = Buffer.from('k')
    const headers = [
      [Buffer.from('h'), Buffer.from('1')],
      [Buffer.from('h'), null],
    ] as const
    const { messages } = await outgoing(
      [message(3, '{"a":"1","b":"x"}', { key, headers })],
      optionsFor('same'),
    )
    const [one] = messages
    assert.equal(one!.topic, 'same')
    assert.equal(one!.partition, 3)
    assert.equal(one!.key, key)
    assert.equal(one!.timestamp, 1234n)
    assert.equal(one!.size, sizeOf(one!))
    assert.equal(Buffer.from(one!.value).toString(), '{"a":1,"b":"x"}')
    assert.deepEqual(
      [...one!.headers].map(([name, value]) => [name.toString(), value?.toString()]),
      [
        ['h', '1'],
        ['h', undefined],
        ['sluice.source', 'in/3/17'],
      ],
    )
  })

  it('lets the key decide where there are not as many, and the partition where there is no key', async () => {
    const value = '{"a":"1","b":"x"}'
    const sent = [message(3, value, { key: Buffer.from([8]) }), message(3, value), message(2, value)]
    const { messages } = await outgoing(sent, optionsFor('other'))
    assert.deepEqual(
      messages.map(({ partition }) => partition),
      [8 % 3, 3 % 3, 2],
    )
  })

  it('sends records of rejected events, with key and headers, to the errors topic', async () => {
    const { messages } = await outgoing(
      [message(1, 'no JSON', { key: Buffer.from([3]) }), message(0, null)],
      optionsFor('same'),
    )
    assert.equal(messages.length, 1)
    const [{ topic, partition, value, headers }] = messages as [(typeof messages)[0]]
    assert.deepEqual([topic, partition], ['errors', 1])
    const record = JSON.parse(Buffer.from(value).toString())
    assert.deepEqual([record.source, record.code, record.raw], ['in/1/17', 'JSON_INVALID', 'no JSON'])
    assert.deepEqual([...headers.values()].map(String), ['in/1/17'])
  })

  it('makes an error of an output that its topic does not take, and cuts it as far as it has to', async () => {
    const long = `{"a":"1","b":"${'x'.repeat(5000)}"}`
    const options = optionsFor('same', { same: 2000, errors: 3000 })
    const { messages, tooLarge } = await outgoing([message(0, long)], options)
    assert.equal(tooLarge.count, 1)
    assert.ok(tooLarge.bytes > 5000, 'the bytes of the output')
    const [{ topic, value }] = messages as [(typeof messages)[0]]
    const record = JSON.parse(Buffer.from(value).toString())
    assert.equal(topic, 'errors')
    assert.deepEqual([record.code, record.raw_truncated], ['RECORD_TOO_LARGE', true])
    assert.ok(long.startsWith(record.raw), 'the beginning of the text')
    assert.ok(sizeOf(messages[0]!) <= 3000, 'it fits')
  })

  it('cuts records of rejected events, and leaves out a key that is too large', async () => {
    const options = optionsFor('same', { errors: 3000 })
    const control = '\u0001'.repeat(8000)
    const { messages, tooLarge } = await outgoing(
      [message(0, control), message(0, 'no', { key: Buffer.alloc(4000) })],
      options,
    )
    assert.equal(tooLarge.count, 0)
    for (const one of messages) assert.ok(sizeOf(one) <= 3000, `${sizeOf(one)} bytes`)
    const [first, second] = messages.map(({ value }) => JSON.parse(Buffer.from(value).toString()))
    assert.deepEqual([first.code, first.raw_truncated], ['JSON_INVALID', true])
    assert.deepEqual([second.code, messages[1]!.key], ['JSON_INVALID', undefined])
  })
})

describe('requests', () => {
  it('have no more for a partition than its topic takes, and keep the order', async () => {
    const value = JSON.stringify({ a: '1', b: 'x'.repeat(300) })
    const sent = Array.from({ length: 40 }, (_, index) => message(index % 2, value))
    const { messages } = await outgoing(sent, optionsFor('same'))
    const cut = [...requests(messages, { maxBytes: () => 2000 })]
    assert.ok(cut.length > 1, 'several requests')
    assert.deepEqual(cut.flat(), messages)
    for (const request of cut) {
      for (const partition of [0, 1]) {
        const sizes = request.filter((one) => one.partition === partition).map(sizeOf)
        assert.ok(sizes.reduce((sum, size) => sum + size, 0) <= 2000)
      }
    }
    assert.equal([...requests(messages, { maxBytes: () => 1 })].length, 20)
    assert.deepEqual([...requests([], { maxBytes: () => 1 })], [])
  })
})

/** TLS and SASL on the broker's second listener: each way to log in, and credentials that end while a loop works. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { before, describe, it } from 'node:test'
import { startFault } from '../../../src/cli/kafka.ts'
import { isRefused, isUnreachable } from '../../../src/io/kafka/faults.ts'
import type { KafkaConnection, KafkaOptions, KafkaSasl } from '../../../src/io/kafka/options.ts'
import type { KafkaBroker } from './broker.ts'
import { eventually } from './eventually.ts'
import { PLAIN_PASSWORD, USER } from './installation.ts'
import { Loops } from './loops.ts'
import { FLAWLESS, numbered, toWrite } from './oracle.ts'
import { sharedBroker, sharedReader, whyNoKafka } from './shared-broker.ts'

const ca = readFileSync(new URL('../../tracer/tls/authority-cert.pem', import.meta.url))

describe('security of Kafka', { skip: whyNoKafka(), timeout: 600_000 }, () => {
  let broker: KafkaBroker
  let loops: Loops

  before(async () => {
    broker = await sharedBroker()
    loops = new Loops(broker, await sharedReader())
    await broker.setPassword('sha256', 'first')
    await broker.setPassword('sha512', 'other')
  })

  function connection(sasl: KafkaSasl, authority = ca): KafkaConnection {
    return { brokers: [broker.secureAddress], clientId: 'tests', tls: { ca: authority }, sasl }
  }

  it('logs in over TLS in each way, and goes on where the one before has stopped', async (t) => {
    await loops.createTopics('ways', 1)
    const ways: readonly KafkaSasl[] = [
      { mechanism: 'PLAIN', username: USER, password: () => PLAIN_PASSWORD },
      { mechanism: 'SCRAM-SHA-256', username: USER, password: () => 'first' },
      { mechanism: 'SCRAM-SHA-512', username: USER, password: () => 'other' },
      { mechanism: 'OAUTHBEARER', token: () => token(60_000) },
    ]
    const messages = numbered(40, 1)
    for (const [index, sasl] of ways.entries()) {
      await broker.produce('in.ways', toWrite(messages.slice(index * 10, index * 10 + 10)))
      const { loop } = loops.open(t, 'ways', { connection: connection(sasl) })
      await loops.finish(loop, 'ways')
      assert.equal(loop.counts.consumed, 10, sasl.mechanism)
    }
    assert.deepEqual(await loops.verdict('ways', messages), FLAWLESS)
  })

  it('tells at the start that it is refused, and what to look at', async (t) => {
    const refused: [KafkaConnection, RegExp][] = [
      [
        connection({ mechanism: 'SCRAM-SHA-512', username: USER, password: () => 'wrong' }),
        /refuses: .*look at --sasl-mechanism, --sasl-user and the content of --sasl-password-file$/,
      ],
      [connection({ mechanism: 'OAUTHBEARER', token: () => token(-60_000) }), /refuses: .*token.*look at /],
    ]
    for (const [way, message] of refused) {
      const { loop } = loops.open(t, 'ways', { connection: way })
      await assert.rejects(loop.start(), (error) => {
        assert.equal(isRefused(error), true, String(error))
        assert.equal(isUnreachable(error), false)
        assert.match(startFault(error, { connection: way, group: 'g' } as KafkaOptions).message, message)
        return true
      })
      await loop.end()
    }
    const stranger = readFileSync(new URL('../../tracer/tls/stranger-cert.pem', import.meta.url))
    const way = connection({ mechanism: 'PLAIN', username: USER, password: () => PLAIN_PASSWORD }, stranger)
    const { loop } = loops.open(t, 'ways', { connection: way })
    await assert.rejects(loop.start(), (error) => {
      const { message } = startFault(error, { connection: way, group: 'g' } as KafkaOptions)
      assert.match(message, /certificate|verify/)
      return true
    })
  })

  for (const [name, delivery] of [
    ['password', 'at-least-once'],
    ['token', 'exactly-once'],
  ] as const) {
    it(`waits when its ${name} holds no longer, and goes on with the next one (${delivery})`, async (t) => {
      await loops.createTopics(name)
      let secret = name === 'password' ? 'first' : token(3_000)
      const sasl: KafkaSasl =
        name === 'password'
          ? { mechanism: 'SCRAM-SHA-256', username: USER, password: () => secret }
          : { mechanism: 'OAUTHBEARER', token: () => secret }
      const options = { connection: connection(sasl), delivery, instanceId: 'one', sessionTimeoutMs: 6_000 }
      const { loop, said } = loops.open(t, name, options)
      const story = () => `nothing happens any more:\n${said.join('\n')}`
      const messages = numbered(200, 2)
      const stop = await loops.run(loop)
      await broker.produce(`in.${name}`, toWrite(messages.slice(0, 100)))
      if (name === 'password') await broker.setPassword('sha256', 'second')
      await eventually(() => loop.outage.isNow, story)
      await broker.produce(`in.${name}`, toWrite(messages.slice(100)))
      secret = name === 'password' ? 'second' : token(60_000)
      await loops.untilCommitted(name)
      await eventually(() => !loop.outage.isNow, story)
      await stop()
      const { duplicates, ...verdict } = await loops.verdict(name, messages)
      assert.deepEqual({ ...verdict, duplicates: delivery === 'exactly-once' ? duplicates : 0 }, FLAWLESS)
      assert.ok(
        said.some((line) => line.startsWith('kafka: cannot ')),
        said.join('\n'),
      )
    })
  }
})

/** A token as the broker of the tests takes it: a JWT without a signature, of so many milliseconds. */
function token(ms: number): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const now = Date.now()
  const claims = { sub: USER, iat: (now - 120_000) / 1000, exp: (now + ms) / 1000 }
  return `${part({ alg: 'none' })}.${part(claims)}.`
}

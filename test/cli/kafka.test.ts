import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { Command as Program } from 'commander'
import { configuredOptions } from '../../src/cli/kafka-config.ts'
import { type KafkaArguments, kafkaOptions, withKafka } from '../../src/cli/kafka-options.ts'
import type { KafkaBroker } from '../io/kafka/broker.ts'
import { sharedBroker, whyNoKafka } from '../io/kafka/shared-broker.ts'
import { temporaryFile } from '../temporary.ts'
import { freePort } from '../tracer/loopback.ts'
import { normalize, startNormalize } from './command.ts'

/** The options of a command line, without running it. */
function parse(...argv: string[]): KafkaArguments {
  let found: KafkaArguments | undefined
  const program = new Program().exitOverride().configureOutput({ writeErr: () => {} })
  const command = withKafka(
    program
      .command('kafka')
      .exitOverride()
      .option('-r, --rules <file>', '', (file) => [file]),
  )
  command.action(() => {
    found = configuredOptions(command)
  })
  program.parse(['kafka', ...argv], { from: 'user' })
  return found!
}

const NEEDED = [
  '--brokers',
  'a:1,b:2',
  '--from',
  'in',
  '--to',
  'out',
  '--errors-to',
  'errors',
  '--group',
  'g',
]

describe('the options of normalize kafka', () => {
  it('are those of the command line, and below them those of a file', () => {
    const password = temporaryFile('password', 'secret\n')
    const config = temporaryFile(
      'kafka.yaml',
      `brokers: [a:1, "b:2"]\nfrom: [x, y]\nto: out\nerrors-to: errors\ngroup: g\nbatch-wait: 50ms\nbatch-bytes: 1000\nwatch: true\nfast-path: false\nrules: rules.yaml\nsasl-mechanism: plain\nsasl-user: me\nsasl-password-file: ${password}\n`,
    )
    const options = parse('--config', config, '--to', 'other', '--from', 'z')
    assert.deepEqual(options.from, ['z'])
    assert.deepEqual([options.watch, options.fastPath, options.delivery], [true, false, 'at-least-once'])
    assert.ok(
      options.rules![0]!.endsWith('rules.yaml') && options.rules![0]! !== 'rules.yaml',
      'beside the file',
    )
    const { connection, to, batchWaitMs, batchBytes } = kafkaOptions(options)
    assert.deepEqual([to, batchWaitMs, batchBytes, connection.brokers], ['other', 50, 1000, ['a:1', 'b:2']])
    const { sasl } = connection
    assert.deepEqual([sasl?.mechanism, sasl?.username, sasl?.password?.()], ['PLAIN', 'me', 'secret'])
  })

  it('of a file are refused with the file’s name', () => {
    const refused: [string, RegExp][] = [
      ['x: 1', /there is no option x; these are: batch-bytes, /],
      ['config: y', /there is no option config/],
      ['watch: yes please', /watch is true or false/],
      ['to: {}', /to has to be a text or a number/],
      ['to: [a, b]', /to has one value/],
      ['delivery: twice', /delivery: "twice"/],
      ['batch-wait: soon', /batch-wait: "soon"/],
      ['- a', /it has to hold options/],
      ['a: [', /kafka\.yaml/],
    ]
    for (const [text, message] of refused) {
      assert.throws(() => parse('--config', temporaryFile('kafka.yaml', text)), message, text)
    }
    assert.deepEqual(parse('--config', temporaryFile('kafka.yaml', '')).delivery, 'at-least-once')
  })

  it('are refused where they do not fit together', () => {
    kafkaOptions(parse(...NEEDED))
    const refused: [readonly string[], RegExp][] = [
      [[], /--brokers HOST:PORT is needed/],
      [NEEDED.slice(0, -2), /--group ID is needed/],
      [[...NEEDED, '--delivery', 'exactly-once'], /needs a name/],
      [[...NEEDED, '--route-topic', 'a'], /belong together/],
      [[...NEEDED, '--sasl-user', 'a'], /--sasl-mechanism is needed/],
      [[...NEEDED, '--sasl-mechanism', 'plain', '--sasl-user', 'a'], /--sasl-password-file FILE is needed/],
      [[...NEEDED, '--tls-cert', 'a'], /belong together/],
      [['--brokers', 'a', ...NEEDED.slice(2)], /'a' is no address/],
      [[...NEEDED, '--tls-ca', 'no-such-file'], /--tls-ca no-such-file: cannot be read/],
    ]
    for (const [argv, message] of refused) assert.throws(() => kafkaOptions(parse(...argv)), message)
  })
})

describe('normalize kafka', { skip: whyNoKafka(), timeout: 300_000 }, () => {
  let broker: KafkaBroker
  let argv: string[]

  before(async () => {
    broker = await sharedBroker()
    await broker.createTopics(['cli.in', 'cli.out'], 2)
    await broker.createTopics(['cli.errors'], 1)
    const values = ['{"name":"A","id":1}', '{"name":"B"}', ' ']
    await broker.produce(
      'cli.in',
      values.map((value) => ({ partition: 1, value: Buffer.from(value) })),
    )
    argv = [
      ...['--rules', temporaryFile('rules.yaml', 'name: lower(name)\nid: id\n'), '--brokers', broker.address],
      ...['--from', 'cli.in', '--to', 'cli.out', '--errors-to', 'cli.errors', '--group', 'cli'],
    ]
  })

  it('check tells of the topics, and tries the rules, and commits nothing', async () => {
    const { code, stdout, stderr } = await normalize(['kafka', 'check', ...argv])
    assert.equal(code, 0, stderr)
    const lines = stdout.trimEnd().split('\n')
    assert.deepEqual(lines.slice(0, 7), [
      `${broker.address}: 1 broker`,
      'cli.in: 2 partitions, 3 offsets',
      'cli.out: 2 partitions, 0 offsets',
      'cli.errors: 1 partition, 0 offsets',
      'cli.in -> cli.out: as many partitions, a message keeps its number',
      'cli.in -> cli.errors: not as many partitions, the key of a message decides',
      'the rules, tried on the last 3 messages: 1 written, 1 rejected, 0 dropped, 1 empty',
    ])
    assert.equal(lines[7], '  cli.in/1/0 written {"name":"a","id":1}')
    assert.match(lines[8]!, /^ {2}cli\.in\/1\/1 rejected \{"line":1,"source":"cli\.in\/1\/1","rule":"id"/)
    assert.deepEqual(await broker.committed('cli', 'cli.in'), [-1, -1])
  })

  it('works until a signal, and serves its metrics', async () => {
    const port = await freePort()
    const run = startNormalize('kafka', ...argv, '--stats', '--metrics', `127.0.0.1:${port}`)
    await broker.untilCommitted('cli', 'cli.in', { isGoing: () => run.child.exitCode === null })
    const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    for (const line of [
      'sluice_kafka_lag{topic="cli.in",partition="1"} 0',
      'sluice_kafka_committed_offset{topic="cli.in",partition="1"} 3',
      'sluice_kafka_partitions 2',
      'sluice_kafka_messages_total 3',
      'sluice_kafka_empty_total 1',
      'sluice_kafka_batch_seconds_bucket{le="+Inf"} 1',
    ]) {
      assert.ok(page.includes(`\n${line}\n`), `${line} in ${page}`)
    }
    assert.equal((await fetch(`http://127.0.0.1:${port}/readyz`)).status, 200)
    run.child.kill('SIGTERM')
    const { code, stderr } = await run.finished
    assert.equal(code, 0, stderr)
    const stats = JSON.parse(stderr.split('\n').find((line) => line.startsWith('{'))!)
    assert.deepEqual(
      [stats.written, stats.rejected, stats.kafka],
      [1, 1, { messages: 3, empty: 1, batches: 1, rebalances: 0, aborts: 0 }],
    )
    assert.match(stderr, /kafka: stopped: 3 messages, 1 written, 1 rejected, 0 dropped, 1 empty\n$/)
  })

  it('ends with 2 and says what to do where it cannot begin', async () => {
    const without = (option: string, value: string) => {
      const changed = [...argv]
      changed[changed.indexOf(option) + 1] = value
      return normalize(['kafka', ...changed])
    }
    const [topic, closed] = await Promise.all([
      without('--to', 'cli.nowhere'),
      without('--brokers', '127.0.0.1:1'),
    ])
    assert.equal(topic.code, 2, topic.stderr)
    assert.match(topic.stderr, /there is no topic cli\.nowhere at .*: create it, or give another name\n$/)
    assert.equal(closed.code, 2, closed.stderr)
    assert.match(closed.stderr, /127\.0\.0\.1:1: connect ECONNREFUSED 127\.0\.0\.1:1\n$/)
  })
})

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { basename, dirname, join } from 'node:path'
import { before, describe, it } from 'node:test'
import * as kafka from '@platformatic/kafka'
import { Command as Program } from 'commander'
import { load, loadAll } from 'js-yaml'
import { type CommandError, EXIT } from '../../src/cli/exit-codes.ts'
import { startLoop, startOrStop } from '../../src/cli/kafka.ts'
import { configuredOptions } from '../../src/cli/kafka-config.ts'
import { type KafkaArguments, kafkaOptions, withKafka } from '../../src/cli/kafka-options.ts'
import { Outage } from '../../src/io/kafka/faults.ts'
import { peek } from '../../src/io/kafka/peek.ts'
import type { KafkaBroker } from '../io/kafka/broker.ts'
import { sharedBroker, whyNoKafka } from '../io/kafka/shared-broker.ts'
import { temporaryDirectory, temporaryFile } from '../temporary.ts'
import { answers, freePort, listen } from '../tracer/loopback.ts'
import { buildMmdb } from '../tracer/mmdb/build-mmdb.ts'
import { Command, cliPath, folderWith, normalize, startNormalize } from './command.ts'

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
    // A switch that turns something off has two names.
    for (const [text, isFast] of [
      ['no-fast-path: true', false],
      ['fast-path: false', false],
      ['fast-path: true', true],
      ['watch: true', true],
    ] as const)
      assert.equal(parse('--config', temporaryFile('kafka.yaml', text)).fastPath, isFast, text)
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

/** The page of Kafka, whose settings are used here as they stand there. */
const PAGE = readFileSync(new URL('../../src/io/kafka/README.md', import.meta.url), 'utf8')

/** Code blocks of the page in one language. */
function blocks(language: 'sh' | 'yaml' | 'ini'): string[] {
  return [...PAGE.matchAll(/^```(\w+)\n(.*?)^```/gms)]
    .filter(([, of]) => of === language)
    .map(([, , text]) => text!)
}

describe('the settings in the page of Kafka', () => {
  const secret = temporaryFile('secret', 'a secret\n')
  /** A file of options in a place of this machine, with files that are there. */
  const config = (text: string) =>
    temporaryFile('kafka.yaml', text.replaceAll(/\/(?:secrets|run)\/[\w/@.-]+/g, secret))
  const options = (argv: readonly string[]) => {
    const found = parse(...argv)
    return { found, settings: kafkaOptions(found) }
  }

  it('of the start, and of the units of systemd, are options', () => {
    const [start] = blocks('yaml') as [string]
    const { found, settings } = options(['--config', config(start)])
    assert.deepEqual(
      [settings.from, settings.group, found.watch],
      [['raw.firewall', 'raw.proxy'], 'sluice', true],
    )
    const [, line] = /^ExecStart=\S*normalize kafka (.*)$/m.exec(blocks('ini')[0]!)!
    const unit = line!.replace('/etc/sluice/kafka.yaml', config(start)).replace('%H-%i', 'host-1').split(' ')
    const of = options(unit)
    assert.deepEqual([of.settings.instanceId, of.found.waitForBrokers], ['host-1', 72 * 3600 * 1000])
    const added = /`(--sasl-password-file) \$\{CREDENTIALS_DIRECTORY\}\/password`/.exec(PAGE)![1]!
    const sasl = ['--sasl-mechanism', 'plain', '--sasl-user', 'me', added, secret]
    assert.equal(options([...unit, ...sasl]).settings.connection.sasl?.password?.(), 'a secret')
  })

  it('of Kubernetes are options, at least once and exactly once', () => {
    const [, kubernetes, stateful] = blocks('yaml') as [string, string, string]
    type Container = { readonly args: readonly string[] }
    const objects = loadAll(kubernetes) as Record<string, any>[]
    const [map, deployment] = objects as [Record<string, any>, Record<string, any>]
    assert.deepEqual(
      objects.map(({ kind }) => kind),
      ['ConfigMap', 'Deployment', 'HorizontalPodAutoscaler', 'PodDisruptionBudget'],
    )
    const file = config(map['data']['kafka.yaml'])
    const argvOf = ({ args }: Container) =>
      args.slice(2).map((arg) => (arg === '/config/kafka.yaml' ? file : arg.replace('$(POD_NAME)', 'pod-0')))
    const [container] = deployment['spec'].template.spec.containers as [Container]
    const { settings, found } = options(argvOf(container))
    assert.deepEqual([settings.delivery, settings.compression], ['at-least-once', 'lz4'])
    assert.deepEqual([settings.connection.sasl?.mechanism, found.metrics?.port], ['SCRAM-SHA-512', 9100])
    const exactly = options(argvOf(load(stateful.replaceAll(/^ {10}/gm, '')) as Container))
    assert.deepEqual([exactly.settings.delivery, exactly.settings.instanceId], ['exactly-once', 'pod-0'])
  })
})

describe('the start of normalize kafka', () => {
  const settings = kafkaOptions(parse(...NEEDED))
  const busy = new kafka.ProtocolError('CONCURRENT_TRANSACTIONS')
  const away = new kafka.NetworkError('Connection to a:1 failed.')

  /** A loop whose attempts to start meet these faults, one each, and then none. */
  function start(faults: readonly Error[], { waitMs = 0, stopAt = Number.POSITIVE_INFINITY } = {}) {
    const said: string[] = []
    const listeners: (() => void)[] = []
    const signals = {
      isStopped: false,
      onStop: (listener: () => void) => void listeners.push(listener),
      stopped: new Promise<void>(() => {}),
    }
    let attempts = 0
    const loop = {
      outage: new Outage((line) => said.push(line)),
      start: async () => {
        const fault = faults[attempts++]
        if (attempts === stopAt) {
          signals.isStopped = true
          for (const listener of listeners) listener()
        }
        if (fault !== undefined) throw fault
      },
    }
    const started = startLoop(loop, settings, { signals, waitMs })
    return { started, said, attempts: () => attempts }
  }

  it('is made again until a cluster at work takes it, and is told once', async () => {
    const { started, said, attempts } = start([busy, new kafka.ProtocolError('NOT_COORDINATOR'), busy])
    assert.equal(await started, true)
    assert.equal(attempts(), 4)
    assert.match(
      said[0]!,
      /^kafka: cannot begin: .*CONCURRENT_TRANSACTIONS.*; it is tried again until it works$/,
    )
    assert.match(said[1]!, /^kafka: can begin again, after /)
    assert.equal(said.length, 2)
  })

  it('waits for brokers that are away as long as it may, and for nothing that somebody has to put right', async () => {
    await assert.rejects(start([away]).started, (error: CommandError) => {
      assert.equal(error.exitCode, EXIT.USAGE)
      return /^normalize kafka: a:1, b:2: Connection to a:1 failed\.$/.test(error.message)
    })
    const waiting = start([away, busy, away], { waitMs: 600_000 })
    assert.equal(await waiting.started, true)
    assert.equal(waiting.said.length, 4)
    for (const fault of [
      new kafka.UserError('Unknown topic in.'),
      new kafka.ResponseError(3, 12, { '/topics/0': [29, 'no'] }, {}),
    ]) {
      const refused = start([busy, fault], { waitMs: 600_000 })
      await assert.rejects(refused.started, /there is no topic in at a:1|refuses: no/)
      assert.equal(refused.attempts(), 2)
    }
  })

  it('is given up at a signal', async () => {
    const stopped = start(new Array(100).fill(busy), { stopAt: 2 })
    assert.equal(await stopped.started, false)
    assert.equal(stopped.attempts(), 2)
  })

  it('leaves nothing that a later stop would wait for', async (t) => {
    const timers = t.mock.method(globalThis, 'setTimeout')
    let stop = (): void => {}
    const stopped = new Promise<void>((resolve) => {
      stop = resolve
    })
    const signals = { isStopped: false, onStop: () => {}, stopped }
    const starting = { outage: new Outage(() => {}), start: async () => {} }
    assert.equal(await startOrStop(starting, settings, { signals, waitMs: 0 }), true)
    stop()
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(timers.mock.callCount(), 0)
  })
})

describe('normalize kafka without its client', () => {
  it('says what to install', async () => {
    // The built commands need no other package.
    const folder = temporaryDirectory()
    cpSync(dirname(dirname(cliPath('normalize'))), join(folder, 'dist'), { recursive: true })
    cpSync(new URL('../../package.json', import.meta.url), join(folder, 'package.json'))
    const script = join(folder, 'dist/cli', basename(cliPath('normalize')))
    const run = new Command([script, 'kafka', '--rules', temporaryFile('rules.yaml', 'a: a\n'), ...NEEDED])
    const { code, stderr } = await run.finished
    assert.equal(code, EXIT.USAGE, stderr)
    assert.match(
      stderr,
      /is not installed: npm install @platformatic\/kafka@[12], where this program is installed\n$/,
    )
  })
})

describe('normalize kafka', { skip: whyNoKafka(), timeout: 300_000 }, () => {
  let broker: KafkaBroker
  let argv: string[]

  before(async () => {
    broker = await sharedBroker()
    await broker.createTopics(['raw.firewall', 'raw.proxy', 'normalized'], 2)
    await broker.createErrorTopics(['normalized.errors'], 1)
    const values = ['{"name":"A","id":1}', '{"name":"B"}', ' ']
    await broker.produce(
      'raw.firewall',
      values.map((value) => ({ partition: 1, value: Buffer.from(value) })),
    )
    const rules = folderWith({ 'firewall.yaml': "when: name != ''\nname: lower(name)\nid: id\n" })
    const settings = blocks('yaml')[0]!
      .replace('[kafka-1:9092, kafka-2:9092]', `[${broker.address}]`)
      .replace('rules: rules/', `rules: ${rules}`)
      .replace('0.0.0.0:9464', '127.0.0.1:0')
    argv = ['--config', temporaryFile('kafka.yaml', settings)]
  })

  it('check tells of the topics, and tries the rules, and commits nothing', async () => {
    const [, command] = /^normalize (kafka check --config) kafka\.yaml$/m.exec(PAGE)!
    const { code, stdout, stderr } = await normalize([...command!.split(' '), argv[1]!])
    assert.equal(code, 0, stderr)
    const lines = stdout.trimEnd().split('\n')
    assert.deepEqual(lines.slice(0, 10), [
      `${broker.address}: 1 broker`,
      'raw.firewall: 2 partitions, 3 offsets',
      'raw.proxy: 2 partitions, 0 offsets',
      'normalized: 2 partitions, 0 offsets',
      'normalized.errors: 1 partition, 0 offsets',
      'raw.firewall -> normalized: as many partitions, a message keeps its number',
      'raw.proxy -> normalized: as many partitions, a message keeps its number',
      'raw.firewall -> normalized.errors: not as many partitions, the key of a message decides',
      'raw.proxy -> normalized.errors: not as many partitions, the key of a message decides',
      'the rules, tried on the last 3 messages: 1 written, 1 rejected, 0 dropped, 1 empty',
    ])
    assert.equal(lines[10], '  raw.firewall/1/0 written {"name":"a","id":1}')
    assert.match(
      lines[11]!,
      /^ {2}raw\.firewall\/1\/1 rejected \{"line":1,"source":"raw\.firewall\/1\/1","rules":"firewall","rule":"id"/,
    )
    assert.deepEqual(await broker.committed('sluice', 'raw.firewall'), [-1, -1])
  })

  it('waits for brokers that are away, works with all that normalize has, and stops by a signal', async (t) => {
    await broker.createTopics(['all.in', 'all.out', 'all.a'], 1)
    await broker.createErrorTopics(['all.errors'], 1)
    const tracer = await listen(t, answers)
    const rules = (kind: string, name: string) =>
      `when: kind == '${kind}'\ndrop: name == 'D'\nkind: kind\nname: ${name}(name)\nurl?: url\ngeo?: geoip(ip)\nenrich:\n  url: [url]\n`
    const folder = folderWith({ 'a.yaml': rules('all.a', 'lower'), 'other.yaml': rules('other', 'lower') })
    const mmdb = temporaryFile('city.mmdb', '')
    writeFileSync(mmdb, buildMmdb({ networks: [['81.2.69.0/24', { country: { iso_code: 'GB' } }]] }))
    const [port, away] = [await freePort(), await freePort()]
    const run = startNormalize(
      ...['kafka', '--rules', folder, '--brokers', `127.0.0.1:${away}`, '--group', 'all'],
      ...['--from', 'all.in', '--to', 'all.out', '--errors-to', 'all.errors', '--wait-for-brokers', '10m'],
      ...['--route-topic', 'kind', '--route-topic-allow', 'all.a', '--workers', '2', '--watch', '--stats'],
      ...['--mmdb', mmdb, '--tracer', `127.0.0.1:${tracer.address.port}`, '--metrics', `127.0.0.1:${port}`],
    )
    t.after(() => run.child.kill('SIGKILL'))
    await run.until(({ stderr }) => /cannot reach the brokers: connect ECONNREFUSED/.test(stderr))
    assert.equal((await fetch(`http://127.0.0.1:${port}/readyz`)).status, 503)
    // They come: the client is led from there to the address that the broker gives itself.
    const entry = createServer((socket) => {
      const onward = connect(Number(broker.address.split(':')[1]), '127.0.0.1')
      for (const each of [socket, onward]) each.on('error', () => {})
      socket.pipe(onward).pipe(socket)
    })
    t.after(() => entry.close())
    entry.listen(away, '127.0.0.1')
    await run.until(({ stderr }) => stderr.includes('as a member of the group all'))
    assert.match(run.stderr, /can reach the brokers again/)
    const write = (...events: (object | string | null)[]) =>
      broker.produce(
        'all.in',
        events.map((event) => ({
          partition: 0,
          value:
            event === null ? null : Buffer.from(typeof event === 'string' ? event : JSON.stringify(event)),
        })),
      )
    const isGoing = () => run.child.exitCode === null
    await write(
      { kind: 'all.a', name: 'A', ip: '81.2.69.160' },
      { kind: 'other', name: 'B', url: 'bad.example' },
      { kind: 'other' },
      { kind: 'other', name: 'D' },
      { kind: 'neither', name: 'E' },
      null,
    )
    await broker.untilCommitted('all', 'all.in', { isGoing })
    writeFileSync(join(folder, 'a.yaml'), rules('all.a', 'upper'))
    await run.until(({ stderr }) => stderr.includes(': reloaded'))
    await write({ kind: 'all.a', name: 'c' }, '\n')
    await broker.untilCommitted('all', 'all.in', { isGoing })

    const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    const metric = (name: string): number => {
      const line = page.split('\n').find((each) => each.startsWith(`${name} `))
      assert.ok(line, `${name} in ${page}`)
      return Number(line.slice(name.length))
    }
    assert.equal(metric('sluice_kafka_lag{topic="all.in",partition="0"}'), 0)
    assert.equal(metric('sluice_kafka_committed_offset{topic="all.in",partition="0"}'), 8)
    for (const [name, value] of Object.entries({ partitions: 1, producer_errors_total: 0, outage: 0 }))
      assert.equal(metric(`sluice_kafka_${name}`), value, name)
    for (const name of ['rebalances_total', 'aborts_total', 'batch_seconds_bucket{le="+Inf"}'])
      assert.ok(metric(`sluice_kafka_${name}`) >= 0, name)
    // Each message is counted once: in its rule set, in none where no condition holds, or as empty.
    const outcomes = (set: string) =>
      ['written', 'rejected', 'dropped'].map((outcome) =>
        metric(`sluice_events_total{rules="${set}",outcome="${outcome}"}`),
      )
    assert.deepEqual(
      [outcomes('a'), outcomes('other'), outcomes('')],
      [
        [2, 0, 0],
        [1, 1, 1],
        [0, 1, 0],
      ],
    )
    assert.equal(page.match(/^sluice_events_total/gm)!.length, 9)
    assert.equal(metric('sluice_rejected_total{code="NO_ROUTE"}'), 1)
    assert.equal(metric('sluice_kafka_empty_total'), 2)
    assert.equal(metric('sluice_kafka_messages_total'), 2 + (1 + 1 + 1) + 1 + 2)
    assert.equal((await fetch(`http://127.0.0.1:${port}/readyz`)).status, 200)

    run.child.kill('SIGTERM')
    const { code, stderr } = await run.finished
    assert.equal(code, 0, stderr)
    const stats = JSON.parse(stderr.split('\n').find((line) => line.startsWith('{'))!)
    assert.deepEqual([stats.written, stats.rejected, stats.enrichment.enriched], [3, 2, 1])
    assert.deepEqual([stats.kafka.messages, stats.kafka.empty], [8, 2])
    assert.match(stderr, /kafka: stopped: 8 messages, 3 written, 2 rejected, 1 dropped, 2 empty\n$/)
    const values = async (topic: string) => {
      const options = { from: [topic], to: 'normalized', errorsTo: 'normalized', group: 'none' }
      const connection = { brokers: [broker.address], clientId: 'tests' }
      const { messages } = await peek(kafka, { connection, ...options }, 10)
      return messages.map(({ value }) => JSON.parse(value!.toString()))
    }
    assert.deepEqual(await values('all.a'), [
      { kind: 'all.a', name: 'a', geo: { country_iso_code: 'GB' } },
      { kind: 'all.a', name: 'C' },
    ])
    const [{ threat, ...other }] = await values('all.out')
    assert.deepEqual(
      [other, threat.enrichments.length],
      [{ kind: 'other', name: 'b', url: 'bad.example' }, 1],
    )
    assert.deepEqual(
      (await values('all.errors')).map(({ source, code: why }) => [source, why]),
      [
        ['all.in/0/2', 'FIELD_MISSING'],
        ['all.in/0/4', 'NO_ROUTE'],
      ],
    )
  })

  it('stops in order also while its rules are being loaded', async (t) => {
    const folder = folderWith({})
    const pipe = join(folder, 'rules.yaml')
    assert.equal(spawnSync('mkfifo', [pipe]).status, 0)
    const run = startNormalize('kafka', ...argv, '--rules', pipe)
    t.after(() => run.child.kill('SIGKILL'))
    // Opened when the command reads it.
    const file = await open(pipe, 'w')
    run.child.kill('SIGTERM')
    await file.writeFile('name: name\n')
    await file.close()
    const { code, signal, stderr } = await run.finished
    assert.deepEqual([code, signal], [0, null], stderr)
    assert.match(stderr, /SIGTERM: stopping\n.*stopped/s)
    assert.deepEqual(await broker.committed('sluice', 'raw.firewall'), [-1, -1])
  })

  it('ends with 2 and says what to do where it cannot begin', async () => {
    const { code, stderr } = await normalize(['kafka', ...argv, '--to', 'nowhere'])
    assert.equal(code, 2, stderr)
    assert.match(stderr, /there is no topic nowhere at .*: create it, or give another name\n$/)
  })
})

import type { Command } from 'commander'
import { Option } from 'commander'
import type { Compression, Delivery, KafkaConnection, KafkaOptions, KafkaSasl } from '../io/kafka/options.ts'
import { checkOptions, DEFAULT_BATCH_BYTES } from '../io/kafka/options.ts'
import { duration, endpoint, listed, wholeNumber, workersOption } from './arguments.ts'
import type { Endpoint } from './endpoint.ts'
import { parseEndpoint } from './endpoint.ts'
import { CommandError, EXIT } from './exit-codes.ts'
import { maxLineOption } from './input-options.ts'
import type { RuleOptions } from './rule-files.ts'
import { readOption } from './tls-files.ts'
import type { TracerOptions } from './tracer-options.ts'

/** The options of `normalize kafka`, as commander names them. */
export interface KafkaArguments extends RuleOptions, TracerOptions {
  readonly config?: string
  readonly brokers?: readonly string[]
  readonly from?: readonly string[]
  readonly to?: string
  readonly errorsTo?: string
  readonly group?: string
  readonly delivery?: Delivery
  readonly start?: 'earliest' | 'latest'
  readonly batchBytes?: number
  readonly batchWait?: number
  readonly instanceId?: string
  readonly sessionTimeout?: number
  readonly waitForBrokers?: number
  readonly clientId?: string
  readonly compression?: Compression
  readonly routeTopic?: string
  readonly routeTopicAllow?: readonly string[]
  readonly tls?: boolean
  readonly tlsCa?: string
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly saslMechanism?: Mechanism
  readonly saslUser?: string
  readonly saslPasswordFile?: string
  readonly maxLine?: number
  readonly workers?: number | 'auto'
  readonly watch?: boolean
  readonly stats?: boolean
  readonly metrics?: Endpoint
  readonly fastPath?: boolean
}

const MECHANISMS = {
  plain: 'PLAIN',
  'scram-sha-256': 'SCRAM-SHA-256',
  'scram-sha-512': 'SCRAM-SHA-512',
  oauthbearer: 'OAUTHBEARER',
} as const satisfies Record<string, KafkaSasl['mechanism']>

type Mechanism = keyof typeof MECHANISMS

/** Options with names of files: in a file of options they are relative to its folder. */
export const FILE_OPTIONS: ReadonlySet<string> = new Set([
  'rules',
  'lookups',
  'mmdb',
  'tls-ca',
  'tls-cert',
  'tls-key',
  'sasl-password-file',
  'tracer-ca',
  'tracer-cert',
  'tracer-key',
  'tracer-password-file',
])

const AFTER = `
Any number of processes with the same --group share the partitions. It needs the client of Kafka, once: npm install @platformatic/kafka
SIGTERM and SIGINT stop: what was read is written and committed first; a second signal kills. Durations are written 500ms, 5s, 2m.

Exit codes: 0 stopped by a signal, 1 a fault (another process has the --instance-id), 2 wrong usage, rules that cannot be used, brokers
that cannot be reached for longer than --wait-for-brokers, a topic that is not there, or something that is not allowed.`

/** Adds them to a command, beside those of rules and of the tracer. */
export function withKafka(command: Command): Command {
  return command
    .option('--config <file>', 'a YAML file with any of these options, by their names: from: [a, b]')
    .option('--brokers <host:port,...>', 'brokers to find the others through; repeatable', brokerList)
    .option('--from <topic>', 'a topic to read; repeatable', listed)
    .option('--to <topic>', 'the topic of normalized events')
    .option('--errors-to <topic>', 'the topic of rejected events')
    .option('--group <id>', 'the consumer group')
    .addOption(
      new Option('--delivery <guarantee>', 'what a crash may do: some events twice, or nothing')
        .choices(['at-least-once', 'exactly-once'])
        .default('at-least-once'),
    )
    .addOption(
      new Option('--start <where>', 'where a partition begins of which the group has committed nothing')
        .choices(['earliest', 'latest'])
        .default('earliest'),
    )
    .option(
      '--batch-bytes <bytes>',
      `bytes of a batch, at most (default: ${DEFAULT_BATCH_BYTES})`,
      wholeNumber,
    )
    .option('--batch-wait <duration>', 'how long a fetch waits for messages (default: 100ms)', duration)
    .option(
      '--instance-id <name>',
      'a name for this process in the group: a restart moves no partitions; exactly-once needs one',
    )
    .option(
      '--session-timeout <duration>',
      'without a sign of life for so long it loses its partitions (default: 45s)',
      duration,
    )
    .option(
      '--wait-for-brokers <duration>',
      'wait so long at the start for brokers that cannot be reached (default: 0, it ends)',
      duration,
    )
    .option('--client-id <name>', "its name in the brokers' logs and quotas (default: sluice)")
    .addOption(
      new Option('--compression <codec>', 'of what is written; everything is read')
        .choices(['none', 'gzip', 'snappy', 'lz4', 'zstd'])
        .default('none'),
    )
    .option('--route-topic <field>', 'the field of the output with the name of its topic; --to has the rest')
    .option('--route-topic-allow <pattern>', 'topics that it may name: logs-*; repeatable', listed)
    .option('--tls', 'connect with TLS')
    .option('--tls-ca <file>', "PEM file: the authority of the brokers' certificates")
    .option('--tls-cert <file>', 'PEM file: the certificate to show them')
    .option('--tls-key <file>', 'PEM file: its key')
    .addOption(new Option('--sasl-mechanism <mechanism>', 'how to log in').choices(Object.keys(MECHANISMS)))
    .option('--sasl-user <name>', 'the user')
    .option(
      '--sasl-password-file <file>',
      'the file with the password, or with the token of oauthbearer; it is read at each connection',
    )
    .addOption(maxLineOption())
    .addOption(workersOption('threads that do the work; auto: one for each processor'))
    .option('--watch', 'reload the rules when their files change')
    .option('--stats', 'print a summary as a JSON object to standard error at the end')
    .option('--metrics <host:port>', 'serve /metrics, /healthz and /readyz over HTTP', endpoint)
    .option('--no-fast-path', 'let every message go the plain way, to compare: the output is the same')
    .addHelpText('after', AFTER)
}

function brokerList(text: string, brokers: string[] | undefined): string[] {
  return [...(brokers ?? []), ...text.split(',').map((broker) => broker.trim())]
}

/**
 * The options of the loop.
 *
 * @throws {CommandError} when one is missing or they do not fit together
 */
export function kafkaOptions(options: KafkaArguments): KafkaOptions {
  const needed = <T>(name: string, value: T | undefined): T => {
    if (value === undefined) throw usage(`${name} is needed`)
    return value
  }
  const { routeTopic, routeTopicAllow, sessionTimeout, batchWait } = options
  if ((routeTopic === undefined) !== (routeTopicAllow === undefined)) {
    throw usage(
      '--route-topic FIELD and --route-topic-allow PATTERN belong together: an event may choose among these topics alone',
    )
  }
  const checked: KafkaOptions = {
    connection: connection(options, needed('--brokers HOST:PORT', options.brokers)),
    from: [...new Set(needed('--from TOPIC', options.from))],
    to: needed('--to TOPIC', options.to),
    errorsTo: needed('--errors-to TOPIC', options.errorsTo),
    group: needed('--group ID', options.group),
    delivery: options.delivery,
    start: options.start,
    batchBytes: options.batchBytes,
    batchWaitMs: batchWait,
    instanceId: options.instanceId,
    sessionTimeoutMs: sessionTimeout,
    compression: compression(options.compression),
    route: routeTopic === undefined ? undefined : { field: routeTopic, allow: routeTopicAllow! },
  }
  try {
    checkOptions(checked)
  } catch (error) {
    if (error instanceof TypeError) throw usage(error.message)
    throw error
  }
  return checked
}

function compression(codec: Compression | undefined): Compression | undefined {
  if (codec === 'zstd' && !('zstd' in process.versions)) {
    throw usage('--compression zstd: this version of Node has no zstd; Node 22.15 and later have')
  }
  return codec
}

function connection(options: KafkaArguments, brokers: readonly string[]): KafkaConnection {
  for (const broker of brokers) {
    try {
      parseEndpoint(broker)
    } catch (error) {
      throw usage(`--brokers: ${(error as Error).message}`)
    }
  }
  const { tls, tlsCa, tlsCert, tlsKey, clientId = 'sluice' } = options
  const hasTls = tls === true || tlsCa !== undefined || tlsCert !== undefined || tlsKey !== undefined
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw usage('--tls-cert and --tls-key belong together')
  }
  return {
    brokers,
    clientId,
    sasl: sasl(options),
    tls: hasTls
      ? {
          ...(tlsCa !== undefined && { ca: readOption('--tls-ca', tlsCa) }),
          ...(tlsCert !== undefined && { cert: readOption('--tls-cert', tlsCert) }),
          ...(tlsKey !== undefined && { key: readOption('--tls-key', tlsKey) }),
        }
      : undefined,
  }
}

function sasl({ saslMechanism, saslUser, saslPasswordFile }: KafkaArguments): KafkaSasl | undefined {
  if (saslMechanism === undefined) {
    if (saslUser === undefined && saslPasswordFile === undefined) return undefined
    throw usage(`--sasl-mechanism is needed: ${Object.keys(MECHANISMS).join(', ')}`)
  }
  if (saslPasswordFile === undefined) {
    throw usage('--sasl-password-file FILE is needed: a password on the command line is everybody’s to read')
  }
  const mechanism = MECHANISMS[saslMechanism]
  // The last line end is the editor's.
  const secret = (): string =>
    readOption('--sasl-password-file', saslPasswordFile)
      .toString('utf8')
      .replace(/\r?\n$/, '')
  if (secret() === '') throw usage(`--sasl-password-file ${saslPasswordFile}: it is empty`)
  if (mechanism === 'OAUTHBEARER') return { mechanism, token: secret }
  if (saslUser === undefined) throw usage('--sasl-user NAME is needed')
  return { mechanism, username: saslUser, password: secret }
}

function usage(message: string): CommandError {
  return new CommandError(EXIT.USAGE, `normalize kafka: ${message}`)
}

import type { ConnectionOptions } from 'node:tls'
import { TopicPattern } from './topic-pattern.ts'

/** The way to the brokers. */
export interface KafkaConnection {
  /** `HOST:PORT` of some brokers: the others are found through them. */
  readonly brokers: readonly string[]
  /** The name of this program in the brokers' logs and quotas. */
  readonly clientId: string
  /** Default: without TLS. */
  readonly tls?: Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'rejectUnauthorized'> | undefined
  /** Default: without authentication. */
  readonly sasl?: KafkaSasl | undefined
}

/** Credentials. The functions are asked at each new connection, so that credentials which are renewed are the new ones. */
export interface KafkaSasl {
  readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512' | 'OAUTHBEARER'
  readonly username?: string
  readonly password?: () => string
  /** Of OAUTHBEARER. */
  readonly token?: () => string
}

export type Delivery = 'at-least-once' | 'exactly-once'

export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

/** Where messages come from and go to, and how. */
export interface KafkaOptions {
  readonly connection: KafkaConnection
  /** Topics that are read; one at least. */
  readonly from: readonly string[]
  /** The topic of outputs. */
  readonly to: string
  /** The topic of rejected events. */
  readonly errorsTo: string
  /** The consumer group. */
  readonly group: string
  /** Default: at-least-once. */
  readonly delivery?: Delivery | undefined
  /** Where a partition without a committed offset begins. Default: earliest. */
  readonly start?: 'earliest' | 'latest' | undefined
  /** Bytes that one fetch brings at most; one batch of records may be more. Default: 1 MiB. */
  readonly batchBytes?: number | undefined
  /** Milliseconds that a fetch waits for messages. Default: 100. */
  readonly batchWaitMs?: number | undefined
  /** The name of this process in the group, its own, as a topic may be named: static membership. Exactly-once needs one. Default: membership ends with the process. */
  readonly instanceId?: string | undefined
  /** Milliseconds without a heartbeat after which the group gives the partitions to others. Default: 45,000. */
  readonly sessionTimeoutMs?: number | undefined
  /** Of what is written. Default: none. */
  readonly compression?: Compression | undefined
  /** Default: all outputs go to `to`. */
  readonly route?: TopicRouting | undefined
}

/** Outputs choose their topics. */
export interface TopicRouting {
  /** The field of the output with the topic's name, with dots: `event.dataset`. */
  readonly field: string
  /** Patterns of topics that may be chosen, in which `*` stands for any characters; one at least. */
  readonly allow: readonly string[]
}

export const DEFAULT_BATCH_BYTES = 1024 * 1024
export const DEFAULT_BATCH_WAIT_MS = 100
export const DEFAULT_SESSION_MS = 45_000

/** A topic's name as Kafka takes it, and that of a member of a group. */
const TOPIC = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$/

/** The fault of a topic's name; undefined: there is none. */
export function topicProblem(name: string): string | undefined {
  return TOPIC.test(name)
    ? undefined
    : `${JSON.stringify(name)} is no name of a topic: letters, digits, '.', '_' and '-', 249 at most`
}

/** @throws {TypeError} when options do not fit together */
export function checkOptions(options: KafkaOptions): void {
  const { from, to, errorsTo, delivery, instanceId, route } = options
  for (const topic of [...from, to, errorsTo]) {
    const problem = topicProblem(topic)
    if (problem !== undefined) throw new TypeError(problem)
  }
  for (const topic of new Set(from)) {
    if (topic === to || topic === errorsTo) {
      throw new TypeError(`${topic} is read and written: its messages would go in a circle`)
    }
  }
  if (instanceId !== undefined && !TOPIC.test(instanceId)) {
    throw new TypeError(
      `${JSON.stringify(instanceId)} is no name of a process in the group: letters, digits, '.', '_' and '-', 249 at most`,
    )
  }
  if (delivery === 'exactly-once' && instanceId === undefined) {
    throw new TypeError(
      'exactly-once needs a name for this process that it has again after a restart: that is how the transaction is ended which it left open',
    )
  }
  if (route !== undefined && route.allow.length === 0) {
    throw new TypeError('the topics that events may choose have to be named')
  }
  for (const pattern of route?.allow ?? []) new TopicPattern(pattern)
}

/** The name of a process's transactions. No name of an instance has a slash: groups a and a-b have no name in common. */
export function transactionalIdOf({ group, instanceId }: Pick<KafkaOptions, 'group' | 'instanceId'>): string {
  return `${group}/${instanceId}`
}

/**
 * The client library, and the parts of the protocol that are spoken through it directly.
 *
 * `@platformatic/kafka` is an optional peer: this folder alone loads it, when a command of Kafka is run. Its stream of messages and its
 * `Consumer.fetch` are not used. The stream keeps a stale position when partitions come back. `fetch` with `READ_COMMITTED` filters by itself, and
 * wrongly: it knows one aborted transaction of a producer only, fails on an abort marker without records, and may take committed
 * records for aborted ones. Its `commit` takes the generation that it has when the request leaves, which may be a later one than that of the
 * offsets. So fetches, commits, the reading of committed offsets (which has to wait for open transactions) and the offsets of a
 * transaction (all partitions in one request) are requests of our own on its connections.
 */
import { isIP } from 'node:net'
import type { Connection, ConnectionPool, Consumer, fetchV17, Producer } from '@platformatic/kafka'
import { keepFenced } from './fenced.ts'
import type { KafkaConnection } from './options.ts'
import { unpackSnappy } from './snappy.ts'

type FetchResponse = fetchV17.FetchResponse

export type KafkaModule = typeof import('@platformatic/kafka')

/** The part of all clients that is used here. */
type Client = Pick<Consumer | Producer, 'listApis' | 'connections'>

/** The client library is not installed. */
export class MissingClientError extends Error {
  override readonly name = 'MissingClientError'
}

/**
 * Loads the client library.
 *
 * @throws {MissingClientError} when it is not installed
 */
export async function loadClient(): Promise<KafkaModule> {
  try {
    const kafka = await import('@platformatic/kafka')
    readStreamsOfSnappy(kafka)
    keepFenced(kafka)
    return kafka
  } catch (cause) {
    // The second code is that of the built commands, which require.
    const { code } = cause as NodeJS.ErrnoException
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw cause
    throw new MissingClientError('the client of Kafka, @platformatic/kafka, is not installed', { cause })
  }
}

/**
 * Lets the client read snappy as Java's producers write it, with a head and several blocks. Its version 1 takes that for one block, and fails at each
 * attempt, which would stop the partition for ever. Version 2 does the same by itself.
 */
export function readStreamsOfSnappy({ compressionsAlgorithms }: KafkaModule): void {
  const snappy: { decompressSync(data: Buffer): Buffer } = compressionsAlgorithms.snappy
  const unpack = snappy.decompressSync
  snappy.decompressSync = (data: Buffer) => unpackSnappy(data, unpack)
}

/**
 * Lets a producer add partitions to a transaction as clients do. The client takes the latest version of that request, but from 4 on it is one of brokers among
 * themselves: a cluster with an authorizer refuses it to anybody without `ClusterAction` (seen with 4.4). Clients take 3 at most.
 */
export function askAsClients({ addPartitionsToTxnV3, kGetApi }: KafkaModule, producer: Producer): void {
  const asking = producer as unknown as Record<symbol, GetApi>
  const getApi = asking[kGetApi]!.bind(producer)
  asking[kGetApi] = (name, done) => {
    if (name === 'AddPartitionsToTxn') done(null, addPartitionsToTxnV3.api)
    else getApi(name, done)
  }
}

type GetApi = (name: string, done: (error: Error | null, api?: unknown) => void) => void

/** A request is given up after so long; the broker may take as long for an acknowledgment. In milliseconds. */
const REQUEST_MS = 30_000

/** A transaction that its producer has left is aborted by the broker after so long: readers of committed records wait for that. In milliseconds. */
export const TRANSACTION_MS = 30_000

/** The client's options that all clients have in common. It makes one attempt: to try again is up to the loop, which logs an outage once. */
export function clientOptions({ brokers, clientId, tls, sasl }: KafkaConnection) {
  return {
    clientId,
    bootstrapBrokers: [...brokers],
    retries: 0,
    connectTimeout: 10_000,
    requestTimeout: REQUEST_MS + 5_000,
    timeout: REQUEST_MS,
    autocreateTopics: false,
    // A server's name is never an address.
    ...(tls !== undefined && { tls: { ...tls }, tlsServerName: !brokers.some(isAddress) }),
    ...(sasl !== undefined && {
      sasl: { ...sasl, ...(sasl.mechanism === 'OAUTHBEARER' && { authBytesValidator: checkAnswer }) },
    }),
  }
}

/**
 * Keeps errors of connections from ending the process. A connection tells of its error once to the pool, which listens once; a second error, as of a
 * log-in that is refused while the connection is in use and of the reset that follows, has no listener. Whoever waits for an answer
 * learns of it in any case.
 */
export function bearConnectionErrors(connections: ConnectionPool): void {
  connections.on('connecting', ({ connection }) => connection.on('error', () => {}))
}

/** Refuses the answer to a log-in that says why it was none: brokers send it for tokens with the code of success. */
function checkAnswer(answer: Buffer, done: (error: Error | null, answer?: Buffer) => void): void {
  const text = answer.toString('utf8')
  if (text.startsWith('{')) done(new Error(`the brokers refuse the token: ${text.slice(0, 200)}`))
  else done(null, answer)
}

/**
 * Closes the connections of a client whose request has timed out: the answer that comes late would be the end of all later ones on the same
 * connection, without a word. The next request opens a new one.
 */
export function dropConnections(connections: ConnectionPool): void {
  for (const [, connection] of [...connections]) connection.socket?.destroy()
}

/** The host of `HOST:PORT` is an address. */
function isAddress(broker: string): boolean {
  return isIP(broker.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')) !== 0
}

type Request<Arguments extends unknown[], Answer> = (
  connection: Connection,
  ...values: Arguments
) => Promise<Answer>

/** One partition of a request to fetch. */
export interface FetchPartition {
  readonly partition: number
  readonly fetchOffset: bigint
}

export interface FetchTopic {
  readonly topicId: string
  readonly partitions: readonly FetchPartition[]
}

/** Offsets by topic. */
export type TopicOffsets = readonly {
  readonly topic: string
  readonly partitions: readonly { readonly partition: number; readonly offset: bigint }[]
}[]

/** A member of a group, in one generation of it. */
export interface Membership {
  readonly groupId: string
  readonly generation: number
  readonly memberId: string
  readonly instanceId: string | null
}

/** Requests in the versions that both sides know. */
export class Requests {
  readonly #kafka: KafkaModule
  readonly #client: Client
  #versions: Promise<ReadonlyMap<string, readonly [least: number, most: number]>> | undefined

  /** @param client tells which versions the brokers know */
  constructor(kafka: KafkaModule, client: Client) {
    this.#kafka = kafka
    this.#client = client
    bearConnectionErrors(client.connections)
  }

  /**
   * Asks a broker for records, those of transactions only when these are settled; records of aborted ones are among them.
   *
   * @param limits bytes of the answer at most (a first batch of records may be larger), milliseconds and bytes to wait for
   * @throws the client's `ResponseError`, with the answer, where a partition has an error
   */
  async fetch(
    connection: Connection,
    topics: readonly FetchTopic[],
    { maxBytes, maxWaitMs, minBytes }: { maxBytes: number; maxWaitMs: number; minBytes: number },
  ): Promise<FetchResponse> {
    // 13: topics by their ids.
    const request = await this.#request<[...unknown[]], FetchResponse>('Fetch', 13, 17)
    const asked = topics.map(({ topicId, partitions }) => ({
      topicId,
      partitions: partitions.map(({ partition, fetchOffset }) => ({
        partition,
        fetchOffset,
        currentLeaderEpoch: -1,
        lastFetchedEpoch: -1,
        partitionMaxBytes: maxBytes,
      })),
    }))
    const readCommitted = this.#kafka.FetchIsolationLevels.READ_COMMITTED
    return request(connection, maxWaitMs, minBytes, maxBytes, readCommitted, 0, 0, asked, [], '')
  }

  /**
   * The committed offsets of a group; -1 where none is.
   *
   * @throws the client's error `UNSTABLE_OFFSET_COMMIT` as long as a transaction with offsets of the group is open
   */
  async committedOffsets(
    connection: Connection,
    groupId: string,
    topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[],
  ): Promise<TopicOffsets> {
    type Answer = {
      groups: {
        topics: { name: string; partitions: { partitionIndex: number; committedOffset: bigint }[] }[]
      }[]
    }
    const request = await this.#request<[groups: unknown[], requireStable: boolean], Answer>(
      'OffsetFetch',
      8,
      9,
    )
    const asked = topics.map(({ topic, partitions }) => ({ name: topic, partitionIndexes: [...partitions] }))
    const { groups } = await request(
      connection,
      [{ groupId, memberId: null, memberEpoch: -1, topics: asked }],
      true,
    )
    return groups.flatMap((group) =>
      group.topics.map(({ name, partitions }) => ({
        topic: name,
        partitions: partitions.map(({ partitionIndex, committedOffset }) => ({
          partition: partitionIndex,
          offset: committedOffset,
        })),
      })),
    )
  }

  /** Commits offsets, as a member of one generation. @throws the client's error, as `ILLEGAL_GENERATION` where the group is in another one */
  async commitOffsets(connection: Connection, member: Membership, offsets: TopicOffsets): Promise<void> {
    const request = await this.#request<[...unknown[]], unknown>('OffsetCommit', 8, 9)
    const { groupId, generation, memberId, instanceId } = member
    await request(connection, groupId, generation, memberId, instanceId, offsetsToCommit(offsets))
  }

  /** Puts offsets into the transaction of a producer. @throws the client's error where the member is none any longer, or the producer is fenced */
  async commitInTransaction(
    connection: Connection,
    producer: {
      readonly transactionalId: string
      readonly producerId: bigint
      readonly producerEpoch: number
    },
    member: Membership,
    offsets: TopicOffsets,
  ): Promise<void> {
    const request = await this.#request<[...unknown[]], unknown>('TxnOffsetCommit', 3, 4)
    await request(
      connection,
      producer.transactionalId,
      member.groupId,
      producer.producerId,
      producer.producerEpoch,
      member.generation,
      member.memberId,
      member.instanceId,
      offsetsToCommit(offsets),
    )
  }

  /** The longest batch of records that each topic takes, in bytes. Topics of which it may not be asked are left out. */
  async maxMessageBytes(
    connection: Connection,
    topics: readonly string[],
  ): Promise<ReadonlyMap<string, number>> {
    type Answer = {
      results: { resourceName: string; configs: { name: string; value: string | null }[] }[]
    }
    const request = await this.#request<[resources: unknown[], boolean, boolean], Answer>(
      'DescribeConfigs',
      2,
      4,
    )
    const key = 'max.message.bytes'
    const resources = topics.map((resourceName) => ({
      resourceType: this.#kafka.ConfigResourceTypes.TOPIC,
      resourceName,
      configurationKeys: [key],
    }))
    const { results } = await request(connection, resources, false, false).catch((error: unknown) => {
      // One topic has an error: the answer has the others.
      const { response } = error as { response?: Answer }
      if (response?.results === undefined) throw error
      return response
    })
    const sizes = new Map<string, number>()
    for (const { resourceName, configs } of results) {
      const size = Number(configs.find(({ name }) => name === key)?.value)
      if (Number.isSafeInteger(size) && size > 0) sizes.set(resourceName, size)
    }
    return sizes
  }

  async #request<Arguments extends unknown[], Answer>(
    name: string,
    least: number,
    most: number,
  ): Promise<Request<Arguments, Answer>> {
    this.#versions ??= this.#listVersions()
    const versions = await this.#versions.catch((error: unknown) => {
      this.#versions = undefined
      throw error
    })
    const [from, to] = versions.get(name) ?? [0, -1]
    const version = Math.min(most, to)
    if (version < Math.max(least, from)) {
      throw new this.#kafka.UnsupportedApiError(
        `the brokers know ${name} in the versions ${from} to ${to}, and ${least} to ${most} are needed: Kafka 3.1 or later`,
      )
    }
    const key = `${name[0]!.toLowerCase()}${name.slice(1)}V${version}` as keyof KafkaModule
    const { api } = this.#kafka[key] as unknown as { api: { async: Request<Arguments, Answer> } }
    return api.async
  }

  async #listVersions(): Promise<ReadonlyMap<string, readonly [number, number]>> {
    const apis = await this.#client.listApis()
    return new Map(apis.map(({ name, minVersion, maxVersion }) => [name, [minVersion, maxVersion] as const]))
  }
}

function offsetsToCommit(offsets: TopicOffsets) {
  return offsets.map(({ topic, partitions }) => ({
    name: topic,
    partitions: partitions.map(({ partition, offset }) => ({
      partitionIndex: partition,
      committedOffset: offset,
      committedLeaderEpoch: -1,
      committedMetadata: null,
    })),
  }))
}

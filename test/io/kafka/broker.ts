/** A broker of Apache Kafka on loopback, its data in a temporary folder. It ends with this process, whatever ends that. */
import { type ChildProcess, spawn } from 'node:child_process'
import { pbkdf2Sync, randomBytes } from 'node:crypto'
import { openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  Admin,
  alterUserScramCredentialsV0,
  ConfigResourceTypes,
  IncrementalAlterConfigOperationTypes,
  type MessageToProduce,
  ProduceAcks,
  Producer,
} from '@platformatic/kafka'
import { temporaryDirectory } from '../../temporary.ts'
import { eventually, HANG_MS } from './eventually.ts'
import {
  answers,
  brokerSettings,
  copyFormatted,
  freePorts,
  installKafka,
  type Ports,
  startBroker,
  USER,
} from './installation.ts'

/** A message to write; partition and key as the client takes them. */
export type Written = Omit<MessageToProduce<Buffer, Buffer, Buffer, Buffer>, 'value'> & {
  /** Null writes a tombstone. */
  readonly value?: Buffer | null
}

const READ_UNCOMMITTED = 0
const READ_COMMITTED = 1

export class KafkaBroker {
  /** Its address, for `--brokers`. */
  readonly address: string
  /** Its address with TLS and SASL. */
  readonly secureAddress: string
  readonly #port: number
  readonly #settings: string
  readonly #logFile: string
  readonly #log: number
  #child: ChildProcess | undefined
  #watchdog: ChildProcess | undefined
  #admin: Admin | undefined
  #producer: Producer<Buffer, Buffer, Buffer, Buffer> | undefined

  #adding: Promise<unknown> = Promise.resolve()

  readonly #isLong: boolean

  private constructor(ports: Ports, isLong: boolean) {
    this.#isLong = isLong
    const folder = temporaryDirectory()
    const data = join(folder, 'data')
    copyFormatted(data)
    this.address = `127.0.0.1:${ports[0]}`
    this.secureAddress = `127.0.0.1:${ports[1]}`
    this.#port = ports[0]
    this.#settings = join(folder, 'server.properties')
    this.#logFile = join(folder, 'broker.log')
    this.#log = openSync(this.#logFile, 'a')
    writeFileSync(this.#settings, brokerSettings(ports, data))
    // Before the temporary folder is removed.
    process.prependOnceListener('exit', () => this.#child?.kill('SIGKILL'))
  }

  /** @param isLong it works for long, or is measured. Default: it is there for a few tests */
  static async start({ isLong = false } = {}): Promise<KafkaBroker> {
    await installKafka()
    const broker = new KafkaBroker(await freePorts(), isLong)
    await broker.start()
    return broker
  }

  /** Starts it again after {@link kill}: same address, same data. Returns when it accepts connections. */
  async start(): Promise<void> {
    const child = startBroker(this.#settings, this.#log, this.#isLong)
    this.#child = child
    // It outlives a killed process of the tests otherwise: this one reads until that is gone.
    this.#watchdog = spawn('sh', ['-c', 'read _; kill -9 "$1"', 'sh', String(child.pid)], {
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    this.#watchdog.unref()
    ;(this.#watchdog.stdin as unknown as { unref(): void }).unref()
    try {
      await answers(this.#port, () => child.exitCode === null && child.signalCode === null)
    } catch (error) {
      throw new Error(`no broker:\n${this.log.slice(-4000)}`, { cause: error })
    }
  }

  /** Ends it as a power cut does, as far as its process goes. */
  async kill(): Promise<void> {
    const child = this.#child!
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.ref()
    this.#watchdog?.kill('SIGKILL')
    child.kill('SIGKILL')
    await ended
    this.#child = undefined
    await this.#closeClients()
  }

  /** Its warnings and errors. */
  get log(): string {
    return readFileSync(this.#logFile, 'utf8')
  }

  /** Its process. */
  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** A client for questions and topics, closed with {@link close}. */
  get admin(): Admin {
    this.#admin ??= new Admin({
      clientId: 'tests-admin',
      bootstrapBrokers: [this.address],
      retries: 20,
      retryDelay: 250,
    })
    return this.#admin
  }

  /** Creates topics, and returns when their partitions have leaders. */
  async createTopics(
    topics: readonly string[],
    partitions = 1,
    configs: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    await this.admin.createTopics({
      topics: [...topics],
      partitions,
      replicas: 1,
      configs: Object.entries(configs).map(([name, value]) => ({ name, value })),
    })
    await this.#untilLed(topics, partitions)
  }

  /** Creates topics of rejected events, whose records have the broker's time: that is how the oracle tells them from outputs. */
  createErrorTopics(topics: readonly string[], partitions = 1, configs = {}): Promise<void> {
    return this.createTopics(topics, partitions, { ...configs, 'message.timestamp.type': 'LogAppendTime' })
  }

  /** Gives the user of the tests a password for SCRAM. */
  async setPassword(hash: 'sha256' | 'sha512', password: string): Promise<void> {
    const salt = randomBytes(16)
    const iterations = 4096
    const saltedPassword = pbkdf2Sync(password, salt, iterations, hash === 'sha256' ? 32 : 64, hash)
    const mechanism = hash === 'sha256' ? 1 : 2
    const { brokers } = await this.admin.metadata({ topics: [] })
    const connection = await this.admin.connections.get([...brokers.values()][0]!)
    await alterUserScramCredentialsV0.api.async(
      connection,
      [],
      [{ name: USER, mechanism, iterations, salt, saltedPassword }],
    )
  }

  /** Lets clients of a name write no more than so many bytes a second; undefined: as many as they like. */
  async limitWrites(clientId: string, bytes: number | undefined): Promise<void> {
    const key = 'producer_byte_rate'
    await this.admin.alterClientQuotas({
      entries: [
        {
          entities: [{ entityType: 'client-id', entityName: clientId }],
          ops: [bytes === undefined ? { key, remove: true } : { key, value: bytes, remove: false }],
        },
      ],
    })
  }

  /** Lets it ask the coordinator whether a partition belongs to a transaction before it takes records of that, as brokers do, or not. */
  async verifyTransactions(verify: boolean): Promise<void> {
    await this.admin.incrementalAlterConfigs({
      resources: [
        {
          resourceType: ConfigResourceTypes.BROKER,
          resourceName: '1',
          configs: [
            {
              name: 'transaction.partition.verification.enable',
              configOperation: IncrementalAlterConfigOperationTypes.SET,
              value: String(verify),
            },
          ],
        },
      ],
    })
  }

  /** Gives a topic more partitions: `count` in all. */
  async addPartitions(topic: string, count: number): Promise<void> {
    // The client takes a second call for the first one as long as that is under way, whatever topic it is of.
    const work = this.#adding.then(() =>
      this.admin.createPartitions({
        topics: [{ name: topic, count, assignments: null as unknown as [] }],
      }),
    )
    this.#adding = work.catch(() => {})
    await work
    await this.#untilLed([topic], count)
    // It would take a partition that it does not know for another one.
    this.#producer?.clearMetadata()
  }

  /** Deletes topics, and waits until the cluster knows them no longer. */
  async deleteTopics(...topics: string[]): Promise<void> {
    await this.admin.deleteTopics({ topics })
    const areGone = async () => {
      const there = await this.admin.listTopics()
      return !topics.some((topic) => there.includes(topic))
    }
    await eventually(areGone, () => `${topics.join(', ')} are not deleted`)
  }

  /** Writes messages with `acks=all`, in their order within each partition. */
  async produce(topic: string, messages: readonly Omit<Written, 'topic'>[]): Promise<void> {
    this.#producer ??= new Producer<Buffer, Buffer, Buffer, Buffer>({
      clientId: 'tests-producer',
      bootstrapBrokers: [this.address],
      acks: ProduceAcks.ALL,
      idempotent: true,
      autocreateTopics: false,
      retries: 20,
      retryDelay: 250,
      // Partitions that were added a moment ago are to be known.
      metadataMaxAge: 500,
    })
    for (let at = 0; at < messages.length; at += 2000) {
      const part = messages.slice(at, at + 2000).map((message) => ({ ...message, topic }))
      await this.#producer.send({
        messages: part as MessageToProduce<Buffer, Buffer, Buffer, Buffer>[],
      })
    }
  }

  /** The offset that a group has committed for each partition of a topic; -1 for none. */
  async committed(group: string, topic: string): Promise<number[]> {
    const [found] = await this.admin.listConsumerGroupOffsets({ groups: [group] })
    const offsets: number[] = new Array((await this.endOffsets(topic)).length).fill(-1)
    for (const { partitionIndex, committedOffset } of found?.topics.find(({ name }) => name === topic)
      ?.partitions ?? []) {
      offsets[partitionIndex] = Number(committedOffset)
    }
    return offsets
  }

  /**
   * The offset behind the last record of each partition of a topic.
   *
   * @param isStable where readers of committed records stand still: at the first record of an open transaction, if there is one
   */
  async endOffsets(topic: string, isStable = false): Promise<number[]> {
    const { topics } = await this.admin.metadata({ topics: [topic], forceUpdate: true })
    const partitions = topics.get(topic)!.partitionsCount
    const [listed] = await this.admin.listOffsets({
      isolationLevel: isStable ? READ_COMMITTED : READ_UNCOMMITTED,
      topics: [
        {
          name: topic,
          partitions: Array.from({ length: partitions }, (_, partitionIndex) => ({
            partitionIndex,
            timestamp: -1n,
          })),
        },
      ],
    })
    const offsets: number[] = new Array(partitions).fill(0)
    for (const { partitionIndex, offset } of listed!.partitions) offsets[partitionIndex] = Number(offset)
    return offsets
  }

  /** Waits until a group has committed everything that stands in a topic. */
  async untilCommitted(group: string, topic: string, { isGoing = (): boolean => true } = {}): Promise<void> {
    const ends = await this.endOffsets(topic)
    const until = performance.now() + HANG_MS
    for (;;) {
      const offsets = await this.committed(group, topic)
      if (ends.every((end, partition) => end === 0 || offsets[partition]! >= end)) return
      if (!isGoing() || performance.now() > until)
        throw new Error(`nobody works on ${topic}: ${offsets} of ${ends} are committed`)
      await sleep(300)
    }
  }

  /** Closes the clients, and ends the process. */
  async close(): Promise<void> {
    await this.#closeClients()
    if (this.#child !== undefined) await this.kill()
  }

  /** A client whose broker was killed may wait for answers that never come: another one is opened when it is needed. */
  async #closeClients(): Promise<void> {
    const [producer, admin] = [this.#producer, this.#admin]
    this.#producer = undefined
    this.#admin = undefined
    // The promises reject where connections are gone already.
    await Promise.allSettled([producer?.close(true), admin?.close()])
  }

  async #untilLed(topics: readonly string[], partitions: number): Promise<void> {
    const areLed = async () => {
      try {
        const metadata = await this.admin.metadata({ topics: [...topics], forceUpdate: true })
        return topics.every((topic) => {
          const found = metadata.topics.get(topic)
          return found?.partitionsCount === partitions && found.partitions.every(({ leader }) => leader >= 0)
        })
      } catch {
        // The topics are not known yet.
        return false
      }
    }
    await eventually(areLed, () => `${topics.join(', ')} have no ${partitions} partitions with leaders`)
  }
}

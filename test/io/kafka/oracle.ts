/**
 * The oracle of the tests of Kafka: what stands in the topics, told by a client that is not ours, and what is wrong with it.
 *
 * Kafka's own console consumer reads all topics with `read_committed`, as a stream, because a start of it costs seconds. It does not print
 * the name of a topic, but whether the time of a record is that of the message or of the broker: topics of rejected events, which
 * {@link KafkaBroker.createErrorTopics} makes, have the broker's.
 * The end of a topic is known by a last message that is written into each of its partitions: order within a partition is kept, so
 * everything before has been read then. That message stays invisible while a transaction before it is open, so that one that was
 * left open for good is noticed too.
 */
import type { ChildProcess } from 'node:child_process'
import { openSync } from 'node:fs'
import { devNull } from 'node:os'
import process from 'node:process'
import split from 'split2'
import type { KafkaBroker, Written } from './broker.ts'
import { HANG_MS } from './eventually.ts'
import { startJava } from './installation.ts'

/** A record as the console consumer prints it. */
export interface ReadRecord {
  /** Milliseconds since 1970. */
  readonly time: number
  readonly partition: number
  readonly offset: number
  /** Its key as text; `null` as the consumer writes an absent one. */
  readonly key: string
  readonly headers: ReadonlyMap<string, string>
  readonly value: string
}

const FIELD = '\u001f'
const HEADER = '\u001e'
const LAST = 'last-of-'

/** Properties of the consumer's client. */
const CLIENT = {
  // New topics are to be noticed soon.
  'metadata.max.age.ms': 1000,
  // By default it goes back to the beginning of all topics at each new one, because it commits nothing.
  'partition.assignment.strategy': 'org.apache.kafka.clients.consumer.CooperativeStickyAssignor',
}

/** Topics of outputs, or those of rejected events. */
type Kind = 'written' | 'rejected'

/** A console consumer, and what it has read so far of topics whose names end in `.out` or `.errors`. */
export class Reader {
  readonly #broker: KafkaBroker
  readonly #child: ChildProcess
  /** Records by their kind and the topic that their message came from. */
  readonly #records = new Map<string, ReadRecord[]>()
  /** The offset behind the last record that was kept, by kind, source topic and partition. */
  readonly #kept = new Map<string, number>()
  /** Last messages that have come, by their values: the partitions that have ended. */
  readonly #ended = new Map<string, Set<number>>()
  #wholes = 0
  readonly #waiting = new Set<() => void>()
  #isClosed = false

  /** Reads topics too that come into being later. */
  constructor(broker: KafkaBroker) {
    this.#broker = broker
    const properties = {
      'print.timestamp': 'true',
      'print.partition': 'true',
      'print.offset': 'true',
      'print.key': 'true',
      'print.headers': 'true',
      'key.separator': FIELD,
      'headers.separator': HEADER,
    }
    this.#child = startJava(
      [
        ...['org.apache.kafka.tools.consumer.ConsoleConsumer', '--bootstrap-server', broker.address],
        ...['--include', '.*[.](out|errors)', '--from-beginning', '--isolation-level', 'read_committed'],
        ...Object.entries(properties).flatMap(([name, value]) => [
          '--formatter-property',
          `${name}=${value}`,
        ]),
        ...Object.entries(CLIENT).flatMap(([name, value]) => ['--command-property', `${name}=${value}`]),
      ],
      { stdout: 'pipe', stderr: openSync(devNull, 'w'), heapMb: 256 },
    )
    const stdout = this.#child.stdout!
    ;(stdout as unknown as { unref(): void }).unref()
    stdout.pipe(split('\n')).on('data', (line: string) => this.#read(line))
    process.once('exit', () => this.#child.kill('SIGKILL'))
    this.#child.on('exit', () => {
      this.#isClosed = true
      this.#changed()
    })
  }

  /** Records of messages of this source topic that have been read so far. */
  so(kind: Kind, source: string): readonly ReadRecord[] {
    return this.#records.get(`${kind} ${source}`) ?? []
  }

  /**
   * All that stands in a topic, of messages of one source topic.
   *
   * @param topic to be read up to its end; nobody writes to it any more
   * @param source the topic that the messages came from, '' for records without the header `sluice.source`
   */
  async whole(topic: string, source: string): Promise<readonly ReadRecord[]> {
    const partitions = (await this.#broker.endOffsets(topic)).length
    const last = `${LAST}${topic}-${this.#wholes++}`
    await this.#broker.produce(
      topic,
      Array.from({ length: partitions }, (_, partition) => ({
        partition,
        value: Buffer.from(last),
      })),
    )
    try {
      await this.until(() => this.#ended.get(last)?.size === partitions)
    } catch (error) {
      const ended = [...(this.#ended.get(last) ?? [])]
      const [ends, stable] = [
        await this.#broker.endOffsets(topic),
        await this.#broker.endOffsets(topic, true),
      ]
      throw new Error(
        `${topic} is read to its end in the partitions [${ended}]; it ends at ${ends}, and is stable up to ${stable}`,
        { cause: error },
      )
    }
    return this.so(topic.endsWith('.errors') ? 'rejected' : 'written', source)
  }

  /** Waits until something holds of what has been read. */
  async until(holds: () => boolean): Promise<void> {
    const end = performance.now() + HANG_MS
    while (!holds()) {
      if (this.#isClosed) throw new Error('the console consumer has ended')
      if (performance.now() > end) throw new Error('the console consumer reads nothing more')
      await new Promise<void>((resolve) => {
        // The process of the consumer does not keep this one alive; waiting for it does.
        const timer = setTimeout(() => resolve(), 1000)
        this.#waiting.add(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
  }

  /** Drops what it has read of a source topic. */
  forget(source: string): void {
    for (const kind of ['written', 'rejected']) this.#records.delete(`${kind} ${source}`)
  }

  close(): void {
    this.#child.kill('SIGKILL')
  }

  #read(line: string): void {
    const [time, partition, offset, headers, key, ...value] = line.split(FIELD)
    if (key === undefined) return
    const [clock, ms] = time!.split(':')
    const record: ReadRecord = {
      time: Number(ms),
      partition: Number(partition!.slice('Partition:'.length)),
      offset: Number(offset!.slice('Offset:'.length)),
      key,
      headers: new Map(
        headers === 'NO_HEADERS'
          ? []
          : headers!.split(HEADER).map((text) => {
              const colon = text.indexOf(':')
              return [text.slice(0, colon), text.slice(colon + 1)]
            }),
      ),
      value: value.join(FIELD),
    }
    if (record.value.startsWith(LAST)) {
      const ended = this.#ended.get(record.value) ?? new Set()
      this.#ended.set(record.value, ended.add(record.partition))
    } else {
      // topic/partition/offset
      const source = record.headers.get('sluice.source')?.split('/').slice(0, -2).join('/') ?? ''
      const kind: Kind = clock === 'CreateTime' ? 'written' : 'rejected'
      // The consumer commits nothing, and begins at the beginning again when its session has ended.
      const place = `${kind} ${source}/${record.partition}`
      if (record.offset < (this.#kept.get(place) ?? 0)) return
      this.#kept.set(place, record.offset + 1)
      const records = this.#records.get(`${kind} ${source}`)
      if (records === undefined) this.#records.set(`${kind} ${source}`, [record])
      else records.push(record)
    }
    this.#changed()
  }

  #changed(): void {
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }
}

/** A message of the input, and what has to become of it. */
export interface Numbered {
  readonly number: number
  readonly key: string
  readonly partition: number
  /** Its offset in that partition. */
  readonly offset: number
  readonly value: string | null
  readonly outcome: 'written' | 'rejected' | 'dropped' | 'empty'
}

/** Rules for {@link numbered} messages. */
export const NUMBERED_RULES = `drop: kind == 'noise'
number: number::int
name: lower(name)
`

/**
 * Numbered messages, dealt out to partitions in turn; some are rejected, dropped, blank or null.
 *
 * @param count how many
 * @param partitions of the topic
 * @param before those that stand in the topic already
 */
export function numbered(count: number, partitions: number, before: readonly Numbered[] = []): Numbered[] {
  const offsets: number[] = new Array(partitions).fill(0)
  for (const { partition } of before) offsets[partition]! += 1
  return Array.from({ length: count }, (_, index) => {
    const number = before.length + index
    const partition = number % partitions
    const { value, outcome } = contents(number)
    return { number, key: `key-${number}`, partition, offset: offsets[partition]!++, value, outcome }
  })
}

function contents(number: number): Pick<Numbered, 'value' | 'outcome'> {
  if (number % 101 === 7) return { value: null, outcome: 'empty' }
  if (number % 103 === 7) return { value: ' \n ', outcome: 'empty' }
  if (number % 17 === 5)
    return { value: JSON.stringify({ number, name: 'X', kind: 'noise' }), outcome: 'dropped' }
  if (number % 19 === 5) return { value: `{"number":"no ${number}","name":"X"}`, outcome: 'rejected' }
  if (number % 97 === 5) return { value: `{"number":${number},`, outcome: 'rejected' }
  const name = `Host ${number} ${'é'.repeat(number % 5)}`
  // A line end between the members is white space, and must not cut the message in two.
  const text =
    number % 11 === 0 ? `{"number":${number},\n"name":"${name}"}` : JSON.stringify({ number, name })
  return { value: text, outcome: 'written' }
}

/** Not long ago: brokers remove what is older than the topic's retention. */
const FIRST_TIME = Date.now() - 3_600_000

/** The time of a message, in milliseconds since 1970. */
export function timeOf(number: number): number {
  return FIRST_TIME + number
}

/** The messages as they are written to the source topic: key, a header, time, value. */
export function toWrite(messages: readonly Numbered[]): Omit<Written, 'topic'>[] {
  return messages.map(({ key, number, partition, value }) => ({
    key: Buffer.from(key),
    headers: new Map([[Buffer.from('number'), Buffer.from(String(number))]]),
    partition,
    timestamp: BigInt(timeOf(number)),
    value: value === null ? null : Buffer.from(value),
  }))
}

/** What is wrong with what stands in the topics. */
export interface Verdict {
  /** Messages whose result stands nowhere. */
  readonly lost: number
  /** The numbers of the first of them, 20 at most. */
  readonly missing: readonly number[]
  /** Results that stand there once more than they should. */
  readonly duplicates: number
  /** Anything else, each a sentence: other results, other partitions, another order, another header, another time. At most 20. */
  readonly faults: readonly string[]
}

/** All that a fault-free run gives. */
export const FLAWLESS: Verdict = { lost: 0, missing: [], duplicates: 0, faults: [] }

/** Keys of records that were written again after partitions were added. */
function keysOfSeveralPartitions(records: readonly ReadRecord[]): Set<string> {
  const partitions = new Map<string, number>()
  const keys = new Set<string>()
  for (const { key, partition } of records) {
    if ((partitions.get(key) ?? partition) !== partition) keys.add(key)
    partitions.set(key, partition)
  }
  return keys
}

/**
 * Compares the results with the messages, as multisets, and in order by partition. Of what came several times the first one counts
 * for the order.
 *
 * @param source topic of the messages
 * @param hasSamePartitions whether outputs have to be in the partition of their message
 */
export function judge(
  messages: readonly Numbered[],
  outputs: readonly ReadRecord[],
  errors: readonly ReadRecord[],
  source: string,
  { hasSamePartitions = true } = {},
): Verdict {
  const byKey = new Map(messages.map((message) => [message.key, message]))
  const faults: string[] = []
  const fault = (text: string): void => {
    if (faults.length < 20) faults.push(text)
  }
  let duplicates = 0
  const seen = new Set<number>()
  const look = (records: readonly ReadRecord[], outcome: Numbered['outcome']): void => {
    const last = new Map<string, number>()
    const moved = hasSamePartitions ? new Set<string>() : keysOfSeveralPartitions(records)
    for (const record of records) {
      const message = byKey.get(record.key)
      if (message === undefined || message.outcome !== outcome) {
        fault(`${record.key} is among the ${outcome} ones: ${record.value.slice(0, 200)}`)
        continue
      }
      const { number, partition, offset } = message
      if (seen.has(number)) {
        duplicates++
        continue
      }
      seen.add(number)
      if (hasSamePartitions && record.partition !== partition)
        fault(`${record.key} of partition ${partition} is in ${record.partition}`)
      const place = record.headers.get('sluice.source')
      if (place !== `${source}/${partition}/${offset}`) fault(`${record.key} says that it is from ${place}`)
      if (record.headers.get('number') !== String(number)) fault(`${record.key} has lost its header`)
      // Topics of rejected events have the broker's time here.
      if (outcome === 'written' && record.time !== timeOf(number))
        fault(`${record.key} has the time ${record.time}`)
      if (!hasContents(record.value, message)) fault(`${record.key} has become ${record.value.slice(0, 200)}`)
      const way = `${partition}>${record.partition}`
      // Where copies are in two partitions, nobody knows which one was written first.
      if (moved.has(record.key)) continue
      if ((last.get(way) ?? -1) > offset) fault(`${record.key} came after a later one`)
      last.set(way, offset)
    }
  }
  look(outputs, 'written')
  look(errors, 'rejected')
  const lost = messages
    .filter(({ outcome, number }) => (outcome === 'written' || outcome === 'rejected') && !seen.has(number))
    .map(({ number }) => number)
  return { lost: lost.length, missing: lost.slice(0, 20), duplicates, faults }
}

function hasContents(value: string, { number, outcome }: Numbered): boolean {
  try {
    const found = JSON.parse(value)
    if (outcome === 'rejected') return typeof found.code === 'string' && typeof found.message === 'string'
    return found.number === number && found.name === `host ${number} ${'é'.repeat(number % 5)}`
  } catch {
    return false
  }
}

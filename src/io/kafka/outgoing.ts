import type { NormalizedMessages, RejectedMessage } from '../../stages/process/message-normalizer.ts'
import { recordOf } from '../../stages/process/message-normalizer.ts'
import type { KafkaMessage } from './source.ts'

/** A record to write, as the client takes it. */
export interface OutgoingMessage {
  readonly topic: string
  readonly partition: number
  /** Undefined: it has none. */
  readonly key: Buffer | undefined
  readonly value: Buffer
  readonly headers: Map<Buffer, Buffer>
  readonly timestamp: bigint
  /** Bytes that it takes at most, before it is compressed: {@link sizeOf}. */
  readonly size: number
}

/** The topics of a cluster, as far as writing to them depends on it. */
export interface Topology {
  /** Partitions of a topic. */
  partitions(topic: string): number
  /** Bytes of a batch of records that a topic takes. */
  maxBytes(topic: string): number
}

export interface OutgoingOptions {
  readonly errorsTo: string
  /** The topic of an output, by its index. */
  readonly topicOf: (output: number) => string
  readonly topology: Topology
  /** Hash of a key, as all of Kafka's clients take it for the choice of a partition. */
  readonly hash: (key: Buffer) => number
}

/** Records to write, and the outputs that are none because of their size. */
export interface Outgoing {
  readonly messages: readonly OutgoingMessage[]
  /** Outputs that became records of the errors topic, the index of the message of each, and their bytes. */
  readonly tooLarge: { readonly count: number; readonly of: readonly number[]; readonly bytes: number }
}

const SOURCE_HEADER = Buffer.from('sluice.source')

/** A record beside its key, value and headers, and a header beside its name and value, take no more bytes than this. */
const RECORD_BYTES = 32
const HEADER_BYTES = 10

/** The part of a topic's limit that is left for the head of a batch. */
const BATCH_BYTES = 128

/** Of a text that is cut so much is kept, in bytes of the topic's limit: a character may take six of them in JSON. */
const CUT_SHARE = 8

/** `raw` of a record that is cut has at most so many characters. */
const MAX_RAW = 65_536

/**
 * The records that a list of messages becomes: outputs to their topics, rejected events to the errors topic, each with the key, the headers and
 * the time of its message, and the header `sluice.source`, `topic/partition/offset`.
 *
 * The partition is that of the message where both topics have as many; else the key decides, and without one the number of
 * the message's partition: in any case messages of one partition with the same key stay in their order.
 *
 * A record that its topic cannot take goes to the errors topic, and is cut there if need be: it would stop the partition for ever.
 */
export function outgoingMessages(
  messages: readonly KafkaMessage[],
  { outputs, outputOf, rejected }: NormalizedMessages,
  options: OutgoingOptions,
): Outgoing {
  const { errorsTo, topicOf, topology } = options
  const out: OutgoingMessage[] = []
  const of: number[] = []
  let bytes = 0
  for (const [index, value] of outputs.entries()) {
    const message = messages[outputOf[index]!]!
    const topic = topicOf(index)
    const outgoing = outgoingOf(message, topic, value, options)
    const most = topology.maxBytes(topic) - BATCH_BYTES
    if (outgoing.size <= most) out.push(outgoing)
    else {
      of.push(outputOf[index]!)
      bytes += value.length + 1
      const code = 'RECORD_TOO_LARGE'
      const text = `the record has ${outgoing.size} bytes, and the topic ${topic} takes ${most}`
      out.push(errorOf(message, { line: 1, source: sourceOf(message), code, message: text }, options))
    }
  }
  for (const one of rejected) {
    const message = messages[one.index]!
    const outgoing = outgoingOf(message, errorsTo, recordOf(sourceOf(message), one), options)
    if (outgoing.size <= topology.maxBytes(errorsTo) - BATCH_BYTES) out.push(outgoing)
    else out.push(errorOf(message, fieldsOf(message, one), options))
  }
  return { messages: out, tooLarge: { count: of.length, of, bytes } }
}

/** The name of a message's place. */
export function sourceOf({ owned, offset }: Pick<KafkaMessage, 'owned' | 'offset'>): string {
  return `${owned.name}/${offset}`
}

/** Bytes that a record takes at most, before it is compressed. */
export function sizeOf({ key, value, headers }: Pick<OutgoingMessage, 'key' | 'value' | 'headers'>): number {
  let size = RECORD_BYTES + (key?.length ?? 0) + value.length
  for (const [name, text] of headers) size += HEADER_BYTES + (name?.length ?? 0) + (text?.length ?? 0)
  return size
}

/** A partition that records go to, and their bytes so far. */
interface Place {
  readonly topic: string
  readonly partition: number
  /** Bytes that a batch may have. */
  readonly most: number
  size: number
}

/**
 * Cuts records into requests: in each, no partition gets more than its topic takes in one batch. The order stays.
 *
 * @param maxRequestBytes bytes of a request, about
 */
export function* requests(
  messages: readonly OutgoingMessage[],
  topology: Pick<Topology, 'maxBytes'>,
  maxRequestBytes = 16 * 1024 * 1024,
): Generator<readonly OutgoingMessage[]> {
  let request: OutgoingMessage[] = []
  let total = 0
  const places = new Map<string, Place>()
  let place: Place | undefined
  for (const message of messages) {
    const { topic, partition, size } = message
    // Messages of one partition follow one another for the most part.
    if (place === undefined || place.partition !== partition || place.topic !== topic) {
      const name = `${topic}/${partition}`
      place = places.get(name)
      if (place === undefined) {
        place = { topic, partition, most: topology.maxBytes(topic) - BATCH_BYTES, size: 0 }
        places.set(name, place)
      }
    }
    const isFull = place.size > 0 && place.size + size > place.most
    if (isFull || (total > 0 && total + size > maxRequestBytes)) {
      yield request
      request = []
      total = 0
      for (const each of places.values()) each.size = 0
    }
    request.push(message)
    total += size
    place.size += size
  }
  if (request.length > 0) yield request
}

function outgoingOf(
  message: KafkaMessage,
  topic: string,
  value: Uint8Array,
  { topology, hash }: OutgoingOptions,
): OutgoingMessage {
  const { owned, key, timestamp } = message
  const count = topology.partitions(topic)
  const isSame = count === topology.partitions(owned.topic)
  const partition = isSame ? owned.partition : key === null ? owned.partition % count : hash(key) % count
  const headers = new Map(message.headers) as Map<Buffer, Buffer>
  headers.set(SOURCE_HEADER, Buffer.from(sourceOf(message)))
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.length)
  return sized({ topic, partition, key: key ?? undefined, value: bytes, headers, timestamp })
}

function sized({
  topic,
  partition,
  key,
  value,
  headers,
  timestamp,
}: Omit<OutgoingMessage, 'size'>): OutgoingMessage {
  return { topic, partition, key, value, headers, timestamp, size: sizeOf({ key, value, headers }) }
}

type Fields = Record<string, unknown>

/** A record of the errors topic with as much of the message's text as there is room for. */
function errorOf(message: KafkaMessage, fields: Fields, options: OutgoingOptions): OutgoingMessage {
  const { errorsTo, topology } = options
  const room = topology.maxBytes(errorsTo) - BATCH_BYTES
  const characters = Math.min(MAX_RAW, Math.floor(room / CUT_SHARE))
  const value = message.value ?? Buffer.alloc(0)
  const raw = value.subarray(0, characters).toString('utf8')
  const text = { ...fields, raw, raw_truncated: value.length > characters ? true : undefined }
  const whole = outgoingOf(message, errorsTo, Buffer.from(JSON.stringify(text)), options)
  if (whole.size <= room) return whole
  // The key or the headers are what is too large.
  const headers = new Map([[SOURCE_HEADER, Buffer.from(sourceOf(message))]])
  const bare = sized({ ...whole, key: undefined, headers })
  if (bare.size <= room) return bare
  const short = { ...fields, message: String(fields['message']).slice(0, 200), raw: '', raw_truncated: true }
  return sized({ ...bare, value: Buffer.from(JSON.stringify(short)) })
}

/** The members of a record but its text. */
function fieldsOf(message: KafkaMessage, { tail }: RejectedMessage): Fields {
  const { raw, raw_base64, raw_truncated, ...rest } = JSON.parse(
    `{"line":1${Buffer.from(tail.buffer, tail.byteOffset, tail.byteLength).toString('utf8')}`,
  ) as Fields
  const { line, ...others } = rest
  return { line, source: sourceOf(message), ...others }
}

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
  /** Outputs that became records of the errors topic, and their bytes. */
  readonly tooLarge: { readonly count: number; readonly bytes: number }
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
  let count = 0
  let bytes = 0
  for (const [index, value] of outputs.entries()) {
    const message = messages[outputOf[index]!]!
    const topic = topicOf(index)
    const outgoing = outgoingOf(message, topic, value, options)
    const most = topology.maxBytes(topic) - BATCH_BYTES
    if (sizeOf(outgoing) <= most) out.push(outgoing)
    else {
      count++
      bytes += value.length + 1
      const code = 'RECORD_TOO_LARGE'
      const text = `the record has ${sizeOf(outgoing)} bytes, and the topic ${topic} takes ${most}`
      out.push(errorOf(message, { line: 1, source: sourceOf(message), code, message: text }, options))
    }
  }
  for (const one of rejected) {
    const message = messages[one.index]!
    const outgoing = outgoingOf(message, errorsTo, recordOf(sourceOf(message), one), options)
    if (sizeOf(outgoing) <= topology.maxBytes(errorsTo) - BATCH_BYTES) out.push(outgoing)
    else out.push(errorOf(message, fieldsOf(message, one), options))
  }
  return { messages: out, tooLarge: { count, bytes } }
}

/** The name of a message's place. */
export function sourceOf({ owned, offset }: Pick<KafkaMessage, 'owned' | 'offset'>): string {
  return `${owned.topic}/${owned.partition}/${offset}`
}

/** Bytes that a record takes at most, before it is compressed. */
export function sizeOf({ key, value, headers }: Pick<OutgoingMessage, 'key' | 'value' | 'headers'>): number {
  let size = RECORD_BYTES + (key?.length ?? 0) + value.length
  for (const [name, text] of headers) size += HEADER_BYTES + (name?.length ?? 0) + (text?.length ?? 0)
  return size
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
  let sizes = new Map<string, number>()
  for (const message of messages) {
    const { topic, partition } = message
    const size = sizeOf(message)
    const place = `${topic}/${partition}`
    const before = sizes.get(place) ?? 0
    const isFull = before > 0 && before + size > topology.maxBytes(topic) - BATCH_BYTES
    if (isFull || (total > 0 && total + size > maxRequestBytes)) {
      yield request
      request = []
      total = 0
      sizes = new Map()
    }
    request.push(message)
    total += size
    sizes.set(place, (sizes.get(place) ?? 0) + size)
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
  return { topic, partition, key: key ?? undefined, value: bytes, headers, timestamp }
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
  if (sizeOf(whole) <= room) return whole
  // The key or the headers are what is too large.
  const headers = new Map([[SOURCE_HEADER, Buffer.from(sourceOf(message))]])
  const bare = { ...whole, key: undefined, headers }
  if (sizeOf(bare) <= room) return bare
  const short = { ...fields, message: String(fields['message']).slice(0, 200), raw: '', raw_truncated: true }
  return { ...bare, value: Buffer.from(JSON.stringify(short)) }
}

/** The members of a record but its text. */
function fieldsOf(message: KafkaMessage, { tail }: RejectedMessage): Fields {
  const { raw, raw_base64, raw_truncated, ...rest } = JSON.parse(
    `{"line":1${Buffer.from(tail.buffer, tail.byteOffset, tail.byteLength).toString('utf8')}`,
  ) as Fields
  const { line, ...others } = rest
  return { line, source: sourceOf(message), ...others }
}

import type { InputOptions } from '../../formats/input-options.ts'
import type { EventTexts } from '../../formats/splitter.ts'
import { joined, unpacked } from '../bytes.ts'

/** The bytes of an event, as AWS services carry them in JSON. @returns undefined where the text is no base64 */
export function fromBase64(text: string): Uint8Array | undefined {
  let binary: string
  try {
    binary = atob(text)
  } catch {
    return undefined
  }
  const bytes = new Uint8Array(binary.length)
  for (let index = 0; index < binary.length; index++) bytes[index] = binary.charCodeAt(index)
  return bytes
}

/** True where the bytes begin as gzip does. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b
}

/** The form of a log event of CloudWatch Logs: an object with all that is known of it, or its message alone. */
export type LogEventForm = 'event' | 'message'

/** A record's contents: bytes to be cut into events, texts of events, or nothing at all. */
export type Contents = readonly Uint8Array[] | EventTexts | 'control'

/**
 * Unpacks a record. Data that is damaged stays as it is, and is rejected as an event that is no text: to send it again would
 * not mend it.
 *
 * @param maxBytes a record that is longer when it is unpacked stays packed
 */
export async function contentsOf(
  record: Uint8Array,
  { inputFormat = 'jsonl' }: InputOptions,
  { maxBytes, form }: { readonly maxBytes: number; readonly form: LogEventForm | undefined },
): Promise<Contents> {
  const bytes = isGzip(record) ? ((await gunzip(record, maxBytes)) ?? record) : record
  const envelope = logEnvelope(bytes)
  if (envelope === undefined) return [bytes]
  if (envelope.messageType === 'CONTROL_MESSAGE') return 'control'
  if (inputFormat === 'csv') {
    return [new TextEncoder().encode(envelope.logEvents.map(({ message }) => `${message}\n`).join(''))]
  }
  const isMessage = (form ?? (inputFormat === 'text' ? 'message' : 'event')) === 'message'
  const { owner, logGroup, logStream } = envelope
  const events = envelope.logEvents.map(({ id, timestamp, message }, index) => ({
    line: index + 1,
    ordinal: index,
    text: isMessage ? message : JSON.stringify({ id, timestamp, message, owner, logGroup, logStream }),
  }))
  return { events, rejected: [] }
}

async function gunzip(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array | undefined> {
  const pieces: Uint8Array[] = []
  let length = 0
  try {
    for await (const piece of unpacked(once(bytes), 'gzip')) {
      length += piece.length
      if (length > maxBytes) return undefined
      pieces.push(piece)
    }
  } catch {
    return undefined
  }
  return joined(pieces)
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

/** The data of a subscription of CloudWatch Logs. */
interface LogEnvelope {
  readonly messageType: 'DATA_MESSAGE' | 'CONTROL_MESSAGE'
  readonly owner: string
  readonly logGroup: string
  readonly logStream: string
  readonly logEvents: readonly { readonly id: string; readonly timestamp: number; readonly message: string }[]
}

const ENVELOPE = new TextEncoder().encode('{"messageType":"')

/** @returns undefined where it is something else */
function logEnvelope(bytes: Uint8Array): LogEnvelope | undefined {
  if (bytes.length < ENVELOPE.length || ENVELOPE.some((byte, index) => bytes[index] !== byte))
    return undefined
  let value: Partial<LogEnvelope>
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return undefined
  }
  const { messageType, logEvents } = value
  const isOne =
    (messageType === 'DATA_MESSAGE' || messageType === 'CONTROL_MESSAGE') &&
    Array.isArray(logEvents) &&
    logEvents.every((event) => typeof event?.message === 'string')
  return isOne ? (value as LogEnvelope) : undefined
}

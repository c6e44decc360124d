import { base64 } from '../../json/text-coding.ts'
import { joined } from '../bytes.ts'
import { inlineRecords } from '../inline-records.ts'
import type { RecordHandlerOptions } from './delivery.ts'
import { RecordNormalizer } from './delivery.ts'
import { fromBase64 } from './payload.ts'

/** The event that Amazon Data Firehose calls a function for transformation with, as far as it is read. */
export interface FirehoseEvent {
  readonly records: readonly { readonly recordId: string; readonly data: string }[]
}

/** The answer: the same records, in the same order. */
export interface FirehoseResponse {
  readonly records: readonly FirehoseResult[]
}

/**
 * `Ok`: `data` takes the place of the record. `Dropped`: the rules drop all of its events. `ProcessingFailed`: Firehose puts the record,
 * as it was sent, to those that failed, under the error prefix of its bucket, from where it can be sent again.
 */
export interface FirehoseResult {
  readonly recordId: string
  readonly result: 'Ok' | 'Dropped' | 'ProcessingFailed'
  readonly data?: string
}

export interface FirehoseHandlerOptions extends RecordHandlerOptions {
  /**
   * Rejected events are lines `{"$rejected": {...}}` in the output, in their places. Default: false; `onRejected` has them. With neither
   * of them a record with a rejected event has failed as a whole, so that no event is lost.
   */
  readonly inlineErrors?: boolean | undefined
}

/** The largest answer that Lambda takes is 6 MB: measured in bytes of JSON. */
const ANSWER_BYTES = 6 * 1024 * 1024

/** The JSON of a record beside its id and its data, and of the answer beside its records, with some to spare. */
const RECORD_BYTES = 64
const REST_BYTES = 1024

/**
 * A function for the transformation of records by Amazon Data Firehose.
 *
 * A record is one event or several, as `inputFormat` says, packed by gzip or not, or a message of CloudWatch Logs (its control messages
 * are dropped). Its outputs are JSON lines in the place of the record. The answer keeps within the 6 MB that Lambda takes: records whose
 * outputs do not fit have failed. A smaller buffer of the stream leaves room for rules that make much of little.
 *
 * @param options the rules, how to read
 * @throws {TypeError} when an option is not acceptable
 */
export function createFirehoseHandler(
  options: FirehoseHandlerOptions,
): (event: FirehoseEvent) => Promise<FirehoseResponse> {
  const {
    rules: _rules,
    onRejected: _on,
    logEvents: _log,
    maxRecordBytes: _max,
    inlineErrors = false,
    ...input
  } = options
  const normalizer = new RecordNormalizer(options, input)
  const transform = async (recordId: string, data: string, room: number): Promise<FirehoseResult> => {
    const failed: FirehoseResult = { recordId, result: 'ProcessingFailed' }
    const bytes = fromBase64(data)
    if (bytes === undefined) return failed
    const pieces: Uint8Array[] = []
    let length = 0
    for await (const part of normalizer.record(recordId, bytes, inlineErrors)) {
      pieces.push(part.bytes)
      length += part.bytes.length
      if (part.rejected.count > 0) {
        if (inlineErrors) {
          const lines = inlineRecords(part.rejected.bytes)
          pieces.push(lines)
          length += lines.length
        } else if (!normalizer.takesRejected) return failed
      }
      if (base64Length(length) > room) return failed
    }
    if (length === 0) return { recordId, result: 'Dropped' }
    return { recordId, result: 'Ok', data: base64(joined(pieces)) }
  }
  return async ({ records }) => {
    let room = ANSWER_BYTES - REST_BYTES
    for (const { recordId } of records) room -= jsonLength(recordId) + RECORD_BYTES
    const results: FirehoseResult[] = []
    for (const { recordId, data } of records) {
      let result: FirehoseResult
      try {
        result = await transform(recordId, data, room)
      } catch (error) {
        console.error(`sluice: record ${recordId} failed:`, error)
        result = { recordId, result: 'ProcessingFailed' }
      }
      room -= result.data?.length ?? 0
      results.push(result)
    }
    return { records: results }
  }
}

function base64Length(bytes: number): number {
  return Math.ceil(bytes / 3) * 4
}

function jsonLength(text: string): number {
  return new TextEncoder().encode(JSON.stringify(text)).length
}

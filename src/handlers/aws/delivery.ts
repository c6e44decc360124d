import type { CompiledRules } from '../../batches/compiled-rules.ts'
import type { RejectedRecords } from '../../batches/rejected-records.ts'
import type { InputOptions } from '../../formats/input-options.ts'
import { inputSettings } from '../../formats/input-options.ts'
import { PORTABLE_CODING } from '../../json/text-coding.ts'
import { joined } from '../bytes.ts'
import type { NormalizedPart, Payload } from '../processors.ts'
import { Processors } from '../processors.ts'
import type { LogEventForm } from './payload.ts'
import { contentsOf, fromBase64 } from './payload.ts'

/** Output that goes to a sink together. */
export interface SinkBatch {
  /** JSON lines. */
  readonly bytes: Uint8Array
  /** Number of lines. */
  readonly written: number
  /** The records or objects that they come from, by their ids, in their order. */
  readonly sources: readonly string[]
}

/** Options of all handlers of AWS. */
export interface RecordHandlerOptions extends InputOptions {
  /** A rule set that `compileRules` has compiled, or a module that `normalize compile` has written. */
  readonly rules: CompiledRules
  /**
   * Takes rejected events, as JSON lines; waited for. Events that cannot be read or normalized would not be better the next time, so
   * a record is not sent again for them. A fault of it is a fault of the record. Default: see each handler.
   */
  readonly onRejected?: ((rejected: RejectedRecords) => void | Promise<void>) | undefined
  /**
   * A log event in a message of CloudWatch Logs becomes the event `{id, timestamp, message, owner, logGroup, logStream}`, or its
   * message is the text of an event. Default: `event`; with the input format `text`: `message`.
   */
  readonly logEvents?: LogEventForm | undefined
  /** Bytes of a record when it is unpacked; a longer one is left packed, and rejected. Default: 67,108,864 (64 MiB). */
  readonly maxRecordBytes?: number | undefined
}

/** Options of the handlers that write to a sink. */
export interface SinkHandlerOptions extends RecordHandlerOptions {
  /**
   * Takes output, and is waited for. When its promise is rejected, the records that the output comes from have failed. Records
   * that failed come again, as a whole: what a sink took of them before, it gets twice.
   */
  readonly sink: (batch: SinkBatch) => void | Promise<void>
  /** The output of several records goes to the sink when it has so many bytes, and at the end. Default: 1,048,576 (1 MiB). */
  readonly sinkBytes?: number | undefined
  /** Told of each failure, with the ids of the records. Default: `console.error`. */
  readonly onFailure?: ((error: unknown, sources: readonly string[]) => void) | undefined
}

/** The answer of a function that reports failures of single records. */
export interface BatchResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[]
}

const MAX_RECORD_BYTES = 64 * 1024 * 1024
const SINK_BYTES = 1024 * 1024

/** The options that say how the input is read. */
export function inputOf({
  rules: _rules,
  onRejected: _onRejected,
  logEvents: _logEvents,
  maxRecordBytes: _maxRecordBytes,
  sink: _sink,
  sinkBytes: _sinkBytes,
  onFailure: _onFailure,
  ...input
}: SinkHandlerOptions) {
  return input
}

/** Normalizes the contents of records. */
export class RecordNormalizer {
  readonly #processors: Processors
  readonly #input: InputOptions
  readonly #onRejected: RecordHandlerOptions['onRejected']
  readonly #contents: { readonly maxBytes: number; readonly form: LogEventForm | undefined }

  /** @throws {TypeError} when an option is not acceptable */
  constructor(options: RecordHandlerOptions, input: InputOptions) {
    const { rules, onRejected, logEvents, maxRecordBytes = MAX_RECORD_BYTES } = options
    inputSettings(input)
    if (!(maxRecordBytes > 0)) throw new TypeError(`maxRecordBytes has to be above 0, not ${maxRecordBytes}`)
    if (logEvents !== undefined && logEvents !== 'event' && logEvents !== 'message') {
      throw new TypeError(`logEvents has to be 'event' or 'message', not ${JSON.stringify(logEvents)}`)
    }
    this.#processors = new Processors(rules, PORTABLE_CODING)
    // A pattern that cannot be used is a fault of the options, not of every record.
    this.#processors.prepare(input)
    this.#input = input
    this.#onRejected = onRejected
    this.#contents = { maxBytes: maxRecordBytes, form: logEvents }
  }

  get takesRejected(): boolean {
    return this.#onRejected !== undefined
  }

  /** @yields output; rejected events were taken by then @throws what reading, or taking rejected events, failed with */
  async *normalize(source: string, payload: Payload, isInOrder = false): AsyncGenerator<NormalizedPart> {
    for await (const part of this.#processors.normalize(payload, {
      source,
      input: this.#input,
      isInOrder,
    })) {
      if (part.rejected.count > 0 && !isInOrder) await this.#onRejected?.(part.rejected)
      yield part
    }
  }

  /** The same for a record of bytes, which may be packed, or be a message of CloudWatch Logs. */
  async *record(source: string, bytes: Uint8Array, isInOrder = false): AsyncGenerator<NormalizedPart> {
    const contents = await contentsOf(bytes, this.#input, this.#contents)
    if (contents !== 'control') yield* this.normalize(source, contents, isInOrder)
  }

  /** The same for the base64 of one. What is no base64 is taken for the event itself, and is rejected as one. */
  base64(source: string, data: string, isInOrder = false): AsyncGenerator<NormalizedPart> {
    return this.record(source, fromBase64(data) ?? new TextEncoder().encode(data), isInOrder)
  }
}

/** A record, or an object, on its way to the sink. */
export interface Item {
  /** Told to the sink, and in records of rejected events. */
  readonly source: string
  /** Makes its output. */
  parts(): AsyncIterable<NormalizedPart>
}

/**
 * Brings the output of items to the sink, in their order.
 *
 * @param stopsAtFailure nothing is begun behind a failure. Default: false
 * @returns the items that failed, in their order; those that were not begun are none of them
 */
export async function deliver(
  items: Iterable<Item>,
  options: SinkHandlerOptions,
  stopsAtFailure = false,
): Promise<Item[]> {
  const { sink, sinkBytes = SINK_BYTES, onFailure = reportFailure } = options
  const failed = new Set<Item>()
  let held: NormalizedPart[] = []
  let size = 0
  /** The items of which something is held, or, of the last one, may still come. */
  let holding: Item[] = []
  const flush = async (): Promise<void> => {
    const batch = held
    const of = holding
    held = []
    size = 0
    holding = []
    if (batch.length === 0) return
    const sources = of.map(({ source }) => source)
    const bytes = joined(batch.map((part) => part.bytes))
    const written = batch.reduce((sum, part) => sum + part.written, 0)
    try {
      await sink({ bytes, written, sources })
    } catch (error) {
      for (const item of of) failed.add(item)
      onFailure(error, sources)
    }
  }
  const inOrder: Item[] = []
  for (const item of items) {
    inOrder.push(item)
    let mark = held.length
    let isHeld = false
    try {
      for await (const part of item.parts()) {
        if (part.written === 0) continue
        if (!isHeld) holding.push(item)
        isHeld = true
        held.push(part)
        size += part.bytes.length
        if (size < sinkBytes) continue
        await flush()
        mark = 0
        isHeld = false
        if (failed.has(item)) break
      }
    } catch (error) {
      failed.add(item)
      held.length = mark
      if (isHeld) holding.pop()
      size = held.reduce((sum, part) => sum + part.bytes.length, 0)
      onFailure(error, [item.source])
    }
    if (stopsAtFailure && failed.size > 0) break
  }
  await flush()
  return inOrder.filter((item) => failed.has(item))
}

function reportFailure(error: unknown, sources: readonly string[]): void {
  console.error(`sluice: ${sources.length} records failed, ${sources[0]} first:`, error)
}

/** Outputs of the rules to JSON lines. */
import type { Batch, BatchNotes, OutputEvent, RejectedEvent } from '../event.ts'
import { inOrder, rejectedEvent, rejectedRecord } from '../event.ts'
import { HAND_ON_RECORD_BYTES } from '../formats/limits.ts'
import type { TextCoding } from '../json/text-coding.ts'
import { PORTABLE_CODING } from '../json/text-coding.ts'
import { outputText } from '../rules/apply/output-text.ts'
import type { LinePlaces } from '../rules/fast/written-places.ts'
import type { RejectedRecords, RejectedSink } from './rejected-records.ts'
import { RecordWriter } from './rejected-records.ts'

export interface SerializedBatch {
  /** JSON lines, many in one string. */
  readonly texts: readonly string[]
  /** Number of lines. */
  readonly written: number
  readonly rejected: readonly RejectedEvent[]
}

/** Events of a chunk that have been written already; under `onError: 'fail'` nothing follows the first rejected one. */
export interface WrittenBatch {
  readonly source: string
  /** JSON lines. */
  readonly bytes: Uint8Array
  /** Number of lines. */
  readonly written: number
  readonly rejected: RejectedRecords
  readonly notes?: BatchNotes | undefined
  /** Where values that are looked up stand in the lines. Default: that is not known. */
  readonly places?: LinePlaces | undefined
}

/** Lines are joined to strings of about this many characters: one string of a whole batch might be too long for V8. */
export const JOINED_LENGTH = 1 << 20

/**
 * Writes outputs as JSON lines. An output that cannot be written is rejected.
 *
 * @param stopAtRejected leave out everything after the first rejected event. Default: false
 */
export function serializeBatch(batch: Batch<OutputEvent>, stopAtRejected = false): SerializedBatch {
  const texts: string[] = []
  const rejected: RejectedEvent[] = []
  let written = 0
  const records = { add: (event: RejectedEvent) => void rejected.push(event), length: 0 }
  for (const part of joinedLines(batch, records, stopAtRejected)) {
    if (part.text !== '') texts.push(part.text)
    written += part.written
  }
  return { texts, written, rejected }
}

/**
 * Writes outputs as JSON lines, and records of what is rejected, in as many parts as it takes to have little in memory.
 *
 * @param stopAtRejected leave out everything after the first rejected event
 * @param coding how text becomes bytes. Default: as it is done everywhere
 * @param isInOrder each rejected event ends a part: the outputs of a part are of events before it. Default: false
 */
export function* serializeInParts(
  { notes, ...batch }: Batch<OutputEvent>,
  stopAtRejected: boolean,
  coding: TextCoding = PORTABLE_CODING,
  isInOrder = false,
): Iterable<WrittenBatch> {
  const { source } = batch
  const records = new RecordWriter(source, coding)
  let untold = notes
  for (const { text, written } of joinedLines(batch, records, stopAtRejected, isInOrder)) {
    yield { source, bytes: bytesOf(text, coding), written, rejected: records.take(), notes: untold }
    untold = undefined
  }
  if (untold !== undefined) {
    yield { source, bytes: new Uint8Array(), written: 0, rejected: records.take(), notes: untold }
  }
}

/** The records of the errors output, many in one string. */
export function serializeRejected(source: string, rejected: readonly RejectedEvent[]): readonly string[] {
  const texts: string[] = []
  let text = ''
  for (const event of rejected) {
    const record = rejectedRecord(source, event)
    // Of a line that is long itself, and those before it, no one string can be made.
    if (text !== '' && text.length + record.length >= JOINED_LENGTH) {
      texts.push(text)
      text = ''
    }
    text += `${record}\n`
  }
  if (text !== '') texts.push(text)
  return texts
}

/**
 * Joins the lines of outputs to strings of about `JOINED_LENGTH`; a longer line has one for itself.
 *
 * @param records is told of rejected events; a part ends when it holds many
 * @param isInOrder a part ends behind each of them. Default: false
 */
function* joinedLines(
  batch: Batch<OutputEvent>,
  records: RejectedSink,
  stopAtRejected: boolean,
  isInOrder = false,
): Iterable<{ readonly text: string; readonly written: number }> {
  let text = ''
  let written = 0
  let hasRecords = false
  const takePart = () => {
    const part = { text, written }
    text = ''
    written = 0
    hasRecords = false
    return part
  }
  for (const event of inOrder(batch)) {
    const line = 'output' in event ? outputText(event) : undefined
    if (typeof line === 'string') {
      // Of a line that is long itself, and those before it, no one string can be made.
      if (line.length >= JOINED_LENGTH && written > 0) yield takePart()
      text += `${line}\n`
      written++
    } else {
      records.add('output' in event ? rejectedEvent(event, line!) : event)
      hasRecords = true
      if (stopAtRejected) break
    }
    const endsPart = text.length >= JOINED_LENGTH || records.length >= HAND_ON_RECORD_BYTES
    if (endsPart || (isInOrder && hasRecords)) yield takePart()
  }
  if (written > 0 || hasRecords) yield takePart()
}

function bytesOf(text: string, coding: TextCoding): Uint8Array {
  const bytes = coding.allocate(coding.byteLength(text))
  coding.write(text, bytes, 0)
  return bytes
}

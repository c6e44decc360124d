import type { RejectionCode } from './errors.ts'
import type { Dict, JsonObject, NumberTexts } from './expression/value.ts'
import { base64 } from './json/text-coding.ts'

/** Why one event was rejected: `rule` is the output field, or `tap`; absent where no rule was at fault. */
export interface Rejection {
  readonly code: RejectionCode
  readonly message: string
  readonly rule?: string
  /** The name of the rule set, where there are several. */
  readonly rules?: string
}

/** Which event of its source this is. */
export interface EventPlace {
  /** Physical line on which it begins, counted from 1, blank lines counted. */
  readonly line: number
  /** Place among the events of its source, rejected ones included, counted from 0. */
  readonly ordinal: number
}

/** The text of one event, not parsed yet. */
export interface EventText extends EventPlace {
  /** As it stands in the input, without the line end. */
  readonly text: string
  /** Of a record of CSV: the names of its fields. */
  readonly columns?: readonly string[]
  /** It has U+FFFD in the place of bytes that do not fit the encoding. */
  readonly isReplaced?: true
}

/** An event as it was read. */
export interface InputEvent extends EventText {
  readonly data: JsonObject | Dict
  /** `data` may hold what JSON.parse never makes: bigints, Dicts. */
  readonly exact: boolean
  /** The texts of numbers that we would write in another way. */
  readonly numbers: NumberTexts | undefined
}

/** The output that the rules made of an event. */
export interface OutputEvent extends EventText {
  readonly output: JsonObject
  /** JSON.stringify writes `output` as it should be written. */
  readonly plain: boolean
  readonly numbers: NumberTexts | undefined
  /** The name of the rule set, where there are several. */
  readonly rules?: string | undefined
}

/** An event that is taken out of the stream and goes to the errors output. */
export interface RejectedEvent extends EventPlace {
  readonly rejection: Rejection
  /** The input text; the bytes where these are not UTF-8. */
  readonly raw: string | Uint8Array
  /** `raw` need not be all of it. Always set with LINE_TOO_LONG. */
  readonly truncated?: boolean
}

/** Notes that travel with a batch beside its events. It is counted when the batch leaves the pipeline. */
export interface BatchNotes {
  /** The number of outputs that the rules left a field out of, by output field. */
  readonly leftOut?: ReadonlyMap<string, number>
  /** Events that were dropped. Default: 0. */
  readonly dropped?: number
  /** Where there are several rule sets: the notes of each by its name, with the number of its events. */
  readonly sets?: ReadonlyMap<string, BatchNotes>
  readonly events?: number
  /** The number of events that were read with U+FFFD in the place of bytes that do not fit the encoding. */
  readonly replaced?: number
  readonly fields?: FieldNotes
}

/** Which fields of the events the rules have met. */
export interface FieldNotes {
  /** Events of this batch at which they were looked for. */
  readonly events: number
  /** Fields, as rules write them, that an event of this batch or of one before it had. */
  readonly seen: readonly string[]
  /** Fields that none of them had. */
  readonly unseen: readonly string[]
}

/**
 * The thing that travels between the stages: the events of one chunk of input, so that a stage is entered once per chunk and
 * not once per event. Both lists are in the order of the input.
 */
export interface Batch<E> {
  /** Name of the input, as rejected records give it: a file name, `-` for stdin. */
  readonly source: string
  readonly events: readonly E[]
  readonly rejected: readonly RejectedEvent[]
  readonly notes?: BatchNotes | undefined
}

/** `raw` of an event that was too long to be read has at most this many bytes. 64 KiB. */
export const MAX_RAW_BYTES = 65536

/** Notes with a number of events that were read with U+FFFD in them. */
export function withReplaced(notes: BatchNotes | undefined, replaced: number): BatchNotes | undefined {
  return replaced === 0 ? notes : { ...notes, replaced }
}

/** Two lists of rejected events as one, in the order of the input. */
export function mergeRejected(
  earlier: readonly RejectedEvent[],
  later: readonly RejectedEvent[],
): readonly RejectedEvent[] {
  if (later.length === 0) return earlier
  return [...earlier, ...later].sort((a, b) => a.ordinal - b.ordinal)
}

/** The events of a batch and those of them that were rejected before, in the order of the input. */
export function* inOrder<E extends EventPlace>({
  events,
  rejected,
}: Pick<Batch<E>, 'events' | 'rejected'>): Iterable<E | RejectedEvent> {
  let next = 0
  for (const event of events) {
    for (; (rejected[next]?.ordinal ?? event.ordinal) < event.ordinal; next++) yield rejected[next]!
    yield event
  }
  for (; next < rejected.length; next++) yield rejected[next]!
}

/** An event that is rejected, with its text. */
export function rejectedEvent(
  { line, ordinal, text, rules }: EventText & { readonly rules?: string | undefined },
  rejection: Rejection,
): RejectedEvent {
  if (rules === undefined || rejection.rules !== undefined) return { line, ordinal, rejection, raw: text }
  return { line, ordinal, rejection: { ...rejection, rules }, raw: text }
}

/** The record of the errors output for one rejected event: a JSON object, without the line end. */
export function rejectedRecord(source: string, event: RejectedEvent): string {
  const { line, raw, rejection, truncated } = event
  const { code, message, rule, rules } = rejection
  const text = typeof raw === 'string' ? { raw } : { raw_base64: base64(raw) }
  const record = {
    line,
    source,
    rules,
    rule,
    code,
    message,
    ...text,
    raw_truncated: truncated ? true : undefined,
  }
  return JSON.stringify(record)
}

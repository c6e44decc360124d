/**
 * Records of rejected events, written as bytes when an event is rejected: hostile input rejects by the million, and an
 * object for each weighs ten times as much as its record. The text is that of `rejectedRecord`.
 */
import type { RejectionCode } from '../errors.ts'
import type { RejectedEvent, Rejection } from '../event.ts'
import type { TextCoding } from '../json/text-coding.ts'
import { base64, PORTABLE_CODING } from '../json/text-coding.ts'
import { ByteWriter } from '../json/write.ts'

export type CodeCounts = Readonly<Partial<Record<RejectionCode, number>>>

/** Number of rejected events. */
export interface RejectedCounts {
  readonly count: number
  readonly byCode: CodeCounts
  /** Those that a rule is at fault for, by its name. */
  readonly byRule: ReadonlyMap<string, number>
  /** Where there are several rule sets: by the name of the one that took the event. Default: none. */
  readonly bySet?: ReadonlyMap<string, number>
}

/** Records, ready for the errors output. */
export interface RejectedRecords extends RejectedCounts {
  /** JSON lines. */
  readonly bytes: Uint8Array
}

/**
 * Records of a part of a source, made where nobody knows the source's name and how many lines were before. Each lacks its
 * beginning:
 *
 *     {"line":17,"source":"x.jsonl"   ,"code":"FIELD_MISSING","message":"...","raw":"..."}\n
 *     `-- put in front when known     `-- in `bytes`
 */
export interface UnplacedRecords extends RejectedCounts {
  readonly bytes: Uint8Array
  /** Of each record the line, counted from the beginning of the part. */
  readonly lines: Uint32Array
  /** Where each ends in `bytes`. */
  readonly ends: Float64Array
}

/** Somebody who is told of rejected events, in their order. */
export interface RejectedSink {
  add(event: RejectedEvent): void
  /** Bytes that are held. */
  readonly length: number
}

const NO_BYTES = new Uint8Array()

export const NO_RECORDS: RejectedRecords = Object.freeze({
  bytes: NO_BYTES,
  count: 0,
  byCode: Object.freeze({}),
  byRule: new Map(),
})

const LF = 0x0a
const ZERO = 0x30
const CLOSE_BRACE = 0x7d

/** Writes what follows after the source's name. */
class TailWriter {
  readonly writer: ByteWriter
  #count = 0
  #byCode: Partial<Record<RejectionCode, number>> = {}
  #byRule = new Map<string, number>()
  #bySet = new Map<string, number>()
  /** The last rejection, and once it came again its text: the same one often comes many times in a row. */
  #last: Rejection | undefined
  #lastText: Uint8Array | undefined

  constructor(writer: ByteWriter) {
    this.writer = writer
  }

  get count(): number {
    return this.#count
  }

  add({ rejection, raw, truncated }: RejectedEvent): void {
    const { writer } = this
    this.#write(rejection)
    if (typeof raw === 'string') {
      writer.literal(RAW)
      writer.string(raw)
    } else {
      writer.literal(RAW_BASE64)
      writer.text(base64(raw))
      writer.byte(0x22)
    }
    if (truncated === true) writer.literal(TRUNCATED)
    writer.byte(CLOSE_BRACE)
    writer.byte(LF)
    this.#count++
    const { code, rule, rules } = rejection
    this.#byCode[code] = (this.#byCode[code] ?? 0) + 1
    if (rules !== undefined) this.#bySet.set(rules, (this.#bySet.get(rules) ?? 0) + 1)
    if (rule === undefined) return
    const name = rules === undefined ? rule : `${rules}: ${rule}`
    this.#byRule.set(name, (this.#byRule.get(name) ?? 0) + 1)
  }

  takeCounts(): RejectedCounts {
    const counts = {
      count: this.#count,
      byCode: this.#byCode,
      byRule: this.#byRule,
      ...(this.#bySet.size > 0 && { bySet: this.#bySet }),
    }
    this.#count = 0
    this.#byCode = {}
    this.#byRule = new Map()
    this.#bySet = new Map()
    return counts
  }

  /** `,"rules":"a","rule":"b","code":"C","message":"d"` */
  #write(rejection: Rejection): void {
    const { writer } = this
    const { rules, rule, code, message } = rejection
    if (this.#isLast(rejection)) {
      this.#lastText ??= bytesOf(`,${JSON.stringify({ rules, rule, code, message }).slice(1, -1)}`)
      writer.literal(this.#lastText)
      return
    }
    this.#last = rejection
    this.#lastText = undefined
    writeMember(writer, RULES, rules)
    writeMember(writer, RULE, rule)
    writeMember(writer, CODE, code)
    writeMember(writer, MESSAGE, message)
  }

  #isLast(rejection: Rejection): boolean {
    const last = this.#last
    if (last === rejection) return true
    return (
      last !== undefined &&
      last.code === rejection.code &&
      last.rule === rejection.rule &&
      last.rules === rejection.rules &&
      last.message === rejection.message
    )
  }
}

function writeMember(writer: ByteWriter, name: Uint8Array, text: string | undefined): void {
  if (text === undefined) return
  writer.literal(name)
  writer.string(text)
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

const RULES = bytesOf(',"rules":')
const RULE = bytesOf(',"rule":')
const CODE = bytesOf(',"code":')
const MESSAGE = bytesOf(',"message":')
const RAW = bytesOf(',"raw":')
const RAW_BASE64 = bytesOf(',"raw_base64":"')
const TRUNCATED = bytesOf(',"raw_truncated":true')
const LINE = bytesOf('{"line":')

/** Collects the records of one source. */
export class RecordWriter implements RejectedSink {
  readonly #writer: ByteWriter
  readonly #tails: TailWriter
  readonly #source: Uint8Array

  constructor(source: string, coding = PORTABLE_CODING) {
    this.#writer = new ByteWriter(coding)
    this.#tails = new TailWriter(this.#writer)
    this.#source = sourceText(source)
  }

  get length(): number {
    return this.#writer.length
  }

  add(event: RejectedEvent): void {
    addHead(this.#writer, event.line, this.#source)
    this.#tails.add(event)
  }

  /** The records that were collected since the last call. */
  take(): RejectedRecords {
    if (this.#tails.count === 0) return NO_RECORDS
    return { bytes: this.#writer.take(), ...this.#tails.takeCounts() }
  }
}

/** Collects records of a part of a source, whose place in it is not known. */
export class UnplacedRecordWriter implements RejectedSink {
  readonly #writer: ByteWriter
  readonly #tails: TailWriter
  #lines: number[] = []
  #ends: number[] = []

  constructor(coding = PORTABLE_CODING) {
    this.#writer = new ByteWriter(coding)
    this.#tails = new TailWriter(this.#writer)
  }

  /** Bytes that are held, with those that say where the records are. */
  get length(): number {
    return this.#writer.length + this.#lines.length * BYTES_OF_PLACE
  }

  add(event: RejectedEvent): void {
    this.#tails.add(event)
    this.#lines.push(event.line)
    this.#ends.push(this.#writer.length)
  }

  /** The records that were collected since the last call, in buffers of its own. */
  take(): UnplacedRecords {
    const records = {
      bytes: this.#writer.takeCopy(),
      lines: Uint32Array.from(this.#lines),
      ends: Float64Array.from(this.#ends),
      ...this.#tails.takeCounts(),
    }
    this.#lines = []
    this.#ends = []
    return records
  }
}

const BYTES_OF_PLACE = Uint32Array.BYTES_PER_ELEMENT + Float64Array.BYTES_PER_ELEMENT

/** Bytes that such records take. */
export function unplacedSize({ bytes, count }: UnplacedRecords): number {
  return bytes.length + count * BYTES_OF_PLACE
}

/**
 * Gives records their place.
 *
 * @param source name of the input
 * @param linesBefore lines of the input before the part that the records are of
 */
export function placeRecords(
  records: UnplacedRecords,
  source: string,
  linesBefore: number,
  coding: TextCoding = PORTABLE_CODING,
): RejectedRecords {
  const { bytes, lines, ends, ...counts } = records
  const { count } = counts
  if (count === 0) return NO_RECORDS
  const name = sourceText(source)
  const longestHead = LINE.length + digitsOf(linesBefore + lines[count - 1]!) + name.length
  const placed = coding.allocate(bytes.length + count * longestHead)
  let length = 0
  let start = 0
  for (let index = 0; index < count; index++) {
    placed.set(LINE, length)
    length += LINE.length
    // Without a text for each number: this is the only thread that sees all records, and its memory is everybody's.
    let rest = linesBefore + lines[index]!
    const digits = digitsOf(rest)
    for (let digit = length + digits - 1; digit >= length; digit--) {
      placed[digit] = ZERO + (rest % 10)
      rest = Math.floor(rest / 10)
    }
    length += digits
    placed.set(name, length)
    length += name.length
    const end = ends[index]!
    placed.set(bytes.subarray(start, end), length)
    length += end - start
    start = end
  }
  return { bytes: placed.subarray(0, length), ...counts }
}

function digitsOf(line: number): number {
  let digits = 1
  for (let power = 10; power <= line; power *= 10) digits++
  return digits
}

function sourceText(source: string): Uint8Array {
  return bytesOf(`,"source":${JSON.stringify(source)}`)
}

function addHead(writer: ByteWriter, line: number, source: Uint8Array): void {
  writer.literal(LINE)
  writer.ascii(String(line))
  writer.literal(source)
}

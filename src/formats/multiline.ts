import type { EventText, RejectedEvent } from '../event.ts'
import type { TextCoding } from '../json/text-coding.ts'
import { PORTABLE_CODING } from '../json/text-coding.ts'
import { CutTexts } from './cut-texts.ts'
import type { LineSink } from './lines.ts'
import { LineReader } from './lines.ts'
import type { InvalidBytes } from './raw-text.ts'
import { notUtf8, replaced } from './raw-text.ts'
import type { EventTexts, Splitter } from './splitter.ts'

/** An event has so many lines at most, where nothing else is said. */
export const DEFAULT_EVENT_LINES = 500

export interface MultilineOptions {
  /** True for a line that begins an event. */
  readonly begins: (line: string) => boolean
  /** Lines of an event at most. Default: 500. */
  readonly maxLines?: number | undefined
  /** Bytes of an event at most, with the LF between its lines. Default: the longest line. */
  readonly maxBytes?: number | undefined
  /** Default: events that are not UTF-8 are rejected. */
  readonly invalid?: InvalidBytes
}

/**
 * Cuts text into events of several lines. A line that begins no event belongs to the one before it, be it empty; the first line begins one in
 * any case. An event ends before the next line that begins one, with the last line that it may have, or before the line that would make it too
 * long; what is left of it is an event of its own. Its text is its lines with LF between them. It is held until its end is seen; `flush` ends
 * it when nothing more has come for a while.
 *
 *     2024-03-17 ERROR failed LF   at Main.run LF   caused by: ... LF 2024-03-17 INFO ...
 *     begins: ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ begins
 *
 * A line of more than `maxLineBytes` is rejected by itself (LINE_TOO_LONG), and ends the event before it.
 */
export class MultilineSplitter implements Splitter, LineSink {
  readonly #reader: LineReader
  readonly #coding: TextCoding
  readonly #begins: (line: string) => boolean
  readonly #maxLines: number
  readonly #maxBytes: number
  readonly #invalid: InvalidBytes
  /** The lines of the event that is held. */
  #lines: string[] = []
  /** Where it begins. */
  #line = 0
  #bytes = 0
  /** By index, those of its lines that are not UTF-8, as they are. */
  #invalidLines = new Map<number, Uint8Array>()
  /** The bytes of the line that comes next, if they are not UTF-8. */
  #invalidLine: Uint8Array | undefined
  #ordinal = 0
  readonly #texts = new CutTexts()

  /** @param coding how bytes become text. Default: as it is done everywhere */
  constructor(
    maxLineBytes: number,
    coding = PORTABLE_CODING,
    { begins, maxLines = DEFAULT_EVENT_LINES, maxBytes = maxLineBytes, invalid = notUtf8 }: MultilineOptions,
  ) {
    this.#coding = coding
    this.#begins = begins
    this.#maxLines = maxLines
    this.#maxBytes = maxBytes
    this.#invalid = invalid
    this.#reader = new LineReader(maxLineBytes, this, true, coding, {
      keepsBlank: true,
      invalid: (line, ordinal, bytes) => {
        this.#invalidLine = new Uint8Array(bytes)
        return replaced(line, ordinal, bytes)
      },
    })
  }

  push(chunk: Uint8Array): EventTexts {
    this.#reader.push(chunk)
    return this.#texts.take()
  }

  end(): EventTexts {
    this.#reader.end()
    return this.flush()
  }

  /** Ends the event that is held. A line of which only the beginning has come is none of its. */
  flush(): EventTexts {
    this.#complete()
    return this.#texts.take()
  }

  get holdsEvent(): boolean {
    return this.#lines.length > 0
  }

  take(): number {
    return -1
  }

  event({ line, text }: EventText): void {
    const invalid = this.#invalidLine
    this.#invalidLine = undefined
    const bytes = invalid?.length ?? this.#coding.byteLength(text)
    if (this.#bytes + bytes > this.#maxBytes || this.#begins(text)) this.#complete()
    if (this.#lines.length === 0) this.#line = line
    if (invalid !== undefined) this.#invalidLines.set(this.#lines.length, invalid)
    this.#lines.push(text)
    this.#bytes += bytes + 1
    if (this.#lines.length >= this.#maxLines) this.#complete()
  }

  reject(event: RejectedEvent): void {
    this.#complete()
    this.#texts.reject({ ...event, ordinal: this.#ordinal++ })
  }

  #complete(): void {
    const lines = this.#lines
    if (lines.length === 0) return
    const [line, ordinal] = [this.#line, this.#ordinal++]
    const event =
      this.#invalidLines.size > 0
        ? this.#invalid(line, ordinal, this.#joined())
        : { line, ordinal, text: lines.length === 1 ? lines[0]! : lines.join('\n') }
    if ('text' in event) this.#texts.event(event)
    else this.#texts.reject(event)
    this.#lines = []
    this.#bytes = 0
    this.#invalidLines.clear()
  }

  /** The bytes of an event that is not UTF-8. */
  #joined(): Uint8Array {
    const joined = new Uint8Array(this.#bytes - 1)
    let length = 0
    for (const [index, text] of this.#lines.entries()) {
      if (index > 0) joined[length++] = LF
      const invalid = this.#invalidLines.get(index)
      if (invalid === undefined) {
        length += this.#coding.write(text, joined, length)
      } else {
        joined.set(invalid, length)
        length += invalid.length
      }
    }
    return joined
  }
}

const LF = 0x0a

/** The formats of the input, in a table: a new one is an entry here. */

import { CsvSplitter } from '../formats/csv.ts'
import type { InputFormat, InputSettings } from '../formats/input-options.ts'
import type { LineOptions } from '../formats/lines.ts'
import { LineSplitter } from '../formats/lines.ts'
import { MultilineSplitter } from '../formats/multiline.ts'
import type { InvalidBytes } from '../formats/raw-text.ts'
import { misfit, notUtf8, replaced } from '../formats/raw-text.ts'
import type { Splitter } from '../formats/splitter.ts'
import { Transcoder, TranscodingSplitter } from '../formats/transcoder.ts'
import { ValueSplitter } from '../formats/values.ts'
import type { TextCoding } from '../json/text-coding.ts'
import type { EventReader } from '../rules/apply/parse-event.ts'
import { EventParser } from '../rules/apply/parse-event.ts'
import { CsvReader } from './csv-reader.ts'
import { TextReader } from './text-reader.ts'

/**
 * Makes the test of a pattern of `multiline` (batches/multiline-pattern.ts has it): engines of patterns are large, and whoever reads no such
 * events does without.
 *
 * @throws {TypeError} when the pattern cannot be used
 */
export type LineTest = (pattern: string) => (line: string) => boolean

/** The settings, and what is made of bytes that do not fit the encoding. */
interface FormatSettings extends InputSettings {
  readonly invalid: InvalidBytes
  readonly lineTest: LineTest
}

/** A format whose events are lines, or are skipped: whoever has complete lines can read them without those before them. */
interface LineFormat {
  lines(settings: FormatSettings): LineOptions
  /** Lines are JSON, so that the fast path can read their bytes. */
  readonly hasJsonLines: boolean
  createReader(settings: FormatSettings): EventReader
}

/** A format in which the end of an event depends on all that is before it. */
interface StreamFormat {
  createSplitter(settings: FormatSettings, coding: TextCoding): Splitter
  createReader(settings: FormatSettings): EventReader
}

type Format = LineFormat | StreamFormat

/** The two halves of a format: bytes to the texts of events, and such a text to the values that rules work on. */
const FORMATS: Readonly<Record<InputFormat, Format>> = {
  jsonl: {
    lines: ({ invalid }) => ({ keepsBlank: false, invalid }),
    hasJsonLines: true,
    createReader: () => new EventParser(),
  },
  json: {
    createSplitter: (settings, coding) => new ValueSplitter(settings.maxLineBytes, coding, settings),
    createReader: () => new EventParser(),
  },
  text: {
    lines: ({ invalid }) => ({ keepsBlank: true, invalid }),
    hasJsonLines: false,
    createReader: () => new TextReader(),
  },
  csv: {
    createSplitter: (settings, coding) => new CsvSplitter(settings.maxLineBytes, coding, settings),
    createReader: ({ delimiter }) => new CsvReader(delimiter),
  },
}

/** Text whose events may have several lines. */
const MULTILINE: StreamFormat = {
  createSplitter: ({ multiline = '', lineTest, ...settings }, coding) =>
    new MultilineSplitter(settings.maxLineBytes, coding, {
      begins: lineTest(multiline),
      maxLines: settings.multilineMaxLines,
      maxBytes: settings.multilineMaxBytes,
      invalid: settings.invalid,
    }),
  createReader: () => new TextReader(),
}

function noPatterns(): never {
  throw new TypeError('multiline needs the engines of patterns, which are not here')
}

/** A format with its settings. */
export class EventFormat {
  /** Events are lines, which are read so; undefined: they are not. */
  readonly lines: LineOptions | undefined
  /** Lines are JSON, so that the fast path can read their bytes. */
  readonly hasJsonLines: boolean
  readonly #format: Format
  readonly #settings: FormatSettings

  /** @param lineTest makes the test of `multiline`. Default: that is refused */
  constructor(settings: InputSettings, lineTest: LineTest = noPatterns) {
    this.#format = settings.multiline === undefined ? FORMATS[settings.inputFormat] : MULTILINE
    this.#settings = { ...settings, invalid: invalidBytes(settings), lineTest }
    const isByLine = 'lines' in this.#format
    this.lines = isByLine ? (this.#format as LineFormat).lines(this.#settings) : undefined
    this.hasJsonLines = isByLine && (this.#format as LineFormat).hasJsonLines
  }

  /** Makes UTF-8 of the bytes of sources, one after the other; undefined: they are UTF-8. */
  createTranscoder(): Transcoder | undefined {
    const { encoding } = this.#settings
    return encoding === undefined ? undefined : new Transcoder(encoding)
  }

  /**
   * A splitter for the bytes of one source.
   *
   * @throws {TypeError} when a pattern cannot be used
   */
  createSplitter(coding: TextCoding): Splitter {
    const splitter = this.createUtf8Splitter(coding)
    const transcoder = this.createTranscoder()
    return transcoder === undefined ? splitter : new TranscodingSplitter(transcoder, splitter)
  }

  /** Makes values of texts, for any number of sources. */
  createReader(): EventReader {
    return this.#format.createReader(this.#settings)
  }

  /**
   * A splitter for bytes that are UTF-8 already, of one source.
   *
   * @throws {TypeError} when a pattern cannot be used
   */
  createUtf8Splitter(coding: TextCoding): Splitter {
    const format = this.#format
    if ('createSplitter' in format) return format.createSplitter(this.#settings, coding)
    return new LineSplitter(this.#settings.maxLineBytes, coding, this.lines)
  }
}

function invalidBytes({ invalidUtf8, encoding }: InputSettings): InvalidBytes {
  if (invalidUtf8 === 'replace') return replaced
  return encoding === undefined ? notUtf8 : misfit(encoding)
}

/** The formats of the input, in a table: a new one is an entry here. */
import { CsvSplitter } from '../formats/csv.ts'
import type { InputFormat, InputSettings } from '../formats/input-options.ts'
import type { LineOptions } from '../formats/lines.ts'
import { LineSplitter } from '../formats/lines.ts'
import type { Splitter } from '../formats/splitter.ts'
import { ValueSplitter } from '../formats/values.ts'
import type { TextCoding } from '../json/text-coding.ts'
import type { EventReader } from '../rules/apply/parse-event.ts'
import { EventParser } from '../rules/apply/parse-event.ts'
import { CsvReader } from './csv-reader.ts'
import type { Cutter } from './cutter.ts'
import { EventCutter } from './event-cutter.ts'
import { LineCutter } from './line-cutter.ts'
import { TextReader } from './text-reader.ts'

/** The two halves of a format: bytes to the texts of events, and such a text to the values that rules work on. */
interface Format {
  /**
   * Each line is an event, or is skipped: whoever has complete lines can read them without those before them. Undefined: where
   * an event ends depends on all that is before it.
   */
  readonly lines?: LineOptions
  /** Lines are JSON, so that the fast path can read their bytes. Default: false. */
  readonly hasJsonLines?: boolean
  createSplitter(settings: InputSettings, coding: TextCoding): Splitter
  createReader(settings: InputSettings): EventReader
}

const SKIPS_BLANK: LineOptions = { keepsBlank: false }
const KEEPS_BLANK: LineOptions = { keepsBlank: true }

const FORMATS: Readonly<Record<InputFormat, Format>> = {
  jsonl: {
    lines: SKIPS_BLANK,
    hasJsonLines: true,
    createSplitter: ({ maxLineBytes }, coding) => new LineSplitter(maxLineBytes, coding, SKIPS_BLANK),
    createReader: () => new EventParser(),
  },
  json: {
    createSplitter: ({ maxLineBytes, pick }, coding) => new ValueSplitter(maxLineBytes, coding, pick),
    createReader: () => new EventParser(),
  },
  text: {
    lines: KEEPS_BLANK,
    createSplitter: ({ maxLineBytes }, coding) => new LineSplitter(maxLineBytes, coding, KEEPS_BLANK),
    createReader: () => new TextReader(),
  },
  csv: {
    createSplitter: ({ maxLineBytes, ...options }, coding) => new CsvSplitter(maxLineBytes, coding, options),
    createReader: ({ delimiter }) => new CsvReader(delimiter),
  },
}

/** A format with its settings. */
export class EventFormat {
  /** See `Format`. */
  readonly lines: LineOptions | undefined
  readonly hasJsonLines: boolean
  readonly #format: Format
  readonly #settings: InputSettings

  constructor(settings: InputSettings) {
    this.#format = FORMATS[settings.inputFormat]
    this.#settings = settings
    this.lines = this.#format.lines
    this.hasJsonLines = this.#format.hasJsonLines ?? false
  }

  /** A splitter for one source. */
  createSplitter(coding: TextCoding): Splitter {
    return this.#format.createSplitter(this.#settings, coding)
  }

  /** Makes values of texts, for any number of sources. */
  createReader(): EventReader {
    return this.#format.createReader(this.#settings)
  }

  /**
   * A cutter for worker threads.
   *
   * @param blockBytes a block has about so many bytes
   */
  createCutter(blockBytes: number, coding: TextCoding): Cutter {
    return this.lines === undefined
      ? new EventCutter(() => this.createSplitter(coding), blockBytes)
      : new LineCutter(this.#settings.maxLineBytes, blockBytes, coding)
  }
}

import { DEFAULT_MAX_LINE_BYTES, MAX_LINE_LIMIT } from './limits.ts'

/**
 * `jsonl`: a JSON object a line. `json`: a document, a top-level array or values one after the other. `text`: a line is the
 * event `{"message": line}`.
 */
export type InputFormat = 'jsonl' | 'json' | 'text'

const FORMATS: readonly InputFormat[] = ['jsonl', 'json', 'text']

/** The form of the input. */
export interface InputOptions {
  /** Default: jsonl. */
  readonly inputFormat?: InputFormat | undefined
  /** Longer events are rejected (LINE_TOO_LONG). Default: 16 MiB. */
  readonly maxLineBytes?: number | undefined
}

/** {@link InputOptions} that are acceptable, with the defaults in their places. Plain data: threads are sent it. */
export interface InputSettings {
  readonly inputFormat: InputFormat
  readonly maxLineBytes: number
}

/** @throws {TypeError} when an option is not acceptable */
export function inputSettings({
  inputFormat = 'jsonl',
  maxLineBytes = DEFAULT_MAX_LINE_BYTES,
}: InputOptions): InputSettings {
  if (!FORMATS.includes(inputFormat)) {
    throw new TypeError(`inputFormat has to be ${listed(FORMATS)}, not ${JSON.stringify(inputFormat)}`)
  }
  if (!Number.isSafeInteger(maxLineBytes) || maxLineBytes < 1 || maxLineBytes > MAX_LINE_LIMIT) {
    throw new TypeError(`maxLineBytes has to be an integer from 1 to ${MAX_LINE_LIMIT}, not ${maxLineBytes}`)
  }
  return { inputFormat, maxLineBytes }
}

/** `'a', 'b' or 'c'` */
function listed(names: readonly string[]): string {
  const quoted = names.map((name) => `'${name}'`)
  return `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`
}

/** Events of a text that is at hand as a whole: a sample that a rule file is written against. */
import { EventFormat } from '../../batches/input-format.ts'
import { lineTest } from '../../batches/multiline-pattern.ts'
import type { InputEvent, RejectedEvent } from '../../event.ts'
import { inOrder, rejectedEvent } from '../../event.ts'
import type { Re2 } from '../../expression/regex/linear-matcher.ts'
import type { InputFormat, InputOptions } from '../../formats/input-options.ts'
import { inputSettings } from '../../formats/input-options.ts'
import type { TextCoding } from '../../json/text-coding.ts'
import { PORTABLE_CODING } from '../../json/text-coding.ts'

/** The formats that the names of files tell; other files have JSON lines. */
const FORMATS: readonly (readonly [RegExp, InputFormat])[] = [
  [/\.json$/i, 'json'],
  [/\.csv$/i, 'csv'],
  [/\.(?:log|txt)$/i, 'text'],
]

/** The format that events in a file of this name most likely have. */
export function formatOf(file: string): InputFormat {
  return FORMATS.find(([pattern]) => pattern.test(file))?.[1] ?? 'jsonl'
}

/**
 * Reads the events of a text one after the other, as the pipeline does.
 *
 * @param options the format of the input; the text is no bytes any more, and has no encoding
 * @param loadRe2 the linear engine for patterns of `multiline`
 * @yields events, and those that cannot be read, in the order of the text
 * @throws {TypeError} for an option that is not acceptable
 */
export function* readEvents(
  text: string,
  options: InputOptions,
  loadRe2?: () => Re2,
  coding: TextCoding = PORTABLE_CODING,
): Generator<InputEvent | RejectedEvent> {
  const begins = loadRe2 && ((pattern: string) => lineTest(pattern, loadRe2))
  const format = new EventFormat(inputSettings({ ...options, encoding: undefined }), begins)
  const splitter = format.createSplitter(coding)
  const reader = format.createReader()
  const bytes = new TextEncoder().encode(text)
  for (const texts of [splitter.push(bytes), splitter.end()]) {
    for (const event of inOrder(texts)) {
      if (!('text' in event)) {
        yield event
        continue
      }
      const parsed = reader.parse(event)
      yield 'code' in parsed ? rejectedEvent(event, parsed) : parsed
    }
  }
}

import type { OutputEvent, Rejection } from '../../event.ts'
import { Failure } from '../../expression/failure.ts'
import { MAX_OUTPUT_LENGTH, stringify, tooBig } from '../../json/stringify.ts'

/** An output as JSON, or why it cannot be written. */
export function outputText({
  output,
  plain,
  numbers,
}: Pick<OutputEvent, 'output' | 'plain' | 'numbers'>): string | Rejection {
  try {
    const text = plain ? JSON.stringify(output) : stringify(output, numbers)
    if (text.length > MAX_OUTPUT_LENGTH) throw tooBig()
    return text
  } catch (error) {
    if (error instanceof Failure) return { code: error.code, message: error.message }
    // JSON.stringify recurses, and its result is limited like any string.
    if (error instanceof RangeError)
      return { code: 'VALUE_ERROR', message: 'the output nests too deep or is too long' }
    throw error
  }
}

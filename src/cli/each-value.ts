import process from 'node:process'
import { pipeline } from 'node:stream'
import split from 'split2'

/** Stands for the lines of the standard input. */
const STDIN = '-'

/** The values that a command was given: `-` is one for each line of the standard input, without empty ones. */
export async function* eachValue(values: readonly string[]): AsyncGenerator<string> {
  for (const value of values) {
    if (value !== STDIN) {
      yield value
      continue
    }
    // An error of standard input comes out of the last stream, too.
    const lines: AsyncIterable<string> = pipeline(process.stdin, split(), () => undefined)
    for await (const line of lines) {
      if (line.trim() !== '') yield line.trim()
    }
  }
}

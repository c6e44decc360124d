import { Failure } from '../expression/failure.ts'
import { compilePattern } from '../expression/regex/engine.ts'
import type { Re2 } from '../expression/regex/linear-matcher.ts'
import { PatternError } from '../expression/regex/pattern-error.ts'
import type { LineTest } from './input-format.ts'

/**
 * The test of a line against a pattern of Python's `re`, at the beginning of the line, as `match` in rules. It takes time linear in the
 * length of the line.
 *
 * @param loadRe2 is called when re2js is needed
 * @throws {TypeError} when the pattern cannot be used
 */
export function lineTest(pattern: string, loadRe2: () => Re2): (line: string) => boolean {
  const compiled = compiledPattern(pattern, loadRe2)
  return (line) => {
    try {
      return compiled.matches(line)
    } catch (error) {
      // The line is too long for the engine.
      if (error instanceof Failure) return false
      throw error
    }
  }
}

/** The same where re2js is not at hand: a pattern that needs it is refused. */
export const portableLineTest: LineTest = (pattern) => lineTest(pattern, noRe2)

function noRe2(): never {
  throw new TypeError('the pattern needs re2js, which is not there')
}

function compiledPattern(pattern: string, loadRe2: () => Re2) {
  try {
    return compilePattern(pattern, loadRe2)
  } catch (error) {
    if (!(error instanceof PatternError)) throw error
    throw new TypeError(`the pattern ${JSON.stringify(pattern)} cannot be used: ${error.message}`)
  }
}

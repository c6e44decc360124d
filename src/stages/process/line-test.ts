import type { LineTest } from '../../batches/input-format.ts'
import { lineTest } from '../../batches/multiline-pattern.ts'
import { loadRe2 } from '../../rules/load-re2.ts'

/** The test of a pattern of `multiline`, with every engine at hand. */
export const safeLineTest: LineTest = (pattern) => lineTest(pattern, loadRe2)

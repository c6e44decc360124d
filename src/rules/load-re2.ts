import { createRequire } from 'node:module'
import type { Re2 } from '../expression/regex/linear-matcher.ts'

/** Loads re2js. Patterns are compiled synchronously: an import would come too late, so its form for `require` is taken. */
export function loadRe2(): Re2 {
  return createRequire(import.meta.url)('re2js') as Re2
}

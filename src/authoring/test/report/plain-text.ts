import { type Difference, pathText } from '../result.ts'

/** A difference in one line: `source.ip: differs, expected "a", got "b" (x.yaml:3)`. */
export function differenceLine({ kind, path, expected, got, note, rule }: Difference): string {
  const parts = [
    kind === 'outcome' ? note : `${pathText(path) || 'output'}: ${kind}`,
    expected === undefined ? undefined : `expected ${expected}`,
    got === undefined ? undefined : `got ${got}`,
    kind === 'outcome' ? undefined : note,
  ].filter((part) => part !== undefined)
  return `${parts.join(', ')}${rule === undefined ? '' : ` (${rule.file}:${rule.line})`}`
}

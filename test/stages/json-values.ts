import type { Value } from '../../src/expression/value.ts'
import { Dict } from '../../src/expression/value.ts'

/** The values of parseExact, as JSON.parse would give them: plain objects for Dicts, and `integer(n)` for bigints. */
export function plainValue(value: Value, integer: (n: bigint) => unknown): unknown {
  if (typeof value === 'bigint') return integer(value)
  if (Array.isArray(value)) return value.map((item) => plainValue(item, integer))
  if (value instanceof Dict) return plainObject([...value.entries.values()] as [string, Value][], integer)
  if (typeof value === 'object' && value !== null)
    return plainObject(Object.entries(value as object), integer)
  return value
}

function plainObject(
  entries: readonly (readonly [string, Value])[],
  integer: (n: bigint) => unknown,
): object {
  const object = {}
  for (const [name, value] of entries) {
    Object.defineProperty(object, name, {
      value: plainValue(value, integer),
      writable: true,
      enumerable: true,
      configurable: true,
    })
  }
  return object
}

import { commentText } from '../../expression/emit/code.ts'

/** The declarations of a compiled module (`FILE.d.mts`). They need no package, as a bundled module needs none. @param file the name of the rules */
export function moduleTypes(file: string): string {
  return `// Types of the rules of ${commentText(file)}, made by \`normalize compile\`.\n${TYPES}`
}

const TYPES = `
/** A value of an output: JSON's, integers beyond 2**53 as bigints. */
type PlainValue = null | boolean | number | bigint | string | PlainValue[] | PlainObject

interface PlainObject {
  [key: string]: PlainValue
}

/** The reason why an event was rejected. */
interface Rejection {
  readonly code: string
  readonly message: string
  /** The output field whose rule is at fault. */
  readonly rule?: string
  /** The name of the rule set, where there are several. */
  readonly rules?: string
}

/** The result for one event. Of an event that rules split, \`events\` has a result for each element. */
type NormalizeResult =
  | { readonly output: PlainObject; readonly rejection?: undefined }
  | { readonly output?: undefined; readonly rejection: Rejection }
  | { readonly output?: undefined; readonly rejection?: undefined; readonly dropped: true }
  | { readonly output?: undefined; readonly rejection?: undefined; readonly events: readonly NormalizeResult[] }

/** The results of lines. */
interface NormalizedLines {
  /** The outputs: JSON lines, UTF-8. */
  readonly output: Uint8Array
  /** Number of outputs. */
  readonly written: number
  /** The records of rejected events: JSON lines, UTF-8. */
  readonly errors: Uint8Array
  /** Number of rejected events. */
  readonly rejected: number
  /** The same by code. */
  readonly byCode: Readonly<Record<string, number>>
}

/**
 * Normalizes one event. It does not throw: what is wrong with the event is in the result.
 *
 * @param event its JSON text, or an object that JSON can carry; the object is not changed
 */
declare function normalize(event: string | object): NormalizeResult

/**
 * Normalizes JSON lines. All results are in memory together.
 *
 * @param chunk complete lines, UTF-8; the last one may lack its line feed
 */
declare function normalizeLines(chunk: string | Uint8Array): NormalizedLines

/** A database of IP addresses: one that \`openDatabase\` of sluice has opened, or another reader of such files. */
interface AddressSource {
  /** The name of its file, for messages. */
  readonly file: string
  /** The record of the network that an address belongs to; undefined or null where there is none. */
  find(address: string): unknown
}

/**
 * Gives the module databases for \`geoip\` and \`asn\`, in the order in which they are asked. Rules that call one of the two need it before the
 * first event, and throw a TypeError otherwise. Once there was one, they keep their databases.
 *
 * @param databases one at least
 */
declare function useDatabases(databases: readonly AddressSource[]): void

/** The rules, as the handlers of sluice take them. */
declare const rules: {
  readonly file: string
  normalize(event: string | object): NormalizeResult
  normalizeLines(chunk: string | Uint8Array): NormalizedLines
  useDatabases(databases: readonly AddressSource[]): void
  /** Called by handlers. */
  createProcessor(...args: any[]): any
}
export type { AddressSource, NormalizedLines, NormalizeResult, PlainObject, PlainValue, Rejection }
export { rules as default, normalize, normalizeLines, useDatabases }
`

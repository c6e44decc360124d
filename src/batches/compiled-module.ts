/** The face of a compiled module: what `normalize compile` writes calls `createModule` with its rules. */
import type { AddressSource } from '../expression/net/address-database.ts'
import type { RunnerSource } from '../rules/apply/normalize.ts'
import type { NormalizeResult } from '../rules/apply/normalize-event.ts'
import { normalizeEvent } from '../rules/apply/normalize-event.ts'
import type { Runner } from '../rules/run.ts'
import type { CompiledModule } from './compiled-rules.ts'
import { platformCoding } from './platform-coding.ts'
import type { ProcessedPart } from './processor.ts'
import { Processor } from './processor.ts'
import type { CodeCounts, RejectedRecords } from './rejected-records.ts'
import { RecordWriter } from './rejected-records.ts'

/** The results of lines. */
export interface NormalizedLines {
  /** The outputs: JSON lines, UTF-8. */
  readonly output: Uint8Array
  /** Number of outputs. */
  readonly written: number
  /** The records of rejected events, as `normalize --errors` writes them: JSON lines, UTF-8. */
  readonly errors: Uint8Array
  /** Number of rejected events. */
  readonly rejected: number
  /** The same by code. */
  readonly byCode: CodeCounts
}

/** The exports of a compiled module. */
export interface RulesModule extends CompiledModule {
  /**
   * Normalizes one event. It does not throw: what is wrong with the event is in the result.
   *
   * @param event its JSON text, or an object that JSON can carry; the object is not changed
   */
  normalize(event: string | object): NormalizeResult
  /**
   * Normalizes JSON lines. All results are in memory together: whoever has more than some MiB asks for a processor.
   *
   * @param chunk complete lines, UTF-8; the last one may lack its line feed
   */
  normalizeLines(chunk: string | Uint8Array): NormalizedLines
  /**
   * Gives the module databases of addresses for `geoip` and `asn`, in the order in which they are asked. Rules that call one of the two need it
   * before the first event; it has no effect on other rules.
   *
   * @param databases from `openDatabase`, or anything that finds the record of an address; one at least
   * @throws {TypeError} when there is none, one of them finds nothing, or events have been looked up in others: results are remembered
   */
  useDatabases(databases: readonly AddressSource[]): void
}

/** The source in records of rejected events, where lines come from no file. */
const NO_SOURCE = '-'

/** Before so many bytes of lines the fast path is not made: its WebAssembly, and its memory, cost more than it gains. 64 KiB. */
const FAST_FROM_BYTES = 64 * 1024

/**
 * @param file the name of the rules
 * @param databases the list that the rules look addresses up in, which `useDatabases` fills. Default: they look up none
 */
export function createModule(
  file: string,
  rules: RunnerSource,
  databases?: AddressSource[] | undefined,
): RulesModule {
  let hasBegun = false
  const begin = (): void => {
    if (databases?.length === 0) {
      throw new TypeError(
        `the rules of ${file} look addresses up (geoip, asn): give the module databases with useDatabases() before the first event`,
      )
    }
    hasBegun = true
  }
  let runner: Runner | undefined
  let lines: Processor<RejectedRecords> | undefined
  let isFast = false
  let seen = 0
  return {
    file,
    normalize(event) {
      begin()
      runner ??= rules.createRunner()
      return normalizeEvent(event, runner)
    },
    normalizeLines(chunk) {
      begin()
      const coding = platformCoding()
      const bytes = typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk
      seen += bytes.length
      if (lines === undefined || (!isFast && seen >= FAST_FROM_BYTES)) {
        isFast = seen >= FAST_FROM_BYTES
        lines = new Processor(rules, new RecordWriter(NO_SOURCE, coding), { coding, fastPath: isFast })
      }
      lines.begin(true)
      const parts = [...lines.read(bytes), ...lines.end(), lines.finish()]
      return joined(parts)
    },
    createProcessor(records, options) {
      begin()
      return new Processor(rules, records, { coding: platformCoding(), ...options })
    },
    useDatabases(given) {
      if (given.length === 0 || given.some(({ find }) => typeof find !== 'function'))
        throw new TypeError(
          'useDatabases takes a list of databases of addresses, one at least, each with find(address)',
        )
      if (databases === undefined) return
      if (hasBegun) {
        throw new TypeError(
          `the rules of ${file} have looked addresses up in other databases: load the module anew, with a query behind its name`,
        )
      }
      databases.splice(0, databases.length, ...given)
    },
  }
}

function joined(parts: readonly ProcessedPart<RejectedRecords>[]): NormalizedLines {
  const byCode: Record<string, number> = {}
  for (const { rejected } of parts) {
    for (const [code, count] of Object.entries(rejected.byCode)) byCode[code] = (byCode[code] ?? 0) + count
  }
  return {
    output: concatenated(parts.map(({ bytes }) => bytes)),
    written: parts.reduce((sum, { written }) => sum + written, 0),
    errors: concatenated(parts.map(({ rejected }) => rejected.bytes)),
    rejected: parts.reduce((sum, { rejected }) => sum + rejected.count, 0),
    byCode,
  }
}

function concatenated(pieces: readonly Uint8Array[]): Uint8Array {
  const filled = pieces.filter(({ length }) => length > 0)
  if (filled.length === 1) return filled[0]!
  const bytes = new Uint8Array(filled.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const piece of filled) {
    bytes.set(piece, at)
    at += piece.length
  }
  return bytes
}

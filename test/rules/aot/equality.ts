import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import type { CompiledRules } from '../../../src/batches/compiled-rules.ts'
import { createProcessor } from '../../../src/batches/compiled-rules.ts'
import type { ProcessedPart } from '../../../src/batches/processor.ts'
import type { RejectedRecords } from '../../../src/batches/rejected-records.ts'
import { RecordWriter } from '../../../src/batches/rejected-records.ts'
import type { InputOptions } from '../../../src/formats/input-options.ts'
import { printFunction } from '../../../src/rules/aot/print-rules.ts'
import type { RunnerSource } from '../../../src/rules/apply/normalize.ts'
import type { RuleSet } from '../../../src/rules/compile.ts'
import type { RoutedRules } from '../../../src/rules/sets/routed-rules.ts'
import * as runtime from '../../../src/runtime.ts'

/** Rules that are made of their printed form, here and now. */
export function printedRules(rules: RuleSet | RoutedRules): RunnerSource {
  return new Function('runtime', printFunction(rules).text)(runtime)
}

interface Outcome {
  readonly output: string
  readonly errors: string
}

/** The outputs and records of some bytes. */
function outcomeOf(rules: CompiledRules, bytes: Uint8Array, fastPath: boolean, input: InputOptions): Outcome {
  const options = { ...input, fastPath, buffers: 'copied' } as const
  const processor = createProcessor(rules, new RecordWriter('-'), options)
  const parts: ProcessedPart<RejectedRecords>[] = [
    ...processor.read(bytes),
    ...processor.end(),
    processor.finish(),
  ]
  return {
    output: Buffer.concat(parts.map((part) => part.bytes)).toString(),
    errors: Buffer.concat(parts.map(({ rejected }) => rejected.bytes)).toString(),
  }
}

/** Checks that rules give the same on both ways. @returns what they give */
export function assertSame(
  compiled: CompiledRules,
  live: CompiledRules,
  bytes: Uint8Array,
  name: string,
  input: InputOptions = {},
): Outcome {
  const expected = outcomeOf(live, bytes, true, input)
  assert.deepEqual(outcomeOf(compiled, bytes, true, input), expected, `${name}, the fast way`)
  // Both ways give the same, as other tests hold: what is compared is the compiled plain way.
  assert.deepEqual(outcomeOf(compiled, bytes, false, input), expected, `${name}, the plain way`)
  return expected
}

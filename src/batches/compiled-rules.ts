/**
 * The rules that handlers work with: a rule set that was compiled in this process, or a module that `normalize compile` wrote.
 *
 *     const processor = createProcessor(rules, new RecordWriter('-'), { inputFormat: 'jsonl' })
 *     for (const part of processor.read(bytes)) await take(part)
 *     for (const part of processor.end()) await take(part)
 *     await take(processor.finish())
 */
import type { RunnerSource } from '../rules/apply/normalize.ts'
import type { ProcessorOptions, RecordCollector } from './processor.ts'
import { Processor } from './processor.ts'

/** A {@link Processor} as it is used from outside: bytes and texts go in, bytes and plain data come out. */
export type EventProcessor<Records> = Pick<
  Processor<Records>,
  | 'begin'
  | 'read'
  | 'readTexts'
  | 'readHeld'
  | 'holdsEvent'
  | 'end'
  | 'finish'
  | 'lines'
  | 'unread'
  | 'replaceRecords'
>

/**
 * The default export of a compiled module. A bundled module has a runtime of its own, whose values no other copy of the runtime knows: so
 * it is asked for a processor, and is never given an event's values.
 */
export interface CompiledModule {
  /** The name of the rule file, or of several together, for messages. */
  readonly file: string
  /**
   * @param records collects what is rejected
   * @throws {TypeError} when an option is not acceptable
   */
  createProcessor<Records>(
    records: RecordCollector<Records>,
    options?: ProcessorOptions,
  ): EventProcessor<Records>
}

/** A live rule set (`compileRules`), or a compiled module. */
export type CompiledRules = RunnerSource | CompiledModule

/**
 * Makes a processor of rules of either kind.
 *
 * @param records collects what is rejected
 * @throws {TypeError} when an option is not acceptable
 */
export function createProcessor<Records>(
  rules: CompiledRules,
  records: RecordCollector<Records>,
  options: ProcessorOptions = {},
): EventProcessor<Records> {
  if ('createProcessor' in rules) return rules.createProcessor(records, options)
  return new Processor(rules, records, options)
}

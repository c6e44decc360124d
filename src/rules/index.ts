/**
 * The entry `sluice/rules`: compiles rules and applies them to single events. It loads neither the tracer nor streams, and
 * nothing of Node: it runs wherever JavaScript does.
 *
 *     import { compileRules } from 'sluice/rules'
 *
 *     const normalize = compileRules('source.ip: src')
 *     normalize({ src: '192.0.2.1' }).output        // { source: { ip: '192.0.2.1' } }
 *     normalize('{"src": 1').rejection?.code        // 'JSON_INVALID'
 */
import type { NormalizeResult } from './apply/normalize-event.ts'
import { normalizeEvent } from './apply/normalize-event.ts'
import type { CompileOptions, RuleSet } from './compile.ts'
import { compileRules as compileRuleSet } from './compile.ts'

/** A compiled rule file: what a pipeline takes, and a pure function from an event to its result. */
export interface Rules extends RuleSet {
  /**
   * Normalizes one event. It does not throw: what is wrong with the event is in the result.
   *
   *     const { output, rejection } = normalize(event)
   *     if (rejection !== undefined) console.error(rejection.code, rejection.message)
   *
   * @param event its JSON text, or an object that JSON can carry (bigints are integers); the object is not changed
   * @returns `output`, an object of plain values of the program's own: integers beyond 2**53 are bigints; or `rejection`
   */
  (event: string | object): NormalizeResult
}

/**
 * Compiles a rule file.
 *
 *     const rules = compileRules(await readFile('rules.yaml', 'utf8'), { file: 'rules.yaml' })
 *     await createPipeline({ rules, inputs: [process.stdin], output: process.stdout }).run()
 *
 * @param text the file's text, YAML
 * @param options the file's name for messages, global lookup tables, limits
 * @throws {RuleError} with every problem of the file and of the lookup files
 */
export function compileRules(text: string, options?: CompileOptions): Rules {
  const rules = compileRuleSet(text, options)
  const runner = rules.createRunner()
  const normalize = (event: string | object) => normalizeEvent(event, runner)
  return Object.defineProperties(normalize, Object.getOwnPropertyDescriptors(rules)) as Rules
}

export type { RejectionCode } from '../errors.ts'
export { REJECTION_CODES } from '../errors.ts'
export type { Rejection } from '../event.ts'
export type { Problem } from '../expression/diagnostic.ts'
export type { Example, FunctionDefinition } from '../expression/functions/definition.ts'
export { FUNCTIONS } from '../expression/functions/index.ts'
export type { AddressDatabase } from '../expression/net/address-database.ts'
export type { NormalizeResult } from './apply/normalize-event.ts'
export type { PlainObject, PlainValue } from './apply/plain-values.ts'
export type { CompileOptions, RuleSet } from './compile.ts'
export { RuleError } from './compile.ts'
export type { EnrichSpec } from './load.ts'

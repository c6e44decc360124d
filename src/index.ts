/**
 * Sluice as a library: the parts that the commands are made of.
 *
 *     import { compileRules } from 'sluice'
 *
 *     const normalize = compileRules('source.ip: src')
 *     normalize({ src: '192.0.2.1' }).output        // { source: { ip: '192.0.2.1' } }
 *     normalize('{"src": 1').rejection?.code        // 'JSON_INVALID'
 *
 * There is no state outside of what these functions return: any number of rule sets and pipelines run side by side.
 */
export type { SerializedBatch } from './batches/serialize.ts'
export { serializeBatch, serializeRejected } from './batches/serialize.ts'
export type { RejectionCode } from './errors.ts'
export { REJECTION_CODES } from './errors.ts'
export type {
  Batch,
  EventPlace,
  EventText,
  InputEvent,
  OutputEvent,
  RejectedEvent,
  Rejection,
} from './event.ts'
export { rejectedRecord } from './event.ts'
export type { Problem } from './expression/diagnostic.ts'
export type { Example, FunctionDefinition } from './expression/functions/definition.ts'
export { FUNCTIONS } from './expression/functions/index.ts'
export type { AddressDatabase } from './expression/net/address-database.ts'
export type { InputFormat } from './formats/input-options.ts'
export type { PipelineOptions } from './io/create-pipeline.ts'
export { createPipeline } from './io/create-pipeline.ts'
export type { Compression, Input } from './io/files/source.ts'
export { fileInput, InputReader } from './io/files/source.ts'
export type { Pipeline } from './pipeline.ts'
export type { RunnerSource } from './rules/apply/normalize.ts'
export { normalizeBatch } from './rules/apply/normalize.ts'
export type { NormalizeResult } from './rules/apply/normalize-event.ts'
export { parseBatch } from './rules/apply/parse-event.ts'
export type { PlainObject, PlainValue } from './rules/apply/plain-values.ts'
export type { CompileOptions, RuleSet } from './rules/compile.ts'
export { RuleError } from './rules/compile.ts'
export { openDatabase } from './rules/databases.ts'
export type { Rules } from './rules/index.ts'
export { compileRules } from './rules/index.ts'
export type { EnrichSpec } from './rules/load.ts'
export type { Runner } from './rules/run.ts'
export type { PipelineCounts } from './stages/chain.ts'
export type { EnrichCounts, EnrichOptions } from './stages/enrich.ts'
export { EnrichStage } from './stages/enrich.ts'
export { NormalizeStage } from './stages/normalize.ts'
export type { OutputCounts } from './stages/output-counter.ts'
export type { ParseOptions } from './stages/parse.ts'
export { ParseStage } from './stages/parse.ts'
export type { SerializeOptions } from './stages/serialize.ts'
export { SerializeStage } from './stages/serialize.ts'
export type { InputChunk, Source } from './stages/source.ts'
export { InputError } from './stages/source.ts'
// Each of these two is an entry of its own, and lists what it has.
export * from './tracer/client/index.ts'
export * from './tracer/index.ts'

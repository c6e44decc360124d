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
import type { CompileOptions, RuleSet } from './rules/compile.ts'
import { compileRules as compileRuleSet } from './rules/compile.ts'
import type { NormalizeResult } from './stages/single-event.ts'
import { normalizeEvent } from './stages/single-event.ts'

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
export type { Compression, Input } from './io/files/source.ts'
export { fileInput, InputError, InputReader } from './io/files/source.ts'
export type { Pipeline, PipelineCounts, PipelineOptions } from './pipeline.ts'
export { createPipeline } from './pipeline.ts'
export type { CompileOptions, RuleSet } from './rules/compile.ts'
export { RuleError } from './rules/compile.ts'
export type { EnrichSpec } from './rules/load.ts'
export type { Runner } from './rules/runner.ts'
export type { EnrichCounts, EnrichOptions } from './stages/enrich.ts'
export { EnrichStage } from './stages/enrich.ts'
export type { RunnerSource } from './stages/normalize.ts'
export { NormalizeStage, normalizeBatch } from './stages/normalize.ts'
export type { InputChunk, InputFormat, ParseOptions } from './stages/parse.ts'
export { ParseStage, parseBatch } from './stages/parse.ts'
export type { PlainObject, PlainValue } from './stages/plain-values.ts'
export type { OutputCounts, SerializedBatch, SerializeOptions } from './stages/serialize.ts'
export { SerializeStage, serializeBatch, serializeRejected } from './stages/serialize.ts'
export type { NormalizeResult } from './stages/single-event.ts'
export type { Answer, ServerAddress, TracerErrorCode, TracerPoolOptions } from './tracer/client/pool.ts'
export { TracerError, TracerPool } from './tracer/client/pool.ts'
export type { Enricher, EnricherMetric, Match } from './tracer/enricher.ts'
export { CATEGORIES, NO_MATCHES } from './tracer/enricher.ts'
export type { CustomLookup } from './tracer/enrichers/custom.ts'
export { CustomEnricher } from './tracer/enrichers/custom.ts'
export type {
  CompiledFeedOptions,
  FeedEnricher,
  FeedEnricherOptions,
  FeedOptions,
  FeedStats,
} from './tracer/enrichers/feed.ts'
export { createFeedEnricher, FeedError } from './tracer/enrichers/feed.ts'
export type { MispErrorCode, MispOptions, MispSettings, MispTarget } from './tracer/enrichers/misp/misp.ts'
export { MISP_DEFAULTS, MispEnricher, MispError } from './tracer/enrichers/misp/misp.ts'
export type { MmdbEnricher, MmdbOptions } from './tracer/enrichers/mmdb/mmdb.ts'
export { createMmdbEnricher, MMDB_CATEGORIES, MmdbError } from './tracer/enrichers/mmdb/mmdb.ts'
export { UrlDecoder } from './tracer/enrichers/url-decode.ts'
export type { CompileFeedsOptions, CompileProgress } from './tracer/feeds/compiled/compile.ts'
export type { CompiledHeader } from './tracer/feeds/compiled/file-format.ts'
export { compileFeeds } from './tracer/feeds/compiled/on-demand.ts'
export type { DownloadStats, FeedDownloadOptions } from './tracer/feeds/download/download.ts'
export { DownloadError, FeedDownload } from './tracer/feeds/download/download.ts'
export type { AllowlistOptions, IndicatorAllowlistOptions } from './tracer/indicator-allowlist.ts'
export { IndicatorAllowlist } from './tracer/indicator-allowlist.ts'
export type { ContextField, Detection, Indicator, IndicatorType } from './tracer/protocol.ts'
export { contextText, flattenContext } from './tracer/protocol.ts'
export type { Allowlist } from './tracer/server/enrichment.ts'
export type { TlsOptions, TracerServerOptions } from './tracer/server/server.ts'
export { TracerServer } from './tracer/server/server.ts'

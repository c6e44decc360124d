/**
 * The entry `sluice/tracer`: the server that answers look-ups, and the enrichers that it asks. It loads no rules and no
 * client.
 */
export { contextJson, wireContext } from './context.ts'
export type { Enricher, EnricherMetric, Match } from './enricher.ts'
export { CATEGORIES, NO_MATCHES } from './enricher.ts'
export type { CustomLookup } from './enrichers/custom.ts'
export { CustomEnricher } from './enrichers/custom.ts'
export type {
  CompiledFeedOptions,
  FeedEnricher,
  FeedEnricherOptions,
  FeedOptions,
  FeedStats,
} from './enrichers/feed.ts'
export { createFeedEnricher, FeedError } from './enrichers/feed.ts'
export type { MispErrorCode, MispOptions, MispSettings, MispTarget } from './enrichers/misp/misp.ts'
export { MISP_DEFAULTS, MispEnricher, MispError } from './enrichers/misp/misp.ts'
export type { MmdbEnricher, MmdbOptions } from './enrichers/mmdb/mmdb.ts'
export { createMmdbEnricher, MMDB_CATEGORIES, MmdbError } from './enrichers/mmdb/mmdb.ts'
export { UrlDecoder } from './enrichers/url-decode.ts'
export type { CompileFeedsOptions, CompileProgress } from './feeds/compiled/compile.ts'
export type { CompiledHeader } from './feeds/compiled/file-format.ts'
export { compileFeeds } from './feeds/compiled/on-demand.ts'
export type { DownloadStats, FeedDownloadOptions } from './feeds/download/download.ts'
export { DownloadError, FeedDownload } from './feeds/download/download.ts'
export { FeedCheck } from './feeds/download/feed-check.ts'
export { FEED_LIMITS, type FeedLimits } from './feeds/limits.ts'
export type { AllowlistFile, IndicatorAllowlistOptions } from './indicator-allowlist.ts'
export { IndicatorAllowlist } from './indicator-allowlist.ts'
export type { ContextField, Detection, Indicator, IndicatorType } from './protocol.ts'
export { contextText, flattenContext } from './protocol.ts'
export type { IndicatorSet } from './server/detector.ts'
export type { TlsOptions, TracerServerOptions } from './server/server.ts'
export { TracerServer } from './server/server.ts'

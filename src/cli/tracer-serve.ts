import process from 'node:process'
import { createSecureContext } from 'node:tls'
import { ClientAddresses } from '../http/client-addresses.ts'
import { type OperationsOptions, OperationsServer } from '../http/operations.ts'
import type { Enricher } from '../tracer/enricher.ts'
import { loadCustomEnricher } from '../tracer/enrichers/custom.ts'
import type { FeedEnricherOptions } from '../tracer/enrichers/feed.ts'
import type { ModuleFaults } from '../tracer/enrichers/module-faults.ts'
import { UrlDecoder } from '../tracer/enrichers/url-decode.ts'
import type { KeptFiles } from '../tracer/feeds/download/kept-files.ts'
import { FeedError } from '../tracer/feeds/feed-error.ts'
import type { TracerHttpServer } from '../tracer/http/server.ts'
import { IndicatorAllowlist } from '../tracer/indicator-allowlist.ts'
import type { FollowedLists } from '../tracer/indicators/followed-lists.ts'
import type { Indicator } from '../tracer/protocol.ts'
import { createLog, type Log, type LogLevel } from '../tracer/server/log.ts'
import { Metrics, type MetricsSource } from '../tracer/server/metrics.ts'
import { TracerServer, type TracerServerOptions } from '../tracer/server/server.ts'
import { type Endpoint, formatEndpoint } from './endpoint.ts'
import { CommandError, EXIT } from './exit-codes.ts'
import { listenFault } from './listen-fault.ts'
import { orUsage, readOptionFile } from './read-file.ts'
import type { EnricherArgument, SourceArgument, SourceArguments } from './tracer-arguments.ts'
import {
  cacheDirectory,
  type DownloadArguments,
  FeedDownloads,
  limitsOf,
  localFiles,
  withCompat,
  withReading,
} from './tracer-downloads.ts'
import { checkHttpUsage, createHttp, type HttpFace } from './tracer-http.ts'
import type { HttpArguments } from './tracer-http-options.ts'
import type { MispArguments } from './tracer-misp-options.ts'

/** Settings of a server besides the options. */
type ServerSettings = Pick<TracerServerOptions, 'tls' | 'handOver' | 'maxConnections'>

/** The options of `tracer serve`, as commander names them. */
export interface ServeOptions extends MispArguments, DownloadArguments, HttpArguments {
  readonly listen: Endpoint
  readonly workers?: number
  readonly enricherTimeout?: number
  readonly mmdbLanguage?: string
  readonly reply?: 'header' | 'always'
  readonly oneShot?: boolean
  readonly maxLine?: number
  readonly maxConnections?: number
  readonly idleTimeout?: number
  readonly drainTimeout?: number
  readonly shutdownTimeout?: number
  readonly allow?: readonly string[]
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly tlsCa?: string
  readonly metrics?: Endpoint
  /** Default: those of `allow`. */
  readonly metricsAllow?: readonly string[]
  readonly logLevel?: LogLevel
}

const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const

/**
 * `tracer serve` as one process: from the options to a running server, until a signal stops it.
 *
 * @returns the exit code
 * @throws {CommandError} when it cannot start
 */
export async function serve(options: ServeOptions, sources: SourceArguments): Promise<number> {
  const log = createLog(options.logLevel)
  const stopped = nextSignal()
  const settings = checkUsage(options, sources)
  let server: TracerServer | undefined
  const downloads = new FeedDownloads(sources, options, log)
  let loaded: Sources = { enrichers: [] }
  const http = createHttp(options, { tls: settings.tls, detector: () => server?.detector, log })
  // Before there are enrichers, too: unheard, this signal would end the process.
  process.on('SIGHUP', () => {
    void downloads.refresh()
    reload(loaded)
    http?.reload()
  })
  let metrics: Metrics | undefined
  const operations = createOperations(options, {
    metrics: () => metrics,
    isReady: () => server?.isListening ?? false,
    isDegraded: () => isDegraded(loaded),
  })
  await operations?.listen(log)
  if (http !== undefined) log.info(await listenHttp(http), 'HTTP is served')

  warnOfNothing(sources, log)
  const loading = loadAll(options, sources, log, { downloads, serves: true })
  // A signal does not wait for feeds; what they fail with by then is of no interest.
  const outcome = await Promise.race([loading, stopped])
  if (typeof outcome === 'string') {
    downloads.close()
    await http?.close()
    log.info({ signal: outcome }, 'stopped')
    return EXIT.OK
  }
  loaded = outcome
  server = createServer(options, settings, loaded, log)
  metrics = new Metrics({
    ...drawnFromServer(server, http),
    ...drawnFrom(loaded),
    downloads: () => downloads.stats(),
  })
  log.info(await listen(server, '--listen', options.listen), 'listening')

  const signal = await stopped
  log.info({ signal, connections: server.connections }, 'stopping')
  await Promise.all([server.close(), http?.close()])
  downloads.close()
  await close(loaded)
  await operations?.close()
  metrics.close()
  log.info({ requests: server.counters.requests }, 'stopped')
  return EXIT.OK
}

/** The pages of the operator, when they are asked for. */
export function createOperations(
  { metrics: asked, allow, metricsAllow = allow }: ServeOptions,
  pages: Pick<OperationsOptions, 'metrics' | 'isReady' | 'isDegraded'>,
): { listen(log: Log): Promise<void>; close(): Promise<void> } | undefined {
  if (asked === undefined) return undefined
  const operations = new OperationsServer({ ...asked, ...pages, allow: metricsAllow })
  return {
    listen: async (log) => log.info(await listen(operations, '--metrics', asked), 'metrics are served'),
    close: () => operations.close(),
  }
}

/** The part of the metrics that a server gives. */
export function drawnFromServer(
  server: TracerServer,
  http: HttpFace | undefined,
): Pick<MetricsSource, 'counters' | 'connections' | 'http'> {
  return { counters: server.counters, connections: () => server.connections, http: http?.server }
}

/** The part of the metrics that the sources give. */
export function drawnFrom({ enrichers, allowlist }: Sources): Pick<MetricsSource, 'feeds' | 'enrichers'> {
  return {
    feeds: () => [...enrichers, allowlist].flatMap((source) => source?.stats?.() ?? []),
    enrichers: () => [...enrichers, allowlist].flatMap((source) => source?.metrics?.() ?? []),
  }
}

/** True when there is a feed of which nothing is served. */
export function isDegraded({ enrichers, allowlist }: Sources): boolean {
  return [...enrichers, allowlist].some((source) => source?.stats?.().some(({ isUnusable }) => isUnusable))
}

/** Lets all sources read what they know again; it is not waited for. */
export function reload({ enrichers, allowlist }: Sources): void {
  void allowlist?.reload()
  for (const enricher of enrichers) void enricher.reload?.()
}

export async function close({ enrichers, allowlist }: Sources): Promise<void> {
  allowlist?.close()
  for (const enricher of enrichers) await enricher.close?.()
}

/** The first signal to stop; the second one ends the process the hard way. */
export function nextSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const stop = (signal: NodeJS.Signals) => {
      for (const name of STOP_SIGNALS) process.off(name, stop)
      resolve(signal)
    }
    for (const name of STOP_SIGNALS) process.on(name, stop)
  })
}

/** Finds wrong usage before anything is loaded. @throws {CommandError} */
export function checkUsage(options: ServeOptions, sources: SourceArguments): ServerSettings {
  for (const source of sources.order) {
    if (source === 'feeds' || source === 'misp' || 'mmdb' in source) continue
    if (source.enricher === 'url-decode' || isPath(source.enricher)) continue
    throw new CommandError(
      EXIT.USAGE,
      `tracer: there is no enricher '${source.enricher}': url-decode, or a module of your own as a path (./mine.js)`,
    )
  }
  for (const { allow = [] } of [options, { allow: options.metricsAllow }])
    orUsage(() => new ClientAddresses(allow))
  checkHttpUsage(options)
  const { tlsCert, tlsKey, tlsCa } = options
  if (tlsCert === undefined && tlsKey === undefined && tlsCa === undefined) return {}
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new CommandError(EXIT.USAGE, 'tracer: TLS needs both --tls-cert and --tls-key')
  }
  const cert = readOptionFile(tlsCert)
  const key = readOptionFile(tlsKey)
  const tls = tlsCa === undefined ? { cert, key } : { cert, key, ca: readOptionFile(tlsCa) }
  orUsage(() => createSecureContext(tls))
  return { tls }
}

/** @throws {CommandError} when an option is not acceptable */
export function createServer(
  options: ServeOptions,
  settings: ServerSettings,
  { enrichers, allowlist }: Sources,
  log: Log,
): TracerServer {
  return orUsage(
    () =>
      new TracerServer({
        ...options.listen,
        enrichers,
        allowlist,
        log,
        reply: options.reply,
        oneShot: options.oneShot,
        indicatorOrder: options.compat === undefined ? 'line' : 'type',
        allow: options.allow,
        maxLineBytes: options.maxLine,
        maxConnections: options.maxConnections,
        idleTimeoutMs: options.idleTimeout,
        drainTimeoutMs: options.drainTimeout,
        shutdownTimeoutMs: options.shutdownTimeout,
        ...settings,
      }),
  )
}

/** The sources that look-ups are answered from. */
export interface Sources {
  readonly enrichers: readonly Enricher[]
  readonly allowlist?: IndicatorAllowlist | undefined
  /** Those that come and go while it runs; they are the first enricher, and a part of the allowlist. */
  readonly lists?: FollowedLists | undefined
}

/** Parts that are loaded otherwise when a process is one of several. */
interface LoadHow {
  /** Downloads that are this process's to make: each is there before anything is loaded. */
  readonly downloads?: FeedDownloads
  /** Gives, in a worker, the stand-in for a source that is in the primary; undefined: the source is loaded. */
  readonly standIn?: (source: SourceArgument) => Enricher | undefined
  /** The files that all workers keep for each other, in a worker. */
  readonly kept?: KeptFiles
  /** This process answers look-ups itself: it follows the indicators that come and go. */
  readonly serves?: boolean
}

/** Workers share it: there is one instance, in the primary, so that a service is asked as little as possible. */
export function isShared(source: SourceArgument): boolean {
  return source === 'misp' || (typeof source === 'object' && 'shared' in source)
}

/** A module of the user's own. */
function isModule(source: SourceArgument): source is EnricherArgument {
  return typeof source === 'object' && 'enricher' in source && source.enricher !== 'url-decode'
}

/** The name of a source in logs and metrics. */
export function nameOf(source: SourceArgument): string {
  if (typeof source === 'string') return source
  return 'mmdb' in source ? source.mmdb : source.enricher
}

export function warnOfNothing(sources: SourceArguments, log: Log): void {
  if (sources.order.length === 0)
    log.warn('no --feed, --load, --mmdb, --misp or --enricher: only indicators of `tracer add` will be found')
}

/**
 * The sources that the options ask for, enrichers in their order.
 *
 * @throws {CommandError} when something cannot be loaded
 */
export async function loadAll(
  options: ServeOptions,
  sources: Pick<SourceArguments, 'feeds' | 'allowlists' | 'order'>,
  log: Log,
  { downloads, standIn, kept, serves = false }: LoadHow = {},
): Promise<Sources> {
  // Before anything is loaded: its mistakes are found at once. A worker has none of its own.
  const misp = standIn === undefined ? await loadMisp(options, log) : undefined
  await downloads?.start()
  const faults = sources.order.some((source) => isModule(source) && !isShared(source))
    ? (await import('./module-threads.ts')).containFaults(log)
    : undefined
  const lists = serves ? await followLists(options, log) : undefined
  const { strict = false } = options
  const care = { limits: limitsOf(options), mayLack: !strict }
  const enrichers: Enricher[] = lists === undefined ? [] : [lists]
  for (const source of sources.order) {
    const enricher =
      standIn?.(source) ??
      (source === 'misp'
        ? misp!
        : await orUnusable('--feed', () =>
            loadEnricher(source, options, sources, log, { faults, kept, care }),
          ))
    enrichers.push(enricher)
  }
  const files = localFiles(
    sources.allowlists.map((file) => withReading(file, options)),
    options,
  )
  const also = lists && { has: (indicator: Indicator) => lists.isAllowed(indicator) }
  const allowlist =
    files.length === 0 && also === undefined
      ? undefined
      : await orUnusable('--allowlist', () => IndicatorAllowlist.load({ files, also, log, kept, ...care }))
  return { enrichers, allowlist, lists }
}

/** The indicators that come and go while it runs: `tracer add`, `tracer remove`. */
async function followLists(options: ServeOptions, log: Log): Promise<FollowedLists> {
  const { FollowedLists: Lists } = await import('../tracer/indicators/followed-lists.ts')
  return Lists.follow({ directory: cacheDirectory(options), hostMatch: options.hostMatch, log })
}

/** @returns undefined without an option of MISP: most servers have none, and need not load what it takes */
async function loadMisp(options: ServeOptions, log: Log): Promise<Enricher | undefined> {
  if (!Object.keys(options).some((name) => name.startsWith('misp'))) return undefined
  const { createMisp } = await import('./tracer-misp.ts')
  return orUsage(() => createMisp(options, log))
}

/** The parts that enrichers are loaded with. */
interface LoadParts {
  readonly faults: ModuleFaults | undefined
  readonly kept: KeptFiles | undefined
  /** The care that is taken of feeds. */
  readonly care: Pick<FeedEnricherOptions, 'limits' | 'mayLack'>
}

async function loadEnricher(
  source: Exclude<SourceArgument, 'misp'>,
  options: ServeOptions,
  sources: Pick<SourceArguments, 'feeds'>,
  log: Log,
  { faults, kept, care }: LoadParts,
): Promise<Enricher> {
  if (source === 'feeds') {
    const { createFeedEnricher } = await import('../tracer/enrichers/feed.ts')
    const feeds = sources.feeds.map((feed) =>
      feed.isCompiled
        ? { compiled: feed.file }
        : localFiles([withCompat(withReading(feed, options), options)], options)[0]!,
    )
    return createFeedEnricher({ feeds, log, kept, compat: options.compat, ...care })
  }
  if ('mmdb' in source) {
    const { createMmdbEnricher } = await import('../tracer/enrichers/mmdb/mmdb.ts')
    const { mmdb: file, category } = source
    return createMmdbEnricher({ file, category, language: options.mmdbLanguage, log, kept })
  }
  if (!isModule(source)) return new UrlDecoder()
  const { loadModuleThread } = await import('./module-threads.ts')
  const { enricherTimeout: timeoutMs } = options
  return source.shared === true
    ? loadModuleThread(source.enricher, { timeoutMs }, log)
    : loadCustomEnricher(source.enricher, { timeoutMs, faults, log })
}

/**
 * @param option by which the files were given
 * @throws {CommandError} for what cannot be loaded
 */
async function orUnusable<T>(option: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (error) {
    const { message } = error as Error
    const isKeyNeeded = error instanceof FeedError && error.code === 'FEED_KEY_NEEDED'
    const text = isKeyNeeded ? `${option} ${message.replace(': needs', ' needs')}` : message
    throw new CommandError(EXIT.USAGE, `tracer: ${text}`, { cause: error })
  }
}

function isPath(text: string): boolean {
  return /[./\\]/.test(text)
}

/** @returns the address on which it listens. @throws {CommandError} when it cannot */
export function listenHttp({ server, asked }: HttpFace): Promise<{ address: string; port: number }> {
  return listen(server, '--http', asked)
}

/** @returns the address on which it listens. @throws {CommandError} when it cannot */
export async function listen(
  server: TracerServer | OperationsServer | TracerHttpServer,
  option: string,
  asked: Endpoint,
): Promise<{ address: string; port: number }> {
  try {
    const { address, port } = await server.listen()
    return { address, port }
  } catch (error) {
    throw new CommandError(EXIT.FAILED, `tracer: ${option} ${formatEndpoint(asked)}: ${listenFault(error)}`, {
      cause: error,
    })
  }
}

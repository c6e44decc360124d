import { readFileSync } from 'node:fs'
import process from 'node:process'
import { createSecureContext } from 'node:tls'
import { AllowList } from '../tracer/allow-list.ts'
import type { Enricher } from '../tracer/enricher.ts'
import { loadCustomEnricher } from '../tracer/enrichers/custom.ts'
import { UrlDecoder } from '../tracer/enrichers/url-decode.ts'
import { FeedError } from '../tracer/feeds/feed-error.ts'
import { IndicatorAllowlist } from '../tracer/indicator-allowlist.ts'
import { createLog, type Log, type LogLevel } from '../tracer/log.ts'
import { Metrics } from '../tracer/metrics.ts'
import { OperationsServer } from '../tracer/operations.ts'
import { type TlsOptions, TracerServer } from '../tracer/server.ts'
import { type Address, formatAddress } from './address.ts'
import { CommandError, EXIT } from './exit-codes.ts'
import type { SourceArgument, SourceArguments } from './tracer-arguments.ts'
import { type DownloadArguments, FeedDownloads, localFiles } from './tracer-downloads.ts'
import type { MispArguments } from './tracer-misp-options.ts'

/** The options of `tracer serve`, as commander names them. */
export interface ServeOptions extends MispArguments, DownloadArguments {
  readonly listen: Address
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
  readonly metrics?: Address
  readonly logLevel?: LogLevel
}

const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const

/**
 * `tracer serve`: from the options to a running server, until a signal stops it.
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
  let enrichers: readonly Enricher[] = []
  let allowlist: IndicatorAllowlist | undefined
  // Before there are enrichers, too: unheard, this signal would end the process.
  process.on('SIGHUP', () => {
    // What is downloaded is read like any other file that changes; nothing waits for a server that does not answer.
    void downloads.refresh()
    void allowlist?.reload()
    for (const enricher of enrichers) void enricher.reload?.()
  })
  let metrics: Metrics | undefined
  const operations =
    options.metrics === undefined
      ? undefined
      : new OperationsServer({
          ...options.metrics,
          metrics: () => metrics,
          isReady: () => server?.isListening ?? false,
        })
  if (operations !== undefined) await listen(operations, '--metrics', options.metrics!, log)

  const loading = loadAll(options, sources, downloads, log)
  // A signal does not wait for feeds; what they fail with by then is of no interest.
  const loaded = await Promise.race([loading, stopped])
  if (typeof loaded === 'string') {
    downloads.close()
    log.info({ signal: loaded }, 'stopped')
    return EXIT.OK
  }
  enrichers = loaded.enrichers
  allowlist = loaded.allowlist
  server = createServer(options, settings, loaded, log)
  const { counters } = server
  metrics = new Metrics({
    counters,
    connections: () => server!.connections,
    feeds: () => [...enrichers, allowlist].flatMap((source) => source?.stats?.() ?? []),
    downloads: () => downloads.stats(),
    enrichers: () => enrichers.flatMap((enricher) => enricher.metrics?.() ?? []),
  })
  await listen(server, '--listen', options.listen, log)

  const signal = await stopped
  log.info({ signal, connections: server.connections }, 'stopping')
  await server.close()
  downloads.close()
  allowlist?.close()
  for (const enricher of enrichers) await enricher.close?.()
  await operations?.close()
  metrics.close()
  log.info({ requests: counters.requests }, 'stopped')
  return EXIT.OK
}

/** The first signal to stop; the second one ends the process the hard way. */
function nextSignal(): Promise<string> {
  return new Promise((resolve) => {
    const stop = (signal: string) => {
      for (const name of STOP_SIGNALS) process.off(name, stop)
      resolve(signal)
    }
    for (const name of STOP_SIGNALS) process.on(name, stop)
  })
}

/** What can be found wrong before anything is loaded. */
function checkUsage(options: ServeOptions, sources: SourceArguments): { tls?: TlsOptions } {
  for (const source of sources.order) {
    if (source === 'feeds' || source === 'misp' || 'mmdb' in source) continue
    if (source.enricher === 'url-decode' || isPath(source.enricher)) continue
    throw new CommandError(
      EXIT.USAGE,
      `tracer: there is no enricher '${source.enricher}': url-decode, or a module of your own as a path (./mine.js)`,
    )
  }
  orUsage(() => new AllowList(options.allow ?? []))
  const { tlsCert, tlsKey, tlsCa } = options
  if (tlsCert === undefined && tlsKey === undefined && tlsCa === undefined) return {}
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new CommandError(EXIT.USAGE, 'tracer: TLS needs both --tls-cert and --tls-key')
  }
  const cert = readFile(tlsCert)
  const key = readFile(tlsKey)
  const tls = tlsCa === undefined ? { cert, key } : { cert, key, ca: readFile(tlsCa) }
  orUsage(() => createSecureContext(tls))
  return { tls }
}

function createServer(
  options: ServeOptions,
  settings: { tls?: TlsOptions },
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
        ...settings,
        reply: options.reply,
        oneShot: options.oneShot,
        allow: options.allow,
        maxLineBytes: options.maxLine,
        maxConnections: options.maxConnections,
        idleTimeoutMs: options.idleTimeout,
        drainTimeoutMs: options.drainTimeout,
        shutdownTimeoutMs: options.shutdownTimeout,
      }),
  )
}

/** What look-ups are answered from. */
interface Sources {
  readonly enrichers: readonly Enricher[]
  readonly allowlist: IndicatorAllowlist | undefined
}

/** What the options ask for, enrichers in their order. */
async function loadAll(
  options: ServeOptions,
  sources: SourceArguments,
  downloads: FeedDownloads,
  log: Log,
): Promise<Sources> {
  if (sources.order.length === 0)
    log.warn('no --feed, --load, --mmdb, --misp or --enricher: nothing will ever be found')
  const { createMisp } = await import('./tracer-misp.ts')
  // Before anything is loaded: its mistakes are found at once.
  const misp = orUsage(() => createMisp(options, log))
  await downloads.start()
  const enrichers: Enricher[] = []
  for (const source of sources.order) {
    const enricher =
      source === 'misp'
        ? misp!
        : await orUnusable('--feed', () => loadEnricher(source, options, sources, log))
    enrichers.push(enricher)
  }
  const files = localFiles(sources.allowlists, options)
  const allowlist =
    files.length === 0
      ? undefined
      : await orUnusable('--allowlist', () => IndicatorAllowlist.load({ files, log }))
  return { enrichers, allowlist }
}

async function loadEnricher(
  source: Exclude<SourceArgument, 'misp'>,
  options: ServeOptions,
  sources: SourceArguments,
  log: Log,
): Promise<Enricher> {
  if (source === 'feeds') {
    const { createFeedEnricher } = await import('../tracer/enrichers/feed.ts')
    const feeds = sources.feeds.map((feed) =>
      feed.isCompiled ? { compiled: feed.file } : localFiles([feed], options)[0]!,
    )
    return createFeedEnricher({ feeds, log })
  }
  if ('mmdb' in source) {
    const { createMmdbEnricher } = await import('../tracer/enrichers/mmdb.ts')
    const { mmdb: file, category } = source
    return createMmdbEnricher({ file, category, language: options.mmdbLanguage, log })
  }
  if (source.enricher === 'url-decode') return new UrlDecoder()
  return loadCustomEnricher(source.enricher, { timeoutMs: options.enricherTimeout })
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

async function listen(
  server: TracerServer | OperationsServer,
  option: string,
  asked: Address,
  log: Log,
): Promise<void> {
  try {
    const { address, port } = await server.listen()
    log.info({ address, port }, option === '--listen' ? 'listening' : 'metrics are served')
  } catch (error) {
    throw new CommandError(EXIT.FAILED, `tracer: ${option} ${formatAddress(asked)}: ${listenFault(error)}`, {
      cause: error,
    })
  }
}

function listenFault(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'EADDRINUSE') return 'the port is in use: another server runs there, or choose another port'
  if (code === 'EACCES') return 'not allowed: a port below 1024 needs the right to bind it'
  if (code === 'EADDRNOTAVAIL') return 'this machine has no such address'
  if (code === 'ENOTFOUND') return 'there is no such host'
  return message
}

function readFile(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new CommandError(EXIT.USAGE, `tracer: ${path}: cannot be read: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

function orUsage<T>(make: () => T): T {
  try {
    return make()
  } catch (error) {
    throw new CommandError(EXIT.USAGE, `tracer: ${(error as Error).message}`, { cause: error })
  }
}

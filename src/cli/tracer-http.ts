import { isIP } from 'node:net'
import { ClientAddresses } from '../http/client-addresses.ts'
import { Users } from '../http/users.ts'
import { type TracerHttpOptions, TracerHttpServer } from '../tracer/http/server.ts'
import type { IndicatorStore } from '../tracer/indicators/indicator-store.ts'
import type { Log } from '../tracer/server/log.ts'
import { SERVER_DEFAULTS } from '../tracer/server/server.ts'
import { type Endpoint, formatEndpoint } from './endpoint.ts'
import { CommandError, EXIT } from './exit-codes.ts'
import { orUsage, readOptionFile } from './read-file.ts'
import { cacheDirectory, type DownloadArguments } from './tracer-downloads.ts'
import type { HttpArguments } from './tracer-http-options.ts'

/** The options of `tracer serve` that the HTTP face takes. */
interface HttpOptions extends HttpArguments, Pick<DownloadArguments, 'feedCache'> {
  readonly allow?: readonly string[]
  readonly maxLine?: number
  readonly maxConnections?: number
  readonly shutdownTimeout?: number
}

/** The default of `--http-max-requests`. */
const MAX_REQUESTS = 256

/** Bytes of an object besides its value, of which JSON may write each byte as two. */
const OBJECT_OVERHEAD = 1024

const LOOPBACK = new ClientAddresses(['127.0.0.0/8', '::1'])

/** The HTTP face that the options ask for, and those who may use it. */
export interface HttpFace {
  readonly server: TracerHttpServer
  /** Where it was asked to listen. */
  readonly asked: Endpoint
  /** Reads the file of users again. */
  reload(): void
  /** Answers what has come, and lets go of the lists. */
  close(): Promise<void>
}

/**
 * Makes the HTTP face. It listens before the feeds are loaded, and says so to those who ask.
 *
 * @param port where one is given that the system has chosen. Default: that of `--http`
 * @param workers processes among which connections and requests are divided
 * @returns undefined without `--http`
 * @throws {CommandError} of wrong usage: users that cannot be read, or everybody on an address that others reach
 */
export function createHttp(
  options: HttpOptions,
  {
    tls,
    detector,
    log,
    port,
    workers = 1,
  }: Pick<TracerHttpOptions, 'tls' | 'detector'> & {
    readonly log: Log
    readonly port?: number | undefined
    readonly workers?: number
  },
): HttpFace | undefined {
  const { http, httpUsers } = options
  if (http === undefined) return undefined
  const users = checkHttpUsage(options)
  const asked = { host: http.host, port: port ?? http.port }
  let store: Promise<IndicatorStore> | undefined
  const lists = (): Promise<IndicatorStore> => {
    store ??= openStore(options)
    // A directory that cannot be written may be one that can, later.
    store.catch((error) => {
      log.error({ reason: error.message }, 'the lists of indicators cannot be changed over HTTP')
      store = undefined
    })
    return store
  }
  const server = orUsage(
    () =>
      new TracerHttpServer({
        ...asked,
        detector,
        lists,
        tls,
        users,
        allow: options.allow,
        words: options.httpResultWords,
        maxObjectBytes: 2 * (options.maxLine ?? SERVER_DEFAULTS.maxLineBytes) + OBJECT_OVERHEAD,
        maxInFlight: Math.ceil((options.httpMaxRequests ?? MAX_REQUESTS) / workers),
        maxConnections: Math.ceil((options.maxConnections ?? SERVER_DEFAULTS.maxConnections) / workers),
        stallTimeoutMs: options.httpTimeout,
        shutdownTimeoutMs: options.shutdownTimeout ?? SERVER_DEFAULTS.shutdownTimeoutMs,
      }),
  )
  const reload = (): void => {
    if (users === undefined) return
    try {
      users.replace(readUsers(httpUsers!), httpUsers!)
      log.info({ file: httpUsers }, 'users reloaded')
    } catch (error) {
      if (!(error instanceof CommandError || error instanceof RangeError)) throw error
      log.error({ file: httpUsers, reason: error.message }, 'users not reloaded; they stay as they were')
    }
  }
  const close = async (): Promise<void> => {
    await server.close()
    await (await store)?.close()
  }
  return { server, asked, reload, close }
}

/**
 * Finds wrong usage of the options of HTTP.
 *
 * @returns those who may ask; undefined: everybody on this machine
 * @throws {CommandError}
 */
export function checkHttpUsage(options: HttpOptions): Users | undefined {
  const { http, httpUsers: file } = options
  if (http === undefined) {
    const stray = Object.keys(options).find((name) => /^http[A-Z]/.test(name))
    if (stray === undefined) return undefined
    const option = stray.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
    throw new CommandError(EXIT.USAGE, `tracer: --${option} says nothing without --http HOST:PORT`)
  }
  if (file !== undefined) return orUsage(() => new Users(readUsers(file), file))
  if (isLoopback(http.host)) return undefined
  throw new CommandError(
    EXIT.USAGE,
    `tracer: --http ${formatEndpoint(http)}: everybody who reaches this address could ask: name users with --http-users FILE, or listen on 127.0.0.1`,
  )
}

/** @throws {IndicatorStoreError} (as a rejection) when it cannot be used */
async function openStore({ feedCache }: HttpOptions): Promise<IndicatorStore> {
  // Few servers are told of indicators over HTTP, and lmdb is native code.
  const { IndicatorStore } = await import('../tracer/indicators/indicator-store.ts')
  return IndicatorStore.open(cacheDirectory({ feedCache }))
}

function readUsers(file: string): string {
  return readOptionFile(file, `tracer: --http-users ${file}`).toString('utf8')
}

function isLoopback(host: string): boolean {
  return isIP(host) === 0 ? host.toLowerCase() === 'localhost' : LOOPBACK.has(host)
}

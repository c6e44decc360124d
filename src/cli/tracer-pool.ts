import { type ClientTls, TracerPool } from '../tracer/client/pool.ts'
import { parseDuration } from '../tracer/durations.ts'
import { CommandError, EXIT } from './exit-codes.ts'
import { readOptionFile } from './read-file.ts'
import { parseTracerAddress, refusePlainWithTls, withPassword } from './tracer-address.ts'
import { tellOutages } from './tracer-notes.ts'
import type { TracerOptions } from './tracer-options.ts'

/**
 * The pool that the options describe.
 *
 * @param servers those that `--tracer` names
 * @param say tells the operator of outages, in a line each
 * @throws {CommandError} when an option is not acceptable
 */
export function createTracerPool(
  servers: readonly string[],
  options: TracerOptions,
  say: (line: string) => void,
): TracerPool {
  const addresses = servers.map((server) => read('--tracer', server, parseTracerAddress)!)
  const tls = clientTls(options)
  refusePlainWithTls(addresses, tls !== undefined)
  const settings = {
    servers: withPassword(addresses, '--tracer-password-file', options.tracerPasswordFile),
    connections: read('--tracer-connections', options.tracerConnections, wholeNumber),
    window: read('--tracer-window', options.tracerWindow, wholeNumber),
    rps: read('--tracer-rps', options.tracerRps, number),
    timeoutMs: read('--tracer-timeout', options.tracerTimeout, parseDuration),
    waitMs: read('--tracer-wait', options.tracerWait, parseDuration),
    cacheEntries: read('--tracer-cache', options.tracerCache, wholeNumber),
    cacheTtlMs: read('--tracer-cache-ttl', options.tracerCacheTtl, parseDuration),
    tls,
  }
  try {
    const pool = new TracerPool(settings)
    const { waitMs = 0 } = settings
    tellOutages(pool, {
      servers: servers.length,
      waitMs,
      required: options.tracerRequired === true,
      say,
    })
    return pool
  } catch (error) {
    if (error instanceof TypeError) throw usage(`the tracer: ${error.message}`, error)
    throw error
  }
}

function read<T>(option: string, text: string | undefined, parse: (text: string) => T): T | undefined {
  if (text === undefined) return undefined
  try {
    return parse(text)
  } catch (error) {
    throw usage(`${option}: ${(error as Error).message}`, error)
  }
}

function wholeNumber(text: string): number {
  if (/^\d+$/.test(text)) return Number(text)
  throw new RangeError(`'${text}' is no whole number`)
}

function number(text: string): number {
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text)
  throw new RangeError(`'${text}' is no number`)
}

function clientTls({ tracerTls, tracerCa, tracerCert, tracerKey }: TracerOptions): ClientTls | undefined {
  if (!tracerTls && tracerCa === undefined && tracerCert === undefined && tracerKey === undefined) {
    return undefined
  }
  const read = (path: string | undefined) => (path === undefined ? undefined : readOptionFile(path, path))
  return { ca: read(tracerCa), cert: read(tracerCert), key: read(tracerKey) }
}

function usage(message: string, cause: unknown): CommandError {
  return new CommandError(EXIT.USAGE, message, { cause })
}

import { CACHE_DEFAULTS } from './cache.ts'
import type { ClientTls, ServerAddress } from './connection.ts'

/** The options of a pool. Times are in milliseconds. */
export interface TracerPoolOptions {
  /** Servers that know the same, at least one: requests go to whichever has room. */
  readonly servers: readonly ServerAddress[]
  /** Connections to each server. They are made when they are needed, and kept. Default: 4. */
  readonly connections?: number
  /** Requests in flight on each connection; over HTTP those go together as one. Default: 64. */
  readonly window?: number
  /** Requests that wait for a connection; with more the pool is busy. Default: 1024. */
  readonly queue?: number
  /** Requests a second, to all servers together. Default: no limit. */
  readonly rps?: number
  /** Time from the sending of a request to its reply; also the time that a connection may take to be made. Default: 5 s. */
  readonly timeoutMs?: number
  /**
   * Time that a new connection is left alone after its first reply: a server that closes after each reply does so within
   * this time, and would lose what else was sent. A connection for which there is nothing to ask for so long is closed.
   * Default: 20 ms.
   */
  readonly settleMs?: number
  /**
   * Number of times that a request is sent again after its connection was lost, and a failed connection made again.
   * Default: 2.
   */
  readonly retries?: number
  /**
   * Time that look-ups wait for servers that are lost, from the beginning of the outage; then they fail at once until one
   * answers. Default: 0, they never wait.
   */
  readonly waitMs?: number
  /** The wait after a failed connection, at first and at most; it doubles in between. Default: 50 ms, 5 s. */
  readonly minBackoffMs?: number
  readonly maxBackoffMs?: number
  /** Answers that are remembered; 0: none. Default: 100,000. */
  readonly cacheEntries?: number
  /** Time for which they are remembered. Default: 5 minutes. */
  readonly cacheTtlMs?: number
  /** Characters that a reply may have; a server that sends more is broken off. Default: 4 MiB. */
  readonly maxReplyLength?: number
  /** Bytes that a request line may have: more indicators than fit go into several lines. Default: 64 KiB. */
  readonly maxLineBytes?: number
  /** Default: no TLS, and for servers that are asked over HTTPS the authorities that Node knows. */
  readonly tls?: ClientTls | undefined
}

export const POOL_DEFAULTS = {
  connections: 4,
  window: 64,
  queue: 1024,
  rps: Number.POSITIVE_INFINITY,
  timeoutMs: 5000,
  settleMs: 20,
  retries: 2,
  waitMs: 0,
  minBackoffMs: 50,
  maxBackoffMs: 5000,
  cacheEntries: CACHE_DEFAULTS.entries,
  cacheTtlMs: CACHE_DEFAULTS.ttlMs,
  maxReplyLength: 4 * 1024 * 1024,
  maxLineBytes: 64 * 1024,
} as const

export type PoolSettings = Required<Omit<TracerPoolOptions, 'tls'>> & Pick<TracerPoolOptions, 'tls'>

/**
 * The longest time that Node's timers can wait. The server has its own (durations.ts): it shares nothing with the
 * client.
 */
export const LONGEST_TIMER_MS = 2 ** 31 - 1
/** `2 * timeoutMs` is a timer, too. */
const LONGEST_TIMEOUT_MS = 2 ** 30 - 1
/** An id and the separators find room in it, and an indicator. */
const SHORTEST_LINE = 256

const RANGES: Readonly<Record<keyof typeof POOL_DEFAULTS, readonly [from: number, to: number]>> = {
  connections: [1, 10_000],
  window: [1, 100_000],
  queue: [1, 10_000_000],
  rps: [Number.MIN_VALUE, Number.POSITIVE_INFINITY],
  timeoutMs: [1, LONGEST_TIMEOUT_MS],
  settleMs: [0, LONGEST_TIMER_MS],
  retries: [0, 1000],
  waitMs: [0, Number.MAX_SAFE_INTEGER],
  minBackoffMs: [1, LONGEST_TIMER_MS],
  maxBackoffMs: [1, LONGEST_TIMER_MS],
  cacheEntries: [0, 10_000_000],
  cacheTtlMs: [0, Number.MAX_SAFE_INTEGER],
  maxReplyLength: [SHORTEST_LINE, 2 ** 28],
  maxLineBytes: [SHORTEST_LINE, 2 ** 28],
}

/** The options with their defaults. @throws {TypeError} when one is not acceptable */
export function poolSettings(options: TracerPoolOptions): PoolSettings {
  const settings: Record<string, unknown> = { servers: options.servers, tls: options.tls }
  for (const [name, [from, to]] of Object.entries(RANGES)) {
    const key = name as keyof typeof POOL_DEFAULTS
    const value = options[key] ?? POOL_DEFAULTS[key]
    const isWhole = key === 'rps' || Number.isSafeInteger(value)
    if (typeof value !== 'number' || !isWhole || !(value >= from && value <= to)) {
      throw new TypeError(
        `${key} has to be ${key === 'rps' ? 'above 0' : `a whole number from ${from} to ${to}`}`,
      )
    }
    settings[key] = value
  }
  if (options.servers.length === 0) throw new TypeError('servers has to name a server')
  for (const { host, port, http } of options.servers) {
    if (http !== undefined && !http.path.startsWith('/')) {
      throw new TypeError(`${http.path} is no path of an API: it begins with /`)
    }
    if (host === '' || !Number.isInteger(port) || port < 1 || port > 65535) {
      throw new TypeError(`${host}:${port} is not the address of a server`)
    }
  }
  return settings as unknown as PoolSettings
}

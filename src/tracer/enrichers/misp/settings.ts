import { LONGEST_TIMER_MS } from '../../durations.ts'

/** The settings of the requests to MISP. Times are in milliseconds. */
export interface MispSettings {
  /** Time for which the hits of a value are remembered. 0: not at all. */
  readonly hitTtlMs: number
  /** Time for which a value that MISP does not know is remembered. 0: not at all. */
  readonly missTtlMs: number
  /** Values that are remembered, the least recently used goes first. */
  readonly cacheValues: number
  /** Time for a look-up from the question to the answer, and for each request. */
  readonly timeoutMs: number
  /** Requests a second at most. */
  readonly requestsPerSecond: number
  /** Values that one request asks for at most. */
  readonly batchValues: number
  /** Time that a value waits for others to be asked with it. */
  readonly batchWaitMs: number
  /** Requests in flight at most. */
  readonly requests: number
  /** Values that wait at most; further look-ups fail. */
  readonly waitingValues: number
  /** Detections for one indicator at most. */
  readonly hits: number
  /** Only attributes that are marked for detection (`to_ids`) are asked for. */
  readonly idsOnly: boolean
  /** Failures in a row after which MISP is left alone for a while. */
  readonly failures: number
  /** Time for which it is left alone: it doubles from the one to the other as long as the failures go on. */
  readonly minBackoffMs: number
  readonly maxBackoffMs: number
  /** Attributes that one answer holds at most; there may be further pages. */
  readonly pageSize: number
  /** A longer answer is not read. */
  readonly answerBytes: number
}

export const MISP_DEFAULTS: MispSettings = {
  hitTtlMs: 60 * 60_000,
  missTtlMs: 10 * 60_000,
  cacheValues: 200_000,
  // Below the time that clients wait: the matches of other enrichers still reach them.
  timeoutMs: 3000,
  requestsPerSecond: 10,
  batchValues: 100,
  batchWaitMs: 10,
  requests: 4,
  waitingValues: 10_000,
  hits: 10,
  idsOnly: false,
  failures: 5,
  minBackoffMs: 1000,
  maxBackoffMs: 60_000,
  pageSize: 500,
  answerBytes: 16 * 1024 * 1024,
}

/** Settings that may be 0: then there is none of it. */
const MAY_BE_ZERO: ReadonlySet<string> = new Set(['hitTtlMs', 'missTtlMs', 'cacheValues', 'batchWaitMs'])
/** Most settings are times that timers wait; counts have the same bound. */
const LARGEST = LONGEST_TIMER_MS

/**
 * The settings with the defaults for those that are not given.
 *
 * @throws RangeError for a number that is too small, too large or not a number
 */
export function mispSettings(options: Partial<MispSettings>): MispSettings {
  const settings: Record<string, unknown> = { ...MISP_DEFAULTS }
  for (const name of Object.keys(MISP_DEFAULTS) as (keyof MispSettings)[]) {
    const value = options[name]
    if (value === undefined) continue
    if (typeof value === 'number') checkNumber(name, value)
    settings[name] = value
  }
  return settings as unknown as MispSettings
}

function checkNumber(name: string, value: number): void {
  const isWhole = name === 'requestsPerSecond' || Number.isInteger(value)
  const isLargeEnough = MAY_BE_ZERO.has(name) ? value >= 0 : value > 0
  if (!isWhole || !isLargeEnough || value > LARGEST) {
    throw new RangeError(`${name}: ${value} is not acceptable`)
  }
}

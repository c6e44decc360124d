import { FeedError } from './feed-error.ts'

/** The limits of a new version of a feed: one beyond them is refused, and the version before it stays. */
export interface FeedLimits {
  /** The fewest indicators that a version may have. */
  readonly minIndicators: number
  /** The largest part of the indicators of the version before it, in percent, that may be gone. */
  readonly maxShrinkPercent: number
}

/** The limits of the command. */
export const FEED_LIMITS: FeedLimits = { minIndicators: 1, maxShrinkPercent: 90 }

const ALL_PERCENT = 100

/**
 * Compares a version of a feed with the limits.
 *
 * @param name of the feed, for the message
 * @param before indicators of the version before it; undefined: there is none, or it does not matter
 * @throws FeedError FEED_TOO_FEW, FEED_SHRUNK
 */
export function checkSize(
  name: string,
  indicators: number,
  before: number | undefined,
  { minIndicators, maxShrinkPercent }: FeedLimits,
): void {
  if (indicators < minIndicators) {
    throw new FeedError(
      'FEED_TOO_FEW',
      name,
      `has ${counted(indicators)}, and ${minIndicators} are the fewest that are taken (--min-indicators)`,
    )
  }
  if (before === undefined || indicators >= before * (1 - maxShrinkPercent / ALL_PERCENT)) return
  throw new FeedError(
    'FEED_SHRUNK',
    name,
    `has ${counted(indicators)}, and had ${before}: more than ${maxShrinkPercent} % are gone (--max-shrink)`,
  )
}

/** True when a version is a feed, and was refused for its size. */
export function isRefused(error: unknown): boolean {
  return error instanceof FeedError && (error.code === 'FEED_TOO_FEW' || error.code === 'FEED_SHRUNK')
}

function counted(indicators: number): string {
  return indicators === 1 ? '1 indicator' : `${indicators} indicators`
}

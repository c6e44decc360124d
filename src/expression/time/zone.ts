import { LRUCache } from 'lru-cache'
import { detach } from '../detach.ts'
import { parseOffset } from './iso8601.ts'
import { ZoneClock } from './zone-clock.ts'

/** Local time minus UTC, for local times of one zone. */
export interface Zone {
  /**
   * @param local seconds since 1970-01-01T00:00:00 on this zone's clock
   * @returns microseconds. Where the clock shows the time twice the first
   *   occurrence counts, where it shows it never the offset before the gap.
   */
  offsetAt(local: number): number
}

/** Longer than any IANA name. */
const MAX_NAME_LENGTH = 64

/** The most names, known and unknown, and the most days of each zone that are kept. */
const MAX_NAMES = 256
const MAX_DAYS = 512

/**
 * Finds zones by the names that events have for them, and keeps their offsets: `Intl` takes several microseconds for
 * one. Names come from outside, so everything here has a bound.
 */
export class ZoneFinder {
  readonly #zones = new LRUCache<string, { readonly zone: Zone | undefined }>({ max: MAX_NAMES })
  #lastName = ''
  #lastZone: Zone | undefined
  readonly #meaning: (name: string) => string

  /** @param meaning gives the IANA name or offset that a name stands for. Default: names are these */
  constructor(meaning: (name: string) => string = (name) => name) {
    this.#meaning = meaning
  }

  /** @param name an IANA name or an offset (`Europe/Moscow`, `+03:00`); undefined comes back if it is neither */
  find(name: string): Zone | undefined {
    if (name === this.#lastName) return this.#lastZone
    if (name.length > MAX_NAME_LENGTH) return undefined
    let known = this.#zones.get(name)
    if (known === undefined) {
      known = { zone: findZone(this.#meaning(name)) }
      this.#zones.set(detach(name), known)
    }
    this.#lastName = detach(name)
    this.#lastZone = known.zone
    return known.zone
  }
}

function findZone(name: string): Zone | undefined {
  const offset = parseOffset(name, 0)
  if (offset !== undefined) {
    return { offsetAt: () => offset }
  }
  // Names are letters; some engines also take offsets in other forms here.
  if (!/^[A-Za-z]/.test(name)) return undefined
  const clock = ZoneClock.find(name)
  return clock === undefined ? undefined : new NamedZone(clock)
}

const SECONDS_PER_DAY = 86_400

/**
 * The offsets of one day of a zone's clock. No zone has ever changed its offset twice within three days, so there is
 * one change at most that a local time of that day can lie near to.
 */
interface Day {
  readonly before: number
  readonly after: number
  /** When the offset changes, in seconds since the epoch; means nothing if it does not. */
  readonly change: number
}

class NamedZone implements Zone {
  readonly #clock: ZoneClock
  readonly #days = new LRUCache<number, Day>({ max: MAX_DAYS })
  #lastDayNumber = Number.NaN
  #lastDay: Day | undefined

  constructor(clock: ZoneClock) {
    this.#clock = clock
  }

  offsetAt(local: number): number {
    const { before, after, change } = this.#dayOf(Math.floor(local / SECONDS_PER_DAY))
    const afterChange = before !== after && local - before >= change && local - after >= change
    return (afterChange ? after : before) * 1_000_000
  }

  #dayOf(number: number): Day {
    if (number === this.#lastDayNumber) return this.#lastDay!
    let day = this.#days.get(number)
    if (day === undefined) {
      day = this.#workOut(number)
      this.#days.set(number, day)
    }
    this.#lastDayNumber = number
    this.#lastDay = day
    return day
  }

  /** An offset is less than a day, so a local day lies between a day before and a day behind the same day of UTC. */
  #workOut(number: number): Day {
    let low = (number - 1) * SECONDS_PER_DAY
    let high = (number + 2) * SECONDS_PER_DAY
    const before = this.#clock.offsetAt(low)
    const after = this.#clock.offsetAt(high)
    if (before === after) return { before, after, change: 0 }
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2)
      if (this.#clock.offsetAt(middle) === before) low = middle
      else high = middle
    }
    return { before, after, change: high }
  }
}

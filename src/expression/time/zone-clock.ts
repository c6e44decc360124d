/** The clock of a named zone, as `Intl` knows it. */
export class ZoneClock {
  readonly #format: Intl.DateTimeFormat

  private constructor(format: Intl.DateTimeFormat) {
    this.#format = format
  }

  /** @param name an IANA name; undefined comes back where there is no such zone */
  static find(name: string): ZoneClock | undefined {
    try {
      return new ZoneClock(
        new Intl.DateTimeFormat('en-US', {
          timeZone: name,
          hourCycle: 'h23',
          era: 'short',
          year: 'numeric',
          month: 'numeric',
          day: 'numeric',
          hour: 'numeric',
          minute: 'numeric',
          second: 'numeric',
        }),
      )
    } catch (error) {
      if (error instanceof RangeError) return undefined
      throw error
    }
  }

  /**
   * Local time minus UTC.
   *
   * @param instant seconds since 1970-01-01T00:00:00Z, an integer
   * @returns seconds
   */
  offsetAt(instant: number): number {
    const parts = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0 }
    let isBeforeChrist = false
    for (const { type, value } of this.#format.formatToParts(instant * 1000)) {
      if (type === 'era') isBeforeChrist = value === 'BC'
      else if (type in parts) parts[type as keyof typeof parts] = Number(value)
    }
    const { year, month, day, hour, minute, second } = parts
    // Date.UTC takes years below 100 for ones of the last century.
    const local = new Date(0)
    local.setUTCFullYear(isBeforeChrist ? 1 - year : year, month - 1, day)
    local.setUTCHours(hour, minute, second)
    return local.getTime() / 1000 - instant
  }
}

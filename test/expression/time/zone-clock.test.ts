import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { IANAZone } from 'luxon'
import { ZoneClock } from '../../../src/expression/time/zone-clock.ts'
import { propertyRuns } from '../../property-runs.ts'

/** Seconds from the year -270,000 to the year 270,000, most of them of the times that events tell. */
const instant = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -3_000_000_000, max: 5_000_000_000 }) },
  { weight: 2, arbitrary: fc.integer({ min: -63_000_000_000, max: -61_000_000_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: -8_600_000_000_000, max: 8_600_000_000_000 }) },
)

describe('the clock of a zone', () => {
  it('has the offsets that luxon finds, of every zone and at any time', () => {
    const zones = [...Intl.supportedValuesOf('timeZone'), 'UTC', 'EST', 'Etc/GMT+12', 'GMT']
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.array(instant, { minLength: 5, maxLength: 5 }),
        (zone, instants) => {
          const clock = ZoneClock.find(zone)
          assert.ok(clock !== undefined, zone)
          for (const seconds of instants) {
            const expected = Math.round(IANAZone.create(zone).offset(seconds * 1000) * 60)
            assert.equal(clock.offsetAt(seconds), expected, `${zone} at ${seconds}`)
          }
        },
      ),
      { numRuns: propertyRuns(600) },
    )
  })

  it('is found for the names that luxon takes, and for no others', () => {
    for (const name of [
      'europe/berlin',
      'Europe/Berlin',
      'utc',
      'Z',
      'Mars/Olympus',
      'Europe/Berlin ',
      'CET',
      'x'.repeat(64),
    ]) {
      assert.equal(ZoneClock.find(name) !== undefined, IANAZone.isValidZone(name), name)
    }
  })
})

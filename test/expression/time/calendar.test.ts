import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  dayOfYear,
  daysInMonth,
  fromDayNumber,
  isLeapYear,
  toDayNumber,
  weekdayOf,
} from '../../../src/expression/time/calendar.ts'

describe('the calendar', () => {
  it('counts every day from 0001-01-01 to 9999-12-31 once, and back', () => {
    let dayNumber = toDayNumber(1, 1, 1)
    for (let year = 1; year <= 9999; year++) {
      for (let month = 1; month <= 12; month++) {
        const last = daysInMonth(year, month)
        assert.equal(toDayNumber(year, month, 1), dayNumber)
        assert.equal(toDayNumber(year, month, last), dayNumber + last - 1)
        assert.deepEqual(fromDayNumber(dayNumber), { year, month, day: 1 })
        assert.deepEqual(fromDayNumber(dayNumber + last - 1), { year, month, day: last })
        dayNumber += last
      }
    }
    assert.equal(fromDayNumber(dayNumber), undefined)
  })

  it('begins at 1970-01-01, a Thursday', () => {
    assert.equal(toDayNumber(1970, 1, 1), 0)
    assert.equal(weekdayOf(0), 3)
    assert.equal(weekdayOf(-1), 2)
    assert.equal(weekdayOf(toDayNumber(1, 1, 1)), 0)
    assert.equal(weekdayOf(toDayNumber(2024, 3, 17)), 6)
  })

  it('knows no day outside the years 1 to 9999', () => {
    for (const dayNumber of [toDayNumber(1, 1, 1) - 1, 1e300, -1e300, Number.POSITIVE_INFINITY]) {
      assert.equal(fromDayNumber(dayNumber), undefined)
    }
  })

  it('has a leap year every four years, not every hundred, but every four hundred', () => {
    assert.deepEqual([2024, 2023, 1900, 2000, 4].map(isLeapYear), [true, false, false, true, true])
    assert.equal(daysInMonth(2024, 2), 29)
    assert.equal(daysInMonth(2023, 2), 28)
    assert.equal(dayOfYear(2024, 12, 31), 366)
    assert.equal(dayOfYear(2023, 12, 31), 365)
    assert.equal(dayOfYear(2024, 3, 1), 61)
  })
})

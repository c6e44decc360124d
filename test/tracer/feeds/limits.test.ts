import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FeedError } from '../../../src/tracer/feeds/feed-error.ts'
import { checkSize, FEED_LIMITS, isRefused } from '../../../src/tracer/feeds/limits.ts'

function outcome(indicators: number, before?: number, limits = FEED_LIMITS): string {
  try {
    checkSize('feed.csv', indicators, before, limits)
    return 'taken'
  } catch (error) {
    assert.equal(isRefused(error), true)
    return (error as FeedError).message
  }
}

test('a version with too few indicators, or that has lost too many, is refused with both numbers', () => {
  assert.equal(
    outcome(0),
    'feed.csv: has 0 indicators, and 1 are the fewest that are taken (--min-indicators)',
  )
  assert.equal(outcome(1), 'taken')
  assert.equal(outcome(10, 100), 'taken')
  assert.equal(
    outcome(9, 100),
    'feed.csv: has 9 indicators, and had 100: more than 90 % are gone (--max-shrink)',
  )
  assert.equal(
    outcome(1, 100),
    'feed.csv: has 1 indicator, and had 100: more than 90 % are gone (--max-shrink)',
  )
  assert.equal(outcome(200, 100), 'taken')
  assert.equal(outcome(0, 0, { minIndicators: 0, maxShrinkPercent: 90 }), 'taken')
  assert.equal(outcome(0, 5, { minIndicators: 0, maxShrinkPercent: 100 }), 'taken')
  assert.match(outcome(4, 5, { minIndicators: 0, maxShrinkPercent: 0 }), /more than 0 % are gone/)
  assert.equal(isRefused(new FeedError('FEED_INVALID', 'x', 'is broken')), false)
})

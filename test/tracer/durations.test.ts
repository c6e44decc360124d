import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDuration } from '../../src/tracer/durations.ts'

const cases: [text: string, ms: number][] = [
  ['500ms', 500],
  ['5s', 5000],
  ['2m', 120_000],
  ['1h', 3_600_000],
  ['5', 5000],
  ['0', 0],
  ['0ms', 0],
  ['0.5', 500],
  ['1.5s', 1500],
  ['0.1ms', 1],
  [' 5s ', 5000],
]
for (const [text, ms] of cases) {
  test(`'${text}' is ${ms} ms`, () => assert.equal(parseDuration(text), ms))
}

for (const text of [
  '',
  's',
  '5 s',
  '-1s',
  '1d',
  '5S',
  '1e3',
  '1.s',
  '.5s',
  '٥s',
  '1s1s',
  'NaN',
  'Infinity',
]) {
  test(`'${text}' is no duration`, () => {
    assert.throws(() => parseDuration(text), { name: 'RangeError', message: /is no duration/ })
  })
}

test('a duration longer than a timer can wait is refused', () => {
  assert.equal(parseDuration('2147483647ms'), 2147483647)
  assert.throws(() => parseDuration('2147483648ms'), { name: 'RangeError', message: /too long/ })
  assert.throws(() => parseDuration('9'.repeat(400)), { name: 'RangeError', message: /too long/ })
})

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { compileRules } from '../../src/rules/index.ts'

it('rules of the library see for each event when it comes, not when they were compiled', (t) => {
  const at = (text: string): number => Date.parse(text)
  t.mock.timers.enable({ apis: ['Date'], now: at('2024-07-01T00:00:00Z') })
  const normalize = compileRules("t: parse_timestamp(s, '%b %d %H:%M:%S', year='nearest', tz='UTC')")
  const event = { s: 'Dec 31 23:59:00' }
  for (const [now, expected] of [
    ['2024-12-31T23:59:30Z', '2024-12-31T23:59:00Z'],
    ['2026-01-01T00:00:10Z', '2025-12-31T23:59:00Z'],
  ] as const) {
    t.mock.timers.setTime(at(now))
    assert.deepEqual(normalize(event).output, { t: expected })
    assert.deepEqual(normalize(JSON.stringify(event)).output, { t: expected })
  }
})

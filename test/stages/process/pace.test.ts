import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Pace } from '../../../src/stages/process/pace.ts'

const MIB = 1024 * 1024

/** Runs of 16 MiB, each of a second: in each the loop waits for so many milliseconds. @returns what was told after each */
function told(afterBytes: number, waits: readonly number[]): boolean[] {
  const pace = new Pace(afterBytes, 0)
  return waits.map((wait, index) => {
    pace.wait(wait)
    assert.equal(pace.isTooFast(8 * MIB, index * 1000 + 500), false)
    return pace.isTooFast(8 * MIB, index * 1000 + 1000)
  })
}

describe('Pace', () => {
  it('asks for threads once more has come than so many bytes', () => {
    assert.deepEqual(told(40 * MIB, [0, 0, 0, 0]), [false, false, true, true])
  })

  it('asks for none as long as the loop waits for a quarter of the time and more', () => {
    assert.deepEqual(told(16 * MIB, [0, 260, 900, 1000, 240, 260]), [false, false, false, false, true, false])
  })

  it('looks at the time since it looked last only', () => {
    assert.deepEqual(told(16 * MIB, [1000, 1000, 0]), [false, false, true])
  })
})

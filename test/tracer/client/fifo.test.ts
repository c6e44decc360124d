import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Fifo } from '../../../src/tracer/client/fifo.ts'

describe('Fifo', () => {
  it('behaves as an array does, whatever is done to it', () => {
    const step = fc.oneof(
      fc.record({ push: fc.nat(3000) }),
      fc.record({ shift: fc.nat(3000) }),
      fc.record({ unshift: fc.nat(50) }),
      fc.constant({ clear: true }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const fifo = new Fifo<number>()
        const model: number[] = []
        let next = 0
        for (const each of steps) {
          if ('push' in each) {
            for (let i = 0; i < each.push; i++, next++) {
              fifo.push(next)
              model.push(next)
            }
          } else if ('shift' in each) {
            for (let i = 0; i < each.shift; i++) assert.equal(fifo.shift(), model.shift())
          } else if ('unshift' in each) {
            const items = Array.from({ length: each.unshift }, () => next++)
            fifo.unshift(items)
            model.unshift(...items)
          } else {
            assert.deepEqual(fifo.clear(), model.splice(0))
          }
          assert.equal(fifo.length, model.length)
          assert.equal(fifo.first, model[0])
          assert.deepEqual([...fifo], model)
        }
      }),
      { numRuns: 50 },
    )
  })
})

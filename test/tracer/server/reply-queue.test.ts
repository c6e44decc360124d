import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type PendingPart, ReplyQueue } from '../../../src/tracer/server/reply-queue.ts'

test('text that waits for nothing can be taken at once', () => {
  const queue = new ReplyQueue()
  queue.append('a')
  queue.append('b')
  assert.equal(queue.readyLength, 2)
  assert.equal(queue.take(), 'ab')
  assert.equal(queue.take(), '')
})

test('a part that is not known holds back what follows, and nothing before it', () => {
  const queue = new ReplyQueue()
  queue.append('a')
  const part = queue.reserve()
  queue.append('c')
  queue.append('d')
  assert.equal(queue.take(), 'a')
  assert.equal(queue.waiting, 1)
  assert.equal(queue.heldLength, 2)
  queue.fill(part, 'b')
  assert.equal(queue.waiting, 0)
  assert.equal(queue.heldLength, 0)
  assert.equal(queue.take(), 'bcd')
})

test('parts that are filled in any order come out in theirs', () => {
  const operation = fc.oneof(
    fc.record({ kind: fc.constant('append' as const), text: fc.string() }),
    fc.record({ kind: fc.constant('reserve' as const), text: fc.string() }),
    fc.record({ kind: fc.constant('fill' as const), which: fc.nat() }),
    fc.record({ kind: fc.constant('take' as const) }),
  )
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
      const queue = new ReplyQueue()
      const open: { part: PendingPart; text: string }[] = []
      let expected = ''
      let taken = ''
      for (const step of operations) {
        if (step.kind === 'append') {
          expected += step.text
          queue.append(step.text)
        } else if (step.kind === 'reserve') {
          expected += step.text
          open.push({ part: queue.reserve(), text: step.text })
        } else if (step.kind === 'fill' && open.length > 0) {
          const [{ part, text }] = open.splice(step.which % open.length, 1) as [(typeof open)[number]]
          queue.fill(part, text)
        } else if (step.kind === 'take') {
          taken += queue.take()
        }
        assert.equal(queue.waiting, open.length)
        assert.ok(expected.startsWith(taken))
      }
      for (const { part, text } of open.reverse()) queue.fill(part, text)
      assert.equal(taken + queue.take(), expected)
      assert.equal(queue.heldLength, 0)
    }),
  )
})

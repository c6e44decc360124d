import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { BadReply, ReplyReader } from '../../../src/tracer/client/reply-reader.ts'
import type { Detection } from '../../../src/tracer/protocol.ts'
import { propertyRuns } from '../../property-runs.ts'

interface Outcome {
  readonly replies: readonly (readonly Detection[])[]
  readonly problem: string | undefined
}

/** The output when a stream arrives in pieces of these sizes, and ends. */
function read(stream: Uint8Array, sizes: readonly number[] = [], maxReplyLength = 10_000): Outcome {
  const replies: (readonly Detection[])[] = []
  const reader = new ReplyReader((detections) => replies.push(detections), maxReplyLength)
  let problem: string | undefined
  try {
    let from = 0
    for (const size of [...sizes, stream.length]) {
      if (from < stream.length) reader.feed(stream.subarray(from, from + size))
      from += size
    }
    reader.end()
  } catch (error) {
    if (!(error instanceof BadReply)) throw error
    problem = error.message
  }
  return { replies, problem }
}

function text(stream: string): Uint8Array {
  return Buffer.from(stream)
}

const HIT = 'Category=a|MatchedIndicator=b|c=d\n'
const DETECTION = { category: 'a', matched: 'b', fields: [['c', 'd']] }

describe('ReplyReader', () => {
  for (const [name, stream, replies, problem] of [
    ['nothing', '', [], undefined],
    ['a miss', 'LookupFinished\n', [[]], undefined],
    ['a hit', `${HIT}LookupFinished\n`, [[DETECTION]], undefined],
    [
      'several',
      `LookupFinished\n${HIT}${HIT}LookupFinished\nLookupFinished\n`,
      [[], [DETECTION, DETECTION], []],
      undefined,
    ],
    ['CRLF', `${HIT.replace('\n', '\r\n')}LookupFinished\r\n`, [[DETECTION]], undefined],
    ['empty lines', `\n${HIT}\r\n\nLookupFinished\n\n`, [[DETECTION]], undefined],
    ['an end without a line end', `${HIT}LookupFinished`, [[DETECTION]], undefined],
    ['an end that is said twice', `${HIT}LookupFinishedLookupFinished`, [[DETECTION]], undefined],
    ['an end with a CR only', 'LookupFinished\r', [[]], undefined],
    ['a reply that is cut off', `LookupFinished\n${HIT}`, [[]], 'it ended within a reply'],
    ['a line that is cut off', `${HIT}LookupFinis`, [], 'it ended within a reply'],
    ['garbage', 'LookupFinished\ngarbage\nLookupFinished\n', [[]], 'it sent "garbage"'],
    ['garbage that is long', `${'x'.repeat(100)}\n`, [], `it sent "${'x'.repeat(40)}..."`],
    ['a detection of nothing', 'Category=a|b=c\n', [], 'it sent "Category=a|b=c"'],
  ] as const) {
    it(`reads ${name}, whole and byte by byte`, () => {
      for (const sizes of [[], Array.from(text(stream), () => 1)]) {
        assert.deepEqual(read(text(stream), sizes), { replies, problem })
      }
    })
  }

  it('refuses a reply that is too long, in one line or in many', () => {
    const problem = 'it sent a reply of more than 500 characters'
    assert.deepEqual(read(text(`Category=${'x'.repeat(500)}`), [], 500), { replies: [], problem })
    assert.deepEqual(read(text(HIT.repeat(20)), [], 500), { replies: [], problem })
    assert.deepEqual(read(text(`${HIT.repeat(5)}LookupFinished\n`.repeat(100)), [], 500).problem, undefined)
  })

  it('tells whether it is within a reply', () => {
    const reader = new ReplyReader(() => {}, 1000)
    const states: boolean[] = []
    for (const piece of ['', 'Cat', 'egory=a|MatchedIndicator=b\n', 'LookupFinished', '\n']) {
      reader.feed(text(piece))
      states.push(reader.isInReply)
    }
    assert.deepEqual(states, [false, true, true, true, false])
  })

  it('stops where it is told to, also in the middle of a chunk', () => {
    const replies: unknown[] = []
    const reader = new ReplyReader((detections) => {
      replies.push(detections)
      reader.stop()
    }, 1000)
    reader.feed(text('LookupFinished\nLookupFinished\ngarbage\n'))
    reader.feed(text('garbage\n'))
    reader.end()
    assert.equal(replies.length, 1)
  })

  it('gives the same for any split of what a server sends', () => {
    const value = fc.string({
      unit: fc.constantFrom('a', '=', ' ', 'é', '日', '😀', '__proto__'),
      maxLength: 8,
    })
    const hit = fc
      .tuple(value, value, fc.array(fc.tuple(value, value), { maxLength: 3 }))
      .map(
        ([category, matched, fields]) =>
          `Category=${category}|MatchedIndicator=${matched}${fields.map(([name, each]) => `|${name}=${each}`).join('')}`,
      )
    const line = fc.oneof(
      { weight: 4, arbitrary: hit },
      { weight: 4, arbitrary: fc.constant('LookupFinished') },
      { weight: 1, arbitrary: fc.constantFrom('', 'garbage', 'LookupFinishedLookupFinished') },
    )
    const stream = fc
      .tuple(fc.array(fc.tuple(line, fc.constantFrom('\n', '\r\n'))), fc.oneof(fc.constant(''), line))
      .map(([lines, rest]) => text(lines.map(([each, end]) => each + end).join('') + rest))
    fc.assert(
      fc.property(stream, fc.array(fc.integer({ min: 1, max: 20 })), (bytes, sizes) => {
        assert.deepEqual(read(bytes, sizes), read(bytes))
      }),
      { numRuns: propertyRuns(500) },
    )
  })
})

import assert from 'node:assert/strict'
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { PacedStage } from '../../src/stages/paced-stage.ts'
import { propertyRuns } from '../property-runs.ts'
import { steppingClock } from '../stepping-clock.ts'

/** Makes as many pieces of a number as it says, and three at the end. */
class Pieces extends PacedStage<number> {
  made = 0
  /** The errors output of a stage: pieces that do not go to the reader, and have to be waited for. */
  readonly #aside: number

  constructor(aside = 0) {
    super({ objectMode: true, highWaterMark: 2 })
    this.#aside = aside
  }

  #isWaiting = false

  protected override *pieces(count: number): Iterable<string> {
    for (let n = 0; n < count; n++) {
      this.made++
      yield `${count}.${n}`
    }
  }

  protected override lastPieces(): Iterable<string> {
    return this.pieces(3)
  }

  protected override give(piece: string): boolean {
    if (this.#aside === 0 || this.made % this.#aside !== 0) return this.pushPiece(piece)
    this.#isWaiting = true
    setImmediate(() => {
      this.#isWaiting = false
      this.goOn()
    })
    return false
  }

  protected override get isBlocked(): boolean {
    return this.#isWaiting
  }
}

/** The count of each number. */
function countsOf(numbers: readonly number[]): number[] {
  const counts = new Map<number, number>()
  for (const number of numbers) counts.set(number, (counts.get(number) ?? 0) + 1)
  return [...counts.values()]
}

describe('PacedStage', { timeout: 900_000 }, () => {
  it('makes no more pieces than the reader takes', async () => {
    const stage = new Pieces()
    stage.write(1000)
    await new Promise(setImmediate)
    assert.ok(stage.made <= 3, `${stage.made}`)
    for (let read = 0; read < 10; read++) {
      stage.read()
      await new Promise(setImmediate)
    }
    assert.ok(stage.made <= 14, `${stage.made}`)
  })

  it('gives all pieces in their order and ends, however many there are and whatever the pace', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(7), { maxLength: 12 }),
        fc.constantFrom(0, 2, 3),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }),
        async (counts, aside, waits) => {
          const given: string[] = []
          const out = new Writable({
            objectMode: true,
            highWaterMark: 1,
            write: (piece: string, _encoding, callback) => {
              given.push(piece)
              if (waits[given.length % waits.length] === true) setImmediate(callback)
              else callback()
            },
          })
          await pipeline(Readable.from(counts), new Pieces(aside), out)
          const all = [...counts, 3].flatMap((count) =>
            Array.from({ length: count }, (_, n) => `${count}.${n}`),
          )
          const expected = aside === 0 ? all : all.filter((_, index) => (index + 1) % aside !== 0)
          assert.deepEqual(given, expected)
        },
      ),
      { numRuns: propertyRuns(200) },
    )
  })

  it('lets the event loop turn after 100 ms of work, however fast the reader takes the pieces', async (test) => {
    const clock = steppingClock(test, 60)
    let turns = 0
    let isOver = false
    const count = () => {
      turns++
      if (!isOver) setImmediate(count)
    }
    setImmediate(count)
    const turnOf: number[] = []
    const out = new Writable({
      objectMode: true,
      write: (_piece, _encoding, callback) => {
        turnOf.push(turns)
        callback()
      },
    })
    await pipeline(Readable.from([50]), new Pieces(), out)
    isOver = true
    assert.ok(clock.reads() > 50, 'the clock was read')
    const perTurn = countsOf(turnOf)
    assert.equal(turnOf.length, 53)
    assert.ok(Math.max(...perTurn) <= 2, `${perTurn}`)
  })

  it('fails with what making a piece throws', async () => {
    class Failing extends PacedStage<string> {
      // biome-ignore lint/correctness/useYield: it fails before its first piece
      protected override *pieces(): Iterable<string> {
        throw new TypeError('on purpose')
      }
    }
    const out = new Writable({ objectMode: true, write: (_piece, _encoding, callback) => callback() })
    await assert.rejects(pipeline(Readable.from(['x']), new Failing({ objectMode: true }), out), /on purpose/)
  })
})

import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { compileRules } from '../../src/rules/compile.ts'
import { KnownAnswers, UNKNOWN } from '../../src/stages/known-answers.ts'
import { ProcessLoop } from '../../src/stages/process/loop.ts'
import type { Sink } from '../../src/stages/sink.ts'
import type { InputChunk, Source } from '../../src/stages/source.ts'
import type { LookupHandler, TracerPool } from '../../src/tracer/client/pool.ts'
import type { Indicator } from '../../src/tracer/protocol.ts'
import { propertyRuns } from '../property-runs.ts'

function memoryOf(text: string): [memory: DataView, from: number, end: number] {
  const bytes = Buffer.from(`   ${text}\n`.padEnd(text.length * 3 + 16))
  return [new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 3, 3 + Buffer.byteLength(text)]
}

describe('KnownAnswers', () => {
  it('knows what was kept last for a path and a value, until its time', () => {
    const text = fc.string({ maxLength: 9, unit: fc.constantFrom('a', 'b', 'é', '1') })
    const entry = fc.record({
      path: fc.integer({ min: 0, max: 2 }),
      text,
      count: fc.integer({ min: 0, max: 2 }),
      until: fc.integer({ min: 1, max: 9 }),
    })
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 60 }), fc.integer({ min: 0, max: 9 }), (entries, now) => {
        const known = new KnownAnswers()
        const expected = new Map<string, (typeof entries)[number]>()
        for (const each of entries) {
          const detections = each.count === 0 ? undefined : { text: Buffer.from('x'), count: each.count }
          known.keep(each.path, ...memoryOf(each.text), detections, each.until)
          expected.set(`${each.path} ${each.text}`, each)
        }
        known.now = now
        for (const { path, text, count, until } of expected.values()) {
          const found = known.find(path, ...memoryOf(text))
          assert.equal(found !== UNKNOWN, until > now)
          if (found === UNKNOWN) continue
          assert.equal(known.detections(found)?.count ?? 0, count)
          assert.equal(known.hasDetections(found), count > 0)
          assert.equal(known.find(path + 3, ...memoryOf(text)), UNKNOWN)
          assert.equal(known.find(path, ...memoryOf(`${text}c`)), UNKNOWN)
        }
      }),
      { numRuns: propertyRuns(200) },
    )
  })

  it('forgets all when it is full, and never holds more', () => {
    const known = new KnownAnswers(10)
    const isKnown = (n: number) => known.find(0, ...memoryOf(`value ${n}`)) !== UNKNOWN
    for (let n = 0; n < 100; n++) {
      known.keep(0, ...memoryOf(`value ${n}`), undefined, 1)
      assert.equal(isKnown(n), true)
      const count = Array.from({ length: n + 1 }, (_, other) => isKnown(other)).filter(Boolean).length
      assert.equal(count, (n % 10) + 1)
    }
    const none = new KnownAnswers(0)
    none.keep(0, ...memoryOf('value'), undefined, 1)
    assert.equal(none.find(0, ...memoryOf('value')), UNKNOWN)
  })
})

/** A pool with a cache; what it does not know is answered later. Values that begin with `bad` are found. */
class CachingPool extends EventEmitter {
  readonly capacity = 4
  readonly busy = false
  readonly cacheEntries = 100
  readonly stats = { cacheHits: 0 }
  readonly asked: string[] = []
  readonly #known = new Map<string, number>()
  readonly #ttlMs: number
  readonly #fails: boolean

  constructor(ttlMs: number, fails = false) {
    super()
    this.#ttlMs = ttlMs
    this.#fails = fails
  }

  keptUntil(type: string, value: string): number {
    return this.#known.get(`${type} ${value}`) ?? 0
  }

  dispatch(indicators: readonly Indicator[], handler: LookupHandler): boolean {
    const now = performance.now()
    const answers = indicators.map(({ type, value }) =>
      value.startsWith('bad')
        ? [{ category: type, matched: value, fields: [['ioc', value]] as [string, string][] }]
        : [],
    )
    const missing = indicators.filter(({ type, value }) => !(this.keptUntil(type, value) > now))
    this.stats.cacheHits += indicators.length - missing.length
    this.asked.push(...missing.map(({ value }) => value))
    if (missing.length === 0) {
      handler.onAnswers(answers)
      return true
    }
    const answer = () => {
      for (const { type, value } of missing) {
        // Kept, it would fail or not, depending on when this answer comes.
        if (value !== 'lost') this.#known.set(`${type} ${value}`, now + this.#ttlMs)
      }
      if (this.#fails && indicators[0]!.value === 'lost') {
        handler.onFailure({ code: 'timeout', message: 'm' } as never)
      } else handler.onAnswers(answers)
    }
    if (this.asked.length % 3 === 0) setTimeout(answer, 1)
    else setImmediate(answer)
    return true
  }
}

const RULES = 'url: u\na.ip: i\nc:\n  field: r\n  required: false\nenrich:\n  url: [url, c]\n  ip: [a.ip]\n'

function sourceOf(text: string, size: number): Source {
  let isStopped = false
  return {
    fault: undefined,
    bytesRead: 0,
    stop: () => {
      isStopped = true
    },
    async *[Symbol.asyncIterator](): AsyncGenerator<InputChunk> {
      const bytes = Buffer.from(text)
      const buffer = Buffer.alloc(size)
      for (let start = 0; start < bytes.length && !isStopped; start += size) {
        const length = bytes.copy(buffer, 0, start, start + size)
        yield { source: '-', bytes: buffer.subarray(0, length) }
        buffer.fill(0x7a)
      }
      yield { source: '-' }
    },
  }
}

/** Each third write is held up, and its bytes are read only then. */
function sink(): Sink & { text: string } {
  let writes = 0
  const self = {
    text: '',
    write(bytes: Uint8Array) {
      const keep = () => {
        self.text += Buffer.from(bytes).toString()
      }
      if (writes++ % 3 !== 0) {
        keep()
        return undefined
      }
      return new Promise<void>((resolve) =>
        setImmediate(() => {
          keep()
          resolve()
        }),
      )
    },
  }
  return self
}

async function enriched(text: string, size: number, pool: unknown) {
  const [output, errors] = [sink(), sink()]
  const loop = new ProcessLoop(compileRules(RULES), { output, errors }, { tracer: pool as TracerPool })
  await loop.run(sourceOf(text, size))
  return { output: output.text, errors: errors.text, counts: loop.counts }
}

describe('ProcessLoop with a tracer', () => {
  it('writes the same, in order, whether answers are kept or asked for each time, and counts the same', async () => {
    const url = fc.constantFrom('bad-1', 'bad-é', 'good', '-', '', '\u0001', 'x'.repeat(2000), 'lost')
    const value = fc.oneof(
      { weight: 5, arbitrary: url },
      fc.constantFrom(1, null, ['bad-2', 'good'], { x: 1 }, [{ ip: 'bad-3' }]),
    )
    const event = fc.record({ u: value, i: value, r: value }, { requiredKeys: ['u', 'i'] })
    const line = fc.oneof(
      { weight: 6, arbitrary: event.map((each) => JSON.stringify(each)) },
      fc.constant('no json'),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 40, max: 4000 }),
        async (lines, times, size) => {
          const text = `${lines.join('\n')}\n`.repeat(times)
          const pool = new CachingPool(60_000, true)
          const plain = new CachingPool(60_000, true)
          const kept = await enriched(text, size, pool)
          const asked = await enriched(text, size, {
            capacity: 4,
            busy: false,
            dispatch: plain.dispatch.bind(plain),
            once: () => {},
            off: () => {},
          })
          assert.deepEqual(kept, asked)
          assert.equal(pool.stats.cacheHits + pool.asked.length, plain.stats.cacheHits + plain.asked.length)
        },
      ),
      { numRuns: propertyRuns(60) },
    )
  })

  it('asks again when the time of an answer is over', async () => {
    const event = '{"u":"good","i":"bad"}\n'
    const lasting = new CachingPool(60_000)
    await enriched(event.repeat(2000), 500, lasting)
    assert.ok(lasting.asked.length < 2000, `${lasting.asked.length} of 4000 were asked`)
    assert.equal(lasting.stats.cacheHits + lasting.asked.length, 4000)
    const ended = new CachingPool(-1)
    await enriched(event.repeat(50), 25, ended)
    assert.equal(ended.asked.length, 100)
    assert.equal(ended.stats.cacheHits, 0)
  })

  it('fails with the fault of an output, also of one that comes while answers are waited for', async () => {
    const output: Sink = {
      write: () => Promise.reject(new Error('the disk is full')),
    }
    const loop = new ProcessLoop(compileRules(RULES), { output }, { tracer: new CachingPool(1) as never })
    await assert.rejects(loop.run(sourceOf('{"u":"good","i":"bad"}\n'.repeat(10), 100)), {
      message: 'the disk is full',
    })
  })
})

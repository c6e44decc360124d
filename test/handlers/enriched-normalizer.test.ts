import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { NODE_CODING } from '../../src/formats/node-coding.ts'
import { EnrichedNormalizer } from '../../src/handlers/enriched-normalizer.ts'
import { inlineRecords } from '../../src/handlers/inline-records.ts'
import { compileRules } from '../../src/rules/compile.ts'
import { safeLineTest } from '../../src/stages/process/line-test.ts'
import type { TracerPool, TracerPoolOptions } from '../../src/tracer/client/pool.ts'
import { answers, listen, poolFor } from '../tracer/loopback.ts'

const RULES = 'url.original: url\nn: n\ndrop: n == 3\nenrich:\n  url: [url.original]\n'
/** Detections go to a member that a rule writes into: events have to be objects. */
const INTO = `${RULES}  into: threat.enrichments\nthreat.feed: "'x'"\n`

interface Input {
  readonly text: string
  readonly chunkBytes?: number
  readonly isInOrder?: boolean
}

async function* chunks(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text)
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size)
}

/** The outputs and the inline records of an input, with what was counted. */
async function outcome(
  normalizer: EnrichedNormalizer,
  { text, chunkBytes = 1 << 16, isInOrder = true }: Input,
): Promise<{ text: string; written: number; rejected: number; dropped: number }> {
  const decoder = new TextDecoder()
  const total = { text: '', written: 0, rejected: 0, dropped: 0 }
  const input = { inputFormat: 'jsonl' } as const
  for await (const part of normalizer.normalize(chunks(text, chunkBytes), {
    source: 'request',
    input,
    isInOrder,
  })) {
    total.text += decoder.decode(part.bytes) + decoder.decode(inlineRecords(part.rejected.bytes))
    total.written += part.written
    total.rejected += part.rejected.count
    total.dropped += part.notes?.dropped ?? 0
  }
  return total
}

async function made(
  t: TestContext,
  rules: string,
  options: { required?: boolean; pool?: Omit<TracerPoolOptions, 'servers'> } = {},
): Promise<{ normalizer: EnrichedNormalizer; pool: TracerPool }> {
  const pool = poolFor(t, await listen(t, answers), { cacheEntries: 1000, ...options.pool })
  const { required } = options
  const settings = { tracer: pool, required, coding: NODE_CODING, lineTest: safeLineTest }
  return { normalizer: new EnrichedNormalizer(compileRules(rules), settings), pool }
}

/** An event, and the line that becomes of it. */
function pair(url: string, n: number, feed = ''): { event: string; line: string } {
  const detections = `[{"category":"Test_url","matched":{"atomic":"${url}","field":"url.original","type":"url"},"indicator":{"ioc":"${url}","kind":"url"}}]`
  const found = url.startsWith('bad') ? `"enrichments":${detections}` : ''
  const members = [feed, found].filter((member) => member !== '').join(',')
  const threat = members === '' ? '' : `,"threat":{${members}}`
  return {
    event: `{"url":"${url}","n":${n}}\n`,
    line: n === 3 ? '' : `{"url":{"original":"${url}"},"n":${n}${threat}}\n`,
  }
}

describe('EnrichedNormalizer', { timeout: 300_000 }, () => {
  it('answers inputs side by side, each in its order, through a pool with room for little', async (t) => {
    for (const [rules, required, feed] of [
      [RULES, false, ''],
      [RULES, true, ''],
      [INTO, false, '"feed":"x"'],
    ] as const) {
      const { normalizer, pool } = await made(t, rules, { required, pool: { queue: 2, window: 2 } })
      const inputs = Array.from({ length: 40 }, (_, input) => {
        const pairs = Array.from({ length: 30 }, (_, n) =>
          pair(`${n % 4 === 0 ? 'bad' : 'good'}${(input % 5) * 7 + (n % 11)}.example`, n, feed),
        )
        const text = pairs.map(({ event }) => event).join('')
        return { text, expected: pairs.map(({ line }) => line).join('') }
      })
      const results = await Promise.all(
        inputs.map(({ text }, index) => outcome(normalizer, { text, chunkBytes: 1 + index * 7 })),
      )
      for (const [index, { text, ...counts }] of results.entries()) {
        assert.equal(text, inputs[index]!.expected)
        assert.deepEqual(counts, { written: 29, rejected: 0, dropped: 1 })
      }
      const detections = 40 * 8
      assert.deepEqual(normalizer.counts, { enriched: detections, timeout: 0, unavailable: 0, detections })
      // An indicator that several inputs ask for at a time is asked once.
      assert.ok(pool.stats.requests < 40 * 30, `${pool.stats.requests} requests`)
    }
  })

  it('writes rejected events in their places, also those that could not be looked up', async (t) => {
    const good = pair('good.example', 1)
    const bad = pair('bad.example', 2)
    const text = `${good.event}no JSON\n${bad.event}{"n":5}\n${good.event}`
    const rejected = [
      '{"$rejected":{"line":2,"source":"request","code":"JSON_INVALID","message":',
      '{"$rejected":{"line":4,"source":"request","rule":"url.original","code":"FIELD_MISSING","message":',
    ]
    for (const required of [false, true]) {
      const { normalizer } = await made(t, RULES, { required })
      const lines = (await outcome(normalizer, { text, chunkBytes: 9 })).text.split('\n')
      assert.equal(`${lines[0]}\n`, good.line)
      assert.ok(lines[1]!.startsWith(rejected[0]!), lines[1])
      assert.equal(`${lines[2]}\n`, bad.line)
      assert.ok(lines[3]!.startsWith(rejected[1]!), lines[3])
      assert.deepEqual(lines.slice(4), [good.line.trimEnd(), ''])
    }
    const { normalizer, pool } = await made(t, RULES, { required: true })
    pool.destroy()
    const lost = await outcome(normalizer, { text: good.event + bad.event })
    assert.equal(lost.rejected, 2)
    assert.match(
      lost.text,
      /^\{"\$rejected":\{"line":1,.*"code":"ENRICHMENT_FAILED".*\n\{"\$rejected":\{"line":2,.*\n$/,
    )
  })

  it('uses other rules for the chunks that follow, and refuses those that take another way', async (t) => {
    const { normalizer } = await made(t, RULES)
    const other = compileRules('link: url\nenrich: {url: [link], into: found}\n')
    const before = pair('bad.example', 1)
    const after =
      '{"link":"bad.example","found":[{"category":"Test_url","matched":{"atomic":"bad.example","field":"link","type":"url"},"indicator":{"ioc":"bad.example","kind":"url"}}]}\n'
    const payload = async function* (): AsyncGenerator<Uint8Array> {
      yield new TextEncoder().encode(before.event)
      normalizer.replaceRules(other)
      yield new TextEncoder().encode(before.event)
    }
    let text = ''
    const input = { inputFormat: 'jsonl' } as const
    for await (const { bytes } of normalizer.normalize(payload(), { source: 'request', input })) {
      text += new TextDecoder().decode(bytes)
    }
    assert.equal(text, before.line + after)
    assert.throws(() => normalizer.replaceRules(compileRules(INTO)), /puts detections into.*start again/)
    assert.equal((await outcome(normalizer, { text: before.event })).text, after)
  })

  it('leaves the others alone when an input breaks off, or nobody reads on', async (t) => {
    for (const required of [false, true]) {
      const { normalizer } = await made(t, RULES, { required })
      const { event, line } = pair('bad.example', 1)
      const broken = async function* (): AsyncGenerator<Uint8Array> {
        yield new TextEncoder().encode(event)
        throw new Error('the client has gone away')
      }
      const input = { inputFormat: 'jsonl' } as const
      const read = async (): Promise<void> => {
        for await (const _ of normalizer.normalize(broken(), { source: 'request', input })) {
          // Nothing is done with it.
        }
      }
      await assert.rejects(read, /the client has gone away/)
      for await (const _ of normalizer.normalize(chunks(event.repeat(50), 5), { source: 'request', input }))
        break
      assert.equal((await outcome(normalizer, { text: event })).text, line)
    }
  })
})

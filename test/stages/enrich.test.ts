import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { PassThrough, Readable, Writable } from 'node:stream'
import { describe, it, type TestContext } from 'node:test'
import fc from 'fast-check'
import { RecordWriter } from '../../src/batches/rejected-records.ts'
import { serializeBatch, type WrittenBatch } from '../../src/batches/serialize.ts'
import type { Batch, OutputEvent, RejectedEvent } from '../../src/event.ts'
import type { JsonObject } from '../../src/expression/value.ts'
import { createPipeline } from '../../src/io/create-pipeline.ts'
import { compileRules } from '../../src/rules/compile.ts'
import type { EnrichSpec } from '../../src/rules/load.ts'
import { canEnrichLines, EnrichStage } from '../../src/stages/enrich.ts'
import {
  type Answer,
  type LookupHandler,
  TracerError,
  type TracerPool,
} from '../../src/tracer/client/pool.ts'
import type { Indicator } from '../../src/tracer/protocol.ts'
import {
  answers,
  detection,
  freePort,
  type Loopback,
  listen,
  type Peer,
  poolFor,
  replyTo,
} from '../tracer/loopback.ts'

const SPEC: EnrichSpec = { url: ['url'], ip: [], hash: [], into: 'threat.enrichments' }

/** A pool whose answers a test gives. */
class ManualPool extends EventEmitter<{ drain: [] }> {
  readonly capacity = 1
  busy = false
  readonly asked: { readonly values: readonly string[]; readonly handler: LookupHandler }[] = []
  #waiting: (() => void)[] = []

  dispatch(indicators: readonly Indicator[], handler: LookupHandler): boolean {
    this.asked.push({ values: indicators.map(({ value }) => value), handler })
    for (const resolve of this.#waiting.splice(0)) resolve()
    return !this.busy
  }

  /** Waits until so many were asked. */
  async until(count: number): Promise<void> {
    while (this.asked.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  /** Answers a question: what begins with `bad` is found. */
  answer(index: number): void {
    const { values, handler } = this.asked[index]!
    handler.onAnswers(
      values.map((value) =>
        value.startsWith('bad') ? [{ category: 'c', matched: value, fields: [['ioc', value]] }] : [],
      ),
    )
  }

  fail(index: number, code: 'timeout' | 'unavailable' = 'timeout'): void {
    this.asked[index]!.handler.onFailure(new TracerError(code, `it is a ${code}`))
  }
}

function eventOf(ordinal: number, output: JsonObject): OutputEvent {
  return { line: ordinal + 1, ordinal, text: `text ${ordinal}`, output, plain: true, numbers: undefined }
}

/** A batch of events with these urls; '': none. */
function batchOf(first: number, ...urls: string[]): Batch<OutputEvent> {
  const events = urls.map((url, index) => eventOf(first + index, url === '' ? { n: 0 } : { url }))
  return { source: 'in', events, rejected: [] }
}

function written(batch: Batch<OutputEvent>): WrittenBatch {
  const { texts, written: count, rejected } = serializeBatch(batch)
  const records = new RecordWriter(batch.source)
  for (const event of rejected) records.add(event)
  return {
    source: batch.source,
    bytes: Buffer.from(texts.join('')),
    written: count,
    rejected: records.take(),
  }
}

function stageOf(
  pool: ManualPool,
  options: Partial<ConstructorParameters<typeof EnrichStage>[0]> = {},
): EnrichStage {
  return new EnrichStage({ pool: pool as unknown as TracerPool, enrich: SPEC, ...options })
}

/** The lines of a batch of either kind. */
function linesOf(batch: Batch<OutputEvent> | WrittenBatch): string[] {
  const text = 'bytes' in batch ? Buffer.from(batch.bytes).toString() : serializeBatch(batch).texts.join('')
  return text.split('\n').slice(0, -1)
}

function enriched(url: string): string {
  const detections = [
    { category: 'c', matched: { atomic: url, field: 'url', type: 'url' }, indicator: { ioc: url } },
  ]
  return JSON.stringify({ url, threat: { enrichments: detections } })
}

const KINDS = [
  ['events', (batch: Batch<OutputEvent>) => batch],
  ['lines', written],
] as const

describe('EnrichStage', { timeout: 900_000 }, () => {
  for (const [kind, make] of KINDS) {
    it(`adds what is found to ${kind}, and lets the others pass as they are`, async () => {
      const pool = new ManualPool()
      const stage = stageOf(pool)
      const batch = make(batchOf(0, 'bad-1', 'good', '', 'bad-2'))
      stage.write(batch)
      assert.deepEqual(
        pool.asked.map(({ values }) => values),
        [['bad-1'], ['good'], ['bad-2']],
      )
      for (const index of [2, 0, 1]) pool.answer(index)
      const out = stage.read()
      assert.deepEqual(linesOf(out), [enriched('bad-1'), '{"url":"good"}', '{"n":0}', enriched('bad-2')])
      assert.deepEqual(stage.counts, { enriched: 2, timeout: 0, unavailable: 0, detections: 2 })
    })

    it(`gives a batch of ${kind} on as it is when nothing is found`, () => {
      const pool = new ManualPool()
      const stage = stageOf(pool)
      const batch = make(batchOf(0, 'good', ''))
      stage.write(batch)
      assert.equal(stage.read(), null)
      pool.answer(0)
      assert.equal(stage.read(), batch)
    })

    it(`marks ${kind} that could not be looked up`, () => {
      const pool = new ManualPool()
      const stage = stageOf(pool)
      stage.write(make(batchOf(0, 'bad-1', 'bad-2', 'bad-3')))
      pool.fail(1, 'unavailable')
      pool.answer(2)
      pool.fail(0)
      assert.deepEqual(linesOf(stage.read()), [
        '{"url":"bad-1","event":{"anomaly":{"enrichment":"timeout"}}}',
        '{"url":"bad-2","event":{"anomaly":{"enrichment":"unavailable"}}}',
        enriched('bad-3'),
      ])
      assert.deepEqual(stage.counts, { enriched: 1, timeout: 1, unavailable: 1, detections: 1 })
    })

    it(`keeps the order of batches of ${kind}, and lets them overlap`, () => {
      const pool = new ManualPool()
      const stage = stageOf(pool)
      for (let n = 0; n < 3; n++) stage.write(make(batchOf(2 * n, `bad-${n}`, 'good')))
      assert.equal(pool.asked.length, 6)
      for (const index of [5, 4, 3, 2, 1]) pool.answer(index)
      assert.equal(stage.read(), null)
      pool.answer(0)
      for (let n = 0; n < 3; n++) assert.deepEqual(linesOf(stage.read())[0], enriched(`bad-${n}`))
    })

    it(`takes ${kind} as long as there is room, and no more`, async () => {
      const pool = new ManualPool()
      const stage = stageOf(pool, { maxEvents: 4 })
      const taken: number[] = []
      for (let n = 0; n < 4; n++) stage.write(make(batchOf(2 * n, 'good', 'good')), () => taken.push(n))
      await new Promise((resolve) => setImmediate(resolve))
      assert.equal(pool.asked.length, 4)
      assert.deepEqual(taken, [0])
      for (const index of [2, 3]) pool.answer(index)
      await new Promise((resolve) => setImmediate(resolve))
      // The second batch is complete, but the first one is not.
      assert.equal(pool.asked.length, 4)
      for (const index of [0, 1]) pool.answer(index)
      await pool.until(8)
    })

    it(`takes no more ${kind} than the reader does`, async () => {
      const pool = new ManualPool()
      const stage = stageOf(pool)
      let taken = 0
      for (let n = 0; n < 20; n++) stage.write(make(batchOf(n, '')), () => taken++)
      await new Promise((resolve) => setImmediate(resolve))
      assert.ok(taken <= 4, `${taken}`)
      const out = new Writable({ objectMode: true, write: (_batch, _encoding, callback) => callback() })
      stage.pipe(out)
      stage.end()
      await once(out, 'finish')
      assert.equal(taken, 20)
    })

    it(`hands ${kind} on before their batch is complete when much was found, and asks for the others then`, () => {
      const pool = new ManualPool()
      const stage = stageOf(pool)
      const long = 'bad'.padEnd(1_000_000, '.')
      const found: Answer[] = [[{ category: 'c', matched: long, fields: [['ioc', long]] }]]
      // The pool knows all of them already, but the third.
      pool.dispatch = (indicators, handler) => {
        pool.asked.push({ values: indicators.map(({ value }) => value), handler })
        if (pool.asked.length !== 3) handler.onAnswers(found)
        return true
      }
      stage.write(make(batchOf(0, ...Array.from({ length: 40 }, () => long))))
      assert.ok(pool.asked.length < 10, `${pool.asked.length} of 40`)
      const first = linesOf(stage.read())
      assert.equal(first.length, 2)
      assert.equal(stage.read(), null)
      assert.ok(pool.asked.length < 12, `${pool.asked.length} of 40`)
      pool.asked[2]!.handler.onAnswers(found)
      const parts = [first]
      for (let part = stage.read(); part !== null; part = stage.read()) parts.push(linesOf(part))
      assert.equal(pool.asked.length, 40)
      assert.ok(parts.length > 8 && parts.every(({ length }) => length < 12), `${parts.length}`)
      assert.deepEqual(parts.flat(), new Array(40).fill(enriched(long)))
    })

    it(`asks for no more ${kind} than the pool takes`, () => {
      const pool = new ManualPool()
      const stage = stageOf(pool)
      pool.busy = true
      stage.write(make(batchOf(0, 'good', 'good')))
      assert.equal(pool.asked.length, 0)
      pool.busy = false
      pool.emit('drain')
      assert.equal(pool.asked.length, 2)
      assert.equal(pool.listenerCount('drain'), 0)
    })
  }

  it('rejects what could not be looked up when that is required, in its place', () => {
    const pool = new ManualPool()
    const stage = stageOf(pool, { required: true })
    const rejected: RejectedEvent[] = [
      { line: 2, ordinal: 1, rejection: { code: 'JSON_INVALID', message: 'm' }, raw: 'r' },
    ]
    const { events } = batchOf(0, 'bad-0', '', 'bad-2', 'bad-3')
    stage.write({ source: 'in', events: events.filter(({ ordinal }) => ordinal !== 1), rejected })
    pool.fail(2)
    pool.answer(1)
    pool.fail(0, 'unavailable')
    const out = stage.read()
    assert.deepEqual(linesOf(out), [enriched('bad-2')])
    assert.deepEqual(
      out.rejected.map(({ ordinal, raw, rejection }: RejectedEvent) => [
        ordinal,
        raw,
        rejection.code,
        rejection.message,
      ]),
      [
        [0, 'text 0', 'ENRICHMENT_FAILED', 'enrich: it is a unavailable'],
        [1, 'r', 'JSON_INVALID', 'm'],
        [3, 'text 3', 'ENRICHMENT_FAILED', 'enrich: it is a timeout'],
      ],
    )
    assert.equal(out.rejected[0].rejection.rule, 'enrich')
  })

  it('rejects an event that has no place for what was found', () => {
    const pool = new ManualPool()
    const stage = stageOf(pool)
    const events = [eventOf(0, { url: 'bad', threat: 'none' }), eventOf(1, { url: 'good', threat: 'none' })]
    stage.write({ source: 'in', events, rejected: [] })
    pool.answer(0)
    pool.answer(1)
    const out = stage.read()
    assert.deepEqual(linesOf(out), ['{"url":"good","threat":"none"}'])
    assert.deepEqual(out.rejected[0].rejection, {
      code: 'TYPE_ERROR',
      rule: 'enrich',
      message: 'enrich: cannot set threat.enrichments: threat is not an object',
    })
  })

  it('looks nothing up without paths, and something else when it is told so', () => {
    const pool = new ManualPool()
    const stage = stageOf(pool, { enrich: undefined })
    stage.write(batchOf(0, 'bad'))
    assert.deepEqual(linesOf(stage.read()), ['{"url":"bad"}'])
    stage.replaceSpec(SPEC)
    stage.write(batchOf(1, 'bad'))
    pool.answer(0)
    assert.deepEqual(linesOf(stage.read()), [enriched('bad')])
  })

  it('ends when its last batch has left', async () => {
    const pool = new ManualPool()
    const stage = stageOf(pool)
    stage.end(batchOf(0, 'bad'))
    stage.resume()
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(stage.readableEnded, false)
    pool.answer(0)
    await once(stage, 'end')
  })

  it('lets go of everything when it is destroyed', async () => {
    const pool = new ManualPool()
    const stage = stageOf(pool)
    stage.write(batchOf(0, 'bad'))
    pool.busy = true
    stage.write(batchOf(1, 'bad'))
    stage.destroy()
    await once(stage, 'close')
    assert.equal(pool.listenerCount('drain'), 0)
    pool.answer(0)
  })
})

describe('canEnrichLines', () => {
  for (const [into, writes, expected] of [
    ['threat.enrichments', ['url.original', 'threats.x'], true],
    ['threat.enrichments', ['url.original', 'threat.x'], false],
    ['threat', ['threat'], false],
    ['event.enrichments', [], false],
  ] as const) {
    it(`is ${expected} for ${into} beside ${writes.join(', ')}`, () => {
      assert.equal(canEnrichLines({ ...SPEC, into }, writes), expected)
    })
  }

  it('is true when nothing is looked up', () => {
    assert.equal(canEnrichLines(undefined, ['threat']), true)
  })
})

const RULES = `
url.original:
  field: url
  required: false
source.ip:
  field: ip
  required: false
n: n
enrich:
  url: [url.original]
  ip: [source.ip]
`

interface Outcome {
  readonly output: string
  readonly errors: string
  readonly counts: { readonly events: number; readonly written: number; readonly rejected: number }
}

/** Runs a pipeline over lines; the pool is destroyed after it. */
async function run(
  pool: TracerPool,
  lines: readonly string[],
  options: {
    rules?: string
    fastPath?: boolean
    tracerRequired?: boolean
    chunk?: number
    pace?: () => Promise<void>
  } = {},
): Promise<Outcome> {
  const { rules = RULES, chunk = 1000, pace, ...rest } = options
  const text = Buffer.from(lines.map((line) => `${line}\n`).join(''))
  const chunks: Buffer[] = []
  for (let from = 0; from < text.length; from += chunk) chunks.push(text.subarray(from, from + chunk))
  let output = ''
  const sink = new Writable({
    write: (bytes, _encoding, callback) => {
      output += bytes
      if (pace === undefined) callback()
      else pace().then(() => callback())
    },
  })
  const errors = new PassThrough()
  const collected = errors.setEncoding('utf8').toArray()
  const counts = await createPipeline({
    rules: compileRules(rules),
    inputs: [Readable.from(chunks)],
    output: sink,
    errors,
    tracer: pool,
    ...rest,
  }).run()
  errors.end()
  pool.destroy()
  return { output, errors: (await collected).join(''), counts }
}

function eventLine(n: number): string {
  const kind = n % 3 === 0 ? 'bad' : 'good'
  return JSON.stringify({
    url: `${kind}${n}.example`,
    ip: `${n % 5 === 0 ? 'bad ' : ''}192.0.2.${n % 256}`,
    n,
  })
}

const LINES = Array.from({ length: 300 }, (_, n) => eventLine(n))

/** The statements of an event about itself. */
function summary(line: string): { n: number; found: string[]; anomaly: string | undefined } {
  const event = JSON.parse(line)
  return {
    n: event.n,
    found: (event.threat?.enrichments ?? []).map(
      ({ matched }: { matched: { type: string; atomic: string } }) => `${matched.type} ${matched.atomic}`,
    ),
    anomaly: event.event?.anomaly?.enrichment,
  }
}

function expectedOf(n: number): string[] {
  return [
    ...(n % 3 === 0 ? [`url bad${n}.example`] : []),
    ...(n % 5 === 0 ? [`ip bad 192.0.2.${n % 256}`] : []),
  ]
}

/** Every event came out, in its order: with all that there is to be found for it, or marked and with nothing. */
function checkAll({ output, counts }: Outcome, { marked }: { marked: boolean }): string[] {
  const summaries = output.split('\n').slice(0, -1).map(summary)
  assert.deepEqual(
    summaries.map(({ n }) => n),
    LINES.map((_, n) => n),
  )
  assert.equal(counts.written, LINES.length)
  const anomalies: string[] = []
  for (const { n, found, anomaly } of summaries) {
    if (anomaly === undefined) assert.deepEqual(found, expectedOf(n))
    else {
      assert.deepEqual(found, [])
      anomalies.push(anomaly)
    }
  }
  if (!marked) assert.deepEqual(anomalies, [])
  return anomalies
}

/** Rejected and written events together are those that came in. */
function checkRequired({ output, errors, counts }: Outcome): number {
  const out = output.split('\n').slice(0, -1).map(summary)
  const refused = errors
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
  for (const { n, found, anomaly } of out) {
    assert.deepEqual(found, expectedOf(n))
    assert.equal(anomaly, undefined)
  }
  for (const { code, rule, raw, line } of refused) {
    assert.equal(code, 'ENRICHMENT_FAILED')
    assert.equal(rule, 'enrich')
    assert.equal(raw, LINES[line - 1])
  }
  const numbers = [...out.map(({ n }) => n), ...refused.map(({ line }) => line - 1)]
  assert.deepEqual(
    numbers.sort((a, b) => a - b),
    LINES.map((_, n) => n),
  )
  assert.equal(counts.events, LINES.length)
  return refused.length
}

/** Servers as they may be, and whether events may miss their enrichment with them. */
const SERVERS: readonly [
  what: string,
  onPeer: (peer: Peer, index: number) => void,
  marked: boolean,
  settleMs?: number,
][] = [
  ['that answers', answers, false],
  [
    'that closes after each reply',
    (peer) => peer.onLine((line) => peer.socket.end(replyTo(line))),
    false,
    1_000_000,
  ],
  ['that is like the original', original, false, 1_000_000],
  ['that sends its replies byte by byte', byteByByte, false],
  ['that dies within every tenth reply', dying, false],
  ['that sends garbage now and then', garbling, false],
  ['that answers every hundredth request late', late, true],
  ['that never answers', () => {}, true],
  ['that closes every connection at once', (peer) => peer.socket.end(), true],
]

function original(peer: Peer): void {
  peer.socket.once('data', (text: unknown) => {
    const request = String(text).slice(0, 1024)
    for (const type of ['url', 'ip']) {
      const value = new RegExp(`..\\|${type}=([^|]*)\\|`).exec(request)?.[1]
      if (value?.startsWith('bad')) peer.socket.write(detection(type, value))
    }
    peer.socket.write('LookupFinished')
    peer.socket.end('LookupFinished')
  })
}

function byteByByte(peer: Peer): void {
  peer.onLine((line) => {
    for (const byte of Buffer.from(replyTo(line))) peer.socket.write(Buffer.of(byte))
  })
}

function dying(peer: Peer): void {
  let count = 0
  peer.onLine((line) => {
    count++
    if (count < 10) peer.socket.write(replyTo(line))
    else if (count === 10) {
      const beginning = detection('url', 'x').slice(0, 20)
      peer.socket.write(beginning, () => peer.socket.resetAndDestroy())
    }
  })
}

function garbling(peer: Peer): void {
  let count = 0
  peer.onLine((line) => peer.socket.write(++count % 20 === 0 ? 'Categ\u0000ory\n' : replyTo(line)))
}

/** The reply comes when the next request has been sent, or after the time-out. */
function late(peer: Peer): void {
  let count = 0
  const held: string[] = []
  const flush = () => {
    for (const reply of held.splice(0)) peer.socket.write(reply)
  }
  peer.onLine((line) => {
    held.push(replyTo(line))
    if (++count % 100 === 0) setTimeout(flush, 150)
    else if (held.length === 1) flush()
  })
}

describe('a pipeline with a tracer', { timeout: 900_000 }, () => {
  for (const [what, onPeer, marked, settleMs = 20] of SERVERS) {
    for (const fastPath of [true, false]) {
      it(`lets every event out, ${fastPath ? 'fast' : 'plain'}, with a server ${what}`, async (t) => {
        const pool = poolOf(t, await listen(t, onPeer), marked, settleMs)
        checkAll(await run(pool, LINES, { fastPath }), { marked })
      })
    }

    it(`writes or rejects every event with a server ${what}, when look-ups are required`, async (t) => {
      const pool = poolOf(t, await listen(t, onPeer), marked, settleMs)
      const refused = checkRequired(await run(pool, LINES, { tracerRequired: true }))
      if (!marked) assert.equal(refused, 0)
    })
  }

  /** @param isSlow the server may let requests time out: they should do so soon, and with other servers never */
  function poolOf(t: TestContext, server: Loopback, isSlow: boolean, settleMs = 20): TracerPool {
    const timeoutMs = isSlow ? 500 : 30_000
    return poolFor(t, server, { connections: 2, window: 8, timeoutMs, settleMs, cacheEntries: 1000 })
  }

  it('marks every event as unavailable when nobody listens', async (t) => {
    const pool = poolFor(t, [{ host: '127.0.0.1', port: await freePort() }])
    const anomalies = checkAll(await run(pool, LINES), { marked: true })
    assert.deepEqual(new Set(anomalies), new Set(['unavailable']))
    assert.equal(anomalies.length, LINES.length)
  })

  it('marks every event with a time-out when the server never answers', async (t) => {
    const pool = poolOf(t, await listen(t, () => {}), true)
    const anomalies = checkAll(await run(pool, LINES), { marked: true })
    assert.deepEqual(new Set(anomalies), new Set(['timeout']))
    assert.equal(anomalies.length, LINES.length)
  })

  it('lets events pass that nest deep, and marks them as far as it can', async (t) => {
    const address = { host: '127.0.0.1', port: await freePort() }
    const rules = 'url: url\ndeep: deep\nenrich: {url: [url]}'
    for (const fastPath of [true, false]) {
      for (const depth of [500, 3000, 9000]) {
        const lines = [
          `{"url":"bad","deep":${'['.repeat(depth)}${']'.repeat(depth)}}`,
          '{"url":"bad","deep":1}',
        ]
        const { output, counts } = await run(poolFor(t, [address]), lines, { rules, fastPath })
        assert.equal(counts.events, 2)
        assert.ok(
          output.endsWith('{"url":"bad","deep":1,"event":{"anomaly":{"enrichment":"unavailable"}}}\n'),
        )
        if (depth === 500) assert.equal(output.split('"unavailable"').length, 3)
      }
    }
  })

  it('enriches again when a lost server is back', async (t) => {
    const port = await freePort()
    const pool = poolFor(t, [{ host: '127.0.0.1', port }])
    const input = new PassThrough()
    const output = new PassThrough()
    const lines = output.setEncoding('utf8').iterator()
    const done = createPipeline({ rules: compileRules(RULES), inputs: [input], output, tracer: pool }).run()
    input.write(`${eventLine(0)}\n`)
    assert.deepEqual(summary((await lines.next()).value), { n: 0, found: [], anomaly: 'unavailable' })
    const back = once(pool, 'back')
    await listen(t, answers, port)
    await back
    input.end(`${eventLine(3)}\n`)
    assert.deepEqual(summary((await lines.next()).value), {
      n: 3,
      found: ['url bad3.example'],
      anomaly: undefined,
    })
    assert.equal((await lines.next()).done, true)
    await done
    pool.destroy()
  })

  it('writes the same fast and plain, and whatever the chunks', async (t) => {
    const server = await listen(t, answers)
    const value = fc.oneof(
      fc.constantFrom('bad', 'bad.example', 'badé😀', 'bad"\\\n', 'bad|x', 'good', '', '-'),
      fc.array(fc.constantFrom('bad1', 'bad2', 'good'), { maxLength: 3 }),
      fc.integer(),
      fc.constant(null),
    )
    const event = fc.record({ url: value, ip: value, n: fc.integer() }, { requiredKeys: [] })
    const line = fc.oneof(
      { weight: 9, arbitrary: event.map((each) => JSON.stringify(each)) },
      {
        weight: 1,
        arbitrary: fc.constantFrom('', 'no json', '{"n":1.0,"url":"bad"}', '{"n":12345678901234567890}'),
      },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(line), fc.integer({ min: 1, max: 200 }), async (lines, chunk) => {
        const results: Outcome[] = []
        for (const fastPath of [true, false]) {
          results.push(await run(poolFor(t, server), lines, { fastPath, chunk }))
        }
        assert.equal(results[0]!.output, results[1]!.output)
        assert.equal(results[0]!.errors, results[1]!.errors)
      }),
      { numRuns: 25 },
    )
  })

  it('puts detections where rules write, too', async (t) => {
    const server = await listen(t, answers)
    const rules = `
url: url
threat.enrichments:
  field: own
  required: false
threat.name: "'x'"
enrich:
  url: [url]
`
    const { output, errors } = await run(
      poolFor(t, server),
      ['{"url":"bad","own":["a"]}', '{"url":"bad"}', '{"url":"good"}', '{"url":"bad","own":"b"}'],
      { rules },
    )
    const added = {
      category: 'Test_url',
      matched: { atomic: 'bad', field: 'url', type: 'url' },
      indicator: { ioc: 'bad', kind: 'url' },
    }
    assert.deepEqual(
      output
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line)),
      [
        { url: 'bad', threat: { enrichments: ['a', added], name: 'x' } },
        { url: 'bad', threat: { name: 'x', enrichments: [added] } },
        { url: 'good', threat: { name: 'x' } },
      ],
    )
    assert.match(errors, /^\{"line":4,"source":"-","rule":"enrich","code":"TYPE_ERROR",/)
  })

  it('holds a bounded part of the input when the reader is slow', async (t) => {
    const server = await listen(t, answers)
    const pool = poolFor(t, server, { connections: 2 })
    let given = 0
    let taken = 0
    let most = 0
    const rules = compileRules(RULES)
    function* lines(): Generator<Buffer> {
      for (let n = 0; n < 400; n++) {
        given++
        most = Math.max(most, given - taken)
        yield Buffer.from(`${LINES.slice(0, 100).join('\n')}\n`)
      }
    }
    const output = new Writable({
      highWaterMark: 1,
      write: (bytes, _encoding, callback) => {
        taken += String(bytes).split('\n').length / 100
        setImmediate(callback)
      },
    })
    await createPipeline({ rules, inputs: [Readable.from(lines())], output, tracer: pool }).run()
    assert.equal(Math.round(taken), 404)
    // Chunks of 100 events: those in the stage, and a few on their way to it and behind it.
    assert.ok(most < 60, `${most} chunks of 400`)
  })

  it('ends when its reader goes away', async (t) => {
    const server = await listen(t, () => {})
    const pool = poolFor(t, server)
    const output = new PassThrough()
    const running = createPipeline({
      rules: compileRules(RULES),
      inputs: [Readable.from([Buffer.from(`${LINES.join('\n')}\n`)])],
      output,
      tracer: pool,
    }).run()
    await (await server.peer(0)).until(1)
    output.destroy()
    await assert.rejects(running, { code: 'ERR_STREAM_PREMATURE_CLOSE' })
  })

  it('refuses rules that its stages cannot serve', async (t) => {
    const server = await listen(t, answers)
    const pool = poolFor(t, server)
    const output = new PassThrough().resume()
    const line = createPipeline({ rules: compileRules(RULES), inputs: [], output, tracer: pool })
    assert.throws(() => line.replaceRules(compileRules(`${RULES}\nthreat.name: "'x'"`)), TypeError)
    line.replaceRules(compileRules('n: n'))
    await line.run()
  })
})

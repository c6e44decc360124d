import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type CustomAnswer,
  CustomEnricher,
  loadCustomEnricher,
} from '../../../src/tracer/enrichers/custom.ts'
import type { Indicator } from '../../../src/tracer/protocol.ts'
import { temporaryFile } from '../../temporary.ts'
import { GMER, known, poll, RunningServer } from '../running-server.ts'

const URL_INDICATOR: Indicator = { type: 'url', value: 'gmer.com' }

function writeModule(source: string): string {
  return temporaryFile('mine.mjs', source)
}

function answering(answer: unknown): CustomEnricher {
  return new CustomEnricher('mine', () => answer as CustomAnswer)
}

const answers: [name: string, answer: unknown, contexts: string[]][] = [
  ['null', null, []],
  ['undefined', undefined, []],
  ['an empty array', [], []],
  ['an object', { a: 1, b: { c: [1, 2] } }, ['|a=\u00011|b.c=1,2']],
  ['an empty object', {}, ['']],
  ['an array of objects', [{ a: 1 }, null, { b: 'x|y' }], ['|a=\u00011', '|b=x y']],
]
for (const [name, answer, contexts] of answers) {
  test(`${name} becomes ${contexts.length} detections, at once or as a promise`, async () => {
    const expected = contexts.map((context) => ({ category: 'Tracer_URL_enricher', context }))
    assert.deepEqual(answering(answer).lookup(URL_INDICATOR), expected)
    assert.deepEqual(await answering(Promise.resolve(answer)).lookup(URL_INDICATOR), expected)
  })
}

test('the category is that of the indicator', () => {
  const category = (type: Indicator['type']) => {
    const matches = answering({}).lookup({ type, value: 'x' })
    return Array.isArray(matches) ? matches[0].category : undefined
  }
  assert.equal(category('url'), 'Tracer_URL_enricher')
  assert.equal(category('ip'), 'Tracer_IP_enricher')
  assert.equal(category('hash'), 'Tracer_HASH_enricher')
})

for (const answer of ['text', 7, true, [1], [['x']], [{ a: 1 }, 'x']]) {
  test(`${JSON.stringify(answer)} is an error`, async () => {
    assert.throws(() => answering(answer).lookup(URL_INDICATOR), {
      name: 'TypeError',
      message: /^answered with an? /,
    })
    await assert.rejects(async () => answering(Promise.resolve(answer)).lookup(URL_INDICATOR), TypeError)
  })
}

test('an object that contains itself is an error', () => {
  const cycle: Record<string, unknown> = {}
  cycle.self = cycle
  assert.throws(() => answering(cycle).lookup(URL_INDICATOR), RangeError)
})

test('a look-up that takes too long fails, and its late answer or failure is dropped', async () => {
  for (const late of [() => Promise.resolve({ a: 1 }), () => Promise.reject(new Error('late'))]) {
    let end: () => void = () => {}
    const ended = new Promise<void>((resolve) => {
      end = resolve
    })
    const enricher = new CustomEnricher('mine', () => ended.then(late), { timeoutMs: 20 })
    await assert.rejects(async () => enricher.lookup(URL_INDICATOR), { message: 'no answer within 20 ms' })
    end()
    await new Promise((resolve) => setImmediate(resolve))
  }
})

test('the function cannot change what other enrichers are given', () => {
  const indicator: Indicator = { type: 'url', value: 'gmer.com' }
  new CustomEnricher('mine', (given) => {
    ;(given as { value: string }).value = 'changed'
    return null
  }).lookup(indicator)
  assert.equal(indicator.value, 'gmer.com')
})

test('a module is loaded from its path, and asked with type and value', async () => {
  const path = writeModule('export default async ({ type, value }) => ({ asked: type + " " + value })')
  const enricher = await loadCustomEnricher(path)
  assert.equal(enricher.name, path)
  assert.deepEqual(await enricher.lookup(URL_INDICATOR), [
    { category: 'Tracer_URL_enricher', context: '|asked=url gmer.com' },
  ])
})

test('a module that cannot be used is refused with its path', async () => {
  await assert.rejects(
    loadCustomEnricher('./there-is-none.js'),
    /^Error: \.\/there-is-none\.js: cannot be loaded: /,
  )
  const broken = writeModule('export default (')
  await assert.rejects(loadCustomEnricher(broken), /cannot be loaded/)
  const throwing = writeModule('throw new Error("no database")')
  await assert.rejects(loadCustomEnricher(throwing), /cannot be loaded: no database/)
  for (const source of ['export const lookup = () => null', 'export default { lookup: () => null }', '']) {
    await assert.rejects(loadCustomEnricher(writeModule(source)), /has no default export that is a function/)
  }
})

test('errors and time-outs cost the detections, never the reply', { timeout: 900_000 }, async (t) => {
  const behaviours: Record<string, () => CustomAnswer | Promise<CustomAnswer>> = {
    'throws.example': () => {
      throw new Error('thrown')
    },
    'rejects.example': () => Promise.reject(new Error('rejected')),
    'rejects-undefined.example': () => Promise.reject(undefined),
    'never.example': () => new Promise(() => {}),
    'wrong.example': () => 'text' as unknown as CustomAnswer,
    'gmer.com': () => ({ mine: true }),
  }
  const custom = new CustomEnricher('mine', ({ value }) => behaviours[value]!(), { timeoutMs: 50 })
  const running = await RunningServer.start(t, { enrichers: [custom, known()] })
  const client = await running.connect()
  const values = Object.keys(behaviours)
  client.send(values.map((value) => `a|url=${value}|\n`).join(''))
  const expected = `${'LookupFinished\n'.repeat(5)}Category=Tracer_URL_enricher|MatchedIndicator=gmer.com|mine=true\n${GMER}`
  assert.equal(await client.receive(expected), expected)
  assert.equal(running.counters.enricherErrors.get('mine'), 5)
  await poll(() => running.logged.lines.some(({ msg }) => msg === 'look-up failed'))
})

import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { Readable, Writable } from 'node:stream'
import { describe, it } from 'node:test'
import type { PipelineOptions } from '../../src/io/create-pipeline.ts'
import { createPipeline } from '../../src/io/create-pipeline.ts'
import { compileRules } from '../../src/rules/compile.ts'
import { RuleCounts } from '../../src/stages/rule-counts.ts'

type Ways = Partial<Pick<PipelineOptions, 'fastPath' | 'workers' | 'inputFormat' | 'onError'>>

/** Every way that an event can go. */
const WAYS: readonly Ways[] = [{}, { fastPath: false }, { inputFormat: 'json' }]

/** The same in threads, which take a while to start. */
const THREADS: readonly Ways[] = WAYS.map((way) => ({ ...way, workers: 2 }))

async function count(rules: string, input: string, options: Ways = {}) {
  const pipeline = createPipeline({
    rules: compileRules(rules),
    // Small pieces, so that there are many batches.
    inputs: [Readable.from(input.match(/[\s\S]{1,4000}/g)!.map((piece) => Buffer.from(piece)))],
    output: new Writable({ write: (_chunk, _encoding, callback) => callback() }),
    ...options,
  })
  const { events, written, rejectedByRule, leftOutByRule, neverPresent } = await pipeline.run()
  return { events, written, rejectedByRule, leftOutByRule, neverPresent }
}

/** The same on every way. */
async function countAll(rules: string, input: string, options: Ways = {}, ways = WAYS) {
  const expected = await count(rules, input, options)
  for (const way of ways) {
    assert.deepEqual(await count(rules, input, { ...way, ...options }), expected, JSON.stringify(way))
  }
  return expected
}

const lines = (...events: readonly object[]) => events.map((event) => `${JSON.stringify(event)}\n`).join('')

describe('the counts by rule', () => {
  it('tell what was rejected and left out, on every way', async () => {
    const rules = `
a: x
b: {field: y, required: false}
c: {field: lower(z.q), required: false}
d: {field: "data['w w']", required: false}
e: {field: 7, required: false}
f: {field: "cond(y == 1, 'one')", required: false}
`
    const input = lines(
      { x: 1, y: 1 },
      { x: 2, z: { q: 'A' }, 'w w': null },
      { x: 3, 'z.q': 'B' },
      { y: 1 },
      { x: 4, z: { q: 5 } },
      { x: 5, y: 1e16 },
    )
    assert.deepEqual(await countAll(rules, input.repeat(200), {}, [...WAYS, ...THREADS]), {
      events: 1200,
      written: 800,
      rejectedByRule: { a: 200, c: 200 },
      leftOutByRule: { b: 400, c: 400, d: 600, f: 600 },
      neverPresent: [],
    })
  })

  it('are the same where rules are more than fit into one function', async () => {
    for (const number of [45, 130]) {
      const rules = Array.from({ length: number }, (_, index) =>
        index % 3 === 0
          ? `f${index}: {field: n${index}, required: false}\n`
          : `f${index}: {field: n${index}::int, required: false}\n`,
      ).join('')
      const event = Object.fromEntries(Array.from({ length: number - 2 }, (_, index) => [`n${index}`, '1']))
      const { leftOutByRule, neverPresent, written } = await countAll(
        rules,
        lines(event, { n3: 'x' }).repeat(20),
      )
      assert.equal(written, 40)
      assert.deepEqual([leftOutByRule.f1, leftOutByRule.f3], [20, undefined])
      assert.equal(leftOutByRule[`f${number - 1}`], 40)
      assert.deepEqual(
        neverPresent.map(({ field }) => field),
        [`n${number - 2}`, `n${number - 1}`],
      )
    }
  })

  it('do not count what follows the first rejected event under onError: fail', async () => {
    const rules = 'a: x\nb: {field: y, required: false}\n'
    const input = lines({ x: 1 }, { x: 1, y: 1 }, { x: 1 }, {}, { x: 1 }, { x: 1, y: 1 })
    assert.deepEqual(await countAll(rules, input, { onError: 'fail' }, [...WAYS, THREADS[0]!]), {
      events: 4,
      written: 3,
      rejectedByRule: { a: 1 },
      leftOutByRule: { b: 2 },
      neverPresent: [],
    })
  })

  it('keep names that objects have of themselves', async () => {
    const rules = '__proto__: {field: constructor, required: false}\ntoString: valueOf\n'
    const { rejectedByRule, leftOutByRule, neverPresent } = await countAll(rules, '{"valueOf":1}\n{}\n')
    assert.deepEqual(Object.entries(rejectedByRule), [['toString', 1]])
    assert.deepEqual(Object.entries(leftOutByRule), [['__proto__', 1]])
    assert.deepEqual(neverPresent, [{ field: 'constructor', events: 2 }])
  })
})

describe('the fields that no event had', () => {
  const RULES = `
a: {field: x, required: false}
b: {field: net.src.ip, required: false}
c: "exists(data['only here'])"
d: optional(maybe, 1)
e: "data.get('got', 0)"
f: "'yes' if x == 1 else other"
`

  it('are told on every way, with the number of events, needed or not', async () => {
    const input = '{"x":1}\n{"x":1,"net":{"src":5}}\n'.repeat(300)
    assert.deepEqual((await countAll(RULES, input, {}, [...WAYS, THREADS[0]!])).neverPresent, [
      { field: 'net.src.ip', events: 600 },
      { field: "data['only here']", events: 600 },
      { field: 'maybe', events: 600 },
      { field: "data['got']", events: 600 },
      { field: 'other', events: 600 },
    ])
  })

  it('are none that one event had, however it is written and wherever it is', async () => {
    const input = '{"x":1}\n'.repeat(400)
    const had = [
      '{"x":1,"net":{"src":{"ip":null}}}',
      '{"x":1,"only here":null,"maybe":""}',
      '{"x":1,"got":[],"other":{}}',
    ]
    const flat = ['{"x":1,"net.src.ip":1}', '{"x":1,"net.src":{"ip":1}}', '{"x":1,"net":{"src.ip":1}}']
    for (const [index, net] of [had[0]!, ...flat].entries()) {
      const events = `${input}${net}\n${input}${had[1]}\n${had[2]}\n${index % 2 === 0 ? input : ''}`
      assert.deepEqual((await countAll(RULES, events)).neverPresent, [], net)
    }
  })

  it('are not had by a line that is no event, though its beginning looks like one', async () => {
    const input = '{"a":1}\n{"a":1,"x":1,]\n{"a":1}\n'
    const rules = 'a: a\nb: {field: x, required: false}\n'
    for (const way of WAYS.filter(({ inputFormat }) => inputFormat === undefined)) {
      assert.deepEqual((await count(rules, input, way)).neverPresent, [{ field: 'x', events: 2 }])
      // Now it is no new key for those who remember keys.
      const { neverPresent } = await count(rules, `${input}{"a":1,"x":1}\n`, way)
      assert.deepEqual(neverPresent, [], JSON.stringify(way))
    }
  })

  it('are had by an event that is rejected, and by none that comes to no rule', async () => {
    assert.deepEqual((await countAll('a: x + 1\nb: y\n', '{"x":"text"}\n')).neverPresent, [
      { field: 'y', events: 1 },
    ])
    assert.deepEqual((await countAll('tap: data["n"] = m\na: n\n', '{}\n')).neverPresent, [])
    assert.deepEqual((await count('a: x\n', 'no event\n')).neverPresent, [])
  })

  it('are looked for after tap has changed the event', async () => {
    const rules = 'tap: |\n  data["made"] = 1\na: made\nb: {field: line.k, required: false}\n'
    assert.deepEqual((await countAll(rules, '{}\n{}\n')).neverPresent, [{ field: 'line.k', events: 2 }])
    assert.deepEqual((await countAll(rules, '{}\n{"k":1}\n')).neverPresent, [])
    assert.deepEqual((await countAll(rules, '{}\n{"line":{"k":1}}\n')).neverPresent, [])
  })

  it('are told of nested keys as a whole, and of a list only as a list', async () => {
    const rules = `a: {field: "data['e']['f']", required: false}\nb: {field: "data['l'][0]['m']", required: false}\n`
    const told = async (input: string) =>
      (await countAll(rules, input)).neverPresent.map(({ field }) => field)
    assert.deepEqual(await told('{"e":{}}\n'), ["data['e']['f']", "data['l']"])
    assert.deepEqual(await told('{"e":{"f":0},"l":[]}\n'), [])
    assert.deepEqual(await told('{"l":[],"e":{"10":1,"9":2,"f":1}}\n'), [])
  })
})

describe('RuleCounts', () => {
  it('adds up the notes of several threads', () => {
    const counts = new RuleCounts()
    counts.add({ fields: { events: 3, seen: ['a'], unseen: ['b', 'c'] }, leftOut: new Map([['r', 2]]) })
    counts.add({ fields: { events: 4, seen: ['b'], unseen: ['a', 'c'] }, leftOut: new Map([['r', 1]]) })
    counts.reject(new Map([['s', 1]]))
    counts.reject(new Map())
    assert.deepEqual(counts.totals, {
      rejectedByRule: { s: 1 },
      leftOutByRule: { r: 3 },
      neverPresent: [{ field: 'c', events: 7 }],
    })
  })
})

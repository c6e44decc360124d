import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contextJson, objectContext, wireContext } from '../../src/tracer/context.ts'
import { createFeedEnricher } from '../../src/tracer/enrichers/feed.ts'
import { compileFeeds } from '../../src/tracer/feeds/compiled/on-demand.ts'
import { contextText, flattenContext } from '../../src/tracer/protocol.ts'
import { temporaryFile } from '../temporary.ts'

const RECORD = {
  text: '80',
  score: 80,
  ratio: -1.5e-7,
  is: true,
  no: false,
  none: null,
  list: [1, 'a', null],
  deep: { '': 1, list: [{ x: 2 }] },
  at: new Date(0),
  constructor: 'a|b\u0001c\n',
}

test('a context has types as JSON and none on the wire', () => {
  const context = objectContext(RECORD)
  assert.equal(wireContext(context), contextText(flattenContext(RECORD)))
  assert.deepEqual(JSON.parse(contextJson(context)), {
    text: '80',
    score: 80,
    ratio: -1.5e-7,
    is: true,
    no: false,
    none: null,
    list: '1,a,',
    'deep.': 1,
    'deep.list[0].x': 2,
    at: '1970-01-01T00:00:00.000Z',
    constructor: 'a b c ',
  })
  assert.equal(contextJson(''), '{}')
  assert.equal(contextJson('|a|__proto__=1|b==\u0001'), '{"a":"","__proto__":"1","b":"=\\u0001"}')
})

test('a number of a feed is one as JSON where no reader changes it, from memory and from a compiled feed', async (t) => {
  const numbers =
    '"a": 7, "b": 7.0, "c": 12345678901234567890, "d": 1e400, "e": "7", "f": true, "g": null, "g": 1'
  const file = temporaryFile('feed.json', `[{"ioc": "bad.example", ${numbers}, "more": {"n": 5}}]`)
  const expected = {
    ioc: 'bad.example',
    a: 7,
    b: '7.0',
    c: '12345678901234567890',
    d: '1e400',
    e: '7',
    f: true,
    g: 1,
    'more.n': 5,
  }
  await compileFeeds({ feeds: [file], keys: [{ key: 'ioc' }], output: `${file}.tracer` })
  for (const feed of [{ file, key: 'ioc' }, { compiled: `${file}.tracer` }]) {
    const enricher = await createFeedEnricher({ feeds: [feed], watch: false })
    t.after(() => enricher.close())
    const [match] = enricher.lookup({ type: 'url', value: 'bad.example' })
    assert.deepEqual(JSON.parse(contextJson(match!.context)), expected)
    assert.equal(
      wireContext(match!.context),
      '|ioc=bad.example|a=7|b=7.0|c=12345678901234567890|d=1e400|e=7|f=true|g=1|more.n=5',
    )
  }
})

test('an element of a list keeps the types of its own fields and of those round it', async (t) => {
  const file = temporaryFile(
    'feed.json',
    '{"version": 3, "items": [{"ip": "192.0.2.1", "n": 1}, {"ip": "192.0.2.2", "version": 2}]}',
  )
  const enricher = await createFeedEnricher({ feeds: [{ file, key: 'items/ip' }], watch: false })
  t.after(() => enricher.close())
  const contexts = ['192.0.2.1', '192.0.2.2'].map((value) =>
    JSON.parse(contextJson(enricher.lookup({ type: 'ip', value })[0]!.context)),
  )
  assert.deepEqual(contexts, [
    { ip: '192.0.2.1', n: 1, version: 3 },
    { ip: '192.0.2.2', version: 2, 'parent.version': 3 },
  ])
})

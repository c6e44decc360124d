import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { OutputEvent } from '../../src/event.ts'
import { Failure } from '../../src/expression/failure.ts'
import type { JsonObject, NumberTexts, Value } from '../../src/expression/value.ts'
import { Dict, Tuple, ValueIterator, ValueSet } from '../../src/expression/value.ts'
import { NODE_CODING } from '../../src/formats/node-coding.ts'
import { stringify } from '../../src/json/stringify.ts'
import type { EnrichSpec } from '../../src/rules/load.ts'
import { detectionsOf, Enrichment, MAX_INDICATORS, markUnenriched } from '../../src/stages/enrichment.ts'
import { LineIndicators } from '../../src/stages/line-indicators.ts'
import { propertyRuns } from '../property-runs.ts'

function spec(given: Partial<EnrichSpec>): EnrichSpec {
  return { url: [], ip: [], hash: [], into: 'threat.enrichments', ...given }
}

function event(output: JsonObject, numbers?: NumberTexts): OutputEvent {
  return { line: 1, ordinal: 0, text: '{}', output, plain: true, numbers }
}

function dict(entries: Readonly<Record<string, Value>>): Dict {
  const made = new Dict()
  for (const [key, value] of Object.entries(entries)) made.entries.set(key, [key, value])
  return made
}

function set(...items: string[]): ValueSet {
  const made = new ValueSet()
  for (const item of items) made.entries.set(item, item)
  return made
}

/** Field and value of each indicator that is found in an output. */
function found(output: unknown, given: Partial<EnrichSpec>): string[] {
  return new Enrichment(spec(given))
    .find(output as JsonObject)
    .map(({ field, value }) => `${field}: ${value}`)
}

const ADDED = [{ category: 'c', matched: { atomic: 'a', field: 'f', type: 'url' }, indicator: {} }]

function add(output: JsonObject, into = 'threat.enrichments', numbers?: NumberTexts): OutputEvent {
  return new Enrichment(spec({ into })).add(event(output, numbers), ADDED)
}

describe('Enrichment.find', () => {
  for (const [what, output, given, expected] of [
    ['a text', { url: { original: 'a' } }, { url: ['url.original'] }, ['url.original: a']],
    ['what has another type', { a: 1, b: null, c: true, d: {} }, { url: ['a', 'b', 'c', 'd'] }, []],
    ['no empty text and no placeholder', { a: '', b: '-', c: ' ' }, { url: ['a', 'b', 'c'] }, ['c:  ']],
    ['what is absent', {}, { url: ['a', 'a.b', 'a.b.c'] }, []],
    ['each element of a list, once', { a: ['x', 'y', 'x', 1, null, ''] }, { ip: ['a'] }, ['a: x', 'a: y']],
    ['no list in a list', { a: [['x'], 'y', [['z']]] }, { ip: ['a'] }, ['a: y']],
    [
      'members of elements',
      { a: [{ b: 'x' }, { b: ['y', 'z'] }, { c: 1 }, 'w'] },
      { ip: ['a.b'] },
      ['a.b: x', 'a.b: y', 'a.b: z'],
    ],
    [
      'types and paths in their order',
      { a: 'x', b: 'y' },
      { hash: ['a'], ip: ['b'], url: ['b', 'a'] },
      ['b: y', 'a: x', 'b: y', 'a: x'],
    ],
    ['the same value in two fields', { a: 'x', b: 'x' }, { url: ['a', 'b'] }, ['a: x', 'b: x']],
    [
      'dicts, tuples and sets',
      { a: dict({ b: new Tuple(['x', 'y']) }), c: set('z', 'z') },
      { url: ['a.b', 'c'] },
      ['a.b: x', 'a.b: y', 'c: z'],
    ],
    [
      'own members only',
      { a: {} },
      { url: ['a.constructor.name', 'toString', '__proto__', 'a.__proto__.x'] },
      [],
    ],
    [
      'members of hostile names',
      JSON.parse('{"__proto__":{"constructor":"x"},"toString":"y"}'),
      { url: ['__proto__.constructor', 'toString'] },
      ['__proto__.constructor: x', 'toString: y'],
    ],
    ['nothing in a text', { a: 'text' }, { url: ['a.length', 'a.0'] }, []],
  ] as const) {
    it(`finds ${what}`, () => {
      assert.deepEqual(found(output, given as Partial<EnrichSpec>), expected)
    })
  }

  it('does not use an iterator up', () => {
    const iterator = new ValueIterator('generator', ['x'].values())
    assert.deepEqual(found({ a: iterator }, { url: ['a'] }), [])
    assert.deepEqual([...{ [Symbol.iterator]: () => iterator.source }], ['x'])
  })

  it('finds so many and no more', () => {
    const many = Array.from({ length: 100_000 }, (_, n) => `${n}`)
    assert.equal(found({ a: many, b: many }, { url: ['a', 'b'] }).length, MAX_INDICATORS)
  })

  it('finds the same in a line as in the event', () => {
    const key = fc.constantFrom('a', 'b', 'c', '__proto__', 'é', '"')
    const leaf = fc.oneof(
      fc.constantFrom('', '-', 'x', 'y', 'é😀', '"\\\n', '\ud800'),
      fc.integer(),
      fc.constant(null),
      fc.boolean(),
    )
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 4 }, leaf, tie('list'), tie('object')),
      list: fc.array(tie('value'), { maxLength: 3 }),
      object: fc.dictionary(key, tie('value'), { maxKeys: 3 }),
    }))
    const path = fc.array(key, { minLength: 1, maxLength: 3 }).map((steps) => steps.join('.'))
    const objects = fc.array(fc.dictionary(key, value, { maxKeys: 4 }), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(objects, fc.uniqueArray(path), fc.uniqueArray(path), (outputs, url, ip) => {
        const enrichment = new Enrichment(spec({ url, ip }))
        const bytes = Buffer.from(outputs.map((output) => `${JSON.stringify(output)}\n`).join(''))
        const lines = new LineIndicators(enrichment, NODE_CODING)
        lines.open(bytes)
        let start = 0
        for (const output of outputs) {
          const parsed = JSON.parse(JSON.stringify(output)) as JsonObject
          assert.deepEqual([...lines.find(start)], [...enrichment.find(parsed)])
          start = lines.next
        }
        assert.equal(start, bytes.length)
      }),
      { numRuns: propertyRuns(500) },
    )
  })
})

describe('LineIndicators', () => {
  it('reads lines of a batch that is larger than the memory of the scanner, and lines that are longer', () => {
    const enrichment = new Enrichment(spec({ ip: ['source.ip'], url: ['url'] }))
    const fill = 'x'.repeat(1000)
    const outputs = Array.from({ length: 1500 }, (_, n) => ({
      fill: n % 700 === 3 ? fill.repeat(400) : fill,
      source: { ip: `192.0.2.${n}` },
      url: n % 3 === 0 ? `http://é/${n}"` : '-',
    }))
    const lines = new LineIndicators(enrichment, NODE_CODING)
    const bytes = Buffer.from(outputs.map((output) => `${JSON.stringify(output)}\n`).join(''))
    lines.open(bytes)
    let start = 0
    for (const output of outputs) {
      assert.deepEqual([...lines.find(start)], [...enrichment.find(output)])
      start = lines.next
    }
    assert.equal(start, bytes.length)
  })

  it('takes turns with another one, each on its own lines', () => {
    const [one, other] = ['a', 'b'].map((name) => {
      const lines = new LineIndicators(new Enrichment(spec({ ip: [name] })), NODE_CODING)
      lines.open(Buffer.from(`{"a":"1","b":"2"}\n`.repeat(3)))
      return lines
    })
    for (let line = 0; line < 3; line++) {
      assert.deepEqual(
        [...one!.find(line * 18)].map(({ value }) => value),
        ['1'],
      )
      assert.deepEqual(
        [...other!.find(line * 18)].map(({ value }) => value),
        ['2'],
      )
    }
  })
})

describe('Enrichment.add', () => {
  it('makes the list, and what leads to it', () => {
    assert.deepEqual(add({ a: 1 }).output, { a: 1, threat: { enrichments: ADDED } })
    assert.deepEqual(add({}, 'a').output, { a: ADDED })
    assert.deepEqual(add({ threat: null } as JsonObject).output, { threat: { enrichments: ADDED } })
    assert.deepEqual(add({ threat: { enrichments: null } }).output, { threat: { enrichments: ADDED } })
  })

  it('appends to a list that is there', () => {
    const output = { threat: { enrichments: ['own'], x: 1 }, z: 2 }
    assert.deepEqual(add(output).output, { threat: { enrichments: ['own', ...ADDED], x: 1 }, z: 2 })
    const exotic = add({ threat: dict({ enrichments: new Tuple(['own']) }) }).output
    assert.equal(stringify(exotic), JSON.stringify({ threat: { enrichments: ['own', ...ADDED] } }))
  })

  it('changes nothing that others may hold', () => {
    const shared: JsonObject = Object.freeze({ enrichments: Object.freeze(['own']) as unknown as Value[] })
    const output: JsonObject = Object.freeze({ threat: shared, other: shared })
    assert.deepEqual(add(output).output, {
      threat: { enrichments: ['own', ...ADDED] },
      other: { enrichments: ['own'] },
    })
    const holder = dict({ enrichments: ['own'] })
    add({ threat: holder })
    assert.equal(stringify(holder), '{"enrichments":["own"]}')
  })

  it('keeps how numbers are written', () => {
    const threat = { enrichments: [1], score: 2230 }
    const numbers: NumberTexts = new Map<object, Map<string, string>>([
      [threat, new Map([['score', '2230.0']])],
      [threat.enrichments, new Map([['0', '1.0']])],
    ])
    const { output, numbers: after } = add({ threat }, undefined, numbers)
    assert.equal(
      stringify(output, after),
      `{"threat":{"enrichments":[1.0,${JSON.stringify(ADDED[0])}],"score":2230.0}}`,
    )
    assert.equal(numbers.size, 2)
  })

  it('sets members of any name', () => {
    const output = add({}, '__proto__.constructor').output
    assert.equal(stringify(output), `{"__proto__":{"constructor":${JSON.stringify(ADDED)}}}`)
    assert.equal(({} as JsonObject).constructor, Object)
  })

  for (const [output, into, message] of [
    [{ threat: 'x' }, 'threat.enrichments', 'cannot set threat.enrichments: threat is not an object'],
    [{ a: { b: [] } }, 'a.b.c', 'cannot set a.b.c: a.b is not an object'],
    [
      { threat: { enrichments: {} } },
      'threat.enrichments',
      'cannot add detections to threat.enrichments: it is not a list',
    ],
    [{ a: 'x' }, 'a', 'cannot add detections to a: it is not a list'],
  ] as const) {
    it(`fails where there is no place: ${JSON.stringify(output)}`, () => {
      assert.throws(
        () => add(output as unknown as JsonObject, into),
        (failure) =>
          failure instanceof Failure && failure.code === 'TYPE_ERROR' && failure.message === message,
      )
    })
  }
})

describe('detectionsOf', () => {
  it('tells for each detection what was matched, and where', () => {
    const detection = {
      category: 'Tracer_URL_enricher',
      matched: 'gmer.com x',
      fields: [
        ['ioc', 'gmer.com'],
        ['__proto__', 'p'],
        ['context', 'bad_URL'],
      ],
    } as const
    const indicators = [
      { field: 'url.original', type: 'url', value: 'gmer.com|x' },
      { field: 'source.ip', type: 'ip', value: '192.0.2.1' },
      { field: 'url.full', type: 'url', value: 'gmer.com|x' },
    ] as const
    const detections = detectionsOf(indicators, [[detection], [], [detection]])
    assert.equal(
      JSON.stringify(detections),
      '[{"category":"Tracer_URL_enricher","matched":{"atomic":"gmer.com|x","field":"url.original","type":"url"},' +
        '"indicator":{"ioc":"gmer.com","__proto__":"p","context":"bad_URL"}},' +
        '{"category":"Tracer_URL_enricher","matched":{"atomic":"gmer.com|x","field":"url.full","type":"url"},' +
        '"indicator":{"ioc":"gmer.com","__proto__":"p","context":"bad_URL"}}]',
    )
  })

  it('is undefined when nothing was found', () => {
    assert.equal(detectionsOf([{ field: 'a', type: 'url', value: 'b' }], [[]]), undefined)
    assert.equal(detectionsOf([], []), undefined)
  })
})

describe('markUnenriched', () => {
  for (const [output, expected] of [
    [{ a: 1 }, { a: 1, event: { anomaly: { enrichment: 'timeout' } } }],
    [{ event: { id: 1 } }, { event: { id: 1, anomaly: { enrichment: 'timeout' } } }],
    [{ event: { anomaly: { x: ['y'] } } }, { event: { anomaly: { x: ['y'], enrichment: 'timeout' } } }],
    [{ event: null }, { event: { anomaly: { enrichment: 'timeout' } } }],
    [{ event: { anomaly: { enrichment: 'own' } } }, { event: { anomaly: { enrichment: 'timeout' } } }],
    [{ event: 'login' }, { event: 'login' }],
    [{ event: { anomaly: [1] } }, { event: { anomaly: [1] } }],
  ] as unknown as [JsonObject, JsonObject][]) {
    it(`makes ${JSON.stringify(expected)} of ${JSON.stringify(output)}`, () => {
      const before = structuredClone(output)
      assert.deepEqual(markUnenriched(event(output), 'timeout').output, expected)
      assert.deepEqual(output, before)
    })
  }
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Failure } from '../../src/expression/failure.ts'
import { makeDict, makeSet } from '../../src/expression/runtime/containers/keys.ts'
import { Meter } from '../../src/expression/runtime/meter.ts'
import type { JsonObject, Value } from '../../src/expression/value.ts'
import { DictView, NumberText, Range, Tuple, ValueIterator } from '../../src/expression/value.ts'
import { parseExact } from '../../src/json/parse.ts'
import { stringify } from '../../src/json/stringify.ts'
import { propertyRuns } from '../property-runs.ts'

describe('stringify', () => {
  it('writes plain values as JSON.stringify does', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        // Numbers beyond 2**53 have an exponent or a point here; the JSON means the same.
        const text = stringify(value as Value)
        if (/\d{16}|e\+/.test(text)) assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)))
        else assert.equal(text, JSON.stringify(value))
      }),
      { numRuns: propertyRuns(3000) },
    )
  })

  it('writes strings of all code units as JSON.stringify does', () => {
    const unit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code))
    const text = fc.oneof(
      fc.string({ unit }),
      fc.string({ unit: fc.constantFrom('\ud800', '\udc00', 'a', '\u2028', '"') }),
    )
    fc.assert(
      fc.property(text, text, (name, value) => {
        const object = { [name]: [value] }
        assert.equal(stringify(object), JSON.stringify(object))
      }),
      { numRuns: propertyRuns(2000) },
    )
  })

  it('brings what parseExact read out as it was written', () => {
    const texts = [
      '{"a":2230.0,"b":[1,1E5,-0,18446744073709551616],"c":{"d":1.10,"e":1.5}}',
      '{"b":1.0,"10":2.0,"a":{"x":1e400},"2":{"1":1,"0":[2.50]},"__proto__":0.00}',
      '[0.1,1e2,[1e2,[1E2]],"1.0"]',
    ]
    for (const text of texts) {
      const { value, numbers } = parseExact(text)
      assert.equal(stringify(value, numbers), text)
    }
  })

  it('writes the same with a meter, which takes the way of all values', () => {
    const number = fc.constantFrom('1', '1.0', '-0', '1e2', '2.50', '123456789012345678901', '0.1')
    const leaf = fc.oneof(number, fc.constantFrom('"a"', '"é\\n"', 'null', 'true', '""'))
    const key = fc.constantFrom('a', 'b', '10', '__proto__', 'é"')
    // The text of a number is kept by what holds it: a number by itself has none.
    const { list } = fc.letrec<{ text: string; list: string; object: string }>((tie) => ({
      text: fc.oneof({ maxDepth: 4 }, leaf, tie('list'), tie('object')),
      list: fc.array(tie('text'), { maxLength: 3 }).map((items) => `[${items.join(',')}]`),
      object: fc
        .uniqueArray(fc.tuple(key, tie('text')), { maxLength: 4, selector: ([name]) => name })
        .map((members) => `{${members.map(([name, each]) => `${JSON.stringify(name)}:${each}`).join(',')}}`),
    }))
    fc.assert(
      fc.property(list, (json) => {
        const { value, numbers } = parseExact(json)
        const meter = new Meter(1e12, 1e12)
        assert.equal(stringify(value, numbers), stringify(value, numbers, { meter }))
        assert.equal(stringify(value, numbers), json)
      }),
      { numRuns: propertyRuns(1000) },
    )
    const many = Array.from({ length: 3 }, () => ['x'.repeat(900_000), { a: 1 }])
    assert.equal(stringify(many), JSON.stringify(many))
    let deep: Value = []
    for (let depth = 0; depth < 1500; depth++) deep = depth % 2 === 0 ? [deep, 1] : { a: deep }
    assert.equal(stringify(deep), JSON.stringify(deep))
  })

  const CASES: readonly (readonly [name: string, value: Value, text: string])[] = [
    ['a big integer', [2n ** 64n, -(2n ** 70n)], '[18446744073709551616,-1180591620717411303424]'],
    ['NaN and infinities', [NaN, Infinity, -Infinity], '["NaN","Infinity","-Infinity"]'],
    ['negative zero', [-0, { a: -0 }], '[0,{"a":0}]'],
    ['large and small floats', [1e21, 1e16, 5e-324, 1e-7], '[1e+21,1e+16,5e-324,1e-7]'],
    ['tuples', new Tuple([1, new Tuple([]), 'a']), '[1,[],"a"]'],
    ['a set, in insertion order', makeSet(['b', 'a', 1n, 'b']), '["b","a",1]'],
    ['a range', new Range(5, -2, -3), '[5,2,-1]'],
    ['dict keys', new DictView('keys', { a: 1 }), '["a"]'],
    ['dict values', new DictView('values', makeDict([[1, 2n ** 60n]])), '[1152921504606846976]'],
    ['dict items', new DictView('items', { a: NaN }), '[["a","NaN"]]'],
    ['an iterator', new ValueIterator('zip', [new Tuple([1, 2])][Symbol.iterator]()), '[[1,2]]'],
    [
      'a dict',
      makeDict([
        ['b', 1],
        ['a', 2],
      ]),
      '{"b":1,"a":2}',
    ],
    [
      'a dict with keys of other types',
      makeDict([
        [1, 'int'],
        [1.5, 'float'],
        [null, 'None'],
        [2n ** 60n, 'big'],
        [NaN, 'nan'],
        [-Infinity, 'inf'],
      ]),
      '{"1":"int","1.5":"float","null":"None","1152921504606846976":"big","NaN":"nan","-Infinity":"inf"}',
    ],
    [
      'a dict with boolean keys',
      makeDict([
        [true, 1],
        [false, 0],
      ]),
      '{"true":1,"false":0}',
    ],
    [
      'a dict with two keys of one text',
      makeDict([
        ['1', 'text'],
        ['x', 0],
        [1, 'int'],
      ]),
      '{"1":"int","x":0}',
    ],
    ['a dict whose key begins with NUL', makeDict([['\0s', 1]]), '{"\\u0000s":1}'],
    ['an empty dict', makeDict([]), '{}'],
    ['a number text', [new NumberText('1.10') as unknown as Value], '[1.10]'],
    ['members that are undefined', { a: undefined, b: 1, c: undefined } as unknown as Value, '{"b":1}'],
    ['an object of nothing but undefined', { a: undefined } as unknown as Value, '{}'],
    ['lone surrogates', { '\ud800': 'a\udfffb' }, '{"\\ud800":"a\\udfffb"}'],
    ['an own __proto__', JSON.parse('{"__proto__":[1]}'), '{"__proto__":[1]}'],
  ]
  for (const [name, value, text] of CASES) {
    it(`writes ${name}`, () => assert.equal(stringify(value), text))
  }

  it('does not write the text of a number that another one has replaced', () => {
    const { value, numbers } = parseExact('{"a":1.0,"b":[2.0,"x"],"c":3.0}')
    const data = value as JsonObject
    data.a = 7
    ;(data.b as Value[]).unshift('new')
    data.c = '3.0'
    assert.equal(stringify(data, numbers), '{"a":7,"b":["new",2,"x"],"c":"3.0"}')
  })

  it('refuses a dict with a tuple as key', () => {
    const failure = failureOf(() => stringify([makeDict([[new Tuple([1]), 1]])]))
    assert.equal(failure.code, 'TYPE_ERROR')
  })

  it('refuses a value that contains itself', () => {
    const list: Value[] = []
    list.push(list)
    assert.equal(failureOf(() => stringify(list)).code, 'VALUE_ERROR')
    const dict = makeDict([])
    dict.entries.set('self', ['self', [dict]])
    assert.equal(failureOf(() => stringify({ a: dict })).code, 'VALUE_ERROR')
  })

  it('writes 2000 levels and refuses more', () => {
    const deep = (depth: number) => JSON.parse('{"a":['.repeat(depth / 2) + ']}'.repeat(depth / 2)) as Value
    assert.equal(stringify(deep(2000)), JSON.stringify(deep(2000)))
    assert.equal(failureOf(() => stringify(deep(2002))).code, 'VALUE_ERROR')
    assert.equal(failureOf(() => stringify(deep(1_000_000))).code, 'VALUE_ERROR')
  })

  it('writes 2000 levels also where little of the stack is left', () => {
    const depthLeft = (): number => {
      try {
        return depthLeft() + 1
      } catch {
        return 0
      }
    }
    const atDepth = (depth: number, value: Value): string =>
      depth === 0 ? stringify(value) : atDepth(depth - 1, value)
    const start = Math.floor(depthLeft() * 0.6)
    for (const [open, close] of [
      ['{"x":', '}'],
      ['[', ']'],
    ]) {
      const text = `${open!.repeat(2000)}12345678901234567890${close!.repeat(2000)}`
      assert.equal(atDepth(start, parseExact(text).value), text)
    }
  })

  it('refuses an output of absurd size before memory runs out', () => {
    const text = 'x'.repeat(1 << 20)
    const items = (function* () {
      for (;;) yield text
    })()
    assert.equal(failureOf(() => stringify(new ValueIterator('generator', items))).code, 'VALUE_ERROR')
  })
})

function failureOf(run: () => unknown): Failure {
  try {
    run()
  } catch (failure) {
    assert.ok(failure instanceof Failure, String(failure))
    return failure
  }
  assert.fail('nothing was thrown')
}

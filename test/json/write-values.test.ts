/** Values that are written as bytes, against their text. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { makeDict, makeSet } from '../../src/expression/runtime/containers/keys.ts'
import type { NumberTexts, Value } from '../../src/expression/value.ts'
import { Dict, NumberText, Range, Tuple, ValueIterator } from '../../src/expression/value.ts'
import { parseExact } from '../../src/json/parse.ts'
import { stringify } from '../../src/json/stringify.ts'
import { ByteWriter } from '../../src/json/write.ts'
import { writeUsual } from '../../src/json/write-values.ts'
import { propertyRuns } from '../property-runs.ts'

/** @returns undefined where it is not written */
function written(value: unknown, numbers?: NumberTexts): string | undefined {
  const writer = new ByteWriter()
  writer.ascii('before')
  if (!writeUsual(writer, value as Value, numbers)) return undefined
  return Buffer.from(writer.bytes.subarray('before'.length, writer.length)).toString()
}

const unit = fc.oneof(
  fc.constantFrom(
    'a',
    '"',
    '\\',
    '\n',
    'é',
    'я',
    '\u2028',
    '\ud83d\ude00',
    '\ud800',
    '\udc00',
    '\x7f',
    '\xff',
  ),
  fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
)
const text = fc.oneof(
  fc.string({ unit }),
  fc.constantFrom('', '__proto__', 'constructor', 'toJSON', '10', '2'),
)
const scalar = fc.oneof(
  text,
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    0,
    -0,
    1.5,
    -1e-7,
    1e21,
    2 ** 53,
    2n ** 64n,
    undefined,
    Number.NaN,
  ),
  fc.integer(),
  fc.double(),
  fc.constantFrom('1.0', '-0', '1E5').map((digits) => new NumberText(digits)),
)
const { value } = fc.letrec<{ value: unknown; members: (readonly [string, unknown])[] }>((tie) => ({
  members: fc.array(fc.tuple(text, tie('value')), { maxLength: 4 }) as fc.Arbitrary<
    (readonly [string, unknown])[]
  >,
  value: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'value' },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    tie('members').map((members) => Object.fromEntries(members as any)),
    tie('members').map((members) => makeDict(defined(members as any))),
    fc.array(tie('value'), { maxLength: 3 }).map((items) => new Tuple(items as Value[])),
    fc.array(text, { maxLength: 3 }).map((items) => makeSet(items)),
    tie('value').map((item) => makeDict([[1, (item ?? null) as Value]])),
  ),
}))

function defined(members: (readonly [string, Value | undefined])[]): (readonly [string, Value])[] {
  return members.map(([name, member]) => [name, member ?? null])
}

describe('a value that is written as bytes', () => {
  it('is what stringify writes, or is left to it', () => {
    let left = 0
    let count = 0
    fc.assert(
      fc.property(value, (some) => {
        count++
        const bytes = written(some)
        if (bytes === undefined) left++
        else assert.equal(bytes, stringify(some as Value))
      }),
      { numRuns: propertyRuns(5000) },
    )
    assert.ok(left > 0 && left < count / 2, `${left} of ${count} were left`)
  })

  it('keeps the texts of numbers, unless another number has taken the place', () => {
    const number = fc.constantFrom('1', '1.0', '-0', '1e2', '2.50', '123456789012345678901', '0.1')
    const leaf = fc.oneof(number, fc.constantFrom('"a"', '"é\\n"', 'null', 'true', '""'))
    const key = fc.constantFrom('a', 'b', '10', '__proto__', 'é"')
    const { list } = fc.letrec<{ any: string; list: string; object: string }>((tie) => ({
      any: fc.oneof({ maxDepth: 4 }, leaf, tie('list'), tie('object')),
      list: fc.array(tie('any'), { maxLength: 3 }).map((items) => `[${items.join(',')}]`),
      object: fc
        .dictionary(key, tie('any'), { maxKeys: 3 })
        .map((members) =>
          Object.entries(members).map(([name, member]) => `${JSON.stringify(name)}:${member}`),
        )
        .map((members) => `{${members.join(',')}}`),
    }))
    fc.assert(
      fc.property(list, (source) => {
        const { value: exact, numbers } = parseExact(source)
        assert.equal(written(exact, numbers), stringify(exact, numbers))
      }),
      { numRuns: propertyRuns(3000) },
    )
    const { value: parsed, numbers } = parseExact('[1.0,{"a":2.0,"b":3.0},4.0]')
    const items = parsed as any[]
    items[0] = 7
    items[1].a = 'text'
    assert.equal(written(parsed, numbers), '[7,{"a":"text","b":3.0},4.0]')
  })

  it('is usual: lists, objects, dicts, tuples, sets and integers of any size', () => {
    const dict = makeDict([
      ['b', 1],
      ['1', new Tuple([1, [2n ** 70n]])],
      ['__proto__', makeSet(['x', 2])],
    ])
    const expected = '{"b":1,"1":[1,[1180591620717411303424]],"__proto__":["x",2]}'
    assert.equal(written(dict), expected)
    assert.equal(written({ a: undefined, b: [undefined, dict] }), `{"b":[null,${expected}]}`)
    assert.equal(written(new Dict()), '{}')
  })

  it('is left alone where it is unusual, deep or long', () => {
    const nested = (levels: number): unknown => {
      let inner: unknown = 'x'
      for (let level = 0; level < levels; level++) inner = level % 2 === 0 ? [inner] : { a: inner }
      return inner
    }
    assert.equal(written(nested(100)), stringify(nested(100) as Value))
    const long = 'x'.repeat(1 << 19)
    assert.equal(written([long])?.length, (1 << 19) + 4)
    const circle: unknown[] = []
    circle.push(circle)
    const unusual: unknown[] = [
      undefined,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      2 ** 53 + 2,
      new Range(0, 3, 1),
      new ValueIterator('zip', [1].values()),
      makeDict([[1, 'a']]),
      nested(101),
      circle,
      'x'.repeat((1 << 20) + 1),
      [long, long, long],
      { [long]: long, a: long },
      makeDict([
        [long, long],
        ['a', 1],
      ]),
    ]
    for (const some of unusual) {
      assert.equal(written(some), undefined)
      assert.equal(written([some ?? Symbol('none')]), undefined)
      assert.equal(written({ a: some ?? Symbol('none') }), undefined)
    }
  })
})

import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { Readable, Writable } from 'node:stream'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Failure } from '../../../../src/expression/failure.ts'
import { compare, equals } from '../../../../src/expression/runtime/compare.ts'
import {
  integerFromDigits,
  integerFromOutside,
  integerText,
  isHuge,
} from '../../../../src/expression/runtime/numbers/huge-integer.ts'
import * as operators from '../../../../src/expression/runtime/operators.ts'
import { MAX_INTEGER_BITS } from '../../../../src/expression/value.ts'
import { createPipeline } from '../../../../src/io/create-pipeline.ts'
import { normalizeEvent } from '../../../../src/rules/apply/normalize-event.ts'
import { compileRules } from '../../../../src/rules/compile.ts'
import { meter } from '../unlimited.ts'

const LIMIT = 2n ** BigInt(MAX_INTEGER_BITS)
const NINES = '9'.repeat(400_000)

/** The result of the rule `x` for an event: its text, or the code of its failure. */
async function evaluated(expression: string, event: string, fastPath: boolean): Promise<string> {
  const written: string[] = []
  const rejected: string[] = []
  const into = (texts: string[]) =>
    new Writable({
      write: (chunk: Buffer, _encoding, callback) => {
        texts.push(chunk.toString())
        callback()
      },
    })
  const pipeline = createPipeline({
    rules: compileRules(`x: ${JSON.stringify(expression)}\n`),
    inputs: [Readable.from([Buffer.from(event)])],
    output: into(written),
    errors: into(rejected),
    fastPath,
  })
  await pipeline.run()
  if (rejected.length > 0) return (JSON.parse(rejected.join('')) as { code: string }).code
  return written.join('').slice('{"x":'.length, -2)
}

describe('a huge integer of an event', () => {
  it('keeps its digits, and integers up to the limit are themselves', () => {
    const atLimit = [LIMIT - 1n, LIMIT, LIMIT + 1n, 10n ** 315_652n, 10n ** 315_653n - 1n]
    for (const n of [0n, 1n, 2n ** 64n, ...atLimit, ...atLimit.map((n) => -n)]) {
      const text = n.toString()
      const integer = integerFromDigits(text)
      assert.ok(integerText(integer) === text)
      assert.ok(integerFromOutside(n) === integer)
      const fits = n < LIMIT && n > -LIMIT
      assert.equal(isHuge(integer), !fits)
      assert.equal(integer === n, fits)
    }
  })

  it('is equal and ordered as it should be', () => {
    const digits = fc.constantFrom(0, 315_651, 315_652, 315_653, 315_660).chain((zeros) =>
      fc
        .record({ head: fc.integer({ min: 1, max: 30 }), isNegative: fc.boolean() })
        .map(({ head, isNegative }) => {
          return (isNegative ? '-' : '') + head + '0'.repeat(zeros)
        }),
    )
    fc.assert(
      fc.property(digits, digits, (a, b) => {
        const [x, y] = [BigInt(a), BigInt(b)]
        assert.equal(equals(meter, integerFromDigits(a), integerFromDigits(b)), x === y)
        assert.equal(compare(meter, integerFromDigits(a), integerFromDigits(b)), x < y ? -1 : x > y ? 1 : 0)
      }),
      { numRuns: 40 },
    )
    for (const float of [1e308, Infinity, -1e308, -Infinity, 0, 0.5]) {
      assert.equal(compare(meter, integerFromDigits(NINES), float), float === Infinity ? -1 : 1)
      assert.equal(compare(meter, integerFromDigits(`-${NINES}`), float), float === -Infinity ? 1 : -1)
    }
  })

  it('is what no operator makes of smaller ones', () => {
    const [most, least] = [LIMIT - 1n, 1n - LIMIT]
    const { add, bitAnd, bitOr, bitXor, floorDivide, invert, modulo, multiply, negate, subtract } = operators
    for (const a of [most, least, -2, -1, 1, 2]) {
      for (const b of [most, least, -2, -1, 1, 2]) {
        for (const operator of [
          add,
          bitAnd,
          bitOr,
          bitXor,
          floorDivide,
          modulo,
          multiply,
          subtract,
          invert,
          negate,
        ]) {
          try {
            const result = operator(meter, a, b)
            assert.ok(typeof result === 'number' || !isHuge(result as bigint), operator.name)
          } catch (error) {
            assert.ok(error instanceof Failure && error.code === 'VALUE_ERROR', String(error))
          }
        }
      }
    }
  })

  const event = `{"v":${NINES},"w":${NINES},"u":1${NINES.slice(1)},"n":-${NINES},"l":[${NINES}],"o":{"k":${NINES}}}`
  const exact: readonly (readonly [expression: string, expected: string])[] = [
    ['v', NINES],
    ['n', `-${NINES}`],
    ['l', `[${NINES}]`],
    ['[v, o]', `[${NINES},{"k":${NINES}}]`],
    ['str(n)', `"-${NINES}"`],
    ["f'{v}'", `"${NINES}"`],
    ["'%s' % v", `"${NINES}"`],
    ['l[0]', NINES],
    ['{v: 1}', `{"${NINES}":1}`],
    ['v::int', NINES],
    ['max(u, v)', NINES],
    ['isinstance(v, int)', 'true'],
    ['v == w and v != u and v == l[0] and v in [1, w]', 'true'],
    ['n < 0 and 0 < u and u < v and v < 1e400', 'true'],
    ["'yes' if v else 'no'", '"yes"'],
  ]
  for (const [expression, expected] of exact) {
    it(`is exact in ${expression}, on both paths`, async () => {
      for (const fastPath of [true, false]) {
        const found = await evaluated(expression, event, fastPath)
        assert.ok(found === expected, `${found.slice(0, 40)} (${found.length} characters)`)
      }
    })
  }

  const refused = [
    ...[
      'v % 7',
      'v + 1',
      'v - v',
      '-v',
      'abs(v)',
      'v // 3',
      'v & 255',
      'v ^ v',
      'v >> 10',
      'v / 2',
      'v ** 0',
      '2 ** v',
    ],
    ...[
      'divmod(v, 3)',
      'pow(v, 2, 5)',
      'round(v)',
      'float(v)',
      'v.bit_length()',
      "'a' * v",
      "'abc'[v]",
      'hex(v)',
    ],
    ...[
      'sum(l)',
      'range(v)',
      'chr(v)',
      "f'{v:x}'",
      "'%x' % v",
      '[1, 2][v:]',
      'epoch_to_timestamp(v)',
      'o.k * 0',
    ],
  ]
  it('is a value error in arithmetic, on both paths', async () => {
    for (const expression of refused) {
      for (const fastPath of [true, false]) {
        assert.equal(await evaluated(expression, event, fastPath), 'VALUE_ERROR', expression)
      }
    }
  })

  it('goes through the library as text, and is not handed out as another number', () => {
    const { createRunner } = compileRules('x: str(v)\n')
    const expected = { output: { x: NINES } }
    assert.deepEqual(normalizeEvent({ v: BigInt(NINES) }, createRunner()), expected)
    assert.deepEqual(normalizeEvent(`{"v":${NINES}}`, createRunner()), expected)
    const copied = normalizeEvent(`{"v":${NINES}}`, compileRules('x: v\n').createRunner())
    assert.equal(copied.rejection?.code, 'VALUE_ERROR')
  })
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Failure } from '../../../../src/expression/failure.ts'
import { makeDict } from '../../../../src/expression/runtime/containers/keys.ts'
import { formatMethod, formatValue, percentFormat } from '../../../../src/expression/runtime/format/format.ts'
import type { Value } from '../../../../src/expression/value.ts'
import { Dict, MAX_LENGTH, Tuple } from '../../../../src/expression/value.ts'
import type { Recorded } from '../../../cpython/number-values.ts'
import { decode, readRecording } from '../../../cpython/number-values.ts'
import { outcomeLike } from '../../../cpython/text-outcome.ts'
import { meter } from '../unlimited.ts'

const recording = readRecording('format')

test('format() gives what CPython gives', () => {
  for (const [value, spec, recorded] of recording.formats!) {
    const [actual, expected] = outcomeLike(recorded, () => formatValue(meter, decode(value), spec))
    assert.deepEqual(actual, expected, `format(${JSON.stringify(value)}, ${JSON.stringify(spec)})`)
  }
})

test('% gives what CPython gives', () => {
  for (const [text, args, recorded] of recording.percents!) {
    const [actual, expected] = outcomeLike(recorded, () => percentFormat(meter, text, decode(args)))
    assert.deepEqual(actual, expected, `${JSON.stringify(text)} % ${JSON.stringify(args)}`)
  }
})

test('str.format gives what CPython gives', () => {
  for (const [template, args, names, recorded] of recording.templates!) {
    const dict = makeDict(
      names.map(([name, value]: [string, Recorded]): [Value, Value] => [name, decode(value)]),
    )
    const [actual, expected] = outcomeLike(recorded, () =>
      formatMethod(meter, template, args.map(decode), dict),
    )
    assert.deepEqual(actual, expected, `${JSON.stringify(template)}.format(${JSON.stringify([args, names])})`)
  }
})

test('an integral float is formatted as the integer that it is', () => {
  assert.equal(formatValue(meter, 4 / 2, 'd'), '2')
  assert.equal(formatValue(meter, 200.0, ''), '200')
  assert.equal(formatValue(meter, 200.0, '5'), '  200')
  assert.equal(formatValue(meter, 2, '.2f'), '2.00')
  assert.equal(formatValue(meter, 255.0, '#x'), '0xff')
  assert.equal(formatValue(meter, -0, '.1f'), '0.0')
  assert.equal(percentFormat(meter, '%d %x %s', new Tuple([2.0, 255.0, 3.0])), '2 ff 3')
  assert.throws(() => formatValue(meter, 2.0, '.2'), {
    message: 'Precision not allowed in integer format specifier',
  })
  assert.throws(() => formatValue(meter, 2 ** 54, 'd'), {
    message: "Unknown format code 'd' for object of type 'float'",
  })
})

test('digits beyond what JavaScript converts are exact', () => {
  assert.equal(formatValue(meter, 0.1, '.55f'), '0.1000000000000000055511151231257827021181583404541015625')
  assert.equal(formatValue(meter, 5e-324, '.1074f').slice(-7), '7265625')
  assert.equal(formatValue(meter, 1e23, '.0f'), '99999999999999991611392')
  assert.equal(formatValue(meter, 0.5, '.200f'), `0.5${'0'.repeat(199)}`)
  assert.equal(formatValue(meter, 2n ** 80n, ',d'), '1,208,925,819,614,629,174,706,176')
})

test('attributes are members of dicts, and nothing else is reached', () => {
  const names = makeDict([
    ['a', JSON.parse('{"b": {"c": [1, "two"]}, "__proto__": 5}')],
    ['n', null],
    ['s', 'text'],
  ])
  assert.equal(formatMethod(meter, '{a.b.c[1]!r:>6}', [], names), " 'two'")
  assert.equal(formatMethod(meter, '{a[__proto__]}', [], names), '5')
  for (const template of [
    '{a.x}',
    '{a.toString}',
    '{a.constructor}',
    '{a.__proto__}',
    '{a._b}',
    '{s.__class__}',
  ]) {
    assert.throws(() => formatMethod(meter, template, [], names), { code: 'VALUE_ERROR' }, template)
  }
  for (const template of ['{n.x}', '{n[0]}', '{s.length}', '{a.b.c.length}', '{a.b.c[x]}']) {
    assert.throws(() => formatMethod(meter, template, [], names), { code: 'TYPE_ERROR' }, template)
  }
  assert.throws(() => formatMethod(meter, '{toString}', [], names), { code: 'VALUE_ERROR' })
})

test('a dict of either kind gives values to %', () => {
  assert.equal(percentFormat(meter, '%(a)s-%(__proto__)d', JSON.parse('{"a": 1, "__proto__": 2}')), '1-2')
  assert.equal(percentFormat(meter, '%(a)s', makeDict([['a', null]])), 'None')
  for (const name of ['constructor', '__proto__', 'toString']) {
    assert.throws(() => percentFormat(meter, `%(${name})s`, {}), { code: 'VALUE_ERROR' })
  }
})

test('a result too long to be sane is a value error', () => {
  const long = 'x'.repeat(1 << 20)
  const huge = MAX_LENGTH + 1
  const tooBig = (error: { code: string; message: string }) =>
    error.code === 'VALUE_ERROR' && error.message.startsWith('result too big')
  const calls: (() => unknown)[] = [
    () => formatValue(meter, 'a', `${huge}`),
    () => formatValue(meter, 1, `0${huge}`),
    () => formatValue(meter, 1, `0${huge},`),
    () => formatValue(meter, 1.5, `.${huge}f`),
    () => formatValue(meter, 1.5, `.${huge}e`),
    () => formatValue(meter, 1.5, `#.${huge}g`),
    () => formatValue(meter, Number.NaN, `😀^${huge}`),
    () => percentFormat(meter, `%${huge}d`, 1),
    () => percentFormat(meter, `%.${huge}d`, 1),
    () => percentFormat(meter, '%*s', new Tuple([huge, 'a'])),
    () => percentFormat(meter, '%(a)s'.repeat(100), { a: long }),
    () => formatMethod(meter, '{0}'.repeat(100), [long], new Dict()),
    () => formatMethod(meter, `{0:{1}}`, ['a', huge], new Dict()),
  ]
  for (const call of calls) assert.throws(call, tooBig, String(call))
})

test('a format takes time in proportion to its length', { timeout: 900_000 }, () => {
  const size = 1 << 20
  const hostile = [
    '{',
    '}',
    '{{',
    '{}',
    '{0[',
    '{0.',
    '{:',
    '{:{',
    '{!',
    '{0[a]',
    '%',
    '%(',
    '%((',
    '%(a)',
    '%%',
    '%0',
    '%.',
    '%9',
  ]
  for (const piece of hostile) {
    const text = piece.repeat(size / piece.length)
    for (const call of [
      () => formatMethod(meter, text, [1], new Dict()),
      () => percentFormat(meter, text, { a: 1 }),
    ]) {
      try {
        assert.equal(typeof call(), 'string')
      } catch (error) {
        assert.ok(error instanceof Failure, String(error))
      }
    }
    assert.throws(() => formatValue(meter, 1, text), Failure)
  }
})

import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import process from 'node:process'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { NODE_CODING } from '../../../src/formats/node-coding.ts'
import { ChunkText } from '../../../src/json/chunk-text.ts'
import { compileRules } from '../../../src/rules/compile.ts'
import { planFastPath } from '../../../src/rules/fast/generate.ts'
import { compareWays, takeLine } from './equality.ts'
import { eventLine, ruleFile } from './generated.ts'

test('the fast path gives what the plain way gives, for any rules and any lines', () => {
  let taken = 0
  let lines = 0
  fc.assert(
    fc.property(ruleFile, fc.array(eventLine, { minLength: 1, maxLength: 12 }), (rules, events) => {
      taken += compareWays(rules, events)
      lines += events.length
    }),
    { numRuns: 400 },
  )
  // Most random lines lack a required field; but if hardly any were taken the comparison would say nothing.
  assert.ok(taken > lines / 100, `${taken} of ${lines} lines were taken`)
})

test('usual lines are taken by the fast path', () => {
  const rules = [
    'a: x',
    'b: {field: lower(y), required: false}',
    "c.d: data['id.orig_h']",
    'c.e: {field: n.m, required: false}',
    'list: {field: l, required: false}',
    'object: {field: n, required: false}',
  ].join('\n')
  const lines = [
    '{"x":1,"y":"ABC","id.orig_h":"1.2.3.4","n":{"m":2231},"l":[1,"a",null,1.0]}',
    '{"x":"é😀","id.orig_h":"1.2.3.4","n":{"q":0,"m":true}}',
    '{ "y" : "ABC" , "x" : "a\\nb" , "id.orig_h" : null }',
    '{"id.orig_h":{},"x":[],"unknown":{"deep":[{"a":"\\u0041"}]},"n":5}',
    '{"x":12345678901234567890,"id.orig_h":-0.0e5}',
  ]
  assert.equal(compareWays(rules, lines), lines.length)
})

test('keys in any order, absent and new ones are found', () => {
  const rules = 'r.a: a\nr.b: {field: b.x, required: false}\nr.c: c'
  const lines: string[] = []
  const members = ['"a":1', '"b":{"w":0,"x":2}', '"c":3', '"d":4', '"e":[5]']
  for (let shift = 0; shift < 5; shift++) {
    const turned = [...members.slice(shift), ...members.slice(0, shift)]
    lines.push(`{${turned.join(',')}}`, `{${turned.toReversed().join(',')}}`)
    lines.push(`{${turned.filter((member) => !member.startsWith('"b"')).join(',')}}`)
    lines.push(`{"new${shift}":{},${turned.join(',')}}`)
  }
  assert.equal(compareWays(rules, lines), lines.length)
})

test('lines that could be misread are left to the plain way', () => {
  const lines = [
    '{"a":1,"a":2}',
    '{"a":{"b":1},"a":{"c":2}}',
    '{"\\u0061":1}',
    '{"a":1,}',
    '{"a":01}',
    '{"a":"\u0001"}',
    '{"a":"\\x"}',
    '{"a":1}}',
    '{"a":1} x',
    '{"a":nul}',
    '[{"a":1}]',
    '{"a":+1}',
    '{"a":1.}',
    '{"a":.5}',
    '{"a":1e}',
    '{"a":"x',
    '{"a"}',
    '{"a":}',
    '{,"a":1}',
    '{"a" 1}',
    '{"a":\\u0031}',
    '{"a":"\\u00g0"}',
    '{"a":"\\u001"}',
    `{"a":${'['.repeat(100)}${']'.repeat(100)}}`,
  ]
  assert.equal(compareWays('r: a\ns: {field: a.b, required: false}', lines), 0)
})

test('hostile lines with ever new keys do not grow the memory of keys', () => {
  const rules = 'r: a'
  const lines: string[] = []
  for (let index = 0; index < 3000; index++) lines.push(`{"k${index}":1,"a":${index}}`)
  assert.equal(compareWays(rules, lines), lines.length)
})

test('keys that are not kept lead to nothing that is', () => {
  const { rules } = compileRules('r: a')
  const fast = planFastPath({ rules, tap: undefined })!.create()
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const heap = () => {
    collect()
    return process.memoryUsage().heapUsed
  }
  const before = heap()
  for (let line = 0; line < 30; line++) {
    const keys = Array.from({ length: 20_000 }, (_, index) => `"${line} ${index}":0`).join(',')
    const block = Buffer.from(`{"known${line}":0,${keys},"a":${line}}\n`)
    const chunk = new ChunkText(block, NODE_CODING)
    assert.equal(takeLine(fast, chunk, 0), block.length)
    assert.equal(Buffer.from(fast.writer.take()).toString(), `{"r":${line}}\n`)
  }
  assert.ok(heap() - before < 8 * 1024 * 1024)
})

test('keys beyond ASCII are what they are when they are predicted', () => {
  const lines = Array.from({ length: 3 }, () => '{"src":{"ip":"1","ü":2,"ключ":"ж"},"\ufeffa":1,"é":3}')
  const rules = ['x: src', 'y: src.ip', "z: src['ü']", "e: data['é']"]
  assert.equal(compareWays(rules.join('\n'), lines), lines.length)
  assert.equal(compareWays("o: {field: a, required: false}\nm: data['\ufeffa']", lines), lines.length)
})

test('a rule that asks whether two values are the same one has no fast path', () => {
  for (const [expression, isFast] of [
    ["data['a'] is data['a']", false],
    ["a is not data['a']", false],
    ['b == 1 and a is b', false],
    ['a is None', true],
    ['None is not a', true],
  ] as const) {
    const { rules } = compileRules(`r: ${JSON.stringify(expression)}`)
    assert.equal(planFastPath({ rules, tap: undefined }) !== undefined, isFast, expression)
  }
})

test('a huge output is left to the plain way, and little memory is kept for it', () => {
  const { rules } = compileRules(Array.from({ length: 9 }, (_, i) => `r${i}: x * 30000000`).join('\n'))
  const fast = planFastPath({ rules, tap: undefined })!.create()
  const block = Buffer.from('{"x":"a"}\n{"x":""}\n')
  const chunk = new ChunkText(block, NODE_CODING)
  assert.equal(takeLine(fast, chunk, 0), -1)
  assert.equal(takeLine(fast, chunk, 10), block.length)
  assert.ok(fast.writer.bytes.length < 256 * 1024 * 1024)
})

test('hundreds of rules have a fast path of several functions', () => {
  const rules: string[] = []
  for (let index = 0; index < 500; index++) {
    const path = `g${index % 9}.h${index % 4}.f${index}`
    const expression = ['x', 'y', 'lower(z)', "'const'", 'x + 1', "data['y']"][index % 6]
    rules.push(
      `${path}: {field: ${JSON.stringify(expression)}, required: ${index % 5 === 0 && index % 6 !== 1}}`,
    )
  }
  const lines = [
    '{"x":1,"y":[1,2],"z":"A"}',
    '{"x":2,"z":"B","y":null}',
    '{"z":"É","x":3,"y":"q"}',
    '{"x":1,"z":"c","y":{}}',
  ]
  assert.equal(compareWays(rules.join('\n'), lines), lines.length)
})

test('rules that need the event as a whole have no fast path', () => {
  const plan = (rules: string) => {
    const { rules: checked } = compileRules(rules)
    return planFastPath({ rules: checked, tap: undefined })
  }
  for (const rule of ['len(data)', 'line.raw', 'line.x', '[k for k in data]', 'data.get(x)', 'a.b.c.d.e']) {
    assert.equal(plan(`r: ${JSON.stringify(rule)}`), undefined, rule)
  }
  assert.equal(plan('a: x\na.b: y'), undefined)
  assert.equal(plan('"10": x'), undefined)
  assert.notEqual(plan("r: data['x']['y']"), undefined)
  assert.notEqual(plan('r: a.b.c.d'), undefined)
})

test('where many rules are computed, ten are in one function', () => {
  const functionsOf = (count: number) => {
    const rules = Array.from(
      { length: count },
      (_, index) => `c${index}: x${index}\nr${index}: x + ${index}\n`,
    )
    return compileRules(rules.join('')).fastPath!.source.match(/^function /gm)!.length
  }
  assert.equal(functionsOf(60), 60)
  assert.equal(functionsOf(61), 7)
})

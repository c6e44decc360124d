import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import fc from 'fast-check'
import { NODE_CODING } from '../../../src/formats/node-coding.ts'
import { ChunkText } from '../../../src/json/chunk-text.ts'
import { compileRules } from '../../../src/rules/compile.ts'
import { propertyRuns } from '../../property-runs.ts'
import { compareMembers } from '../fast/equality.ts'
import { eventLine, manyRules, ruleFile, ruleFileWithCases } from '../fast/generated.ts'

test('members of lines give what whole events give, for any rules and any lines', () => {
  let taken = 0
  let lines = 0
  const rules = fc.oneof(
    { weight: 5, arbitrary: ruleFile },
    { weight: 3, arbitrary: ruleFileWithCases },
    { weight: 1, arbitrary: manyRules },
  )
  fc.assert(
    fc.property(rules, fc.array(eventLine, { minLength: 1, maxLength: 12 }), (file, events) => {
      taken += compareMembers(file, events)
      lines += events.length
    }),
    { numRuns: propertyRuns(400) },
  )
  // A twentieth of them, mostly: few rule files have nothing that leaves it.
  assert.ok(taken > 0, `${taken} of ${lines} lines were taken`)
})

test('usual lines are taken, whatever form their numbers have', () => {
  const rules = [
    'a: x',
    'b: {field: lower(y), required: false}',
    "c.d: data['id.orig_h']",
    'c.e: {field: n.m, required: false}',
    `c.f: {field: "data['l'][1]", required: false}`,
    'list: {field: l, required: false}',
    'object: {field: n, required: false}',
    'sum: {field: x + 1, required: false, on_error: omit}',
    'zone: {field: "parse_timestamp(y, \'%Y\')", required: false, on_error: omit}',
  ].join('\n')
  const lines = [
    '{"x":1,"y":"ABC","id.orig_h":"1.2.3.4","n":{"m":2231},"l":[1,2.50,null,1.0]}',
    '{"x":"é😀","id.orig_h":"1.2.3.4","n":{"q":0,"m":true}}',
    '{ "y" : "2024" , "x" : "a\\nb" , "id.orig_h" : null, "tzinfo":"UTC+3" }',
    '{"id.orig_h":{},"x":[],"unknown":{"deep":[{"a":"\\u0041"}]},"n":5}',
    '{"x":12345678901234567890,"id.orig_h":-0.0e5,"n":{"m":2230.0,"b":1E5,"a":[-0,1e400]},"l":[{"b":1.0},0.50]}',
    '{"x":-0,"y":"é","id.orig_h":9007199254740993,"n.m":0.10}\r',
    '{"x":{"10":1,"2":[1.0]},"id.orig_h":[{"\\u0031":1.0}],"l":[12345678901234567890, 1]}',
  ]
  assert.equal(compareMembers(rules, lines), lines.length)
  const deep = `${'['.repeat(102)}${']'.repeat(102)}`
  const unusual = [`{"x":${deep}}`, `{"x":{"a":${deep}}}`]
  assert.equal(compareMembers('a: x', unusual), 0)
})

test('values of rules that lie inside one another, and numbers as names, are written', () => {
  const lines = ['{"a":{"x":1.50},"b":"é","s":"q"}', '{"a":{},"b":{"c":[2.0]},"s":"not a url"}']
  assert.equal(compareMembers('o: a\no.p: b\n"10": s\n"9": {field: a.x, required: false}', lines), 2)
  assert.equal(compareMembers('__proto__.x: a\n__proto__.y: s', lines), 2)
})

test('lines that could be misread, or are rejected, are left, and counted once by whoever evaluates them', () => {
  const lines = [
    '{"a":1,"a":2}',
    '{"a":{"b":1},"a":{"c":2}}',
    '{"\\u0061":1}',
    '{"a":1,}',
    '{"a":01}',
    '{"a":"\u0001"}',
    '{"a":1} x',
    '{"a":nul}',
    '[{"a":1}]',
    '{"a":1.}',
    '{"a":"x',
    '{"a" 1}',
    '{"a":"\\u00g0"}',
    `{"a":${'['.repeat(100)}${']'.repeat(100)}}`,
    '{"b":1}',
    '',
  ]
  assert.equal(compareMembers('r: a\ns: {field: a.b, required: false}', lines), 0)
})

test('conditions of a rule set are asked: events are dropped, or left where they are none of it', () => {
  const rules = "when: kind in ('x', 'y')\ndrop: kind == 'y'\nr: kind"
  assert.equal(compareMembers(rules, ['{"kind":"x"}', '{"kind":"y"}', '{"kind":"z"}', '{}']), 2)
})

test('rules that need the event as a whole, or its text, have no such way', () => {
  for (const rules of [
    'r: len(data)',
    'r: line.raw',
    'tap: data["x"] = 1\nr: x',
    'split: list\nr: x',
    'r: x\nrest: other',
  ]) {
    assert.equal(compileRules(rules).memberPath, undefined, rules)
  }
})

test('hostile lines with ever new keys are read, and found again', () => {
  const lines: string[] = []
  for (let index = 0; index < 3000; index++) lines.push(`{"k${index}":1,"${'l'.repeat(300)}":2,"a":${index}}`)
  assert.equal(compareMembers('r: a', lines), lines.length)
})

test('an output that is too long to be usual, or has an anomaly, is left, and nothing of it stays', () => {
  const ruleSet = compileRules('q: x\nr: x * 40000\ns: {field: lower(y), required: false, on_error: anomaly}')
  const path = ruleSet.memberPath!.create()
  const lines = [`{"x":"${'é'.repeat(50)}"}\n`, '{"x":"","y":1}\n', '{"x":"","y":"A"}\n']
  const block = Buffer.from(lines.join(''))
  const chunk = new ChunkText(block, NODE_CODING)
  let start = 0
  for (const [index, line] of lines.entries()) {
    path.lines(chunk, start)
    assert.equal(path.taken, index === 2 ? 1 : 0, line.slice(0, 20))
    start += Buffer.byteLength(line)
  }
  assert.equal(Buffer.from(path.writer.take()).toString(), '{"q":"","r":"","s":"a"}\n')
})

import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import process from 'node:process'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import type { EventLimits } from '../../../src/expression/runtime/meter.ts'
import { NODE_CODING } from '../../../src/formats/node-coding.ts'
import { ChunkText } from '../../../src/json/chunk-text.ts'
import { compileRules } from '../../../src/rules/compile.ts'
import { generateFastPath, planFastPath } from '../../../src/rules/fast/generate.ts'
import { INPUT_SIZE, MAX_CASE_GROUPS } from '../../../src/rules/fast/layout.ts'
import { propertyRuns } from '../../property-runs.ts'
import { compareWays, takeLine } from './equality.ts'
import { decidedLine, decidedRules, eventLine, ruleFile, ruleFileWithCases } from './generated.ts'

test('the fast path gives what the plain way gives, for any rules and any lines', () => {
  let taken = 0
  let lines = 0
  fc.assert(
    fc.property(ruleFile, fc.array(eventLine, { minLength: 1, maxLength: 12 }), (rules, events) => {
      taken += compareWays(rules, events)
      lines += events.length
    }),
    { numRuns: propertyRuns(400) },
  )
  // Most random lines lack a required field; but if hardly any were taken the comparison would say nothing.
  assert.ok(taken > lines / 100, `${taken} of ${lines} lines were taken`)
})

test('rules of cases give what the plain way gives, and the same is left out', () => {
  let taken = 0
  fc.assert(
    fc.property(ruleFileWithCases, fc.array(eventLine, { minLength: 1, maxLength: 8 }), (rules, events) => {
      taken += compareWays(rules, events)
    }),
    { numRuns: propertyRuns(500) },
  )
  assert.ok(taken > 0, 'some lines were taken')
  const rules =
    "cases:\n  - when: t == 'a'\n    k: \"'A'\"\n    x?: lower(x)\n    n: n\n  - when: t in ('b', 'c')\n    x: x\n    l: \"['b']\"\n  - k: z\ny?: y"
  const lines = [
    '{"t":"a","x":"Q","n":1.50}',
    '{"t":"a","n":1}',
    '{"t":"b","x":{"a":[1]},"y":2}',
    '{"t":"c","x":null}',
    '{"z":"q"}',
    '{"t":{},"z":7}',
  ]
  assert.equal(compareWays(rules, lines), lines.length)
  // A required rule of another case asks for nothing; one of the case that applies does.
  assert.equal(compareWays(rules, ['{"t":"b"}', '{"t":"a","x":"q"}', '{"t":"x"}']), 0)
  const ruleSet = compileRules(rules)
  const plain = ruleSet.createNotes()
  const runner = ruleSet.createRunner(plain)
  for (const line of lines) runner.run(JSON.parse(line), line)
  const notes = ruleSet.createNotes()
  const block = Buffer.from(`${lines.join('\n')}\n`)
  const fast = ruleSet.fastPath!.create(notes, NODE_CODING)
  assert.equal(fast.lines(new ChunkText(block, NODE_CODING), 0), block.length)
  assert.deepEqual(notes.take(), plain.take())
})

test('rules that one text decides give what the plain way gives', () => {
  let taken = 0
  let lines = 0
  fc.assert(
    fc.property(decidedRules, fc.array(decidedLine, { minLength: 1, maxLength: 12 }), (rules, events) => {
      taken += compareWays(rules, events)
      lines += events.length
    }),
    { numRuns: propertyRuns(600) },
  )
  assert.ok(taken > lines / 4, `${taken} of ${lines} lines were taken`)
})

test('WebAssembly decides by a text without a call, as far as the limits of an event allow', () => {
  const kindsOf = (rules: string, limits?: EventLimits) => {
    const { parts } = generateFastPath(compileRules(rules).checked, limits)!
    return parts.operations.flatMap((operation) => ('rule' in operation ? [operation] : []))
  }
  const tables = `lookup: {t: {a: 1, é: [2]}, large: {${Array.from({ length: 300 }, (_, index) => `k${index}: 1`)}}}\n`
  const decided = [
    "cond(match('(\\d+[.]){3}', s), 'ipv4', 'ipv6')",
    "cond(s == 'a', 1, lower(s) in ('b', 'c'), true, s)",
    "lookup('t', s::str, null)",
    "s.startswith('a') and not s.endswith(('b', 'c'))",
    "'x' if 'y' in data['s'] else absent",
  ]
  const computed = [
    "cond(match('a', s), s, t)",
    "cond(match('a', s), lower(s), 'x')",
    "match('(?!a)b', s)",
    "match('a.{300}b', s)",
    "s == 'a' or s",
    's == 1',
    's > "a"',
    "lookup('large', s)",
    "cond(s, 'x')[0]",
  ]
  for (const [kind, rules] of [
    ['decide', decided],
    ['compute', computed],
  ] as const) {
    for (const rule of rules) {
      const [operation] = kindsOf(`${tables}r: ${JSON.stringify(rule)}`)
      assert.equal(operation!.kind, kind, rule)
    }
  }
  for (const [rule, kind] of [
    ["split(s, '.')[-1]", 'part'],
    ["split(s, '..')[0]", 'compute'],
    ["split(s, 'é')[0]", 'compute'],
    ["split(lower(s), '.')[0]", 'compute'],
    ["split(s, '.')[i]", 'compute'],
  ]) {
    assert.equal(kindsOf(`r: ${JSON.stringify(rule)}`)[0]!.kind, kind, rule)
  }
  // A text that is longer than what is certain to be within the limits is the function's.
  const match = `r: match('a*b', s)`
  const [longest] = kindsOf(match, { maxWork: 1_000_000, maxBuilt: 1000 }).map(
    (operation) => operation.longest!,
  )
  assert.ok(longest! > 0 && longest! < 63, `${longest}`)
  assert.deepEqual(
    kindsOf(match, { maxWork: 1000, maxBuilt: 1000 }).map((operation) => operation.longest),
    [0],
  )
})

test('a rule of a case that is known not to apply is not called', () => {
  const { checked } = compileRules(
    "m?: x\ncases:\n  - when: t == 'a'\n    a: x\n    b.c: x\n    d: x\n  - when: t == 'b'\n    e: lower(x)\n    b.f: x\n  - g: x\n",
  )
  const lines = ['a', 'b', 'b', 'c', 'a'].map((t) => `{"t":"${t}","x":"Q"}`)
  const expected = [
    '{"m":"Q","a":"Q","b":{"c":"Q"},"d":"Q"}',
    '{"m":"Q","b":{"f":"Q"},"e":"q"}',
    '{"m":"Q","b":{"f":"Q"},"e":"q"}',
    '{"m":"Q","g":"Q"}',
    '{"m":"Q","a":"Q","b":{"c":"Q"},"d":"Q"}',
  ]
  const output = `${expected.join('\n')}\n`
  const asked = (group: number): number => {
    const rules = checked.rules.map((rule) => ({ ...rule, branch: rule.branch && { ...rule.branch, group } }))
    const cases = [...Array.from({ length: group }, () => []), ...checked.cases!]
    const fast = planFastPath({ ...checked, rules, cases })!.create()
    const chunk = new ChunkText(Buffer.from(`${lines.join('\n')}\n`), NODE_CODING)
    let count = 0
    const branch = fast.branch.bind(fast)
    fast.branch = (...call) => {
      count++
      return branch(...call)
    }
    assert.equal(fast.lines(chunk, 0), chunk.bytes.length)
    assert.equal(Buffer.from(fast.writer.take()).toString(), output, `group ${group}`)
    return count
  }
  // The first rule of a case asks for each line; it is of the first case.
  const own = 3 + (1 + 2) + (1 + 2) + (1 + 1) + 3
  assert.equal(asked(0), own)
  assert.equal(asked(MAX_CASE_GROUPS - 1), own)
  assert.equal(
    asked(MAX_CASE_GROUPS),
    6 * lines.length,
    'a group without room in the table is left to the host',
  )
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
  const fast = planFastPath({ rules })!.create()
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
    assert.equal(planFastPath({ rules }) !== undefined, isFast, expression)
  }
})

test('a huge output is left to the plain way, and little memory is kept for it', () => {
  const { rules } = compileRules(Array.from({ length: 9 }, (_, i) => `r${i}: x * 30000000`).join('\n'))
  const fast = planFastPath({ rules })!.create()
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
    return planFastPath({ rules: checked })
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
    return compileRules(rules.join('')).ownPath!.source.match(/^function /gm)!.length
  }
  assert.equal(functionsOf(60), 60)
  assert.equal(functionsOf(61), 7)
})

test('lines are taken whole, wherever blocks and the memory for lines end', () => {
  const { rules } = compileRules('a: x\nb: {field: lower(y), required: false}\nc: x + 1')
  const fast = planFastPath({ rules })!.create()
  const filling = (size: number) => `{"x":1,"z":"${'z'.repeat(size)}"}\n`
  // The second line ends before, at and behind the end of what is read at a time.
  for (let end = INPUT_SIZE - 20; end <= INPUT_SIZE + 20; end++) {
    const first = filling(1000)
    const second = filling(end - first.length - filling(0).length)
    const third = '{"y":"B","x":2}\n'
    const block = Buffer.from(first + second + third)
    const chunk = new ChunkText(block, NODE_CODING)
    let start = 0
    let taken = 0
    while (start < block.length) {
      start = fast.lines(chunk, start)
      assert.notEqual(fast.taken, 0)
      taken += fast.taken
    }
    assert.equal(taken, 3)
    const expected = '{"a":1,"c":2}\n{"a":1,"c":2}\n{"a":2,"b":"b","c":3}\n'
    assert.equal(Buffer.from(fast.writer.take()).toString(), expected)
  }
})

test('a line that is longer than the memory for lines is left to the plain way, the ones around it are not', () => {
  const { rules } = compileRules('a: x')
  const fast = planFastPath({ rules })!.create()
  const long = `{"x":"${'x'.repeat(INPUT_SIZE)}"}\n`
  const block = Buffer.from(`{"x":1}\n${long}{"x":2}\n`)
  const chunk = new ChunkText(block, NODE_CODING)
  assert.equal(fast.lines(chunk, 0), 8)
  assert.equal(fast.lines(chunk, 8), 8)
  assert.equal(fast.taken, 0)
  assert.equal(fast.lines(chunk, 8 + long.length), block.length)
  assert.equal(Buffer.from(fast.writer.take()).toString(), '{"a":1}\n{"a":2}\n')
})

test('values that are remembered are those that are computed, whether they repeat or not', () => {
  const rules = [
    'a: {field: x + 1, required: false}',
    'b: {field: "lookup(\'t\', x)", required: false}',
    "c: {field: \"replace(s, 'a', 'bb')\", required: false}",
    'd: {field: n.m * 2, required: false}',
    'lookup: {t: {"1": one, "2": {"two": [2]}}}',
  ].join('\n')
  const lines: string[] = []
  for (let index = 0; index < 40_000; index++) {
    // For some time nothing repeats, so that the memo is given up, and taken up again.
    const x = index > 5000 && index < 20_000 ? index : index % 7
    lines.push(`{"x":${x},"s":"${'a'.repeat(index % 150)}","n":{"m":"${index % 3}"},"n.m":${x}}`)
  }
  assert.equal(compareWays(rules, lines), lines.length)
})

test('two users of one rule set have each their own keys and notes', () => {
  const ruleSet = compileRules('a: {field: x, required: false}\nb: {field: y, required: false}')
  const notes = [ruleSet.createNotes(), ruleSet.createNotes()]
  const users = notes.map((each) => ruleSet.ownPath!.create(each, NODE_CODING))
  const lines = ['{"x":1,"z":0}\n{"z":0}\n', '{"z":0,"y":2}\n{"y":3}\n']
  for (let turn = 0; turn < 3; turn++) {
    for (const [index, user] of users.entries()) {
      const block = Buffer.from(lines[index]!)
      assert.equal(user.lines(new ChunkText(block, NODE_CODING), 0), block.length)
    }
  }
  assert.deepEqual(
    users.map((user) => Buffer.from(user.writer.take()).toString()),
    ['{"a":1}\n{}\n'.repeat(3), '{"b":2}\n{"b":3}\n'.repeat(3)],
  )
  const [first, second] = notes.map((each) => each.take())
  assert.deepEqual(
    [...first!.leftOut!],
    [
      ['a', 3],
      ['b', 6],
    ],
  )
  assert.deepEqual([...second!.leftOut!], [['a', 6]])
  assert.deepEqual(first!.fields, { events: 6, seen: ['x'], unseen: ['y'] })
  assert.deepEqual(second!.fields, { events: 6, seen: ['y'], unseen: ['x'] })
})

test('no work is saved by remembering that the limits of an event would not allow', () => {
  const rules = Array.from(
    { length: 40 },
    (_, index) => `r${index}: len([i for i in range(x + ${index})])`,
  ).join('\n')
  const ruleSet = compileRules(rules, { maxWork: 2_000_000 })
  const fast = ruleSet.ownPath!.create()
  const line = '{"x":2000}\n'
  assert.equal(ruleSet.createRunner().run({ x: 2000 }, line), undefined)
  const block = Buffer.from(line)
  for (let time = 0; time < 100; time++) {
    assert.equal(fast.lines(new ChunkText(block, NODE_CODING), 0), 0)
  }
})

test('values that count as absent are left out of what is copied and computed, as in the plain way', () => {
  const rules = `
defaults: {required: false, ignore: ['', '-', 0, null, true, 'é']}
a: x
b: x.y
c: data['z']
d: lower(x)
e: str(z)
f: cond(x == '-', 'dash', exists(z), 'z', 'other')
g: {field: x, ignore: []}
h.i: o.p`
  const values = [
    '"-"',
    '""',
    '0',
    '0.0',
    'null',
    'true',
    'false',
    '"\\u002d"',
    '"é"',
    '"É"',
    '1',
    '2.50',
    '"a\\"b"',
    '[ 1 ]',
    '{"y":"-"}',
    '{"y":3.0}',
    '12345678901234567890',
  ]
  const lines = values.flatMap((x) => values.map((z) => `{"x":${x},"z":${z},"o":{"p":${z}},"x.y":${x}}`))
  const taken = compareWays(rules, lines)
  assert.ok(taken > lines.length / 2, `${taken} of ${lines.length}`)
})

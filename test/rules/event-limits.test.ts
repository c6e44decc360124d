import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import type { JsonObject, Value } from '../../src/expression/value.ts'
import { NODE_CODING } from '../../src/formats/node-coding.ts'
import { ChunkText } from '../../src/json/chunk-text.ts'
import { parseExact } from '../../src/json/parse.ts'
import { stringify } from '../../src/json/stringify.ts'
import type { CompileOptions } from '../../src/rules/compile.ts'
import { compileRules } from '../../src/rules/compile.ts'
import { takeLine } from './fast/equality.ts'

function rulesOf(expression: string, tap = ''): string {
  const block = tap === '' ? '' : `tap: |\n${tap.replace(/^/gm, '  ')}\n`
  return `${block}r: {field: ${JSON.stringify(expression)}}`
}

/** The rejections of all ways there are; undefined for an output. */
function outcomes(rules: string, event: object, options: CompileOptions = {}): (string | undefined)[] {
  const compiled = compileRules(rules, options)
  const line = JSON.stringify(event)
  const { value, numbers } = parseExact(line)
  const runner = compiled.createRunner()
  const result = [
    runner.run(JSON.parse(line), line) === undefined
      ? `${runner.rejection.code}: ${runner.rejection.message}`
      : undefined,
    runner.runExact(value as JsonObject, line, numbers) === undefined
      ? `${runner.rejection.code}: ${runner.rejection.message}`
      : undefined,
  ]
  if (compiled.ownPath !== undefined) {
    const fast = compiled.ownPath.create()
    const block = Buffer.from(`${line}\n`)
    const chunk = new ChunkText(block, NODE_CODING)
    // Where the plain way rejects, this one leaves the line to it.
    if (result[0] !== undefined) assert.equal(takeLine(fast, chunk, 0), -1, rules)
  }
  return result
}

const many = (count: number, of: (index: number) => unknown = (index) => `v${index}`) =>
  Array.from({ length: count }, (_, index) => of(index))

/** Rules that are harmless for usual events, and events made for them. All of it is quadratic, or worse. */
const WORK: readonly [expression: string, event: object, tap?: string][] = [
  ['len([x for x in l if x + 0.5 in l])', { l: many(5000, (index) => index) }],
  ['len([x for x in l if x in l])', { l: many(5000) }],
  ['sum([s.count(c) for c in s])', { s: 'ab'.repeat(5000) }],
  ['len([s.find(p) for c in s])', { s: 'a'.repeat(4000), p: `${'a'.repeat(15)}b` }],
  ['len([s.find(p) for c in s])', { s: 'a'.repeat(4000), p: `${'a'.repeat(1000)}b` }],
  ['len([s.find(p, i) for i in range(len(s))])', { s: '😀'.repeat(4000), p: 'z' }],
  ['len([s.rfind(p, i) for i in range(len(s))])', { s: 'ж'.repeat(4000), p: 'z' }],
  ['len([1 for c in s if s[::2]])', { s: '😀'.repeat(3000) }],
  ['len([1 for c in s if s.isalpha()])', { s: 'ж'.repeat(3000) }],
  ['len([1 for c in s if s.strip()])', { s: ' '.repeat(3000) }],
  ['len([1 for c in s if c.join(l)])', { s: 'a'.repeat(3000), l: many(3000) }],
  ['len([sorted(l) for x in l])', { l: many(300, (index) => 'x'.repeat(300) + index) }],
  ['len([sorted(l, key=lower) for x in l])', { l: many(400) }],
  ['len([min(l) for x in l])', { l: many(1000) }],
  ['len([1 for x in l if any(l)])', { l: many(1500, () => 0) }],
  ['sum([l.index(x) for x in l])', { l: many(5000) }],
  ['len([x for x in l if x in set(l)])', { l: many(2000) }],
  ['len([1 for x in range(3000000) if s <= t])', { s: `${'a'.repeat(9999)}b`, t: `${'a'.repeat(9999)}c` }],
  ['len([1 for x in range(3000000) if s == t])', { s: `${'a'.repeat(9999)}b`, t: `${'a'.repeat(9999)}c` }],
  ['len([1 for x in l if l == m])', { l: many(2000), m: many(2000) }],
  [
    'len([1 for x in range(3000000) if len(o) > 1])',
    {
      o: Object.fromEntries(many(2000).map((key) => [key, 1])),
    },
  ],
  ['len([1 for x in range(3000000) if o])', { o: Object.fromEntries(many(2000).map((key) => [key, 1])) }],
  ['len([1 for a in l for b in l for c in l if a == 1])', { l: many(100, () => 2) }],
  ['len([1 for x in range(3000000) if match("(a+)+$", s)])', { s: `${'a'.repeat(1000)}!` }],
  ['len([1 for x in range(3000000) if is_ip(s)])', { s: '10.0.0.1' }],
  ['len([1 for x in range(k) if n % 7 == 1])', { k: 100_000 }, 'n = 7 ** 100000\ndata["n"] = n'],
  ['len([1 for x in range(k) if str(n) == "1"])', { k: 100_000 }, 'n = 7 ** 30000\ndata["n"] = n'],
  ['len([1 for x in range(k) if x ** 0.3 < 0])', { k: 100_000 }],
  ['len([1 for x in range(k) if int(s) == 1])', { k: 100_000, s: '7'.repeat(10_000) }],
  ['1', { l: many(20_000) }, 'out = []\nfor x in data["l"]:\n  out.insert(0, x)'],
  ['1', { l: many(20_000) }, 'for x in range(20000):\n  data["l"].pop(0)'],
  ['1', {}, 'i = 0\nwhile i < 99999:\n  i += 1\n  s = str(i).lower().upper() + str(i + 1).lower().upper()'],
  ['1', {}, 'a = [1]\nb = [1]\nfor i in range(60):\n  a = [a, a]\n  b = [b, b]\nc = a == b'],
  ['1', {}, 'a = (1,)\nfor i in range(60):\n  a = (a, a)\nc = {a: 1}'],
]

test('an event that causes more work than it may is rejected, in all ways', () => {
  for (const [expression, event, tap] of WORK) {
    for (const rejection of outcomes(rulesOf(expression, tap), event, { maxWork: 5_000_000 })) {
      assert.match(
        rejection ?? 'an output',
        /^VALUE_ERROR: (r|tap, line \d+): more work than one event may cause \(5000000 units\)$/,
        expression,
      )
    }
  }
})

/** Expressions that build more than they are given. */
const VALUES: readonly [expression: string, event: object, tap?: string][] = [
  ["' ' * d + s", { d: 67_108_000, s: 'x'.repeat(10) }],
  ['len([[x] * k for i in range(k)])', { x: 1, k: 60_000 }],
  ['[[x] * k for i in range(k)]', { x: 'y'.repeat(1000), k: 1000 }],
  ['len([s + str(i) for i in range(k)])', { s: 'x'.repeat(100_000), k: 1000 }],
  ['len([f"{s}{i}" for i in range(k)])', { s: 'x'.repeat(100_000), k: 1000 }],
  ["len(['%s!' % (s,) for i in range(k)])", { s: 'x'.repeat(100_000), k: 1000 }],
  ["len(['{}!'.format(s) for i in range(k)])", { s: 'x'.repeat(100_000), k: 1000 }],
  ["len([s.replace('z', 'yy') for i in range(k)])", { s: `${'x'.repeat(10_000)}z`, k: 10_000 }],
  ['len([s.zfill(100000) for i in range(k)])', { s: 'x', k: 1000 }],
  ['len([s.center(100000) for i in range(k)])', { s: 'x', k: 1000 }],
  ['len([s.expandtabs(1000) for i in range(k)])', { s: '\t'.repeat(100), k: 1000 }],
  ['len([s.upper() for i in range(k)])', { s: 'x'.repeat(100_000), k: 1000 }],
  ['len([upper(s) for i in range(k)])', { s: 'x'.repeat(100_000), k: 1000 }],
  ["len(s.split(','))", { s: 'a,'.repeat(1_500_000) }],
  ["len(split(s, ','))", { s: 'a,'.repeat(1_500_000) }],
  ['len(s.split())', { s: 'a '.repeat(1_500_000) }],
  ['len(s.splitlines())', { s: 'a\n'.repeat(1_500_000) }],
  ['len(list(zip(s, s)))', { s: 'ab'.repeat(500_000) }],
  ['len(list(enumerate(s)))', { s: 'ab'.repeat(500_000) }],
  ['len(list(range(d)))', { d: 10_000_000 }],
  ['range(d)', { d: 60_000_000 }],
  ['len({i: 1 for i in range(d)})', { d: 2_000_000 }],
  ['len({i for i in range(d)})', { d: 2_000_000 }],
  ['len(sum([[1] * k for i in range(k)], []))', { k: 3000 }],
  ['len([2 ** 20000 for i in range(k)])', { k: 10_000 }],
  ['len([1 << 1000000 for i in range(k)])', { k: 10_000 }],
  ['len([normalize_url(s) for i in range(k)])', { s: 'http://a/', k: 1_000_000 }],
  ['len([1 for i in range(k) if normalize_mac_address(str(i), false)])', { k: 5_000_000 }],
  ['1', { l: many(20_000) }, 'out = []\nfor x in data["l"]:\n  out = out + [x]'],
  ['1', { l: many(20_000) }, 'out = ""\nfor x in data["l"]:\n  out = out + x'],
  ['1', {}, 'a = [1]\nfor i in range(40):\n  a = a + a'],
  ['1', {}, 'a = [1]\nfor i in range(40):\n  a += a'],
  ['1', {}, 'a = [1]\nwhile True:\n  a *= 2'],
  ['a', {}, 'a = [1]\nfor i in range(60):\n  a = [a, a]\ndata["a"] = a'],
]

test('an event for which rules build more than they may is rejected, in all ways', () => {
  for (const [index, [expression, event, tap]] of VALUES.entries()) {
    // Some with the limits that everybody has, the others sooner.
    const maxBuilt = index < 3 ? 67_108_864 : 4_000_000
    for (const rejection of outcomes(rulesOf(expression, tap), event, index < 3 ? {} : { maxBuilt })) {
      const message = rejection ?? 'an output'
      assert.match(
        message,
        /^VALUE_ERROR: (r|tap, line \d+): result too big: more than \d+ (bytes|char)/,
        expression,
      )
      assert.ok(message.includes(` ${maxBuilt} `), message)
    }
  }
})

test('the same rules do their work for usual events', () => {
  const shrunk = (value: unknown): unknown => {
    if (typeof value === 'string') return value.slice(0, 40)
    if (typeof value === 'number') return Math.min(value, 20)
    if (Array.isArray(value)) return value.slice(0, 20)
    return Object.fromEntries(Object.entries(value as object).slice(0, 20))
  }
  for (const [expression, event, tap] of [...WORK, ...VALUES]) {
    if (tap !== undefined || /\d{6}/.test(expression)) continue
    const usual = Object.fromEntries(Object.entries(event).map(([key, value]) => [key, shrunk(value)]))
    assert.deepEqual(outcomes(rulesOf(expression), usual), [undefined, undefined], expression)
  }
})

test('every element of a long text of any script can be looked at', () => {
  for (const character of ['ж', '😀', 'é']) {
    const s = character.repeat(100_000)
    const [first, last] = outcomes(rulesOf('len([1 for i in range(len(s)) if s[i] == s[-1 - i]])'), { s })
    assert.equal(first, undefined)
    assert.equal(last, undefined)
  }
})

test('what one event has cost is nothing to the next one', () => {
  const runner = compileRules('r: "zip(l, l)"\ns: "len([1 for i in range(k) if i in l])"', {
    maxWork: 1_000_000,
  }).createRunner()
  const output = runner.run({ l: [1, 2], k: 3 }, '{}')
  assert.equal(runner.run({ l: many(1000, (index) => index) as Value[], k: 9999 }, '{}'), undefined)
  // An iterator that is part of an output is used when that is written, which may be much later.
  assert.equal(stringify(output as Value), '{"r":[[1,1],[2,2]],"s":2}')
  assert.notEqual(runner.run({ l: [1, 2], k: 3 }, '{}'), undefined)
})

test('a limit is a positive integer', () => {
  for (const value of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(
      () => compileRules('r: x', { maxWork: value }),
      /^TypeError: maxWork has to be a positive integer/,
    )
    assert.throws(
      () => compileRules('r: x', { maxBuilt: value }),
      /^TypeError: maxBuilt has to be a positive/,
    )
  }
  const rules = compileRules('r: "x * 10"', { maxBuilt: 100 })
  assert.deepEqual(rules.createRunner().run({ x: 'abc' }, '{}'), { r: 'abc'.repeat(10) })
  assert.equal(rules.createRunner().run({ x: 'abc'.repeat(10) }, '{}'), undefined)
})

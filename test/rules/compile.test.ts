import assert from 'node:assert/strict'
import process from 'node:process'
import { test } from 'node:test'
import type { JsonObject } from '../../src/expression/value.ts'
import { parseExact } from '../../src/json/parse.ts'
import { stringify } from '../../src/json/stringify.ts'
import { compileRules } from '../../src/rules/compile.ts'

/** The output as text, or the rejection. */
function run(rules: string, event: string, exact = false): string {
  const runner = compileRules(rules).createRunner()
  let output: JsonObject | undefined
  if (exact) {
    const { value, numbers } = parseExact(event)
    output = runner.runExact(value as JsonObject, event, numbers)
  } else {
    output = runner.run(JSON.parse(event), event)
  }
  if (output === undefined) return `${runner.rejection.code}: ${runner.rejection.message}`
  if (runner.plain) assert.equal(JSON.stringify(output), stringify(output, runner.numbers))
  return stringify(output, runner.numbers)
}

/** Both ways of evaluating have to agree. */
function check(rules: string, cases: [event: string, result: string][]): void {
  for (const [event, result] of cases) {
    assert.equal(run(rules, event), result, `${rules}\n${event}`)
    assert.equal(run(rules, event, true), result, `exact: ${rules}\n${event}`)
  }
}

test('a dotted path is walked, then tried flat, then mixed with the longest flat prefix first', () => {
  check('r: a.b.c', [
    ['{"a":{"b":{"c":1}},"a.b.c":2}', '{"r":1}'],
    ['{"a":{"b":{}},"a.b.c":2,"a.b":{"c":3}}', '{"r":2}'],
    ['{"a":{"b.c":4},"a.b":{"c":3}}', '{"r":3}'],
    ['{"a":{"b.c":4}}', '{"r":4}'],
    ['{"a":{"b":{"c":null}}}', '{"r":null}'],
    ['{"a":{"b":5}}', 'FIELD_MISSING: r: field a.b.c is absent'],
    ['{"a":[{"b":5}]}', 'FIELD_MISSING: r: field a.b.c is absent'],
    ['{"a":null,"a.b":{"c":6}}', '{"r":6}'],
    ['{}', 'FIELD_MISSING: r: field a.b.c is absent'],
  ])
  check('r: id.orig_h', [
    ['{"id.orig_h":"1.2.3.4"}', '{"r":"1.2.3.4"}'],
    ['{"id":{"orig_h":"5.6.7.8"},"id.orig_h":"1.2.3.4"}', '{"r":"5.6.7.8"}'],
  ])
  check('r: a.b.c.d', [
    ['{"a.b":{"c.d":1},"a":{"b.c.d":2}}', '{"r":1}'],
    ['{"a.b.c":{"d":3},"a.b":{"c.d":1}}', '{"r":3}'],
    ['{"a":{"b.c":{"d":7}}}', '{"r":7}'],
  ])
})

test('only own properties are fields', () => {
  for (const name of [
    'constructor',
    'toString',
    'hasOwnProperty',
    '__proto__',
    'valueOf',
    '__defineGetter__',
  ]) {
    check(`r:\n  field: ${name}\n  required: false`, [
      ['{}', '{}'],
      [`{"${name}":1}`, '{"r":1}'],
    ])
    check(`r:\n  field: data['${name}']\n  required: false`, [
      ['{}', '{}'],
      [`{"${name}":"x"}`, '{"r":"x"}'],
    ])
    check(`r:\n  field: a['${name}']\n  required: false`, [['{"a":{}}', '{}']])
    check(`r: exists(${name})`, [['{}', '{"r":false}']])
    check(`a.${name}.c: x\nb: x`, [['{"x":1}', `{"a":{"${name}":{"c":1}},"b":1}`]])
  }
  check('r: {field: a.length, required: false}', [
    ['{"a":[1,2]}', '{}'],
    ['{"a":{"length":3}}', '{"r":3}'],
  ])
  check('__proto__.polluted: x\nconstructor.prototype.y: x', [
    ['{"x":1}', '{"__proto__":{"polluted":1},"constructor":{"prototype":{"y":1}}}'],
  ])
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined)
})

test('data and line are the event', () => {
  check("r: data['a']['b']", [
    ['{"a":{"b":1}}', '{"r":1}'],
    ['{"a":null}', 'FIELD_MISSING: r: field a["b"] is absent'],
    ['{}', 'FIELD_MISSING: r: field a is absent'],
    ['{"a":"text"}', "TYPE_ERROR: r: string indices must be integers, not 'str'"],
    ['{"a":5}', "TYPE_ERROR: r: 'int' object is not subscriptable"],
  ])
  check('r: data.x', [['{"data":{"x":1},"x":2}', '{"r":2}']])
  check('r: line.parsed.x', [['{"line":{"parsed":{"x":1}},"x":2}', '{"r":2}']])
  check("r: line.parsed['x']", [['{"x":2}', '{"r":2}']])
  check('r: len(line.parsed)', [['{"x":2,"y":3}', '{"r":2}']])
  check('r: len(line.raw)', [['{"raw":1}', '{"r":9}']])
  check('r: line.x.y', [
    ['{"x":{"y":1}}', '{"r":1}'],
    ['{"line":{"x":{"y":2}},"x":{"y":1}}', '{"r":2}'],
    ['{"line":{},"x":{"y":1}}', 'FIELD_MISSING: r: field x.y is absent'],
  ])
  check('r: "[k for k in data]"', [['{"b":1,"a":2}', '{"r":["b","a"]}']])
  check("r: data.get('q', 'none')", [
    ['{}', '{"r":"none"}'],
    ['{"q":1}', '{"r":1}'],
    ['{"q":null}', '{"r":null}'],
  ])
  check("r: data.get('q')\ns: data.get('w', q)", [
    ['{"q":1}', '{"r":1,"s":1}'],
    ['{}', 'FIELD_MISSING: s: field q is absent'],
    ['{"q":1,"w":{"get":2}}', '{"r":1,"s":{"get":2}}'],
  ])
  check('r: data.get()', [['{}', "TYPE_ERROR: r: get() needs 'key'"]])
  check('r: "\'x\' in data"', [
    ['{}', '{"r":false}'],
    ['{"x":null}', '{"r":true}'],
  ])
})

test('absence rejects a required rule and leaves out an optional one', () => {
  check('r: a + b', [
    ['{"a":1}', 'FIELD_MISSING: r: field b is absent'],
    ['{"a":1,"b":2}', '{"r":3}'],
  ])
  check('r: {field: a + b, required: false}\ns: a', [
    ['{"a":1}', '{"s":1}'],
    ['{"a":1,"b":2}', '{"r":3,"s":1}'],
  ])
  check('r: {field: "a[5]", required: false}', [
    ['{"a":[1]}', '{}'],
    ['{"a":{}}', '{}'],
  ])
  check('r: {field: a::int, required: false}', [
    ['{"a":"x"}', "VALUE_ERROR: r: invalid literal for int() with base 10: 'x'"],
    ['{}', '{}'],
  ])
  check('r: {field: 1 / a, required: false}', [['{"a":0}', 'DIVISION_BY_ZERO: r: division by zero']])
  check('r: a or b', [
    ['{"a":1}', '{"r":1}'],
    ['{"a":0}', 'FIELD_MISSING: r: field b is absent'],
  ])
  check('r: a', [['{"a":null}', '{"r":null}']])
})

test('cond takes the first true condition, and in an optional rule an absent one is false', () => {
  const rule = "cond(action == 'reset', 'flow/reset', action == 'deny', other)"
  check(`r: |\n  ${rule}\n  required: false`, [
    ['{"action":"reset"}', '{"r":"flow/reset"}'],
    ['{"action":"deny","other":1}', '{"r":1}'],
    ['{"action":"deny"}', '{}'],
    ['{"action":"x"}', '{}'],
    ['{}', '{}'],
  ])
  check(`r: |\n  ${rule}`, [
    ['{"action":"x"}', 'FIELD_MISSING: r: no condition of cond is true, and it has no default'],
    ['{}', 'FIELD_MISSING: r: field action is absent'],
    ['{"action":"deny"}', 'FIELD_MISSING: r: field other is absent'],
  ])
  check("r: |\n  cond(a > 1, 'x', b == 1, 'y', 'z') + '!'\n  required: false", [
    ['{"b":1}', '{"r":"y!"}'],
    ['{}', '{"r":"z!"}'],
    ['{"a":2}', '{"r":"x!"}'],
  ])
  check(
    "r: |\n  cond(lookup('t', a) == 1, 'x', a[3] == 1, 'y', 'z')\n  required: false\nlookup: {t: {k: 1}}",
    [
      ['{"a":"k"}', '{"r":"x"}'],
      ['{"a":"other"}', '{"r":"z"}'],
    ],
  )
  check("r: |\n  cond(c, v, data['d']['e'])", [
    ['{"c":false,"d":{"e":5}}', '{"r":5}'],
    ['{"c":1,"v":2}', '{"r":2}'],
  ])
})

test('optional gives the default when any field in it is absent', () => {
  check("r: optional(a + b, float('nan'))", [
    ['{"a":1,"b":2}', '{"r":3}'],
    ['{"a":1}', '{"r":"NaN"}'],
  ])
  check('r: optional(a)', [
    ['{}', '{"r":false}'],
    ['{"a":null}', '{"r":null}'],
  ])
  check('r: optional(a or b, 0)', [
    ['{"a":1}', '{"r":0}'],
    ['{"a":1,"b":2}', '{"r":1}'],
  ])
  check("r: optional(a or data['x']['y'], 0)", [
    ['{"a":1}', '{"r":0}'],
    ['{"a":1,"x":{"y":2}}', '{"r":1}'],
  ])
  check('r: optional(exists(a) and b, 0)', [
    ['{"b":5}', '{"r":false}'],
    ['{"a":1}', '{"r":0}'],
  ])
  check('r: optional(optional(a, 1) + b, 0)', [
    ['{"b":5}', '{"r":6}'],
    ['{"a":1}', '{"r":0}'],
  ])
  check('r: optional(a[7], 0)', [['{"a":[1]}', '{"r":0}']])
  check("r: optional(lookup('t', a), 0)\nlookup: {t: {k: 1}}", [
    ['{"a":"x"}', '{"r":0}'],
    ['{"a":"k"}', '{"r":1}'],
  ])
  check('r: optional(a, b)', [
    ['{"a":1}', '{"r":1}'],
    ['{}', 'FIELD_MISSING: r: field b is absent'],
    ['{"b":2}', '{"r":2}'],
  ])
  check('r: optional(a::int, 0)', [
    ['{"a":"x"}', "VALUE_ERROR: r: invalid literal for int() with base 10: 'x'"],
  ])
})

test('exists never fails', () => {
  check('r: exists(a.b)', [
    ['{}', '{"r":false}'],
    ['{"a":5}', '{"r":false}'],
    ['{"a":{"b":null}}', '{"r":false}'],
    ['{"a":{"b":""}}', '{"r":false}'],
    ['{"a":{"b":"-"}}', '{"r":false}'],
    ['{"a":{"b":0}}', '{"r":true}'],
    ['{"a":{"b":[]}}', '{"r":true}'],
  ])
  check("r: exists(data['a']['b'])", [
    ['{"a":"x"}', '{"r":false}'],
    ['{"a":{"b":1}}', '{"r":true}'],
  ])
  check('r: exists(data[k])', [
    ['{}', '{"r":false}'],
    ['{"k":"z","z":1}', '{"r":true}'],
    ['{"k":1}', '{"r":false}'],
  ])
  check('r: exists(a[0])', [
    ['{"a":[1]}', '{"r":true}'],
    ['{"a":[]}', '{"r":false}'],
    ['{"a":"x"}', '{"r":false}'],
  ])
})

test('lookup compares keys by their text, and evaluates its default only when needed', () => {
  const tables =
    'lookup:\n  t: {0: zero, "1": one, yes: agreed, 0x10: sixteen, 1.0: float, null: nothing, x: [1, {y: 2}]}'
  check(`r: lookup('t', k)\n${tables}`, [
    ['{"k":0}', '{"r":"zero"}'],
    ['{"k":"0"}', '{"r":"zero"}'],
    ['{"k":1}', '{"r":"one"}'],
    ['{"k":"yes"}', '{"r":"agreed"}'],
    ['{"k":"0x10"}', '{"r":"sixteen"}'],
    ['{"k":"1.0"}', '{"r":"float"}'],
    ['{"k":null}', '{"r":"nothing"}'],
    ['{"k":"x"}', '{"r":[1,{"y":2}]}'],
    ['{"k":16}', "LOOKUP_MISSING: r: table 't' has no key 16"],
    ['{"k":false}', "LOOKUP_MISSING: r: table 't' has no key false"],
    ['{"k":"__proto__"}', "LOOKUP_MISSING: r: table 't' has no key '__proto__'"],
    ['{}', 'FIELD_MISSING: r: field k is absent'],
  ])
  check(`r: lookup('t', k, d)\n${tables}`, [
    ['{"k":0}', '{"r":"zero"}'],
    ['{"k":9,"d":"default"}', '{"r":"default"}'],
    ['{"k":9}', 'FIELD_MISSING: r: field d is absent'],
    ['{"d":1}', 'FIELD_MISSING: r: field k is absent'],
  ])
})

test('the output keeps the order of the file and nests at dots', () => {
  check('z.b: x\na: x\nz.a: {field: y, required: false}\nz.c.d: {field: y, required: false}', [
    ['{"x":1}', '{"z":{"b":1},"a":1}'],
    ['{"x":1,"y":2}', '{"z":{"b":1,"a":2,"c":{"d":2}},"a":1}'],
  ])
  check('o.a: {field: y, required: false}\no.b: {field: z, required: false}', [
    ['{}', '{}'],
    ['{"z":1}', '{"o":{"b":1}}'],
    ['{"y":1}', '{"o":{"a":1}}'],
  ])
  check('"10": x\n"2": x\na.5: x\na.b: x', [['{"x":1}', '{"10":1,"2":1,"a":{"5":1,"b":1}}']])
  check('"10": x\n"2": x', [['{"x":1}', '{"10":1,"2":1}']])
})

test('a rule may set a value inside what another one yields', () => {
  check('a: obj\na.b: x', [
    ['{"obj":{"c":1,"b":2},"x":3}', '{"a":{"c":1,"b":3}}'],
    ['{"obj":5,"x":3}', 'TYPE_ERROR: a.b: cannot be set: the value above a.b is not an object'],
  ])
  check('a: {field: obj, required: false}\na.b: {field: x, required: false}', [
    ['{}', '{}'],
    ['{"x":1}', '{"a":{"b":1}}'],
    ['{"obj":7}', '{"a":7}'],
    ['{"obj":{"b":{"c":1}},"x":2}', '{"a":{"b":2}}'],
  ])
  check('a.b: x\na: obj', [
    ['{"obj":{"c":1,"b":2},"x":3}', '{"a":{"b":2,"c":1}}'],
    ['{"obj":{"c":1},"x":3}', '{"a":{"b":3,"c":1}}'],
    ['{"obj":4,"x":3}', 'TYPE_ERROR: a: a is not an object, but another rule sets a value inside it'],
  ])
  check('a: obj\na.b.c: x\nafter: obj', [
    ['{"obj":{"b":{"d":1}},"x":3}', '{"a":{"b":{"d":1,"c":3}},"after":{"b":{"d":1}}}'],
  ])
  check('a: {field: "{\'k\': 1}"}\na.b: x', [['{"x":[1]}', '{"a":{"k":1,"b":[1]}}']])
})

test('anomalies join the output', () => {
  check('m: normalize_mac_address(mac, false)\nevent.kind: k', [
    ['{"mac":"bad","k":1}', '{"m":"","event":{"kind":1,"anomaly":{"malformed_mac_address":["bad"]}}}'],
    ['{"mac":"aa-bb-cc-dd-ee-ff","k":1}', '{"m":"AA:BB:CC:DD:EE:FF","event":{"kind":1}}'],
  ])
  check('m: normalize_mac_address(mac, false)\nevent: k', [
    [
      '{"mac":"bad","k":1}',
      'TYPE_ERROR: event: cannot be set: the value above event.anomaly.malformed_mac_address is not an object',
    ],
    [
      '{"mac":"bad","k":{"anomaly":{"malformed_mac_address":["bad","x"]}}}',
      '{"m":"","event":{"anomaly":{"malformed_mac_address":["bad","x"]}}}',
    ],
  ])
  check('m: normalize_mac_address(mac)', [['{"mac":"bad"}', "MAC_INVALID: m: 'bad' is not a MAC address"]])
})

test('numbers that no expression touches are copied as they are written', () => {
  const rules = "a: v\nb: data['v']\nc: w.x\nd: list\ne: data['list'][-1]"
  const event = '{"v":2230.0,"w":{"x":1E5},"list":[1.10,-0,{"y":1e400},12345678901234567890,3.0]}'
  assert.equal(
    run(rules, event, true),
    '{"a":2230.0,"b":2230.0,"c":1E5,"d":[1.10,-0,{"y":1e400},12345678901234567890,3.0],"e":3.0}',
  )
  assert.equal(
    run('a: v + 1\nb: v * 1', '{"v":9223372036854775807}', true),
    '{"a":9223372036854775808,"b":9223372036854775807}',
  )
  assert.equal(run('a: v * 1', '{"v":2230.0}', true), '{"a":2230}')
})

test('a float beyond 2**53 is written as one, an integer with all its digits', () => {
  const rules = 'f: float(2**58)\ni: 2**58\ng: v * 1.5\nh: 1e21\nn: -1e16\nu: "[float(2**60)]"'
  const expected =
    '{"f":2.8823037615171174e+17,"i":288230376151711744,"g":1.5e+16,"h":1e+21,"n":-1e+16,"u":[1.152921504606847e+18]}'
  assert.equal(run(rules, '{"v":10000000000000000.0}', true), expected)
  assert.equal(run('f: float(v)', '{"v":9007199254740992}'), '{"f":9007199254740992}')
})

test('keys that look like integers keep their order', () => {
  assert.equal(
    run('a: o\nb: "[k for k in o]"\nc: "o[\'10\']"', '{"o":{"10":1,"2":2}}', true),
    '{"a":{"10":1,"2":2},"b":["10","2"],"c":1}',
  )
})

test('tap changes the event before the rules see it', () => {
  const tap = (text: string, rules: string): string =>
    `tap: |\n${text.trim().replaceAll(/^/gm, '  ')}\n${rules}`
  check(tap("line.parsed['n'] = data['n'] + 1", 'r: n'), [
    ['{"n":1}', '{"r":2}'],
    ['{}', 'FIELD_MISSING: tap, line 1: field n is absent'],
  ])
  check(tap('line.x.y = 1\nline.z = [x]\ndata.w = n', 'r: x.y\ns: z\nt: w'), [
    ['{"n":7}', '{"r":1,"s":[{"y":1}],"t":7}'],
  ])
  check(tap("n = n + 1\nn += 1\ndata['n'] = n", 'r: n'), [['{"n":1}', '{"r":3}']])
  check(
    tap(
      "for k, v in list(data.items()):\n  if v is None:\n    del data[k]\n  elif k == 'b':\n    continue\n  else:\n    data[k] = [v]",
      'r: data',
    ),
    [['{"a":1,"b":2,"c":null}', '{"r":{"a":[1],"b":2}}']],
  )
  check(
    tap(
      "i = 0\nwhile i < 3:\n  i += 1\nelse:\n  data['done'] = i\nwhile True:\n  i += 1\n  if i > 5: break\nelse:\n  data['no'] = 1\ndata['i'] = i",
      'r: data',
    ),
    [['{}', '{"r":{"done":3,"i":6}}']],
  )
  check(tap('while True: pass', 'r: 1'), [
    ['{}', 'VALUE_ERROR: tap, line 1: more than 100000 rounds of while for one event'],
  ])
  check(
    tap(
      "d = {}\ndata['d'] = d\nd['k'] = 1\nd[2] = 'x'\na, *b = [1, 2, 3]\nd['b'] = b\nc = d['b']\nc.append(a)\nc[0:1] = [9, 9]\ndel c[-1]",
      'r: d\ns: d.k',
    ),
    [['{}', '{"r":{"k":1,"2":"x","b":[9,9,3]},"s":1}']],
  )
  check(tap('line.a.b += 1\nline.c.d = line.a.b\ndel line.a', 'r: data'), [
    ['{"a":{"b":1}}', '{"r":{"c":{"d":2}}}'],
  ])
  check(tap('x = 1\n\n# comment\ny = x / 0', 'r: 1'), [
    ['{}', 'DIVISION_BY_ZERO: tap, line 4: division by zero'],
  ])
  check(tap('a, b = data["l"]', 'r: 1'), [
    ['{"l":[1]}', 'VALUE_ERROR: tap, line 1: not enough values to unpack (expected 2, got 1)'],
  ])
  check(
    tap("data['__proto__'] = {'p': 1}\ndata['constructor'] = 2", 'r: data\ns: {field: p, required: false}'),
    [['{}', '{"r":{"__proto__":{"p":1},"constructor":2}}']],
  )
  check(tap('for x in l:\n  l.append(x)', 'r: 1'), [['{"l":[]}', '{"r":1}']])
  check(tap("l = data['l']\nl += [2]\nm = l\nm.sort(reverse=True)", 'r: l'), [['{"l":[1]}', '{"r":[2,1]}']])
})

test('a hostile event cannot hang a loop', () => {
  const rules = 'r: "len([1 for a in l for b in l for c in l for d in l])"'
  const event = JSON.stringify({ l: Array.from({ length: 200 }, () => 1) })
  assert.match(run(rules, event), /^VALUE_ERROR: r: result too big: more than 67108864 bytes of values/)
})

test('an event with any number of anomalies is done in no time', () => {
  const texts = Array.from({ length: 200_000 }, (_, index) => `mac ${index}`)
  const event = JSON.stringify({ l: [...texts, ...texts], k: { anomaly: { malformed_mac_address: texts } } })
  const started = process.cpuUsage()
  const output = JSON.parse(run('event: k\nr: "len([normalize_mac_address(m, false) for m in l])"', event))
  const { user, system } = process.cpuUsage(started)
  assert.ok((user + system) / 1000 < 20_000, 'it takes time in proportion to the number of anomalies')
  assert.equal(output.r, 400_000)
  assert.deepEqual(output.event.anomaly.malformed_mac_address, texts)
})

test('a deep event is a rejection at worst', () => {
  const deep = `${'['.repeat(3000)}${']'.repeat(3000)}`
  const rules = 'r: a == b\ns: str(a)'
  const result = run(rules, `{"a":${deep},"b":${deep}}`)
  assert.match(result, /^(VALUE_ERROR: |\{"r":true)/)
})

test('a large rule file is compiled in groups and gives the same output', () => {
  const lines: string[] = []
  const expected: Record<string, unknown> = {}
  for (let index = 0; index < 130; index++) {
    const optional = index % 3 === 0
    lines.push(
      `g${index % 7}.f${index}: {field: ${optional ? 'maybe' : 'x'} + ${index}, required: ${!optional}}`,
    )
  }
  lines.push('obj: o', 'obj.k: x')
  const rules = lines.join('\n')
  for (const maybe of [true, false]) {
    for (const key of Object.keys(expected)) delete expected[key]
    for (let index = 0; index < 130; index++) {
      if (index % 3 === 0 && !maybe) continue
      expected[`g${index % 7}`] ??= {}
      const group = expected[`g${index % 7}`] as Record<string, number>
      group[`f${index}`] = index + 1
    }
    expected['obj'] = { z: 1, k: 1 }
    const event = JSON.stringify({ x: 1, o: { z: 1 }, ...(maybe ? { maybe: 1 } : {}) })
    assert.deepEqual(JSON.parse(run(rules, event)), expected)
  }
  assert.equal(run(rules, '{"x":1}'), 'FIELD_MISSING: obj: field o is absent')
})

test('literals reach generated code as literals', () => {
  const nasty = `\${process+exit(1)}\`';/*\u2028\u2029"\\`
  const rules = `r: ${JSON.stringify(`data[${JSON.stringify(nasty)}]`)}\n${JSON.stringify(nasty)}: {field: "'x'"}`
  assert.deepEqual(JSON.parse(run(rules, JSON.stringify({ [nasty]: 1 }))), { r: 1, [nasty]: 'x' })
})

test('two rule sets run side by side', () => {
  const first = compileRules('r: lower(a)').createRunner()
  const second = compileRules('r: upper(a)').createRunner()
  assert.deepEqual(first.run({ a: 'X' }, ''), { r: 'x' })
  assert.deepEqual(second.run({ a: 'x' }, ''), { r: 'X' })
  assert.equal(first.run({}, ''), undefined)
  assert.deepEqual(second.run({ a: 'y' }, ''), { r: 'Y' })
  assert.equal(first.rejection.code, 'FIELD_MISSING')
})

test('the rule set knows what it reads and writes', () => {
  const rules = compileRules(
    'a.b: {field: lower(x.y), required: false}\nc: data[\'p q\'] + z\nd: "[k for k in data]"',
  )
  assert.deepEqual(rules.writes, ['a.b', 'c', 'd'])
  assert.deepEqual(rules.reads, ['*', 'p q', 'x.y', 'z'])
  assert.equal(rules.tap, false)
})

test('variables of tap, and members that it sets for every event, are no fields of the event', () => {
  const reads = (tap: string, rules: string) =>
    compileRules(`tap: |\n  ${tap.replaceAll('\n', '\n  ')}\n${rules}`).reads
  const tap =
    "kv = parse_kv(message)\ndata['kv'] = kv\nfor p in list:\n  x = p\n  x += n\nif a:\n  data['may'] = x"
  assert.deepEqual(reads(tap, 'a: kv.src\nb: kv\nc: may\nd: other.x'), [
    'a',
    'list',
    'may',
    'message',
    'n',
    'other.x',
  ])
  // The field of that name is read while the variable has no value; a member that is changed is read.
  assert.deepEqual(reads("count = count + 1\nsum += 1\ndata['t'] = lower(t)\ndata['o']['i'] = 1", 'a: t'), [
    'count',
    'o',
    'sum',
    't',
  ])
})

test('the rule set reads what its functions read by themselves, in tap and in rules', () => {
  assert.deepEqual(compileRules("t: parse_timestamp(x, 'iso8601')").reads, ['tzinfo', 'x'])
  assert.deepEqual(compileRules('t: timestamp_to_epoch(x)').reads, ['tzinfo', 'x'])
  assert.deepEqual(compileRules("t: '[parse_timestamp(s, ''iso8601'') for s in x]'").reads, ['tzinfo', 'x'])
  assert.deepEqual(compileRules("tap: data['t'] = timestamp_to_epoch(x)\nt: t").reads, ['tzinfo', 'x'])
  assert.deepEqual(compileRules('t: epoch_to_timestamp(x)').reads, ['x'])
})

test('an absent length is told to be a function', () => {
  const messageOf = (expression: string, event: JsonObject): string => {
    const runner = compileRules(JSON.stringify({ a: expression })).createRunner()
    assert.equal(runner.run(event, ''), undefined)
    return runner.rejection.message
  }
  assert.equal(
    messageOf('http.tags.length', { http: { tags: [1] } }),
    'a: field http.tags.length is absent; the length of http.tags is len(http.tags)',
  )
  assert.equal(messageOf('length', {}), 'a: field length is absent')
  assert.equal(messageOf('a.lengths', {}), 'a: field a.lengths is absent')
})

test('the error for an unknown table says which tables there are, in which file', () => {
  assert.throws(
    () =>
      compileRules("lookup: {a: {}}\nx: lookup('ip_protocol', y)", {
        file: 'r.yaml',
        lookups: [
          { file: 'one.yaml', text: 'ip_protocols: {}\nports: {}' },
          {
            file: 'two.yaml',
            text: Array.from({ length: 25 }, (_, index) => `t${index}: {}\n`).join(''),
          },
        ],
      }),
    {
      message: [
        "r.yaml:2:11: error: no lookup table is called 'ip_protocol'",
        '  in x',
        '  |',
        "2 | x: lookup('ip_protocol', y)",
        '  |           ^^^^^^^^^^^^^',
        "  = hint: did you mean 'ip_protocols'?",
        '    r.yaml has a',
        '    one.yaml has ip_protocols, ports',
        `    two.yaml has ${Array.from({ length: 20 }, (_, index) => `t${index}`).join(', ')} and 5 more`,
        "    tables stand under 'lookup:' in the rule file, or in files given with --lookups",
        '',
        '1 error',
        '',
      ].join('\n'),
    },
  )
})

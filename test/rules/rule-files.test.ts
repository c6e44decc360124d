/** The keys of rule files beside rules, and what they make of events. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RuleError } from '../../src/rules/compile.ts'
import type { NormalizeResult } from '../../src/rules/index.ts'
import { compileRules } from '../../src/rules/index.ts'

function results(text: string, ...events: (object | string)[]): NormalizeResult[] {
  const rules = compileRules(text)
  return events.map((event) => rules(event))
}

function outputs(text: string, ...events: (object | string)[]): unknown[] {
  return results(text, ...events).map((result) => result.output ?? result.rejection?.code ?? result)
}

describe('optional keys and defaults', () => {
  it('makes a rule optional whose key ends with a question mark', () => {
    const rules = 'a?: x\n"@timestamp?": t\nb?:\n  field: y\nc?: |\n  z\n  required: false'
    assert.deepEqual(outputs(rules, {}, { x: 1, t: 2, y: 3, z: 4 }), [
      {},
      { a: 1, '@timestamp': 2, b: 3, c: 4 },
    ])
  })

  it('takes settings from defaults, and from a rule before those', () => {
    const rules =
      'a: x\nb: {field: y, required: true}\nc: {field: z::int, on_error: reject}\ndefaults: {required: false, on_error: omit}'
    assert.deepEqual(outputs(rules, {}, { y: 1 }, { y: 1, z: 'q' }, { y: 1, z: '5' }), [
      'FIELD_MISSING',
      { b: 1 },
      'VALUE_ERROR',
      { b: 1, c: 5 },
    ])
  })

  it('omits a wrong value, or notes it as an anomaly, also of a required rule', () => {
    const rules =
      'a: {field: x::int, on_error: omit}\nb.c: {field: y + 1, on_error: anomaly}\nd.e: {field: 1 / z, on_error: anomaly}'
    assert.deepEqual(outputs(rules, { x: 'q', y: 'w', z: 0 }, { x: '1', y: 2, z: 4 }, { x: 'q', z: 1 }), [
      {
        event: {
          anomaly: {
            rules: [
              {
                field: 'b.c',
                code: 'TYPE_ERROR',
                message: `can only concatenate str (not "int") to str`,
              },
              { field: 'd.e', code: 'DIVISION_BY_ZERO', message: 'division by zero' },
            ],
          },
        },
      },
      { a: 1, b: { c: 3 }, d: { e: 0.25 } },
      'FIELD_MISSING',
    ])
  })

  it('does not recover from a limit of the event', () => {
    const rules = compileRules('a: {field: "\'x\' * 1000", on_error: omit}', { maxBuilt: 500 })
    assert.equal(rules({}).rejection?.code, 'VALUE_ERROR')
  })

  it('takes ignored values for absent wherever a field is read', () => {
    const rules = `
defaults: {required: false, ignore: ['', '-', 0, null, true]}
a: x
b: x.y
c: data['x']
d: data['o']['p']
e: line.x
f: data.get('x', 'none')
g: optional(x, 'none')
h: "[v for v in l]"
i: l[0]
j: o.p
k: cond(x == '-', 'dash', 'other')
l: {field: x, ignore: []}`
    assert.deepEqual(outputs(rules, { x: '-', o: { p: '' }, l: ['-'] }), [
      { f: 'none', g: 'none', h: ['-'], k: 'other', l: '-' },
    ])
    for (const x of ['', 0, null, true])
      assert.deepEqual(outputs(rules, { x, o: {}, l: [] })[0], {
        f: 'none',
        g: 'none',
        h: [],
        k: 'other',
        l: x,
      })
    // Values of another type are not the same: false is no 0.
    assert.deepEqual(outputs(rules, { x: false, o: { p: 1 }, l: [1] }), [
      { a: false, c: false, d: 1, e: false, f: false, g: false, h: [1], i: 1, j: 1, k: 'other', l: false },
    ])
    assert.deepEqual(outputs(rules, '{"x": 0.0, "l": []}'), [
      { f: 'none', g: 'none', h: [], k: 'other', l: 0 },
    ])
  })

  it('takes ignored values for absent in tap and in conditions', () => {
    const rules = `
defaults: {ignore: ['-', 'a', 'b', 'c', 'd', 'e', 'f']}
drop: x == '-'
tap: |
  data['z'] = optional(x, 'none')
z: z`
    assert.deepEqual(outputs(rules, { x: '-' }, { x: 'f' }, { x: 'g' }), [
      { z: 'none' },
      { z: 'none' },
      { z: 'g' },
    ])
  })
})

describe('when, drop and cases', () => {
  it('drops the events for which drop holds, after tap', () => {
    const rules = "drop: type == 'ping'\ntap: |\n  data['type'] = lower(data['type'])\na: type"
    assert.deepEqual(results(rules, { type: 'PING' }, { type: 'x' }), [
      { dropped: true },
      { output: { a: 'x' } },
    ])
    assert.deepEqual(results('drop: true\na: x', {}), [{ dropped: true }])
  })

  it('takes absence and errors of type and value for false, in each operand of and, or', () => {
    const rules = 'drop: a > 1 or b::int == 2 or c == 3 and not d\nx: "\'kept\'"'
    const dropped = { dropped: true }
    const kept = { output: { x: 'kept' } }
    assert.deepEqual(
      results(
        rules,
        {},
        { a: 'q' },
        { a: 2 },
        { b: 'q' },
        { b: '2' },
        { c: 3 },
        { c: 3, d: 0 },
        { c: 3, d: 1 },
      ),
      [kept, kept, dropped, kept, dropped, kept, dropped, kept],
    )
  })

  it('rejects an event that a rule set does not take', () => {
    const [taken, other] = results("when: vendor == 'x'\na: b", { vendor: 'x', b: 1 }, { b: 1 })
    assert.deepEqual(taken, { output: { a: 1 } })
    assert.deepEqual(other, { rejection: { code: 'NO_ROUTE', message: 'no rule set takes the event' } })
  })

  it('applies the first case whose condition holds, and the otherwise', () => {
    const rules = `
cases:
  - when: t == 'a'
    x: "'A'"
    y?: foo
  - when: t in ('a', 'b')
    x: bar
  - z: "'else'"
k?: k`
    assert.deepEqual(outputs(rules, { t: 'a', foo: 1 }, { t: 'b', bar: 2, k: 3 }, { t: 'b' }, {}), [
      { x: 'A', y: 1 },
      { x: 2, k: 3 },
      'FIELD_MISSING',
      { z: 'else' },
    ])
    assert.deepEqual(outputs("cases:\n  - when: t == 'a'\n    x: 1\ny: 2", { t: 'b' }), [{ y: 2 }])
  })

  it('counts as left out only the fields of the case that applies', () => {
    const rules = compileRules('cases:\n  - when: t\n    a?: x\n  - b?: x\nc?: x')
    const notes = rules.createNotes()
    const runner = rules.createRunner(notes)
    for (const t of [true, true, false]) runner.run({ t }, '')
    assert.deepEqual(
      [...notes.take().leftOut!],
      [
        ['a', 2],
        ['b', 1],
        ['c', 3],
      ],
    )
  })

  it('works with many rules, whose functions are cut into groups', () => {
    const rules = Array.from({ length: 100 }, (_, index) => `    f${index}?: x${index}::int`).join('\n')
    const text = `defaults: {on_error: omit}\ncases:\n  - when: t\n${rules}\n  - y: 1\nrest: r`
    assert.deepEqual(outputs(text, { t: 1, x7: '7', x99: 'q' }, { t: 0, x7: '7' }), [
      { f7: 7, r: { t: 1 } },
      { y: 1, r: { t: 0, x7: '7' } },
    ])
  })
})

describe('rest', () => {
  it('has the members that no rule reads, as they are, without what is read inside them', () => {
    const rules = "a: x.y\nb?: data['m']['n']\nrest: un.mapped"
    assert.deepEqual(
      outputs(
        rules,
        { x: { y: 1, z: 2 }, m: { n: 4 }, k: [1], o: {} },
        { 'x.y': 5, x: { y: 6 } },
        { 'x.y': 5, m: 1 },
        JSON.parse('{"x": {"y": 1, "__proto__": 2}, "constructor": 3}'),
      ),
      [
        { a: 1, b: 4, un: { mapped: { x: { z: 2 }, k: [1], o: {} } } },
        { a: 6, un: { mapped: { 'x.y': 5 } } },
        'TYPE_ERROR',
        { a: 1, un: { mapped: JSON.parse('{"x": {"__proto__": 2}, "constructor": 3}') } },
      ],
    )
  })

  it('is left out where rules read everything', () => {
    assert.deepEqual(outputs('a: x\nrest: r', { x: 1 }), [{ a: 1 }])
  })

  it('has the members that only rules of another case read', () => {
    const rules = 'cases:\n  - when: t == 1\n    a: x\n  - b?: y\nt: t\nrest: r'
    assert.deepEqual(outputs(rules, { t: 1, x: 2, y: 3 }, { t: 2, x: 2, y: 3 }), [
      { a: 2, t: 1, r: { y: 3 } },
      { b: 3, t: 2, r: { x: 2 } },
    ])
  })

  it('is joined by rules that set a member in it', () => {
    assert.deepEqual(outputs('r.a: x\nrest: r', { x: 1, y: 2 }), [{ r: { a: 1, y: 2 } }])
  })
})

describe('split', () => {
  const rules = `
split: Records
drop: skip
id: id
account: parent.account
raw: line.raw`

  it('makes an event of each element', () => {
    const event = { account: 7, Records: [{ id: 1 }, { skip: true }, 5, {}] }
    assert.deepEqual(results(rules, event), [
      {
        events: [
          { output: { id: 1, account: 7, raw: '{"id":1}' } },
          { dropped: true },
          { rejection: { code: 'TYPE_ERROR', rule: 'split', message: 'split: element 2 is no object' } },
          { rejection: { code: 'FIELD_MISSING', rule: 'id', message: 'id: field id is absent' } },
        ],
      },
    ])
  })

  it('rejects an event that has no such list', () => {
    assert.deepEqual(outputs(rules, {}, { Records: 'x' }), ['FIELD_MISSING', 'TYPE_ERROR'])
  })

  it('comes after tap, and takes any list', () => {
    const text =
      "tap: |\n  data['n'] = 2\nsplit: \"[{'i': i, 'k': 1.0} for i in range(n)]\"\ni: i\nn: parent.n"
    assert.deepEqual(results(text, {}), [
      { events: [{ output: { i: 0, n: 2 } }, { output: { i: 1, n: 2 } }] },
    ])
  })

  it('goes with rules that divide', () => {
    assert.deepEqual(results('split: r\na: x / 2', { r: [{ x: 3 }] }), [{ events: [{ output: { a: 1.5 } }] }])
  })

  it('keeps exact numbers of the elements', () => {
    const text = 'split: r\na: x\nb: parent.y'
    const [result] = results(text, '{"r": [{"x": 12345678901234567890}], "y": 98765432109876543210}')
    assert.deepEqual(result, {
      events: [{ output: { a: 12345678901234567890n, b: 98765432109876543210n } }],
    })
  })

  it('leaves a member called parent to rule sets without split', () => {
    assert.deepEqual(outputs('a: parent.x', { parent: { x: 1 } }), [{ a: 1 }])
  })
})

describe('line.parsed = {...} in tap', () => {
  it('replaces the event', () => {
    const rules =
      "tap: |\n  line.parsed = {'a': data['x'], 'b': {'c': 1}}\n  data['d'] = a + 1\na: a\nd: d\nx?: x\nc: b.c"
    assert.deepEqual(outputs(rules, { x: 5 }, { x: 'q' }), [{ a: 5, d: 6, c: 1 }, 'TYPE_ERROR'])
  })

  it('takes a dict only', () => {
    const [result] = results('tap: |\n  line.parsed = 5\na: a', {})
    assert.equal(result?.rejection?.message, 'tap, line 1: an event is a dict, and this is int')
  })
})

describe('include', () => {
  const compile = (files: Record<string, string>, main = 'rules/a/main.yaml') =>
    compileRules(files[main]!, {
      file: main,
      readFile: (file) => {
        const text = files[file]
        if (text === undefined) throw new Error('there is no such file')
        return text
      },
    })

  function report(files: Record<string, string>): string {
    try {
      compile(files)
      return ''
    } catch (error) {
      assert.ok(error instanceof RuleError, String(error))
      return error.message
    }
  }

  it('runs taps in order, and joins tables, patterns and rules, each with the defaults of its file', () => {
    const rules = compile({
      'rules/a/main.yaml':
        "include: [../shared/one.yaml, two.yml]\npatterns: {P: p}\ntap: |\n  data['t'] = t + 'm'\nt: t\nl: lookup('tab', 'k')\nx: x",
      'rules/shared/one.yaml':
        "include: base.yaml\ndefaults: {required: false, ignore: ['-']}\ntap: |\n  data['t'] = t + '1'\nlookup:\n  tab: {k: v}\none: x\npatterns: {Q: q}",
      'rules/a/two.yml': "include: ../shared/base.yaml\ntap: |\n  data['t'] = t + '2'",
      'rules/shared/base.yaml': "tap: |\n  data['t'] = 'b'\ncases:\n  - when: x == '-'\n    base: \"'dash'\"",
    })
    assert.deepEqual(rules({ x: '-' }), { output: { base: 'dash', t: 'b12m', l: 'v', x: '-' } })
    assert.deepEqual(
      [...rules.patterns],
      [
        ['Q', 'q'],
        ['P', 'p'],
      ],
    )
    assert.deepEqual(
      new Set(rules.files),
      new Set(['rules/a/main.yaml', 'rules/shared/one.yaml', 'rules/a/two.yml', 'rules/shared/base.yaml']),
    )
  })

  it('compiles the same from the definition, which has the texts of all files', () => {
    const { definition } = compile({ 'rules/a/main.yaml': 'include: b.yaml\nx: x', 'rules/a/b.yaml': 'y: y' })
    const { text, options } = structuredClone(definition)
    assert.deepEqual(compileRules(text, options)({ x: 1, y: 2 }), { output: { y: 2, x: 1 } })
  })

  it('names the file in errors of its tap', () => {
    const rules = compile({
      'rules/a/main.yaml': 'include: b.yaml\nx: 1',
      'rules/a/b.yaml': 'tap: |\n  x = 1\n  y = 1 / 0',
    })
    assert.deepEqual(rules({}).rejection, {
      code: 'DIVISION_BY_ZERO',
      rule: 'tap',
      message: 'tap of rules/a/b.yaml, line 2: division by zero',
    })
  })

  it('reports a pattern that cannot be, also where nothing refers to it', () => {
    assert.equal(
      report({ 'rules/a/main.yaml': "x: a\npatterns:\n  OPEN: '(a'\n  NONE: '%{NONSENSE}'\n  GOOD: 'a+'" }),
      `rules/a/main.yaml:3:3: error: the pattern 'OPEN': missing ), unterminated subpattern
  in patterns.OPEN
  |
3 |   OPEN: '(a'
  |   ^^^^

rules/a/main.yaml:4:3: error: the pattern 'NONE': there is no pattern 'NONSENSE'
  in patterns.NONE
  |
4 |   NONE: '%{NONSENSE}'
  |   ^^^^
  = hint: 'normalize functions --patterns' lists what there is

2 errors
`,
    )
  })

  it('reports circles, files that are not there, names given twice and keys of a whole rule set, all at once', () => {
    assert.equal(
      report({
        'rules/a/main.yaml':
          'include: [b.yaml, none.yaml]\nx: 1\ny: lowr(x)\npatterns: {P: a}\nlookup: {t: {}}',
        'rules/a/b.yaml': 'include: c.yaml\nx: 2\nwhen: x\nsplit: r\npatterns: {P: b}\nlookup: {t: {}}',
        'rules/a/c.yaml': 'include: b.yaml\nz: +',
      }),
      `rules/a/b.yaml:3:1: error: 'when' belongs to a rule set as a whole, and rules/a/b.yaml is included
  in when
  |
3 | when: x
  | ^^^^
  = hint: write it in rules/a/main.yaml

rules/a/b.yaml:4:1: error: 'split' belongs to a rule set as a whole, and rules/a/b.yaml is included
  in split
  |
4 | split: r
  | ^^^^^
  = hint: write it in rules/a/main.yaml

rules/a/c.yaml:1:10: error: files include each other in a circle: rules/a/b.yaml -> rules/a/c.yaml -> rules/a/b.yaml
  in include
  |
1 | include: b.yaml
  |          ^^^^^^
  = hint: put what both need into a third file

rules/a/c.yaml:2:5: error: expected a value, but the expression ends here
  in z
  |
2 | z: +
  |     ^

rules/a/main.yaml:1:19: error: cannot read rules/a/none.yaml: there is no such file
  in include
  |
1 | include: [b.yaml, none.yaml]
  |                   ^^^^^^^^^

rules/a/main.yaml:2:1: error: the output field 'x' is given twice
  in x
  |
2 | x: 1
  | ^
  = hint: the first is at rules/a/b.yaml:2:1

rules/a/main.yaml:3:4: error: unknown function 'lowr'
  in y
  |
3 | y: lowr(x)
  |    ^^^^
  = hint: did you mean 'lower'?

rules/a/main.yaml:4:12: error: the pattern 'P' is given twice
  in patterns.P
  |
4 | patterns: {P: a}
  |            ^
  = hint: the first is at rules/a/b.yaml:5:12

rules/a/main.yaml:5:10: error: the table 't' is also defined at rules/a/b.yaml:6:10
  in lookup.t
  |
5 | lookup: {t: {}}
  |          ^
  = hint: table names are unique over all files: rename one of the two, or remove it

9 errors
`,
    )
  })
})

describe('meta and patterns', () => {
  it('are kept with the rule set', () => {
    const { meta, patterns } = compileRules(
      "meta: {vendor: Fortinet, version: 1.3}\npatterns: {TICKET: '[A-Z]+-\\d+'}\na: b",
    )
    assert.deepEqual(meta, { vendor: 'Fortinet', version: 1.3 })
    assert.deepEqual([...patterns], [['TICKET', '[A-Z]+-\\d+']])
  })
})

describe('the reasons for the plain way', () => {
  it('names what needs the event as an object', () => {
    const reasons = (text: string) => compileRules(text).plainReasons
    assert.deepEqual(reasons('a: b\nc?: lower(d)'), [])
    assert.deepEqual(reasons("cases:\n  - when: t == 'a'\n    a: b\n  - a: c"), [])
    assert.deepEqual(reasons("cases:\n  - when: 'len(data) > 1'\n    a: b"), [
      "'cases' read the event as a whole, or its text",
    ])
    assert.deepEqual(reasons('rest: r\nsplit: x\na: data'), [
      "'split' makes several events of one",
      "'a' reads the event as a whole, or its text",
      "'rest' copies the event",
    ])
  })
})

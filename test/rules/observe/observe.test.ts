import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { loadAndCompileRouted } from '../../../src/rules/load-and-compile.ts'
import type {
  Observation,
  ObservedRules,
  Outcome,
  Report,
  RouteReport,
} from '../../../src/rules/observe/index.ts'
import { compileObserved, Origins, observe } from '../../../src/rules/observe/index.ts'

/** The report of a section. */
function reportOf({ reports }: Observation, name: string): Report {
  const report = reports.find(({ section }) => section.name === name)
  assert.ok(report !== undefined, `there is a report of ${name}`)
  return report
}

/** By text of each part that was evaluated: its values. */
function valuesOf({ parts }: Report): Record<string, string> {
  return Object.fromEntries(
    parts.map(({ part, values }) => [part.text, values.map(({ text }) => text).join(' ')]),
  )
}

describe('observed rules', () => {
  it('report the value of every part, with its place in the file', () => {
    const observed = compileObserved("source.ip: src\nuser.name: |\n  lower(user) + '@' + host.name\n")
    const seen = observed.run('{"src": "192.0.2.7", "user": "ANNA", "host": {"name": "ws1"}}')
    assert.deepEqual(seen.outcome, {
      kind: 'output',
      text: '{"source":{"ip":"192.0.2.7"},"user":{"name":"anna@ws1"}}',
    })
    const report = reportOf(seen, 'user.name')
    assert.equal(report.outcome, 'value')
    assert.deepEqual(report.section.place, {
      file: 'rules.yaml',
      line: 2,
      column: 1,
      endLine: 2,
      endColumn: 10,
    })
    assert.deepEqual(valuesOf(report), {
      "lower(user) + '@' + host.name": '"anna@ws1"',
      "lower(user) + '@'": '"anna@"',
      'lower(user)': '"anna"',
      user: '"ANNA"',
      'host.name': '"ws1"',
    })
    const [host] = report.parts.filter(({ part }) => part.text === 'host.name')
    const { line, column, endColumn } = host!.part.place
    assert.deepEqual({ line, column, endColumn }, { line: 3, column: 23, endColumn: 32 })
  })

  it('name a member of the event that the writer of a rule may have meant, and none that is only short', () => {
    const near = (field: string, event: object): string | undefined => {
      const seen = compileObserved(`x?: ${field}\n`).run(JSON.stringify(event))
      const [reading] = reportOf(seen, 'x').fields
      return reading!.near
    }
    for (const [field, event, expected] of [
      ['user', { usr: 1 }, 'usr'],
      ['username', { other: 1, user_name: 1 }, 'user_name'],
      ['source.adress', { source: { address: 1 }, adress: 1 }, 'source.address'],
      ["data['hots']", { host: 1 }, 'host'],
      ["data['a b']['hots']", { 'a b': { host: 1 } }, 'a b.host'],
      ['ts', { dst: 1 }, undefined],
      ['ts', { dsts: 1 }, undefined],
      ['user', { port: 1 }, undefined],
      ['user', { user: null, usr: 1 }, undefined],
      ['user.name', { user: 'anna', name: 1 }, undefined],
      ['user', { constructor: 1, ['__proto__']: 1, toString: 1 }, undefined],
    ] as const) {
      assert.equal(near(field, event), expected, `${field} of ${JSON.stringify(event)}`)
    }
  })

  it('say why a field is left out, and why an event is rejected, and where the caret goes', () => {
    const observed = compileObserved(
      [
        'lookup: {protos: {6: tcp}}',
        'proto: {field: "lookup(\'protos\', p)", required: false}',
        'user: {field: lower(usr), required: false}',
        'sum: 1 + len(list)',
      ].join('\n'),
    )
    const seen = observed.run('{"p": 17, "user": "x", "list": 5}')
    const proto = reportOf(seen, 'proto')
    assert.equal(proto.outcome, 'absent')
    assert.equal(proto.reason?.message, 'table \'protos\' has no key "17"')
    assert.deepEqual(proto.parts[0]!.entries, [{ table: 'protos', key: '17', found: false }])
    const user = reportOf(seen, 'user')
    assert.equal(user.reason?.message, 'field usr is absent')
    assert.equal(user.reason?.part?.text, 'usr')
    assert.equal(user.fields[0]?.near, 'user')
    for (const [name, event, near] of [
      ['dst', { ts: 1 }, undefined],
      ['dsts', { ts: 1 }, undefined],
      ['srcc', { src: 1 }, 'src'],
      ['usre', { user: 1 }, 'user'],
    ] as const) {
      const { reports } = compileObserved(`a: ${name}`).run(JSON.stringify(event))
      assert.equal(reports[0]?.fields[0]?.near, near, name)
    }
    assert.equal(seen.outcome.kind, 'rejected')
    if (seen.outcome.kind !== 'rejected') return
    assert.equal(seen.outcome.rejection.code, 'TYPE_ERROR')
    assert.equal(seen.outcome.part?.text, 'len(list)')
    assert.equal(reportOf(seen, 'sum').outcome, 'rejected')
  })

  it('count branches, rounds and looks into tables', () => {
    const observed = compileObserved(
      [
        "kind: \"cond(a == 1, 'one', a == 2, 'two', 'many')\"",
        'both: "exists(b) and b > 1 or \'no\'"',
        'list: "[x * 2 for x in c if x > 1]"',
        'text: "f\'{a}-{c[0]!r}\'"',
        'tag: "coalesce(b, a)"',
      ].join('\n'),
    )
    const seen = observed.run('{"a": 2, "b": "-", "c": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]}')
    const [cond] = reportOf(seen, 'kind').parts
    assert.deepEqual(cond!.branches, [0, 1, 0])
    assert.deepEqual(
      cond!.part.branches.map(({ label }) => label),
      ['a == 1', 'a == 2', 'otherwise'],
    )
    const or = reportOf(seen, 'both').parts[0]!
    assert.deepEqual(or.branches, [0, 1])
    const list = reportOf(seen, 'list')
    const double = list.parts.find(({ part }) => part.text === 'x * 2')!
    assert.equal(double.times, 11)
    assert.deepEqual(
      double.values.map(({ text }) => text),
      ['4', '6', '8', '10', '12', '14', '16', '18'],
    )
    assert.equal(double.last?.text, '24')
    assert.deepEqual(reportOf(seen, 'tag').parts[0]!.branches, [0, 1, 0])
    assert.deepEqual(valuesOf(reportOf(seen, 'text')), {
      "f'{a}-{c[0]!r}'": '"2-1"',
      a: '2',
      'c[0]': '1',
      c: '[1,2,3,4,5,6,7,8,9,10,11,12]',
    })
  })

  it('report conditions, cases, taps and elements', () => {
    const observed = compileObserved(
      [
        "when: type == 'dns' and exists(items)",
        'tap: |',
        '  n = len(items)',
        '  if n > 1:',
        "    line.many = 'yes'",
        'split: items',
        'drop: skip',
        'cases:',
        '  - when: a == 1',
        '    one: a',
        '  - other: b',
        'id: parent.id',
      ].join('\n'),
    )
    const seen = observed.run('{"type": "dns", "id": 7, "items": [{"a": 1}, {"skip": true}, {"b": 2}, 5]}')
    assert.deepEqual(seen.outcome, { kind: 'split', count: 4 })
    assert.deepEqual(
      seen.reports.map(({ section, value }) => [section.kind, value?.text]),
      [
        ['when', 'true'],
        ['tap', undefined],
        ['split', '[{"a":1},{"skip":true},{"b":2},5]'],
      ],
    )
    const statements = seen.reports[1]!.parts.filter(({ part }) => part.place.column === 3)
    assert.deepEqual(
      statements.map(({ part }) => [part.kind, part.place.line]),
      [
        ['assign', 3],
        ['if', 4],
      ],
    )
    assert.deepEqual(statements[1]!.branches, [1, 0])
    const elements = [...seen.elements].map(({ outcome, reports }) => [
      outcome.kind === 'output' ? outcome.text : outcome.kind,
      ...reports.map((report) =>
        `${report.section.name} ${report.outcome} ${report.value?.text ?? ''}`.trim(),
      ),
    ])
    assert.deepEqual(elements, [
      [
        '{"one":1,"id":7}',
        'drop value false',
        'case 1 value true',
        'one value 1',
        'other other case',
        'id value 7',
      ],
      [
        'dropped',
        'drop value true',
        'case 1 not reached',
        'one not reached',
        'other not reached',
        'id not reached',
      ],
      [
        '{"other":2,"id":7}',
        'drop value false',
        'case 1 value false',
        'one other case',
        'other value 2',
        'id value 7',
      ],
      [
        'rejected',
        'drop not reached',
        'case 1 not reached',
        'one not reached',
        'other not reached',
        'id not reached',
      ],
    ])
  })

  it('keep what they show small, and do not use up what the event or the rules hold', () => {
    const observed = compileObserved('a: long\nb: "list(zip(c, c))"\nc: deep\nd: 10 ** 2000')
    const seen = observed.run(
      JSON.stringify({
        long: 'é😀'.repeat(10_000),
        c: Array.from({ length: 10_000 }, (_, i) => i),
        deep: { a: [[[{ b: 1 }]]] },
      }),
    )
    assert.equal(seen.outcome.kind, 'output')
    for (const { parts, value } of seen.reports) {
      for (const { text } of [value!, ...parts.flatMap(({ values }) => values)]) {
        assert.ok(text.length < 300, `${text.length} characters are shown`)
      }
    }
    assert.ok(reportOf(seen, 'a').value!.isCut, 'a long text is cut')
    const zip = reportOf(seen, 'b').parts.find(({ part }) => part.text === 'zip(c, c)')
    assert.equal(zip?.values[0]?.text, '<zip>')
  })

  it('say which rule set took an event, and why the others did not', async () => {
    const texts = [
      {
        file: 'routes.yaml',
        text: "routes:\n  - {when: kind == 'noise', drop: true}\n  - a.yaml\n  - b.yaml\n",
      },
      { file: 'a.yaml', text: "when: vendor == 'a' and exists(x)\nrules.name: \"'a'\"\nx: x" },
      { file: 'b.yaml', text: "when: vendor in ('b', 'c')\nrules.name: \"'b'\"\ny: y\n" },
    ]
    const route = (line: number) => ({ conditions: [{ file: 'routes.yaml', line }], lookups: [] })
    const origins = new Origins()
    const rules = await loadAndCompileRouted(
      {
        label: 'routes.yaml',
        noRoute: 'reject',
        options: {},
        texts,
        routes: [
          route(0),
          { ...route(1), file: 'a.yaml', name: 'a' },
          { ...route(2), file: 'b.yaml', name: 'b' },
        ],
      },
      undefined,
      origins,
    )
    const observed: ObservedRules = observe(rules, origins)
    const told = (event: object): [fates: string, outcome: Outcome, routes: readonly RouteReport[]] => {
      const { routes, outcome } = observed.run(JSON.stringify(event))
      return [routes.map(({ fate }) => fate).join(', '), outcome, routes]
    }
    const [fates, outcome, routes] = told({ vendor: 'b', y: 1 })
    assert.equal(fates, 'refused, refused, taken')
    assert.deepEqual(outcome, { kind: 'output', text: '{"rules":{"name":"b"},"y":1}' })
    const [first, second] = routes
    assert.equal(first!.conditions[0]!.section.place.file, 'routes.yaml')
    assert.equal(first!.conditions[0]!.section.place.line, 2)
    assert.deepEqual(valuesOf(second!.conditions[0]!), {
      "vendor == 'a' and exists(x)": 'false',
      "vendor == 'a'": 'false',
      vendor: '"b"',
    })
    assert.deepEqual(told({ kind: 'noise' }).slice(0, 2), [
      'taken, not asked, not asked',
      { kind: 'dropped' },
    ])
    const [none, refusal] = told({ vendor: 'd' })
    assert.equal(none, 'refused, refused, refused')
    assert.equal(refusal.kind === 'rejected' && refusal.rejection.code, 'NO_ROUTE')
    const [, absent] = told({ vendor: 'c' })
    assert.deepEqual(absent.kind === 'rejected' && [absent.rejection.rules, absent.part?.text], ['b', 'y'])
  })
})

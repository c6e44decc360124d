import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { describeRules, describe as describeText } from '../../../src/authoring/explain/describe.ts'
import { anchorOf, diagram } from '../../../src/authoring/explain/diagram.ts'
import { readErrorRecord } from '../../../src/authoring/explain/error-record.ts'
import type { ExplainOptions } from '../../../src/authoring/explain/explain.ts'
import { explain } from '../../../src/authoring/explain/explain.ts'
import { explanationJson, jsonLine } from '../../../src/authoring/explain/json.ts'
import { COLOURED, PLAIN } from '../../../src/authoring/explain/paint.ts'
import { compileRules } from '../../../src/rules/compile.ts'
import { compileObserved, Origins } from '../../../src/rules/observe/index.ts'
import { propertyRuns } from '../../property-runs.ts'
import { eventLine, ruleFile } from '../../rules/fast/generated.ts'

/** The story of an event, as lines. */
function story(rules: string, event: unknown, options: ExplainOptions = {}): string[] {
  const text = typeof event === 'string' ? event : JSON.stringify(event)
  return explain(compileObserved(rules, { maxText: 60 }).run(text), options)
    .split('\n')
    .slice(0, -1)
}

describe('the story of an event', () => {
  it('has the value of each part under it', () => {
    assert.deepEqual(story('ip: src\nt: lower(a) + b[0]', { src: '192.0.2.7', a: 'X', b: ['y'] }), [
      'rules.yaml',
      '  1  ip: src → "192.0.2.7"',
      '  2  t: lower(a) + b[0] → "xy"',
      '        └ "x" │    │└ "y"',
      '              │    └ ["y"]',
      '              └ "X"',
      'output {"ip":"192.0.2.7","t":"xy"}',
    ])
  })

  it('has the carets under the part at fault, and a field with a similar name', () => {
    assert.deepEqual(story('u?: lower(usr)\nn: 1 + len(x)\nlate: y', { user: 'a', x: 5 }), [
      'rules.yaml',
      '  1  u: lower(usr) → left out: field usr is absent',
      '              └ absent (the event has user)',
      "  2  n: 1 + len(x) → TYPE_ERROR: object of type 'int' has no len()",
      '            ^^^^^^',
      '                └ 5',
      '     1 more section was not reached',
      'rejected with TYPE_ERROR by n',
    ])
  })

  it('tells branches, tables, caught errors and values that are ignored', () => {
    const rules = [
      'lookup: {t: {6: tcp}}',
      "a: \"lookup('t', p, 'other')\"",
      'b: "attempt(x / 0, \'none\')"',
      'c: {field: user, ignore: ["-"], required: false}',
      'd: "cond(p == 6, 1, 2)"',
      'e: {field: "int(user)", on_error: omit}',
    ].join('\n')
    assert.deepEqual(story(rules, { p: 17, x: 1, user: '-' }), [
      'rules.yaml',
      '  2  a: lookup(\'t\', p, \'other\') → "other" (t has no key "17")',
      '                    └ 17',
      '  3  b: attempt(x / 0, \'none\') → "none" (the default; DIVISION_BY_ZERO: division by zero)',
      '                └ 1',
      '  4  c: user → left out: field user is absent',
      '        └ absent ("-" is ignored)',
      '  5  d: cond(p == 6, 1, 2) → 2 (otherwise)',
      '             │ └ false',
      '             └ 17',
      "  6  e: int(user) → left out: VALUE_ERROR: invalid literal for int() with base 10: '-'",
      '        ^^^^^^^^^',
      '            └ "-"',
      'output {"a":"other","b":"none","d":2}',
    ])
  })

  it('follows expressions over several lines, loops, and the statements of tap', () => {
    const rules =
      'tap: |\n  n = 0\n  for x in l:\n    n += x\n  if n > 9:\n    n = 9\n  data["n"] = n\nn: n\ns: |\n  [x * 2\n   for x in l]\n'
    assert.deepEqual(story(rules, { l: [1, 2, 3] }), [
      'rules.yaml',
      '  2  tap:',
      '  2    n = 0',
      '  3    for x in l: → 1, 2, 3 (3 rounds)',
      '  4      n += x → 1, 3, 6 (3 times)',
      '  5    if n > 9: → false',
      '  6      n = 9',
      '  7    data["n"] = n → 6',
      '  8  n: n → 6',
      '  9  s: → [2,4,6]',
      '       [x * 2',
      '        │ └ 2, 4, 6 (3 rounds)',
      '        └ 1, 2, 3 (3 rounds)',
      '        for x in l]',
      '                 └ [1,2,3]',
      'output {"n":6,"s":[2,4,6]}',
    ])
  })

  it('tells the elements of an event, and only the fields that are asked for', () => {
    const rules = 'split: l\ncases:\n  - when: a > 1\n    many.a: a\n  - one: a'
    assert.deepEqual(story(rules, { l: [{ a: 1 }, 5] }, { fields: ['one'] }), [
      'split into 2 events',
      '',
      'element 0',
      'rules.yaml',
      '  5  one: a → 1',
      '',
      'element 1',
      '     1 more section was not reached',
      'rejected with TYPE_ERROR by split: split: element 1 is no object',
    ])
  })

  it('has a list of values under a line that a terminal breaks', () => {
    const lines = story("a: replace(first, 'a', 'b') + second", { first: 'xa', second: 'y' }, { columns: 20 })
    assert.deepEqual(lines.slice(2, -1), [
      "        replace(first, 'a', 'b') \"xb\"",
      '        first "xa"',
      '        second "y"',
    ])
  })

  it('shows nothing of an event or of rules that steers a terminal, whatever they hold', () => {
    // Controls, and characters that turn the direction of the text.
    const unsafe = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/
    const hostile = { 'a\x1b[31m': '\x1b]0;x\x07\u202e', 'k\u009b': ['\u009b2J'], n: '\u2028' }
    const rules =
      "a: data['k\\u009b'][0] # \u202e\nb: {field: \"data['a\\e[31m']\", required: false}\nc: n\nd: 1 + n"
    assert.doesNotMatch(story(rules, hostile, { full: true }).join('\n'), unsafe)
    assert.doesNotMatch(
      jsonLine(explanationJson(compileObserved(rules).run(JSON.stringify(hostile)))),
      /[\x00-\x1f\x7f-\x9f\u2028]/,
    )
    fc.assert(
      fc.property(ruleFile, eventLine, (text, event) => {
        const observation = compileObserved(text, { maxText: 60 }).run(event)
        const told = explain(observation, { full: true })
        assert.doesNotMatch(told, unsafe)
        // Colours change nothing else.
        const coloured = explain(observation, { full: true, paint: COLOURED })
        assert.equal(coloured.replace(/\x1b\[\d+m/g, ''), told)
        JSON.parse(jsonLine(explanationJson(observation)))
      }),
      { numRuns: propertyRuns(60) },
    )
  })
})

describe('a diagram', () => {
  it('puts labels on one line where there is room, and leads to the others', () => {
    const label = (column: number, text: string) => ({ column, text, paint: (each: string) => each })
    assert.deepEqual(diagram([label(0, 'a'), label(10, 'b'), label(12, 'long')], PLAIN), [
      '└ a       │ └ long',
      '          └ b',
    ])
    assert.deepEqual(diagram([label(3, 'a'), label(3, 'b')], PLAIN), ['   └ b', '   └ a'])
    assert.deepEqual(diagram([label(0, '日本'), label(6, 'x')], PLAIN), ['│     └ x', '└ 日本'])
  })

  it('has its lines where a reader looks for a part', () => {
    const { sections } = compileObserved('a: (x + y)[0] if u.lower() else w::int')
    const anchors = sections[0]!.allParts.map((part) => [part.text, anchorOf(part)])
    assert.deepEqual(anchors, [
      ['(x + y)[0] if u.lower() else w::int', 11],
      ['(x + y)[0]', 7],
      ['x + y', 3],
      ['x', 1],
      ['y', 5],
      ['0', 8],
      ['u.lower()', 16],
      ['u', 14],
      ['w::int', 30],
      ['w', 29],
    ])
  })
})

describe('the description of rules', () => {
  it('has what each reads, where its tables come from, what it may reject with, and why there is no fast path', () => {
    const text = [
      'when: kind == 1',
      'tap: |',
      '  x = 1',
      'lookup: {t: {1: a}, unused: {}}',
      'a: "lookup(\'t\', k)"',
      "b?: parse_timestamp(ts, '%Y')",
      'c: "optional(lower(u), v / 2)"',
      'd: {field: "int(n)", on_error: omit}',
      'e: attempt(int(n), 0)',
      'f: lookup(k, k, 1)',
    ].join('\n')
    const origins = new Origins()
    const [set] = describeRules(compileRules(text, {}, origins), origins)
    const { rules, tables, when, before, plainReasons } = set!
    assert.deepEqual(
      rules.map(({ name, reads, tables, rejects, omits }) => [
        name,
        reads.join(),
        tables.join(),
        rejects.join(),
        omits.join(),
      ]),
      [
        ['a', 'k', 't', 'FIELD_MISSING,LOOKUP_MISSING,TYPE_ERROR', ''],
        ['b', 'ts,tzinfo', '', 'TYPE_ERROR,VALUE_ERROR', ''],
        ['c', 'u,v', '', 'FIELD_MISSING,DIVISION_BY_ZERO,TYPE_ERROR', ''],
        ['d', 'n', '', 'FIELD_MISSING', 'TYPE_ERROR,VALUE_ERROR'],
        ['e', 'n', '', '', ''],
        ['f', 'k', '*', 'FIELD_MISSING,TYPE_ERROR', ''],
      ],
    )
    assert.deepEqual(tables, [
      { name: 't', file: 'rules.yaml', line: 4, entries: 1, usedBy: ['a'] },
      { name: 'unused', file: 'rules.yaml', line: 4, entries: 0, usedBy: [] },
    ])
    assert.deepEqual([when, before, plainReasons], [['kind == 1'], ['tap'], ["'tap' changes the event"]])
    const told = describeText([set!], { fields: ['a'] })
    assert.match(told, /^rules\.yaml: 6 rules\n {2}takes events with kind == 1\n/)
    assert.match(told, /events go the plain way:\n {4}'tap' changes the event\n/)
    assert.doesNotMatch(told, /unused/)
  })
})

describe('a record of an errors output', () => {
  it('is read, and any other line is refused with the reason', () => {
    const record = { line: 3, source: 's', rule: 'a', code: 'TYPE_ERROR', message: 'm', raw: '{}' }
    assert.deepEqual(readErrorRecord(JSON.stringify(record)), {
      ...record,
      rules: undefined,
      isTruncated: false,
    })
    assert.equal(readErrorRecord('{'), 'it is no JSON')
    assert.equal(readErrorRecord('[]'), 'it is no JSON object')
    assert.equal(
      readErrorRecord('{"__proto__": {"code": "X", "message": "y"}}'),
      "it has no 'code' and 'message'",
    )
    assert.equal(readErrorRecord('{"code": "X", "message": "y"}'), "it has no 'raw', the text of the event")
  })
})

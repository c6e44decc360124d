import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readTestOptions } from '../../../src/authoring/test/read-test-file.ts'
import { loadRe2 } from '../../../src/rules/load-re2.ts'
import { problemsOf, readCases } from './running.ts'

/** The messages with their places, and the hints below them. */
function messages(text: string): string[] {
  return readCases(text).problems.map(
    ({ line, column, message, hint }) =>
      `${line}:${column} ${message}${hint === undefined ? '' : ` (${hint})`}`,
  )
}

const one = (lines: string): string => `cases:\n  - name: a\n    event: {x: 1}\n${lines}\n`

describe('a test file', () => {
  it('is read with its settings, and the places of its cases', () => {
    const file = readCases(
      "rules: [a.yaml, b.yaml]\nlookups: t.yaml\ninput_format: csv\ncolumns: a, b\nreceived: 2024-03-04T10:00:00Z\nno_route: drop\nmax_work: 5\ncases:\n  - raw: '1,2'\n    drop: true\n",
    )
    assert.deepEqual(file.problems, [])
    assert.deepEqual(file.rules, ['a.yaml', 'b.yaml'])
    assert.deepEqual(file.lookups, ['t.yaml'])
    assert.deepEqual(file.input, { inputFormat: 'csv', columns: ['a', 'b'] })
    assert.equal(file.received, Date.UTC(2024, 2, 4, 10))
    assert.deepEqual([file.noRoute, file.maxWork], ['drop', 5])
    const [only] = file.cases
    assert.deepEqual([only!.name, only!.place.line], ['case 1', 9])
  })

  it('keeps the digits of numbers, big integers, and names with a meaning in JavaScript', () => {
    const { cases, problems } = readCases(
      one('    drop: true').replace(
        '{x: 1}',
        '{a: 2230.0, b: 1E5, c: 123456789012345678901, d: 0x10, e: +1, __proto__: {f: 010}, "10": x}',
      ),
    )
    assert.deepEqual(problems, [])
    assert.deepEqual(cases[0]!.input, {
      kind: 'event',
      text: '{"a":2230.0,"b":1E5,"c":123456789012345678901,"d":16,"e":1,"__proto__":{"f":10},"10":"x"}',
    })
  })

  it('takes a text that does not begin as JSON for a line of text, unless the file says what it is', () => {
    const formats = (top: string, raw: string) =>
      readCases(`${top}cases:\n  - raw: ${raw}\n    drop: true\n`).cases.map(
        ({ options }) => options.inputFormat,
      )
    assert.deepEqual(formats('', "'<134>x'"), ['text'])
    assert.deepEqual(formats('', `'{"a": 1}'`), ['jsonl'])
    assert.deepEqual(formats('input_format: jsonl\n', "'<134>x'"), ['jsonl'])
  })

  it('is refused with the place and the remedy', () => {
    assert.deepEqual(messages(one('    expected: {a: 1}')), [
      "4:5 a case has no key 'expected' (it is called expect)",
    ])
    assert.deepEqual(messages(one('    expect_partail: {a: 1}')), [
      "4:5 a case has no key 'expect_partail' (did you mean 'expect_partial'?)",
    ])
    assert.deepEqual(messages('rule: x.yaml\ncases: [{event: {}, drop: true}]\n'), [
      "1:1 a test file has no key 'rule' (it is called rules)",
    ])
    assert.deepEqual(messages(one('    reject: {code: FIELD_MISING}')), [
      "4:20 there is no code 'FIELD_MISING' (did you mean 'FIELD_MISSING'?)",
    ])
    assert.deepEqual(messages(one('    reject: {field: a}')), [
      "4:14 a rejection has no key 'field' (it knows the keys code, rule, message, rules)",
    ])
    assert.deepEqual(messages(one('    expect: {a: {$mtach: x}}')), [
      "4:18 there is no matcher '$mtach' (did you mean '$match'?\nan output field of this name is written {$literal: {$mtach: ...}})",
    ])
    assert.deepEqual(messages(one("    expect: {a: {$match: '('}}")), [
      '4:26 the pattern cannot be used: missing ), unterminated subpattern (patterns are those of Python, in single quotes: a backslash stays itself there)',
    ])
    assert.deepEqual(messages(one('    expect: {a: {$any: strin}}')), [
      "4:24 '$any' takes the name of a kind (did you mean 'string'?)",
    ])
    assert.deepEqual(messages(one('    expect: {a: {$any: ip, $match: x}}')), [
      "4:28 a matcher stands alone, and '$match' is beside '$any' (write $any in braces of its own; several conditions on one text are one pattern of $match)",
    ])
    assert.deepEqual(messages(one('    expect: {a: 1}\n    expect_partial: {a: 1}')), [
      "5:5 a case has 'expect' or 'expect_partial' ('expect' is the whole output, 'expect_partial' some members of it)",
    ])
    assert.deepEqual(
      messages('cases:\n  - {name: a, event: {}, drop: true}\n  - {name: a, event: {}, drop: true}\n'),
      [
        "3:12 the name 'a' is given twice (the first is at x.test.yaml:2:12; reports and --filter tell cases by their names)",
      ],
    )
    assert.deepEqual(messages('cases:\n  - {name: a, drop: true}\n'), [
      "2:5 the case has no event (write 'event: {action: deny}', or 'raw: ...' for a text as it comes in)",
    ])
    assert.deepEqual(messages('cases:\n  - {raw: 5, drop: true}\n'), [
      "2:11 'raw' is a text (an event as YAML is written 'event: ...'; a text goes in quotes)",
    ])
    assert.deepEqual(messages('pick: a\ncases:\n  - {event: {}, drop: true}\n'), [
      "1:1 'pick' needs input_format: json",
    ])
    assert.deepEqual(messages('received: yesterday\ncases:\n  - {event: {}, drop: true}\n'), [
      "1:11 'received' is a time with a zone (for example: 2024-03-04T10:00:00Z)",
    ])
    assert.match(problemsOf('cases: 5\n'), /^x\.test\.yaml:1:1: error: 'cases' is a list of cases\n/)
    assert.match(problemsOf(''), /a test file has the key 'cases'/)
    assert.match(problemsOf(one('    expect: {a: .nan}')), /JSON has no number \.nan/)
    assert.match(problemsOf(one('    expect: [1]')), /'expect' is an output, or a list of outputs/)
    assert.match(
      problemsOf(one('    detections: 5\n    drop: true')),
      /'detections' is a mapping of indicators/,
    )
  })

  it('is no alias bomb', () => {
    const levels = Array.from({ length: 12 }, (_, level) =>
      level === 0
        ? 'x-0: &a0 [1,1,1,1,1,1,1,1,1,1]'
        : `x-${level}: &a${level} [${Array(10)
            .fill(`*a${level - 1}`)
            .join(',')}]`,
    )
    const report = problemsOf(`${levels.join('\n')}\ncases:\n  - {event: {a: *a11}, drop: true}\n`)
    assert.match(report, /the file has more than 1000000 values/)
  })

  it('may share values by anchors, under keys that begin with x-', () => {
    const { cases, problems } = readCases(
      'x-base: &base {a: 1, b: 2}\ncases:\n  - {event: {<<: *base, b: 3}, drop: true}\n',
    )
    assert.deepEqual(problems, [])
    assert.deepEqual(cases[0]!.input, { kind: 'event', text: '{"a":1,"b":3}' })
  })
})

describe('the settings of a golden folder', () => {
  it('have the keys at the top of a test file, and no cases', () => {
    const { input, problems } = readTestOptions('pick: Records\n', '_options.yaml', loadRe2, 'json')
    assert.deepEqual([input, problems], [{ inputFormat: 'json', pick: 'Records' }, []])
    const wrong = readTestOptions('cases: []\n', '_options.yaml', loadRe2, 'json')
    assert.equal(wrong.problems[0]!.message, "a test file has no key 'cases'")
  })
})

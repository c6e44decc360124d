import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { JsonReporter } from '../../../src/authoring/test/report/json.ts'
import { JunitReporter } from '../../../src/authoring/test/report/junit.ts'
import { PrettyReporter } from '../../../src/authoring/test/report/pretty.ts'
import type { Reporter } from '../../../src/authoring/test/report/reporter.ts'
import { TapReporter } from '../../../src/authoring/test/report/tap.ts'
import { type FileResult, summaryOf } from '../../../src/authoring/test/result.ts'

const FILES: readonly FileResult[] = [
  {
    file: 'a.test.yaml',
    seconds: 0.5,
    cases: [
      { name: 'fine', status: 'passed', line: 2, differences: [] },
      { name: 'later # "x" <y>', status: 'skipped', line: 5, skip: 'not yet', differences: [] },
      {
        name: 'wrong \x1b[31m',
        status: 'failed',
        line: 9,
        more: 2,
        differences: [
          {
            kind: 'differs',
            path: ['a', 0, 'b c'],
            expected: '"x"',
            got: '"<y>\\u0000"',
            rule: {
              name: 'a',
              file: 'a.yaml',
              line: 3,
              column: 1,
              expression: 'f(x)',
              reads: [
                { field: 'x', value: '1' },
                { field: 'y', value: undefined },
              ],
            },
          },
          { kind: 'outcome', path: [], note: 'the event is dropped\x00' },
        ],
      },
    ],
  },
  { file: 'b', seconds: 0, cases: [], problem: 'b.yaml:1:1: error: no\n' },
  { file: 'golden', seconds: 0, cases: [{ name: 'golden', status: 'passed', events: 3, differences: [] }] },
]

function told(reporter: Reporter): string {
  return FILES.map((file) => reporter.file(file)).join('') + reporter.end(FILES, summaryOf(FILES), undefined)
}

describe('results', () => {
  it('are told to people, with nothing in them that steers a terminal', () => {
    assert.equal(
      told(new PrettyReporter(false)),
      `FAIL  a.test.yaml  1 of 3 cases

  wrong \\x1b[31m  a.test.yaml:9
    a[0]."b c": differs
      expected  "x"
      got       "<y>\\u0000"
      rule      a.yaml:3  a: f(x)
      read      x = 1
                y is absent
    the event is dropped\\x00
    and 2 more
ERROR b
  b.yaml:1:1: error: no
ok    golden  3 events
skipped: a.test.yaml:5 later # "x" <y> (not yet)

2 passed, 1 failed, 1 skipped, 1 unusable in 3 files
`,
    )
    assert.match(told(new PrettyReporter(true)), /\x1b\[31mFAIL\x1b\[0m/)
  })

  it('are told in TAP 14: a plan, a point for each case, directives and names escaped', () => {
    const lines = told(new TapReporter()).split('\n')
    assert.equal(lines[0], 'TAP version 14')
    assert.ok(lines.includes('ok 1 - a.test.yaml: fine'))
    assert.ok(lines.includes('ok 2 - a.test.yaml: later \\# "x" <y> # SKIP not yet'))
    assert.ok(lines.includes('not ok 3 - a.test.yaml: wrong \\\\x1b[31m'))
    assert.ok(lines.includes('not ok 4 - b'))
    assert.ok(lines.includes('ok 5 - golden'))
    assert.equal(lines.at(-2), '1..5')
  })

  it('are told in JUnit’s XML, whatever characters are in them', () => {
    const text = told(new JunitReporter())
    assert.equal(XMLValidator.validate(text), true)
    const { testsuites } = new XMLParser({ ignoreAttributes: false }).parse(text)
    assert.deepEqual(
      [testsuites['@_tests'], testsuites['@_failures'], testsuites['@_errors'], testsuites['@_skipped']],
      ['5', '1', '1', '1'],
    )
    const [suite] = testsuites.testsuite
    assert.equal(suite.testcase[2]['@_line'], '9')
    assert.match(suite.testcase[2].failure['@_message'], /^a\[0\]\."b c": differs/)
    assert.doesNotMatch(text, /[\x00-\x08\x0b\x0c\x0e-\x1f]/)
  })

  it('are told as one JSON object', () => {
    const { summary, files } = JSON.parse(told(new JsonReporter()))
    assert.deepEqual(summary, { files: 3, passed: 2, failed: 1, skipped: 1, updated: 0, unusable: 1 })
    assert.equal(files[0].cases[2].differences[0].pathText, 'a[0]."b c"')
    assert.equal(files[1].problem, 'b.yaml:1:1: error: no\n')
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseJson } from '../../../src/authoring/test/json-value.ts'
import { judge } from '../../../src/authoring/test/judge.ts'
import { runInput } from '../../../src/authoring/test/run-input.ts'
import { updateTestFile } from '../../../src/authoring/test/update.ts'
import { yamlBehind, yamlFlow } from '../../../src/authoring/test/yaml-text.ts'
import { compileRules } from '../../../src/rules/compile.ts'
import { loadRe2 } from '../../../src/rules/load-re2.ts'
import { propertyRuns } from '../../property-runs.ts'
import { readCases } from './running.ts'

/** The text of a test file after `--update`, and the cases that pass with it. */
function update(rules: string, text: string): { text: string; names: string[] } {
  const file = readCases(text)
  assert.deepEqual(file.problems, [])
  const compiled = compileRules(rules)
  const failed = file.cases.flatMap((each) => {
    const outcome = runInput(compiled, each.input, { input: each.options, loadRe2 })
    return judge(each, outcome, file.document).length === 0 ? [] : [{ name: each.name, outcome }]
  })
  const { text: updated, names } = updateTestFile(text, failed, loadRe2)
  return { text: updated, names: [...names] }
}

const RULES = 'event.type: type\nsource.ip?: ip\nuser.name?: user\nn?: n\nlist?: list\n'

describe('--update', () => {
  it('changes what is different, and leaves comments, order, quotes and matchers as they are', () => {
    const { text, names } = update(
      RULES,
      `# the tests of x
cases:
  - name: a   # first
    event: {type: denied, ip: 192.0.2.7, user: ann, n: 2230.0}
    expect:
      # the address
      source: {ip: {$any: ip}}   # any
      user:
        name: "bob"   # who
        gone: 1
      event:
        type: allowed
  - name: fine
    event: {type: x}
    expect: {event: {type: x}}
`,
    )
    assert.equal(
      text,
      `# the tests of x
cases:
  - name: a   # first
    event: {type: denied, ip: 192.0.2.7, user: ann, n: 2230.0}
    expect:
      # the address
      source: {ip: {$any: ip}}   # any
      user:
        name: ann   # who
      event:
        type: denied
      n: 2230.0
  - name: fine
    event: {type: x}
    expect: {event: {type: x}}
`,
    )
    assert.deepEqual(names, ['a'])
  })

  it('writes what a new case expects: an output, several, a rejection, a drop', () => {
    const rules = "split: events\na: n::int\ndrop: n == 'x'\n"
    const { text } = update(
      rules,
      `cases:
  - name: one
    event: {events: [{n: '1'}]}
  - name: several
    event: {events: [{n: '1'}, {n: '2'}, {n: x}, {n: bad}]}
  - {name: flow, event: {events: 5}}
  - name: dropped
    event: {events: [{n: x}]}
`,
    )
    assert.equal(
      text,
      `cases:
  - name: one
    event: {events: [{n: '1'}]}
    expect: {a: 1}
  - name: several
    event: {events: [{n: '1'}, {n: '2'}, {n: x}, {n: bad}]}
    expect: [{a: 1}, {a: 2}]
    reject: {code: VALUE_ERROR, rule: a}
    drop: 1
  - {name: flow, event: {events: 5}, reject: {code: TYPE_ERROR, rule: split}}
  - name: dropped
    event: {events: [{n: x}]}
    drop: true
`,
    )
  })

  it('turns an output into a rejection, and a rejection into an output', () => {
    const { text } = update(
      RULES,
      `cases:
  - name: now rejected
    event: {ip: a}
    expect:
      event: {type: x}
    # done
  - name: now fine
    event: {type: a}
    reject: {code: VALUE_ERROR}
`,
    )
    assert.equal(
      text,
      `cases:
  - name: now rejected
    event: {ip: a}
    reject: {code: FIELD_MISSING, rule: event.type}
    # done
  - name: now fine
    event: {type: a}
    expect: {event: {type: a}}
`,
    )
  })

  it('leaves a matcher that fails, and says so by not naming the case', () => {
    const before =
      'cases:\n  - name: a\n    event: {type: x}\n    expect_partial: {event: {type: {$any: ip}}}\n'
    assert.deepEqual(update(RULES, before), { text: before, names: [] })
  })

  it('writes lists anew where elements come or go', () => {
    const case_ = (list: string) =>
      `cases:\n  - name: a\n    event: {type: x, list: [1, 2, {b: 3}]}\n    expect: {event: {type: x}, list: ${list}}\n`
    for (const list of ['[1]', '[1, 2, {b: 4}]', '[1, 2, {b: 3}, 4]', '[]', '{}', 'x']) {
      assert.equal(update(RULES, case_(list)).text, case_('[1, 2, {b: 3}]'), list)
    }
  })

  it('keeps line ends and a byte order mark', () => {
    const before =
      '\ufeffcases:\r\n  - name: a\r\n    event: {type: x}\r\n    expect:\r\n      event:\r\n        type: y\r\n'
    const { text } = update(RULES, before)
    assert.equal(text, before.replace('type: y', 'type: x'))
    const inserted = update(RULES, before.replace('\r\n    expect:\r\n      event:\r\n        type: y', ''))
    assert.equal(
      inserted.text,
      '\ufeffcases:\r\n  - name: a\r\n    event: {type: x}\r\n    expect: {event: {type: x}}\r\n',
    )
  })

  it('makes any case pass, whatever it expected, in any style', () => {
    const json = fc.jsonValue({ maxDepth: 3 })
    const object = fc.dictionary(fc.string({ maxLength: 6 }), json, { maxKeys: 4 })
    fc.assert(
      fc.property(object, object, fc.boolean(), (event, expected, isBlock) => {
        // Names that begin with $ would be matchers.
        const value = parseJson(JSON.stringify({ a: expected }).replaceAll('"$', '"s'))
        const before = `cases:\n  - name: a\n    event: {a: ${yamlFlow(parseJson(JSON.stringify(event)))}}\n    expect:${
          isBlock ? yamlBehind(value, 6, 1000) : ` ${yamlFlow(value)}`
        }\n    # end\n`
        const { text } = update('a: a', before)
        const file = readCases(text)
        assert.deepEqual(file.problems, [])
        const [only] = file.cases
        const outcome = runInput(compileRules('a: a'), only!.input, { input: only!.options, loadRe2 })
        assert.deepEqual(judge(only!, outcome, file.document), [], text)
        assert.ok(text.endsWith('\n    # end\n'), text)
      }),
      { numRuns: propertyRuns(100) },
    )
  })
})

describe('a value as YAML', () => {
  it('is read as the same value, on one line and as a block', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.integer({ min: 1, max: 200 }), (value, column) => {
        const json = parseJson(JSON.stringify({ v: value }))
        for (const text of [` ${yamlFlow(json)}`, yamlBehind(json, 4, column)]) {
          const { cases, problems } = readCases(`cases:\n- event:${text}\n  drop: true\n`)
          assert.deepEqual(problems, [], text)
          assert.equal((cases[0]!.input as { text: string }).text, JSON.stringify({ v: value }), text)
        }
      }),
      { numRuns: propertyRuns(200) },
    )
  })
})

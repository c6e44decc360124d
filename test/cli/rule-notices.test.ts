import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { allRejectedNotice, FieldWarnings } from '../../src/cli/rule-notices.ts'
import { compileRules } from '../../src/rules/compile.ts'

const RULES = `
event.kind: alert
"@kind": {field: alert, required: false}
a: lower(x)
b: {field: lower(x), required: false}
c: optional(x, 1)
d: x + 1
e: log.level
f: y
g.z: z
`
const rules = compileRules(RULES, { file: 'r.yaml' })

const absent = (events: number, ...fields: string[]) => ({
  neverPresent: fields.map((field) => ({ field, events })),
})

describe('FieldWarnings', () => {
  it('tells once of each field, by which rules it is read, and how a text is written', () => {
    const warnings = new FieldWarnings(rules)
    assert.equal(
      warnings.end(absent(11, 'alert', 'x', 'log.level', 'y', 'z')),
      [
        `none of 11 events has the field alert, which event.kind and @kind read; a text is quoted twice: event.kind: "'alert'"`,
        'none of 11 events has the field x, which a, b and 2 others read',
        'none of 11 events has the field log.level, which e reads',
        `none of 11 events has the field y, which f reads; a text is quoted twice: f: "'y'"`,
        'none of 11 events has the field z, which g.z reads',
      ]
        .map((line) => `r.yaml: warning: ${line}\n`)
        .join(''),
    )
    assert.equal(warnings.end(absent(2000, 'alert', 'x')), '')
  })

  it('quotes an output field as YAML wants it', () => {
    const warnings = new FieldWarnings(compileRules('"@kind": alert\n'))
    assert.match(warnings.end(absent(1, 'alert')), /the event has no field alert, .*: "@kind": "'alert'"\n$/)
  })

  it('tells of few events only what is the whole text of a rule', () => {
    assert.match(
      new FieldWarnings(rules).end(absent(10, 'alert', 'x', 'log.level', 'z')),
      /^[^\n]* alert[^\n]*\n$/,
    )
  })

  it('looks after the first 1,000 events at which a field was looked for, and does not ask before', () => {
    const warnings = new FieldWarnings(rules)
    const never = () => assert.fail('it is too early')
    assert.equal(warnings.look(999, never), '')
    assert.match(
      warnings.look(1500, () => absent(1400, 'x')),
      /none of 1400 events has the field x,/,
    )
    assert.equal(warnings.look(2500, never), '')
  })

  it('gives the fields of new rules 1,000 events of their own', () => {
    const warnings = new FieldWarnings(rules)
    assert.equal(
      warnings.look(1000, () => absent(0)),
      '',
    )
    warnings.replaceRules(compileRules('a: new_one\n', { file: 'r.yaml' }), 5000)
    assert.equal(
      warnings.look(5999, () => assert.fail('it is too early')),
      '',
    )
    // Batches of the rules before were on their way still.
    assert.equal(
      warnings.look(6000, () => absent(400, 'new_one')),
      '',
    )
    assert.match(
      warnings.look(7000, () => absent(1400, 'new_one')),
      /1400 events has the field new_one/,
    )
  })
})

describe('allRejectedNotice', () => {
  const counts = (events: number, rejected: number) => ({
    events,
    rejected,
    dropped: 0,
    written: events - rejected,
    rejectedByCode: { JSON_INVALID: 3, FIELD_MISSING: rejected - 3 },
    rejectedByRule: { a: 1, b: rejected - 4 },
    leftOutByRule: {},
    neverPresent: [],
    replaced: 0,
    bytesRead: 0,
    bytesParsed: 0,
    bytesUnread: 0,
    bytesWritten: 0,
  })

  it('says so when all of more than ten events were rejected', () => {
    assert.equal(
      allRejectedNotice('r.yaml', counts(11, 11)),
      'r.yaml: all 11 events were rejected, most with FIELD_MISSING, most by b',
    )
    assert.equal(allRejectedNotice('r.yaml', counts(10, 10)), undefined)
    assert.equal(allRejectedNotice('r.yaml', counts(12, 11)), undefined)
  })
})

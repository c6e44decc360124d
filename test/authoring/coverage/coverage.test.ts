import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Coverage, percentOf } from '../../../src/authoring/coverage/coverage.ts'
import { lcovOf } from '../../../src/authoring/coverage/lcov.ts'
import { coverageJson, coverageSummary, listingOf } from '../../../src/authoring/coverage/listing.ts'
import { compileObserved } from '../../../src/rules/observe/index.ts'

/** The coverage of these events. */
function covered(
  rules: string,
  events: readonly object[],
  lookups: { file: string; text: string }[] = [],
): Coverage {
  const coverage = new Coverage()
  const observed = compileObserved(rules, { file: 'x.yaml', lookups, maxRounds: 1000 })
  coverage.addRules(observed)
  for (const event of events) coverage.add(observed.run(JSON.stringify(event)), observed)
  return coverage
}

/** The parts that were not reached: `line: label`. */
function missed(rules: string, events: readonly object[]): string[] {
  const [file] = covered(rules, events).files
  return file!.points.filter(({ count }) => count === 0).map(({ place, label }) => `${place.line}: ${label}`)
}

describe('coverage', () => {
  it('counts rules, and both fates of optional ones where there are two', () => {
    const rules = "a: x\nb?: y\nc?: 5\nd?: optional(y, 1)\ne?: |\n  ['web']\n"
    assert.deepEqual(missed(rules, []).length, 9)
    assert.deepEqual(missed(rules, [{ x: 1 }]), ['2: never present', '4: never taken: the value'])
    assert.deepEqual(missed(rules, [{ x: 1 }, { x: 1, y: 2 }]), [])
  })

  it('counts a rule that rejects as evaluated, and those behind it not', () => {
    assert.deepEqual(missed('a: x\nb: y\n', [{}]), ['2: the rule is never evaluated'])
  })

  it('counts branches of cond, if, and, or', () => {
    const rules = "a: cond(x == 1, 'one', x == 2, 'two', 'more')\nb: 1 if x and y else 2\nc: x or y\n"
    assert.deepEqual(missed(rules, [{ x: 1, y: 1 }]), [
      '1: never taken: x == 2',
      '1: never taken: otherwise',
      "2: never taken: the left side of 'and' decides",
      '2: never taken: else',
      "3: never taken: the right side of 'or' decides",
    ])
    assert.deepEqual(
      missed(rules, [
        { x: 1, y: 1 },
        { x: 2, y: 0 },
        { x: 0, y: 3 },
      ]),
      [],
    )
  })

  it('counts conditions, cases, and the statements and branches of tap', () => {
    const rules = `when: x > 0
tap: |
  if x > 1:
    y = 2
  else:
    y = 3
drop: x == 9
cases:
  - when: x == 5
    b: 1
  - b: y
`
    assert.deepEqual(missed(rules, [{ x: 5 }]), [
      '1: the condition always holds',
      '3: never taken: the condition does not hold',
      '6: never run',
      '7: the condition never holds',
      '9: the condition always holds',
      '11: the rule is never evaluated',
    ])
    assert.deepEqual(missed(rules, [{ x: 5 }, { x: 1 }, { x: 9 }, { x: 0 }]), [])
  })

  it('counts the entries of tables of the rule file, and the default of a lookup; other tables are told apart', () => {
    const rules =
      "lookup:\n  t: {1: a, 2: b, __proto__: c}\na: lookup('t', x, 'none')\nb?: lookup('far', x)\n"
    const lookups = [{ file: 'lookups.yaml', text: 'far: {1: a, 2: b}\n' }]
    const coverage = covered(rules, [{ x: 1 }, { x: 1 }], lookups)
    const [file] = coverage.files
    assert.deepEqual(
      file!.points.filter(({ count }) => count === 0).map(({ label }) => label),
      ['2', '__proto__', 'never taken: the default', 'never absent'],
    )
    assert.deepEqual(coverage.tables, [{ name: 'far', file: 'lookups.yaml', entries: 2, lookedUp: 1 }])
    assert.match(
      coverageSummary(coverage),
      /x\.yaml +55\.5% +5 of 9\n {2}lookups\.yaml: far: 1 of 2 keys looked up\n/,
    )
  })

  it('counts the elements of events that are split', () => {
    assert.deepEqual(missed('split: e\na: 1 if n else 2\n', [{ e: [{ n: 1 }, { n: 0 }] }]), [])
  })

  it('is shown in a listing, with marks below the parts that were not reached', () => {
    const [file] = covered("a: cond(x == 1, 'one', 'more')\nb?: y\n\n# end\n", [{ x: 1 }, { x: 1 }]).files
    assert.equal(
      listingOf(file!),
      `x.yaml  66.6%
    2 | 1 | a: cond(x == 1, 'one', 'more')
      |   |                        ^^^^^^ never taken: otherwise
    2 | 2 | b?: y
      |   | ^^ never present
      | 3 |
      | 4 | # end
`,
    )
  })

  it('is written for editors and tools', () => {
    const coverage = covered("a: cond(x == 1, 'one', 'more')\nb?: y\n", [{ x: 1 }])
    assert.equal(
      lcovOf(coverage.files),
      `TN:
SF:x.yaml
FN:1,a
FN:2,b
FNDA:1,a
FNDA:1,b
FNF:2
FNH:2
BRDA:1,0,0,1
BRDA:1,0,1,0
BRDA:2,0,0,0
BRDA:2,0,1,1
BRF:4
BRH:2
DA:1,1
DA:2,1
LF:2
LH:2
end_of_record
`,
    )
    const json = coverageJson(coverage) as { percent: number; files: { missed: object[] }[] }
    assert.equal(json.percent, 66.6)
    assert.deepEqual(json.files[0]!.missed[0], {
      kind: 'branch',
      owner: 'a',
      label: 'never taken: otherwise',
      line: 1,
      column: 24,
    })
  })

  it('is 100% only where all is reached', () => {
    const { points } = covered('a?: x\n', [{ x: 1 }, {}]).files[0]!
    assert.equal(percentOf(points), 100)
    const many = Array.from({ length: 2000 }, (_, index) => ({ ...points[0]!, count: index === 0 ? 0 : 1 }))
    assert.equal(percentOf(many), 99.9)
  })
})

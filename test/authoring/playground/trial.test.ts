import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PlaygroundContent } from '../../../src/authoring/playground/content.ts'
import { readContent, SAMPLE_CONTENT } from '../../../src/authoring/playground/content.ts'
import { explain } from '../../../src/authoring/playground/explanation.ts'
import { Trial } from '../../../src/authoring/playground/trial.ts'

function trialOf(rules: string, events: string, more: Partial<PlaygroundContent> = {}): Trial {
  return new Trial({
    files: [{ name: 'x.yaml', role: 'rules', text: rules }],
    events,
    input: { inputFormat: 'jsonl' },
    ...more,
  })
}

const still = () => 0
const ignore = () => {}

describe('a trial', () => {
  it('gives the outputs, the rejected and the dropped events, in their order', () => {
    const rules = "drop: src == 'x'\na: src\nbig: n\n"
    const trial = trialOf(
      rules,
      '{"src":"y","n":12345678901234567890.10}\n{"src":"x"}\nno json\n\n{"src":"z"}\n',
    )
    const { results, events } = trial.run(still, ignore)
    assert.equal(events, 4)
    assert.deepEqual(
      results.map((each) => [
        each.kind,
        each.line,
        each.kind === 'output' ? each.text : each.kind === 'rejected' ? each.code : '',
      ]),
      [
        ['output', 1, '{"a":"y","big":12345678901234567890.10}'],
        ['dropped', 2, ''],
        ['rejected', 3, 'JSON_INVALID'],
        ['rejected', 5, 'FIELD_MISSING'],
      ],
    )
  })

  it('reads every format, and tells options that do not fit', () => {
    const text = trialOf('a: message\n', 'one\ntwo\n', { input: { inputFormat: 'text' } }).run(still, ignore)
    assert.equal(text.results.length, 2)
    const csv = trialOf('a: x\n', 'x\n1\n', { input: { inputFormat: 'csv' } }).run(still, ignore)
    assert.equal(csv.results[0]!.kind === 'output' && csv.results[0].text, '{"a":"1"}')
    const wrong = trialOf('a: x\n', '', { input: { inputFormat: 'csv', multiline: 'x' } }).run(still, ignore)
    assert.match(wrong.problem!, /multiline/)
  })

  it('gives the results of each element of an event that is split', () => {
    const trial = trialOf('split: items\na: n * 2\n', '{"items":[{"n":1},{"n":2}]}\n')
    assert.deepEqual(
      trial.run(still, ignore).results.map((each) => each.kind === 'output' && each.text),
      ['{"a":2}', '{"a":4}'],
    )
    assert.equal(explain(trial, 0, 1, ['a'])!.outcome, 'The value is 4')
  })

  it('stops after some time or many events, and says so', () => {
    const many = trialOf('a: src\n', '{"src":1}\n'.repeat(600))
    assert.equal(many.run(still, ignore).cut, 'the first 500 events are shown')
    let now = 0
    const begun: number[] = []
    const slow = many.run(
      () => (now += 900),
      (event) => void begun.push(event),
    )
    assert.match(slow.cut!, /the first \d events are shown: more would take too long/)
    assert.deepEqual(begun, [...begun.keys()])
  })

  it('has problems with offsets, in every file', () => {
    const trial = new Trial({
      ...SAMPLE_CONTENT,
      files: [
        { name: 'r/x.yaml', role: 'rules', text: 'include: [_s.yaml]\na: src\n' },
        { name: 'r/_s.yaml', role: 'included', text: 'b: lowr(src)\n' },
      ],
    })
    const [problem] = trial.problems()
    assert.deepEqual([problem!.file, problem!.start, problem!.end], ['r/_s.yaml', 3, 7])
    assert.equal(trial.run(still, ignore).results.length, 0)
  })

  it('of the sample has no problems', () => {
    const trial = new Trial(SAMPLE_CONTENT)
    assert.deepEqual(trial.problems(), [])
    assert.deepEqual(
      trial.run(still, ignore).results.map(({ kind }) => kind),
      ['output', 'output', 'rejected'],
    )
  })
})

describe('an explanation', () => {
  const rules =
    "a.b: |\n  cond(n > 1, lower(src), 'none')\nt: lookup('t', src, '-')\nc?: missing\nlookup: {t: {Y: why}}\n"
  const trial = trialOf(rules, '{"n":2,"src":"Y"}\n{"src":"Y"}\n{"n":0,"src":[1]}\n')

  it('shows the fields, the steps and the place of the rule that a value is of', () => {
    const found = explain(trial, 0, 0, ['a', 'b'])!
    assert.deepEqual([found.name, found.file, found.line, found.isBad], ['a.b', 'x.yaml', 1, false])
    assert.equal(found.outcome, 'The value is "y"')
    assert.deepEqual(
      found.fields.map(({ text, value }) => `${text} = ${value}`),
      ['n = 2', 'src = "Y"'],
    )
    assert.deepEqual(
      found.steps.map(({ text, value }) => `${text} = ${value}`),
      ['n > 1 = true', 'lower(src) = "y"', 'cond(n > 1, lower(src), \'none\') = "y"'],
    )
    assert.equal(explain(trial, 0, 0, ['a'])!.name, 'a.b', 'of an object, the first rule inside')
    assert.deepEqual(explain(trial, 0, 0, ['t'])!.tables, [
      { text: 't["Y"]', value: 'found', isAbsent: false },
    ])
  })

  it('shows the part that rejects the event', () => {
    const found = explain(trial, 1, 0, undefined)!
    assert.equal(found.isBad, true)
    assert.match(found.outcome, /^FIELD_MISSING: /)
    assert.equal(found.text.slice(found.fault!.start, found.fault!.end), 'n')
  })

  it('is none where no rule is concerned', () => {
    assert.equal(explain(trial, 0, 0, ['event', 'anomaly']), undefined)
    assert.equal(explain(trial, 9, 0, ['a']), undefined)
  })
})

describe('the content of a link', () => {
  it('comes back as it was', () => {
    assert.deepEqual(readContent(JSON.parse(JSON.stringify(SAMPLE_CONTENT))), SAMPLE_CONTENT)
  })

  it('is refused where it has another shape, and has nothing that is not known', () => {
    const [file] = SAMPLE_CONTENT.files
    for (const value of [
      null,
      1,
      [],
      {},
      { events: '' },
      { events: '', files: [] },
      { events: '', files: [{ name: 1 }] },
    ])
      assert.equal(readContent(value), undefined, JSON.stringify(value))
    assert.equal(readContent({ ...SAMPLE_CONTENT, files: [file, file] }), undefined)
    assert.equal(readContent({ ...SAMPLE_CONTENT, files: [{ ...file, role: 'lookups' }] }), undefined)
    const odd = readContent({
      ...SAMPLE_CONTENT,
      input: { inputFormat: 'x', pick: 3, maxLineBytes: 1 },
      more: 1,
    })
    assert.deepEqual(odd, SAMPLE_CONTENT)
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { explain as tell } from '../../../src/authoring/explain/explain.ts'
import type { PlaygroundContent } from '../../../src/authoring/playground/content.ts'
import { readContent, SAMPLE_CONTENT } from '../../../src/authoring/playground/content.ts'
import { explain } from '../../../src/authoring/playground/explanation.ts'
import { Trial } from '../../../src/authoring/playground/trial.ts'
import { compileObserved } from '../../../src/rules/observe/index.ts'

function trialOf(rules: string, events: string, more: Partial<PlaygroundContent> = {}): Trial {
  return new Trial({
    files: [{ name: 'x.yaml', role: 'rules', text: rules }],
    events,
    input: { inputFormat: 'jsonl' },
    ...more,
  })
}

const still = () => 0
/** A story without its colours. */
const plain = (story: string) => story.replaceAll(/\x1b\[\d+m/g, '')
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
    assert.match(plain(explain(trial, 0, 1, ['a'])!.story), /2 {2}a: n \* 2 → 4\n +└ 2\n$/)
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

  it('is the story that normalize explain tells of the rule that a value is of', () => {
    const found = explain(trial, 0, 0, ['a', 'b'])!
    assert.deepEqual([found.name, found.isBad], ['a.b', false])
    assert.deepEqual([found.place!.file, found.place!.line, found.place!.column], ['x.yaml', 1, 1])
    const observed = compileObserved(rules, { file: 'x.yaml', maxText: 60 })
    const story = tell(observed.run('{"n":2,"src":"Y"}'), { fields: ['a.b'], columns: 100 })
    assert.equal(plain(found.story), story)
    assert.match(
      story,
      /^x\.yaml\n +1 {2}a\.b: cond\(n > 1, lower\(src\), 'none'\) → "y" \(n > 1 holds\)\n.*└ "Y"\n/,
    )
    assert.notEqual(found.story, story, 'it has colours')
    assert.equal(explain(trial, 0, 0, ['a'])!.name, 'a.b', 'of an object, the first rule inside')
    assert.match(plain(explain(trial, 0, 0, ['t'])!.story), /"why" .*entry "Y" of t/)
    const narrow = plain(explain(trial, 0, 0, ['a', 'b'], 20)!.story)
    assert.notEqual(narrow, story, 'a narrow window has values in a list')
  })

  it('shows the part that rejects the event', () => {
    const found = explain(trial, 1, 0, undefined)!
    assert.equal(found.isBad, true)
    assert.match(plain(found.story), /a\.b: cond\(n > 1, .* → FIELD_MISSING: field n is absent\n +\^\n/)
  })

  it('is none where no rule is concerned', () => {
    assert.equal(explain(trial, 0, 0, ['event', 'anomaly']), undefined)
    assert.equal(explain(trial, 9, 0, ['a']), undefined)
  })
})

describe('a trial of many rule sets', () => {
  const content: PlaygroundContent = {
    files: [
      {
        name: 'r/routes.yaml',
        role: 'routes',
        text: "routes:\n  - when: kind == 'a'\n    rules: a/rules.yaml\n  - rules: b.yaml\n",
      },
      { name: 'r/a/rules.yaml', role: 'rules', text: "x: lookup('t', v)\ninclude: _s.yaml\n" },
      { name: 'r/a/_s.yaml', role: 'included', text: 's: kind\n' },
      { name: 'r/a/lookups.yaml', role: 'lookups', text: 't: {1: one}\n' },
      { name: 'r/b.yaml', role: 'rules', text: 'when: exists(v)\nsplit: v\ny: w\n' },
    ],
    rules: ['r'],
    events: '{"kind":"a","v":1}\n{"v":[{"w":1},{"w":2},{}]}\n{}\n',
    input: { inputFormat: 'jsonl' },
  }

  it('gives each event to the rule set that takes it, and tells which', () => {
    const trial = new Trial(content)
    assert.deepEqual(trial.problems(), [])
    assert.deepEqual(
      trial
        .run(still, ignore)
        .results.map((each) => [
          each.event,
          each.kind === 'output' ? each.text : each.kind === 'rejected' ? each.code : '',
          each.kind === 'dropped' ? undefined : each.rules,
        ]),
      [
        [0, '{"s":"a","x":"one"}', 'a'],
        [1, '{"y":1}', 'b'],
        [1, '{"y":2}', 'b'],
        [1, 'FIELD_MISSING', 'b'],
        [2, 'NO_ROUTE', undefined],
      ],
    )
    const passing = new Trial({ ...content, noRoute: 'pass' }).run(still, ignore).results
    assert.equal(passing[4]!.kind === 'output' && passing[4]!.text, '{}')
  })

  it('explains also which rule set took the event, and why none did', () => {
    const trial = new Trial(content)
    assert.match(
      plain(explain(trial, 0, 0, ['x'])!.story),
      /^r\/routes\.yaml\n +2 {2}yes {2}a when: kind == 'a' → true\n[\s\S]*\na takes the event; 1 rule set behind it not asked\n\nr\/a\/rules\.yaml\n +1 {2}x: /,
    )
    assert.match(plain(explain(trial, 1, 1, ['y'])!.story), /\nb takes the event\n[\s\S]*y: w → 2\n/)
    const none = explain(trial, 2, 0, undefined)!
    assert.deepEqual([none.name, none.place], ['rejected', undefined])
    assert.match(plain(none.story), /no rule set takes the event/)
  })

  it('has problems in any of its files, those of routes too', () => {
    const withText = (name: string, text: string) =>
      new Trial({
        ...content,
        files: content.files.map((file) => (file.name === name ? { ...file, text } : file)),
      })
        .problems()
        .map(({ file, line, message }) => [file, line, message])
    assert.deepEqual(withText('r/routes.yaml', 'routes:\n  - rules: c\n'), [
      ['r/routes.yaml', 2, 'there is no rule file or folder r/c'],
    ])
    assert.deepEqual(
      withText('r/b.yaml', 'y: lowr(w)\n').map(([file, line]) => [file, line]),
      [['r/b.yaml', 1]],
    )
    const document = new Trial(content).document('r/a/rules.yaml')
    assert.deepEqual(
      document.lookups.map(({ file }) => file),
      ['r/a/lookups.yaml'],
    )
    assert.deepEqual(new Trial(content).document('r/b.yaml').lookups, [])
    const nowhere = new Trial({ ...content, rules: ['elsewhere'] }).problems()
    assert.match(nowhere[0]!.message, /was not given elsewhere/)
  })

  it('comes back from a link', () => {
    const whole = { ...content, noRoute: 'drop', lookups: ['r/a/lookups.yaml'] } as const
    assert.deepEqual(readContent(JSON.parse(JSON.stringify(whole))), whole)
    assert.equal(readContent({ ...whole, rules: [1] }), undefined, 'one rule file is first then')
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

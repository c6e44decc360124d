import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { goldenTexts, inputFormatOf, judgeGolden, linesOf } from '../../../src/authoring/test/golden.ts'
import { differenceLine } from '../../../src/authoring/test/report/plain-text.ts'
import { runInput } from '../../../src/authoring/test/run-input.ts'
import { compileRules } from '../../../src/rules/compile.ts'
import { loadRe2 } from '../../../src/rules/load-re2.ts'

const RULES = compileRules('a: x\nb?: y')

/** Runs these lines as `input.jsonl`. */
function run(...lines: string[]) {
  const bytes = new TextEncoder().encode(lines.join('\n'))
  return runInput(RULES, { kind: 'bytes', bytes }, { input: { inputFormat: 'jsonl' }, loadRe2 })
}

function differences(outcome: ReturnType<typeof run>, expected: string[], errors?: string[]): string[] {
  return judgeGolden(outcome, { source: 'input.jsonl', expected, errors }).map((each) =>
    differenceLine(each).concat(each.inputLine === undefined ? '' : ` @${each.inputLine}`),
  )
}

describe('a golden folder', () => {
  it('has an input whose name tells the format', () => {
    const names = [
      'input.jsonl',
      'input.log',
      'input.txt.gz',
      'input.json',
      'input.csv',
      'input.constructor',
      'x.csv',
    ]
    assert.deepEqual(names.map(inputFormatOf), ['jsonl', 'text', 'text', 'json', 'csv', undefined, undefined])
  })

  it('passes with the lines that come out, and with those alone', () => {
    const outcome = run('{"x":1.0,"y":2}', '', '{"y":1}', '{"x":"z"}')
    const { expected, errors } = goldenTexts(outcome, 'input.jsonl')
    assert.equal(expected, '{"a":1.0,"b":2}\n{"a":"z"}\n')
    assert.deepEqual(differences(outcome, linesOf(expected), linesOf(errors)), [])
    assert.deepEqual(differences(outcome, linesOf(expected)), [
      'the event of line 3 is rejected, and there is no errors.jsonl: FIELD_MISSING, a: field x is absent @3',
    ])
    assert.deepEqual(differences(outcome, linesOf(expected), []).length, 1)
  })

  it('tells members that differ, with the line of the file and of the input', () => {
    assert.deepEqual(
      differences(run('{"x":1}', '{"x":2,"y":1}', '{"x":3}'), ['{"a":1}', '{"a":5,"c":1}', '{"a":3}']),
      [
        'a: differs, expected 5, got 2, expected.jsonl:2 @2',
        'c: missing, expected 1, expected.jsonl:2 @2',
        'b: unexpected, got 1, expected.jsonl:2 @2',
      ],
    )
  })

  it('tells one line too many or too few as that, and no difference in the lines behind it', () => {
    const lines = ['{"x":1}', '{"x":2}', '{"x":3}', '{"x":4}']
    const expected = lines.map((line) => line.replace('x', 'a'))
    assert.deepEqual(differences(run(...lines.slice(1)), expected), [
      'expected.jsonl:1: this line did not come, expected {"a":1}',
    ])
    assert.deepEqual(
      differences(
        run(...lines),
        expected.filter((_, index) => index !== 2),
      ),
      ['expected.jsonl: a line came that is not expected, got {"a":3} @3'],
    )
    assert.deepEqual(differences(run(lines[0]!, '{"x":9}', ...lines.slice(2)), expected), [
      'a: differs, expected 2, got 9, expected.jsonl:2 @2',
    ])
  })

  it('compares lines as they are written, and says so where nothing else differs', () => {
    assert.match(
      differences(run('{"x":1,"y":2}'), ['{"b":2,"a":1}'])[0]!,
      /the same members, but another order/,
    )
    assert.match(differences(run('{"x":1}'), ['{"a":'])[0]!, /the expected line is no JSON/)
  })
})

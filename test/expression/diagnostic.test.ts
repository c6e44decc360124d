import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type Problem, problemIn, renderProblems, wholeFile } from '../../src/expression/diagnostic.ts'

const problem: Problem = {
  message: "unknown function 'lowr'",
  hint: "did you mean 'lower'?",
  field: 'source.user',
  file: 'rules.yaml',
  line: 2,
  column: 10,
  endColumn: 14,
  severity: 'error',
}

const rules = 'source.user:\n  field: lowr(user)\n'

describe('renderProblems', () => {
  test('says what, where, in which field, and what to do', () => {
    assert.equal(
      renderProblems([problem], new Map([['rules.yaml', rules]])),
      [
        "rules.yaml:2:10: error: unknown function 'lowr'",
        '  in source.user',
        '  |',
        '2 |   field: lowr(user)',
        '  |          ^^^^',
        "  = hint: did you mean 'lower'?",
        '',
        '1 error',
        '',
      ].join('\n'),
    )
  })

  test('no problems make no text', () => {
    assert.equal(renderProblems([], new Map()), '')
  })

  test('a problem without field, hint and end has one caret', () => {
    const bare: Problem = { message: 'm', file: 'f', line: 1, column: 2, severity: 'error' }
    assert.equal(
      renderProblems([bare], new Map([['f', 'abc']])),
      'f:1:2: error: m\n  |\n1 | abc\n  |  ^\n\n1 error\n',
    )
  })

  test('the gutter is as wide as the line number', () => {
    const text = `${'\n'.repeat(122)}x`
    assert.equal(
      renderProblems(
        [{ message: 'm', hint: 'h', field: 'a', file: 'f', line: 123, column: 1, severity: 'error' }],
        new Map([['f', text]]),
      ),
      'f:123:1: error: m\n    in a\n    |\n123 | x\n    | ^\n    = hint: h\n\n1 error\n',
    )
  })

  test('the lines of a hint stand one under the other', () => {
    const report = renderProblems([{ ...problem, hint: 'write\nfield: |\n  x' }], new Map())
    assert.match(report, /^ {2}= hint: write\n {4}field: \|\n {6}x$/m)
  })

  test('a file that is not given has no excerpts', () => {
    assert.equal(
      renderProblems([problem], new Map()),
      "rules.yaml:2:10: error: unknown function 'lowr'\n  in source.user\n  = hint: did you mean 'lower'?\n\n1 error\n",
    )
  })

  test('a line that the file does not have has no excerpt', () => {
    assert.doesNotMatch(renderProblems([{ ...problem, line: 4 }], new Map([['rules.yaml', rules]])), /\|/)
  })

  test('problems come in the order of files, lines and columns', () => {
    const at = (file: string, line: number, column: number): Problem => ({ ...problem, file, line, column })
    const report = renderProblems([at('b', 1, 1), at('a', 2, 1), at('a', 1, 10), at('a', 1, 9)], new Map())
    assert.deepEqual(report.match(/^\w+:\d+:\d+/gm), ['a:1:9', 'a:1:10', 'a:2:1', 'b:1:1'])
  })

  const counts: [severities: Problem['severity'][], count: string][] = [
    [['error', 'error'], '2 errors'],
    [['warning'], '1 warning'],
    [['warning', 'warning'], '2 warnings'],
    [['warning', 'error', 'error'], '2 errors, 1 warning'],
  ]
  for (const [severities, count] of counts) {
    test(`the report ends with '${count}'`, () => {
      const problems = severities.map((severity) => ({ ...problem, severity }))
      assert.ok(renderProblems(problems, new Map()).endsWith(`\n\n${count}\n`))
    })
  }

  test('a warning says so', () => {
    assert.match(
      renderProblems([{ ...problem, severity: 'warning' }], new Map()),
      /^rules.yaml:2:10: warning: /,
    )
  })
})

/** The excerpt's line and its carets. */
function excerptOf(line: string, column: number, endColumn?: number): [line: string, carets: string] {
  const at = { ...problem, file: 'f', line: 1, column, ...(endColumn !== undefined && { endColumn }) }
  if (endColumn === undefined) delete at.endColumn
  const [, , , text, carets] = renderProblems([at], new Map([['f', line]])).split('\n')
  return [text!.slice(4), carets!.slice(4)]
}

describe('an excerpt', () => {
  test('shows a tab as four blanks', () => {
    assert.deepEqual(excerptOf('\tab\tc', 2, 4), ['    ab    c', '    ^^'])
    assert.deepEqual(excerptOf('\tab', 1, 2), ['    ab', '^^^^'])
  })

  test('keeps the caret under a character behind wide ones', () => {
    assert.deepEqual(excerptOf('日本x', 3), ['日本x', '    ^'])
    assert.deepEqual(excerptOf('😀x', 2), ['😀x', '  ^'])
    assert.deepEqual(excerptOf('ｆx', 2), ['ｆx', '  ^'])
    assert.deepEqual(excerptOf('한국', 2), ['한국', '  ^^'])
  })

  test('gives combining marks no column of their own', () => {
    assert.deepEqual(excerptOf('e\u0301x', 3), ['e\u0301x', ' ^'])
    assert.deepEqual(excerptOf('e\u0301x', 2), ['e\u0301x', ' ^'])
  })

  test('puts the caret behind the line for its end', () => {
    assert.deepEqual(excerptOf('ab', 3), ['ab', '  ^'])
    assert.deepEqual(excerptOf('ab', 9), ['ab', '  ^'])
    assert.deepEqual(excerptOf('', 1), ['', '^'])
  })

  test('underlines no further than the line goes', () => {
    assert.deepEqual(excerptOf('abc', 2, 99), ['abc', ' ^^'])
  })

  test('has a caret for an empty span', () => {
    assert.deepEqual(excerptOf('abc', 2, 2), ['abc', ' ^'])
  })

  test('shows nothing that turns the text round or moves the cursor', () => {
    assert.deepEqual(excerptOf('a\u001b[31m\u202eb\u2028c\ud800d', 9), [
      'a\ufffd[31m\ufffdb\ufffdc\ufffdd',
      '        ^',
    ])
  })

  test('cuts a long line after the part that is underlined', () => {
    const [line, carets] = excerptOf(`ab${'x'.repeat(200)}`, 2)
    assert.equal(line, `ab${'x'.repeat(98)}...`)
    assert.equal(carets, ' ^')
  })

  test('cuts a long line before the part that is underlined', () => {
    const [line, carets] = excerptOf(`${'x'.repeat(200)}ab`, 202)
    assert.equal(line, `...${'x'.repeat(98)}ab`)
    assert.equal(carets, `${' '.repeat(102)}^`)
  })

  test('cuts a long line on both sides', () => {
    const [line, carets] = excerptOf(`${'x'.repeat(200)}ab${'y'.repeat(200)}`, 202)
    assert.equal(line, `...${'x'.repeat(39)}ab${'y'.repeat(59)}...`)
    assert.equal(carets, `${' '.repeat(43)}^`)
  })

  test('of a line of megabytes is as short', () => {
    const [line, carets] = excerptOf(`${'😀'.repeat(500_000)}ab${'y'.repeat(500_000)}`, 500_002)
    assert.equal(line.slice(carets.length + 19, carets.length + 20), 'y')
    assert.ok(line.length < 110)
  })

  test('has its first caret under the character, whatever stands before', () => {
    const unit = fc.constantFrom('a', ' ', '\t', '日', '😀', 'e\u0301', '\u0007', '\u202e')
    fc.assert(
      fc.property(
        fc.string({ unit, maxLength: 150 }),
        fc.string({ unit, maxLength: 150 }),
        (before, after) => {
          const [line, carets] = excerptOf(`${before}#${after}`, [...before].length + 1)
          assert.equal(carets.trimStart(), '^')
          let width = 0
          for (const character of line.slice(0, line.indexOf('#'))) {
            width += character === '\u0301' ? 0 : '日😀'.includes(character) ? 2 : 1
          }
          assert.equal(carets.length - 1, width)
          assert.ok(line.length <= 330)
        },
      ),
    )
  })
})

describe('problemIn', () => {
  const source = wholeFile('a = lowr(x)\nb = 1  \n', 'tap')

  test('places a span', () => {
    assert.deepEqual(problemIn(source, { start: 4, end: 8 }, { message: 'm', field: 'tap' }), {
      message: 'm',
      field: 'tap',
      file: 'tap',
      line: 1,
      column: 5,
      endColumn: 9,
      severity: 'error',
    })
  })

  test('underlines what a span over several lines has on its first', () => {
    const { line, column, endColumn } = problemIn(source, { start: 8, end: 14 }, { message: 'm' })
    assert.deepEqual({ line, column, endColumn }, { line: 1, column: 9, endColumn: 12 })
  })

  test('an empty span has one column', () => {
    const { column, endColumn } = problemIn(source, { start: 2, end: 2 }, { message: 'm' })
    assert.deepEqual({ column, endColumn }, { column: 3, endColumn: 4 })
  })

  test('the end of the text is behind its last visible character', () => {
    const { line, column, endColumn } = problemIn(source, { start: 20, end: 20 }, { message: 'm' })
    assert.deepEqual({ line, column, endColumn }, { line: 2, column: 6, endColumn: 7 })
  })

  test('keeps hint and severity', () => {
    const { hint, severity } = problemIn(
      source,
      { start: 0, end: 1 },
      { message: 'm', hint: 'h', severity: 'warning' },
    )
    assert.deepEqual({ hint, severity }, { hint: 'h', severity: 'warning' })
  })
})

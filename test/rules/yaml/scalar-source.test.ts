import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { SourceText } from '../../../src/expression/diagnostic.ts'
import { loadRuleFile } from '../../../src/rules/load.ts'
import { propertyRuns } from '../../property-runs.ts'

/** The expression of the only rule that a file has. */
function expressionIn(file: string): SourceText {
  const { rules, problems } = loadRuleFile(file, 'rules.yaml')
  assert.deepEqual(problems, [], file)
  const [rule] = rules
  assert.ok(rule?.source.kind === 'expression')
  return rule.source.text
}

/** The text of the file where the source says that a character of its text is. */
function writtenAt(file: string, source: SourceText, offset: number): string {
  const { line, column } = source.locate(offset)
  const content = file.replace(/^\ufeff/, '').split(/\r\n|\n|\r/)[line - 1]!
  return [...content].slice(column - 1).join('')
}

/** Every visible character of the text is found in the file, and never at a place that is before the last one's. */
function assertExact(file: string): void {
  const source = expressionIn(file)
  let last = { line: 0, column: 0 }
  for (let offset = 0; offset < source.text.length; offset++) {
    const codePoint = source.text.codePointAt(offset)!
    if (codePoint >= 0xdc00 && codePoint <= 0xdfff) continue
    const place = source.locate(offset)
    assert.ok(place.line > last.line || (place.line === last.line && place.column > last.column), file)
    last = place
    const character = String.fromCodePoint(codePoint)
    if (character.trim() === '') continue
    const written = writtenAt(file, source, offset)
    assert.ok(
      written.startsWith(character) || escapeIn(written) === character,
      `${file}\n${offset} ${written}`,
    )
  }
}

/** The character of the escape of double quotes that a text begins with. */
function escapeIn(written: string): string | undefined {
  const hexadecimal = /^\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8}))/.exec(written)
  if (hexadecimal === null) return /^\\(["\\/])/.exec(written)?.[1]
  return String.fromCodePoint(Number.parseInt(hexadecimal[1] ?? hexadecimal[2] ?? hexadecimal[3]!, 16))
}

const character = fc.constantFrom(...'abcxyz019_.()[]{},+-*=<>"\'\\#:%!&é日😀𝒳')
const word = fc.string({ unit: character, minLength: 1, maxLength: 8 })
const plainWord = fc.string({
  unit: fc.constantFrom(...'abcxyz019_.()+*=<>"\'\\é日😀𝒳'),
  minLength: 1,
  maxLength: 8,
})
const lineEnd = fc.constantFrom('\n', '\r\n', '\r')

/** Something to stand before the scalar: a mark, comments, other characters than the basic ones. */
const preamble = fc.constantFrom('', '\ufeff', '# 😀\n', '\ufeff# x\n\n')

function withLineEnd(file: string, end: string): string {
  return file.replaceAll('\n', end)
}

describe("a scalar's text leads back to the file", () => {
  const blockLine = fc.tuple(fc.nat({ max: 3 }), fc.array(word, { maxLength: 4 })).map(([indent, words]) => {
    return words.length === 0 ? '' : ' '.repeat(indent) + words.join(' ')
  })
  const blockLines = fc
    .array(blockLine, { minLength: 1, maxLength: 6 })
    .filter((lines) => lines.some((line) => line !== '' && !/^\s*required/.test(line)))

  for (const style of ['|', '>']) {
    test(`after ${style}, with any indentation, chomping and line ends`, () => {
      const header = fc.record({
        indent: fc.integer({ min: 1, max: 6 }),
        chomping: fc.constantFrom('', '+', '-'),
      })
      fc.assert(
        fc.property(
          preamble,
          header,
          blockLines,
          lineEnd,
          fc.boolean(),
          (before, { indent, chomping }, lines, end, nested) => {
            const outer = nested ? 2 : 0
            const key = nested ? 'a:\n  field' : 'a'
            const blanks = ' '.repeat(outer + indent)
            const content = lines.map((line) => (line === '' ? '' : blanks + line)).join('\n')
            assertExact(
              withLineEnd(`${before}${key}: ${style}${indent}${chomping} # note\n${content}\n`, end),
            )
          },
        ),
        { numRuns: propertyRuns(400) },
      )
    })
  }

  test('after |, whose indentation is that of the first line', () => {
    fc.assert(
      fc.property(blockLines, lineEnd, fc.boolean(), (lines, end, finalEnd) => {
        const content = ['x', ...lines].map((line) => (line === '' ? '' : `    ${line}`)).join('\n')
        assertExact(withLineEnd(`a:\n  field: |\n${content}${finalEnd ? '\n' : ''}`, end))
      }),
      { numRuns: propertyRuns(200) },
    )
  })

  const flowLines = (unit: fc.Arbitrary<string>) =>
    fc.array(
      fc.record({
        words: fc.array(unit, { minLength: 1, maxLength: 3 }),
        empty: fc.nat({ max: 2 }),
        indent: fc.nat({ max: 3 }),
      }),
      { minLength: 1, maxLength: 4 },
    )
  /** Lines with blanks at their ends, and empty lines between them, as flow scalars fold them. */
  const fold = (lines: readonly { words: string[]; empty: number; indent: number }[]): string =>
    lines
      .map(({ words, empty, indent }, index) => {
        const breaks =
          index === 0 ? '' : `${' '.repeat(indent)}\n${' \n'.repeat(empty)}${' '.repeat(indent + 3)}`
        return breaks + words.join('  ')
      })
      .join('')

  test('without quotes, over several lines', () => {
    fc.assert(
      fc.property(preamble, flowLines(plainWord), lineEnd, fc.boolean(), (before, lines, end, nested) => {
        const text = `f(${fold(lines)})`
        const key = nested ? 'a:\n  field: ' : 'a: '
        assertExact(withLineEnd(`${before}${key}${text}\n# note\n`, end))
      }),
      { numRuns: propertyRuns(400) },
    )
  })

  test('in single quotes, over several lines', () => {
    fc.assert(
      fc.property(preamble, flowLines(word), lineEnd, fc.boolean(), (before, lines, end, flow) => {
        const text = `'${fold(lines.map((line) => ({ ...line, words: line.words.map((part) => part.replaceAll("'", "''")) })))} '`
        assertExact(
          withLineEnd(`${before}${flow ? `a: {required: true, field: ${text}}` : `a: ${text}`}\n`, end),
        )
      }),
      { numRuns: propertyRuns(400) },
    )
  })

  test('in double quotes, with any escapes and escaped line breaks', () => {
    const escaped = fc
      .tuple(word, fc.array(fc.nat({ max: 5 }), { minLength: 8, maxLength: 8 }))
      .map(([text, ways]) => {
        return [...text].map((letter, index) => written(letter, ways[index]!)).join('')
      })
    fc.assert(
      fc.property(preamble, flowLines(escaped), lineEnd, fc.boolean(), (before, lines, end, joined) => {
        const folded = fold(lines)
        const text = joined ? folded.replace(/ *\n/, '\\\n') : folded
        assertExact(withLineEnd(`${before}a:\n  field: "${text}"\n`, end))
      }),
      { numRuns: propertyRuns(400) },
    )
  })

  function written(letter: string, way: number): string {
    const code = letter.codePointAt(0)!
    if (way === 1 && code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`
    if (way === 2 && code < 0x10000) return `\\u${code.toString(16).padStart(4, '0')}`
    if (way === 3) return `\\U${code.toString(16).padStart(8, '0')}`
    return letter === '"' || letter === '\\' ? `\\${letter}` : letter
  }
})

describe('the places of', () => {
  const cases: [what: string, file: string, offset: number, line: number, column: number][] = [
    ['a fold are at the end of the line', 'a: x +\n   y\n', 3, 1, 7],
    ['what follows a fold are on the next line', 'a: x +\n   y\n', 4, 2, 4],
    ['an escape are at its backslash', 'a: "x\\u0041y"\n', 1, 1, 6],
    ['what follows an escape are behind it', 'a: "x\\u0041y"\n', 2, 1, 12],
    ['a doubled quote are at the first', "a: 'x''y'\n", 1, 1, 6],
    ['what follows a doubled quote are behind both', "a: 'x''y'\n", 2, 1, 8],
    ['a line break after | are at the end of the line', 'a: |\n  x\n  y\n', 1, 2, 4],
    ['an empty line after | are on it', 'a: |\n  x\n\n  y\n', 2, 3, 1],
    ['the end are behind the last character', 'a: x + # note\n', 3, 1, 7],
    ['the end after | are behind the last visible character', 'a: |\n  x +   \n\n\nb: y\n', 99, 2, 6],
    ['the end in quotes are behind the last visible character', 'a: "x \\t\\"  "\n', 99, 1, 11],
    ['the end at an astral character are behind it', 'a: x😀\n', 3, 1, 6],
    ['an anchored text leave the anchor out', 'a: &name x\n', 0, 1, 10],
  ]
  for (const [what, file, offset, line, column] of cases) {
    test(what, () => {
      const { rules } = loadRuleFile(file, 'rules.yaml')
      assert.ok(rules[0]?.source.kind === 'expression')
      assert.deepEqual(rules[0].source.text.locate(offset), { file: 'rules.yaml', line, column })
    })
  }

  test('an alias are those of what it names', () => {
    const { rules } = loadRuleFile('a: &name lower(x)\nb: *name\n', 'rules.yaml')
    assert.ok(rules[1]?.source.kind === 'expression')
    assert.equal(rules[1].source.text.text, 'lower(x)')
    assert.deepEqual(rules[1].source.text.locate(6), { file: 'rules.yaml', line: 1, column: 16 })
  })
})

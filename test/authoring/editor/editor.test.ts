import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import {
  define,
  diagnose,
  hover,
  kindOf,
  rangeOf,
  sampleOfFile,
} from '../../../src/authoring/editor/index.ts'
import { allReferences, referenceMarkdown } from '../../../src/authoring/editor/reference.ts'
import { Lines } from '../../../src/expression/syntax/lines.ts'
import { compileRules, RuleError } from '../../../src/rules/compile.ts'
import { marked } from './marked.ts'

describe('diagnostics', () => {
  it('are the problems that the compiler reports, for every file of faults', () => {
    const folder = new URL('../../rules/golden-expressions/', import.meta.url)
    let count = 0
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.yaml'))) {
      const text = readFileSync(new URL(file, folder), 'utf8')
      let expected: readonly unknown[]
      try {
        expected = compileRules(text, { file }).warnings
      } catch (error) {
        expected = (error as RuleError).problems
        assert.ok(error instanceof RuleError, file)
      }
      const { document } = marked(text, { file, kind: 'rules' })
      assert.deepEqual(diagnose(document), expected, file)
      count += expected.length
    }
    assert.ok(count > 100, `${count} problems`)
  })

  it('underline what is at fault, also behind characters of two units', () => {
    const text = "a: |\n  '😀' + lowr(src)\n"
    const { document } = marked(text)
    const [problem] = diagnose(document)
    const { start, end } = rangeOf(problem!, new Lines(text))
    assert.equal(text.slice(start, end), 'lowr')
    assert.match(problem!.hint!, /lower/)
  })

  it('of included files come with the file that includes them, and alone', () => {
    const shared = 'lookup: {t: {1: a}}\nb: lowr(src)\n'
    const { document } = marked('include: [_shared.yaml]\na: src\n', { readFile: () => shared })
    assert.deepEqual(
      diagnose(document).map(({ file }) => file),
      ['_shared.yaml'],
    )
    const alone = marked(shared, { file: 'rules/_shared.yaml' }).document
    assert.equal(alone.kind, 'included')
    assert.deepEqual(
      diagnose(alone).map(({ file, line }) => `${file}:${line}`),
      ['rules/_shared.yaml:2'],
    )
  })

  it('of routes files and of tables are theirs', () => {
    const routes = "routes:\n  - {when: prgram == lowr('x'), rules: a}\n"
    assert.match(diagnose(marked(routes).document)[0]!.message, /lowr/)
    const tables = marked('a: {1: x}\na: {2: y}\n', { file: 'lookups.yaml' }).document
    assert.equal(diagnose(tables).length, 1)
    assert.equal(kindOf('x.test.yaml', ''), 'tests')
  })
})

function hoverText(text: string): string | undefined {
  const { document, offset } = marked(text)
  return hover(document, offset)?.text
}

describe('hover', () => {
  it('shows the page of a function, a built-in or a method', () => {
    assert.match(hoverText('a: lo¦wer(src)')!, /^```python\nlower\(/)
    assert.match(hoverText('a: |\n  sorted(tags, key=le¦n)')!, /^```python\nlen\(/)
    assert.match(hoverText('a: src.spl¦it(1)')!, /^Method of str/)
    assert.equal(hoverText('a: "\'lo¦wer(x)\'"'), undefined)
  })

  it('shows fields of the sample, tables, patterns and keys', () => {
    assert.match(
      hoverText('a: user.na¦me')!,
      /^Field `user.name`: str in 2 of 2 events, for example `"anna"`/,
    )
    assert.match(
      hoverText("lookup: {t: {1: a, 2: b}}\na: lookup('t¦', src)")!,
      /2 entries[\s\S]*- `1`: `"a"`/,
    )
    assert.match(hoverText("a: extract(src, '%{IN¦T:x}')")!, /Pattern `INT`/)
    assert.match(hoverText('wh¦en: true')!, /condition/)
    assert.match(hoverText('a:\n  requi¦red: false')!, /left out/)
    assert.equal(hoverText('a: unknown¦_field'), undefined)
  })
})

describe('definitions', () => {
  const at = (text: string, options = {}) => {
    const { document, offset } = marked(text, options)
    return define(document, offset)
  }

  it('lead to tables, in this file and in others, to patterns, and to files that are included', () => {
    const own = "lookup:\n  t: {1: a}\na: lookup('t¦', src)\n"
    assert.deepEqual(at(own), { file: 'x.yaml', line: 2, column: 3, endColumn: 4 })
    const lookups = [{ file: 'lookups.yaml', text: '\nports: {22: ssh}\n' }]
    assert.equal(at("a: lookup('por¦ts', src)", { lookups })!.file, 'lookups.yaml')
    assert.equal(at("patterns:\n  TICKET: x\na: extract(src, '%{TIC¦KET}')\n")!.line, 2)
    assert.equal(
      at('include: [shared/_sys¦log.yaml, b.yaml]', { file: 'rules/x.yaml' })!.file,
      'rules/shared/_syslog.yaml',
    )
    assert.equal(at('include:\n  - ../b¦.yaml', { file: 'rules/x.yaml' })!.file, 'b.yaml')
    assert.equal(at('a: lower(s¦rc)'), undefined)
  })
})

describe('samples', () => {
  it('come from lines, documents, records and test cases', () => {
    const paths = (file: string, text: string, inputFormat?: 'csv' | 'json' | 'text') =>
      sampleOfFile(file, text, { inputFormat }).fields.map(({ path }) => path.join('.'))
    assert.deepEqual(
      paths('input.jsonl', '{"a":{"b":1}}\nno json\n{"__proto__":2,"big":123456789012345678901}\n'),
      ['a', 'a.b', '__proto__', 'big'],
    )
    assert.deepEqual(paths('input.csv', 'x,y\n1,2\n', 'csv'), ['x', 'y'])
    assert.deepEqual(paths('x.test.yaml', 'cases:\n  - {name: n, event: {action: deny}}\n  - 3\n'), [
      'action',
    ])
    assert.deepEqual(paths('input.log', 'a line\n', 'text'), ['message'])
  })
})

it('the reference of every function, built-in and method has a page', () => {
  assert.ok(allReferences().length > 150)
  for (const reference of allReferences()) {
    assert.ok(referenceMarkdown(reference).includes(reference.summary), reference.name)
    assert.ok(reference.examples.length > 0, reference.name)
  }
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileRules } from '../../../src/rules/compile.ts'

const SIZE = 1024 * 1024

/** A text of a million characters: work that grows with the square of it would take hours, not a part of a second. */
function large(piece: string): string {
  return piece.repeat(Math.ceil(SIZE / piece.length))
}

/** The value of an expression for one large text, or the code of the rejection. */
function resultOf(expression: string, v: string): unknown {
  const runner = compileRules(`r?: ${JSON.stringify(expression)}\n`).createRunner()
  const output = runner.run({ v }, '')
  return output === undefined ? runner.rejection.code : output.r
}

const CASES: readonly [expression: string, text: string, result: unknown][] = [
  ['parse_kv(v)', `a=1 ${large('b="')}`, { a: '1', b: 'b=' }],
  ['parse_csv(v, ["a", null, "c"])', `1,${large('"')},3`, { a: '1', c: '3' }],
  ['len(parse_cef(v)["extension"])', `CEF:0|a|b|c|d|e|f|${large('x=y ')}`, 1],
  ['parse_cef(v)', `CEF:0|a|b|c|d|${large('\\')}`, undefined],
  ['len(parse_leef(v)["extension"])', `LEEF:1.0|a|b|c|d|${large('x\t=')}`, 0],
  ['parse_syslog(v)["appname"]', `<34>1 - h a - - [${large('b="\\" ')}`, 'a'],
  ['parse_xml(v)', `<a>${large('<!--')}`, undefined],
  ['parse_xml(v)', large('<a>'), undefined],
  ['html_unescape(v) == v', large('&#'), true],
  ['len(html_unescape(v))', large('&amp;'), Math.ceil(SIZE / 5)],
  ['normalize_url(v)["protocol"]', `http://h/${large('a\t')}`, 'http'],
  ['normalize_url(v)["password"]', `http://${large('@')}h/`, ''],
  ["dissect(v, '%{a} -> %{b}!')", large(' -> '), undefined],
  ["extract(v, '(?P<a>.*)=(?P<b>.*)!$')", large('='), undefined],
  ['len(snake_case(v))', large('aB'), (SIZE / 2) * 3],
  ['len(flatten({"a": {"b": {v: 1}}})) ', large('k'), 1],
]

for (const [expression, text, result] of CASES) {
  test(`a text of a million characters ends: ${expression}, ${text.slice(0, 24).trimEnd()}`, () => {
    const found = resultOf(expression, text)
    // The texts are too long to be shown.
    if (result !== undefined)
      assert.ok(JSON.stringify(found) === JSON.stringify(result), String(JSON.stringify(found)).slice(0, 200))
    else assert.equal(String(JSON.stringify(found)).slice(0, 200), 'undefined')
  })
}

/** Code that rules of several rule sets have in common. */
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { NODE_CODING } from '../../../src/formats/node-coding.ts'
import { ChunkText } from '../../../src/json/chunk-text.ts'
import { compileRules } from '../../../src/rules/compile.ts'
import type { RuleFunction } from '../../../src/rules/fast/fast-path.ts'
import { generateFastPath } from '../../../src/rules/fast/generate.ts'
import { FunctionTemplates } from '../../../src/rules/generate/function-templates.ts'
import type { RoutedRules } from '../../../src/rules/sets/routed-rules.ts'
import { propertyRuns } from '../../property-runs.ts'
import { eventLine, ruleFileWithCases } from '../fast/generated.ts'
import { compileSets } from '../sets/compile-sets.ts'

/** The code of the functions of a rule set, and the number of templates after it. */
function functionsOf(text: string, templates: FunctionTemplates) {
  const { program } = generateFastPath(compileRules(text).checked, undefined, templates)!
  const functions = program.evaluate.filter((each): each is RuleFunction => each !== undefined)
  return { codes: functions.map(String), size: templates.size }
}

function routed(texts: readonly string[]): RoutedRules {
  const sets = texts.map((text, index) => [`s${index}`, `when: set == ${index + 2}\n${text}`])
  return compileSets(Object.fromEntries(sets), 'drop')
}

/** The outputs of the lines that the fast path takes, one by one; undefined for the others. */
function fastOutputs(rules: RoutedRules, lines: readonly string[]): (string | undefined)[] {
  const path = rules.fastPath?.create(rules.createNotes(), NODE_CODING)
  return lines.map((line) => {
    path?.lines(new ChunkText(Buffer.from(`${line}\n`), NODE_CODING), 0, 1)
    return path?.taken === 1 ? Buffer.from(path.writer.take()).toString() : undefined
  })
}

describe('templates of functions', () => {
  it('are shared by rules that differ in members, texts, numbers and tables', () => {
    const templates = new FunctionTemplates()
    const first = functionsOf(
      "lookup: {t: {1: a}}\na: lower(x.y)\nb?: lookup('t', n % 2, 'none')\nc?: cond(n > 5, s, 'less')",
      templates,
    )
    const second = functionsOf(
      "lookup: {u: {2: b}}\nz: 1\nq?: cond(k > 70, q.r, 'more')\nb?: lookup('u', k % 3, 'other')\nd: lower(other.field)",
      templates,
    )
    // `s` is one member, and `q.r` may be written in two ways.
    assert.deepEqual([first.size, second.size], [3, 4])
    assert.deepEqual([first.codes[0], first.codes[1]], [second.codes[2], second.codes[1]])
  })

  it('are other ones where other functions are called, where a rule is required, and for the next rule of one rule set', () => {
    const templates = new FunctionTemplates()
    const sizes = [
      'a: lower(x)',
      'a: upper(x)',
      'a?: lower(x)',
      'b: lower(y)',
      'a: lower(x)\nb: lower(y)',
    ].map((text) => functionsOf(text, templates).size)
    assert.deepEqual(sizes, [1, 2, 3, 3, 4])
  })

  it('give each rule its own constants', () => {
    const rules = routed([
      "lookup: {t: {a: one}}\nr?: lookup('t', x, 'none')\ns?: match('a+', x)\nt?: x in ('a', 'b')\nu?: y + 1",
      "lookup: {t: {a: two}}\nr?: lookup('t', y, 'nothing')\ns?: match('b+', y)\nt?: y in ('c', 'd')\nu?: x + 100",
      "patterns: {P: 'a+'}\nr?: extract(x, '%{P:p}')['p']",
      "patterns: {P: '[ab]+'}\nr?: extract(x, '%{P:p}')['p']",
    ])
    const line = (set: number, x: unknown, y: unknown) => JSON.stringify({ set, x, y })
    const lines = [
      line(2, 'a', 1),
      line(3, 5, 'a'),
      line(2, 'b', 2),
      line(3, 7, 'bb'),
      line(4, 'ab', 1),
      line(5, 'ab', 1),
    ]
    assert.deepEqual(fastOutputs(rules, lines), [
      '{"r":"one","s":true,"t":true,"u":2}\n',
      '{"r":"two","s":false,"t":false,"u":105}\n',
      '{"r":"none","s":false,"t":true,"u":3}\n',
      '{"r":"nothing","s":true,"t":false,"u":107}\n',
      '{"r":"a"}\n',
      '{"r":"ab"}\n',
    ])
  })

  it('hold any number of constants', () => {
    const texts = Array.from({ length: 300 }, (_, index) => `'k${index}': ${index}`)
    const rules = routed([`r: "{${texts.join(', ')}}[x]"`, 'r: x'])
    assert.deepEqual(fastOutputs(rules, ['{"set":2,"x":"k299"}', '{"set":2,"x":"k7"}']), [
      '{"r":299}\n',
      '{"r":7}\n',
    ])
  })

  it('leave the results of any rule sets as they are alone', () => {
    const files = fc.array(ruleFileWithCases, { minLength: 2, maxLength: 4 })
    const lines = fc.array(eventLine, { minLength: 1, maxLength: 8 })
    const compare = (texts: readonly string[], events: readonly string[]): void => {
      const marked = texts.flatMap((_, set) =>
        events.filter((line) => line.startsWith('{"')).map((line) => `{"set":${set + 2},${line.slice(1)}`),
      )
      const together = fastOutputs(routed(texts), marked)
      const alone = texts.flatMap((text, set) => {
        // The others are there, and make nothing.
        const others = texts.map((_, other) => (other === set ? text : 'a: 1'))
        return fastOutputs(
          routed(others),
          marked.filter((line) => line.startsWith(`{"set":${set + 2},`)),
        )
      })
      assert.deepEqual(together, alone)
    }
    fc.assert(fc.property(files, lines, compare), { numRuns: propertyRuns(15) })
  })
})

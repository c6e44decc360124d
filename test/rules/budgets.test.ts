/** The work and the values that one event may cause: hostile events get a VALUE_ERROR, soon, whatever way they go. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compileRules } from '../../src/index.ts'

const TOO_MUCH_WORK = /more work than one event may cause \(\d+ units\)$/
const TOO_MUCH_BUILT = /result too big: more than \d+ bytes of values for one event$/

const rules = (expression: string) => `a: ${JSON.stringify(expression)}\n`

/** The rejection's message, or the value. */
function outcome(text: string, event: object, limits: { maxWork?: number; maxBuilt?: number } = {}): unknown {
  const { output, rejection } = compileRules(text, limits)(event)
  if (rejection === undefined) return output!['a']
  assert.equal(rejection.code, 'VALUE_ERROR')
  return rejection.message
}

describe('the work of one event', () => {
  const s = 'ab'.repeat(100_000)
  const l = Array.from({ length: 100_000 }, (_, index) => index)
  const hostile: readonly (readonly [expression: string, event: object])[] = [
    ['len([1 for x in l if x in l])', { l }],
    ['len([1 for i in range(len(s)) if s.count(s[i]) > 0])', { s }],
    ['len([1 for i in range(len(s)) if s.find("x", i) > 0])', { s }],
    ['len([1 for i in range(len(s)) if s[i:] < s])', { s }],
    ['len([1 for a in l for b in l if a < 0])', { l }],
    ['len([1 for x in l if l.index(x) < 0])', { l }],
    ['len([1 for x in l if sorted(l)[0] > 0])', { l }],
    ['len([1 for x in l if sum(l) < 0])', { l }],
    ['len([1 for x in l if l == l[:]])', { l }],
    ['len([1 for i in range(len(s)) if lower(s) == "x"])', { s }],
    ['len([1 for i in range(len(s)) if match("x*y", s)])', { s: 'x'.repeat(200_000) }],
  ]
  for (const [expression, event] of hostile) {
    it(`is limited: ${expression}`, () => {
      const message = outcome(rules(expression), event, { maxWork: 50_000_000 })
      assert.match(String(message), /more work than|result too big/)
    })
  }

  it('has a default that ends an evaluation of hours', () => {
    const message = outcome(rules('len([1 for x in l if x in l])'), { l })
    assert.match(String(message), TOO_MUCH_WORK)
  })

  it('is not counted in rounds: an index of any text takes the same time', () => {
    const expression = 'len([1 for i in range(len(s)) if s[i] == s[0]])'
    for (const character of ['a', 'ж', '😀', 'e\u0301']) {
      const text = character.repeat(50_000)
      const count = [...text].filter((each) => each === [...text][0]).length
      assert.equal(outcome(rules(expression), { s: text }), count)
    }
  })

  it('begins anew with each event, and has a bound that can be set', () => {
    const normalize = compileRules(rules('len([1 for i in range(n)])'), { maxWork: 1_000_000 })
    for (let round = 0; round < 200; round++) assert.deepEqual(normalize({ n: 100 }).output, { a: 100 })
    assert.match(normalize({ n: 1_000_000 }).rejection!.message, TOO_MUCH_WORK)
    assert.deepEqual(normalize({ n: 100 }).output, { a: 100 })
    assert.throws(() => compileRules('a: b', { maxWork: 0 }), TypeError)
    assert.throws(() => compileRules('a: b', { maxBuilt: 0.5 }), TypeError)
  })
})

describe('the values of one event', () => {
  const hostile: readonly (readonly [expression: string, event: object])[] = [
    ["' ' * d + s", { d: 60_000_000, s: 'x' }],
    ['[[x]*k for i in range(k)]', { x: 1, k: 9999 }],
    ["s.replace('', s)", { s: 'x'.repeat(20_000) }],
    ['s.join(l)', { s: 'x'.repeat(100_000), l: Array.from({ length: 1000 }, () => 'y') }],
    ['[s + str(i) for i in range(1000)]', { s: 'x'.repeat(100_000) }],
    ["'%60000000s' % s", { s: 'x' }],
    ["f'{s:>60000000}' + f'{s:>60000000}'", { s: 'x' }],
    ['s.zfill(60000000) + s.ljust(60000000)', { s: 'x' }],
    ["'\\t'.join(l).expandtabs(60000000)", { l: ['', ''] }],
    ['list(range(n))', { n: 50_000_000 }],
    ['list(zip(s, s))', { s: 'x'.repeat(2_000_000) }],
    ["s.split(',')", { s: ','.repeat(5_000_000) }],
    ['[2 ** 1000000 + i for i in range(2000)]', {}],
    ['{i: i for i in range(n)}', { n: 10_000_000 }],
    ['[l for i in range(n)]', { l: Array.from({ length: 1000 }, () => 'element'), n: 100_000 }],
  ]
  for (const [expression, event] of hostile) {
    it(`are limited: ${expression}`, () => {
      assert.match(String(outcome(rules(expression), event)), /result too big|more work than|too long/)
    })
  }

  it('are limited in tap', () => {
    const tap =
      'tap: |\n  out = []\n  for x in range(n):\n    out = out + [x]\n  data["o"] = len(out)\na: o\n'
    assert.match(String(outcome(tap, { n: 200_000 })), TOO_MUCH_BUILT)
    assert.equal(outcome(tap, { n: 100 }), 100)
  })

  it('have a bound that can be set', () => {
    const normalize = compileRules(rules("'x' * n"), { maxBuilt: 1000 })
    assert.deepEqual(normalize({ n: 100 }).output, { a: 'x'.repeat(100) })
    assert.match(normalize({ n: 2000 }).rejection!.message, TOO_MUCH_BUILT)
  })
})

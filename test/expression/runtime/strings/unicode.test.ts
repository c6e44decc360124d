import assert from 'node:assert/strict'
import { test } from 'node:test'
import { STRING_METHODS } from '../../../../src/expression/runtime/text/string-methods.ts'
import { isUnassigned } from '../../../../src/expression/runtime/text/unassigned.ts'
import { readRecording } from '../../../cpython/number-values.ts'
import { meter } from '../unlimited.ts'

const { predicates, contexts, mappings } = readRecording('unicode') as unknown as {
  predicates: [method: string, runs: number[]][]
  contexts: [context: string, runs: number[]][]
  mappings: [method: string, changed: Record<string, string>][]
}

function call(method: string, text: string): unknown {
  return STRING_METHODS[method]!.call(meter, text)
}

/**
 * All code points, without those of the planes 4 to 13 but the first and the last few: nothing is assigned there, and
 * each is like the other.
 */
function* codePoints(): Iterable<number> {
  for (let codePoint = 0; codePoint < 0x40100; codePoint++) yield codePoint
  for (let codePoint = 0xdff00; codePoint <= 0x10ffff; codePoint++) yield codePoint
}

/** Lengths of the runs of code points that fail and pass in turn. */
function runsOf(passes: (codePoint: number) => unknown): number[] {
  const runs = [0]
  let passing = false
  let next = 0
  for (const codePoint of codePoints()) {
    if (passes(codePoint) !== passing) {
      passing = !passing
      runs.push(0)
    }
    // A code point that was stepped over is like those on both sides of the gap.
    runs[runs.length - 1]! += codePoint + 1 - next
    next = codePoint + 1
  }
  return runs
}

for (const [method, runs] of predicates) {
  test(`${method}() agrees with CPython on every code point`, () => {
    assert.deepEqual(
      runsOf((codePoint) => call(method, String.fromCodePoint(codePoint))),
      runs,
    )
  })
}

const CONTEXTS: Record<string, (character: string, codePoint: number) => boolean> = {
  unassigned: (_, codePoint) => isUnassigned(codePoint),
  'identifier part': (character) => call('isidentifier', `a${character}`) === true,
  'before sigma': (character) => String(call('lower', `${character}Σ`)).endsWith('ς'),
  'between letter and sigma': (character) => String(call('lower', `a${character}Σ`)).endsWith('ς'),
  'after sigma': (character) => String(call('lower', `aΣ${character}`))[1] === 'ς',
}

for (const [context, runs] of contexts) {
  test(`every code point counts as ${context} where it does in CPython`, () => {
    const passes = CONTEXTS[context]!
    assert.deepEqual(
      runsOf((codePoint) => passes(String.fromCodePoint(codePoint), codePoint)),
      runs,
    )
  })
}

for (const [method, changed] of mappings) {
  test(`${method}() changes the code points that CPython changes, and to the same`, () => {
    const actual: Record<string, unknown> = {}
    for (const codePoint of codePoints()) {
      const character = String.fromCodePoint(codePoint)
      const mapped = call(method, character)
      if (mapped !== character) actual[character] = mapped
    }
    assert.deepEqual(actual, changed)
  })
}

import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { serializeBatch } from '../../../src/batches/serialize.ts'
import type { BatchNotes } from '../../../src/event.ts'
import { NODE_CODING } from '../../../src/formats/node-coding.ts'
import { ChunkText } from '../../../src/json/chunk-text.ts'
import { normalizeBatch } from '../../../src/rules/apply/normalize.ts'
import { parseBatch } from '../../../src/rules/apply/parse-event.ts'
import { compileRules } from '../../../src/rules/compile.ts'
import type { FastPath } from '../../../src/rules/fast/fast-path.ts'
import { planFastPath } from '../../../src/rules/fast/generate.ts'

/**
 * Checks that the fast path gives the output of the plain way wherever it gives one.
 *
 * @returns how many lines it took itself
 */
export function compareWays(rules: string, lines: readonly string[]): number {
  const ruleSet = compileRules(rules)
  const plan = planFastPath(ruleSet.checked)
  if (plan === undefined) return 0
  const fast = plan.create()
  const runner = ruleSet.createRunner()
  // All lines in one block, as they come in a chunk.
  const block = Buffer.from(`${lines.join('\n')}\n`)
  const chunk = new ChunkText(block, NODE_CODING)
  let start = 0
  let taken = 0
  for (const line of lines) {
    const text = Buffer.from(line).toString()
    const next = takeLine(fast, chunk, start)
    const output = Buffer.from(fast.writer.take()).toString()
    start = block.indexOf(0x0a, start) + 1
    if (next === -1) {
      assert.equal(output, '', 'nothing is written for a line that is left to the plain way')
      continue
    }
    taken++
    assert.equal(next, start)
    const parsed = parseBatch('-', { events: [{ line: 1, ordinal: 0, text }], rejected: [] })
    const { texts } = serializeBatch(normalizeBatch(parsed, runner))
    assert.equal(output, texts.join(''), `${rules}\n${line}`)
  }
  return taken
}

/**
 * Checks that reading members of lines gives the output of the plain way with whole objects, the third and simplest way, wherever it gives one, and
 * the same notes.
 *
 * @returns how many lines it took itself
 */
export function compareMembers(rules: string, lines: readonly string[]): number {
  const ruleSet = compileRules(rules)
  const plan = ruleSet.memberPath
  if (plan === undefined) return 0
  const notes = ruleSet.createNotes()
  const members = plan.create(notes, NODE_CODING)
  const plainNotes = ruleSet.createNotes()
  const runner = ruleSet.createRunner(plainNotes)
  const block = Buffer.from(`${lines.join('\n')}\n`)
  const chunk = new ChunkText(block, NODE_CODING)
  let start = 0
  let taken = 0
  for (const line of lines) {
    const text = Buffer.from(line).toString()
    const next = members.lines(chunk, start)
    const output = Buffer.from(members.writer.take()).toString()
    assert.equal(next === start, members.taken === 0)
    const isLeft = next === start
    start = block.indexOf(0x0a, start) + 1
    if (isLeft) {
      assert.equal(output, '', 'nothing is written for a line that is left')
      continue
    }
    taken++
    assert.equal(next, start)
    const parsed = parseBatch('-', { events: [{ line: 1, ordinal: 0, text }], rejected: [] })
    const { texts } = serializeBatch(normalizeBatch(parsed, runner))
    assert.equal(output, texts.join(''), `${rules}\n${line}`)
  }
  assert.deepEqual(countsOf(notes.take()), countsOf(plainNotes.take()), rules)
  return taken
}

function countsOf({ leftOut, dropped, fields }: BatchNotes): unknown {
  return { leftOut, dropped, events: fields?.events }
}

/** Has the fast path take one line. @returns the offset after it; -1: it is left to the plain way */
export function takeLine(fast: FastPath, chunk: ChunkText, start: number): number {
  const next = fast.lines(chunk, start, 1)
  assert.equal(next === start, fast.taken === 0)
  return next === start ? -1 : next
}

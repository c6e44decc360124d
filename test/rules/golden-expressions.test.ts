/**
 * The report for each kind of bad expression, and of one that is hardly meant so: test/rules/golden-expressions/<kind>.yaml is the rule file,
 * <kind>.txt what the operator reads. With UPDATE_GOLDEN=1 in the environment the reports are written anew, to be
 * read in the diff.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { compileRules, RuleError } from '../../src/rules/compile.ts'

const folder = new URL('golden-expressions/', import.meta.url)

for (const file of readdirSync(folder).sort()) {
  if (!file.endsWith('.yaml')) continue
  test(`${file} is reported as recorded`, () => {
    const report = reportOf(readFileSync(new URL(file, folder), 'utf8'), file)
    const recorded = new URL(file.replace('.yaml', '.txt'), folder)
    if (process.env.UPDATE_GOLDEN) writeFileSync(recorded, report)
    assert.equal(report, readFileSync(recorded, 'utf8'))
  })
}

function reportOf(text: string, file: string): string {
  try {
    const { warningText } = compileRules(text, { file })
    assert.notEqual(warningText, '', 'nothing is wrong with the rules')
    return warningText
  } catch (error) {
    if (error instanceof RuleError) return error.message
    throw error
  }
}

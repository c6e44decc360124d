/**
 * The report for each kind of bad file: test/rules/golden/<kind>.yaml is the file, <kind>.txt what the operator
 * reads. With UPDATE_GOLDEN=1 in the environment the reports are written anew, to be read in the diff.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Problem } from '../../src/expression/diagnostic.ts'
import { renderProblems } from '../../src/expression/diagnostic.ts'
import { collectTables, loadLookups, loadRuleFile } from '../../src/rules/load.ts'
import { loadRoutes } from '../../src/rules/sets/routes-file.ts'

const folder = new URL('golden/', import.meta.url)

function problemsOf(file: string, text: string): readonly Problem[] {
  if (file.startsWith('routes-')) return loadRoutes(text, file).problems
  const loaded = file.startsWith('lookups-') ? loadLookups(text, file) : loadRuleFile(text, file)
  return [...loaded.problems, ...collectTables([loaded]).problems]
}

for (const file of readdirSync(folder).sort()) {
  if (!file.endsWith('.yaml')) continue
  test(`${file} is reported as recorded`, () => {
    const text = readFileSync(new URL(file, folder), 'utf8')
    const problems = problemsOf(file, text)
    const report = renderProblems(problems, new Map([[file, text]]))
    const recorded = new URL(file.replace('.yaml', '.txt'), folder)
    if (process.env.UPDATE_GOLDEN) writeFileSync(recorded, report)
    assert.equal(report, readFileSync(recorded, 'utf8'))
    assert.notEqual(report, '')
  })
}

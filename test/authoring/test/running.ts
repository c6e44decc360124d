/** Test files in one call, without files. */
import assert from 'node:assert/strict'
import { explainDifferences, flattened } from '../../../src/authoring/test/explain-difference.ts'
import { judge } from '../../../src/authoring/test/judge.ts'
import { readTestFile, type TestFile } from '../../../src/authoring/test/read-test-file.ts'
import { differenceLine } from '../../../src/authoring/test/report/plain-text.ts'
import { type Difference, pathText } from '../../../src/authoring/test/result.ts'
import { type Outcome, runInput } from '../../../src/authoring/test/run-input.ts'
import { renderProblems } from '../../../src/expression/diagnostic.ts'
import { compileRules } from '../../../src/rules/compile.ts'
import { loadRe2 } from '../../../src/rules/load-re2.ts'
import { compileObserved, type Observation } from '../../../src/rules/observe/index.ts'

export interface RanCase {
  readonly name: string
  readonly outcome: Outcome
  readonly differences: readonly Difference[]
  /** Each difference in one line. */
  readonly lines: readonly string[]
}

export function readCases(text: string): TestFile {
  return readTestFile(text, 'x.test.yaml', loadRe2)
}

/** The report of what is wrong with a test file; '' if nothing is. */
export function problemsOf(text: string): string {
  return renderProblems(readCases(text).problems, new Map([['x.test.yaml', text]]))
}

/** Runs the cases of a test file that has no problems. */
export function runCases(rules: string, text: string): RanCase[] {
  const file = readCases(text)
  assert.deepEqual(file.problems, [])
  const compiled = compileRules(rules, { file: 'x.yaml' })
  const observed = compileObserved(rules, { file: 'x.yaml' })
  return file.cases.map((each) => {
    const { name, input, options, received = Date.now(), detections } = each
    const run = { input: options, received, detections, loadRe2 }
    const outcome = runInput(compiled, input, run)
    const observations: Observation[] = []
    runInput(compiled, input, {
      ...run,
      onEvent: (event) => observations.push(...flattened(observed.run(event, received))),
    })
    const found = judge(each, outcome, file.document)
    const differences = explainDifferences(found, observations, compiled.writes, compiled.enrich?.into)
    return { name, outcome, differences, lines: differences.map(differenceLine) }
  })
}

/** The paths of the differences of one case, with their kinds. */
export function kindsOf({ differences }: RanCase): string[] {
  return differences.map(({ kind, path }) => `${pathText(path)} ${kind}`)
}

/** Results as one JSON object. */
import { type FileResult, pathText, type Summary } from '../result.ts'
import type { CoverageReport, Reporter } from './reporter.ts'

export class JsonReporter implements Reporter {
  file(): string {
    return ''
  }

  end(files: readonly FileResult[], summary: Summary, coverage: CoverageReport | undefined): string {
    const told = files.map(({ cases, ...file }) => ({
      ...file,
      cases: cases.map((each) => ({
        ...each,
        differences: each.differences.map((difference) => ({
          ...difference,
          pathText: pathText(difference.path),
        })),
      })),
    }))
    const report = {
      summary,
      ...(coverage === undefined
        ? undefined
        : { coverage: coverage.json, coverageProblem: coverage.problem }),
      files: told,
    }
    return `${JSON.stringify(report, undefined, 2)}\n`
  }
}

/** The forms in which results are told. */
import type { FileResult, Summary } from '../result.ts'

export const REPORT_FORMATS = ['pretty', 'tap', 'junit', 'json'] as const

export type ReportFormat = (typeof REPORT_FORMATS)[number]

/** Writes results as texts. A reporter is used for one run. */
export interface Reporter {
  /** A file was run. @returns text to print at once; '' where all is told at the end */
  file(result: FileResult): string
  /** The run has ended. @param coverage the text of the coverage, for people */
  end(files: readonly FileResult[], summary: Summary, coverage: CoverageReport | undefined): string
}

/** The coverage as reporters take it. */
export interface CoverageReport {
  /** For people: the listing and the summary. */
  readonly text: string
  /** For tools. */
  readonly json: unknown
  /** One sentence where it is below what was asked for. */
  readonly problem: string | undefined
}

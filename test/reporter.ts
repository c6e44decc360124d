/** A reporter of node:test for `run.ts`: one line of JSON for each test that has ended. */
import { relative, sep } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'

export type TestReport = {
  /** The test's file, from the project's root, with slashes; undefined where Node does not know. */
  readonly file: string | undefined
  /** Names from the outermost suite to the test. */
  readonly names: readonly string[]
} & (
  | { readonly outcome: 'passed' }
  | { readonly outcome: 'skipped'; readonly reason: string }
  | { readonly outcome: 'failed'; readonly error: string }
  /** Processor time of a process that ran files, with its children. */
  | { readonly outcome: 'group'; readonly seconds: number }
)

interface TestEvent {
  readonly type: string
  readonly data: {
    readonly name: string
    readonly nesting: number
    /** Of a diagnostic. */
    readonly message?: string
    readonly file?: string
    readonly skip?: string | boolean
    readonly todo?: string | boolean
    readonly details?: { readonly duration_ms: number; readonly type?: string; readonly error?: unknown }
  }
}

export default async function* reporter(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const names: string[] = []
  for await (const { type, data } of source) {
    if (type === 'test:start') {
      names.length = data.nesting
      names.push(data.name)
    }
    // Something that a test left running has failed after its end: Node tells it here only, and ends with code 1.
    if (type === 'test:diagnostic' && /generated asynchronous activity after/.test(data.message ?? '')) {
      const file = data.file === undefined ? undefined : pathOf(data.file)
      const report = {
        outcome: 'failed',
        file,
        names: ['(after the end of a test)'],
        error: data.message!,
      } as const
      yield `${JSON.stringify(report satisfies TestReport)}\n`
    }
    if (type !== 'test:pass' && type !== 'test:fail') continue
    const file = data.file === undefined ? undefined : pathOf(data.file)
    names.length = data.nesting
    const of = { file, names: [...names, data.name] }
    const report = reportOf(type === 'test:fail', data, of)
    if (report !== undefined) yield `${JSON.stringify(report)}\n`
  }
}

function reportOf(
  failed: boolean,
  data: TestEvent['data'],
  of: { file: string | undefined; names: readonly string[] },
): TestReport | undefined {
  if (failed) {
    const error = data.details?.error as { failureType?: string; cause?: unknown } | undefined
    // A suite, or a test with subtests, fails with those in it, which have been told.
    if (error?.failureType === 'subtestsFailed') return undefined
    return { outcome: 'failed', ...of, error: inspect(error?.cause ?? error) }
  }
  if (data.skip !== undefined && data.skip !== false) {
    return { outcome: 'skipped', ...of, reason: typeof data.skip === 'string' ? data.skip : '' }
  }
  if (data.details?.type === 'suite') return undefined
  return { outcome: 'passed', ...of }
}

function pathOf(file: string): string {
  const path = file.startsWith('file:') ? fileURLToPath(file) : file
  return relative(process.cwd(), path).split(sep).join('/')
}

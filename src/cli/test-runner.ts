/** Runs test files and golden folders: reads their files, compiles their rules once, and judges what comes out. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, normalize } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { Found } from '../authoring/test/compare.ts'
import {
  GOLDEN,
  type GoldenLines,
  goldenTexts,
  inputFormatOf,
  judgeGolden,
  linesOf,
} from '../authoring/test/golden.ts'
import { judge } from '../authoring/test/judge.ts'
import {
  NO_SETTINGS,
  readTestFile,
  readTestOptions,
  type TestCase,
  type TestFile,
  type TestSettings,
} from '../authoring/test/read-test-file.ts'
import { type CaseResult, type FileResult, MAX_DIFFERENCES } from '../authoring/test/result.ts'
import { type Outcome, runInput } from '../authoring/test/run-input.ts'
import { type FailedCase, updateTestFile } from '../authoring/test/update.ts'
import { renderProblems } from '../expression/diagnostic.ts'
import type { InputFormat } from '../formats/input-options.ts'
import { loadRe2 } from '../rules/load-re2.ts'
import { CommandError, EXIT } from './exit-codes.ts'
import { filesOf, loadRules, type RuleFiles } from './rule-files.ts'
import { readText } from './rule-texts.ts'
import { ruleFileBeside, type TestUnit } from './test-discovery.ts'

/** An input of a golden folder has this many bytes at most, unpacked. 256 MiB. */
const MAX_INPUT_BYTES = 256 * 1024 * 1024

type Rules = Awaited<ReturnType<typeof loadRules>>

export interface RunnerOptions {
  /** Run only cases whose name, or whose file's, has this text. Default: all. */
  readonly filter?: string | undefined
  /** Stop behind the first case that fails. */
  readonly bail: boolean
  /** Write what came out into the files. */
  readonly update: boolean
}

/** A unit that was run. */
export interface RanUnit {
  readonly result: FileResult
  /** Every file that it was made of, for `--watch`. */
  readonly files: readonly string[]
}

export class TestRunner {
  readonly #options: RunnerOptions
  /** Rules by the files and options that they are made of. */
  readonly #compiled = new Map<string, Promise<Rules>>()

  constructor(options: RunnerOptions) {
    this.#options = options
  }

  /** Rules are compiled anew from now on: their files may have changed. */
  forget(): void {
    this.#compiled.clear()
  }

  /** @returns undefined: the filter leaves nothing of it */
  async run(unit: TestUnit): Promise<RanUnit | undefined> {
    const started = performance.now()
    const files = new Set<string>()
    try {
      const cases =
        unit.kind === 'file' ? await this.#file(unit.path, files) : await this.#golden(unit, files)
      if (cases === undefined) return undefined
      return { result: { file: unit.path, cases, seconds: secondsSince(started) }, files: [...files] }
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
      const result = { file: unit.path, cases: [], problem: error.message, seconds: secondsSince(started) }
      return { result, files: [...files] }
    }
  }

  async #file(path: string, files: Set<string>): Promise<CaseResult[] | undefined> {
    files.add(path)
    const text = readText(path)
    const file = readTestFile(text, path, loadRe2)
    if (file.problems.length > 0) {
      throw new CommandError(EXIT.USAGE, renderProblems(file.problems, new Map([[path, text]])))
    }
    const { filter } = this.#options
    const isAll = filter === undefined || path.includes(filter)
    const cases = isAll ? file.cases : file.cases.filter(({ name }) => name.includes(filter))
    if (cases.length === 0) return undefined
    const rules = await this.#rules(file, path, files)
    const results: CaseResult[] = []
    const failed: FailedCase[] = []
    for (const each of cases) {
      if (each.skip !== undefined) {
        const { name, place, skip } = each
        results.push({ name, line: place.line, status: 'skipped', skip, differences: [] })
        continue
      }
      const { result, outcome } = this.#case(each, file, rules)
      results.push(result)
      if (result.status === 'passed') continue
      failed.push({ name: each.name, outcome })
      if (this.#options.bail && !this.#options.update) break
    }
    if (this.#options.update && failed.length > 0) return updated(path, text, failed, results)
    return results
  }

  #case(testCase: TestCase, file: TestFile, rules: Rules): { result: CaseResult; outcome: Outcome } {
    const { name, place, input, options, received, detections } = testCase
    const outcome = runInput(rules, input, { input: options, received, detections, loadRe2 })
    const found = judge(testCase, outcome, file.document)
    return { result: { name, line: place.line, ...told(found) }, outcome }
  }

  async #golden(
    { path, input }: Extract<TestUnit, { kind: 'golden' }>,
    files: Set<string>,
  ): Promise<CaseResult[] | undefined> {
    const { filter, update } = this.#options
    if (filter !== undefined && !path.includes(filter)) return undefined
    const inFolder = (name: string): string => {
      const file = join(path, name)
      files.add(file)
      return file
    }
    const format = inputFormatOf(input)!
    const settings = readOptions(inFolder(GOLDEN.options), format)
    const rules = await this.#rules(
      { ...settings, rules: settings.rules ?? [GOLDEN.rules] },
      inFolder(GOLDEN.rules),
      files,
    )
    const bytes = inputBytes(inFolder(input))
    const outcome = runInput(
      rules,
      { kind: 'bytes', bytes },
      { input: settings.input, received: settings.received, loadRe2 },
    )
    const errors = inFolder(GOLDEN.errors)
    const expected = inFolder(GOLDEN.expected)
    const golden: GoldenLines = {
      source: input,
      expected: linesOf(readText(expected)),
      errors: existsSync(errors) ? linesOf(readText(errors)) : undefined,
    }
    const found = judgeGolden(outcome, golden)
    const name = basename(path) === '.' ? path : basename(path)
    if (!update || found.length === 0) return [{ name, events: outcome.events, ...told(found) }]
    const texts = goldenTexts(outcome, input)
    writeFileSync(expected, texts.expected)
    if (golden.errors !== undefined || texts.errors !== '') writeFileSync(errors, texts.errors)
    const left = judgeGolden(outcome, {
      source: input,
      expected: linesOf(texts.expected),
      errors: linesOf(texts.errors),
    })
    return [{ name, events: outcome.events, ...told(left), updated: left.length === 0 }]
  }

  #rules(settings: TestSettings, path: string, files: Set<string>): Promise<Rules> {
    const { lookups, noRoute, allowUnsafePatterns, maxWork, maxBuilt } = settings
    const folder = dirname(path)
    const ruleFiles: RuleFiles = {
      rules: (settings.rules ?? [defaultRules(path)]).map((each) => within(folder, each)),
      lookups: lookups?.map((each) => within(folder, each)),
      noRoute,
      compiler: { allowUnsafePatterns, maxWork, maxBuilt },
    }
    // A file that cannot be compiled is watched as well.
    for (const file of [...ruleFiles.rules, ...(ruleFiles.lookups ?? [])]) files.add(file)
    const key = JSON.stringify(ruleFiles)
    let rules = this.#compiled.get(key)
    if (rules === undefined) {
      rules = loadRules(ruleFiles)
      this.#compiled.set(key, rules)
    }
    return rules.then((compiled) => {
      for (const file of filesOf(compiled)) files.add(file)
      return compiled
    })
  }
}

/** Paths of a test file are relative to it. */
function within(folder: string, path: string): string {
  return /^(?:[/\\]|[A-Za-z]:)/.test(path) ? path : normalize(join(folder, path))
}

/** @throws {CommandError} when there is no rule file beside a test file */
function defaultRules(path: string): string {
  const beside = ruleFileBeside(path)
  if (beside !== undefined) return basename(beside)
  const name = basename(path).replace(/\.test\.ya?ml$/i, '.yaml')
  throw new CommandError(
    EXIT.USAGE,
    `${path}: there is no ${name} beside it; 'rules: FILE' at the top says which rules it tests`,
  )
}

function readOptions(path: string, format: InputFormat): TestSettings {
  if (!existsSync(path)) return { ...NO_SETTINGS, input: { inputFormat: format } }
  const text = readText(path)
  const options = readTestOptions(text, path, loadRe2, format)
  if (options.problems.length === 0) return options
  throw new CommandError(EXIT.USAGE, renderProblems(options.problems, new Map([[path, text]])))
}

function inputBytes(path: string): Uint8Array {
  const bytes = readFileSync(path)
  if (!path.endsWith('.gz')) return bytes
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_INPUT_BYTES })
  } catch (error) {
    throw new CommandError(EXIT.USAGE, `cannot read ${path}: ${(error as Error).message}`, { cause: error })
  }
}

/** A result without what only `--update` needs. */
function told(found: readonly Found[]): Pick<CaseResult, 'status' | 'differences' | 'more'> {
  const differences = found
    .slice(0, MAX_DIFFERENCES)
    .map(({ node: _node, value: _value, rejection: _rejection, ...difference }) => difference)
  const more = found.length - differences.length
  return { status: found.length === 0 ? 'passed' : 'failed', differences, ...(more > 0 && { more }) }
}

/** Writes what came out, and tells which cases pass now. */
function updated(
  path: string,
  text: string,
  failed: readonly FailedCase[],
  results: readonly CaseResult[],
): CaseResult[] {
  const update = updateTestFile(text, failed, loadRe2)
  if (update.names.size > 0) writeFileSync(path, update.text)
  return results.map((result) =>
    update.names.has(result.name)
      ? { ...result, status: 'passed', differences: [], more: undefined, updated: true }
      : result,
  )
}

function secondsSince(started: number): number {
  return (performance.now() - started) / 1000
}

/** Runs test files and golden folders: reads their files, compiles their rules once, and judges what comes out. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, normalize } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { Coverage } from '../authoring/coverage/coverage.ts'
import type { Found } from '../authoring/test/compare.ts'
import { explainDifferences, flattened } from '../authoring/test/explain-difference.ts'
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
  type CaseInput,
  NO_SETTINGS,
  readTestFile,
  readTestOptions,
  type TestCase,
  type TestFile,
  type TestSettings,
} from '../authoring/test/read-test-file.ts'
import {
  type CaseResult,
  type Difference,
  type FileResult,
  MAX_DIFFERENCES,
} from '../authoring/test/result.ts'
import { type Outcome, type RunOptions, runInput } from '../authoring/test/run-input.ts'
import { type FailedCase, updateTestFile } from '../authoring/test/update.ts'
import type { InputEvent } from '../event.ts'
import { renderProblems } from '../expression/diagnostic.ts'
import type { InputFormat } from '../formats/input-options.ts'
import { loadRe2 } from '../rules/load-re2.ts'
import { type Observation, type ObservedRules, Origins, observe } from '../rules/observe/index.ts'
import type { RuleSet } from '../rules/rule-set.ts'
import type { RoutedRules } from '../rules/sets/routed-rules.ts'
import { CommandError, EXIT } from './exit-codes.ts'
import { filesOf, loadRules, type RuleFiles } from './rule-files.ts'
import { readText } from './rule-texts.ts'
import { ruleFileBeside, type TestUnit } from './test-discovery.ts'

/** An input of a golden folder has this many bytes at most, unpacked. 256 MiB. */
const MAX_INPUT_BYTES = 256 * 1024 * 1024

/** Events of a golden folder with a difference that are looked at again to say why: more would take long. */
const MAX_EXPLAINED_EVENTS = 5000

/** Loops are counted to this round, so that entries of tables are found that they look up. */
const COVERED_ROUNDS = 1000

/** Compiled rules, and what is made of them when it is needed. */
class CompiledRules {
  readonly rules: RuleSet | RoutedRules
  readonly #files: RuleFiles
  readonly #origins: Origins | undefined
  #explaining: Promise<ObservedRules> | undefined
  #covered: ObservedRules | undefined

  private constructor(rules: RuleSet | RoutedRules, files: RuleFiles, origins: Origins | undefined) {
    this.rules = rules
    this.#files = files
    this.#origins = origins
  }

  /** @param hasOrigins the rules will be observed: the compiler notes where everything was written */
  static async load(files: RuleFiles, hasOrigins: boolean): Promise<CompiledRules> {
    const origins = hasOrigins ? new Origins() : undefined
    return new CompiledRules(await loadRules(files, origins), files, origins)
  }

  /** The rules with reports for people. Most runs fail nowhere, so they are compiled once more when a case fails. */
  explaining(): Promise<ObservedRules> {
    this.#explaining ??= this.#observe()
    return this.#explaining
  }

  async #observe(): Promise<ObservedRules> {
    if (this.#origins !== undefined) return observe(this.rules, this.#origins)
    const origins = new Origins()
    return observe(await loadRules(this.#files, origins), origins)
  }

  /** The rules with reports for coverage; undefined: they were loaded without origins. */
  get covered(): ObservedRules | undefined {
    if (this.#origins === undefined) return undefined
    this.#covered ??= observe(this.rules, this.#origins, { maxRounds: COVERED_ROUNDS })
    return this.#covered
  }
}

interface RunnerOptions {
  /** Run only cases whose name, or whose file's, has this text. Default: all. */
  readonly filter?: string | undefined
  /** Stop behind the first case that fails. */
  readonly bail: boolean
  /** Write what came out into the files. */
  readonly update: boolean
  /** Gives what counts the parts of rules that the events reach. Default: nobody asks. */
  readonly coverage?: (() => Coverage | undefined) | undefined
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
  readonly #compiled = new Map<string, Promise<CompiledRules>>()

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
      const { result, outcome } = await this.#case(each, file, rules)
      results.push(result)
      if (result.status === 'passed') continue
      failed.push({ name: each.name, outcome })
      if (this.#options.bail && !this.#options.update) break
    }
    if (this.#options.update && failed.length > 0) return updated(path, text, failed, results)
    return results
  }

  async #case(
    testCase: TestCase,
    file: TestFile,
    compiled: CompiledRules,
  ): Promise<{ result: CaseResult; outcome: Outcome }> {
    const { name, place, input, options, received = Date.now(), detections } = testCase
    const run = { input: options, received, detections, loadRe2 }
    const outcome = this.#run(compiled, input, run)
    const found = judge(testCase, outcome, file.document)
    const differences = await explained(found, compiled, input, run)
    return { result: { name, line: place.line, ...told(found, differences) }, outcome }
  }

  #run(compiled: CompiledRules, input: CaseInput, options: RunOptions): Outcome {
    const coverage = this.#options.coverage?.()
    const { covered } = compiled
    if (coverage === undefined || covered === undefined) return runInput(compiled.rules, input, options)
    coverage.addRules(covered)
    const onEvent = (event: InputEvent): void => coverage.add(covered.run(event, options.received), covered)
    return runInput(compiled.rules, input, { ...options, onEvent })
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
    const run = { input: settings.input, received: settings.received ?? Date.now(), loadRe2 }
    const outcome = this.#run(rules, { kind: 'bytes', bytes }, run)
    const errors = inFolder(GOLDEN.errors)
    const expected = inFolder(GOLDEN.expected)
    const golden: GoldenLines = {
      source: input,
      expected: linesOf(readText(expected)),
      errors: existsSync(errors) ? linesOf(readText(errors)) : undefined,
    }
    const found = judgeGolden(outcome, golden)
    const name = basename(path) === '.' ? path : basename(path)
    if (!update || found.length === 0) {
      const canExplain = outcome.events <= MAX_EXPLAINED_EVENTS
      const differences = canExplain ? await explained(found, rules, { kind: 'bytes', bytes }, run) : found
      return [{ name, events: outcome.events, ...told(found, differences) }]
    }
    const texts = goldenTexts(outcome, input)
    writeFileSync(expected, texts.expected)
    if (golden.errors !== undefined || texts.errors !== '') writeFileSync(errors, texts.errors)
    const left = judgeGolden(outcome, {
      source: input,
      expected: linesOf(texts.expected),
      errors: linesOf(texts.errors),
    })
    return [{ name, events: outcome.events, ...told(left, left), updated: left.length === 0 }]
  }

  #rules(settings: TestSettings, path: string, files: Set<string>): Promise<CompiledRules> {
    const { lookups, mmdb, noRoute, allowUnsafePatterns, maxWork, maxBuilt } = settings
    const folder = dirname(path)
    const ruleFiles: RuleFiles = {
      rules: (settings.rules ?? [defaultRules(path)]).map((each) => within(folder, each)),
      lookups: lookups?.map((each) => within(folder, each)),
      ...(mmdb !== undefined && {
        mmdb: mmdb.map((each) => within(folder, each)),
        mmdbLabel: `${path}: mmdb`,
      }),
      noRoute,
      compiler: { allowUnsafePatterns, maxWork, maxBuilt },
    }
    // A file that cannot be compiled is watched as well.
    for (const file of [...ruleFiles.rules, ...(ruleFiles.lookups ?? []), ...(ruleFiles.mmdb ?? [])])
      files.add(file)
    const key = JSON.stringify(ruleFiles)
    let rules = this.#compiled.get(key)
    if (rules === undefined) {
      rules = CompiledRules.load(ruleFiles, this.#options.coverage?.() !== undefined)
      this.#compiled.set(key, rules)
    }
    return rules.then((compiled) => {
      for (const file of filesOf(compiled.rules)) files.add(file)
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

/** The differences with the rules at fault: the events are evaluated once more, and observed. */
async function explained(
  found: readonly Found[],
  compiled: CompiledRules,
  input: CaseInput,
  options: RunOptions & { readonly received: number },
): Promise<readonly Difference[]> {
  if (found.length === 0) return []
  const observed = await compiled.explaining()
  const observations: Observation[] = []
  const onEvent = (event: InputEvent): void => {
    observations.push(...flattened(observed.run(event, options.received)))
  }
  runInput(compiled.rules, input, { ...options, onEvent })
  const { writes, enrich } = compiled.rules
  return explainDifferences(found.slice(0, MAX_DIFFERENCES), observations, writes, enrich?.into)
}

function told(
  found: readonly Found[],
  explained: readonly Difference[],
): Pick<CaseResult, 'status' | 'differences' | 'more'> {
  const differences = explained.slice(0, MAX_DIFFERENCES)
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

/**
 * The compiler: a rule file's text to a rule set, with everything that is wrong reported at once. The caller gives the
 * functions that rules may call: compile.ts all of them, load-and-compile.ts those that the text names.
 */

import { isCallable } from '../expression/check/call-checker.ts'
import { checkExpression, checkStatements } from '../expression/check/check.ts'
import type { Node, TapNode } from '../expression/check/checked.ts'
import type { CheckContext, PreparedRecipes, TableRecipes } from '../expression/check/name-checker.ts'
import type { SuspicionContext } from '../expression/check/suspicions.ts'
import {
  assignmentsOf,
  membersSetBy,
  suspicionsInStatements,
  suspicionsOf,
} from '../expression/check/suspicions.ts'
import type { Problem, SourceText } from '../expression/diagnostic.ts'
import { problemIn, renderProblems } from '../expression/diagnostic.ts'
import type { FunctionLibrary, LookupTable, PrepareHost } from '../expression/functions/definition.ts'
import { expandPattern } from '../expression/grok/expand.ts'
import { parsePattern } from '../expression/regex/parse.ts'
import { PatternError } from '../expression/regex/pattern-error.ts'
import { DEFAULT_LIMITS } from '../expression/runtime/meter.ts'
import { lastAtMost } from '../expression/sorted.ts'
import type { Fault } from '../expression/syntax/ast.ts'
import { parseExpression } from '../expression/syntax/parse.ts'
import { parseStatements } from '../expression/syntax/parse-statements.ts'
import { checkEnrich } from './check-enrich.ts'
import type { CheckedExpression, CheckedRule, CheckedRules } from './checked-rule.ts'
import { type CompileOptions, type FileDefinition, sentOptions } from './definition.ts'
import { FunctionTemplates } from './generate/function-templates.ts'
import { compileRecord } from './generate/record-compiler.ts'
import { IncludedFiles, type LoadedFiles, loadWithIncludes } from './include.ts'
import type { RuleEntry, RuleFile, TableEntry } from './load.ts'
import { collectTables, loadLookups, loadRuleFile } from './load.ts'
import type { Origins } from './observe/origins.ts'
import { restRule } from './rest-rule.ts'
import { RuleError } from './rule-error.ts'
import type { RuleSet } from './rule-set.ts'
import { createRuleSet, DEFAULT_MAX_WHILE_STEPS } from './rule-set.ts'
import type { ConditionText, PatternEntry } from './sections.ts'

/**
 * Compiles a rule file.
 *
 * @param functions what rules may call
 * @param text the file's text, YAML
 * @param origins is told where every part was written, for {@link observe}. Default: nobody asks
 * @throws {RuleError} with every problem of the file, of those that it includes, and of the lookup files
 * @throws {TypeError} for a limit that is no positive integer
 */
export function compileWith(
  functions: FunctionLibrary,
  text: string,
  options: CompileOptions = {},
  origins?: Origins,
): RuleSet {
  return compileLoaded(functions, loadFor(text, options), options, undefined, origins)
}

/** The name of a rule file that has none. */
const DEFAULT_FILE = 'rules.yaml'

/** Loads a rule file with the files that it includes. */
export function loadFor(
  text: string,
  { file = DEFAULT_FILE, files, readFile }: CompileOptions,
  included = new IncludedFiles(files, readFile),
): LoadedFiles {
  return loadWithIncludes(text, file, included)
}

/** Compiles a rule file that is loaded. @throws as `compileWith` does */
export function compileLoaded(
  functions: FunctionLibrary,
  loaded: LoadedFiles,
  options: CompileOptions,
  shared = new SharedParts(),
  origins?: Origins,
): RuleSet {
  return new Compiler(functions, loaded, options, shared, origins).compile()
}

/** What rule sets that are compiled together share. */
export class SharedParts {
  /** Files of lookup tables, as they were read. */
  readonly lookups = new Map<string, ReturnType<typeof loadLookups>>()
  readonly templates = new FunctionTemplates()
  /** Functions that were prepared without tables and patterns of a file. */
  readonly prepared: PreparedRecipes = new Map()
}

/** Checks a condition that stands in no rule file. */
export function checkConditions(
  functions: FunctionLibrary,
  text: ConditionText,
  options: CompileOptions,
  origins?: Origins,
): { condition: CheckedExpression | undefined; problems: readonly Problem[]; reads: Iterable<string> } {
  const nothing = { files: [loadRuleFile('', 'routes', true)], texts: new Map(), problems: [] }
  return new Compiler(functions, nothing, options, new SharedParts(), origins).condition(text)
}

class Compiler {
  readonly #functions: FunctionLibrary
  readonly #loaded: LoadedFiles
  /** The rule file itself. */
  readonly #main: RuleFile
  readonly #options: CompileOptions
  readonly #shared: SharedParts
  readonly #origins: Origins | undefined
  readonly #problems: Problem[] = []
  readonly #sources: Map<string, string>
  /** The fields that conditions of rule sets and `tap` read, and those that are read of what comes of it. */
  readonly #readsBefore = new Set<string>()
  readonly #readsAfter = new Set<string>()
  #reads = this.#readsBefore
  /** Members of the event that `tap` sets. */
  readonly #setByTap = new Set<string>()
  #tables: ReadonlyMap<string, LookupTable> = new Map()
  readonly #tableRecipes: TableRecipes = new Map()
  readonly #prepared: PreparedRecipes = new Map()
  #tablePlaces: readonly TableEntry[] = []
  readonly #patterns = new Map<string, string>()
  /** Names that tap assigns and that rules do not see. */
  readonly #tapNames = new Set<string>()
  /** Syntax errors have hidden parts of the file: a table that is not there may be among them. */
  readonly #incomplete: boolean
  /** Expressions see `parent`. */
  #hasParent = false

  constructor(
    functions: FunctionLibrary,
    loaded: LoadedFiles,
    options: CompileOptions,
    shared: SharedParts,
    origins: Origins | undefined,
  ) {
    this.#origins = origins
    this.#functions = functions
    this.#shared = shared
    this.#loaded = loaded
    this.#main = loaded.files.at(-1)!
    this.#options = options
    this.#sources = new Map(loaded.texts)
    this.#incomplete = loaded.files.some(({ incomplete }) => incomplete)
  }

  compile(): RuleSet {
    const main = this.#main
    const { files } = this.#loaded
    const lookups = (this.#options.lookups ?? []).map(({ text, file }) => {
      this.#sources.set(file, text)
      let loaded = this.#shared.lookups.get(file)
      if (loaded === undefined) {
        loaded = loadLookups(text, file)
        this.#shared.lookups.set(file, loaded)
      }
      return loaded
    })
    this.#problems.push(...this.#loaded.problems, ...lookups.flatMap((file) => file.problems))
    const { tables, problems } = collectTables([...lookups, ...files])
    this.#problems.push(...problems, ...repeatedNames(files))
    this.#tables = tables
    // Those of the rule file first: a name that is missing is looked for there.
    this.#tablePlaces = [...files.toReversed(), ...lookups].flatMap((file) => file.tables)
    for (const { name, text } of files.flatMap((file) => file.patterns)) this.#patterns.set(name, text)
    this.#checkUnusedPatterns(files)
    const checked = this.#checked(files)
    if (!this.#incomplete) {
      const sound = !this.#problems.some((problem) => problem.severity === 'error')
      const outputs = files.flatMap((file) => file.outputs)
      this.#problems.push(...checkEnrich({ ...main, outputs }, sound ? checked.rules : []))
    }
    if (this.#problems.some((problem) => problem.severity === 'error')) {
      throw new RuleError(this.#problems, this.#sources)
    }
    for (const [file, text] of this.#sources) this.#origins?.texts.set(file, text)
    this.#origins?.noteTables(checked, this.#tablePlaces)
    const { maxWhileSteps = DEFAULT_MAX_WHILE_STEPS, maxWork, maxBuilt } = this.#options
    return createRuleSet({
      file: main.file,
      definition: this.#definition(),
      checked,
      enrich: main.enrich?.spec,
      meta: main.meta,
      patterns: this.#patterns,
      files: [...this.#loaded.texts.keys()],
      reads: this.#readsOfEvent(),
      warnings: this.#problems,
      warningText: renderProblems(this.#problems, this.#sources),
      maxWhileSteps,
      limits: {
        maxWork: checkedLimit('maxWork', maxWork ?? DEFAULT_LIMITS.maxWork),
        maxBuilt: checkedLimit('maxBuilt', maxBuilt ?? DEFAULT_LIMITS.maxBuilt),
      },
      templates: this.#shared.templates,
    })
  }

  /** Patterns that nothing refers to: the faults of others are told where they are used. */
  #checkUnusedPatterns(files: readonly RuleFile[]): void {
    const texts = [...this.#loaded.texts.values()]
    const own = { get: (name: string) => this.#patterns.get(name), names: [...this.#patterns.keys()] }
    for (const { name, text, file, place } of files.flatMap(({ patterns }) => patterns)) {
      if (texts.some((each) => each.includes(`%{${name}}`) || each.includes(`%{${name}:`))) continue
      try {
        parsePattern(expandPattern(text, own).text)
      } catch (error) {
        if (!(error instanceof PatternError)) throw error
        const { message, hint } = error
        const field = `patterns.${name}`
        this.#problems.push({
          message: `the pattern '${name}': ${message}`,
          hint,
          field,
          file,
          ...place,
          severity: 'error',
        })
      }
    }
  }

  /** A condition of a routes file. */
  condition(text: ConditionText): ReturnType<typeof checkConditions> {
    const condition = this.#condition(text, 'routes', this.#main)
    return { condition, problems: this.#problems, reads: this.#reads }
  }

  /** The fields that are read of an event as it comes. */
  #readsOfEvent(): string[] {
    const after = [...this.#readsAfter].filter((text) => !this.#setByTap.has(firstMember(text)))
    return [...new Set([...this.#readsBefore, ...after])].sort()
  }

  /** Without functions, so that it can be sent to another thread. */
  #definition(): FileDefinition {
    const options = sentOptions(this.#options)
    const { texts } = this.#loaded
    const { file } = this.#main
    const files = Array.from(texts, ([name, text]) => ({ file: name, text })).filter(
      (each) => each.file !== file,
    )
    return { text: texts.get(file)!, options: files.length === 0 ? options : { ...options, files } }
  }

  #checked(files: readonly RuleFile[]): CheckedRules {
    const main = this.#main
    const when = this.#condition(main.when, 'when', main)
    const taps = files.flatMap((file) => {
      if (file.tap === undefined) return []
      const label = file === main ? 'tap' : `tap of ${file.file}`
      const tap = { node: this.#tap(file.tap), ignore: file.ignore, label }
      this.#origins?.noteText(tap, file.tap)
      return [tap]
    })
    this.#reads = this.#readsAfter
    const split = main.split && { node: this.#expression(main.split, 'split'), ignore: main.ignore }
    this.#hasParent = split !== undefined
    const drop = this.#condition(main.drop, 'drop', main)
    for (const [key, part] of Object.entries({ when, split, drop })) {
      const place = main.own.get(key)
      if (part !== undefined && place !== undefined) this.#origins?.noteKey(part, main.file, place)
    }
    const cases: (CheckedExpression | undefined)[][] = []
    const rules: CheckedRule[] = []
    for (const file of files) {
      const group = cases.length
      if (file.cases.length > 0) {
        cases.push(file.cases.map((condition) => this.#condition(condition, 'cases', file)))
      }
      for (const entry of file.rules) rules.push(this.#rule(entry, group, file.file))
    }
    const rest = main.rest && restRule(main.rest, rules, cases)
    if (rest !== undefined) this.#origins?.noteKey(rest, main.file, main.rest!.place)
    const all = rest === undefined ? rules : [...rules, rest]
    return { rules: all, taps, when, drop, split, cases }
  }

  #condition(
    condition: ConditionText | undefined,
    field: string,
    { ignore }: RuleFile,
  ): CheckedExpression | undefined {
    if (condition === undefined) return undefined
    if (typeof condition === 'boolean') return { node: { op: 'constant', value: condition }, ignore }
    return { node: this.#expression(condition, field), ignore }
  }

  #rule(entry: RuleEntry, group: number, file: string): CheckedRule {
    const { name, path, required, onError, ignore, branch, source } = entry
    const node: Node =
      source.kind === 'literal'
        ? { op: 'constant', value: source.value }
        : this.#expression(source.text, name)
    const rule: CheckedRule = {
      name,
      path,
      required,
      onError,
      ignore,
      branch: branch === undefined ? undefined : { group, index: branch },
      node,
    }
    this.#origins?.noteKey(rule, file, entry.place)
    return rule
  }

  #expression(source: SourceText, field: string): Node {
    const { expression, faults } = parseExpression(source.text)
    this.#report(source, faults, field)
    if (expression === undefined) return { op: 'constant', value: null }
    const checked = checkExpression(expression, this.#context(source, field))
    this.#report(source, checked.faults, field)
    this.#report(source, suspicionsOf(expression, this.#suspicionContext(source)), field)
    return checked.node
  }

  #tap(source: SourceText): TapNode {
    const { statements, faults } = parseStatements(source.text)
    this.#report(source, faults, 'tap')
    if (statements === undefined) return { statements: [], variables: 0 }
    const lineOf = lineCounter(source.text)
    const checked = checkStatements(statements, this.#context(source, 'tap'), lineOf)
    this.#report(source, checked.faults, 'tap')
    this.#report(source, suspicionsInStatements(statements, this.#suspicionContext(source)), 'tap')
    for (const name of membersSetBy(statements)) this.#setByTap.add(name)
    const { variables, members } = assignmentsOf(statements)
    if (members !== undefined) {
      for (const name of variables) if (!members.has(name)) this.#tapNames.add(name)
    }
    return checked.node
  }

  #report(source: SourceText, faults: readonly Fault[], field: string): void {
    for (const { start, end, message, hint, severity = 'error' } of faults) {
      this.#problems.push(
        problemIn(
          source,
          { start, end },
          { message, field, severity, ...(hint === undefined ? undefined : { hint }) },
        ),
      )
    }
  }

  #suspicionContext({ text }: SourceText): SuspicionContext {
    const { names } = this.#functions
    return {
      text,
      isCallable: (name) => names.includes(name) || isCallable(name),
      subject: (name) => this.#functions.get(name)?.subject ?? 'first',
      tapNames: this.#tapNames,
    }
  }

  #context(source: SourceText, field: string): CheckContext {
    return {
      text: source.text,
      functions: this.#functions,
      host: this.#host(source, field),
      reads: this.#reads,
      tables: this.#tableRecipes,
      hasParent: this.#hasParent,
      prepared: this.#prepared,
      sharedPrepared: this.#shared.prepared,
      noteOrigin: this.#origins?.notes(source),
    }
  }

  #host(source: SourceText, field: string): PrepareHost {
    return {
      table: (name) => this.#tables.get(name) ?? (this.#incomplete ? unseenTable(name) : undefined),
      tables: this.#tablePlaces,
      patterns: { get: (name) => this.#patterns.get(name), names: [...this.#patterns.keys()] },
      databases: this.#options.databases,
      re2: () => this.#functions.re2(),
      allowUnsafePatterns: this.#options.allowUnsafePatterns === true,
      compileRecord,
      warn: (message) => {
        this.#problems.push(
          problemIn(
            source,
            { start: 0, end: source.text.trimEnd().length },
            { message, field, severity: 'warning' },
          ),
        )
      },
    }
  }
}

/**
 * A problem for each output field and pattern that is given twice, in one file or in two. A field may be in several cases of one
 * list, of which one applies at most.
 */
function repeatedNames(files: readonly RuleFile[]): Problem[] {
  const problems: Problem[] = []
  const fields = new Map<string, (RuleEntry & { readonly file: string })[]>()
  for (const { file, rules, rest } of files) {
    const all = rest === undefined ? rules : [...rules, { ...rest, branch: undefined }]
    for (const rule of all) {
      const entry = { ...(rule as RuleEntry), file }
      const others = fields.get(rule.name)
      if (others === undefined) {
        fields.set(rule.name, [entry])
        continue
      }
      const other = others.find((each) => meets(each, entry))
      others.push(entry)
      // The same key twice in one mapping is reported where it is read.
      if (
        other === undefined ||
        (other.key === entry.key && other.file === file && other.branch === rule.branch)
      ) {
        continue
      }
      const { line, column } = other.place
      problems.push({
        message: `the output field '${rule.name}' is given twice`,
        hint: `the first is at ${other.file}:${line}:${column}`,
        field: rule.name,
        file,
        ...rule.place,
        severity: 'error',
      })
    }
  }
  const patterns = new Map<string, PatternEntry>()
  for (const pattern of files.flatMap((file) => file.patterns)) {
    const first = patterns.get(pattern.name)
    if (first === undefined) {
      patterns.set(pattern.name, pattern)
      continue
    }
    const { line, column } = first.place
    problems.push({
      message: `the pattern '${pattern.name}' is given twice`,
      hint: `the first is at ${first.file}:${line}:${column}`,
      field: `patterns.${pattern.name}`,
      file: pattern.file,
      ...pattern.place,
      severity: 'error',
    })
  }
  return problems
}

/** Both rules may apply to one event. */
function meets(
  one: { readonly file: string; readonly branch?: number | undefined },
  other: { readonly file: string; readonly branch?: number | undefined },
): boolean {
  if (one.file !== other.file || one.branch === undefined || other.branch === undefined) return true
  return one.branch === other.branch
}

/** Stands for a table that could not be read: what is wrong with the file has been reported. */
function unseenTable(name: string): LookupTable {
  return name === 'windows_sids' ? { kind: 'list', items: [] } : { kind: 'mapping', entries: new Map() }
}

/** Lines of a text, from 1, for offsets that mostly grow. */
function lineCounter(text: string): (offset: number) => number {
  const starts = [0]
  for (let index = text.indexOf('\n'); index !== -1; index = text.indexOf('\n', index + 1))
    starts.push(index + 1)
  return (offset) => lastAtMost(starts, offset) + 1
}

/** `fw` of `fw.action`, and of `fw['action']`. */
function firstMember(text: string): string {
  return text.replace(/[.[].*$/s, '')
}

function checkedLimit(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new TypeError(`${name} has to be a positive integer, not ${value}`)
}

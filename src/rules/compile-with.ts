/**
 * The compiler: a rule file's text to a rule set, with everything that is wrong reported at once. The caller gives the
 * functions that rules may call: compile.ts all of them, load-and-compile.ts those that the text names.
 */

import { isCallable } from '../expression/check/call-checker.ts'
import { checkExpression, checkStatements } from '../expression/check/check.ts'
import type { Node, TapNode } from '../expression/check/checked.ts'
import type { CheckContext, PreparedRecipes, TableRecipes } from '../expression/check/name-checker.ts'
import type { SuspicionContext } from '../expression/check/suspicions.ts'
import { assignmentsOf, suspicionsInStatements, suspicionsOf } from '../expression/check/suspicions.ts'
import type { Problem, SourceText } from '../expression/diagnostic.ts'
import { problemIn, renderProblems } from '../expression/diagnostic.ts'
import type {
  FunctionLibrary,
  LookupTable,
  NamedTable,
  PrepareHost,
} from '../expression/functions/definition.ts'
import { DEFAULT_LIMITS } from '../expression/runtime/meter.ts'
import { lastAtMost } from '../expression/sorted.ts'
import type { Fault } from '../expression/syntax/ast.ts'
import { parseExpression } from '../expression/syntax/parse.ts'
import { parseStatements } from '../expression/syntax/parse-statements.ts'
import { checkEnrich } from './check-enrich.ts'
import type { CheckedRule } from './checked-rule.ts'
import type { RuleEntry } from './load.ts'
import { collectTables, loadLookups, loadRuleFile } from './load.ts'
import { RuleError } from './rule-error.ts'
import type { CompileOptions, RuleSet } from './rule-set.ts'
import { createRuleSet, DEFAULT_MAX_WHILE_STEPS } from './rule-set.ts'

/**
 * Compiles a rule file.
 *
 * @param functions what rules may call
 * @param text the file's text, YAML
 * @throws {RuleError} with every problem of the file and of the lookup files
 * @throws {TypeError} for a limit that is no positive integer
 */
export function compileWith(functions: FunctionLibrary, text: string, options: CompileOptions = {}): RuleSet {
  return new Compiler(functions, text, options).compile()
}

class Compiler {
  readonly #functions: FunctionLibrary
  readonly #file: string
  readonly #text: string
  readonly #options: CompileOptions
  readonly #problems: Problem[] = []
  readonly #sources = new Map<string, string>()
  readonly #reads = new Set<string>()
  #tables: ReadonlyMap<string, LookupTable> = new Map()
  readonly #tableRecipes: TableRecipes = new Map()
  readonly #prepared: PreparedRecipes = new Map()
  #tablePlaces: readonly NamedTable[] = []
  /** Names that tap assigns and that rules do not see. */
  #tapNames: ReadonlySet<string> = new Set()
  /** Syntax errors have hidden parts of the file: a table that is not there may be among them. */
  #incomplete = false

  constructor(functions: FunctionLibrary, text: string, options: CompileOptions) {
    this.#functions = functions
    this.#file = options.file ?? 'rules.yaml'
    this.#text = text
    this.#options = options
  }

  compile(): RuleSet {
    const loaded = loadRuleFile(this.#text, this.#file)
    const lookups = (this.#options.lookups ?? []).map(({ text, file }) => {
      this.#sources.set(file, text)
      return loadLookups(text, file)
    })
    this.#sources.set(this.#file, this.#text)
    this.#problems.push(...loaded.problems, ...lookups.flatMap((file) => file.problems))
    const { tables, problems } = collectTables([...lookups, loaded])
    this.#problems.push(...problems)
    this.#tables = tables
    // Those of the rule file first: a name that is missing is looked for there.
    this.#tablePlaces = [...loaded.tables, ...lookups.flatMap((file) => file.tables)]
    this.#incomplete = loaded.incomplete
    const tap = loaded.tap === undefined ? undefined : this.#tap(loaded.tap)
    const rules = loaded.rules.map((entry) => this.#rule(entry))
    if (!loaded.incomplete) {
      const sound = !this.#problems.some((problem) => problem.severity === 'error')
      this.#problems.push(...checkEnrich(loaded, sound ? rules : []))
    }
    if (this.#problems.some((problem) => problem.severity === 'error')) {
      throw new RuleError(this.#problems, this.#sources)
    }
    const { maxWhileSteps = DEFAULT_MAX_WHILE_STEPS, maxWork, maxBuilt } = this.#options
    return createRuleSet({
      file: this.#file,
      definition: { text: this.#text, options: this.#options },
      rules,
      tap,
      enrich: loaded.enrich?.spec,
      reads: [...this.#reads].sort(),
      warnings: this.#problems,
      warningText: renderProblems(this.#problems, this.#sources),
      maxWhileSteps,
      limits: {
        maxWork: checkedLimit('maxWork', maxWork ?? DEFAULT_LIMITS.maxWork),
        maxBuilt: checkedLimit('maxBuilt', maxBuilt ?? DEFAULT_LIMITS.maxBuilt),
      },
    })
  }

  #rule(entry: RuleEntry): CheckedRule {
    const { name, path, required, source } = entry
    const node: Node =
      source.kind === 'literal'
        ? { op: 'constant', value: source.value }
        : this.#expression(source.text, name)
    return { name, path, required, node }
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
    const { variables, members } = assignmentsOf(statements)
    if (members !== undefined) this.#tapNames = new Set([...variables].filter((name) => !members.has(name)))
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
      prepared: this.#prepared,
    }
  }

  #host(source: SourceText, field: string): PrepareHost {
    return {
      table: (name) => this.#tables.get(name) ?? (this.#incomplete ? unseenTable(name) : undefined),
      tables: this.#tablePlaces,
      re2: () => this.#functions.re2(),
      allowUnsafePatterns: this.#options.allowUnsafePatterns === true,
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

function checkedLimit(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new TypeError(`${name} has to be a positive integer, not ${value}`)
}

/**
 * A rule file's text to a rule set: loaded, checked, compiled, with everything that is wrong reported at once. Which
 * functions rules may call is given from outside: compile.ts gives all of them, the command those that are named.
 */
import type { Rejection } from '../event.ts'
import type { CheckContext, TableRecipes } from '../expression/check/check.ts'
import { checkExpression, checkStatements, isCallable } from '../expression/check/check.ts'
import type { Node, TapNode } from '../expression/check/checked.ts'
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
import type { EventLimits } from '../expression/runtime/meter.ts'
import { DEFAULT_LIMITS, Meter } from '../expression/runtime/meter.ts'
import type { Fault } from '../expression/syntax/ast.ts'
import { parseExpression } from '../expression/syntax/parse.ts'
import { parseStatements } from '../expression/syntax/parse-statements.ts'
import type { Dict, JsonObject, NumberTexts } from '../expression/value.ts'
import { checkEnrich } from './check-enrich.ts'
import type { FastPathPlan } from './fast/generate.ts'
import { planFastPath } from './fast/generate.ts'
import type { CheckedRule } from './generate/generate.ts'
import { generateProgram } from './generate/generate.ts'
import type { Program } from './generate/program.ts'
import type { EnrichSpec, RuleEntry } from './load.ts'
import { collectTables, loadLookups, loadRuleFile } from './load.ts'
import { type ReadField, readFields } from './read-fields.ts'
import { RuleNotes } from './rule-notes.ts'
import type { GeneratedFunction } from './run.ts'
import { Run } from './run.ts'
import type { Runner } from './runner.ts'

export interface CompileOptions {
  /** The rule file's name, for messages. Default: `rules.yaml`. */
  readonly file?: string
  /** Files with global lookup tables: their texts, and names for messages. Default: none. */
  readonly lookups?: readonly { readonly text: string; readonly file: string }[]
  /** How often `while` in tap may go round for one event. Default: 100,000. */
  readonly maxWhileSteps?: number
  /**
   * Take patterns that are not proven to be linear in the length of the text: one event may then keep the processor for
   * ever. Default: false, they are refused.
   */
  readonly allowUnsafePatterns?: boolean
  /**
   * How much work the evaluation of one event may cause, in units of about a nanosecond: what it touches is counted, not
   * the time. More is a value error. Default: 2,000,000,000.
   */
  readonly maxWork?: number
  /**
   * How many bytes of values the evaluation of one event may build, what is garbage by then included, and how many
   * characters of output. More is a value error. Default: 64 MiB.
   */
  readonly maxBuilt?: number
}

/** What a rule set was compiled from: another thread can compile the same from it. */
export interface RuleDefinition {
  /** The rule file's text, YAML. */
  readonly text: string
  readonly options: CompileOptions
}

export const DEFAULT_MAX_WHILE_STEPS = 100_000

/** Rules that cannot be used: `problems` says what and where, `message` is the whole report. */
export class RuleError extends Error {
  override readonly name = 'RuleError'
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[], sources: ReadonlyMap<string, string>) {
    super(renderProblems(problems, sources))
    this.problems = problems
  }
}

/** A compiled rule file. It holds no state of events: any number of runners work with it side by side. */
export interface RuleSet {
  readonly file: string
  readonly definition: RuleDefinition
  /** Output fields, as written, in the order of the file. */
  readonly writes: readonly string[]
  /** Dotted paths of the event that the rules read; `*` where they use the event as a whole. */
  readonly reads: readonly string[]
  /** The rules as the compiler understood them: what a faster path is made from. */
  readonly rules: readonly CheckedRule[]
  /** Whether the rule file has a `tap`. */
  readonly tap: boolean
  readonly enrich: EnrichSpec | undefined
  /** What the operator should know though the rules work. */
  readonly warnings: readonly Problem[]
  /** {@link RuleSet.warnings} as a report; '' if there are none. */
  readonly warningText: string
  /** The generated JavaScript. */
  readonly source: string
  /**
   * The generated JavaScript as a module, which exports `evaluate`: a function of a run, an event and its text.
   *
   * @param runtime where the module imports the runtime from, the specifier of src/runtime.ts
   * @param exact for events with dicts or with numbers that have a text of their own; else for events as JSON.parse gives
   * them. With a `tap` it is the same
   */
  printModule(runtime: string, exact: boolean): string
  /** How lines become output without objects in between; undefined where the rules need the event as a whole. */
  readonly fastPath: FastPathPlan | undefined
  /** The fields of the event that the rules read, with the rules that read them. Not those of `tap`. */
  readonly readFields: readonly ReadField[]
  /** Something to note in what becomes of events, for a runner and for a fast path beside it. */
  createNotes(): RuleNotes
  /**
   * Something that evaluates the rules, one event at a time.
   *
   * @param notes what it notes in. Default: nobody asks
   */
  createRunner(notes?: RuleNotes): Runner
}

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
  return (offset) => {
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (starts[middle]! <= offset) low = middle
      else high = middle - 1
    }
    return low + 1
  }
}

function checkedLimit(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new TypeError(`${name} has to be a positive integer, not ${value}`)
}

interface Parts {
  readonly file: string
  readonly definition: RuleDefinition
  readonly rules: readonly CheckedRule[]
  readonly tap: TapNode | undefined
  readonly enrich: EnrichSpec | undefined
  readonly reads: readonly string[]
  readonly warnings: readonly Problem[]
  readonly warningText: string
  readonly maxWhileSteps: number
  readonly limits: EventLimits
}

function createRuleSet(parts: Parts): RuleSet {
  const { rules, tap } = parts
  const checked = { rules, tap }
  const names = rules.map((rule) => rule.name)
  // Each of the three ways is generated when the first event goes it.
  const exact = lazy(() => generateProgram(checked, true))
  // tap may put dicts into any event.
  const usual = tap === undefined ? lazy(() => generateProgram(checked, false)) : exact
  const fastPath = lazy(() => ({ plan: planFastPath(checked, parts.limits) }))
  return {
    file: parts.file,
    definition: parts.definition,
    writes: names,
    reads: parts.reads,
    rules,
    tap: tap !== undefined,
    enrich: parts.enrich,
    warnings: parts.warnings,
    warningText: parts.warningText,
    get source() {
      return usual().source
    },
    printModule: (runtime, isExact) => (isExact ? exact() : usual()).printModule(runtime),
    get fastPath() {
      return fastPath().plan
    },
    get readFields() {
      return readFields(rules)
    },
    createNotes: () => new RuleNotes(rules),
    createRunner: (notes = new RuleNotes(rules)) => {
      const { maxWork, maxBuilt } = parts.limits
      const meter = new Meter(maxWork, maxBuilt)
      return new RuleRunner(new Run(names, parts.maxWhileSteps, { notes, meter }), usual, exact)
    },
  }
}

/** Makes a value when it is first asked for. */
function lazy<T extends object>(make: () => T): () => T {
  let made: T | undefined
  return () => {
    made ??= make()
    return made
  }
}

type LazyProgram = () => Program<GeneratedFunction>

class RuleRunner implements Runner {
  readonly #run: Run
  readonly #usual: LazyProgram
  readonly #exact: LazyProgram

  constructor(run: Run, usual: LazyProgram, exact: LazyProgram) {
    this.#run = run
    this.#usual = usual
    this.#exact = exact
  }

  run(data: JsonObject, raw: string): JsonObject | undefined {
    return this.#run.evaluate(this.#usual().evaluate, data, raw)
  }

  runExact(data: JsonObject | Dict, raw: string, numbers: NumberTexts | undefined): JsonObject | undefined {
    return this.#run.evaluate(this.#exact().evaluate, data, raw, numbers)
  }

  get rejection(): Rejection {
    return this.#run.rejection!
  }

  get plain(): boolean {
    return this.#run.plain
  }

  get numbers(): NumberTexts | undefined {
    return this.#run.numbers
  }
}

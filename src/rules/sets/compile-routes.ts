/** Many rule sets as one: their files are checked together, and events go to the one that takes them. */
import type { Problem } from '../../expression/diagnostic.ts'
import { renderProblems } from '../../expression/diagnostic.ts'
import type { FunctionLibrary } from '../../expression/functions/definition.ts'
import type { CheckedExpression } from '../checked-rule.ts'
import { checkConditions, compileLoaded, SharedParts } from '../compile-with.ts'
import { type RouteDefinition, type RoutedDefinition, sentOptions } from '../definition.ts'
import type { EnrichSpec } from '../enrich-spec.ts'
import { IncludedFiles, type LoadedFiles, loadWithIncludes } from '../include.ts'
import type { Origins } from '../observe/origins.ts'
import { RuleError } from '../rule-error.ts'
import type { RuleSet } from '../rule-set.ts'
import { RoutedRules } from './routed-rules.ts'
import type { RoutesFile } from './routes-file.ts'
import { loadRoutes } from './routes-file.ts'

/** The files of rule sets, loaded. */
interface LoadedRoutes {
  readonly definition: RoutedDefinition
  readonly included: IncludedFiles
  /** By rule file. */
  readonly files: ReadonlyMap<string, LoadedFiles>
}

/** Loads the rule files of all routes, each once. @param readFile see {@link CompileOptions.readFile} */
export function loadRouted(definition: RoutedDefinition, readFile?: (file: string) => string): LoadedRoutes {
  const included = new IncludedFiles(definition.texts, readFile)
  const files = new Map<string, LoadedFiles>()
  for (const { file } of definition.routes) {
    if (file !== undefined && !files.has(file)) {
      files.set(file, loadWithIncludes(included.text(file), file, included))
    }
  }
  return { definition, included, files }
}

/**
 * Compiles rule sets.
 *
 * @param origins is told where every part was written. Default: nobody asks
 * @throws {RuleError} with every problem of all files
 */
export function compileRouted(
  functions: FunctionLibrary,
  loaded: LoadedRoutes,
  origins?: Origins,
): RoutedRules {
  return new RoutesCompiler(functions, loaded, origins).compile()
}

class RoutesCompiler {
  readonly #functions: FunctionLibrary
  readonly #loaded: LoadedRoutes
  readonly #origins: Origins | undefined
  readonly #problems = new Map<string, Problem>()
  readonly #sources = new Map<string, string>()
  readonly #shared = new SharedParts()
  readonly #routesFiles = new Map<string, RoutesFile>()
  readonly #conditions = new Map<string, CheckedExpression | undefined>()
  readonly #sets = new Map<string, RuleSet | undefined>()
  readonly #reads = new Set<string>()

  constructor(functions: FunctionLibrary, loaded: LoadedRoutes, origins: Origins | undefined) {
    this.#origins = origins
    this.#functions = functions
    this.#loaded = loaded
  }

  compile(): RoutedRules {
    const { definition } = this.#loaded
    for (const problem of definition.problems ?? []) {
      this.#report(problem)
      const source = definition.texts.find(({ file }) => file === problem.file)
      if (source !== undefined) this.#sources.set(source.file, source.text)
    }
    let takesAll: string | undefined
    const routes = definition.routes.map((route) => {
      const conditions = route.conditions.map(({ file, line }) => this.#condition(file, line))
      const set = route.file === undefined ? undefined : this.#set(route)
      const own = set?.checked.when
      const all = [...conditions, own].filter((each) => each !== undefined)
      const hasCondition = conditions.length > 0 && conditions.some((each) => each !== undefined)
      if (takesAll !== undefined) this.#reportUnreachable(route, takesAll)
      else if (!hasCondition && route.needsWhen !== true && !this.#mayHaveWhen(route.file))
        takesAll = route.file ?? route.conditions.at(-1)?.file
      return { name: route.name ?? 'drop', set, conditions: all }
    })
    if (definition.routes.length === 0 && this.#problems.size === 0) {
      this.#report({
        message: 'there is no rule set',
        file: definition.label,
        line: 1,
        column: 1,
        severity: 'error',
      })
    }
    for (const [file, text] of this.#sources) this.#origins?.texts.set(file, text)
    const problems = [...this.#problems.values()]
    const enrich = this.#enrich(routes.flatMap(({ set }) => (set === undefined ? [] : [set])))
    if ([...this.#problems.values()].some(({ severity }) => severity === 'error')) {
      throw new RuleError([...this.#problems.values()], this.#sources)
    }
    return new RoutedRules({
      label: definition.label,
      definition: { ...definition, options: sentOptions(definition.options), texts: this.#texts() },
      routes,
      noRoute: definition.noRoute,
      enrich,
      conditionReads: [...this.#reads],
      files: [...new Set([...this.#routesFiles.keys(), ...routes.flatMap(({ set }) => set?.files ?? [])])],
      warnings: problems,
      warningText: renderProblems(problems, this.#sources),
      limits: definition.options,
    })
  }

  #texts(): RoutedDefinition['texts'] {
    const texts = new Map(this.#loaded.definition.texts.map(({ file, text }) => [file, text]))
    for (const { texts: more } of this.#loaded.files.values()) {
      for (const [file, text] of more) texts.set(file, text)
    }
    return Array.from(texts, ([file, text]) => ({ file, text }))
  }

  /** A file that several rule sets share has its problems once. */
  #report(problem: Problem): void {
    const { file, line, column, message } = problem
    this.#problems.set(`${file}:${line}:${column}: ${message}`, problem)
  }

  #set(route: RouteDefinition): RuleSet | undefined {
    const file = route.file!
    const key = `${file}\n${route.lookups.join('\n')}`
    if (!this.#sets.has(key)) this.#sets.set(key, this.#compile(route))
    const set = this.#sets.get(key)
    if (route.needsWhen === true && !this.#mayHaveWhen(file)) {
      this.#report({
        message: 'a rule file of a folder needs a condition',
        hint: "write 'when: ...' at its top, or name the file in a routes.yaml of the folder",
        file,
        line: 1,
        column: 1,
        severity: 'error',
      })
    }
    return set
  }

  /** The rule file has a condition of its own, or so much is wrong with its YAML that it may be hidden. */
  #mayHaveWhen(file: string | undefined): boolean {
    if (file === undefined) return false
    const { when, incomplete } = this.#loaded.files.get(file)!.files.at(-1)!
    return when !== undefined || incomplete
  }

  #compile({ file, lookups }: RouteDefinition): RuleSet | undefined {
    const { included, files, definition } = this.#loaded
    const options = {
      ...definition.options,
      file: file!,
      lookups: lookups.map((name) => ({ file: name, text: included.text(name) })),
    }
    const loaded = files.get(file!)!
    for (const [name, text] of loaded.texts) this.#sources.set(name, text)
    for (const { file: name, text } of options.lookups) this.#sources.set(name, text)
    try {
      const set = compileLoaded(this.#functions, loaded, options, this.#shared, this.#origins)
      for (const warning of set.warnings) this.#report(warning)
      return set
    } catch (error) {
      if (!(error instanceof RuleError)) throw error
      for (const problem of error.problems) this.#report(problem)
      return undefined
    }
  }

  #condition(file: string, line: number): CheckedExpression | undefined {
    const routes = this.#routesFile(file)
    const key = `${line} ${file}`
    if (this.#conditions.has(key)) return this.#conditions.get(key)
    const when = routes.routes[line]?.when
    let condition: CheckedExpression | undefined
    if (when !== undefined) {
      const checked = checkConditions(this.#functions, when, this.#loaded.definition.options, this.#origins)
      for (const problem of checked.problems) this.#report(problem)
      for (const field of checked.reads) this.#reads.add(field)
      condition = checked.condition
      if (condition !== undefined) this.#origins?.noteKey(condition, file, routes.routes[line]!.place)
    }
    this.#conditions.set(key, condition)
    return condition
  }

  #routesFile(file: string): RoutesFile {
    let routes = this.#routesFiles.get(file)
    if (routes === undefined) {
      const text = this.#loaded.included.text(file)
      routes = loadRoutes(text, file)
      this.#routesFiles.set(file, routes)
      this.#sources.set(file, text)
      for (const problem of routes.problems) this.#report(problem)
    }
    return routes
  }

  #reportUnreachable({ conditions, file = 'drop' }: RouteDefinition, before: string): void {
    const at = conditions.at(-1)
    const place = at && this.#routesFile(at.file).routes[at.line]?.place
    this.#report({
      message: `no event comes here: ${before} takes all before`,
      hint: "give that one a 'when', or make it the last one",
      file: at?.file ?? file,
      ...(place ?? { line: 1, column: 1 }),
      severity: 'error',
    })
  }

  /** The fields of all rule sets are looked up, and detections go to one place. */
  #enrich(sets: readonly RuleSet[]): EnrichSpec | undefined {
    const specs = sets.flatMap(({ enrich, file }) => (enrich === undefined ? [] : [{ enrich, file }]))
    const [first] = specs
    if (first === undefined) return undefined
    for (const { enrich, file } of specs) {
      if (enrich.into === first.enrich.into) continue
      this.#report({
        message: `detections go to '${enrich.into}', and in ${first.file} to '${first.enrich.into}'`,
        hint: 'all rule sets of one process have one place for them',
        field: 'enrich',
        file,
        line: 1,
        column: 1,
        severity: 'error',
      })
    }
    const union = (type: 'url' | 'ip' | 'hash') => [...new Set(specs.flatMap(({ enrich }) => enrich[type]))]
    return { url: union('url'), ip: union('ip'), hash: union('hash'), into: first.enrich.into }
  }
}

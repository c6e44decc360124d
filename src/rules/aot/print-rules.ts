/**
 * Rule sets as JavaScript: what a live one has in memory is printed, the programs as functions that are called when the first event
 * needs them, everything else as data.
 *
 *     checked rules --> three programs --> const usual$0 = () => { ...; return evaluate }
 *                   |-> constants -------> const shared0 = lazy(() => preparedFunction(fn_match, ...))
 *                   `-> data ------------> const rules$4 = new EvaluableRules({ noted: ..., usual: usual$0, ... })
 */
import type { Code } from '../../expression/emit/code.ts'
import { _, list, type Name, objectOf, type Part } from '../../expression/emit/code.ts'
import type { EventLimits } from '../../expression/runtime/meter.ts'
import type { WantedTree } from '../../json/wanted.ts'
import { packed } from '../../json/wanted.ts'
import { generateFastPath } from '../fast/generate.ts'
import type { LineRoute } from '../fast/generate-routes.ts'
import { generateLineRoutes } from '../fast/generate-routes.ts'
import { ownRoutes, type RuleSet } from '../rule-set.ts'
import type { GeneratedFunction } from '../run.ts'
import { generateRoutes } from '../sets/route-function.ts'
import type { RoutedRules } from '../sets/routed-rules.ts'
import { ModuleText } from './module-text.ts'

/** The specifier under which a module finds the runtime of the installed package. */
export const RUNTIME_ENTRY = 'sluice/runtime'

/** Thrown for rules that need something that is at hand only where they were compiled. */
export class UnprintableError extends Error {
  override readonly name = 'UnprintableError'
}

/**
 * The module of `normalize compile`: it exports `normalize`, `normalizeLines`, `useDatabases` and, as default, what handlers take.
 *
 * @param runtime where it imports the runtime from. Default: the installed package
 * @param isSmall rules whose code is the same but for constants share one function. Default: each rule of a rule set has its own, which V8 optimizes for it
 */
export function printModule(rules: RuleSet | RoutedRules, runtime = RUNTIME_ENTRY, isSmall = false): string {
  const module = new ModuleText()
  const printed = printRules(module, rules, isSmall)
  const { givenDatabases } = module
  const databases = givenDatabases === undefined ? _`` : _`, ${givenDatabases}`
  const made = module.constant(
    'module',
    _`${module.use('createModule')}(${rules.file}, ${printed}${databases})`,
  )
  module.body.line(_`export const { normalize, normalizeLines, useDatabases } = ${made}`)
  module.body.line(_`export default ${made}`)
  return `${module.imports(runtime).text()}${module.statements().text()}`
}

/** Rules for another thread of this process. */
export interface PrintedRules {
  /** The exports of the runtime that the text uses. */
  readonly names: readonly string[]
  /** The body of a function of the runtime's exports (`runtime`) that returns the rules as stages take them. */
  readonly text: string
}

/**
 * Prints rules for another thread.
 *
 * @throws {UnprintableError} when rules look addresses up: the thread is sent no databases beside code, and compiles such rules itself
 */
export function printFunction(rules: RuleSet | RoutedRules): PrintedRules {
  const module = new ModuleText()
  const printed = printRules(module, rules)
  if (module.givenDatabases !== undefined)
    throw new UnprintableError(`${rules.file}: the rules look addresses up in databases`)
  module.body.line(_`return ${printed}`)
  const text = `'use strict'\n${module.parameters().text()}${module.statements().text()}`
  return { names: module.imported, text }
}

function printRules(module: ModuleText, rules: RuleSet | RoutedRules, isSmall = false): Name {
  return 'routes' in rules
    ? new RoutingPrinter(module, rules).print()
    : printRuleSet(module, rules, isSmall).rules
}

/** The names of a printed rule set, and of its fast path; undefined where it has none. */
interface PrintedSet {
  readonly rules: Name
  readonly fastPath: Name | undefined
}

/** @param hasTable functions have their constants in a list: there are other rule sets, or the module is to be small */
function printRuleSet(
  module: ModuleText,
  { checked, data, programs }: RuleSet,
  hasTable: boolean,
): PrintedSet {
  const { noted, tapLabels, readsRaw, maxWhileSteps, limits } = data
  const usual = module.maker('usual', programs.usual.print(module))
  const exact =
    programs.exact === programs.usual ? usual : module.maker('exact', programs.exact.print(module))
  const names = module.constant('noted', plain(noted))
  const fast = generateFastPath(checked, limits, module.templates)
  let fastPath: Name | undefined
  if (fast !== undefined) {
    const { parts, program } = fast
    const functions = hasTable
      ? _`undefined, ${module.maker('table', program.printWithConstants(module))}`
      : _`${module.maker('functions', program.print(module))}`
    const printed = objectOf([
      ['wanted', wantedCode(module, parts.wanted)],
      ['operations', plain(parts.operations)],
      ['members', _`new Map(${[...parts.members]})`],
      ['places', plain(parts.places)],
      ['nativeLength', parts.nativeLength],
      ['limits', plain(limits)],
    ])
    fastPath = lazily(module, 'path', _`${module.use('createFastPath')}(${names}, ${printed}, ${functions})`)
  }
  const routes = fastPath && ownRoutes(checked, () => undefined)
  const members: [string, Part][] = [
    ['noted', names],
    ['tapLabels', tapLabels],
    ['readsRaw', readsRaw],
    ['maxWhileSteps', maxWhileSteps],
    ['limits', plain(limits)],
    ['usual', usual],
    ['exact', exact],
    ['ownPath', fastPath ?? _`() => undefined`],
  ]
  if (routes !== undefined) {
    const conditional = printLineRoutes(module, routes, () => fastPath, limits)
    members.push(['conditionalPath', conditional ?? _`() => undefined`])
  }
  const rules = module.constant('rules', _`new ${module.use('EvaluableRules')}(${objectOf(members)})`)
  return { rules, fastPath }
}

/**
 * The fast path with conditions before it.
 *
 * @param targetOf the name of a route's own fast path
 * @returns undefined where it is none
 */
function printLineRoutes(
  module: ModuleText,
  routes: readonly LineRoute[],
  targetOf: (route: number) => Name | undefined,
  limits: EventLimits,
): Name | undefined {
  const generated = generateLineRoutes(routes, limits)
  if (generated === undefined) return undefined
  const { parts, program } = generated
  const router = module.maker('router', program.print(module))
  const ways = routes.map(({ target, route }) => {
    const printed: Part = typeof target === 'function' ? targetOf(route) : target
    return objectOf([
      ['target', printed],
      ['route', route],
    ])
  })
  const printed = objectOf([
    ['wanted', wantedCode(module, parts.wanted)],
    ['members', _`new Map(${[...parts.members]})`],
    ['limits', plain(limits)],
  ])
  return lazily(module, 'lines', _`${module.use('createLineRoutes')}([${list(ways)}], ${printed}, ${router})`)
}

/** Prints many rule sets, each once, however many routes lead to it. */
class RoutingPrinter {
  readonly #module: ModuleText
  readonly #rules: RoutedRules
  readonly #sets = new Map<RuleSet, PrintedSet>()

  constructor(module: ModuleText, rules: RoutedRules) {
    this.#module = module
    this.#rules = rules
  }

  print(): Name {
    const module = this.#module
    const { routes, noRoute, limits } = this.#rules
    const ways = routes.map(({ name, set }) =>
      objectOf([
        ['name', name],
        ['set', set && this.#set(set).rules],
      ]),
    )
    const conditions = routes.map((route) => route.conditions)
    const program = (exact: boolean) => generateRoutes<GeneratedFunction>(conditions, { exact }).print(module)
    const targetOf = (route: number) => {
      const { set } = routes[route]!
      return set && this.#set(set).fastPath
    }
    const lines = printLineRoutes(module, this.#rules.lineRoutes(), targetOf, limits)
    const parts = objectOf([
      ['routes', _`[${list(ways)}]`],
      ['noRoute', noRoute],
      ['limits', plain(limits)],
      ['usual', module.maker('usual', program(false))],
      ['exact', module.maker('exact', program(true))],
      ['fastPath', lines ?? _`() => undefined`],
    ])
    return module.constant('rules', _`new ${module.use('Routing')}(${parts})`)
  }

  #set(set: RuleSet): PrintedSet {
    let printed = this.#sets.get(set)
    if (printed === undefined) {
      printed = printRuleSet(this.#module, set, true)
      this.#sets.set(set, printed)
    }
    return printed
  }
}

function lazily(module: ModuleText, prefix: string, code: Code): Name {
  return module.constant(prefix, _`${module.use('lazy')}(() => ${code})`)
}

function wantedCode(module: ModuleText, { slots, root }: WantedTree): Code {
  return _`${module.use('wantedTree')}(${slots}, ${plain(packed(root))})`
}

/** Data that JSON has. */
type Plain = string | number | boolean | undefined | readonly Plain[] | object

/** Code for plain data. */
function plain(value: Plain): Code {
  if (typeof value !== 'object') return _`${value}`
  if (Array.isArray(value)) return _`${value.map(plain)}`
  return objectOf(Object.entries(value).map(([key, member]) => [key, plain(member as Plain)]))
}

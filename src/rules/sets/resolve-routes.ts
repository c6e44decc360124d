/** From names of rules to routes: folders and routes files are followed to the rule files in them. */
import type { Problem } from '../../expression/diagnostic.ts'
import type { RouteDefinition, RoutedDefinition } from '../definition.ts'
import { isRoutesText, loadRoutes, targetsOf } from './routes-file.ts'

/** The files among which rules are looked for: those of a disk, or those that somebody has in memory. */
export interface RuleTree {
  isFolder(path: string): boolean
  exists(path: string): boolean
  /** The entries of a folder. */
  list(folder: string): readonly { readonly name: string; readonly isFolder: boolean }[]
  /** @throws {RoutesError} when it cannot be read */
  text(file: string): string
  /** The files of lookup tables for a rule file. */
  lookupsFor(rules: string): readonly string[]
  /** The folder that a file is in. */
  folderOf(file: string): string
  /** A path below a folder. */
  within(folder: string, path: string): string
}

/** A name that leads to no rules, or a file that cannot be read. */
export class RoutesError extends Error {
  override readonly name = 'RoutesError'
}

/** A folder stands for the file of this name in it, if there is one. */
const ROUTES_FILE = 'routes.yaml'

/** Names of YAML files in a folder that are no rule sets: tables, tests, files that are only included. */
const NO_RULE_SET = /^(?:_.*|lookups\.ya?ml|routes\.ya?ml|tests?\.ya?ml|.*[._-]tests?\.ya?ml)$/i

export type ResolvedRoutes = Pick<RoutedDefinition, 'routes' | 'folders' | 'texts' | 'problems'>

/**
 * The rule files in their order, with the texts of them and of all routes files and lookup files.
 *
 * @param rules names of rule files, folders and routes files
 * @returns also all that is wrong with routes files and with where they lead
 * @throws {RoutesError} for a name that cannot be read, or is that of a folder without rule files
 */
export function resolveRoutes(rules: readonly string[], tree: RuleTree): ResolvedRoutes {
  const resolver = new Resolver(tree)
  for (const path of rules) {
    const base = tree.isFolder(path) ? path : tree.folderOf(path)
    resolver.add(path, { conditions: [], base, way: [] })
  }
  return resolver.result()
}

/** True for a YAML file that is a rule set by its name, where it stands in a folder of rules. */
function isRuleSetName(name: string): boolean {
  return /\.ya?ml$/i.test(name) && !NO_RULE_SET.test(name)
}

/** The way to a rule file. */
interface Way {
  readonly conditions: RouteDefinition['conditions']
  /** Names of rule sets are relative to it. */
  readonly base: string
  /** The routes files on the way. */
  readonly way: readonly string[]
  /** The line of the last of them. Undefined: the rule file is an argument. */
  readonly place?: Pick<Problem, 'file' | 'line' | 'column'>
}

class Resolver {
  readonly #tree: RuleTree
  readonly #routes: RouteDefinition[] = []
  readonly #folders = new Set<string>()
  readonly #problems: Problem[] = []
  readonly #texts = new Map<string, string>()

  constructor(tree: RuleTree) {
    this.#tree = tree
  }

  result(): ResolvedRoutes {
    const texts = Array.from(this.#texts, ([file, text]) => ({ file, text }))
    return { routes: this.#routes, folders: [...this.#folders], texts, problems: this.#problems }
  }

  add(path: string, way: Way): void {
    const tree = this.#tree
    if (!tree.isFolder(path)) {
      if (isRoutesText(this.#text(path))) this.#addRoutes(path, way)
      else this.#addFile(path, way, false)
      return
    }
    this.#folders.add(path)
    const routes = tree.within(path, ROUTES_FILE)
    if (tree.exists(routes)) {
      this.#addRoutes(routes, way)
      return
    }
    const files = ruleFilesIn(path, tree, this.#folders)
    if (files.length === 0) this.#report(way, `there is no rule file in ${path}`)
    for (const file of files) this.#addFile(file, way, true)
  }

  /** Without a line of a routes file to blame, the argument itself is wrong. */
  #report({ place }: Way, message: string): void {
    if (place === undefined) throw new RoutesError(message)
    this.#problems.push({ ...place, message, severity: 'error' })
  }

  #addRoutes(file: string, way: Way): void {
    if (way.way.includes(file)) {
      this.#report(way, `routes lead in a circle: ${[...way.way, file].join(' -> ')}`)
      return
    }
    const { routes, problems } = loadRoutes(this.#text(file), file)
    this.#problems.push(...problems)
    for (const [line, { rules, place }] of routes.entries()) {
      const { line: row, column } = place
      const inner: Way = {
        conditions: [...way.conditions, { file, line }],
        base: way.base,
        way: [...way.way, file],
        place: { file, line: row, column },
      }
      if (rules === undefined) {
        this.#routes.push({ conditions: inner.conditions, lookups: [] })
        continue
      }
      const folder = this.#tree.folderOf(file)
      const path = targetsOf(rules)
        .map((name) => this.#tree.within(folder, name))
        .find((candidate) => this.#tree.exists(candidate))
      if (path !== undefined) this.add(path, inner)
      else this.#report(inner, `there is no rule file or folder ${this.#tree.within(folder, rules)}`)
    }
  }

  #addFile(file: string, way: Way, isOfFolder: boolean): void {
    const lookups = this.#tree.lookupsFor(file)
    try {
      for (const name of [file, ...lookups]) this.#text(name)
    } catch (error) {
      if (!(error instanceof RoutesError)) throw error
      this.#report(isOfFolder ? { ...way, place: { file, line: 1, column: 1 } } : way, error.message)
      return
    }
    const { conditions, base } = way
    this.#routes.push({ conditions, file, name: nameOf(file, base), lookups, needsWhen: isOfFolder })
  }

  #text(file: string): string {
    let text = this.#texts.get(file)
    if (text === undefined) {
      text = this.#tree.text(file)
      this.#texts.set(file, text)
    }
    return text
  }
}

/** `rules/cisco/asa.yaml` and `rules/cisco/asa/rules.yaml` are `cisco/asa` in `rules`. */
function nameOf(file: string, base: string): string {
  const slashed = (path: string) => path.replaceAll('\\', '/')
  const from = `${slashed(base)}/`
  const whole = slashed(file)
  const path = whole.startsWith(from) ? whole.slice(from.length) : whole.replace(/^(?:\.\.\/)+/, '')
  const name = path.replace(/\.ya?ml$/i, '').replace(/\/rules$/, '')
  return name === '' ? path : name
}

/**
 * All rule files below a folder, in the order of their paths.
 *
 * @param folders takes the folders below it
 */
function ruleFilesIn(folder: string, tree: RuleTree, folders: Set<string>): string[] {
  const files: string[] = []
  for (const { name, isFolder } of tree.list(folder)) {
    const path = tree.within(folder, name)
    if (name.startsWith('.') || name.startsWith('_')) continue
    if (isFolder) {
      folders.add(path)
      files.push(...ruleFilesIn(path, tree, folders))
    } else if (isRuleSetName(name)) files.push(path)
  }
  return files.sort()
}

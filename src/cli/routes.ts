/** From the arguments of `--rules` to routes: folders and routes files are followed to the rule files in them. */
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Problem } from '../expression/diagnostic.ts'
import type { RouteDefinition, RoutedDefinition } from '../rules/definition.ts'
import { isRoutesText, loadRoutes, targetsOf } from '../rules/sets/routes-file.ts'
import { CommandError, EXIT } from './exit-codes.ts'
import { isFolder, lookupsFor, readText } from './rule-texts.ts'

/** A folder stands for the file of this name in it, if there is one. */
const ROUTES_FILE = 'routes.yaml'

/** Names of YAML files in a folder that are no rule sets: tables, tests, files that are only included. */
const NO_RULE_SET = /^(?:_.*|lookups\.ya?ml|routes\.ya?ml|tests?\.ya?ml|.*[._-]tests?\.ya?ml)$/i

type Resolved = Pick<RoutedDefinition, 'routes' | 'folders' | 'texts' | 'problems'>

/**
 * The rule files in their order, with the texts of them and of all routes files and lookup files.
 *
 * @param lookups undefined: those beside each rule file
 * @returns also all that is wrong with routes files and with where they lead
 * @throws {CommandError} for an argument that cannot be read, or is a folder without rule files
 */
export function resolveRoutes(rules: readonly string[], lookups: readonly string[] | undefined): Resolved {
  const resolver = new Resolver(lookups)
  for (const path of rules) resolver.add(path, { conditions: [], base: folderOf(path), way: [] })
  return resolver.result()
}

function folderOf(path: string): string {
  return isFolder(path) ? path : dirname(path)
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
  readonly #lookups: readonly string[] | undefined
  readonly #routes: RouteDefinition[] = []
  readonly #folders = new Set<string>()
  readonly #problems: Problem[] = []
  readonly #texts = new Map<string, string>()

  constructor(lookups: readonly string[] | undefined) {
    this.#lookups = lookups
  }

  result(): Resolved {
    const texts = Array.from(this.#texts, ([file, text]) => ({ file, text }))
    return { routes: this.#routes, folders: [...this.#folders], texts, problems: this.#problems }
  }

  add(path: string, way: Way): void {
    if (!isFolder(path)) {
      if (isRoutesText(this.#text(path))) this.#addRoutes(path, way)
      else this.#addFile(path, way, false)
      return
    }
    this.#folders.add(path)
    const routes = join(path, ROUTES_FILE)
    if (existsSync(routes)) {
      this.#addRoutes(routes, way)
      return
    }
    const files = ruleFilesIn(path, this.#folders)
    if (files.length === 0) this.#report(way, `there is no rule file in ${path}`)
    for (const file of files) this.#addFile(file, way, true)
  }

  /** Without a line of a routes file to blame, the argument itself is wrong. */
  #report({ place }: Way, message: string): void {
    if (place === undefined) throw new CommandError(EXIT.USAGE, message)
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
      const path = targetsOf(rules)
        .map((name) => join(dirname(file), name))
        .find((candidate) => existsSync(candidate))
      if (path !== undefined) this.add(path, inner)
      else this.#report(inner, `there is no rule file or folder ${join(dirname(file), rules)}`)
    }
  }

  #addFile(file: string, way: Way, isOfFolder: boolean): void {
    const lookups = lookupsFor(file, this.#lookups)
    try {
      for (const name of [file, ...lookups]) this.#text(name)
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
      this.#report(isOfFolder ? { ...way, place: { file, line: 1, column: 1 } } : way, error.message)
      return
    }
    const { conditions, base } = way
    this.#routes.push({ conditions, file, name: nameOf(file, base), lookups, needsWhen: isOfFolder })
  }

  #text(file: string): string {
    let text = this.#texts.get(file)
    if (text === undefined) {
      text = readText(file)
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
function ruleFilesIn(folder: string, folders: Set<string>): string[] {
  const files: string[] = []
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.name.startsWith('.') || entry.name.startsWith('_')) continue
    if (isFolder(path)) {
      folders.add(path)
      files.push(...ruleFilesIn(path, folders))
    } else if (/\.ya?ml$/i.test(entry.name) && !NO_RULE_SET.test(entry.name)) files.push(path)
  }
  return files.sort()
}

import { beside } from '../../rules/include.ts'
import type { RuleTree } from '../../rules/sets/resolve-routes.ts'
import { RoutesError } from '../../rules/sets/resolve-routes.ts'

/** A path as the files of the playground are named: with slashes, and no `.` in it; '' is the folder that paths start from. */
export function cleanPath(path: string): string {
  return beside('', path)
}

/** The files of the playground as if they were on a disk. */
export class FileTree implements RuleTree {
  readonly #texts: ReadonlyMap<string, string>
  readonly #lookups: readonly string[] | undefined

  /** @param lookups files of lookup tables for all rule files. Default: `lookups.yaml` beside each */
  constructor(
    files: readonly { readonly name: string; readonly text: string }[],
    lookups?: readonly string[],
  ) {
    this.#texts = new Map(files.map(({ name, text }) => [name, text]))
    this.#lookups = lookups
  }

  isFolder(path: string): boolean {
    const start = this.#prefix(path)
    return [...this.#texts.keys()].some((name) => name.startsWith(start))
  }

  exists(path: string): boolean {
    return this.#texts.has(path) || this.isFolder(path)
  }

  list(folder: string): { readonly name: string; readonly isFolder: boolean }[] {
    const start = this.#prefix(folder)
    const entries = new Map<string, boolean>()
    for (const name of this.#texts.keys()) {
      if (!name.startsWith(start)) continue
      const [first, ...below] = name.slice(start.length).split('/')
      entries.set(first!, below.length > 0)
    }
    return Array.from(entries, ([name, isFolder]) => ({ name, isFolder }))
  }

  text(file: string): string {
    const text = this.#texts.get(file)
    if (text === undefined) throw new RoutesError(`the playground was not given ${file}`)
    return text
  }

  lookupsFor(rules: string): readonly string[] {
    if (this.#lookups !== undefined) return this.#lookups
    const tables = beside(rules, 'lookups.yaml')
    return this.#texts.has(tables) ? [tables] : []
  }

  folderOf(file: string): string {
    return file.replace(/\/?[^/]*$/, '')
  }

  within(folder: string, path: string): string {
    return beside(folder === '' ? '' : `${folder}/`, path)
  }

  #prefix(folder: string): string {
    return folder === '' ? '' : `${folder}/`
  }
}

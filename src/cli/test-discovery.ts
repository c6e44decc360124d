/** From the arguments of `normalize test` to test files and golden folders. */
import { existsSync, readdirSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { GOLDEN, inputFormatOf } from '../authoring/test/golden.ts'
import { CommandError, EXIT } from './exit-codes.ts'
import { isFolder } from './rule-texts.ts'

/** A thing to run. */
export type TestUnit =
  | { readonly kind: 'file'; readonly path: string }
  /** A golden folder, and the name of its input in it. */
  | { readonly kind: 'golden'; readonly path: string; readonly input: string }

export interface Discovered {
  readonly units: readonly TestUnit[]
  /** Every folder that was searched. */
  readonly folders: readonly string[]
}

const TEST_FILE = /\.test\.ya?ml$/i

/** Folders that nobody keeps tests in. */
const SKIPPED = /^(?:\..*|node_modules)$/

/**
 * The test files and golden folders that paths name, in the order of the paths; within a folder by name.
 *
 * @param paths files, folders, rule files with a test beside them; none: the current folder
 * @throws {CommandError} for what is not there, and where there is nothing to run
 */
export function discoverTests(paths: readonly string[]): Discovered {
  const search = new Search()
  for (const path of paths.length === 0 ? ['.'] : paths) search.add(path)
  const found = search.result()
  if (found.units.length > 0) return found
  throw new CommandError(
    EXIT.USAGE,
    `there is no test in ${paths.length === 0 ? 'this folder' : paths.join(', ')}: tests of x.yaml stand in x.test.yaml beside it, ` +
      `or a folder holds ${GOLDEN.rules}, input.jsonl and ${GOLDEN.expected}`,
  )
}

/** The rule file that a test file is for, where it names none; undefined: there is none beside it. */
export function ruleFileBeside(testFile: string): string | undefined {
  const stem = testFile.replace(TEST_FILE, '')
  return [`${stem}.yaml`, `${stem}.yml`].find((candidate) => existsSync(candidate))
}

class Search {
  readonly #units = new Map<string, TestUnit>()
  readonly #folders = new Set<string>()
  /** Folders that were searched, as they really are: links may lead in circles. */
  readonly #seen = new Set<string>()

  result(): Discovered {
    return { units: [...this.#units.values()], folders: [...this.#folders] }
  }

  add(path: string): void {
    if (!existsSync(path)) throw new CommandError(EXIT.USAGE, `cannot read ${path}: no such file or folder`)
    if (isFolder(path)) {
      this.#folder(path)
      return
    }
    const test = TEST_FILE.test(path) ? path : this.#testBeside(path)
    this.#folders.add(dirname(test))
    this.#units.set(test, { kind: 'file', path: test })
  }

  /** Who names a rule file means its tests. */
  #testBeside(path: string): string {
    const stem = path.replace(/\.ya?ml$/i, '')
    const test = [`${stem}.test.yaml`, `${stem}.test.yml`].find((candidate) => existsSync(candidate))
    if (test !== undefined && test !== path) return test
    throw new CommandError(
      EXIT.USAGE,
      `${path} is no test: tests stand in files that end in .test.yaml, or in golden folders`,
    )
  }

  #folder(folder: string): void {
    const real = realpathSync(folder)
    if (this.#seen.has(real)) return
    this.#seen.add(real)
    this.#folders.add(folder)
    const names = readdirSync(folder).sort()
    const input = names.find((name) => inputFormatOf(name) !== undefined)
    if (input !== undefined && names.includes(GOLDEN.rules) && names.includes(GOLDEN.expected)) {
      this.#units.set(folder, { kind: 'golden', path: folder, input })
    }
    for (const name of names) {
      const path = join(folder, name)
      if (isFolder(path)) {
        if (!SKIPPED.test(name)) this.#folder(path)
      } else if (TEST_FILE.test(name)) this.#units.set(path, { kind: 'file', path })
    }
  }
}

/** Routes from the arguments of `--rules`, with the files of the disk. */
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { ResolvedRoutes } from '../rules/sets/resolve-routes.ts'
import { RoutesError, resolveRoutes as resolve } from '../rules/sets/resolve-routes.ts'
import { CommandError, EXIT } from './exit-codes.ts'
import { isFolder, lookupsFor, readText } from './rule-texts.ts'

/**
 * The rule files in their order, with the texts of them and of all routes files and lookup files.
 *
 * @param lookups undefined: those beside each rule file
 * @returns also all that is wrong with routes files and with where they lead
 * @throws {CommandError} for an argument that cannot be read, or is a folder without rule files
 */
export function resolveRoutes(
  rules: readonly string[],
  lookups: readonly string[] | undefined,
): ResolvedRoutes {
  try {
    return resolve(rules, {
      isFolder,
      exists: existsSync,
      list: (folder) => readdirSync(folder).map((name) => ({ name, isFolder: isFolder(join(folder, name)) })),
      text,
      lookupsFor: (file) => lookupsFor(file, lookups),
      folderOf: dirname,
      within: join,
    })
  } catch (error) {
    if (!(error instanceof RoutesError)) throw error
    throw new CommandError(EXIT.USAGE, error.message, { cause: error.cause ?? error })
  }
}

/** @throws {RoutesError} when it cannot be read, or is not UTF-8 */
function text(file: string): string {
  try {
    return readText(file)
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    throw new RoutesError(error.message, { cause: error.cause })
  }
}

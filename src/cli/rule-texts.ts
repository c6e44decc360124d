/** Reading rule files and the files beside them. */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { systemMessage } from '../io/files/system-message.ts'
import { CommandError, EXIT } from './exit-codes.ts'

/** Global lookup tables that are used without being asked for, if the file stands beside the rule file. */
const DEFAULT_LOOKUPS = 'lookups.yaml'

/** The files of lookup tables for a rule file: those that are given, else `lookups.yaml` beside it, if there is one. */
export function lookupsFor(rules: string, given: readonly string[] | undefined): readonly string[] {
  if (given !== undefined) return given
  const beside = join(dirname(rules), DEFAULT_LOOKUPS)
  return existsSync(beside) ? [beside] : []
}

export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

/** @throws {CommandError} when it cannot be read, or is not UTF-8 */
export function readText(path: string): string {
  try {
    return decoded(path)
  } catch (error) {
    const reason = error instanceof TypeError ? 'it is not UTF-8' : systemMessage(error)
    throw new CommandError(EXIT.USAGE, `cannot read ${path}: ${reason}`, { cause: error })
  }
}

/** @throws {CommandError} when it cannot be read */
export function readContent(path: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new CommandError(EXIT.USAGE, `cannot read ${path}: ${systemMessage(error)}`, { cause: error })
  }
}

/** @throws {TypeError} when it is not UTF-8 */
export function decoded(path: string): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path))
}

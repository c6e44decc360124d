import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { compileOnDemand } from '../rules/compile-on-demand.ts'
import type { RuleSet } from '../rules/compiler.ts'
import { RuleError } from '../rules/compiler.ts'
import { systemMessage } from '../stages/system-message.ts'
import { CommandError, EXIT } from './exit-codes.ts'

/** Global lookup tables that are used without being asked for, if the file stands beside the rule file. */
const DEFAULT_LOOKUPS = 'lookups.yaml'

export interface RuleFiles {
  readonly rules: string
  readonly lookups: readonly string[]
}

/**
 * @param rules path of the rule file
 * @param lookups paths of lookup files; none given: `lookups.yaml` beside the rule file, if there is one
 * @throws {CommandError} when there is no rule file
 */
export function ruleFiles(rules: string | undefined, lookups: readonly string[] | undefined): RuleFiles {
  if (rules === undefined) throw new CommandError(EXIT.USAGE, 'a rule file is needed: --rules FILE')
  if (lookups !== undefined) return { rules, lookups }
  const beside = join(dirname(rules), DEFAULT_LOOKUPS)
  return { rules, lookups: existsSync(beside) ? [beside] : [] }
}

/**
 * Reads and compiles a rule file and its lookup files.
 *
 * @throws {CommandError} with the report of everything that is wrong
 */
export async function loadRules({ rules, lookups }: RuleFiles): Promise<RuleSet> {
  const text = readText(rules)
  const tables = lookups.map((file) => ({ file, text: readText(file) }))
  try {
    return await compileOnDemand(text, { file: rules, lookups: tables })
  } catch (error) {
    if (error instanceof RuleError) throw new CommandError(EXIT.USAGE, error.message, { cause: error })
    throw error
  }
}

/** @throws {CommandError} when it cannot be read, or is not UTF-8 */
export function readText(path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path))
  } catch (error) {
    const reason = error instanceof TypeError ? 'it is not UTF-8' : systemMessage(error)
    throw new CommandError(EXIT.USAGE, `cannot read ${path}: ${reason}`, { cause: error })
  }
}

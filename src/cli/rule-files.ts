import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { systemMessage } from '../io/files/system-message.ts'
import { loadAndCompile } from '../rules/load-and-compile.ts'
import { RuleError } from '../rules/rule-error.ts'
import type { CompileOptions, RuleSet } from '../rules/rule-set.ts'
import { CommandError, EXIT } from './exit-codes.ts'

/** Global lookup tables that are used without being asked for, if the file stands beside the rule file. */
const DEFAULT_LOOKUPS = 'lookups.yaml'

/** Options that go to the compiler as they are. */
type CompilerOptions = Pick<CompileOptions, 'allowUnsafePatterns' | 'maxWork' | 'maxBuilt'>

export interface RuleFiles {
  readonly rules: string
  readonly lookups: readonly string[]
  readonly compiler: CompilerOptions
}

/** The options of the command line that say which rules, as commander names them. */
export interface RuleOptions extends CompilerOptions {
  readonly rules?: string | undefined
  readonly lookups?: readonly string[] | undefined
}

/**
 * @param file the rule file as an argument
 * @param rules the rule file as an option
 * @throws {CommandError} when both are given
 */
export function oneRuleFile(file: string | undefined, rules: string | undefined): string | undefined {
  if (file === undefined || rules === undefined) return file ?? rules
  throw new CommandError(EXIT.USAGE, `there is one rule file: --rules ${rules}, or the argument ${file}`)
}

/**
 * The files that the options name; without lookup files `lookups.yaml` beside the rule file, if there is one.
 *
 * @param inputs files to be read as events: a rule file among them was meant as one
 * @throws {CommandError} when there is no rule file
 */
export function ruleFiles(
  { rules, lookups, allowUnsafePatterns, maxWork, maxBuilt }: RuleOptions,
  inputs: readonly string[] = [],
): RuleFiles {
  if (rules === undefined) {
    const meant = inputs.find((input) => /\.ya?ml$/i.test(input)) ?? 'FILE'
    throw new CommandError(EXIT.USAGE, `a rule file is needed: --rules ${meant}`)
  }
  const compiler = { allowUnsafePatterns, maxWork, maxBuilt }
  if (lookups !== undefined) return { rules, lookups, compiler }
  const beside = join(dirname(rules), DEFAULT_LOOKUPS)
  return { rules, lookups: existsSync(beside) ? [beside] : [], compiler }
}

/**
 * Reads and compiles a rule file and its lookup files.
 *
 * @throws {CommandError} with the report of everything that is wrong
 */
export async function loadRules({ rules, lookups, compiler }: RuleFiles): Promise<RuleSet> {
  const text = readText(rules)
  const tables = lookups.map((file) => ({ file, text: readText(file) }))
  try {
    return await loadAndCompile(text, { file: rules, lookups: tables, ...compiler })
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

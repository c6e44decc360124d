import type { AddressDatabase } from '../expression/net/address-database.ts'
import { systemMessage } from '../io/files/system-message.ts'
import { openDatabase, sharedBytes } from '../rules/databases.ts'
import type { CompileOptions, NoRoute } from '../rules/definition.ts'
import { loadAndCompile, loadAndCompileRouted } from '../rules/load-and-compile.ts'
import type { Origins } from '../rules/observe/origins.ts'
import { RuleError } from '../rules/rule-error.ts'
import type { RuleSet } from '../rules/rule-set.ts'
import type { RoutedRules } from '../rules/sets/routed-rules.ts'
import { isRoutesText } from '../rules/sets/routes-file.ts'
import { CommandError, EXIT } from './exit-codes.ts'
import { resolveRoutes } from './routes.ts'
import { decoded, isFolder, lookupsFor, readContent, readText } from './rule-texts.ts'

/** Options that go to the compiler as they are. */
type CompilerOptions = Pick<CompileOptions, 'allowUnsafePatterns' | 'maxWork' | 'maxBuilt'>

export interface RuleFiles {
  /** Rule files, folders of them, routes files; one at least. */
  readonly rules: readonly string[]
  /** Undefined: those beside the rule files. */
  readonly lookups: readonly string[] | undefined
  readonly compiler: CompilerOptions
  /** Databases of addresses. Default: none. */
  readonly mmdb?: readonly string[]
  /** Names the place that asks for the databases, in messages. Default: `--mmdb`. */
  readonly mmdbLabel?: string
  /** Databases of addresses where `mmdb` names none. Default: none. */
  readonly databases?: readonly AddressDatabase[]
  /** Undefined: nobody has asked. */
  readonly noRoute: NoRoute | undefined
}

/** The options of the command line that say which rules, as commander names them. */
export interface RuleOptions extends CompilerOptions {
  readonly rules?: readonly string[] | undefined
  readonly lookups?: readonly string[] | undefined
  readonly mmdb?: readonly string[] | undefined
  /** `--no-route`; commander takes it for the opposite of `--route`, which is true. */
  readonly route?: NoRoute | true | undefined
}

/**
 * @param file the rule file as an argument
 * @param rules the rule files as options
 * @throws {CommandError} when both are given
 */
export function oneRuleFile(
  file: string | undefined,
  rules: readonly string[] | undefined,
): readonly string[] | undefined {
  if (file === undefined || rules === undefined) return file === undefined ? rules : [file]
  throw new CommandError(EXIT.USAGE, `there is one rule file: --rules ${rules[0]}, or the argument ${file}`)
}

/**
 * The files that the options name.
 *
 * @param inputs files to be read as events: a rule file among them was meant as one
 * @throws {CommandError} when there is no rule file
 */
export function ruleFiles(
  { rules, lookups, mmdb = [], route, allowUnsafePatterns, maxWork, maxBuilt }: RuleOptions,
  inputs: readonly string[] = [],
): RuleFiles {
  if (rules === undefined || rules.length === 0) {
    const meant = inputs.find((input) => /\.ya?ml$/i.test(input)) ?? 'FILE'
    throw new CommandError(EXIT.USAGE, `a rule file is needed: --rules ${meant}`)
  }
  const noRoute = typeof route === 'string' ? route : undefined
  return { rules, lookups, mmdb, noRoute, compiler: { allowUnsafePatterns, maxWork, maxBuilt } }
}

/** The name of the rules in messages. */
export function labelOf({ rules }: RuleFiles): string {
  return rules.join(', ')
}

/** Every file that compiled rules were made from, and the folders that stand for those in them. */
export function filesOf(rules: RuleSet | RoutedRules): readonly string[] {
  const { definition, files } = rules
  const lookups =
    'routes' in definition
      ? definition.routes.flatMap((route) => route.lookups)
      : (definition.options.lookups ?? []).map(({ file }) => file)
  const databases = (definition.options.databaseFiles ?? []).map(({ file }) => file)
  const folders = 'routes' in definition ? (definition.folders ?? []) : []
  return [...new Set([...files, ...lookups, ...databases, ...folders])]
}

/**
 * Reads and compiles rules and their lookup files: one rule file as it is, anything else as many rule sets.
 *
 * @param origins is told where every part was written. Default: nobody asks
 * @throws {CommandError} with the report of everything that is wrong
 */
export async function loadRules(files: RuleFiles, origins?: Origins): Promise<RuleSet | RoutedRules> {
  const { rules, lookups, noRoute } = files
  const compiler = { ...files.compiler, databases: (await openDatabases(files)) ?? files.databases }
  const [first] = rules as [string]
  try {
    if (rules.length === 1 && noRoute === undefined && !isFolder(first)) {
      const text = readText(first)
      if (!isRoutesText(text)) {
        const tables = lookupsFor(first, lookups).map((file) => ({ file, text: readText(file) }))
        const options = { file: first, lookups: tables, readFile: readIncluded, ...compiler }
        return await loadAndCompile(text, options, origins)
      }
    }
    const resolved = resolveRoutes(rules, lookups)
    return await loadAndCompileRouted(
      { label: labelOf(files), noRoute: noRoute ?? 'reject', options: compiler, ...resolved },
      readIncluded,
      origins,
    )
  } catch (error) {
    if (error instanceof RuleError) throw new CommandError(EXIT.USAGE, error.message, { cause: error })
    throw error
  }
}

/** @throws {CommandError} for a file that cannot be read or is no database */
async function openDatabases({
  mmdb = [],
  mmdbLabel = '--mmdb',
}: RuleFiles): Promise<AddressDatabase[] | undefined> {
  if (mmdb.length === 0) return undefined
  return Promise.all(
    mmdb.map(async (file) => {
      const bytes = sharedBytes(readContent(file))
      return openDatabase(file, bytes).catch((error: Error) => {
        throw new CommandError(EXIT.USAGE, `${mmdbLabel}: ${error.message}`, { cause: error })
      })
    }),
  )
}

/** The text of a file that another one includes. @throws {Error} the reason why there is none */
function readIncluded(path: string): string {
  try {
    return decoded(path)
  } catch (error) {
    throw new Error(error instanceof TypeError ? 'it is not UTF-8' : systemMessage(error), { cause: error })
  }
}

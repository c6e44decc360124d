/** The sources that rules are compiled from. */
import type { Problem } from '../expression/diagnostic.ts'
import type { AddressDatabase } from '../expression/net/address-database.ts'

export interface CompileOptions {
  /** The rule file's name, for messages. Default: `rules.yaml`. */
  readonly file?: string
  /** Texts of files that the rule file includes, by their names as {@link CompileOptions.readFile} gets them. Default: none. */
  readonly files?: readonly { readonly text: string; readonly file: string }[]
  /**
   * Gives the text of any other file that is included. Its name is the path under `include`, from where the name of the
   * including file is from. An error that it throws is reported. Default: there is no other file.
   */
  readonly readFile?: (file: string) => string
  /** Files with global lookup tables: their texts, and names for messages. Default: none. */
  readonly lookups?: readonly { readonly text: string; readonly file: string }[]
  /** Databases of addresses for `geoip` and `asn`, from `openDatabase`, in the order in which they are asked. Default: none. */
  readonly databases?: readonly AddressDatabase[] | undefined
  /** The most rounds of `while` in tap for one event. Default: 100,000. */
  readonly maxWhileSteps?: number
  /**
   * Take patterns that are not proven to be linear in the length of the text: one event may then keep the processor for
   * ever. Default: false, they are refused.
   */
  readonly allowUnsafePatterns?: boolean
  /**
   * The most work that the evaluation of one event may cause, in units of about a nanosecond: steps are counted, not
   * the time. More is a value error. Default: 2,000,000,000.
   */
  readonly maxWork?: number
  /**
   * The most bytes of values that the evaluation of one event may build, garbage included, and the most
   * characters of output. More is a value error. Default: 64 MiB.
   */
  readonly maxBuilt?: number
}

/** A database as another thread gets it. */
export type DatabaseFile = Pick<AddressDatabase, 'file' | 'bytes'>

/** Options without functions, so that they can be sent to another thread. */
type SentOptions<Options extends CompileOptions> = Omit<Options, 'readFile' | 'databases'> & {
  readonly databaseFiles?: readonly DatabaseFile[]
}

/** Takes the functions out of options. */
export function sentOptions<Options extends CompileOptions>(options: Options): SentOptions<Options> {
  const { readFile: _, databases, ...others } = options
  if (databases === undefined) return others
  return { ...others, databaseFiles: databases.map(({ file, bytes }) => ({ file, bytes })) }
}

/** The source of rules: another thread can compile the same from it. */
export type RuleDefinition = FileDefinition | SentRoutes

/** The source of one rule set. */
export interface FileDefinition {
  /** The rule file's text, YAML. */
  readonly text: string
  readonly options: SentOptions<CompileOptions>
}

/** The fate of an event that no rule set takes: it is rejected (NO_ROUTE), dropped, or written as it came. */
export type NoRoute = 'reject' | 'drop' | 'pass'

/** A route, in the order in which they are asked. */
export interface RouteDefinition {
  /** Conditions above the rule set's own: lines of routes files. */
  readonly conditions: readonly { readonly file: string; readonly line: number }[]
  /** The rule file; undefined: events are dropped. */
  readonly file?: string
  /** The name of the rule set, as statistics and records of rejected events have it: `cisco/asa`. */
  readonly name?: string
  /** Files of lookup tables for this rule set. */
  readonly lookups: readonly string[]
  /** The rule file has to have a condition of its own. */
  readonly needsWhen?: boolean
}

/** The options that all rule sets of one process have in common. */
type CommonOptions = Pick<
  CompileOptions,
  'allowUnsafePatterns' | 'maxWork' | 'maxBuilt' | 'maxWhileSteps' | 'databases'
>

/** {@link RoutedDefinition} as another thread gets it. */
export type SentRoutes = Omit<RoutedDefinition, 'options'> & { readonly options: SentOptions<CommonOptions> }

/** Everything that rule sets are compiled from. */
export interface RoutedDefinition {
  /** The name of all of them together, for messages. */
  readonly label: string
  readonly routes: readonly RouteDefinition[]
  readonly noRoute: NoRoute
  /** Folders that stand for the rule files in them: another file in one of them is another definition. Default: none. */
  readonly folders?: readonly string[]
  /** Faults that were met while the files were found. Default: none. */
  readonly problems?: readonly Problem[]
  /** The texts of all files by name: routes, rules, tables; of files that are included those that are at hand. */
  readonly texts: readonly { readonly file: string; readonly text: string }[]
  readonly options: CommonOptions
}

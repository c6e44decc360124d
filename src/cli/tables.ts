import process from 'node:process'
import { renderProblems } from '../expression/diagnostic.ts'
import type { LookupTable } from '../expression/functions/definition.ts'
import { collectTables, loadLookups, loadRuleFile, type TableEntry } from '../rules/load.ts'
import { CommandError, EXIT } from './exit-codes.ts'
import { lookupsFor, readText } from './rule-texts.ts'

/** So many keys of a table are shown. */
const MAX_KEYS = 6

/**
 * `normalize functions --tables`: prints the names of the lookup tables that rules can use, by file, and the first of
 * their keys.
 *
 * @param rules paths of rule files, whose own tables count. Default: none
 * @param lookups paths of lookup files; none given: `lookups.yaml` beside the rule file, if there is one
 * @throws {CommandError} when no file is named, and with all that is wrong with the tables
 */
export function printTables(rules: readonly string[] = [], lookups: readonly string[] | undefined): void {
  if (rules.length === 0 && lookups === undefined) {
    throw new CommandError(
      EXIT.USAGE,
      'tables stand in files: --lookups FILE, or --rules FILE (its own, and those of lookups.yaml beside it)',
    )
  }
  const files = new Set([...(lookups ?? []), ...rules.flatMap((file) => lookupsFor(file, lookups))])
  const texts = new Map<string, string>()
  const read = (file: string): string => {
    const text = readText(file)
    texts.set(file, text)
    return text
  }
  const loaded = [
    ...rules.map((file) => ownTables(read(file), file)),
    ...Array.from(files, (file) => ({ file, ...loadLookups(read(file), file) })),
  ]
  const problems = [...loaded.flatMap((file) => file.problems), ...collectTables(loaded).problems]
  if (problems.length > 0) throw new CommandError(EXIT.USAGE, renderProblems(problems, texts))
  process.stdout.write(loaded.map(({ file, tables }) => page(file, tables)).join(''))
}

/** A rule file's tables. Faults of its rules do not matter here. */
function ownTables(text: string, file: string) {
  const { tables, problems } = loadRuleFile(text, file)
  return { file, tables, problems: problems.filter(({ field }) => field?.startsWith('lookup') ?? false) }
}

function page(file: string, tables: readonly TableEntry[]): string {
  const lines = tables.map(({ name, table }) => `  ${name}: ${contents(table)}\n`)
  return `${file}\n${lines.length === 0 ? '  no tables\n' : lines.join('')}`
}

function contents(table: LookupTable): string {
  if (table.kind === 'list') return `a list of ${counted(table.items.length)}`
  const { size } = table.entries
  if (size === 0) return counted(size)
  const keys = [...table.entries.keys()].slice(0, MAX_KEYS)
  return `${counted(size)} (${keys.join(', ')}${size > MAX_KEYS ? ', ...' : ''})`
}

function counted(count: number): string {
  return count === 1 ? '1 entry' : `${count} entries`
}

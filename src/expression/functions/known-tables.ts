import type { NamedTable } from './definition.ts'

/** So many tables of one file are named. */
const MAX_NAMES = 20

/**
 * The tables that rules can look into, a line for each file, and how there can be more: what a hint says where a table
 * is not found.
 */
export function describeTables(tables: readonly NamedTable[]): string {
  const more = "tables stand under 'lookup:' in the rule file, or in files given with --lookups"
  if (tables.length === 0) return `there are no tables: ${more}`
  const byFile = new Map<string, string[]>()
  for (const { name, file } of tables) {
    const names = byFile.get(file)
    if (names === undefined) byFile.set(file, [name])
    else names.push(name)
  }
  const lines = Array.from(byFile, ([file, names]) => `${file} has ${shown(names)}`)
  return [...lines, more].join('\n')
}

function shown(names: readonly string[]): string {
  const first = names.slice(0, MAX_NAMES).join(', ')
  return names.length > MAX_NAMES ? `${first} and ${names.length - MAX_NAMES} more` : first
}

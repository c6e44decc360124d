import type { Problem } from '../expression/diagnostic.ts'
import type { LookupTable } from '../expression/functions/definition.ts'
import type { Value } from '../expression/value.ts'
import { contentOf } from './yaml/tree.ts'
import { scalarValue, ValueBuilder } from './yaml/values.ts'
import { type Entry, type Stretch, YamlDocument } from './yaml/yaml.ts'

/** The tables that are lists: their function goes through the entries in order. */
const LIST_TABLES: ReadonlySet<string> = new Set(['windows_sids'])

/** A lookup table, and where its name stands. */
export interface TableEntry {
  readonly name: string
  /** Keys are their text as written in the file: `yes`, `0x10` and `1.0` are `'yes'`, `'0x10'` and `'1.0'`. */
  readonly table: LookupTable
  readonly file: string
  readonly place: Stretch
}

/**
 * Reads a file of lookup tables that every rule file may use: the names of the tables stand at the top, or under
 * a single key `lookup`, as in a rule file.
 *
 * @param text the file's content; a byte order mark and any kind of line end are fine
 * @param file its name in problems
 */
export function loadLookups(text: string, file: string): { tables: TableEntry[]; problems: Problem[] } {
  const document = new YamlDocument(text, file)
  return { tables: readFile(document), problems: document.problems }
}

function readFile(document: YamlDocument): TableEntry[] {
  const { root } = document
  if (root === undefined || (root.kind === 'scalar' && scalarValue(document, root) === null)) return []
  if (root.kind !== 'mapping') {
    document.report(root, 'a lookup file is a mapping of table names to tables', {
      hint: 'for example:\nprotocols:\n  6: tcp\n  17: udp',
    })
    return []
  }
  const entries = document.allEntries(root)
  const wrapper = entries.find((entry) => entry.name === 'lookup')
  if (wrapper === undefined) return readTables(document, entries)
  for (const entry of entries) {
    if (entry.name !== 'lookup') {
      document.report(entry.key, `'${entry.name}' stands beside 'lookup'`, {
        hint: "indent all tables under 'lookup:', or remove that line",
        field: `lookup.${entry.name}`,
      })
    } else if (entry !== wrapper) document.reportRepeated(entry, wrapper)
  }
  return readLookup(document, wrapper)
}

/** The tables under a key `lookup`. */
export function readLookup(document: YamlDocument, lookup: Entry): TableEntry[] {
  const value = contentOf(lookup.value)
  if (value === undefined || (value.kind === 'scalar' && scalarValue(document, value) === null)) return []
  if (value.kind === 'mapping') return readTables(document, document.allEntries(value))
  document.report(value, "'lookup' is a mapping of table names to tables", {
    hint: 'for example:\nlookup:\n  protocols:\n    6: tcp\n    17: udp',
    field: 'lookup',
  })
  return []
}

function readTables(document: YamlDocument, entries: readonly Entry[]): TableEntry[] {
  const values = new ValueBuilder(document)
  const tables: TableEntry[] = []
  for (const entry of entries) {
    const table = readTable(document, values, entry)
    if (table === undefined) continue
    tables.push({ name: entry.name, table, file: document.file, place: document.placeOf(entry.key) })
  }
  return tables
}

function readTable(document: YamlDocument, values: ValueBuilder, entry: Entry): LookupTable | undefined {
  const { name, key } = entry
  const field = `lookup.${name}`
  const isList = LIST_TABLES.has(name)
  const value = contentOf(entry.value)
  if (value === undefined) return undefined
  if (value.kind === 'sequence' && isList) {
    return { kind: 'list', items: value.items.map((item) => values.build(item, field)) }
  }
  if (value.kind === 'mapping' && !isList) {
    const table = new Map<string, Value>()
    for (const pair of document.entries(value, field)) table.set(pair.name, values.build(pair.value, field))
    return { kind: 'mapping', entries: table }
  }
  if (value.kind === 'scalar' && scalarValue(document, value) === null) {
    return isList ? { kind: 'list', items: [] } : { kind: 'mapping', entries: new Map() }
  }
  if (isList) {
    document.report(key, `the table '${name}' is a list of entries`, {
      hint: `write each entry as an item of a list:\n${name}:\n  - sid: S-1-5-7\n    match_type: equal\n    ...`,
      field,
    })
  } else {
    document.report(
      key,
      `the table '${name}' is ${value.kind === 'scalar' ? 'one value' : 'a list'}, not a mapping`,
      {
        hint: `write what each key stands for:\n${name}:\n  6: tcp\n  17: udp`,
        field,
      },
    )
  }
  return undefined
}

/**
 * Brings the tables of all files together.
 *
 * @param files in the order in which a first and a second definition are told apart
 * @returns the tables by name, and a problem for each name that is not unique, naming both places
 */
export function collectTables(files: readonly { readonly tables: readonly TableEntry[] }[]): {
  tables: Map<string, LookupTable>
  problems: Problem[]
} {
  const first = new Map<string, TableEntry>()
  const problems: Problem[] = []
  for (const { tables } of files) {
    for (const entry of tables) {
      const earlier = first.get(entry.name)
      if (earlier === undefined) first.set(entry.name, entry)
      else problems.push(duplicateTable(entry, earlier))
    }
  }
  return { tables: new Map(Array.from(first, ([name, { table }]) => [name, table])), problems }
}

function duplicateTable({ name, file, place }: TableEntry, earlier: TableEntry): Problem {
  return {
    message: `the table '${name}' is also defined at ${earlier.file}:${earlier.place.line}:${earlier.place.column}`,
    hint: 'table names are unique over all files: rename one of the two, or remove it',
    field: `lookup.${name}`,
    file,
    ...place,
    severity: 'error',
  }
}

/** A file of rules that is being edited, with the files that belong to it. */
import type { CompileOptions } from '../../rules/definition.ts'
import { IncludedFiles, type LoadedFiles, loadWithIncludes } from '../../rules/include.ts'
import { loadLookups, type TableEntry } from '../../rules/load.ts'
import type { PatternEntry } from '../../rules/sections.ts'
import { isRoutesText } from '../../rules/sets/routes-file.ts'
import type { Sample } from './sample.ts'

/**
 * `rules`: a rule file. `included`: one that others include. `routes`: a routes file. `lookups`: a file of lookup tables. `tests`: a
 * file of tests. `test-options`: the settings of a golden folder.
 */
export type DocumentKind = 'rules' | 'included' | 'routes' | 'lookups' | 'tests' | 'test-options'

/** A document, and what is known beside its text. */
export interface EditedDocument {
  readonly kind: DocumentKind
  /** Its name, in problems and definitions. */
  readonly file: string
  readonly text: string
  /** Files with lookup tables that its rules can use. */
  readonly lookups: readonly { readonly file: string; readonly text: string }[]
  /** Gives the texts of files that it includes, as {@link CompileOptions.readFile}. Default: there is no other file. */
  readonly readFile?: (file: string) => string
  /** Says whether there is a file or a folder. Default: nobody knows, and no file is told to be missing. */
  readonly exists?: (path: string) => boolean
  readonly sample: Sample
  /** Limits and permissions of the compiler. Default: those of `normalize`. */
  readonly compiler?: Pick<CompileOptions, 'allowUnsafePatterns' | 'maxWork' | 'maxBuilt' | 'databases'>
}

/** The kind of a file, by its name and its text. */
export function kindOf(file: string, text: string): DocumentKind {
  const name = file.replaceAll('\\', '/').replace(/^.*\//, '')
  if (/(?:^|[._-])tests?\.ya?ml$/i.test(name)) return 'tests'
  if (/^_options\.ya?ml$/i.test(name)) return 'test-options'
  if (/^lookups\.ya?ml$/i.test(name)) return 'lookups'
  if (isRoutesText(text)) return 'routes'
  return name.startsWith('_') ? 'included' : 'rules'
}

/** The tables that rules of a document can use, those of its own files first. */
export function tablesOf(document: EditedDocument): readonly TableEntry[] {
  if (document.kind === 'lookups') return loadLookups(document.text, document.file).tables
  return [
    ...loadedFiles(document)
      .files.toReversed()
      .flatMap(({ tables }) => tables),
    ...document.lookups.flatMap(({ file, text }) => loadLookups(text, file).tables),
  ]
}

/** The patterns under `patterns` of a document and the files that it includes. */
export function patternsOf(document: EditedDocument): readonly PatternEntry[] {
  return loadedFiles(document).files.flatMap(({ patterns }) => patterns)
}

function loadedFiles({ text, file, readFile }: EditedDocument): LoadedFiles {
  return loadWithIncludes(text, file, new IncludedFiles([], readFile))
}

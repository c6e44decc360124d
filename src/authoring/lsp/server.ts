/**
 * The language server: it tells an editor the problems of rule files as they are typed, completes, explains under the pointer, and
 * goes to definitions. Formats nothing: comments and the layout of expressions are their author's.
 *
 *     editor ──document──► LanguageServer ──EditedDocument──► authoring/editor (pure)
 *        ▲                      │ ▲
 *        `──problems, answers───' └── Workspace: files beside the document, open ones as they are in the editor
 */
import type { Connection, Diagnostic, InitializeResult, Position, Range } from 'vscode-languageserver'
import { TextDocument } from 'vscode-languageserver-textdocument'
import type { Problem } from '../../expression/diagnostic.ts'
import { Lines } from '../../expression/syntax/lines.ts'
import type { Completion, CompletionKind, EditedDocument } from '../editor/index.ts'
import { complete, define, diagnose, hover, offsetAt, rangeOf } from '../editor/index.ts'
import type { Workspace } from './workspace.ts'

/** A file is checked when nothing was typed for so long. */
const PAUSE_MS = 150

/** The numbers of the protocol. */
const SEVERITY = { error: 1, warning: 2 } as const
const INCREMENTAL = 2
const SNIPPET = 2
const COMPLETION_KINDS: Readonly<Record<CompletionKind, 1 | 2 | 3 | 5 | 6 | 10 | 12 | 14 | 21>> = {
  method: 2,
  function: 3,
  builtin: 3,
  field: 5,
  variable: 6,
  key: 10,
  value: 12,
  keyword: 14,
  table: 21,
  pattern: 21,
}

export class LanguageServer {
  readonly #connection: Connection
  readonly #workspace: Workspace
  readonly #version: string
  /** Documents that are open in the editor, by the URI as this program writes it: an editor may write another one. */
  readonly #open = new Map<string, TextDocument>()
  readonly #waiting = new Map<string, NodeJS.Timeout>()
  /** By document: the URIs that problems were told of when it was checked. */
  readonly #told = new Map<string, readonly string[]>()
  #hasSnippets = false

  /**
   * @param connection not listened to yet
   * @param version of this program, for the editor's log
   */
  constructor(connection: Connection, workspace: Workspace, version: string) {
    this.#connection = connection
    this.#workspace = workspace
    this.#version = version
    workspace.useOpen((file) => this.#open.get(workspace.uriOf(file))?.getText())
  }

  /** Answers until the connection ends. */
  listen(): void {
    const connection = this.#connection
    connection.onInitialize(({ capabilities }): InitializeResult => {
      this.#hasSnippets = capabilities.textDocument?.completion?.completionItem?.snippetSupport === true
      return {
        serverInfo: { name: 'normalize lsp', version: this.#version },
        capabilities: {
          textDocumentSync: { openClose: true, change: INCREMENTAL, save: true },
          completionProvider: { triggerCharacters: ['.', "'", '"', '{', '(', '$'] },
          hoverProvider: true,
          definitionProvider: true,
        },
      }
    })
    connection.onDidOpenTextDocument(({ textDocument: { uri, languageId, version, text } }) => {
      const key = this.#workspace.keyOf(uri)
      this.#open.set(key, TextDocument.create(uri, languageId, version, text))
      this.#check(key)
    })
    connection.onDidChangeTextDocument(({ textDocument: { uri, version }, contentChanges }) => {
      const key = this.#workspace.keyOf(uri)
      const document = this.#open.get(key)
      if (document === undefined) return
      this.#open.set(key, TextDocument.update(document, contentChanges, version))
      this.#checkSoon(key)
    })
    // Other files may read this one: tables, files that are included, samples.
    connection.onDidSaveTextDocument(() => {
      this.#workspace.forget()
      for (const key of this.#open.keys()) this.#checkSoon(key)
    })
    connection.onDidCloseTextDocument(({ textDocument: { uri } }) => {
      const key = this.#workspace.keyOf(uri)
      clearTimeout(this.#waiting.get(key))
      this.#waiting.delete(key)
      this.#tell(key, new Map())
      this.#open.delete(key)
    })
    connection.onCompletion(({ textDocument: { uri }, position }) => {
      const asked = this.#asked(uri, position)
      if (asked === undefined) return []
      const { start, end, items } = complete(asked.document, asked.offset)
      const range = rangeBetween(asked.lines, start, end)
      return items.map((item, index) => this.#completionItem(item, range, index))
    })
    connection.onHover(({ textDocument: { uri }, position }) => {
      const asked = this.#asked(uri, position)
      const found = asked && hover(asked.document, asked.offset)
      if (found === undefined) return null
      return {
        contents: { kind: 'markdown', value: found.text },
        range: rangeBetween(asked!.lines, found.start, found.end),
      }
    })
    connection.onDefinition(({ textDocument: { uri }, position }) => {
      const asked = this.#asked(uri, position)
      const found = asked && define(asked.document, asked.offset)
      if (found === undefined) return null
      const text = this.#workspace.read(found.file)
      if (text === undefined) return null
      return {
        uri: this.#workspace.uriOf(found.file),
        range: rangeBetween(new Lines(text), ...ends(found, text)),
      }
    })
    connection.onShutdown(() => {
      for (const timer of this.#waiting.values()) clearTimeout(timer)
      this.#waiting.clear()
    })
    connection.listen()
  }

  #checkSoon(key: string): void {
    clearTimeout(this.#waiting.get(key))
    const check = (): void => {
      this.#waiting.delete(key)
      this.#check(key)
    }
    this.#waiting.set(key, setTimeout(check, PAUSE_MS))
  }

  #check(key: string): void {
    const open = this.#open.get(key)
    if (open === undefined) return
    const document = this.#workspace.document(open.uri, open.getText())
    if (document === undefined) return
    const problems = new Map<string, Problem[]>([[document.file, []]])
    for (const problem of diagnose(document)) {
      const others = problems.get(problem.file)
      if (others === undefined) problems.set(problem.file, [problem])
      else others.push(problem)
    }
    this.#tell(key, problems)
  }

  /** Tells the problems of a document and of the files that belong to it, and takes back what was told before. */
  #tell(key: string, problems: ReadonlyMap<string, readonly Problem[]>): void {
    const told: string[] = []
    for (const [file, ofFile] of problems) {
      const owner = this.#workspace.uriOf(file)
      const open = this.#open.get(owner)
      // A file that is open is checked itself.
      if (owner !== key && open !== undefined) continue
      told.push(owner)
      const lines = new Lines(open?.getText() ?? this.#workspace.read(file) ?? '')
      this.#send(
        owner,
        open?.version,
        ofFile.map((problem) => diagnosticOf(problem, lines)),
      )
    }
    for (const earlier of this.#told.get(key) ?? []) {
      if (!told.includes(earlier)) this.#send(earlier, undefined, [])
    }
    if (told.length === 0) this.#told.delete(key)
    else this.#told.set(key, told)
  }

  #send(key: string, version: number | undefined, diagnostics: Diagnostic[]): void {
    const uri = this.#open.get(key)?.uri ?? key
    void this.#connection.sendDiagnostics({ uri, ...(version !== undefined && { version }), diagnostics })
  }

  #asked(
    uri: string,
    position: Position,
  ): { document: EditedDocument; offset: number; lines: Lines } | undefined {
    const open = this.#open.get(this.#workspace.keyOf(uri))
    const document = open && this.#workspace.document(uri, open.getText())
    if (document === undefined) return undefined
    const lines = new Lines(document.text)
    const start = lines.startOf(position.line + 1)
    return { document, offset: Math.min(start + position.character, lines.endOf(position.line + 1)), lines }
  }

  #completionItem({ label, kind, insert, detail, documentation }: Completion, range: Range, index: number) {
    const isCall = insert.endsWith('()')
    const isSnippet = isCall && this.#hasSnippets
    const newText = isSnippet ? `${insert.slice(0, -1).replace(/[$}\\]/g, '\\$&')}$0)` : insert
    return {
      label,
      kind: COMPLETION_KINDS[kind],
      detail,
      sortText: String(index).padStart(5, '0'),
      filterText: label,
      textEdit: { range, newText },
      ...(isSnippet && { insertTextFormat: SNIPPET as 2 }),
      ...(documentation !== undefined && {
        documentation: { kind: 'markdown' as const, value: documentation },
      }),
    }
  }
}

function diagnosticOf(problem: Problem, lines: Lines): Diagnostic {
  const { start, end } = rangeOf(problem, lines)
  const { message, hint, field, severity } = problem
  return {
    range: rangeBetween(lines, start, end),
    severity: SEVERITY[severity],
    source: 'normalize',
    ...(field !== undefined && { code: field }),
    message: hint === undefined ? message : `${message}\nhint: ${hint}`,
  }
}

/** Lines and characters of the protocol: from 0, in UTF-16 units. */
function rangeBetween(lines: Lines, start: number, end: number): Range {
  return { start: positionAt(lines, start), end: positionAt(lines, end) }
}

function positionAt(lines: Lines, offset: number): Position {
  const { line } = lines.placeAt(offset)
  return { line: line - 1, character: offset - lines.startOf(line) }
}

function ends(
  { line, column, endColumn }: { readonly line: number; readonly column: number; readonly endColumn: number },
  text: string,
): [number, number] {
  const lines = new Lines(text)
  return [offsetAt(lines, line, column), offsetAt(lines, line, endColumn)]
}

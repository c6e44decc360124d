import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import process from 'node:process'
import { after, before, describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import {
  type CompletionItem,
  createProtocolConnection,
  type Hover,
  type InitializeResult,
  type Location,
  type ProtocolConnection,
  type PublishDiagnosticsParams,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-languageserver-protocol/node'
import { cliPath, folderWith, normalize } from './command.ts'

const RULES = "include: [_shared.yaml]\nsource.ip: src\nname: lookup('names', src)\n"

/** An editor: the client of the protocol, over the standard streams of the command. */
class Editor {
  readonly #child: ChildProcess
  readonly #connection: ProtocolConnection
  readonly exited: Promise<number | null>
  readonly #told: PublishDiagnosticsParams[] = []
  #heard: () => void = () => {}

  constructor() {
    this.#child = spawn(process.execPath, [cliPath('normalize'), 'lsp', '--stdio'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.exited = new Promise((resolve) => this.#child.on('exit', resolve))
    this.#connection = createProtocolConnection(
      new StreamMessageReader(this.#child.stdout!),
      new StreamMessageWriter(this.#child.stdin!),
    )
    this.#connection.onNotification('textDocument/publishDiagnostics', (told: PublishDiagnosticsParams) => {
      this.#told.push(told)
      this.#heard()
    })
    this.#connection.listen()
  }

  ask<Answer>(method: string, params: object): Promise<Answer> {
    return this.#connection.sendRequest(method, params)
  }

  tell(method: string, params?: object): Promise<void> {
    return this.#connection.sendNotification(method, params)
  }

  /** The next diagnostics of a document, after those that were taken before. */
  async diagnostics(uri: string, version?: number): Promise<PublishDiagnosticsParams['diagnostics']> {
    while (true) {
      const index = this.#told.findIndex(
        (told) => told.uri === uri && (version === undefined || told.version === version),
      )
      if (index !== -1) return this.#told.splice(index, 1)[0]!.diagnostics
      await new Promise<void>((resolve) => {
        this.#heard = resolve
      })
    }
  }

  kill(): void {
    this.#connection.dispose()
    this.#child.kill()
  }
}

describe('normalize lsp', () => {
  let editor: Editor
  const folder = folderWith({
    'x.yaml': RULES,
    '_shared.yaml': 'shared.name: lower(src)\n',
    'lookups.yaml': '\nnames: {192.0.2.1: one}\n',
    'x.test.yaml': 'cases:\n  - {name: a, event: {src: 192.0.2.1, user: {name: anna}}}\n',
  })
  const uriOf = (name: string) => `${pathToFileURL(folder).href}/${name}`
  const uri = uriOf('x.yaml')
  let version = 1
  const change = (text: string) =>
    editor.tell('textDocument/didChange', {
      textDocument: { uri, version: ++version },
      contentChanges: [{ text }],
    })
  const at = (text: string) => {
    const before = text.slice(0, text.indexOf('¦')).split('\n')
    return { textDocument: { uri }, position: { line: before.length - 1, character: before.at(-1)!.length } }
  }

  before(async () => {
    editor = new Editor()
    const { capabilities, serverInfo } = await editor.ask<InitializeResult>('initialize', {
      processId: process.pid,
      rootUri: null,
      capabilities: { textDocument: { completion: { completionItem: { snippetSupport: true } } } },
    })
    assert.equal(serverInfo?.name, 'normalize lsp')
    assert.ok(
      capabilities.hoverProvider && capabilities.definitionProvider && capabilities.completionProvider,
    )
    assert.equal(capabilities.documentFormattingProvider, undefined)
    await editor.tell('initialized', {})
    await editor.tell('textDocument/didOpen', {
      textDocument: { uri, languageId: 'yaml', version, text: RULES },
    })
  })
  after(() => editor.kill())

  it('tells the problems of a file, as check prints them, and takes them back', async () => {
    assert.deepEqual(await editor.diagnostics(uri, 1), [])
    await change(`${RULES}😀: "'😀' + lowr(src)"\n`)
    const [problem] = await editor.diagnostics(uri, version)
    assert.deepEqual(problem, {
      range: { start: { line: 3, character: 12 }, end: { line: 3, character: 16 } },
      severity: 1,
      source: 'normalize',
      code: '😀',
      message: "unknown function 'lowr'\nhint: did you mean 'lower'?",
    })
    await change(RULES)
    assert.deepEqual(await editor.diagnostics(uri, version), [])
  })

  it('tells those of a file that is included with that file', async () => {
    const shared = uriOf('_shared.yaml')
    const text = 'shared.name: lowr(src)\n'
    await editor.tell('textDocument/didOpen', {
      textDocument: { uri: shared, languageId: 'yaml', version: 1, text },
    })
    assert.equal((await editor.diagnostics(shared, 1)).length, 1)
    await editor.tell('textDocument/didClose', { textDocument: { uri: shared } })
    assert.deepEqual(await editor.diagnostics(shared), [])
  })

  it('tells what normalize test refuses, and rule files that do not exist', async () => {
    const told = async (name: string, text: string) => {
      const other = uriOf(name)
      await editor.tell('textDocument/didOpen', {
        textDocument: { uri: other, languageId: 'yaml', version: 1, text },
      })
      const problems = await editor.diagnostics(other, 1)
      await editor.tell('textDocument/didClose', { textDocument: { uri: other } })
      return problems.map(({ message, range: { start } }) => [
        start.line,
        start.character,
        String(message).split('\n')[0],
      ])
    }
    const tests = 'cases:\n  - {name: a, event: {src: 192.0.2.1}, expect: {a: {$ayn: ip}}}\n'
    assert.deepEqual(await told('x.test.yaml', tests), [[1, 52, "there is no matcher '$ayn'"]])
    const routes = await told('routes.yaml', 'routes:\n  - x\n  - gone\n')
    assert.deepEqual(
      routes.map(([line, column]) => [line, column]),
      [[2, 4]],
    )
    assert.match(String(routes[0]![2]), /^there is no rule file or folder .*\/gone$/)
    assert.deepEqual(await told('places.yaml', 'source.geo?: geoip(src)\n'), [])
  })

  it('completes functions, fields of the tests beside the file, and tables', async () => {
    const marked = `${RULES}a: us¦\n`
    await change(marked.replace('¦', ''))
    const items = await editor.ask<CompletionItem[]>('textDocument/completion', at(marked))
    const field = items.find(({ label }) => label === 'user.name')!
    assert.equal(field.detail, 'str  "anna"')
    assert.deepEqual(field.textEdit, {
      range: { start: { line: 3, character: 3 }, end: { line: 3, character: 5 } },
      newText: 'user.name',
    })
    const call = items.find(({ label }) => label === 'lower')!
    assert.equal((call.textEdit as { newText: string }).newText, 'lower($0)')
    const tables = `${RULES}a: lookup('¦\n`
    await change(tables.replace('¦', ''))
    const names = await editor.ask<CompletionItem[]>('textDocument/completion', at(tables))
    assert.deepEqual(
      names.map(({ label }) => label),
      ['names'],
    )
  })

  it('explains what the pointer is at, and goes to definitions', async () => {
    await change(RULES)
    const hover = await editor.ask<Hover>('textDocument/hover', at(RULES.replace('lookup', 'look¦up')))
    assert.match((hover.contents as { value: string }).value, /Finds the value that a lookup table has/)
    const table = await editor.ask<Location>(
      'textDocument/definition',
      at(RULES.replace("'names", "'na¦mes")),
    )
    assert.deepEqual(table, {
      uri: uriOf('lookups.yaml'),
      range: { start: { line: 1, character: 0 }, end: { line: 1, character: 5 } },
    })
    const file = await editor.ask<Location>(
      'textDocument/definition',
      at(RULES.replace('_shared', '_sha¦red')),
    )
    assert.equal(file.uri, uriOf('_shared.yaml'))
    assert.equal(await editor.ask('textDocument/definition', at(RULES.replace('source', 'sou¦rce'))), null)
  })

  it('ends when the editor says so', async () => {
    await editor.ask('shutdown', {})
    await editor.tell('exit')
    assert.equal(await editor.exited, 0)
  })
})

describe('normalize schema and normalize functions --json', () => {
  it('print what tools read', async () => {
    const [rules, tests, functions, one, none] = await Promise.all([
      normalize(['schema']),
      normalize(['schema', '--tests']),
      normalize(['functions', '--json']),
      normalize(['functions', '--json', 'str.split']),
      normalize(['functions', '--json', 'lowr']),
    ])
    const schema = JSON.parse(rules.stdout)
    assert.equal(Object.keys(schema.properties).length, 12)
    assert.match(schema.definitions.expression.description, /- lookup\(table, key\[, default\]\): Finds/)
    assert.deepEqual(JSON.parse(tests.stdout).required, ['cases'])
    assert.ok(JSON.parse(functions.stdout).length > 150)
    assert.deepEqual(
      JSON.parse(one.stdout).map(({ type, name }: { type: string; name: string }) => `${type}.${name}`),
      ['str.split'],
    )
    assert.deepEqual([none.code, none.stderr], [2, 'no function lowr; did you mean lower?\n'])
  })
})

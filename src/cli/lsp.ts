import process from 'node:process'
import { createConnection } from 'vscode-languageserver/node'
import { LanguageServer } from '../authoring/lsp/server.ts'
import { Workspace } from '../authoring/lsp/workspace.ts'
import { programVersion } from './run-command.ts'

/** `normalize lsp`: the language server on standard input and output, until the editor ends it. */
export async function runLanguageServer(): Promise<void> {
  // Standard output carries the protocol: whatever is logged goes to standard error.
  console.log = console.error
  const connection = createConnection(process.stdin, process.stdout)
  new LanguageServer(connection, new Workspace(), programVersion()).listen()
  await new Promise<void>((resolve) => {
    connection.onExit(() => resolve())
    process.stdin.on('close', () => resolve())
  })
}

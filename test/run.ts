/**
 * Runs the tests: `node --import tsx test/run.ts [FILTER...] [--NODE-OPTION...]`.
 *
 * A filter is a part of a path below test/ (`stages`, `cli/normalize`); without one every *.test.ts file runs. What
 * begins with `--` is handed to Node (`--test-name-pattern=watch`). Node's own discovery is not used: it does not
 * know .ts on Node 20, and its globs differ from version to version.
 */
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, relative, sep } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const root = fileURLToPath(new URL('..', import.meta.url))
const directory = join(root, 'test')
const options = process.argv.slice(2).filter((argument) => argument.startsWith('--'))
const filters = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))

const files = findTests(directory)
  .map((path) => relative(root, path))
  .filter((path) => filters.length === 0 || filters.some((filter) => matches(path, filter)))

if (files.length === 0) {
  console.error(`no test file matches ${filters.join(' ') || '*.test.ts'}`)
  process.exitCode = 1
} else {
  // Node's own choice leaves a processor idle, the only second one perhaps. Before 20.10 it could not be told.
  const canBeTold = major > 20 || minor >= 10
  const concurrency = canBeTold ? [`--test-concurrency=${availableParallelism()}`] : []
  const argv = ['--import', 'tsx', '--test', '--test-reporter', 'spec', ...concurrency, ...options, ...files]
  const child = spawn(process.execPath, argv, { cwd: root, stdio: 'inherit' })
  child.on('exit', (code) => {
    process.exitCode = code ?? 1
  })
}

function findTests(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return findTests(path)
      return entry.name.endsWith('.test.ts') ? [path] : []
    })
}

/** `path` begins with test/; a filter may or may not, and uses either slash. */
function matches(path: string, filter: string): boolean {
  const plain = filter.replaceAll('\\', '/').replace(/^\.\//, '')
  return path.split(sep).join('/').includes(plain)
}

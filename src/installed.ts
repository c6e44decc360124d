import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/*
 * The build joins modules in files of its own choice (see .ci/build.ts), so that a module does not know by its own place
 * where other files are: they are named from the package's folder.
 */

/** The program runs from src/, not from dist/. */
const IS_SOURCE = import.meta.url.endsWith('.ts')

/** `src/installed.ts`, `dist/installed.js` and `dist/chunks/installed-HASH.js` are in the same package. */
const ROOT = findRoot(dirname(fileURLToPath(import.meta.url)))

/** The URL of the package's package.json. */
export const PACKAGE_FILE = pathToFileURL(join(ROOT, 'package.json'))

/**
 * The file that a worker thread begins with.
 *
 * @param built its path below dist/, without `.js`
 * @param source its path below src/ where the program runs from its sources
 */
export function workerEntry(built: string, source: string): URL {
  return pathToFileURL(IS_SOURCE ? join(ROOT, 'src', source) : join(ROOT, 'dist', `${built}.js`))
}

/** The file from which a bundler takes what compiled modules import. */
export function bundlerRuntime(): string {
  return IS_SOURCE ? join(ROOT, 'src', 'runtime.ts') : join(ROOT, 'dist', 'portable', 'runtime.js')
}

/** The folder above the one called `src` or `dist` that is the nearest to this module. */
function findRoot(folder: string): string {
  const name = folder.slice(dirname(folder).length).replace(/^[\\/]/, '')
  return name === 'src' || name === 'dist' ? dirname(folder) : findRoot(dirname(folder))
}

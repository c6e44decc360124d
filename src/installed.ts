import { basename, dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/*
 * The build joins modules in files of its own choice (see .ci/build.ts), so that a module does not know by its own place
 * where other files are: they are named from the package's folder.
 */

/** The program runs from src/, not from dist/. */
const IS_SOURCE = import.meta.url.endsWith('.ts')

/** Worker threads begin with what is built. */
let hasBuiltThreads = !IS_SOURCE

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
  return pathToFileURL(hasBuiltThreads ? join(ROOT, 'dist', `${built}.js`) : join(ROOT, 'src', source))
}

/** Worker threads begin with what is built from now on, though the program runs from its sources: that takes them a second less each. */
export function useBuiltThreads(): void {
  hasBuiltThreads = true
}

/** The file from which a bundler takes what compiled modules import. */
export function bundlerRuntime(): string {
  return IS_SOURCE ? join(ROOT, 'src', 'runtime.ts') : join(ROOT, 'dist', 'portable', 'runtime.js')
}

/**
 * The folder above the one called `src` or `dist` that is the nearest to a folder, or is it.
 *
 * @returns the folder itself where there is none: somebody has joined this code with his own, and has no other files of the package
 */
export function findRoot(folder: string): string {
  for (let at = folder; dirname(at) !== at; at = dirname(at)) {
    if (['src', 'dist'].includes(basename(at))) return dirname(at)
  }
  return folder
}

/** The folder of the files of the playground's page, which only the build makes. */
export const PLAYGROUND_FILES = pathToFileURL(join(ROOT, 'dist', 'playground', '/'))

import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { Script } from 'node:vm'

/** In runs that do more, in microseconds of processor time, V8 lets go of code that has not been used for a while, that of the start first. */
const LONGEST_RUN = 5_000_000

type Wrapper = (
  exports: object,
  require: (id: string) => unknown,
  module: object,
  file: string,
  folder: string,
) => void

/** A script that has been run. */
interface KeptScript<Exports> {
  readonly exports: Exports
  /** The code that was compiled so far is written at the end of the process, for the starts that follow; nothing where there is some already. */
  keep(): void
}

/**
 * Runs a script with the machine code that an earlier run has left: a start takes two thirds of the time (see bench/README.md).
 *
 * The code is kept among the files of the package, in dist/compile-cache/: code is run from there as it is from those files, so
 * whoever may write the one may write the other; a common folder for temporary files would be open to others. Where the package
 * cannot be written, nothing is kept. V8 takes no code of another version or of other options than those of this process, but
 * compares no more than the length of the script: so the script has a hash of its content in its name, and the code is named after it.
 *
 * @param folder of the script, dist/cli
 * @param name of the script: a function with the parameters of a CommonJS module
 * @param require finds the libraries that are not in the script
 */
export function keptScript<Exports>(
  folder: string,
  name: string,
  require: (id: string) => unknown,
): KeptScript<Exports> {
  const file = join(folder, name)
  const kept = join(folder, '..', 'compile-cache')
  const keptFile = join(kept, `${name}-${process.version}-${process.arch}`)
  const cachedData = readKept(keptFile)
  const script = new Script(readFileSync(file, 'latin1'), {
    filename: file,
    ...(cachedData === undefined ? {} : { cachedData }),
  })
  const module = { exports: {} }
  const run = script.runInThisContext() as Wrapper
  run(module.exports, require, module, file, folder)
  return {
    exports: module.exports as Exports,
    keep() {
      if (cachedData !== undefined && script.cachedDataRejected !== true) return
      const { user, system } = process.cpuUsage()
      if (user + system > LONGEST_RUN) return
      process.once('exit', () => write(kept, keptFile, script.createCachedData()))
    },
  }
}

function readKept(file: string): Buffer | undefined {
  try {
    return readFileSync(file)
  } catch {
    return undefined
  }
}

/** Another process may do the same, and a third one read: it finds a complete file, or none. */
function write(folder: string, file: string, code: Buffer): void {
  const unfinished = `${file}.${process.pid}`
  try {
    mkdirSync(folder, { recursive: true })
    writeFileSync(unfinished, code, { flag: 'wx' })
    renameSync(unfinished, file)
  } catch {
    rmSync(unfinished, { force: true })
  }
}

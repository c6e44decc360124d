import { fstatSync, type Stats, statSync } from 'node:fs'
import process from 'node:process'
import type { Readable } from 'node:stream'
import { fileStream } from '../io/files/file-stream.ts'
import { lentFile, lentPipe } from '../io/files/lent-bytes.ts'
import type { Input } from '../io/files/source.ts'
import { canDecompress, compressionOf, fileInput } from '../io/files/source.ts'
import { systemMessage } from '../io/files/system-message.ts'
import { CommandError, EXIT } from './exit-codes.ts'
import { LINUX_NULL } from './standard-streams.ts'

/** The name of standard input among the files, and in rejected records. */
export const STDIN = '-'

export interface OpenedInputs {
  /** @param chunkBytes so much of a file is read at a time */
  readonly inputs: (chunkBytes: number) => readonly Input[]
  /** Bytes that there are to read; undefined when that cannot be known (a pipe). */
  readonly totalBytes: number | undefined
  /** Those of them that are files, to tell whether an output would overwrite one. */
  readonly files: readonly Stats[]
}

/**
 * Looks at all inputs before any is read, so that a wrong name does not show after an hour.
 *
 * @param names files, `-` for stdin; none: stdin
 * @throws {CommandError} when one cannot be read
 */
export function openInputs(names: readonly string[]): OpenedInputs {
  const inputs: ((chunkBytes: number) => Input)[] = []
  let readsStdin = false
  const files: Stats[] = []
  let totalBytes: number | undefined = 0
  for (const name of names.length === 0 ? [STDIN] : names) {
    if (name === STDIN && readsStdin) {
      throw new CommandError(EXIT.USAGE, 'standard input (-) is named twice, but can be read only once')
    }
    const stats = name === STDIN ? fstatSync(0) : statFile(name)
    if (stats.isDirectory()) throw new CommandError(EXIT.USAGE, `cannot read ${name}: it is a directory`)
    readsStdin ||= name === STDIN
    inputs.push((chunkBytes) =>
      name === STDIN ? stdinInput(stats, chunkBytes) : fileInput(name, { chunkBytes }),
    )
    if (stats.isFile()) files.push(stats)
    totalBytes = stats.isFile() && totalBytes !== undefined ? totalBytes + stats.size : undefined
  }
  return { inputs: (chunkBytes) => inputs.map((create) => create(chunkBytes)), totalBytes, files }
}

/** A file that standard input was redirected from is read in larger chunks than a pipe. */
function stdinInput(stats: Stats, chunkBytes: number): Input {
  const name = STDIN
  // The null device is at its end at once, as an empty file is.
  if (stats.isFile() || (stats.isCharacterDevice() && stats.rdev === LINUX_NULL)) {
    return { name, open: () => fileStream('', { fd: 0, chunkBytes }), lend: () => lentFile(0, chunkBytes) }
  }
  const open = (): Readable => process.stdin
  return stats.isFIFO() || stats.isSocket() ? { name, open, lend: () => lentPipe(0) } : { name, open }
}

function statFile(path: string): Stats {
  const compression = compressionOf(path)
  if (compression !== undefined && !canDecompress(compression)) {
    const hint = `zstd -dc ${path} | normalize ...`
    throw new CommandError(
      EXIT.USAGE,
      `cannot read ${path}: Node ${process.version} has no ${compression}; try ${hint}`,
    )
  }
  try {
    return statSync(path)
  } catch (error) {
    throw new CommandError(EXIT.USAGE, `cannot read ${path}: ${systemMessage(error)}`, { cause: error })
  }
}

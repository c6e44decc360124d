import { createWriteStream, fstatSync, openSync, type Stats, statSync } from 'node:fs'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { systemMessage } from '../stages/system-message.ts'
import { CommandError, EXIT, isBrokenPipe } from './exit-codes.ts'

/** An output file that is named on the command line, or the standard stream that stands in for it. */
export interface Output {
  readonly stream: Writable
  /** What it is called in messages. */
  readonly name: string
  readonly stats: Stats
  readonly isStandard: boolean
}

export interface StandardStream {
  readonly stream: Writable
  readonly name: string
  readonly fd: number
}

/**
 * Opens an output.
 *
 * @param path file to (over)write; undefined or `-`: the standard stream
 * @param inUse files that are read, or written by another output: writing to one of them would lose events
 * @throws {CommandError} when it cannot be opened
 */
export function openOutput(
  path: string | undefined,
  standard: StandardStream,
  inUse: readonly Stats[],
): Output {
  if (path === undefined || path === '-') {
    const stats = fstatSync(standard.fd)
    refuseInUse(standard.name, stats, inUse)
    return { stream: standard.stream, name: standard.name, stats, isStandard: true }
  }
  try {
    const existing = statSync(path, { throwIfNoEntry: false })
    if (existing !== undefined) refuseInUse(path, existing, inUse)
    const fd = openSync(path, 'w')
    // Whoever writes to it sees its errors; a late one must not end the process.
    const stream = createWriteStream(path, { fd }).on('error', () => {})
    return { stream, name: path, stats: fstatSync(fd), isStandard: false }
  } catch (error) {
    if (error instanceof CommandError) throw error
    throw new CommandError(EXIT.USAGE, `cannot write ${path}: ${systemMessage(error)}`, { cause: error })
  }
}

function refuseInUse(name: string, file: Stats, inUse: readonly Stats[]): void {
  if (file.isFile() && inUse.some(({ dev, ino }) => dev === file.dev && ino === file.ino)) {
    throw new CommandError(
      EXIT.USAGE,
      `cannot write ${name}: the same file is read, or written as another output`,
    )
  }
}

/**
 * Writes what is left. A standard stream stays open: others write to it too, and the process ends it. Where both standard
 * streams are one socket, to end the one would silence the other.
 */
export async function closeOutput({ stream, isStandard }: Output): Promise<void> {
  if (isStandard) {
    if (stream.writableLength === 0 || stream.errored !== null || stream.destroyed) return
    await new Promise<void>((resolve) => stream.write('', () => resolve()))
    return
  }
  if (!stream.writableEnded && !stream.destroyed) stream.end()
  // What it failed with is asked for later.
  await finished(stream).catch(() => {})
}

/** What the first of these failed with; undefined: none did, or only its reader went away. */
export function outputProblem(...outputs: readonly Output[]): string | undefined {
  for (const { stream, name } of outputs) {
    const error = stream.errored
    if (error !== null && !isBrokenPipe(error)) return `cannot write ${name}: ${systemMessage(error)}`
  }
  return undefined
}

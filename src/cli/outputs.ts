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
    return { stream: createWriteStream(path, { fd }), name: path, stats: fstatSync(fd), isStandard: false }
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

/** Writes what is left. A standard stream stays open: others write to it too, and the process ends it. */
export async function closeOutput({ stream, isStandard }: Output): Promise<void> {
  if (isStandard || stream.destroyed) return
  if (!stream.writableEnded) stream.end()
  await finished(stream)
}

/** Remembers what an output failed with, so that the message can name it. */
export class OutputProblems {
  #problem: string | undefined

  watch({ stream, name }: Output): void {
    stream.on('error', (error) => {
      if (!isBrokenPipe(error)) this.#problem ??= `cannot write ${name}: ${systemMessage(error)}`
    })
  }

  /** The first failure; undefined when there was none, or only that a reader went away. */
  get first(): string | undefined {
    return this.#problem
  }
}

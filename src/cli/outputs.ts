import { createWriteStream, fstatSync, openSync, type Stats, statSync } from 'node:fs'
import process from 'node:process'
import { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { fileSink, streamSink } from '../io/files/sinks.ts'
import { systemMessage } from '../io/files/system-message.ts'
import type { Sink } from '../stages/sink.ts'
import { CommandError, EXIT, isBrokenPipe, isWriteError } from './exit-codes.ts'
import { isSameFile, LINUX_NULL, messageStream } from './standard-streams.ts'

/** An output file that is named on the command line, or the standard stream that stands in for it. */
export interface Output {
  readonly stream: Writable
  /** Its name in messages. */
  readonly name: string
  readonly stats: Stats
  /** The stream's place itself. */
  readonly sink: Sink
  readonly isStandard: boolean
  /** The failures of the stream, the first one first. */
  readonly faults: readonly Error[]
}

/**
 * The outputs of a run. Those that are one file, pipe, socket or terminal have one stream, to which each write is of
 * whole lines: two streams would be interrupted within a line while the other one goes on, and two open files of one
 * name would overwrite each other.
 */
export interface Outputs {
  /** Normalized events. */
  readonly output: Output
  /** Rejected events. */
  readonly errors: Output
  /** Messages and the progress. */
  readonly messages: Output
}

interface OutputNames {
  /** File to (over)write with normalized events; undefined or `-`: standard output. */
  readonly output?: string | undefined
  /** File to (over)write with rejected events; undefined or `-`: standard error. */
  readonly errors?: string | undefined
}

/**
 * Opens the outputs.
 *
 * @param inUse files that are read: writing to one of them would lose events
 * @throws {CommandError} when one cannot be opened
 */
export function openOutputs(names: OutputNames, inUse: readonly Stats[]): Outputs {
  const stdout = outputOf(process.stdout, 'standard output', 1, true)
  const stderr = isSameFile(stdout.stats, fstatSync(2))
    ? { ...stdout, name: 'standard error' }
    : outputOf(messageStream(), 'standard error', 2, true)
  const output = openOutput(names.output, stdout, [stdout, stderr], inUse)
  const errors = openOutput(names.errors, stderr, [stdout, stderr, output], inUse)
  return { output, errors, messages: stderr }
}

/** @param open outputs whose stream is used where the path is the same file */
function openOutput(
  path: string | undefined,
  standard: Output,
  open: readonly Output[],
  inUse: readonly Stats[],
): Output {
  if (path === undefined || path === '-') {
    refuseInUse(standard.name, standard.stats, inUse)
    return standard
  }
  try {
    const existing = statSync(path, { throwIfNoEntry: false })
    if (existing !== undefined) {
      refuseInUse(path, existing, inUse)
      const same = open.find(({ stats }) => isSameFile(stats, existing))
      if (same !== undefined) return { ...same, name: path }
    }
    const fd = openSync(path, 'w')
    return outputOf(createWriteStream(path, { fd }), path, fd, false)
  } catch (error) {
    if (error instanceof CommandError) throw error
    throw new CommandError(EXIT.USAGE, `cannot write ${path}: ${systemMessage(error)}`, { cause: error })
  }
}

function outputOf(stream: Writable, name: string, fd: number, isStandard: boolean): Output {
  const faults: Error[] = []
  const stats = fstatSync(fd)
  // The writer sees its errors; a late one must not end the process.
  stream.on('error', (error) => faults.push(error))
  const sink = canWriteDirectly(stats, isStandard)
    ? fileSink(fd, stream, (error) => faults.push(error))
    : streamSink(stream)
  return { stream, name, stats, sink, isStandard, faults }
}

/**
 * True for what never makes a write wait: files, and pipes and sockets of standard streams, which Node makes refuse a write
 * instead. A pipe with a name would wait, and no signal could end that; a terminal belongs to the progress, too.
 */
function canWriteDirectly(stats: Stats, isStandard: boolean): boolean {
  if (stats.isFile()) return true
  if (stats.isCharacterDevice()) return stats.rdev === LINUX_NULL
  return isStandard && process.platform !== 'win32' && (stats.isFIFO() || stats.isSocket())
}

function refuseInUse(name: string, file: Stats, inUse: readonly Stats[]): void {
  if (file.isFile() && inUse.some((used) => isSameFile(used, file))) {
    throw new CommandError(EXIT.USAGE, `cannot write ${name}: the same file is read`)
  }
}

/**
 * A way to write to a stream that others go on to write to: the end of the one, or its destruction, is not that of the
 * other.
 */
export function sharedWith(stream: Writable): Writable {
  return new Writable({
    decodeStrings: false,
    write: (chunk, encoding, callback) => {
      stream.write(chunk, encoding, callback)
    },
  })
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
  // Its failure is asked for later.
  await finished(stream).catch(() => {})
}

/**
 * The failure of an output; undefined: none failed, or only its reader went away.
 *
 * @param fault the error that ended the run. All streams of a chain are destroyed with it, so that the output seems to
 *   have failed with it, too: it has only if it is a fault of writing, and not that of the errors output, which stands
 *   beside the chain.
 */
export function outputProblem({ output, errors }: Outputs, fault: unknown): string | undefined {
  const [ofErrors] = errors.faults
  if (errors.stream !== output.stream && ofErrors !== undefined && !isBrokenPipe(ofErrors)) {
    return `cannot write ${errors.name}: ${systemMessage(ofErrors)}`
  }
  const own = output.faults.find((error) => error !== ofErrors || errors.stream === output.stream)
  if (own === undefined || isBrokenPipe(own) || (own === fault && !isWriteError(own))) return undefined
  return `cannot write ${output.name}: ${systemMessage(own)}`
}

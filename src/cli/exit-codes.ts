/** The exit codes of the commands. */
export const EXIT = {
  /** The input was processed to its end, or to where a signal or a closed output stopped it. */
  OK: 0,
  /** Stopped by `--on-error fail`, or by a fault at run time. */
  FAILED: 1,
  /** Wrong usage, or rules that cannot be used: nothing was processed. */
  USAGE: 2,
} as const

/** A message for the operator, and the exit code that goes with it. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly exitCode: number

  constructor(exitCode: number, message: string, options?: ErrorOptions) {
    super(message, options)
    this.exitCode = exitCode
  }
}

/** The system refused to write, or to end what was written: a full disk, a file that became unwritable. */
export function isWriteError(error: unknown): boolean {
  const { syscall } = error as NodeJS.ErrnoException
  return syscall === 'write' || syscall === 'close'
}

/** The reader of an output is gone (`| head`). */
export function isBrokenPipe(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  return code === 'EPIPE' || code === 'ECONNRESET'
}

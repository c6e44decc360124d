/**
 * Codes of faults that pass although the file stays what it is: the process or the system has no descriptor or memory
 * left, a disk or a server of files does not answer, the right to read is still to be given.
 */
const PASSING: ReadonlySet<string> = new Set([
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'ENOBUFS',
  'EAGAIN',
  'EBUSY',
  'EINTR',
  'EIO',
  'ESTALE',
  'ETIMEDOUT',
  'EACCES',
  'EPERM',
])
/** lmdb has no codes. */
const PASSING_TEXT = /too many open files|cannot allocate memory|permission denied/i

/** Tells whether to read the same file once more may succeed. */
export function isPassing(error: unknown): boolean {
  for (let fault = error; fault instanceof Error; fault = fault.cause) {
    const { code, message } = fault as NodeJS.ErrnoException
    if (PASSING.has(String(code)) || PASSING_TEXT.test(message)) return true
  }
  return false
}

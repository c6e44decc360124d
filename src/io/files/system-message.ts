import { getSystemErrorMap } from 'node:util'

/** The system's text for an error, without code and path: `no such file or directory`. */
export function systemMessage(error: unknown): string {
  const { errno, code, message } = error as NodeJS.ErrnoException
  if (code === 'EISDIR') return 'it is a directory'
  return (errno === undefined ? undefined : getSystemErrorMap().get(errno)?.[1]) ?? message
}

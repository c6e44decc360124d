import { createSecureContext } from 'node:tls'
import type { HttpTls } from '../http/server.ts'
import { CommandError, EXIT } from './exit-codes.ts'
import { readOptionFile } from './read-file.ts'

/** Files of TLS, as options name them. */
interface TlsFiles {
  readonly cert?: string | undefined
  readonly key?: string | undefined
  readonly ca?: string | undefined
}

/**
 * The certificate, the key and the authority that options name.
 *
 * @param prefix the beginning of the options' names: `--tls`
 * @returns undefined where none is given
 * @throws {CommandError} when one is missing or cannot be used
 */
export function readTls({ cert, key, ca }: TlsFiles, prefix: string): HttpTls | undefined {
  if (cert === undefined && key === undefined && ca === undefined) return undefined
  if (cert === undefined || key === undefined) {
    throw new CommandError(EXIT.USAGE, `normalize: TLS needs both ${prefix}-cert and ${prefix}-key`)
  }
  const tls = {
    cert: readOption(`${prefix}-cert`, cert),
    key: readOption(`${prefix}-key`, key),
    ...(ca !== undefined && { ca: readOption(`${prefix}-ca`, ca) }),
  }
  try {
    createSecureContext(tls)
  } catch (cause) {
    const { message } = cause as Error
    throw new CommandError(EXIT.USAGE, `normalize: ${prefix}-cert, ${prefix}-key: ${message}`, { cause })
  }
  return tls
}

/** The content of a file that an option names. @throws {CommandError} when it cannot be read */
export function readOption(option: string, path: string): Buffer {
  return readOptionFile(path, `normalize: ${option} ${path}`)
}

import { readFileSync } from 'node:fs'
import { systemMessage } from '../io/files/system-message.ts'
import { CommandError, EXIT } from './exit-codes.ts'

/**
 * The content of a file that an option names: a certificate, a key.
 *
 * @param shown beginning of the message that the file cannot be read
 * @throws {CommandError} of wrong usage
 */
export function readOptionFile(path: string, shown = `tracer: ${path}`): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new CommandError(EXIT.USAGE, `${shown}: cannot be read: ${systemMessage(cause)}`, { cause })
  }
}

/** Makes something of options. @throws {CommandError} of wrong usage for any error meanwhile */
export function orUsage<T>(make: () => T): T {
  try {
    return make()
  } catch (cause) {
    if (cause instanceof CommandError) throw cause
    throw new CommandError(EXIT.USAGE, `tracer: ${(cause as Error).message}`, { cause })
  }
}

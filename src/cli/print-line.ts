import { once } from 'node:events'
import process from 'node:process'

/** Writes a line to the standard output, and waits as long as its reader takes nothing. */
export async function printLine(line: string): Promise<void> {
  // A reader that has gone (`| head`) takes nothing more; that is no fault.
  if (process.stdout.writable && !process.stdout.write(line)) {
    await Promise.race([once(process.stdout, 'drain'), once(process.stdout, 'close')])
  }
}

import { writeSync } from 'node:fs'

/** Writes all of the bytes; a single call may write less. */
export function writeFully(file: number, bytes: Uint8Array, position: number): void {
  let written = 0
  while (written < bytes.length) {
    written += writeSync(file, bytes, written, bytes.length - written, position + written)
  }
}

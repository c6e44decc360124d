import * as nodeModule from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PACKAGE_FILE } from '../installed.ts'

/** Newer than the Node types that this is compiled with; Node has it since 22.1. */
const { enableCompileCache } = nodeModule as { enableCompileCache?: (folder: string) => unknown }

/**
 * Lets Node keep the machine code of the modules that are loaded from now on, where it can (a start takes a tenth less). The
 * code is kept among the files of the package: code is run from there as it is from those files, so whoever may write the one may
 * write the other; a common folder for temporary files would be open to others. Where the package cannot be written, nothing is kept.
 */
export function keepCompiledCode(): void {
  if (import.meta.url.endsWith('.ts')) return
  enableCompileCache?.(join(fileURLToPath(new URL('.', PACKAGE_FILE)), 'dist', 'compile-cache'))
}

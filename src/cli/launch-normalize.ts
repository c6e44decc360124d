#!/usr/bin/env node
import { keptScript } from './kept-script.ts'

/*
 * The first module of the built `normalize`, in CommonJS: Node starts its loader of ES modules for nothing else here. The
 * build names the script, which is all of src/cli/normalize.ts in one file.
 */

declare const SCRIPT_NAME: string

const { exports, keep } = keptScript<typeof import('./normalize.ts')>(__dirname, SCRIPT_NAME, require)
void exports.runNormalizeCommand().then((isUsual) => {
  if (isUsual) keep()
})

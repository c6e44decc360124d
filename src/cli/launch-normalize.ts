#!/usr/bin/env node
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { keptScript } from './kept-script.ts'

/*
 * The first module of the built `normalize`. The build names the script, which is all of src/cli/normalize.ts in one file.
 */

declare const SCRIPT_NAME: string

const folder = dirname(fileURLToPath(import.meta.url))
const require = createRequire(import.meta.url)
const { exports, keep } = keptScript<typeof import('./normalize.ts')>(folder, SCRIPT_NAME, require)
if (await exports.runNormalizeCommand()) keep()

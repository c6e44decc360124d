import process from 'node:process'
import { MISP_DEFAULTS, MispEnricher } from '../tracer/enrichers/misp/misp.ts'
import type { Log } from '../tracer/server/log.ts'
import { readOptionFile } from './read-file.ts'
import type { DownloadArguments } from './tracer-downloads.ts'
import type { MispArguments } from './tracer-misp-options.ts'

/** A key has 40 characters. A larger file is another one. */
const LARGEST_KEY_FILE = 4096

/**
 * The enricher that the options describe. It is made whether or not MISP answers: that is found out meanwhile, and
 * logged.
 *
 * @returns undefined without `--misp`
 * @throws Error when there is no key, or an option cannot be used
 */
export function createMisp(
  options: MispArguments & Pick<DownloadArguments, 'compat'>,
  log: Log,
): MispEnricher | undefined {
  if (options.misp === undefined) {
    const stray = Object.keys(options).find((name) => name.startsWith('misp'))
    if (stray !== undefined) throw new Error(`${optionOf(stray)} says nothing without --misp URL`)
    return undefined
  }
  const enricher = new MispEnricher({
    url: options.misp,
    key: readKey(options.mispKeyFile),
    ca:
      options.mispCa === undefined
        ? undefined
        : readOptionFile(options.mispCa, `tracer: --misp-ca ${options.mispCa}`),
    idsOnly: options.mispIdsOnly,
    hitTtlMs: options.mispHitTtl,
    missTtlMs: options.mispMissTtl,
    cacheValues: options.mispCache,
    timeoutMs: options.mispTimeout,
    requestsPerSecond: options.mispRps,
    batchValues: options.mispBatch,
    log,
    // The script tells of all attributes that one answer has.
    ...(options.compat === undefined ? {} : { compat: options.compat, hits: MISP_DEFAULTS.pageSize }),
  })
  void enricher.check()
  return enricher
}

/** The option that commander calls so. */
function optionOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

/** The key in the file, else that in the environment. */
function readKey(file: string | undefined): string {
  if (file === undefined) {
    const key = process.env['MISP_API_KEY']?.trim() ?? ''
    if (key === '') throw new Error('--misp needs a key: set MISP_API_KEY, or give --misp-key-file FILE')
    return key
  }
  const content = readOptionFile(file, `tracer: --misp-key-file ${file}`)
  if (content.length > LARGEST_KEY_FILE) throw new Error(`--misp-key-file ${file}: too large to hold a key`)
  const key = content.toString('utf8').trim()
  if (key === '') throw new Error(`--misp-key-file ${file}: the file is empty`)
  return key
}

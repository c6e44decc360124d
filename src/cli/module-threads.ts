import process from 'node:process'
import { Worker } from 'node:worker_threads'
import { workerEntry } from '../installed.ts'
import { ThreadEnricher } from '../tracer/cluster/thread-enricher.ts'
import { CUSTOM_TIMEOUT_MS } from '../tracer/enrichers/custom.ts'
import { ModuleFaults } from '../tracer/enrichers/module-faults.ts'
import type { Log } from '../tracer/server/log.ts'
import { EXIT } from './exit-codes.ts'

/** The message to the thread of a module. */
export interface ModuleThreadData {
  readonly path: string
  readonly timeoutMs: number | undefined
  readonly beat: Int32Array
}

/** Time that an answer of a thread may need beyond the time-out there. */
const WAY_BACK_MS = 1000

/**
 * Starts a thread for a module, which is asked by way of it.
 *
 * @throws Error (as a rejection) when the module cannot be loaded
 */
export async function loadModuleThread(
  path: string,
  { timeoutMs }: { readonly timeoutMs: number | undefined },
  log: Log,
): Promise<ThreadEnricher> {
  const entry = workerEntry('cli/module-thread', 'cli/module-thread-from-source.mjs')
  const enricher = new ThreadEnricher({
    name: path,
    timeoutMs: (timeoutMs ?? CUSTOM_TIMEOUT_MS) + WAY_BACK_MS,
    log,
    start: (beat) => {
      const workerData: ModuleThreadData = { path, timeoutMs, beat }
      return new Worker(entry, { workerData, execArgv: [], name: path })
    },
  })
  try {
    await enricher.load()
  } catch (error) {
    await enricher.close()
    throw error
  }
  return enricher
}

/**
 * From now on an error that comes to the process costs the look-up of the module that it belongs to. One of ours still
 * ends the process, as it would without this.
 */
export function containFaults(log: Log): ModuleFaults {
  const faults = new ModuleFaults()
  const take = (error: unknown) => {
    if (faults.take(error)) return
    log.fatal({ err: error }, 'this should not have happened, please report it')
    process.exit(EXIT.FAILED)
  }
  process.on('uncaughtException', take)
  process.on('unhandledRejection', take)
  return faults
}

/** The entry of a thread that has a module of the user's own: `--shared-enricher`. */
import process from 'node:process'
import { parentPort, workerData } from 'node:worker_threads'
import { EnricherHost } from '../tracer/cluster/enricher-host.ts'
import type { RemoteLookups } from '../tracer/cluster/messages.ts'
import type { FromModuleThread } from '../tracer/cluster/thread-enricher.ts'
import { loadCustomEnricher } from '../tracer/enrichers/custom.ts'
import { ModuleFaults } from '../tracer/enrichers/module-faults.ts'
import { NO_LOG } from '../tracer/feeds/feed-log.ts'
import { EXIT } from './exit-codes.ts'
import type { ModuleThreadData } from './module-threads.ts'

const BEAT_MS = 200

const { path, timeoutMs, beat } = workerData as ModuleThreadData
const port = parentPort!
const tell = (message: FromModuleThread) => port.postMessage(message)
const tellFault = (error: unknown) => {
  tell({ kind: 'fault', problem: error instanceof Error ? (error.stack ?? error.message) : String(error) })
}
const faults = new ModuleFaults()
// All that runs here is the module's: also an error that cannot be followed to it.
const take = (error: unknown) => {
  if (!faults.take(error)) tellFault(error)
}
process.on('uncaughtException', take)
process.on('unhandledRejection', take)
const live = () => Atomics.add(beat, 0, 1)
setInterval(live, BEAT_MS).unref()

const log = { ...NO_LOG, error: ({ err }: { err?: unknown }) => tellFault(err) }
try {
  const module = await loadCustomEnricher(path, { timeoutMs, faults, log })
  const host = new EnricherHost([
    {
      name: module.name,
      lookup: (indicator) => {
        live()
        return module.lookup(indicator)
      },
    },
  ])
  port.on('message', (lookups: RemoteLookups) => host.onLookups(lookups, tell))
  tell({ kind: 'ready' })
} catch (error) {
  tell({ kind: 'failed', message: (error as Error).message })
  // Timers and sockets of the module would keep the thread.
  setImmediate(() => process.exit(EXIT.FAILED))
}

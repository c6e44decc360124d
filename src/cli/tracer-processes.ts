import cluster from 'node:cluster'
import process from 'node:process'
import { WORKER_VARIABLE } from './scheduling.ts'
import type { SourceArguments } from './tracer-arguments.ts'
import { type ServeOptions, serve } from './tracer-serve.ts'

/**
 * `tracer serve`: one process, or, with `--workers`, a primary and its workers. A worker is this command with the same
 * arguments; what it is to be stands in its environment.
 *
 *     serve ─┬─ one process ───────────────────────────── serve (tracer-serve.ts)
 *            ├─ --workers 2 and more: the primary ─────── supervise (tracer-supervise.ts)
 *            └─ forked by a primary ───────────────────── runWorker (tracer-worker.ts)
 *
 * @returns the exit code
 * @throws {CommandError} when it cannot start
 */
export async function serveAsAsked(options: ServeOptions, sources: SourceArguments): Promise<number> {
  const worker = process.env[WORKER_VARIABLE]
  // A process that a module of the user's own starts is no worker.
  delete process.env[WORKER_VARIABLE]
  if (cluster.isWorker && worker !== undefined) {
    const { runWorker } = await import('./tracer-worker.ts')
    return runWorker(Number(worker), options, sources)
  }
  if ((options.workers ?? 1) === 1) return serve(options, sources)
  const { supervise } = await import('./tracer-supervise.ts')
  return supervise(options, sources)
}

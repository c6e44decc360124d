import cluster from 'node:cluster'
import { platform } from 'node:os'

/** The variable of the environment that holds a worker's number. */
export const WORKER_VARIABLE = 'SLUICE_TRACER_WORKER'

/** The variable that holds the port of `--http`, where any free one is asked for: it is the same one in all workers. */
export const HTTP_PORT_VARIABLE = 'SLUICE_TRACER_HTTP_PORT'

/**
 * All workers accept from the port, and few new connections are dealt out (tracer/cluster/newcomers.ts). A connection
 * costs half as much as when the primary accepts all of them and hands them on, and the primary is no bottleneck.
 *
 * On Windows the primary does hand them on, in turn: there a port that is shared goes to one worker for long times.
 */
export function isSharedPort(): boolean {
  return platform() !== 'win32'
}

/** To be called in the primary, before the first worker. */
export function setScheduling(): void {
  cluster.schedulingPolicy = isSharedPort() ? cluster.SCHED_NONE : cluster.SCHED_RR
}

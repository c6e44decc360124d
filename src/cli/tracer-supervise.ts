import process from 'node:process'
import { WholeMetrics } from '../tracer/cluster/whole-metrics.ts'
import { createLog, type Log } from '../tracer/server/log.ts'
import { Metrics } from '../tracer/server/metrics.ts'
import { SERVER_DEFAULTS } from '../tracer/server/server.ts'
import { EXIT } from './exit-codes.ts'
import { HTTP_PORT_VARIABLE } from './scheduling.ts'
import { findPort, type Listening, Supervisor } from './supervisor.ts'
import type { SourceArguments } from './tracer-arguments.ts'
import { FeedDownloads } from './tracer-downloads.ts'
import {
  checkUsage,
  close,
  createOperations,
  drawnFrom,
  isShared,
  loadAll,
  nextSignal,
  reload,
  type ServeOptions,
  type Sources,
  warnOfNothing,
} from './tracer-serve.ts'

/**
 * `tracer serve --workers`: the primary, which serves nobody itself. It starts the workers and stops them, holds the
 * enrichers that they share, and has the pages of the operator.
 *
 * @returns the exit code
 * @throws {CommandError} when the server cannot start
 */
export async function supervise(options: ServeOptions, sources: SourceArguments): Promise<number> {
  const log = createLog(options.logLevel)
  const stopped = nextSignal()
  checkUsage(options, sources)
  const downloads = new FeedDownloads(sources, options, log)
  let shared: Sources = { enrichers: [] }
  let supervisor: Supervisor | undefined
  process.on('SIGHUP', () => {
    void downloads.refresh()
    reload(shared)
    supervisor?.reload()
  })
  let isReady = false
  let whole: WholeMetrics | undefined
  const operations = createOperations(options, {
    metrics: () => whole,
    isReady: () => isReady && supervisor!.listening > 0,
    isDegraded: () => supervisor?.isDegraded === true,
  })
  await operations?.listen(log)

  warnOfNothing(sources, log)
  // The workers read what is downloaded here, as any other file.
  const own = { feeds: [], allowlists: [], order: sources.order.filter(isShared) }
  const loaded = await Promise.race([loadAll(options, own, log, { downloads }), stopped])
  if (typeof loaded === 'string') {
    downloads.close()
    return stoppedEarly(loaded, log)
  }
  shared = loaded
  const { workers = 1, listen, shutdownTimeout = SERVER_DEFAULTS.shutdownTimeoutMs } = options
  const httpPort = await findHttpPort(options)
  let metrics: Metrics | undefined
  supervisor = new Supervisor({
    workers,
    listen,
    shutdownTimeoutMs: shutdownTimeout,
    shared: shared.enrichers,
    log,
    environment: httpPort === undefined ? {} : { [HTTP_PORT_VARIABLE]: String(httpPort) },
    metrics: operations && {
      update: (worker, snapshot) => whole?.update(worker, snapshot),
      retire: (worker) => whole?.retire(worker),
    },
  })
  if (operations !== undefined) {
    metrics = new Metrics({
      ...drawnFrom(shared),
      downloads: () => downloads.stats(),
      workers: supervisor,
    })
  }
  const started = await startUnlessStopped(supervisor, stopped)
  if (typeof started === 'string') {
    await supervisor.kill()
    return stoppedEarly(started, log)
  }
  if (metrics !== undefined) whole = new WholeMetrics(metrics, () => supervisor.refresh())
  isReady = true
  if (httpPort !== undefined) log.info({ address: options.http!.host, port: httpPort }, 'HTTP is served')
  log.info({ ...started, pids: supervisor.pids }, 'listening')

  const signal = await stopped
  log.info({ signal, connections: supervisor.connections }, 'stopping')
  killOnNextSignal(supervisor)
  await supervisor.stop()
  downloads.close()
  await close(shared)
  await operations?.close()
  metrics?.close()
  log.info({ requests: supervisor.requests }, 'stopped')
  return EXIT.OK
}

async function startUnlessStopped(
  supervisor: Supervisor,
  stopped: Promise<NodeJS.Signals>,
): Promise<Listening | NodeJS.Signals> {
  try {
    return await Promise.race([supervisor.start(), stopped])
  } catch (error) {
    await supervisor.kill()
    throw error
  }
}

/** The port of `--http`; a worker that cannot listen there says so. @returns undefined without `--http` */
async function findHttpPort({ http }: ServeOptions): Promise<number | undefined> {
  return http && findPort(http).catch(() => http.port)
}

function stoppedEarly(signal: string, log: Log): number {
  log.info({ signal }, 'stopped')
  return EXIT.OK
}

/** A second signal ends all processes the hard way. */
function killOnNextSignal(supervisor: Supervisor): void {
  void nextSignal().then(async (signal) => {
    await supervisor.kill()
    process.kill(process.pid, signal)
  })
}

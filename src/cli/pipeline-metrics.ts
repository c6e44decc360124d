import { OperationsServer } from '../http/operations.ts'
import { type Endpoint, formatEndpoint } from './endpoint.ts'
import { CommandError, EXIT } from './exit-codes.ts'
import { listenFault } from './listen-fault.ts'
import { NormalizeMetrics, type NormalizeMetricsSource } from './normalize-metrics.ts'

/**
 * Serves the operator's pages of a run of the pipeline.
 *
 * @param say tells the operator where
 * @returns a function that ends it
 * @throws {CommandError} when it cannot listen
 */
export async function servePipelineMetrics(
  at: Endpoint,
  source: NormalizeMetricsSource,
  say: (text: string) => void,
): Promise<() => Promise<void>> {
  const metrics = new NormalizeMetrics(source)
  const server = new OperationsServer({ ...at, metrics: () => metrics, isReady: () => true })
  const { address, port } = await server.listen().catch((cause: unknown) => {
    const text = `normalize: --metrics ${formatEndpoint(at)}: ${listenFault(cause)}`
    throw new CommandError(EXIT.FAILED, text, { cause })
  })
  say(`metrics are served on http://${formatEndpoint({ host: address, port })}/metrics\n`)
  return () => server.close()
}

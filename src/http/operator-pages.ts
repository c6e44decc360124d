import type { IncomingMessage, ServerResponse } from 'node:http'

/** The maker of a page of metrics. */
export interface MetricsPage {
  readonly contentType: string
  text(): Promise<string>
}

/** The sources of the operator's pages. */
export interface OperatorPageOptions {
  /** Undefined as long as there is nothing to draw. */
  readonly metrics: () => MetricsPage | undefined
  /** Requests are answered now. */
  readonly isReady: () => boolean
  /** They are answered, but not from all that there should be. Default: never. */
  readonly isDegraded?: (() => boolean) | undefined
}

/** Pages that tell nothing of the traffic: a health check has no name and no password. */
export const HEALTH_PATHS: ReadonlySet<string> = new Set(['/healthz', '/readyz'])

/** Pages that are answered however much there is to do: that is when they are needed. */
export const OPERATOR_PATHS: ReadonlySet<string> = new Set(['/metrics', ...HEALTH_PATHS])

const TEXT = 'text/plain; charset=utf-8'

/**
 * The pages for those who run a server: `/metrics` (Prometheus text), `/healthz` (the process lives) and `/readyz` (requests
 * are answered, else 503; `degraded` in the place of `ready` where not all is there that they are answered from).
 */
export class OperatorPages {
  readonly #options: OperatorPageOptions

  constructor(options: OperatorPageOptions) {
    this.#options = options
  }

  /** True for the paths of these pages. */
  has(path: string): boolean {
    return OPERATOR_PATHS.has(path)
  }

  /**
   * Answers a request for one of the pages, or says that there is no such page.
   *
   * @param path the path of the request without its query
   */
  async answer(path: string | undefined, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD')
      send(response, 405, 'method not allowed\n')
    } else if (path === '/metrics') await this.#sendMetrics(response)
    else if (path === '/healthz') send(response, 200, 'ok\n')
    else if (path === '/readyz') {
      const { isReady, isDegraded } = this.#options
      if (isReady()) send(response, 200, isDegraded?.() === true ? 'degraded\n' : 'ready\n')
      else send(response, 503, 'not ready\n')
    } else send(response, 404, 'not found: /metrics, /healthz and /readyz are here\n')
  }

  async #sendMetrics(response: ServerResponse): Promise<void> {
    const metrics = this.#options.metrics()
    if (metrics === undefined) {
      send(response, 503, 'not ready\n')
      return
    }
    try {
      send(response, 200, await metrics.text(), metrics.contentType)
    } catch (error) {
      send(response, 500, `${(error as Error).message}\n`)
    }
  }
}

function send(response: ServerResponse, status: number, text: string, type = TEXT): void {
  response.writeHead(status, { 'content-type': type })
  response.end(text)
}

import type { ServerAddress } from '../tracer/client/connection.ts'
import type { TracerPool } from '../tracer/client/pool.ts'
import { formatEndpoint } from './endpoint.ts'

/** The servers, and the way to tell the operator. */
interface TracerNotes {
  /** Servers that know the same. Enrichment goes on as long as one of them answers. */
  readonly servers: number
  /** Events wait for so long. 0: they do not. */
  readonly waitMs: number
  /** Events that cannot be looked up are rejected. */
  readonly required: boolean
  /** Writes a line. */
  readonly say: (line: string) => void
}

/** Says once that enrichment stops and why, and once that it goes on. */
export function tellOutages(
  pool: Pick<TracerPool, 'on'>,
  { servers, waitMs, required, say }: TracerNotes,
): void {
  const lost = new Set<ServerAddress>()
  let since = 0
  const without = required ? 'events are rejected' : 'events pass without enrichment'
  pool.on('lost', (server, error) => {
    lost.add(server)
    if (lost.size < servers) return
    since = performance.now()
    const meanwhile = waitMs > 0 ? `events wait for it, ${seconds(waitMs)} at most` : without
    say(`tracer ${formatEndpoint(server)}: ${reasonOf(error)}; ${meanwhile}`)
  })
  pool.on('waited', () => {
    say(`tracer: no server has answered for ${seconds(performance.now() - since)}; ${without} until one does`)
  })
  pool.on('back', (server) => {
    const wereAllLost = lost.size === servers
    lost.delete(server)
    if (wereAllLost) {
      const gone = seconds(performance.now() - since)
      say(`tracer ${formatEndpoint(server)}: answers again after ${gone}; events are enriched`)
    }
  })
}

function seconds(ms: number): string {
  return `${ms < 10_000 ? Math.round(ms / 100) / 10 : Math.round(ms / 1000)} s`
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection is refused: no server listens there',
  ECONNRESET: 'the server breaks off the connection: it may want TLS (--tracer-tls), or refuse this client',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ETIMEDOUT: 'no connection: the host does not answer',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name of the host cannot be resolved now',
  HTTP_401:
    'it refuses the user, or the password, or wants one: --tracer http://user@HOST:PORT, TRACER_PASSWORD',
  HTTP_403: 'it refuses this client',
  HTTP_404:
    'it has no such API: the path of another one stands in the URL, --tracer http://HOST:PORT/api/1.0/lookup',
  EPROTO: 'no TLS connection: the server does not speak TLS, or refuses ours',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the server does not speak TLS',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
}
const UNTRUSTED: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_UNTRUSTED',
])

/** The reason why a server cannot be used, in words for the operator; the words of the system are kept beside them. */
function reasonOf(error: Error): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === undefined) return message
  const what = UNTRUSTED.has(code)
    ? 'its certificate is not trusted: --tracer-ca names its authority'
    : (REASONS[code] ?? (code.startsWith('ERR_SSL') ? 'no TLS connection' : undefined))
  if (what === undefined) return message === '' ? code : message
  // A name with several addresses gives an error without a message of its own.
  return `${what} (${message === '' ? code : message.trim()})`
}

import type { Command } from 'commander'

/** The options of `normalize` that make it ask a tracer, as commander names them: texts, which tracer-pool.ts reads. */
export interface TracerOptions {
  readonly tracer?: readonly string[]
  readonly tracerConnections?: string
  readonly tracerWindow?: string
  readonly tracerRps?: string
  readonly tracerTimeout?: string
  readonly tracerWait?: string
  readonly tracerCache?: string
  readonly tracerCacheTtl?: string
  readonly tracerRequired?: boolean
  readonly tracerPasswordFile?: string
  readonly tracerTls?: boolean
  readonly tracerCa?: string
  readonly tracerCert?: string
  readonly tracerKey?: string
}

/** Adds them to a command. Their meaning is loaded only when they are given: most runs ask no tracer. */
export function withTracer(command: Command): Command {
  return command
    .option(
      '--tracer <address>',
      "look up what the rules' enrich section names: HOST:PORT, or http(s)://USER@HOST:PORT; repeatable, for servers that know the same",
      (address: string, addresses: string[] | undefined) => [...(addresses ?? []), address],
    )
    .option('--tracer-connections <n>', 'connections to each server (default: 4)')
    .option('--tracer-window <n>', 'requests in flight on a connection (default: 64)')
    .option('--tracer-rps <n>', 'requests a second at most (default: no limit)')
    .option('--tracer-timeout <duration>', 'how long a request waits for its reply: 500ms, 5s (default: 5s)')
    .option(
      '--tracer-wait <duration>',
      'in an outage, also at the start, let events wait so long before they pass on (default: 0, not at all)',
    )
    .option('--tracer-cache <n>', 'answers to remember of each type of indicator; 0: none (default: 100000)')
    .option('--tracer-cache-ttl <duration>', 'how long to remember them (default: 5m)')
    .option('--tracer-required', 'reject events that could not be looked up (default: mark them)')
    .option(
      '--tracer-password-file <file>',
      'the file that holds the password of USER (default: the environment, TRACER_PASSWORD)',
    )
    .option('--tracer-tls', 'connect with TLS')
    .option('--tracer-ca <file>', "PEM file: the authority of the servers' certificates")
    .option('--tracer-cert <file>', 'PEM file: the certificate to show them')
    .option('--tracer-key <file>', 'PEM file: its key')
}

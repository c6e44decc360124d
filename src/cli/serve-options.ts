import type { Command } from 'commander'
import { duration, endpoint, wholeNumber } from './arguments.ts'
import type { Endpoint } from './endpoint.ts'
import { withServerTls } from './tls-options.ts'

/** The options of `normalize serve` besides those of rules and input, as commander names them. */
export interface ServeArguments {
  readonly listen: Endpoint
  readonly errors?: string
  readonly maxBody?: number
  readonly maxInFlight?: number
  readonly maxConnections?: number
  readonly stallTimeout?: number
  readonly idleTimeout?: number
  readonly shutdownTimeout?: number
  readonly allow?: readonly string[]
  readonly users?: string
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly tlsCa?: string
}

const AFTER = `
POST / takes events and answers normalized ones, as JSON lines; with /?errors=inline rejected events are lines among them.
/metrics, /healthz and /readyz are for operators. Durations are written 500ms, 5s, 2m; a bare number is seconds.
SIGHUP loads the rules and the users again, as a change of the files of the rules does. SIGTERM and SIGINT stop: what was
accepted is answered first; a second signal kills.

Exit codes: 0 stopped by a signal, 1 a fault (the port is in use), 2 wrong usage, or rules or a certificate that cannot be used.`

/** Adds them to a command. */
export function withServing(command: Command): Command {
  command
    .requiredOption('--listen <host:port>', 'where to listen', endpoint)
    .option('--errors <file>', 'append rejected events to it; -: standard error (default: count them)')
    .option('--max-body <bytes>', 'refuse longer bodies, unpacked, with 413 (default: 67108864)', wholeNumber)
    .option(
      '--max-in-flight <n>',
      'work on so many requests; more are answered 429 (default: 256)',
      wholeNumber,
    )
    .option('--max-connections <n>', 'refuse more connections (default: 1000)', wholeNumber)
    .option(
      '--stall-timeout <duration>',
      'drop a client that is waited for and sends or takes nothing, or hardly anything (default: 30s)',
      duration,
    )
    .option(
      '--idle-timeout <duration>',
      'close a connection on which no request has come (default: 60s)',
      duration,
    )
    .option(
      '--shutdown-timeout <duration>',
      'drop what is left when the server stops (default: 30s)',
      duration,
    )
    .option('--allow <cidr...>', 'who may connect (default: everyone)')
    .option(
      '--users <file>',
      'who may ask: names and passwords as htpasswd -B writes them (default: everyone)',
    )
  return withServerTls(command).addHelpText('after', AFTER)
}

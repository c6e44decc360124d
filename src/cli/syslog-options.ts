import { type Command, InvalidArgumentError } from 'commander'
import type { SyslogEndpoint } from '../io/syslog/source.ts'
import { duration, endpoint, wholeNumber } from './arguments.ts'

/** The options of syslog, as commander names them. */
export interface SyslogArguments {
  /** Each of them as one endpoint, or as one of UDP and one of TCP. */
  readonly syslog?: readonly (readonly SyslogEndpoint[])[]
  readonly syslogCert?: string
  readonly syslogKey?: string
  readonly syslogCa?: string
  readonly syslogAllow?: readonly string[]
  readonly syslogConnections?: number
  readonly syslogMaxMessage?: number
  readonly syslogIdleTimeout?: number
}

/** Adds them to a command. */
export function withSyslog(command: Command): Command {
  return command
    .option(
      '--syslog <host:port>',
      'in the place of files: receive syslog over UDP and TCP, or over one of udp://, tcp:// and tls://HOST:PORT; repeatable',
      (text: string, before: SyslogArguments['syslog']) => [...(before ?? []), endpoints(text)],
    )
    .option('--syslog-cert <file>', 'certificate for tls://, PEM')
    .option('--syslog-key <file>', 'its key, PEM')
    .option('--syslog-ca <file>', 'hear only devices with a certificate of this authority, PEM')
    .option('--syslog-allow <cidr...>', 'who is heard (default: everyone)')
    .option('--syslog-connections <n>', 'refuse more connections (default: 1000)', wholeNumber)
    .option('--syslog-max-message <bytes>', 'cut off longer messages (default: 65536)', wholeNumber)
    .option(
      '--syslog-idle-timeout <duration>',
      'close a connection that sends nothing; 0: never (default: 1h)',
      duration,
    )
}

const SCHEME = /^(?<scheme>[a-z]+):\/\/(?<address>.*)$/i

/** Reads HOST:PORT, for UDP and TCP, or one of them by its scheme. */
function endpoints(text: string): SyslogEndpoint[] {
  const { scheme, address = text } = SCHEME.exec(text)?.groups ?? {}
  const at = endpoint(address)
  const transport = scheme?.toLowerCase()
  if (transport === undefined) {
    return [
      { transport: 'udp', ...at },
      { transport: 'tcp', ...at },
    ]
  }
  if (transport === 'udp' || transport === 'tcp' || transport === 'tls') return [{ transport, ...at }]
  throw new InvalidArgumentError(`There is udp://, tcp:// and tls://, and no ${transport}://.`)
}

import { SyslogSource } from '../io/syslog/source.ts'
import { formatEndpoint } from './endpoint.ts'
import { CommandError, EXIT } from './exit-codes.ts'
import type { InputArguments } from './input-options.ts'
import { listenFault } from './listen-fault.ts'
import type { SyslogArguments } from './syslog-options.ts'
import { readTls } from './tls-files.ts'

/** Encodings in which a byte of ASCII may be half a character. */
const NOT_ASCII = /^(?:utf-16|shift_jis|gbk|gb18030|big5|iso-2022)/

/**
 * The source that `--syslog` asks for; it listens.
 *
 * @param names files that are named, too
 * @param say tells the operator where it listens
 * @throws {CommandError} when it cannot
 */
export async function openSyslog(
  options: SyslogArguments & InputArguments,
  names: readonly string[],
  say: (text: string) => void,
): Promise<SyslogSource> {
  if (names.length > 0) {
    throw usage(
      `--syslog takes the place of files, and ${names[0]} is named: run a second normalize for files`,
    )
  }
  if (options.inputFormat !== undefined && options.inputFormat !== 'jsonl') {
    throw usage(
      "--syslog has a form of its own, events {message, peer}: leave out --input-format; rules read 'message'",
    )
  }
  const { encoding } = options
  if (encoding !== undefined && NOT_ASCII.test(new TextDecoder(encoding).encoding)) {
    throw usage(`--syslog cannot read ${encoding}: only encodings in which ASCII is ASCII`)
  }
  const tls = readTls({ cert: options.syslogCert, key: options.syslogKey, ca: options.syslogCa }, '--syslog')
  const source = create(options, tls)
  const opened = await source.listen().catch((error: Error) => {
    throw new CommandError(
      EXIT.FAILED,
      `normalize: --syslog: ${error.message}: ${listenFault(error.cause)}`,
      {
        cause: error,
      },
    )
  })
  for (const { transport, ...at } of opened) say(`listening on ${transport}://${formatEndpoint(at)}\n`)
  return source
}

function create(options: SyslogArguments, tls: ReturnType<typeof readTls>): SyslogSource {
  const endpoints = (options.syslog ?? []).flat()
  if (tls === undefined && endpoints.some(({ transport }) => transport === 'tls')) {
    throw usage('tls:// needs both --syslog-cert and --syslog-key')
  }
  try {
    return new SyslogSource({
      endpoints,
      tls,
      allow: options.syslogAllow,
      maxConnections: options.syslogConnections,
      maxMessageBytes: options.syslogMaxMessage,
      idleTimeoutMs: options.syslogIdleTimeout,
    })
  } catch (cause) {
    throw usage(`--syslog: ${(cause as Error).message}`, cause)
  }
}

function usage(message: string, cause?: unknown): CommandError {
  return new CommandError(EXIT.USAGE, `normalize: ${message}`, { cause })
}

import type { Command } from 'commander'

/** Adds the options of a server's TLS, which `readTls` and `tracer serve` read. */
export function withServerTls(command: Command): Command {
  return command
    .option('--tls-cert <file>', 'certificate, PEM')
    .option('--tls-key <file>', 'its key, PEM')
    .option('--tls-ca <file>', 'serve only clients with a certificate of this authority, PEM')
}

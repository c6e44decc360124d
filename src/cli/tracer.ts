import { Command, Option } from 'commander'
import { LOG_LEVELS } from '../tracer/server/log.ts'
import { type RunWork, runCommand } from './run-command.ts'
import {
  address,
  category,
  collectKey,
  count,
  duration,
  interval,
  SourceArguments,
  workers,
} from './tracer-arguments.ts'
import type { TracerCompileOptions } from './tracer-compile.ts'
import type { InspectOptions } from './tracer-inspect.ts'
import type { LookupOptions } from './tracer-lookup.ts'
import { withMisp } from './tracer-misp-options.ts'
import type { ServeOptions } from './tracer-serve.ts'

/*
 * The command line of `tracer`. The modules of a subcommand are loaded when it is run.
 */

const DEFAULT_ADDRESS = '127.0.0.1:16666'
const LARGEST_LINE = 16 * 1024 * 1024
const MOST_CONNECTIONS = 1_000_000
const MOST_SAMPLES = 1000

const AFTER_SERVE = `
Durations are written 500ms, 5s, 2m; a bare number is seconds.
On the allowlist, as in feeds, example.com is that host without a path, example.com/* the host with any path, .example.com
the domain and all below it.
SIGHUP reads feeds, databases and allowlists again, asks the servers of feeds, and forgets what MISP has said. SIGTERM and
SIGINT stop: what was read is answered first; a second signal kills.

Exit codes: 0 stopped by a signal, 1 a fault (the port is in use), 2 wrong usage, or a feed, database, module or
certificate that cannot be used.`

const AFTER_LOOKUP = `
The type of a value is guessed (ip, hash by its length, else url), or given: url=..., domain=..., ip=..., hash=..., md5=..., sha1=..., sha256=...
A server that refuses the connection is tried again for as long as --timeout says: it may be about to start.

Exit codes: 0 all values are answered, found or not, 1 the server does not answer, 2 wrong usage.`

const AFTER_COMPILE = `
Every FEED has all the keys. Of equal keys the last record wins, over all files in their order. While it runs, it takes
about twice the space of the result beside it; the file is complete or as it was before.

Exit codes: 0 compiled, 1 the file cannot be written, or a signal stopped it, 2 wrong usage, or a feed that cannot be
used.`

const AFTER_INSPECT = `
All checksums are verified.

Exit codes: 0 it is whole, 1 it is damaged, of another version, or no compiled feed, 2 wrong usage.`

function createProgram(run: RunWork): Command {
  const program = new Command('tracer')
    .description('Answers a SIEM what is known of an address, a host name, a URL or a hash.')
    .exitOverride()
  addServe(program, run)
  addLookup(program, run)
  addCompile(program, run)
  addInspect(program, run)
  return program
}

function addServe(program: Command, run: (work: () => Promise<number>) => Promise<void>): void {
  const sources = new SourceArguments()
  const command = program.command('serve')
  // A parser that takes the value before it as well is one of an option that is repeatable.
  command
    .description('answer look-ups over TCP')
    .addOption(
      new Option('--listen <host:port>', `where to listen (default: ${DEFAULT_ADDRESS})`).argParser(address),
    )
    .option(
      '--feed <file>',
      'CSV or JSON, packed by gzip or not, also of MISP; a directory or a URL of such; repeatable',
      (file: string, _before) => sources.addFeed(file),
    )
    .option(
      '--key <field[:type]>',
      'the field of the feed before it to look up by (not for MISP); type: url, ip or hash',
      (text: string, _before) => sources.setKey(text),
    )
    .option(
      '--category <name>',
      'the category of the detections of the feed or database before it',
      (text: string, _before) => sources.setCategory(text),
    )
    .option('--mmdb <file>', 'a GeoIP or ASN database of addresses; repeatable', (file: string, _before) =>
      sources.addMmdb(file),
    )
    .option('--mmdb-language <code>', 'of the names of places (default: en)')
    .option(
      '--load <file>',
      'a feed that tracer compile has made; repeatable, also beside --feed',
      (file: string, _before) => sources.addCompiled(file),
    )
    .option(
      '--feed-interval <duration>',
      'how often the server of a feed is asked whether it has changed (default: 1h)',
      interval,
    )
    .option(
      '--feed-cache <directory>',
      'where feeds from URLs are kept (default: sluice/feeds in the cache of the user)',
    )
    .option('--feed-ca <file>', 'the authority of the servers of feeds, PEM (default: those of the system)')
    .option(
      '--allowlist <file>',
      'indicators that get no detection, one a line, or a feed with --key; repeatable',
      (file: string, _before) => sources.addAllowlist(file),
    )
    .option(
      '--enricher <name>',
      'url-decode, or a module of your own (./mine.js); repeatable',
      (text: string, _before) => sources.addEnricher(text),
    )
    .option(
      '--shared-enricher <path>',
      'as --enricher with a module of your own, which the workers share: it is asked in one process',
      (text: string, _before) => sources.addSharedEnricher(text),
    )
    .option(
      '--enricher-timeout <duration>',
      'for one look-up of a module of your own (default: 5s)',
      duration,
    )
  withMisp(command, sources)
  command
    .option('--workers <n>', 'serve from so many processes; auto: one for each core (default: 1)', workers)
    .addOption(
      new Option('--reply <when>', 'as the header of a client asks, or always')
        .choices(['header', 'always'])
        .default('header'),
    )
    .option('--one-shot', 'close each connection after its first request')
    .option(
      '--max-line <bytes>',
      'close a connection that sends a longer line (default: 65536)',
      count(LARGEST_LINE),
    )
    .option(
      '--max-connections <n>',
      'refuse more connections, which workers divide among them (default: 10000)',
      count(MOST_CONNECTIONS),
    )
    .option(
      '--idle-timeout <duration>',
      'close a connection that sends nothing; 0: never (default: 5m)',
      duration,
    )
    .option(
      '--drain-timeout <duration>',
      'drop a client that does not read its replies (default: 60s)',
      duration,
    )
    .option(
      '--shutdown-timeout <duration>',
      'drop what is left when the server stops (default: 30s)',
      duration,
    )
    .option('--allow <cidr...>', 'who may connect (default: everyone)')
    .option('--tls-cert <file>', 'certificate, PEM')
    .option('--tls-key <file>', 'its key, PEM')
    .option('--tls-ca <file>', 'serve only clients with a certificate of this authority, PEM')
    .option('--metrics <host:port>', 'serve /metrics, /healthz and /readyz over HTTP', address)
    .option('--metrics-allow <cidr...>', 'who may look at them (default: as --allow)')
    .addOption(
      new Option('--log-level <level>', 'debug logs each request').choices([...LOG_LEVELS]).default('info'),
    )
    .addHelpText('after', AFTER_SERVE)
    .action((options: ServeOptions) =>
      run(async () => {
        const { serveAsAsked } = await import('./tracer-processes.ts')
        return serveAsAsked({ ...options, listen: options.listen ?? address(DEFAULT_ADDRESS) }, sources)
      }),
    )
}

function addLookup(program: Command, run: (work: () => Promise<number>) => Promise<void>): void {
  program
    .command('lookup')
    .description('ask a server, and print a JSON line for each value')
    .argument('<VALUE...>', 'what to ask for; - for the lines of the standard input')
    .addOption(
      new Option('--server <host:port>', `whom to ask (default: ${DEFAULT_ADDRESS})`).argParser(address),
    )
    .option('--timeout <duration>', 'for one answer (default: 5s)', duration)
    .option('--tls', 'connect with TLS; so do the other options of TLS')
    .option('--tls-ca <file>', "the server's authority, PEM")
    .option('--tls-cert <file>', 'a certificate to show, PEM')
    .option('--tls-key <file>', 'its key, PEM')
    .addHelpText('after', AFTER_LOOKUP)
    .action((values: string[], options: LookupOptions) =>
      run(async () => {
        const { lookup } = await import('./tracer-lookup.ts')
        return lookup(values, { ...options, server: options.server ?? address(DEFAULT_ADDRESS) })
      }),
    )
}

function addCompile(program: Command, run: RunWork): void {
  program
    .command('compile')
    .description('make one file of feeds of any size, which serve --load opens at once')
    .argument('<FEED...>', 'CSV or JSON, packed by gzip or not')
    .option(
      '--key <field[:type]>',
      'the field to look up by; type: url, ip or hash; repeatable. Files of MISP need none',
      collectKey,
    )
    .option('--category <name>', 'the category of all detections', category)
    .requiredOption('-o, --output <file>', 'the compiled feed, X.tracer; one that is there is replaced')
    .addHelpText('after', AFTER_COMPILE)
    .action((feeds: string[], options: TracerCompileOptions) =>
      run(async () => {
        const { compile } = await import('./tracer-compile.ts')
        return compile(feeds, options)
      }),
    )
}

function addInspect(program: Command, run: RunWork): void {
  program
    .command('inspect')
    .description('verify a compiled feed, and print what it tells of itself and some of its entries')
    .argument('<FILE>', 'what compile has made')
    .option('--samples <n>', 'how many entries to print (default: 5)', count(MOST_SAMPLES))
    .option('--json', 'print one JSON object')
    .addHelpText('after', AFTER_INSPECT)
    .action((file: string, options: InspectOptions) =>
      run(async () => {
        const { inspect } = await import('./tracer-inspect.ts')
        return inspect(file, options)
      }),
    )
}

/** Runs the command with the arguments of the process. */
export function runTracerCommand(): Promise<void> {
  return runCommand('tracer', createProgram)
}

import { Command, Option } from 'commander'
import { COMPATS } from '../tracer/compat.ts'
import { SUPPLIERS } from '../tracer/indicators/suppliers.ts'
import { LOG_LEVELS } from '../tracer/server/log.ts'
import { duration, endpoint, listed, orInvalid } from './arguments.ts'
import { CommandError, EXIT } from './exit-codes.ts'
import { type RunWork, runCommand } from './run-command.ts'
import { withServerTls } from './tls-options.ts'
import { parseTracerAddress } from './tracer-address.ts'
import {
  category,
  collectKey,
  columnNames,
  count,
  countFromZero,
  delimiter,
  encoding,
  feedFormat,
  interval,
  percent,
  SourceArguments,
  timeToLive,
  workers,
} from './tracer-arguments.ts'
import type { TracerCompileOptions } from './tracer-compile.ts'
import { withHttp } from './tracer-http-options.ts'
import type { InspectOptions } from './tracer-inspect.ts'
import type { InspectFeedOptions } from './tracer-inspect-feed.ts'
import type { AddOptions, ListOptions } from './tracer-lists.ts'
import type { LookupOptions } from './tracer-lookup.ts'
import { withMisp } from './tracer-misp-options.ts'
import type { ServeOptions } from './tracer-serve.ts'

/*
 * The command line of `tracer`. The modules of a subcommand are loaded when it is run.
 */

const DEFAULT_ADDRESS = '127.0.0.1:16666'
/** The types that values are given with. */
const VALUE_TYPES = ['url', 'domain', 'ip', 'hash', 'email', 'text'] as const
const LARGEST_LINE = 16 * 1024 * 1024
const MOST_CONNECTIONS = 1_000_000
const MOST_SAMPLES = 1000

const AFTER_SERVE = `
Durations are written 500ms, 5s, 2m; a bare number is seconds.
On the allowlist, as in feeds, example.com is that host with any path, http://example.com/a that URL, .example.com
the domain and all below it.
SIGHUP reads feeds, databases, allowlists and users again, asks the servers of feeds, and forgets what MISP has said. SIGTERM and
SIGINT stop: what was read is answered first; a second signal kills.

A feed or allowlist that cannot be used at the start is logged, and /readyz says degraded, until it is good.

Exit codes: 0 stopped by a signal, 1 a fault (the port is in use), 2 wrong usage, or a database, module, certificate, or
with --strict a feed, that cannot be used.`

const AFTER_LOOKUP = `
The type of a value is guessed (ip, hash by its length, else url), or given: url=..., domain=..., ip=..., hash=..., md5=..., sha1=...,
sha256=..., email=..., text=...; or --type says it for all. hxxp:// and [.] are undone.
A server that refuses the connection is tried again for as long as --timeout says: it may be about to start.

Exit codes: 0 all values are answered, found or not, 1 the server does not answer, 2 wrong usage.`

const AFTER_COMPILE = `
Every FEED has all the keys. Of equal keys the last record wins, over all files in their order. While it runs, it takes
about twice the space of the result beside it; the file is complete or as it was before.

Exit codes: 0 compiled, 1 the file cannot be written, or a signal stopped it, 2 wrong usage, or a feed that cannot be
used.`

const AFTER_INSPECT = `
Of a compiled feed all checksums are verified. Of --feed the format that was recognised is printed, how many records it has,
its indicators by type, what was left out and why, and samples.

Exit codes: 0 it is whole, 1 it is damaged, of another version, no compiled feed, or a feed that cannot be used, 2 wrong usage.`

const AFTER_LISTS = `
Durations are written 500ms, 5s, 2m, 24h, 7d; a bare number is seconds. Nothing is changed where one of the values is no indicator.

Exit codes: 0 done, 1 the file of the lists cannot be used, 2 wrong usage, or a value that is no indicator.`

function createProgram(run: RunWork): Command {
  const program = new Command('tracer')
    .description('Answers a SIEM what is known of an address, a host name, a URL or a hash.')
    .exitOverride()
  addServe(program, run)
  addLookup(program, run)
  addCompile(program, run)
  addInspect(program, run)
  addLists(program, run)
  return program
}

function addServe(program: Command, run: (work: () => Promise<number>) => Promise<void>): void {
  const sources = new SourceArguments()
  const command = program.command('serve')
  // A parser that takes the value before it as well is one of an option that is repeatable.
  command
    .description('answer look-ups over TCP, and HTTP')
    .addOption(
      new Option('--listen <host:port>', `where to listen (default: ${DEFAULT_ADDRESS})`).argParser(endpoint),
    )
    .option(
      '--feed <file>',
      'indicators in any format of README, packed or not; a directory or a URL of such; repeatable',
      (file: string, _before) => sources.addFeed(file),
    )
    .option(
      '--key <field[:type]>',
      'the field of the feed before it to look up by, where its format does not say it; type: url, domain, ip, hash, email or text',
      (text: string, _before) => sources.setKey(text),
    )
    .option(
      '--category <name>',
      'the category of the detections of the feed or database before it',
      (text: string, _before) => sources.setCategory(text),
    )
    .option(
      '--format <name>',
      'the format of the feed or allowlist before it (default: as its content shows)',
      (text: string, _before) => sources.setReading('--format', 'format', feedFormat(text)),
    )
    .option(
      '--columns <names>',
      'the names of the columns of the CSV before it, which has no header: a,b,c',
      (text: string, _before) => sources.setReading('--columns', 'columns', columnNames(text)),
    )
    .option(
      '--delimiter <character>',
      'that separates its columns, or tab (default: as its content shows)',
      (text: string, _before) => sources.setReading('--delimiter', 'delimiter', delimiter(text)),
    )
    .option(
      '--records <path>',
      'the list in the JSON before it that has the records: data/items',
      (text: string, _before) => sources.setReading('--records', 'records', text),
    )
    .option(
      '--encoding <name>',
      'the encoding of the text before it (default: by its byte order mark, else utf-8)',
      (text: string, _before) => sources.setReading('--encoding', 'encoding', encoding(text)),
    )
  withMatching(command)
    .addOption(compatOption('answer as this server does: contexts, order, keys as they are written'))
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
      '--min-indicators <n>',
      'refuse a version of a feed or allowlist that has fewer; the one before it stays (default: 1)',
      countFromZero,
    )
    .option(
      '--max-shrink <percent>',
      'refuse a version that has lost more of the indicators of the one before it (default: 90)',
      percent,
    )
    .option(
      '--accept-shrink',
      'take the first version that comes of each feed from a URL however it has shrunk',
    )
    .option(
      '--strict',
      'end with exit code 2 when a feed cannot be used at the start (default: start without it)',
    )
    .option(
      '--allowlist <file>',
      'indicators that get no detection: a list, or a feed; repeatable',
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
  withHttp(withServerTls(command))
    .option('--metrics <host:port>', 'serve /metrics, /healthz and /readyz over HTTP', endpoint)
    .option('--metrics-allow <cidr...>', 'who may look at them (default: as --allow)')
    .addOption(
      new Option('--log-level <level>', 'debug logs each request').choices([...LOG_LEVELS]).default('info'),
    )
    .addHelpText('after', AFTER_SERVE)
    .action((options: ServeOptions) =>
      run(async () => {
        const { serveAsAsked } = await import('./tracer-processes.ts')
        return serveAsAsked({ ...options, listen: options.listen ?? endpoint(DEFAULT_ADDRESS) }, sources)
      }),
    )
}

function addLookup(program: Command, run: (work: () => Promise<number>) => Promise<void>): void {
  program
    .command('lookup')
    .description('ask a server, and print a JSON line for each value')
    .argument('<VALUE...>', 'what to ask for; - for the lines of the standard input')
    .addOption(
      new Option(
        '--server <address>',
        `whom to ask: HOST:PORT, or http(s)://USER@HOST:PORT (default: ${DEFAULT_ADDRESS})`,
      ).argParser((text) => orInvalid(() => parseTracerAddress(text))),
    )
    .option(
      '--password-file <file>',
      'the file that holds the password of USER (default: the environment, TRACER_PASSWORD)',
    )
    .addOption(new Option('--type <type>', 'of all values (default: guessed)').choices([...VALUE_TYPES]))
    .option('--no-refang', 'ask for hxxp:// and [.] as they are')
    .option('--timeout <duration>', 'for one answer (default: 5s)', duration)
    .option('--tls', 'connect with TLS; so do the other options of TLS')
    .option('--tls-ca <file>', "the server's authority, PEM")
    .option('--tls-cert <file>', 'a certificate to show, PEM')
    .option('--tls-key <file>', 'its key, PEM')
    .addHelpText('after', AFTER_LOOKUP)
    .action((values: string[], options: LookupOptions) =>
      run(async () => {
        const { lookup } = await import('./tracer-lookup.ts')
        return lookup(values, { ...options, server: options.server ?? endpoint(DEFAULT_ADDRESS) })
      }),
    )
}

/** Adds the options that say how the keys of feeds, and of allowlists, are meant. */
function withMatching(command: Command): Command {
  return command
    .addOption(
      new Option('--host-match <how>', 'a host in a feed or allowlist matches any path on it, or only itself')
        .choices(['any-path', 'exact'])
        .default('any-path'),
    )
    .option('--no-refang', 'take hxxp:// and [.] in feeds and allowlists as they are')
}

function compatOption(description: string): Option {
  return new Option('--compat <server>', description).choices([...COMPATS])
}

/** Adds the options that say how feeds are read. */
function withReading(command: Command): Command {
  command
    .option('--format <name>', 'the format (default: as the content shows)', feedFormat)
    .option('--columns <names>', 'the names of the columns of a CSV without a header: a,b,c', columnNames)
    .option(
      '--delimiter <character>',
      'that separates columns, or tab (default: as the content shows)',
      delimiter,
    )
    .option('--records <path>', 'the list in a JSON document that has the records: data/items')
    .option(
      '--encoding <name>',
      'the encoding of the text (default: by its byte order mark, else utf-8)',
      encoding,
    )
  return withMatching(command)
}

function addCompile(program: Command, run: RunWork): void {
  const command = program
    .command('compile')
    .description('make one file of feeds of any size, which serve --load opens at once')
    .argument('<FEED...>', 'feeds in any format, packed or not')
    .option(
      '--key <field[:type]>',
      'the field to look up by, where the format does not say it; type: url, domain, ip, hash, email or text; repeatable',
      collectKey,
    )
    .option('--category <name>', 'the category of all detections', category)
  withReading(command)
    .addOption(compatOption('write contexts as this server does, for serve --compat'))
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
  const command = program
    .command('inspect')
    .description('print what is in a compiled feed, or what serve would make of a feed')
    .argument('[FILE]', 'what compile has made')
    .option('--feed <file>', 'a feed, to be tried before it is served')
    .option(
      '--key <field[:type]>',
      'with --feed: the field to look up by, where the format does not say it; repeatable',
      collectKey,
    )
    .option('--samples <n>', 'how many entries to print (default: 5)', count(MOST_SAMPLES))
    .option('--json', 'print one JSON object')
  withReading(command)
    .addHelpText('after', AFTER_INSPECT)
    .action((file: string | undefined, options: InspectOptions & InspectFeedOptions) =>
      run(async () => {
        if (options.feed !== undefined && file === undefined) {
          const { inspectFeed } = await import('./tracer-inspect-feed.ts')
          return inspectFeed(options.feed, options)
        }
        if (file === undefined || options.feed !== undefined) {
          throw new CommandError(EXIT.USAGE, 'tracer: inspect takes a compiled FILE, or --feed FILE')
        }
        const { inspect } = await import('./tracer-inspect.ts')
        return inspect(file, options)
      }),
    )
}

/** Adds the subcommands for the indicators that come and go while a server runs. */
function addLists(program: Command, run: RunWork): void {
  const withStore = (command: Command) =>
    command.option(
      '--feed-cache <directory>',
      'as that of serve (default: sluice/feeds in the cache of the user)',
    )
  const named = (command: Command) =>
    withStore(command)
      .addOption(
        new Option('--list <name>', 'InternalTI gives detections, FalsePositive takes them away')
          .choices([...SUPPLIERS])
          .default('InternalTI'),
      )
      .addOption(new Option('--type <type>', 'of all values (default: detected)').choices([...VALUE_TYPES]))
  named(
    program
      .command('add')
      .description('add indicators to a list, which servers have within a second')
      .argument('<VALUE...>', 'what a feed may have; - for the lines of the standard input'),
  )
    .option('--ttl <duration>', 'remove them after this time (default: they stay)', timeToLive)
    .option('--context <name=text>', 'a field of their detections; repeatable', listed)
    .addHelpText('after', AFTER_LISTS)
    .action((values: string[], options: AddOptions) =>
      run(async () => (await import('./tracer-lists.ts')).addIndicators(values, options)),
    )
  named(
    program
      .command('remove')
      .description('remove indicators from a list')
      .argument(
        '<VALUE...>',
        'as they were added, or spelled otherwise; - for the lines of the standard input',
      ),
  )
    .addHelpText('after', AFTER_LISTS)
    .action((values: string[], options: ListOptions) =>
      run(async () => (await import('./tracer-lists.ts')).removeIndicators(values, options)),
    )
  withStore(program.command('list').description('print the indicators of the lists, a JSON line for each'))
    .addOption(new Option('--list <name>', 'of this list (default: of both)').choices([...SUPPLIERS]))
    .addHelpText('after', AFTER_LISTS)
    .action((options: Partial<ListOptions>) =>
      run(async () => (await import('./tracer-lists.ts')).listIndicators(options)),
    )
}

/** Runs the command with the arguments of the process. */
export function runTracerCommand(): Promise<void> {
  return runCommand('tracer', createProgram)
}

import { Command, InvalidArgumentError, Option } from 'commander'
import { DEFAULT_LIMITS } from '../expression/runtime/meter.ts'
import { endpoint, listed, workersOption } from './arguments.ts'
import { EXIT } from './exit-codes.ts'
import type { ExplainArguments } from './explain.ts'
import { withInput } from './input-options.ts'
import { withKafka } from './kafka-options.ts'
import { withOptionHint } from './option-hints.ts'
import type { PlaygroundArguments } from './playground.ts'
import { type MaxRejected, parseMaxRejected } from './rejected-limit.ts'
import { type RunWork, runCommand } from './run-command.ts'
import type { NormalizeOptions } from './run-pipeline.ts'
import type { ServeOptions } from './serve.ts'
import { withServing } from './serve-options.ts'
import { withSyslog } from './syslog-options.ts'
import type { TestOptions } from './test.ts'
import { withTracer } from './tracer-options.ts'
import { refuseMistyped } from './unknown-command.ts'

/*
 * The command line of `normalize`. The modules of a subcommand are loaded when it is run: a pipeline is started often,
 * the reference of functions is printed seldom.
 */

const DESCRIPTION = 'Normalizes events: reads events, applies the rules to each, writes JSON lines.'

const AFTER_HELP = `
A file that has the name of a subcommand is given with its folder: ./check

Exit codes: 0 processed to the end (rejected events included), 1 stopped by --on-error fail, by --max-rejected
or by a fault, 2 wrong usage or rules.`

/** @param ranPipeline called when a pipeline has run to its end */
function createProgram(run: RunWork, ranPipeline: () => void): Command {
  const program = new Command('normalize')
    .description(DESCRIPTION)
    .addHelpText('after', AFTER_HELP)
    .exitOverride()
    .configureOutput({ outputError: (report, write) => write(withOptionHint(report)) })
    .enablePositionalOptions()
    .helpCommand('help [command]', 'print what a command does and takes')
  withSyslog(withInput(withTracer(withRules(program))))
    .argument('[FILE...]', 'input files, - or none: standard input; .gz and .zst are decompressed')
    .option('-o, --output <file>', 'normalized events (default: standard output)')
    .option('--errors <file>', 'rejected events, one JSON object a line (default: standard error)')
    .addOption(
      new Option('--on-error <action>', 'at a rejected event go on, or stop with exit code 1')
        .choices(['reject', 'fail'])
        .default('reject'),
    )
    .addOption(
      workersOption(
        'threads that do the work; auto: one for each processor, but one alone for files of less than 256 MiB in all, and for a pipe until much has come (give a number where it brings much for long)',
      ),
    )
    .addOption(
      new Option(
        '--max-rejected <percent|n>',
        'exit code 1 when more events are rejected: 5%, or a number; checked every 1,000 events and at the end',
      ).argParser(maxRejected),
    )
    .option('--stats', 'print a summary as a JSON object to standard error at the end')
    .option('--no-fast-path', 'let every line go the plain way, to compare: the output is the same')
    .option(
      '--progress',
      'show the progress on standard error (default: if that is a terminal, and the output is neither one nor a pipe)',
    )
    .option('--no-progress', 'do not show it')
    .option('--watch', 'reload the rules when their files change')
    .option('--metrics <host:port>', 'serve /metrics, /healthz and /readyz over HTTP', endpoint)
    .action((files: string[], options: NormalizeOptions) => {
      refuseMistyped(program, files)
      return run(async () => {
        const { runNormalize } = await import('./run-pipeline.ts')
        const exitCode = await runNormalize(files, options)
        ranPipeline()
        return exitCode
      })
    })
  withRules(
    program
      .command('check')
      .description('load the rules and print every error, or what they read and write')
      .argument('[FILE]', 'the rule file, in the place of --rules'),
  ).action((file: string | undefined, _options, command: Command) =>
    run(async () => {
      const options = command.optsWithGlobals<NormalizeOptions>()
      const { check } = await import('./check.ts')
      const { oneRuleFile, ruleFiles } = await import('./rule-files.ts')
      await check(ruleFiles({ ...options, rules: oneRuleFile(file, options.rules) }))
      return EXIT.OK
    }),
  )
  withRules(program.command('compile').description('write the rules as a JavaScript module, with its types'))
    .requiredOption('-o, --output <file>', 'the module, a file .mjs; its types come beside it')
    .option('--bundle', 'put all that it needs into it, so that it runs from anywhere (needs esbuild)')
    .action((_options, command: Command) =>
      run(async () => {
        const { output, bundle, ...options } = command.optsWithGlobals<
          NormalizeOptions & { output: string; bundle?: boolean }
        >()
        const { compile } = await import('./compile.ts')
        const { ruleFiles } = await import('./rule-files.ts')
        await compile(ruleFiles(options), output, bundle === true)
        return EXIT.OK
      }),
    )
  withInput(
    withRules(
      program
        .command('explain')
        .description('tell what the rules make of an event, part by part; without an event, what they do')
        .argument('[EVENT]', 'the text of an event, a file of events, or - for standard input'),
    ),
  )
    .option('--field <field>', 'tell of this output field, or of all below it; repeatable', listed)
    .option('--errors <file>', 'explain the records of an errors output, one after the other')
    .option('--json', 'print a JSON object for each event')
    .option('--full', 'shorten nothing: long values, rules of other cases, rule sets that refused the event')
    .option('--code', 'print the JavaScript that is generated from the rules')
    .action((event: string | undefined, _options, command: Command) =>
      run(async () => {
        const { explainCommand } = await import('./explain.ts')
        await explainCommand(event, givenOptions(command))
        return EXIT.OK
      }),
    )
  withRules(
    program
      .command('functions')
      .description('print the reference of what rules can call')
      .argument('[NAME]', 'one only: a function, a built-in, a method such as split or str.split'),
  )
    .option('--tables', 'print the lookup tables in the files of --rules and --lookups instead')
    .option('--patterns', 'print the patterns that extract knows by name instead')
    .option('--json', 'print the reference as JSON, for tools')
    .action((name: string | undefined, _options, command: Command) =>
      run(async () => {
        const { tables, patterns, json, rules, lookups } = command.optsWithGlobals<
          NormalizeOptions & { tables?: boolean; patterns?: boolean; json?: boolean }
        >()
        if (json === true) (await import('./functions-json.ts')).printReferences(name)
        else if (tables === true) (await import('./tables.ts')).printTables(rules, lookups)
        else if (patterns === true) (await import('./functions.ts')).printPatterns()
        else (await import('./functions.ts')).printFunctions(name)
        return EXIT.OK
      }),
    )
  program
    .command('test')
    .description('run the tests of rules: files x.test.yaml beside x.yaml, and golden folders')
    .argument('[PATH...]', 'test files, folders, rule files with a test beside them (default: this folder)')
    .option('--filter <text>', 'only cases whose name, or whose file, has this text in it')
    .option('--bail', 'stop at the first case that fails')
    .option('--watch', 'run again what a changed file concerns')
    .option('--update', 'write what comes out into the tests that fail, as what they expect')
    .addOption(
      new Option('--format <format>', 'for people, or for tools')
        .choices(['pretty', 'tap', 'junit', 'json'])
        .default('pretty'),
    )
    .option('--coverage', 'list the rule files with counts, and what no event has reached, and a summary')
    .option('--coverage-summary', 'the summary alone')
    .option('--min-coverage <percent>', 'exit code 1 where less is reached', coveragePercent)
    .option('--lcov <file>', 'write the coverage for editors')
    .action((paths: string[], _options, command: Command) =>
      run(async () => (await import('./test.ts')).runTests(paths, command.opts<TestOptions>())),
    )
  addAuthoring(program, run)
  addServe(program, run)
  addKafka(program, run)
  return program
}

/** The commands for whoever writes rules in an editor. */
function addAuthoring(program: Command, run: RunWork): void {
  program
    .command('schema')
    .description('print a JSON Schema of rule files, for the YAML support of editors')
    .option('--tests', 'of files of tests (x.test.yaml) instead')
    .action(({ tests }: { tests?: boolean }) =>
      run(async () => {
        ;(await import('./schema.ts')).printSchema(tests === true ? 'tests' : 'rules')
        return EXIT.OK
      }),
    )
  program
    .command('lsp')
    .description('serve an editor: the language server of rule files, on standard input and output')
    .option('--stdio', 'the same: some editors add it')
    .action(() =>
      run(async () => {
        await (await import('./lsp.ts')).runLanguageServer()
        return EXIT.OK
      }),
    )
  withInput(
    program
      .command('playground')
      .description('serve a page on which rules are written and tried, on this machine and for it alone')
      .argument('[EVENTS]', 'a file of events to try the rules on')
      .option(
        '-r, --rules <file>',
        'rule file, folder of rule files, or routes file, repeatable (default: an example)',
        listed,
      )
      .addOption(noRouteOption())
      .option(
        '--lookups <file>',
        'global lookup tables, repeatable (default: lookups.yaml beside the rule file)',
        listed,
      )
      .option(
        '--allow-unsafe-patterns',
        'take patterns that one event can keep busy for ever: the page stops them',
      ),
  )
    .option('--listen <host:port>', 'the address to serve the page at (default: 127.0.0.1, and a free port)')
    .option('--open', 'open the page in the browser')
    .option('--export <directory>', 'write the page as files for any web server instead')
    .action((events: string | undefined, _options, command: Command) =>
      run(async () => {
        return (await import('./playground.ts')).runPlayground(events, playgroundOptions(command))
      }),
    )
}

/** The options that were given, before or behind the name of the subcommand, without defaults. */
function playgroundOptions(command: Command): PlaygroundArguments {
  const given: Record<string, unknown> = {}
  for (const each of [command.parent!, command]) {
    for (const [name, value] of Object.entries(each.opts())) {
      if (each.getOptionValueSource(name) !== 'default') given[name] = value
    }
  }
  return given
}

function addServe(program: Command, run: RunWork): void {
  const command = program.command('serve').description('normalize events that come over HTTP')
  withServing(withTracer(withInput(withRules(command)))).action(() =>
    run(async () => {
      const { serve } = await import('./serve.ts')
      const { inputFormat, ...options } = command.opts<ServeOptions>()
      const isNamed = command.getOptionValueSource('inputFormat') !== 'default'
      const before = program.opts<ServeOptions>()
      return serve({
        ...options,
        rules: options.rules ?? before.rules,
        lookups: options.lookups ?? before.lookups,
        ...(isNamed && inputFormat !== undefined && { inputFormat }),
      })
    }),
  )
}

function addKafka(program: Command, run: RunWork): void {
  const command = program.command('kafka').description('normalize the messages of topics of Apache Kafka')
  withKafka(withTracer(withRules(command))).action(() =>
    run(async () => {
      const { StopSignals } = await import('./stop-signals.ts')
      const signals = new StopSignals()
      return (await import('./kafka.ts')).runKafka(command, signals)
    }),
  )
  const check = command
    .command('check')
    .description('connect, tell of the topics, and try the rules on the last messages')
  withKafka(withTracer(withRules(check))).action(() =>
    run(async () => (await import('./kafka-check.ts')).checkKafka(check)),
  )
}

function withRules(command: Command): Command {
  return command
    .option(
      '-r, --rules <file>',
      'rule file, folder of rule files, or routes file; repeatable: the first that takes an event has it',
      listed,
    )
    .addOption(noRouteOption())
    .option(
      '--lookups <file>',
      'global lookup tables, repeatable (default: lookups.yaml beside the rule file)',
      listed,
    )
    .option(
      '--mmdb <file>',
      'database of addresses (.mmdb) for geoip and asn, repeatable',
      (file: string, files: string[] | undefined) => [...(files ?? []), file],
    )
    .option('--allow-unsafe-patterns', 'take patterns that one event can keep busy for ever, with a warning')
    .option(
      '--max-work <units>',
      `work that one event may cause, in units of about a nanosecond (default: ${DEFAULT_LIMITS.maxWork})`,
      limit,
    )
    .option(
      '--max-built <bytes>',
      `bytes of values that the evaluation of one event may build (default: ${DEFAULT_LIMITS.maxBuilt})`,
      limit,
    )
}

function noRouteOption(): Option {
  return new Option(
    '--no-route <action>',
    'with several rule sets, an event that none takes: reject it (default), drop it, or pass it on as it came',
  ).choices(['reject', 'drop', 'pass'])
}

/** The options of a subcommand, also those that stand before its name; a default of the command does not hide one of its own. */
function givenOptions(command: Command): ExplainArguments {
  const parents = command.parent?.opts() ?? {}
  const given = Object.entries(parents).filter(
    ([name]) => command.parent?.getOptionValueSource(name) !== 'default',
  )
  const own = Object.entries(command.opts()).filter(
    ([name]) => command.getOptionValueSource(name) !== 'default' || !given.some(([other]) => other === name),
  )
  return Object.fromEntries([...given, ...own])
}

function limit(text: string): number {
  const number = Number(text)
  if (/^[1-9]\d*$/.test(text) && Number.isSafeInteger(number)) return number
  throw new InvalidArgumentError('It has to be a whole number from 1.')
}

function maxRejected(text: string): MaxRejected {
  const max = parseMaxRejected(text)
  if (max !== undefined) return max
  throw new InvalidArgumentError('It has to be a share of the events such as 5%, or a number of events.')
}

function coveragePercent(text: string): number {
  const percent = Number(text.replace(/%$/, ''))
  if (/^\d+(?:\.\d+)?%?$/.test(text) && percent <= 100) return percent
  throw new InvalidArgumentError('It has to be a number from 0 to 100.')
}

/**
 * Runs the command with the arguments of the process.
 *
 * @returns true when a pipeline has run to its end: the code that most runs need has been used
 */
export async function runNormalizeCommand(): Promise<boolean> {
  let isUsual = false
  await runCommand('normalize', (run) =>
    createProgram(run, () => {
      isUsual = true
    }),
  )
  return isUsual
}

import { Command, InvalidArgumentError, Option } from 'commander'
import { DEFAULT_LIMITS } from '../expression/runtime/meter.ts'
import { MAX_WORKERS } from '../formats/limits.ts'
import { EXIT } from './exit-codes.ts'
import { withInput } from './input-options.ts'
import { withOptionHint } from './option-hints.ts'
import { type MaxRejected, parseMaxRejected } from './rejected-limit.ts'
import { type RunWork, runCommand } from './run-command.ts'
import type { NormalizeOptions } from './run-pipeline.ts'
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

function createProgram(run: RunWork): Command {
  const program = new Command('normalize')
    .description(DESCRIPTION)
    .addHelpText('after', AFTER_HELP)
    .exitOverride()
    .configureOutput({ outputError: (report, write) => write(withOptionHint(report)) })
    .enablePositionalOptions()
    .helpCommand('help [command]', 'print what a command does and takes')
  withInput(withTracer(withRules(program)))
    .argument('[FILE...]', 'input files, - or none: standard input; .gz and .zst are decompressed')
    .option('-o, --output <file>', 'normalized events (default: standard output)')
    .option('--errors <file>', 'rejected events, one JSON object a line (default: standard error)')
    .addOption(
      new Option('--on-error <action>', 'at a rejected event go on, or stop with exit code 1')
        .choices(['reject', 'fail'])
        .default('reject'),
    )
    .addOption(
      new Option(
        '--workers <n>',
        'threads that do the work; auto: one for each processor, and one for files of less than 256 MiB in all',
      )
        .argParser(workerCount)
        .default(1),
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
    .action((files: string[], options: NormalizeOptions) => {
      refuseMistyped(program, files)
      return run(async () => {
        const { runNormalize } = await import('./run-pipeline.ts')
        return runNormalize(files, options)
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
  withRules(
    program
      .command('functions')
      .description('print the reference of what rules can call')
      .argument('[NAME]', 'one only: a function, a built-in, a method such as split or str.split'),
  )
    .option('--tables', 'print the lookup tables in the files of --rules and --lookups instead')
    .option('--patterns', 'print the patterns that extract knows by name instead')
    .action((name: string | undefined, _options, command: Command) =>
      run(async () => {
        const { tables, patterns, rules, lookups } = command.optsWithGlobals<
          NormalizeOptions & { tables?: boolean; patterns?: boolean }
        >()
        if (tables === true) (await import('./tables.ts')).printTables(rules, lookups)
        else if (patterns === true) (await import('./functions.ts')).printPatterns()
        else (await import('./functions.ts')).printFunctions(name)
        return EXIT.OK
      }),
    )
  return program
}

function withRules(command: Command): Command {
  return command
    .option(
      '-r, --rules <file>',
      'rule file, folder of rule files, or routes file; repeatable: the first that takes an event has it',
      (file: string, files: string[] | undefined) => [...(files ?? []), file],
    )
    .addOption(
      new Option(
        '--no-route <action>',
        'with several rule sets, an event that none takes: reject it (default), drop it, or pass it on as it came',
      ).choices(['reject', 'drop', 'pass']),
    )
    .option(
      '--lookups <file>',
      'global lookup tables, repeatable (default: lookups.yaml beside the rule file)',
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

function workerCount(text: string): number | 'auto' {
  if (text === 'auto') return text
  const workers = Number(text)
  if (/^[1-9]\d*$/.test(text) && workers <= MAX_WORKERS) return workers
  throw new InvalidArgumentError(`It has to be a number from 1 to ${MAX_WORKERS}, or auto.`)
}

/** Runs the command with the arguments of the process. */
export function runNormalizeCommand(): Promise<void> {
  return runCommand('normalize', createProgram)
}

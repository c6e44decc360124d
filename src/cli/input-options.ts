import type { Command } from 'commander'
import { InvalidArgumentError, Option } from 'commander'
import type { InputFormat, InputOptions, InvalidUtf8 } from '../formats/input-options.ts'
import { columnsProblem, delimiterProblem, encodingProblem, pickProblem } from '../formats/input-options.ts'
import { DEFAULT_MAX_LINE_BYTES, MAX_LINE_LIMIT } from '../formats/limits.ts'
import { DEFAULT_EVENT_LINES } from '../formats/multiline.ts'
import { CommandError, EXIT } from './exit-codes.ts'

/** The options that say what the input is, as commander names them. */
export interface InputArguments {
  readonly inputFormat?: InputFormat
  readonly maxLine?: number
  readonly encoding?: string
  readonly invalidUtf8?: InvalidUtf8
  readonly pick?: string
  readonly multiline?: string
  readonly multilineMax?: MultilineMax
  readonly columns?: readonly string[]
  readonly delimiter?: string
}

/** Limits of an event of several lines. */
interface MultilineMax {
  readonly lines?: number
  readonly bytes?: number
}

const FORMATS: readonly InputFormat[] = ['jsonl', 'json', 'text', 'csv']

/** Adds the options to a command. */
export function withInput(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--input-format <format>',
        'a JSON event a line; a JSON document, array or sequence of values; a line of text an event; records of CSV',
      )
        .choices(FORMATS)
        .default('jsonl'),
    )
    .option(
      '--pick <path>',
      'json: the events are the elements of the list at this path of each document',
      pick,
    )
    .option('--multiline <pattern>', 'text: a line that does not match belongs to the event before it')
    .option(
      '--multiline-max <limit>',
      `text: lines of an event, or bytes (64KiB), or both (default: ${DEFAULT_EVENT_LINES})`,
      multilineMax,
    )
    .option('--columns <names>', 'csv: the names of the fields, a,b,c (default: the first line)', columnNames)
    .option('--delimiter <character>', 'csv: the character between fields, or tab (default: ,)', delimiter)
    .option(
      '--encoding <name>',
      'the encoding: utf-8, utf-16le, latin1, windows-1251 (default: utf-8)',
      encoding,
    )
    .addOption(
      new Option(
        '--invalid-utf8 <action>',
        'bytes that do not fit it: reject the event, or replace them by U+FFFD',
      )
        .choices(['reject', 'replace'])
        .default('reject'),
    )
    .addOption(maxLineOption())
}

/** The option `--max-line`, which every command with input has. */
export function maxLineOption(): Option {
  const text = `reject longer input lines (default: ${DEFAULT_MAX_LINE_BYTES})`
  return new Option('--max-line <bytes>', text).argParser(byteCount)
}

/** The formats that an option is for; the other options are for all. */
const NEEDED: readonly (readonly [name: keyof InputArguments, option: string, format: InputFormat])[] = [
  ['pick', '--pick', 'json'],
  ['multiline', '--multiline', 'text'],
  ['multilineMax', '--multiline-max', 'text'],
  ['columns', '--columns', 'csv'],
  ['delimiter', '--delimiter', 'csv'],
]

/**
 * The same options for the pipeline.
 *
 * @throws {CommandError} when they do not fit together
 */
export async function inputOptions(options: InputArguments): Promise<InputOptions> {
  const { inputFormat = 'jsonl', maxLine, encoding, invalidUtf8, pick, columns, delimiter } = options
  for (const [name, option, format] of NEEDED) {
    if (options[name] !== undefined && inputFormat !== format) {
      throw new CommandError(EXIT.USAGE, `${option} needs --input-format ${format}`)
    }
  }
  const { multiline, multilineMax } = options
  if (multiline !== undefined) await checkPattern(multiline)
  else if (multilineMax !== undefined) throw new CommandError(EXIT.USAGE, '--multiline-max needs --multiline')
  return {
    inputFormat,
    maxLineBytes: maxLine,
    encoding,
    invalidUtf8,
    pick,
    multiline,
    multilineMaxLines: multilineMax?.lines,
    multilineMaxBytes: multilineMax?.bytes,
    columns,
    delimiter,
  }
}

/** Patterns are rare, and their engine need not be loaded for those who have none. */
async function checkPattern(pattern: string): Promise<void> {
  const { lineTest } = await import('../batches/multiline-pattern.ts')
  const { loadRe2 } = await import('../rules/load-re2.ts')
  try {
    lineTest(pattern, loadRe2)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new CommandError(EXIT.USAGE, `--multiline: ${error.message}`)
  }
}

const UNITS: ReadonlyMap<string, number> = new Map([
  ['B', 1],
  ['KiB', 1024],
  ['MiB', 1024 * 1024],
])

/** `200`, `64KiB`, `200,64KiB` */
function multilineMax(text: string): MultilineMax {
  const max: { lines?: number; bytes?: number } = {}
  for (const part of text.split(',')) {
    const [, digits, unit] = /^([1-9]\d*)(B|KiB|MiB)?$/.exec(part.trim()) ?? []
    const value = Number(digits) * (UNITS.get(unit ?? 'B') ?? 1)
    const name = unit === undefined ? 'lines' : 'bytes'
    if (digits === undefined || value > MAX_LINE_LIMIT || max[name] !== undefined) {
      throw new InvalidArgumentError(
        'It has to be a number of lines, of bytes such as 64KiB, or both: 200,64KiB.',
      )
    }
    max[name] = value
  }
  return max
}

function encoding(name: string): string {
  return accepted(name, encodingProblem(name))
}

function pick(path: string): string {
  return accepted(path, pickProblem(path))
}

function columnNames(text: string): string[] {
  const names = text.split(',').map((name) => name.trim())
  return accepted(names, columnsProblem(names))
}

function delimiter(text: string): string {
  const character = text === 'tab' || text === '\\t' ? '\t' : text
  return accepted(character, delimiterProblem(character))
}

/** Reads a number of bytes that an event may have. */
function byteCount(text: string): number {
  const bytes = Number(text)
  if (/^[1-9]\d*$/.test(text) && bytes <= MAX_LINE_LIMIT) return bytes
  throw new InvalidArgumentError(`It has to be a number of bytes from 1 to ${MAX_LINE_LIMIT}.`)
}

/** @throws {InvalidArgumentError} when there is a problem */
function accepted<Value>(value: Value, problem: string | undefined): Value {
  if (problem === undefined) return value
  throw new InvalidArgumentError(`${problem[0]!.toUpperCase()}${problem.slice(1)}.`)
}

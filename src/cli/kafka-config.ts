import { dirname, isAbsolute, join } from 'node:path'
import type { Command, Option } from 'commander'
import { InvalidArgumentError } from 'commander'
import { load } from 'js-yaml'
import { CommandError, EXIT } from './exit-codes.ts'
import type { KafkaArguments } from './kafka-options.ts'
import { FILE_OPTIONS } from './kafka-options.ts'
import { readOption } from './tls-files.ts'

/** Options that are no part of a deployment. */
const NOT_IN_FILE: ReadonlySet<string> = new Set(['config', 'help', 'version'])

/**
 * The options of a command, those before its name too, and below them those of `--config`: an option on the command line takes the place of
 * the same one in the file.
 *
 * @throws {CommandError} when the file cannot be read, or has something that is no option
 */
export function configuredOptions(command: Command): KafkaArguments {
  const given: Record<string, unknown> = {}
  const defaults: Record<string, unknown> = {}
  const names = new Set(command.options.map((option) => option.attributeName()))
  for (let at: Command | null = command; at !== null; at = at.parent) {
    for (const [name, value] of Object.entries(at.opts())) {
      if (!names.has(name)) continue
      const isDefault = (at.getOptionValueSource(name) ?? 'default') === 'default'
      const into = isDefault ? defaults : given
      into[name] ??= value
    }
  }
  const { config } = given as { config?: string }
  const ofFile = config === undefined ? {} : readConfig(config, command)
  return { ...defaults, ...ofFile, ...given }
}

function readConfig(path: string, command: Command): Record<string, unknown> {
  const text = readOption('--config', path).toString('utf8')
  if (text.split('\n').every((line) => /^(?:#|$)/.test(line.trim()))) return {}
  let content: unknown
  try {
    content = load(text, { filename: path })
  } catch (cause) {
    throw problem(path, (cause as Error).message, cause)
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw problem(path, 'it has to hold options and their values: from: events')
  }
  const values: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(content)) {
    const option = command.options.find(({ long }) => long === `--${name}` || long === `--no-${name}`)
    if (option === undefined || NOT_IN_FILE.has(name)) {
      const known = command.options.map(({ long }) => long!.slice(2)).filter((each) => !NOT_IN_FILE.has(each))
      throw problem(path, `there is no option ${name}; these are: ${known.sort().join(', ')}`)
    }
    const read = readValue(path, name, option, value)
    // A switch that turns something off may be there by either name: no-fast-path: true, fast-path: false.
    values[option.attributeName()] =
      read === true && option.negate && option.long === `--${name}` ? false : read
  }
  return values
}

function readValue(path: string, name: string, option: Option, value: unknown): unknown {
  if (!option.required) {
    if (typeof value !== 'boolean') throw problem(path, `${name} is true or false`)
    return value
  }
  const values = Array.isArray(value) ? value : [value]
  let result: unknown
  for (const each of values) {
    if (typeof each !== 'string' && typeof each !== 'number') {
      throw problem(path, `${name} has to be a text or a number, or a list of them`)
    }
    const isPath = FILE_OPTIONS.has(name) && typeof each === 'string' && !isAbsolute(each)
    const text = isPath ? join(dirname(path), each) : String(each)
    try {
      result = option.parseArg === undefined ? text : option.parseArg(text, result)
    } catch (cause) {
      if (!(cause instanceof InvalidArgumentError)) throw cause
      throw problem(path, `${name}: ${JSON.stringify(each)}: ${cause.message}`, cause)
    }
  }
  if (values.length > 1 && !Array.isArray(result)) throw problem(path, `${name} has one value`)
  return result
}

function problem(path: string, message: string, cause?: unknown): CommandError {
  return new CommandError(EXIT.USAGE, `normalize kafka: --config ${path}: ${message}`, { cause })
}

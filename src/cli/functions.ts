import process from 'node:process'
import type { Example, FunctionDefinition } from '../expression/functions/definition.ts'
import { FUNCTIONS } from '../expression/functions/index.ts'
import { describeSignature } from '../expression/signature.ts'
import { suggest } from '../expression/suggest.ts'
import { CommandError, EXIT } from './exit-codes.ts'

/**
 * `normalize functions [NAME]`: prints the reference of one function or of all.
 *
 * @throws {CommandError} when there is no such function
 */
export function printFunctions(name: string | undefined): void {
  process.stdout.write(`${functionPages(name).join('\n\n')}\n`)
}

function functionPages(name: string | undefined): string[] {
  if (name === undefined) return [...FUNCTIONS.values()].map(functionPage)
  const definition = FUNCTIONS.get(name)
  if (definition !== undefined) return [functionPage(definition)]
  const nearest = suggest(name, FUNCTIONS.keys())
  const hint =
    nearest === undefined ? `there are: ${[...FUNCTIONS.keys()].join(', ')}` : `did you mean ${nearest}?`
  throw new CommandError(EXIT.USAGE, `no function ${name}; ${hint}`)
}

/** The page of one function, as text. */
export function functionPage(definition: FunctionDefinition): string {
  const { name, signature, summary, parameters, result, errors, notes, examples } = definition
  return [
    `${name}(${describeSignature(signature)})`,
    indented(summary, 2),
    ...section(
      'Parameters',
      Object.entries(parameters).map(([parameter, text]) => described(parameter, text)),
    ),
    ...section('Result', [result]),
    ...section(
      'Rejects the event',
      Object.entries(errors).map(([code, text]) => described(code, text)),
    ),
    ...section('Notes', notes === undefined ? [] : [notes]),
    ...section('Examples', examples.map(exampleText)),
  ].join('\n')
}

function section(title: string, entries: readonly string[]): string[] {
  return entries.length === 0 ? [] : ['', `  ${title}`, ...entries.map((entry) => indented(entry, 4))]
}

function described(name: string, text: string): string {
  return `${name}: ${text}`
}

/** The expression, the event it needs under it, and what comes out. */
function exampleText({ expression, event, tables, result, rejected, anomalies }: Example): string {
  const outcome =
    rejected !== undefined ? `rejected: ${rejected}` : result === undefined ? '(left out)' : json(result)
  const lines = [expression]
  if (event !== undefined) lines.push(`    event: ${json(event)}`)
  if (tables !== undefined) lines.push(`    lookup: ${json(tables)}`)
  lines.push(`    -> ${outcome}`)
  if (anomalies !== undefined) lines.push(`    event.anomaly: ${json(anomalies)}`)
  return lines.join('\n')
}

function json(value: unknown): string {
  return JSON.stringify(value, (_key, member) => (typeof member === 'bigint' ? String(member) : member))
}

function indented(text: string, width: number): string {
  return text.replace(/^(?=.)/gm, ' '.repeat(width))
}

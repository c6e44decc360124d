import process from 'node:process'
import { describeSignature } from '../expression/check/signature.ts'
import { suggest } from '../expression/check/suggest.ts'
import type { Example, FunctionDefinition } from '../expression/functions/definition.ts'
import { FUNCTIONS } from '../expression/functions/index.ts'
import { GROK_PATTERNS } from '../expression/grok/patterns.ts'
import { BUILTIN_REFERENCE, METHOD_REFERENCE, type ReferenceEntry } from '../expression/reference.ts'
import { BUILTINS } from '../expression/runtime/builtins.ts'
import type { Callable } from '../expression/runtime/method.ts'
import { METHODS_BY_TYPE } from '../expression/runtime/methods.ts'
import { CommandError, EXIT } from './exit-codes.ts'

/**
 * `normalize functions [NAME]`: prints the reference of what rules can call: functions of the language, built-in functions
 * and methods of Python, one of them or all.
 *
 * @throws {CommandError} when there is no such function
 */
export function printFunctions(name: string | undefined): void {
  process.stdout.write(`${functionPages(name).join('\n\n')}\n`)
}

/** `normalize functions --patterns`: the patterns that `extract` knows by name, in the order of their text. */
export function printPatterns(): void {
  process.stdout.write(`${rows(Object.entries(GROK_PATTERNS)).join('\n')}\n`)
}

function functionPages(name: string | undefined): string[] {
  if (name === undefined) return [...[...FUNCTIONS.values()].map(functionPage), builtinList(), methodList()]
  const pages = pagesOf(name)
  if (pages.length > 0) return pages
  const nearest = suggest(name, callableNames())
  const hint =
    nearest === undefined
      ? `there are: ${[...FUNCTIONS.keys()].join(', ')}, and those of Python, which 'normalize functions' lists`
      : `did you mean ${nearest}?`
  throw new CommandError(EXIT.USAGE, `no function ${name}; ${hint}`)
}

/**
 * All that has that name: a function of the language, which says where methods of its name are described; else a built-in
 * and the methods of all types; `str.split` is of one.
 */
function pagesOf(name: string): string[] {
  const definition = FUNCTIONS.get(name)
  const [type, method] = name.split('.') as [string, string?]
  if (definition !== undefined) {
    const methods = [...METHOD_REFERENCE]
      .filter(([, entries]) => entries.has(name))
      .map(([owner]) => `${owner}.${name}`)
    return [
      functionPage(definition),
      ...methods.map((other) => `  There is a method too: normalize functions ${other}`),
    ]
  }
  const pages: string[] = []
  const builtin = BUILTIN_REFERENCE.get(name)
  if (builtin !== undefined) pages.push(callablePage(`${name}`, BUILTINS[name]!, builtin))
  for (const [owner, methods] of METHOD_REFERENCE) {
    if (method !== undefined && owner !== type) continue
    const entry = methods.get(method ?? name)
    if (entry === undefined) continue
    const callable = METHODS_BY_TYPE.get(owner)![method ?? name]!
    pages.push(callablePage(`${owner}.${method ?? name}`, callable, entry))
  }
  return pages
}

function callableNames(): string[] {
  const methods = [...METHOD_REFERENCE].flatMap(([type, entries]) =>
    [...entries.keys()].flatMap((name) => [name, `${type}.${name}`]),
  )
  return [...FUNCTIONS.keys(), ...BUILTIN_REFERENCE.keys(), ...methods]
}

/** The page of a function or a method of Python. */
function callablePage(name: string, { signature, mutates }: Callable, entry: ReferenceEntry): string {
  const { summary, example, result } = entry
  const written = mutates
    ? `${example.replaceAll('; ', '\n')}\n    x -> ${json(result)}`
    : `${example}\n    -> ${json(result)}`
  return [
    `${name}(${describeSignature(signature.text)})`,
    indented(summary, 2),
    ...section('Notes', mutates ? ['It changes its object: only tap may call it.'] : []),
    ...section('Example', [written]),
  ].join('\n')
}

function builtinList(): string {
  return [
    'Built-in functions of Python',
    ...rows([...BUILTIN_REFERENCE].map(([name, { summary }]) => [name, summary])),
  ].join('\n')
}

function methodList(): string {
  const lists = [...METHOD_REFERENCE].map(([type, methods]) =>
    [`Methods of ${type}`, ...rows([...methods].map(([name, { summary }]) => [name, summary]))].join('\n'),
  )
  return lists.join('\n\n')
}

function rows(pairs: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...pairs.map(([name]) => name.length))
  return pairs.map(([name, summary]) => `  ${name.padEnd(width)}  ${summary}`)
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
function exampleText({ expression, event, tables, records, result, rejected, anomalies }: Example): string {
  const outcome =
    rejected !== undefined ? `rejected: ${rejected}` : result === undefined ? '(left out)' : json(result)
  const lines = [expression]
  if (event !== undefined) lines.push(`    event: ${json(event)}`)
  if (tables !== undefined) lines.push(`    lookup: ${json(tables)}`)
  if (records !== undefined && Object.keys(records).length > 0) lines.push(`    database: ${json(records)}`)
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

/** All *.md files show things that can be checked: files to save, commands with their output, links, generated parts. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { describeSignature } from '../src/expression/check/signature.ts'
import type { Example, FunctionDefinition } from '../src/expression/functions/definition.ts'
import { FUNCTIONS } from '../src/expression/functions/index.ts'
import { mayBeAbsent, resultType } from '../src/expression/returns.ts'
import { compileRules } from '../src/rules/compile.ts'
import { temporaryDirectory } from './temporary.ts'
import { freePort } from './tracer/loopback.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** The description of the architecture. */
export const ARCHITECTURE = 'src/README.md'

/** The reference of the functions, generated from their definitions. */
export const REFERENCE = 'src/expression/functions/README.md'

const NO_DOCUMENTS: ReadonlySet<string> = new Set(['node_modules', 'dist', '.git', 'coverage'])

/** Paths of all documents of the project, from its root, with slashes. */
export function findDocuments(folder = ROOT): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return NO_DOCUMENTS.has(entry.name) ? [] : findDocuments(path)
    return entry.name.endsWith('.md') ? [relative(ROOT, path).split(sep).join('/')] : []
  })
}

export function readDocument(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

export function writeDocument(path: string, text: string): void {
  writeFileSync(join(ROOT, path), text)
}

// --- files and commands -----------------------------------------------------------------------------------------

export interface FileStep {
  readonly kind: 'file'
  readonly name: string
  readonly text: string
}

export interface CommandStep {
  readonly kind: 'command'
  readonly command: string
  readonly output: string
}

export type Step = FileStep | CommandStep

const BLOCK = /(?:<!-- file: (?<name>\S+) -->\n)?^```(?<language>[a-z]*)\n(?<text>.*?)^```$/gms
const COMMAND = /^\$ (?<command>(?:.*\\\n)*.*)\n(?<output>(?:(?!\$ ).*\n)*)/gm

/** The steps of a README's reader, in order: saves blocks below `<!-- file: NAME -->`, enters what stands behind `$ `. */
export function readSteps(readme: string): Step[] {
  return [...readme.matchAll(BLOCK)].flatMap<Step>(({ groups = {} }) => {
    const { name, language, text = '' } = groups
    if (name !== undefined) return [{ kind: 'file', name, text } as const]
    return language === 'console' ? readCommands(text) : []
  })
}

function readCommands(text: string): CommandStep[] {
  return [...text.matchAll(COMMAND)].map(({ groups = {} }) => ({
    kind: 'command',
    command: groups.command!,
    output: groups.output!,
  }))
}

/** The document with what the commands print now. */
export function withOutputs(readme: string, outputs: readonly string[]): string {
  let index = 0
  return readme.replace(BLOCK, (block, _name, language) =>
    language === 'console'
      ? block.replace(COMMAND, (_step, command) => `$ ${command}\n${outputs[index++]}`)
      : block,
  )
}

/** Aliases are functions here, and what runs in the background is ended when the tour ends. */
const NOT_RUN = /^(?:npm|alias|kill) /

/**
 * A folder in which the steps are done one after the other, with the project's fixtures in it. Commands and library are
 * the built ones, as they are installed.
 */
export class Tour {
  readonly #folder = temporaryDirectory()
  readonly #background: ChildProcess[] = []
  /** Ports that are free, by those that the document shows: another run may have its servers on the same machine. */
  readonly #ports = new Map<string, string>()

  constructor() {
    symlinkSync(join(ROOT, 'fixtures'), join(this.#folder, 'fixtures'))
    symlinkSync(join(ROOT, 'dist'), join(this.#folder, 'dist'))
    // A package of its own: another one in a folder above may have the name `sluice`, too.
    writeFileSync(join(this.#folder, 'package.json'), '{}')
    mkdirSync(join(this.#folder, 'node_modules'))
    symlinkSync(ROOT, join(this.#folder, 'node_modules', 'sluice'))
  }

  /** @returns what a command printed, to standard output and standard error */
  async take(step: Step): Promise<string> {
    if (step.kind === 'command') {
      if (NOT_RUN.test(step.command)) return step.output
      return this.#asShown(await this.#run(await this.#withFreePorts(step.command)))
    }
    writeFileSync(join(this.#folder, step.name), await this.#withFreePorts(step.text))
    return ''
  }

  /** Ends commands that still run and waits for them. The folder goes with this process. */
  async end(): Promise<void> {
    const ends = this.#background.map((child) => {
      if (child.exitCode !== null || child.signalCode !== null) return undefined
      return new Promise((resolve) => {
        child.on('exit', resolve)
        process.kill(-child.pid!)
      })
    })
    await Promise.all(ends)
  }

  async #withFreePorts(text: string): Promise<string> {
    for (const [port] of text.matchAll(SHOWN_PORT)) await this.#free(port)
    return text.replaceAll(SHOWN_PORT, (port) => this.#ports.get(port)!)
  }

  async #free(port: string): Promise<string> {
    if (!this.#ports.has(port)) this.#ports.set(port, String(await freePort()))
    return this.#ports.get(port)!
  }

  #asShown(printed: string): string {
    let shown = printed
    for (const [port, free] of this.#ports) shown = shown.replaceAll(`:${free}`, `:${port}`)
    return shown
  }

  /** A command with `&` at its end goes on; it is ready when it says that it listens. */
  async #run(command: string): Promise<string> {
    const isBackground = command.endsWith('&')
    const script = `${shellFunctions(await this.#free(DEFAULT_PORT))}\n${command.replace(/&$/, '')}`
    const child = spawn('bash', ['-c', script], {
      cwd: this.#folder,
      detached: isBackground,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    if (isBackground) this.#background.push(child)
    return await new Promise((resolve, reject) => {
      let printed = ''
      child.stdout!.setEncoding('utf8').on('data', (text: string) => {
        printed += text
        if (isBackground && printed.includes('listening')) resolve('')
      })
      child.on('error', reject)
      child.on('close', () => resolve(printed))
    })
  }
}

/** The port of servers that are not told another one, and all that documents show. */
const DEFAULT_PORT = '16666'
const SHOWN_PORT = /\b1666\d\b/g

/** @param port where `tracer` listens and asks if it is not told an address */
function shellFunctions(port: string): string {
  const node = `command '${process.execPath}'`
  const run = (name: string) => `${node} '${join(ROOT, 'dist', 'cli', `${name}.js`)}'`
  const address = `127.0.0.1:${port}`
  return [
    'exec 2>&1',
    `node() { ${node} "$@"; }`,
    `normalize() { ${run('normalize')} "$@"; }`,
    'tracer() {',
    '  case "$*" in',
    `    "serve "*--listen* | "lookup "*--server*) ${run('tracer')} "$@" ;;`,
    `    "serve "*) ${run('tracer')} "$@" --listen ${address} ;;`,
    `    "lookup "*) ${run('tracer')} lookup --server ${address} "\${@:2}" ;;`,
    `    *) ${run('tracer')} "$@" ;;`,
    '  esac',
    '}',
  ].join('\n')
}

// --- the reference of the functions -----------------------------------------------------------------------------

const GROUP_TITLES: Readonly<Record<FunctionDefinition['group'], string>> = {
  text: 'Text',
  formats: 'Formats',
  coding: 'Hashes and encodings',
  dicts: 'Dicts',
  logic: 'Choices',
  tables: 'Tables',
  hosts: 'Hosts',
  time: 'Time',
  'normal forms': 'Normal forms',
}

/** The text of the reference, from the definitions of the functions. */
export function referenceText(): string {
  const functions = [...FUNCTIONS.values()]
  const groups = Object.entries(GROUP_TITLES).map(([group, title]) => {
    const names = functions.filter((definition) => definition.group === group).map(({ name }) => name)
    return `| ${title} | ${names.map((name) => `[\`${name}\`](#${name})`).join(', ')} |`
  })
  return [
    '# Functions',
    '',
    'The functions of the [rule language](../README.md). `npm run docs` writes this page from their definitions in this folder, and',
    'their examples run as tests. An example shows the expression, the event, and the value of the field. `normalize functions NAME`',
    'prints one of these pages.',
    '',
    '| Group | Functions |',
    '|---|---|',
    ...groups,
    '',
    functions.map(page).join('\n'),
  ].join('\n')
}

function page({
  name,
  signature,
  group,
  returns,
  reads,
  summary,
  parameters,
  result,
  errors,
  notes,
  examples,
}: FunctionDefinition): string {
  const rejections = Object.entries(errors).map(([code, when]) => `\`${code}\`: ${when}`)
  const lines = [
    `## ${name}`,
    '',
    `\`${name}(${describeSignature(signature)})\`: ${lowerFirst(summary)}`,
    '',
    ...Object.entries(parameters).map(([parameter, text]) => `- \`${parameter}\`: ${text}`),
    `- Result: ${result}`,
    `- Returns: ${resultType(returns)}${mayBeAbsent(returns) ? ', or nothing' : ''}`,
    `- Group: ${GROUP_TITLES[group].toLowerCase()}`,
    ...(reads === undefined
      ? []
      : [`- Reads of the event: ${reads.map((name) => `\`${name}\``).join(', ')}`]),
    ...(rejections.length === 0 ? [] : [`- Rejects the event with ${rejections.join('; ')}`]),
    '',
    ...(notes === undefined ? [] : [notes, '']),
    '```python',
    ...examples.map(exampleText),
    '```',
    '',
  ]
  return lines.join('\n')
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}

function exampleText({ expression, event, tables, records, result, rejected, anomalies }: Example): string {
  const outcome =
    rejected !== undefined ? `rejected: ${rejected}` : result === undefined ? 'left out' : json(result)
  const lines = [expression]
  if (event !== undefined) lines.push(`    # event: ${json(event)}`)
  if (tables !== undefined) lines.push(`    # lookup: ${json(tables)}`)
  if (records !== undefined && Object.keys(records).length > 0) lines.push(`    # database: ${json(records)}`)
  lines.push(`    # ${outcome}`)
  if (anomalies !== undefined) lines.push(`    # event.anomaly: ${json(anomalies)}`)
  return lines.join('\n')
}

function json(value: unknown): string {
  return JSON.stringify(value, (_key, member) => (typeof member === 'bigint' ? String(member) : member))
}

// --- the generated code that the description of the architecture shows --------------------------------------------

const SAMPLE_RULES = /(?<=<!-- sample rules -->\n```yaml\n).*?(?=^```$)/ms
const SAMPLE_SOURCE = /(?<=<!-- sample source -->\n```js\n).*?(?=^```$)/ms

/** The text with the code that its sample rules are compiled to. */
export function withSampleSource(text: string): string {
  const { source } = compileRules(SAMPLE_RULES.exec(text)![0])
  return text.replace(SAMPLE_SOURCE, () => source)
}

// --- links --------------------------------------------------------------------------------------------------------

const FENCED = /^```.*?^```$/gms

/** The anchors that a document has: one for each heading. */
export function anchorsOf(text: string): string[] {
  return [...text.replace(FENCED, '').matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    title!
      .toLowerCase()
      .replace(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  )
}

/** Targets of links and pictures, outside of code. */
export function linksOf(text: string): string[] {
  const prose = text.replace(FENCED, '').replace(/`[^`\n]*`/g, '')
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!)
}

/** Code blocks with commands or settings that no test runs, and the reason that stands above each. */
export function unrunBlocks(text: string): { language: string; reason: string | undefined }[] {
  const blocks = /(?:<!-- not run: (?<reason>.+) -->\n)?^```(?<language>sh|ini|dockerfile)\n/gm
  return [...text.matchAll(blocks)].map(({ groups = {} }) => ({
    language: groups.language!,
    reason: groups.reason,
  }))
}

// --- the migration page -------------------------------------------------------------------------------------------

/** The event of the migration page, and its rows: the rule in the second column, its value in the third. */
export function readMigration(text: string): { event: string; rows: { rule: string; value: string }[] } {
  const [, event] = /<!-- migration event -->\n```json\n(.*?)\n```/s.exec(text)!
  const rows = [...text.matchAll(/^\| .*` \| `(.+?)` \| `(.+?)` \|$/gm)]
  return { event: event!, rows: rows.map(([, rule, value]) => ({ rule: rule!, value: value! })) }
}

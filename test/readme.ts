/** What README.md shows and can be checked: files to save, commands with what they print, the reference of functions. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { describeSignature } from '../src/expression/check/signature.ts'
import type { Example, FunctionDefinition } from '../src/expression/functions/definition.ts'
import { FUNCTIONS } from '../src/expression/functions/index.ts'
import { compileRules } from '../src/rules/compile.ts'
import { temporaryDirectory } from './temporary.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
export const README = join(ROOT, 'README.md')

/** The description of the architecture. */
export const ARCHITECTURE = join(ROOT, 'src', 'README.md')

export function readReadme(): string {
  return readFileSync(README, 'utf8')
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

/** What the reader of a README does, in order: saves blocks below `<!-- file: NAME -->`, enters what stands behind `$ `. */
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

/** The README with what the commands print now. */
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

  constructor() {
    symlinkSync(join(ROOT, 'fixtures'), join(this.#folder, 'fixtures'))
    symlinkSync(join(ROOT, 'dist'), join(this.#folder, 'dist'))
    mkdirSync(join(this.#folder, 'node_modules'))
    symlinkSync(ROOT, join(this.#folder, 'node_modules', 'sluice'))
  }

  /** @returns what a command printed, to standard output and standard error */
  async take(step: Step): Promise<string> {
    if (step.kind === 'command') {
      return NOT_RUN.test(step.command) ? step.output : await this.#run(step.command)
    }
    writeFileSync(join(this.#folder, step.name), step.text)
    return ''
  }

  /** Ends what still runs; the folder goes when this process ends. */
  end(): void {
    for (const { pid } of this.#background) process.kill(-pid!)
  }

  /** A command with `&` at its end goes on; it is ready when it says that it listens. */
  async #run(command: string): Promise<string> {
    const isBackground = command.endsWith('&')
    const script = `${shellFunctions()}\n${command.replace(/&$/, '')}`
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

function shellFunctions(): string {
  const node = `command '${process.execPath}'`
  const commands = ['normalize', 'tracer'].map(
    (name) => `${name}() { ${node} '${join(ROOT, 'dist', 'cli', `${name}.js`)}' "$@"; }`,
  )
  return ['exec 2>&1', `node() { ${node} "$@"; }`, ...commands].join('\n')
}

// --- the reference of the functions -----------------------------------------------------------------------------

const REFERENCE = /(?<=<!-- functions -->\n).*(?=^<!-- end of functions -->)/ms

/** The README with the reference that the definitions of the functions give. */
export function withReference(readme: string): string {
  return readme.replace(REFERENCE, () => `\n${[...FUNCTIONS.values()].map(page).join('\n')}\n`)
}

function page({
  name,
  signature,
  summary,
  parameters,
  result,
  errors,
  notes,
  examples,
}: FunctionDefinition): string {
  const rejections = Object.entries(errors).map(([code, when]) => `\`${code}\`: ${when}`)
  const lines = [
    `### ${name}`,
    '',
    `\`${name}(${describeSignature(signature)})\`: ${lowerFirst(summary)}`,
    '',
    ...Object.entries(parameters).map(([parameter, text]) => `- \`${parameter}\`: ${text}`),
    `- Result: ${result}`,
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

function exampleText({ expression, event, tables, result, rejected, anomalies }: Example): string {
  const outcome =
    rejected !== undefined ? `rejected: ${rejected}` : result === undefined ? 'left out' : json(result)
  const lines = [expression]
  if (event !== undefined) lines.push(`    # event: ${json(event)}`)
  if (tables !== undefined) lines.push(`    # lookup: ${json(tables)}`)
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

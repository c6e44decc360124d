import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { temporaryDirectory } from '../temporary.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface Finished {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** A command that runs, and what it has written so far. */
export class Command {
  readonly child: ChildProcessWithoutNullStreams
  stdout = ''
  stderr = ''
  /** Its end: its process is gone and its outputs are closed. */
  readonly finished: Promise<Finished>
  readonly #waiting = new Set<() => void>()

  /**
   * @param argv a script, and its arguments; the built commands are at {@link cliPath}
   * @param descriptors how many it may have
   */
  constructor(argv: readonly string[], { descriptors }: { readonly descriptors?: number } = {}) {
    const whole = [process.execPath, ...argv]
    const [file, ...rest] =
      descriptors === undefined ? whole : ['sh', '-c', `ulimit -n ${descriptors}; exec "$@"`, 'sh', ...whole]
    this.child = spawn(file!, rest, { cwd: ROOT })
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
      this.#changed()
    })
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
      this.#changed()
    })
    // It may end before it has read everything.
    this.child.stdin.on('error', () => {})
    this.finished = new Promise((resolve, reject) => {
      this.child.on('error', reject)
      this.child.on('close', (code, signal) => {
        this.#changed()
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr })
      })
    })
  }

  /** Waits until the outputs have what is expected. */
  async until(holds: (command: Command) => boolean): Promise<void> {
    while (!holds(this)) {
      if (this.child.exitCode !== null) throw new Error(`the command has ended: ${this.stderr}`)
      await new Promise<void>((resolve) => this.#waiting.add(resolve))
    }
  }

  #changed(): void {
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }
}

/** The built command, as it is installed. */
export function cliPath(name: 'normalize' | 'tracer'): string {
  return join(ROOT, 'dist', 'cli', `${name}.js`)
}

/** Starts `normalize` as an operator does. */
export function startNormalize(...argv: string[]): Command {
  return new Command([cliPath('normalize'), ...argv])
}

/** Runs it to its end with this input. */
export function normalize(argv: readonly string[], input: string | Uint8Array = ''): Promise<Finished> {
  const command = startNormalize(...argv)
  command.child.stdin.end(input)
  return command.finished
}

/** A folder with these files, which is removed when the process of the tests ends. */
export function folderWith(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = temporaryDirectory()
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
  return folder
}

/** The frame of both commands: it parses the arguments, reports errors that are thrown, and sets the exit code. */
import { readFileSync } from 'node:fs'
import process from 'node:process'
import type { Command } from 'commander'
import { CommanderError } from 'commander'
import { PACKAGE_FILE } from '../installed.ts'
import { terminalText } from '../tracer/controls.ts'
import { CommandError, EXIT, isBrokenPipe } from './exit-codes.ts'
import { refuseRepeated } from './given-once.ts'
import { messageStream } from './standard-streams.ts'

/** Runs what a command does, and keeps its exit code. */
export type RunWork = (work: () => Promise<number> | number) => Promise<void>

/**
 * Runs a command with the arguments of the process, and sets the process's exit code.
 *
 * @param name for the report of a fault that nobody foresaw
 * @param createProgram the command's options; an action hands its work to `run`
 */
export async function runCommand(name: string, createProgram: (run: RunWork) => Command): Promise<void> {
  process.stdout.on('error', ignoreBrokenPipe)
  process.stderr.on('error', ignoreBrokenPipe)
  let exitCode: number = EXIT.OK
  const program = createProgram(async (work) => {
    exitCode = await work()
  }).version(`${name} ${programVersion()}`, '--version', 'print the version')
  refuseRepeated(program)
  showSafely(program)
  try {
    await program.parseAsync(process.argv)
  } catch (error) {
    exitCode = report(name, error)
  }
  process.exitCode = exitCode
}

/** The version of the package. */
export function programVersion(): string {
  return JSON.parse(readFileSync(PACKAGE_FILE, 'utf8')).version
}

/** Its messages repeat arguments, and a file name may hold what steers a terminal. */
function showSafely(command: Command): void {
  command.configureOutput({ writeErr: (text) => process.stderr.write(terminalText(text)) })
  for (const subcommand of command.commands) showSafely(subcommand)
}

/** @returns the exit code */
function report(name: string, error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.OK : EXIT.USAGE
  if (error instanceof CommandError) {
    messageStream().write(`${terminalText(error.message.trimEnd())}\n`)
    return error.exitCode
  }
  messageStream().write(
    terminalText(
      `${name}: this should not have happened, please report it\n${(error as Error).stack ?? error}\n`,
    ),
  )
  return EXIT.FAILED
}

/** The reader of a standard stream has gone, which is no fault; what was writing to it sees that too, and ends. */
function ignoreBrokenPipe(error: Error): void {
  if (!isBrokenPipe(error)) process.exitCode = EXIT.FAILED
}

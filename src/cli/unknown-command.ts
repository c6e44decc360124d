import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { suggest } from '../expression/check/suggest.ts'

/** A text that begins a name so far is no slip of the fingers, but the beginning of a word. */
const SHORTEST_BEGINNING = 3

/**
 * Refuses a name that is taken for a file, though it was meant for a command: `normalize chek r.yaml`. A file of that
 * name that exists is one, as is anything that looks like no command.
 *
 * @param program has commands, and takes files as well
 * @param names its arguments
 */
export function refuseMistyped(program: Command, names: readonly string[]): void {
  const [name] = names
  if (name === undefined || !/^[a-zA-Z-]{2,}$/.test(name) || existsSync(name)) return
  const commands = ['help', ...program.commands.map((command) => command.name())]
  const meant =
    suggest(name, commands) ??
    commands.find((command) => name.length >= SHORTEST_BEGINNING && command.startsWith(name))
  if (meant === undefined) return
  program.error(
    `error: there is no file and no command '${name}'; did you mean '${program.name()} ${meant}'?`,
  )
}

import process from 'node:process'
import { allReferences, json } from '../authoring/editor/reference.ts'
import { suggest } from '../expression/check/suggest.ts'
import { CommandError, EXIT } from './exit-codes.ts'

/**
 * `normalize functions --json [NAME]`: prints the reference as a JSON array, a function, built-in or method a line.
 *
 * @param name one only, as `normalize functions` takes it: `lookup`, `split`, `str.split`
 * @throws {CommandError} when there is no such function
 */
export function printReferences(name: string | undefined): void {
  const all = allReferences()
  const wanted =
    name === undefined
      ? all
      : all.filter((page) => page.name === name || `${page.type}.${page.name}` === name)
  if (wanted.length === 0) {
    const nearest = suggest(name!, new Set(all.map((page) => page.name)))
    const hint = nearest === undefined ? "'normalize functions' lists them" : `did you mean ${nearest}?`
    throw new CommandError(EXIT.USAGE, `no function ${name}; ${hint}`)
  }
  process.stdout.write(`[\n${wanted.map(json).join(',\n')}\n]\n`)
}

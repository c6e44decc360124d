import type { Command, Option } from 'commander'

/**
 * Refuses options that are given twice, where the second would take the place of the first: `-r a.yaml -r b.yaml`. An
 * option is repeatable when it takes several values, or when its parser asks for the value before, which it then keeps.
 * A flag may be given twice, since it says the same; but not beside its opposite.
 *
 * @param program with all its commands and options; an option before and behind the name of a command is the same one
 */
export function refuseRepeated(program: Command): void {
  const given = new Map<string, { readonly option: Option; readonly command: Command }>()
  const visit = (command: Command): void => {
    for (const option of command.options) {
      command.on(`option:${option.name()}`, () => {
        const before = given.get(option.attributeName())
        given.set(option.attributeName(), { option, command })
        if (before === undefined) return
        if (before.command !== command) {
          command.error(`error: option '${option.flags}' is given before and behind '${command.name()}'`)
        }
        if (before.option !== option) {
          command.error(`error: option '${option.flags}' contradicts option '${before.option.flags}'`)
        }
        if (takesValue(option) && !isRepeatable(option)) {
          command.error(`error: option '${option.flags}' is given twice, and only one of them would count`)
        }
      })
    }
    for (const inner of command.commands) visit(inner)
  }
  visit(program)
}

function takesValue({ required, optional }: Option): boolean {
  return required || optional
}

function isRepeatable({ variadic, argChoices, parseArg }: Option): boolean {
  // The parser for choices is commander's own; it asks for the value before in any case.
  return variadic || (argChoices === undefined && parseArg !== undefined && parseArg.length > 1)
}

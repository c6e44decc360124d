/**
 * The parameters of a callable, written as Python writes them. The text names the parameters and says
 * which are optional; what an optional one means when it is not given is the callee's matter (it gets
 * `undefined`).
 *
 *   s, sep=None, maxsplit=-1      by position or by name
 *   iterable, /, *, key, reverse=False      before `/`: by position only; after `*`: by name only
 *   *values                       any number, by position (the callee gets them spread at the end)
 *   **names                       any names (the callee gets one Dict, last)
 */
export interface Signature {
  readonly text: string
  readonly parameters: readonly Parameter[]
  readonly variadic: string | undefined
  readonly keywords: string | undefined
}

interface Parameter {
  readonly name: string
  readonly optional: boolean
  readonly byPosition: boolean
  readonly byName: boolean
}

/** A parameter; its default may be a comma in quotes. */
const PART = /(?:'[^']*'|"[^"]*"|[^,'"])+/g

export function parseSignature(text: string): Signature {
  const parameters: Parameter[] = []
  let variadic: string | undefined
  let keywords: string | undefined
  let byPosition = true
  for (const part of partsOf(text)) {
    if (part === '') continue
    if (part === '/') {
      for (let index = 0; index < parameters.length; index++) {
        parameters[index] = { ...parameters[index]!, byName: false }
      }
    } else if (part === '*') {
      byPosition = false
    } else if (part.startsWith('**')) {
      keywords = part.slice(2)
    } else if (part.startsWith('*')) {
      variadic = part.slice(1)
      byPosition = false
    } else {
      const name = part.split('=')[0]!.trim()
      parameters.push({ name, optional: part.includes('='), byPosition, byName: true })
    }
  }
  return { text, parameters, variadic, keywords }
}

function partsOf(text: string): string[] {
  return (text.match(PART) ?? []).map((part) => part.trim())
}

/** Where each given argument goes: for each parameter the index of its argument, or -1 when not given. */
export interface Binding {
  readonly slots: readonly number[]
  /** Indices of the arguments that go to `*variadic`. */
  readonly rest: readonly number[]
  /** Names and indices of the arguments that go to `**keywords`. */
  readonly named: readonly (readonly [name: string, index: number])[]
}

/**
 * Matches arguments to parameters, as CPython does.
 *
 * @param names one entry per argument in the order of the call: its keyword, or undefined when it is positional
 * @returns the binding, or what is wrong in words that follow the callable's name ("takes 2 arguments, 3 given")
 */
export function bindArguments(
  signature: Signature,
  names: readonly (string | undefined)[],
): Binding | string {
  const { parameters, variadic, keywords } = signature
  const slots = parameters.map(() => -1)
  const rest: number[] = []
  const named: [string, number][] = []
  const positional = parameters.filter((parameter) => parameter.byPosition).length
  const given = names.filter((name) => name === undefined).length
  if (given > positional && variadic === undefined) {
    const required = parameters.filter((parameter) => parameter.byPosition && !parameter.optional).length
    return `takes ${count(required, positional)}, ${given} given`
  }
  for (const [index, name] of names.entries()) {
    if (name === undefined) {
      if (index < positional) slots[index] = index
      else rest.push(index)
      continue
    }
    const slot = parameters.findIndex((parameter) => parameter.byName && parameter.name === name)
    if (slot === -1) {
      if (keywords === undefined) return `has no parameter named '${name}'`
      if (named.some(([other]) => other === name)) return `got '${name}' twice`
      named.push([name, index])
    } else if (slots[slot] !== -1) {
      return `got '${name}' twice`
    } else {
      slots[slot] = index
    }
  }
  const missing = parameters.filter((parameter, slot) => !parameter.optional && slots[slot] === -1)
  if (missing.length > 0) {
    return `needs ${missing.map((parameter) => `'${parameter.name}'`).join(', ')}`
  }
  return { slots, rest, named }
}

/** A signature as the reference shows it: `table, key[, default]`, with a default where it is known. */
export function describeSignature(text: string): string {
  const parts = partsOf(text)
  let shown = ''
  for (const [index, part] of parts.entries()) {
    const unknown = part.endsWith('=')
    const name = unknown ? part.slice(0, -1) : part
    const separator = index === 0 ? '' : ', '
    shown += unknown ? `[${separator}${name}]` : `${separator}${name}`
  }
  return shown
}

function count(least: number, most: number): string {
  if (most === 0) return 'no arguments'
  const range = least === most ? `${most}` : `${least} to ${most}`
  return `${range} argument${most === 1 ? '' : 's'}`
}

/** The paths under `enrich` against what the rules write: one that can lead to nothing is an error of the rule file. */

import { suggest } from '../expression/check/suggest.ts'
import type { Problem } from '../expression/diagnostic.ts'
import type { CheckedRule } from './checked-rule.ts'
import type { EnrichPath } from './enrich-spec.ts'
import type { RuleFile } from './load.ts'
import { kindsOf, type ValueKind } from './value-kinds.ts'

/** Notes of functions about an event, and the note that it was not enriched, stand there without a rule. */
const ANOMALIES = ['event', 'anomaly']
const ANOMALY_OF_ENRICHMENT = [...ANOMALIES, 'enrichment']

/** So many output fields a hint names. */
const MAX_NAMES = 8

/**
 * @param rules the file's rules, checked; none where some have errors: then only their names count
 * @returns a problem for each path that no value of an event can be at, and for an `into` that cannot hold a list
 */
export function checkEnrich(file: RuleFile, rules: readonly CheckedRule[]): Problem[] {
  if (file.enrich === undefined) return []
  const checker = new EnrichChecker(file.outputs, rules)
  return file.enrich.paths.flatMap(({ use, path, place }) => {
    const fault = use === 'into' ? checker.into(path) : checker.lookedUp(path)
    if (fault === undefined) return []
    const { message, hint } = fault
    return [
      {
        message,
        ...(hint === undefined ? undefined : { hint }),
        field: 'enrich',
        file: file.file,
        ...place,
        severity: 'error' as const,
      },
    ]
  })
}

interface EnrichFault {
  readonly message: string
  readonly hint?: string | undefined
}

class EnrichChecker {
  readonly #outputs: readonly (readonly string[])[]
  readonly #rules: readonly CheckedRule[]

  constructor(outputs: readonly (readonly string[])[], rules: readonly CheckedRule[]) {
    this.#outputs = outputs
    this.#rules = rules
  }

  /** A path whose values are looked up: texts, in lists too. */
  lookedUp(path: EnrichPath['path']): EnrichFault | undefined {
    const steps = path.split('.')
    // A step that is empty has been reported.
    if (steps.includes('')) return undefined
    if (isWithin(steps, ANOMALIES) && steps.length > ANOMALIES.length) return undefined
    const above = this.#outputs.filter((output) => isWithin(steps, output))
    if (above.length > 0) return this.#mayHoldText(path, steps)
    const below = this.#outputs.filter((output) => isWithin(output, steps))
    if (below.length > 0) {
      return {
        message: `'${path}' is an object in the output, and only texts are looked up`,
        hint: `name its fields: ${shownNames(below)}`,
      }
    }
    return { message: `no rule writes '${path}'`, hint: this.#meantPath(path) }
  }

  /** The rule for the path, or for an object that may have it. */
  #mayHoldText(path: string, steps: readonly string[]): EnrichFault | undefined {
    const rules = this.#rules.filter((rule) => isWithin(steps, rule.path))
    // Where several write into it, the last one decides, or none of them alone.
    if (rules.length !== 1) return undefined
    const [rule] = rules as [CheckedRule]
    const kind = onlyOf(
      rule,
      rule.path.length === steps.length ? ['a text', 'a list'] : ['a list', 'an object'],
    )
    if (kind === undefined) return undefined
    return rule.path.length === steps.length
      ? { message: `'${path}' is ${kind}, and only texts are looked up`, hint: textHint(kind) }
      : { message: `no rule writes '${path}': '${rule.name}' is ${kind}`, hint: `write '${rule.name}' here` }
  }

  #meantPath(path: string): string {
    const copies = this.#rules.find(({ node }) => node.op === 'field' && node.path.text === path)
    if (copies !== undefined) {
      return `'enrich' names fields of the output: ${path} of the event is '${copies.name}' there`
    }
    const names = this.#outputs.map((output) => output.join('.'))
    const near = suggest(path, names)
    if (near !== undefined) return `did you mean '${near}'?`
    return names.length === 0
      ? "'enrich' names fields of the output"
      : `'enrich' names fields of the output: ${shownNames(this.#outputs)}`
  }

  /** The path where detections go: a list, or nothing as yet. */
  into(path: EnrichPath['path']): EnrichFault | undefined {
    const steps = path.split('.')
    if (isSame(steps, ANOMALIES) || isWithin(steps, ANOMALY_OF_ENRICHMENT)) {
      return {
        message: `detections cannot go to '${path}': it holds what is noted about an event`,
        hint: "for example 'into: threat.enrichments'",
      }
    }
    const below = this.#outputs.find((output) => isWithin(output, steps) && output.length > steps.length)
    if (below !== undefined) {
      return {
        message: `detections go to '${path}', which has to be a list: the rule '${below.join('.')}' makes it an object`,
        hint: 'give another place with into:',
      }
    }
    for (const rule of this.#rules) {
      if (!isWithin(steps, rule.path)) continue
      const isPlace = rule.path.length === steps.length
      const kind = onlyOf(rule, isPlace ? ['a list', 'null'] : ['an object', 'null'])
      if (kind === undefined) continue
      return isPlace
        ? {
            message: `detections go to '${path}', which has to be a list: its rule gives ${kind}`,
            hint:
              kind === 'an iterator'
                ? 'write list(...) round it'
                : 'let the rule give a list, or give another place with into:',
          }
        : {
            message: `detections cannot go to '${path}': '${rule.name}' is ${kind}`,
            hint: 'give another place with into:',
          }
    }
    return undefined
  }
}

/** The type of a rule's value where it is none of these for sure; of several types the first one. */
function onlyOf(rule: CheckedRule, allowed: readonly ValueKind[]): ValueKind | undefined {
  const kinds = kindsOf(rule.node)
  if (kinds === undefined || allowed.some((kind) => kinds.has(kind))) return undefined
  const [first] = kinds
  return first
}

function textHint(kind: ValueKind): string | undefined {
  if (kind === 'an object') return 'name a field of it'
  return kind === 'an iterator' ? 'let the rule write list(...) round it' : undefined
}

/** The path is the other one, or leads on from it. */
function isWithin(path: readonly string[], outer: readonly string[]): boolean {
  return outer.length <= path.length && outer.every((step, index) => step === path[index])
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && isWithin(one, other)
}

function shownNames(paths: readonly (readonly string[])[]): string {
  const names = paths.slice(0, MAX_NAMES).map((path) => path.join('.'))
  return paths.length > MAX_NAMES ? `${names.join(', ')}, ...` : names.join(', ')
}

/** One pattern of the tables, and what it says of an agent that it matches. */
export interface AgentRule {
  /** For RegExp, which takes it as CPython's `re` does. */
  readonly pattern: string
  readonly flags?: string
  /** Keys one after the other, of which one is in every text that matches; without them, any text may. */
  readonly keys?: string
  /** The name, with `$1` to `$9` for groups; default `$1`. */
  readonly name?: string
  /** The parts of the version, likewise; `''` and those that are not given: `$2`, `$3`, `$4`, `$5`. */
  readonly versions?: readonly string[]
  /** The groups that could match any text, which is then the sender's own. */
  readonly open?: readonly number[]
}

export interface AgentMatch {
  /** Undefined where it would be a text of the sender's that no table has. */
  readonly name: string | undefined
  /** The parts of the version, up to the first that is not there. */
  readonly versions: readonly string[]
  /** Where the match begins and ends in the text. */
  readonly start: number
  readonly end: number
  /** The version stands in the text as it is; no rule has replaced a part of it. */
  readonly isVersionAsWritten: boolean
  /** The rule is the last one of the table, the widest. */
  readonly isLast: boolean
}

const KEY_LENGTH = 3
const DEFAULT_VERSIONS = ['$2', '$3', '$4', '$5']

/** All keys that a text has: three ASCII characters in lower case, as one number. */
export function keysOf(text: string): ReadonlySet<number> {
  const keys = new Set<number>()
  let key = 0
  let length = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code > 127) {
      length = 0
      continue
    }
    key = ((key << 7) | (code >= 65 && code <= 90 ? code + 32 : code)) & 0x1fffff
    if (++length >= KEY_LENGTH) keys.add(key)
  }
  return keys
}

/**
 * Patterns in their order, of which the first that matches a text counts. Those that have none of their keys in it are
 * not tried, which leaves a handful of hundreds; a pattern is compiled when it is tried first.
 */
export class RuleTable {
  readonly #rules: readonly AgentRule[]
  readonly #names: ReadonlyMap<string, string>
  readonly #patterns: (RegExp | undefined)[]
  readonly #byKey = new Map<number, number[]>()
  /** Those without keys. */
  readonly #always: number[] = []

  /** @param names what the tables know, by the name in lower case */
  constructor(rules: readonly AgentRule[], names: ReadonlyMap<string, string>) {
    this.#rules = rules
    this.#names = names
    this.#patterns = new Array(rules.length)
    for (const [index, { keys }] of rules.entries()) {
      if (keys === undefined) this.#always.push(index)
      else for (const key of keysIn(keys)) this.#add(key, index)
    }
  }

  /**
   * The first match.
   *
   * @param keys of the text
   * @param needsName passes over matches whose name is not known
   */
  find(text: string, keys: ReadonlySet<number>, needsName: boolean): AgentMatch | undefined {
    const candidates = [...this.#always]
    for (const key of keys) {
      const indexes = this.#byKey.get(key)
      if (indexes !== undefined) candidates.push(...indexes)
    }
    candidates.sort(ascending)
    for (const [position, index] of candidates.entries()) {
      if (index === candidates[position - 1]) continue
      const match = this.#match(index, text)
      if (match !== undefined && !(needsName && match.name === undefined)) return match
    }
    return undefined
  }

  #add(key: number, index: number): void {
    const indexes = this.#byKey.get(key)
    if (indexes === undefined) this.#byKey.set(key, [index])
    else indexes.push(index)
  }

  #match(index: number, text: string): AgentMatch | undefined {
    const rule = this.#rules[index]!
    let pattern = this.#patterns[index]
    if (pattern === undefined) {
      pattern = new RegExp(rule.pattern, rule.flags)
      this.#patterns[index] = pattern
    }
    const groups = pattern.exec(text)
    if (groups === null) return undefined
    return {
      name: this.#nameOf(rule, groups),
      versions: versionsOf(rule, groups),
      start: groups.index,
      end: groups.index + groups[0].length,
      isVersionAsWritten: rule.versions === undefined,
      isLast: index === this.#rules.length - 1,
    }
  }

  #nameOf(rule: AgentRule, groups: RegExpExecArray): string | undefined {
    const template = rule.name ?? '$1'
    const name = filled(template, groups)
    if (name === '') return undefined
    return usesOpenGroup(rule, template) ? this.#names.get(name.toLowerCase()) : name
  }
}

function keysIn(text: string): Set<number> {
  const keys = new Set<number>()
  for (let start = 0; start < text.length; start += KEY_LENGTH) {
    for (const key of keysOf(text.slice(start, start + KEY_LENGTH))) keys.add(key)
  }
  return keys
}

function versionsOf(rule: AgentRule, groups: RegExpExecArray): string[] {
  const versions: string[] = []
  for (const [index, common] of DEFAULT_VERSIONS.entries()) {
    const template = rule.versions?.[index] || common
    const version = filled(template, groups)
    // A word is a version (`XP`) where the rule has it, and not what the sender puts there.
    if (version === '' || (!/^\d/.test(version) && usesOpenGroup(rule, template))) break
    versions.push(version)
  }
  return versions
}

function filled(template: string, groups: RegExpExecArray): string {
  if (!template.includes('$')) return template
  return template.replace(/\$(\d)/g, (_, group) => groups[Number(group)] ?? '').trim()
}

function usesOpenGroup(rule: AgentRule, template: string): boolean {
  return rule.open?.some((group) => template.includes(`$${group}`)) === true
}

function ascending(a: number, b: number): number {
  return a - b
}

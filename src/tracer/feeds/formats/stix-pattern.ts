import type { OwnIndicator } from '../feed-handlers.ts'
import type { KeyType } from '../keys/indicator-key.ts'

/*
 * Patterns of STIX 2: comparisons of the properties of one observable in brackets, joined by AND and OR; observations
 * joined by OR, AND and FOLLOWEDBY. A table answers by one value, so a pattern can be looked up when one value is
 * enough to make it true.
 *
 *     [ipv4-addr:value = '192.0.2.7' OR domain-name:value IN ('a.example', 'b.example')] OR [url:value = '...']
 */

type PatternToken = { readonly kind: 'word' | 'text' | 'sign'; readonly text: string }

const TOKEN = /\s*(?:'((?:[^'\\]|\\.)*)'|([A-Za-z0-9_.:*-]+)|([[\](),=<>!]+))/y
const LONGEST_PATTERN = 256 * 1024
const VALUES: Readonly<Record<string, KeyType>> = {
  'ipv4-addr:value': 'ip',
  'ipv6-addr:value': 'ip',
  'domain-name:value': 'domain',
  'url:value': 'url',
  'email-addr:value': 'email',
}
/** Words that make an observation or a comparison depend on more than one value, or on none. */
const NOT_EXPRESSIBLE = new Set(['AND', 'FOLLOWEDBY', 'WITHIN', 'REPEATS', 'START', 'STOP'])

/**
 * The values one of which makes a pattern true. Of comparisons that AND joins, those that can be looked up are taken when
 * all are of one observable: a file is known by its hash, whatever its name.
 *
 * @returns undefined when no single value is enough, or the pattern cannot be read
 */
export function patternIndicators(pattern: string): OwnIndicator[] | undefined {
  const tokens = tokensOf(pattern)
  if (tokens === undefined) return undefined
  const reader = new PatternReader(tokens)
  const indicators = reader.read()
  return indicators === undefined || indicators.length === 0 ? undefined : indicators
}

function tokensOf(pattern: string): PatternToken[] | undefined {
  if (pattern.length > LONGEST_PATTERN) return undefined
  const tokens: PatternToken[] = []
  TOKEN.lastIndex = 0
  const text = pattern.trimEnd()
  while (TOKEN.lastIndex < text.length) {
    const found = TOKEN.exec(text)
    if (found === null) return undefined
    if (found[1] !== undefined) tokens.push({ kind: 'text', text: found[1].replace(/\\(.)/g, '$1') })
    else if (found[2] !== undefined) tokens.push({ kind: 'word', text: withQuotedKey(text, found[2]) })
    else for (const text of signsOf(found[3]!)) tokens.push({ kind: 'sign', text })
  }
  return tokens
}

/** `file:hashes.` is followed by `'SHA-256'`, which is a part of the path. */
function withQuotedKey(text: string, word: string): string {
  if (!word.endsWith('.')) return word
  const rest = /'([A-Za-z0-9-]{1,40})'/y
  rest.lastIndex = TOKEN.lastIndex
  const found = rest.exec(text)
  if (found === null) return word
  TOKEN.lastIndex = rest.lastIndex
  return word + found[1]!
}

function signsOf(text: string): string[] {
  return text.match(/[[\](),]|[=<>!]+/g) ?? []
}

class PatternReader {
  readonly #tokens: readonly PatternToken[]
  #at = 0

  constructor(tokens: readonly PatternToken[]) {
    this.#tokens = tokens
  }

  read(): OwnIndicator[] | undefined {
    const found: OwnIndicator[] = []
    while (this.#at < this.#tokens.length) {
      const { kind, text } = this.#tokens[this.#at]!
      this.#at += 1
      if (text === '[' && kind === 'sign') {
        const inner = this.#observation()
        if (inner === undefined) return undefined
        found.push(...inner)
      } else if (kind === 'word' && NOT_EXPRESSIBLE.has(text.toUpperCase())) return undefined
      else if (
        !(kind === 'sign' && /^[()]$/.test(text)) &&
        !(kind === 'word' && text.toUpperCase() === 'OR')
      ) {
        return undefined
      }
    }
    return found
  }

  /** The inside of a bracket: all comparisons, which AND may join when they are of one observable. */
  #observation(): OwnIndicator[] | undefined {
    const found: OwnIndicator[] = []
    const observables = new Set<string>()
    let hasAnd = false
    let hasOr = false
    for (;;) {
      const token = this.#next()
      if (token === undefined) return undefined
      if (token.kind === 'sign' && token.text === ']') break
      if (token.kind === 'sign' && /^[()]$/.test(token.text)) continue
      const word = token.text.toUpperCase()
      if (token.kind === 'word' && (word === 'AND' || word === 'OR')) {
        if (word === 'AND') hasAnd = true
        else hasOr = true
        continue
      }
      if (token.kind !== 'word' || !token.text.includes(':')) return undefined
      observables.add(token.text.slice(0, token.text.indexOf(':')))
      const values = this.#comparison()
      if (values === undefined) return undefined
      const type = typeOf(token.text)
      if (type !== undefined) found.push(...values.map((value) => ({ value, type })))
    }
    if (hasAnd && (hasOr || observables.size > 1)) return undefined
    return found
  }

  /** Operator and values. @returns none for an operator that is no equality; undefined when it cannot be read */
  #comparison(): string[] | undefined {
    let operator = this.#next()
    let isNegated = false
    if (operator?.text.toUpperCase() === 'NOT') {
      isNegated = true
      operator = this.#next()
    }
    if (operator === undefined) return undefined
    const name = operator.text.toUpperCase()
    if (name === 'IN') {
      if (this.#next()?.text !== '(') return undefined
      const values: string[] = []
      for (;;) {
        const token = this.#next()
        if (token === undefined) return undefined
        if (token.text === ')' && token.kind === 'sign') return isNegated ? [] : values
        if (token.text !== ',' || token.kind !== 'sign') values.push(token.text)
      }
    }
    const value = this.#next()
    if (value === undefined || value.kind === 'sign') return undefined
    return !isNegated && (name === '=' || name === '==' || name === 'ISSUBSET') ? [value.text] : []
  }

  #next(): PatternToken | undefined {
    const token = this.#tokens[this.#at]
    this.#at += 1
    return token
  }
}

function typeOf(path: string): KeyType | undefined {
  if (/^(?:file|x509-certificate|artifact):hashes\./i.test(path)) {
    return /SSDEEP|TLSH|IMPHASH/i.test(path) ? undefined : 'hash'
  }
  return VALUES[path]
}

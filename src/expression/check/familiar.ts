/**
 * Spellings of other languages (SQL, Jinja, Logstash, JavaScript, KQL, ...), and the way in which they are written
 * here: the hints under errors and warnings. Nothing here decides whether something is an error.
 */
import type { Span } from '../syntax/ast.ts'

/** A token, as far as hints look at it. */
interface Word extends Span {
  readonly kind: string
  readonly text: string
}

// --- functions ----------------------------------------------------------------------------------------------------

/** By the name of a function that does not exist: the hint, or how it is made from the arguments' texts. */
const FUNCTIONS: ReadonlyMap<string, string | ((args: readonly string[]) => string)> = new Map<
  string,
  string | ((args: readonly string[]) => string)
>([
  ['toLowerCase', 'write lower(value) or value.lower()'],
  ['toUpperCase', 'write upper(value) or value.upper()'],
  ['to_lower', 'write lower(value)'],
  ['to_upper', 'write upper(value)'],
  ['downcase', 'write lower(value)'],
  ['upcase', 'write upper(value)'],
  ['lowercase', 'write lower(value)'],
  ['uppercase', 'write upper(value)'],
  ['trim', 'write strip(value)'],
  ['substring', 'write value[start:end]'],
  ['substr', 'write value[start:end]'],
  ['slice', 'write value[start:end]'],
  ['indexOf', 'write value.find(text)'],
  ['includes', "write 'text in value'"],
  ['contains', "write 'text in value'"],
  ['startsWith', 'write value.startswith(text)'],
  ['starts_with', 'write value.startswith(text)'],
  ['endsWith', 'write value.endswith(text)'],
  ['ends_with', 'write value.endswith(text)'],
  ['concat', "write 'a + b', or an f-string"],
  ['push', 'write value.append(item), in tap'],
  ['size', 'write len(value)'],
  ['length', 'write len(value)'],
  ['to_int', 'write value::int'],
  ['to_float', 'write value::float'],
  ['to_string', 'write value::str'],
  ['toString', 'write value::str'],
  ['coalesce', withDefault],
  ['ifnull', withDefault],
  ['nvl', withDefault],
  ['default', withDefault],
  ['isnull', (args) => `write not exists(${args[0] ?? 'a'}), or '${args[0] ?? 'a'} is None'`],
  ['is_null', (args) => `write not exists(${args[0] ?? 'a'}), or '${args[0] ?? 'a'} is None'`],
  ['is_empty', (args) => `write not exists(${args[0] ?? 'a'})`],
  ['isempty', (args) => `write not exists(${args[0] ?? 'a'})`],
  ['not_null', (args) => `write exists(${args[0] ?? 'a'})`],
  ['notnull', (args) => `write exists(${args[0] ?? 'a'})`],
  ['isnotnull', (args) => `write exists(${args[0] ?? 'a'})`],
  ['isset', (args) => `write exists(${args[0] ?? 'a'})`],
  ['defined', (args) => `write exists(${args[0] ?? 'a'})`],
  ['has', (args) => `write exists(${args[0] ?? 'a'})`],
  ['if', 'write cond(condition, value, other)'],
  ['iff', 'write cond(condition, value, other)'],
  ['case', 'write cond(condition, value, condition, value, ..., default)'],
  ['regex', 'write match(pattern, value)'],
  ['re_match', 'write match(pattern, value)'],
  ['strptime', 'write parse_timestamp(value, format)'],
  ['now', 'rules do not know the time: their result depends on the event alone'],
  ['print', 'a rule has no output but its value'],
  ['type', 'write isinstance(value, str)'],
  ['map', 'write [f(x) for x in value]'],
  ['filter', 'write [x for x in value if condition]'],
])

/** @param args the texts of the call's arguments */
export function functionHint(name: string, args: readonly string[]): string | undefined {
  const hint = FUNCTIONS.get(name)
  return typeof hint === 'function' ? hint(args) : hint
}

/** `coalesce(a, b, 'x')`: the first that there is. */
function withDefault(args: readonly string[]): string {
  const values = args.length > 1 ? args : [args[0] ?? 'a', "'x'"]
  const last = values.at(-1)!
  return `write ${values.slice(0, -1).reduceRight((rest, value) => `optional(${value}, ${rest})`, last)}`
}

/** A field that is used like `src | lower`, or `src | default('x')`. @param args those that are written */
export function pipeHint(object: string, name: string, args: readonly string[]): string {
  if (FUNCTIONS.get(name) === withDefault) return withDefault([object, ...args])
  return `write ${name}(${[object, ...args].join(', ')})`
}

// --- names --------------------------------------------------------------------------------------------------------

const NULLS = new Set(['undefined', 'nil', 'Nil', 'NULL', 'Null', 'none', 'NONE', 'nul'])
const LITERALS: ReadonlyMap<string, string> = new Map([
  ['TRUE', 'true'],
  ['FALSE', 'false'],
  ['NaN', "float('nan')"],
  ['Infinity', "float('inf')"],
])

/** The name stands for nothing in another language: `undefined`. Here it is a field's. */
export function isNull(name: string): boolean {
  return NULLS.has(name)
}

/** A name that is a constant elsewhere, and a field's here. */
export function constantNameHint(name: string): string | undefined {
  if (NULLS.has(name)) return "exists(a) says whether 'a' has a value; null is written null or None"
  const literal = LITERALS.get(name)
  return literal === undefined ? undefined : `write ${literal}`
}

/** The hint behind the message that a path is absent: `tags.length` is no length. */
export function absenceHint(parts: readonly string[]): string {
  const last = parts.at(-1)!
  if (parts.length < 2 || !/^(?:length|size|count|len)$/.test(last)) return ''
  const object = parts.slice(0, -1).join('.')
  return `; the length of ${object} is len(${object})`
}

/** `@timestamp`, `@metadata.beat`: a path whose names Python does not have. */
export function keyPath(path: string): string {
  return `data${path
    .split('.')
    .map((key) => `['${key}']`)
    .join('')}`
}

/** `[a][b]` and `a.b` of other languages as a path; undefined where it is something else. */
function pathOf(text: string): string | undefined {
  const bracketed = /^(?:\[[\w@-]+\])+$/.test(text) ? text.slice(1, -1).split('][') : undefined
  const parts = bracketed ?? (/^[\w@-]+(?:\.[\w@-]+)*$/.test(text) ? text.split('.') : undefined)
  if (parts === undefined) return undefined
  return parts.every((part) => /^[A-Za-z_]\w*$/.test(part)) ? parts.join('.') : keyPath(parts.join('.'))
}

/** Placeholders of Logstash, shells and templates. */
const PLACEHOLDER = /%\{([^{}]+)\}|\$\{([^{}]+)\}|\{\{\s*([^{}]+?)\s*\}\}/

/** A text that is meant to have fields put into it: `'src %{[a][b]}'`. */
export function templateHint(text: string): string | undefined {
  const placeholder = PLACEHOLDER.exec(text)
  if (placeholder === null) return undefined
  const path = pathOf(placeholder[1] ?? placeholder[2] ?? placeholder[3]!)
  if (path === undefined) return undefined
  if (placeholder[0] === text) return nameHint(path)
  const whole = text.replace(new RegExp(PLACEHOLDER, 'g'), (written, ...groups: (string | undefined)[]) => {
    const inner = pathOf((groups[0] ?? groups[1] ?? groups[2])!)
    return inner === undefined ? written : `{${inner.replaceAll("'", '"')}}`
  })
  return /['\\\n]/.test(whole) ? 'write an f-string: {field} in it is replaced' : `write f'${whole}'`
}

/** For a whole value that is a field's name in another language: `@timestamp`, `%{[a][b]}`, `{{ f }}`, `[a][b]`. */
export function foreignPathHint(written: string): string | undefined {
  const text = written.trim()
  if (/^@[\w.@-]+$/.test(text)) return `a field of that name is written ${keyPath(text)}`
  if (/^(?:\[[\w@-]+\]){2,}$/.test(text)) return nameHint(pathOf(text)!)
  const [placeholder] = PLACEHOLDER.exec(text) ?? []
  if (placeholder === text && templateHint(text) !== undefined) return templateHint(text)
  return /^\{\{[^{}:]*\}\}$/.test(text) ? 'an expression is written without braces round it' : undefined
}

function nameHint(path: string): string {
  return `a field is written by its name alone: ${path}`
}

// --- texts without quotes -----------------------------------------------------------------------------------------

/** Texts of whole rules that are no expressions and were meant as constants. */
const CONSTANTS = [
  // Addresses, networks, versions, dates, digests: 10.0.0.1, 10.0.0.0/8, 2024-01-01T00:00:00Z, 7zip.exe.
  /^\d(?=.*[A-Za-z.:/-])(?!\d*[jJ]$)[\w.:/+-]+$/,
  // ATT&CK techniques, versions: T1059.001, v1.2.3.
  /^[A-Za-z]+\d+(?:\.\d+)+$/,
  // IPv6, MAC addresses.
  /^[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:%\w+)?(?:\/\d+)?$/,
  /^[A-Za-z][\w+.-]*:\/\/\S+$/,
  /^\/[\w.-]+(?:\/[\w.-]*)*$/,
  /^[\w.+-]+@[\w-]+(?:\.[\w-]+)+$/,
]

const WORDS = /^[\p{L}\p{N}_-]+(?: [\p{L}\p{N}_-]+)+$/u

/** Words between others that say what is meant: none of them is in a text that was only not quoted. */
const SPEAKING = new Set(
  (
    'and or not in is if then else elif case when return eq ne gt lt ge le like matches regex contains isnt nil null ' +
    'undefined none startswith endswith for lambda await async yield del import from with try class def global pass raise while'
  ).split(' '),
)

/** For a whole expression that could not be read. */
export function unquotedHint(expression: string): string | undefined {
  const text = expression.trim()
  const isConstant = CONSTANTS.some((pattern) => pattern.test(text))
  const isWords = WORDS.test(text) && !text.split(' ').some((word) => SPEAKING.has(word.toLowerCase()))
  if (!isConstant && !isWords) return undefined
  const quoted = `a text is quoted twice, for YAML and for the rule: "'${text}'"`
  return isWords ? `${quoted}\na field with blanks in its name is written data['${text}']` : quoted
}

/** `2024-10-10` is a subtraction. */
export function isDate(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text)
}

// --- characters and tokens ----------------------------------------------------------------------------------------

/** For a character that begins no token. @param offset where it stands in `text` */
export function characterHint(text: string, offset: number): string | undefined {
  const rest = text.slice(offset)
  switch (text[offset]) {
    case '$': {
      const path = /^\$(?:\{([^{}]+)\}|\.?([\w.]+))/.exec(rest)
      const name = path && pathOf(path[1] ?? path[2]!)
      return name ? nameHint(name) : 'fields are written by their name alone'
    }
    case '`':
      return "fields are written by their name alone, or data['any name']"
    case '?':
      return questionHint(text.slice(0, offset), rest)
  }
  return undefined
}

/** `a ?? 'x'`, `a ?: 'x'`, `a?.b`, `c ? a : b`. */
function questionHint(before: string, rest: string): string {
  const coalescing = /^\?(?:\?=?|:)\s*('[^'\n]*'|"[^"\n]*"|[\w.]+)?/.exec(rest)
  if (coalescing !== null) {
    const value = /([\w.]+(?:\[[^[\]]*\])*)\s*$/.exec(before)
    return withDefault([value?.[1] ?? 'a', coalescing[1] ?? "'x'"])
  }
  if (/^\?[.[]/.test(rest)) {
    return "write '.' alone: where an object is absent so are its members; optional(a.b, 'x') gives a default"
  }
  const condition = /([^(),]+)$/.exec(before)?.[1]?.trim()
  const branches = /^\?([^?:(),]+):([^?:(),]+)/.exec(rest)
  if (condition === undefined || condition === '' || branches === null) return "write 'x if c else y'"
  return `write: ${branches[1]!.trim()} if ${condition} else ${branches[2]!.trim()}`
}

/** Operators that are words elsewhere. */
const OPERATOR_WORDS: ReadonlyMap<string, string> = new Map([
  ['AND', "write 'and'"],
  ['OR', "write 'or'"],
  ['NOT', "write 'not'"],
  ['IN', "write 'in'"],
  ['IS', "write 'is'"],
  ['eq', "write '=='"],
  ['ne', "write '!='"],
  ['gt', "write '>'"],
  ['ge', "write '>='"],
  ['lt', "write '<'"],
  ['le', "write '<='"],
  ['isnt', "write 'is not'"],
  ['like', 'write match(pattern, value), with a regular expression'],
  ['LIKE', 'write match(pattern, value), with a regular expression'],
  ['matches', 'write match(pattern, value)'],
  ['contains', "write 'text in value'"],
  ['startswith', 'write value.startswith(text)'],
  ['endswith', 'write value.endswith(text)'],
  ['then', 'write cond(condition, value, other), or value if condition else other'],
])

/**
 * For a token that cannot stand where it does.
 *
 * @param text the whole expression
 * @param isKeyword whether a text is one of Python's keywords
 */
export function tokenHint(
  text: string,
  previous: Word | undefined,
  token: Word,
  next: Word | undefined,
  isKeyword: (text: string) => boolean,
): string | undefined {
  const before = previous?.text
  switch (token.text) {
    case '=':
      if (before === '!=') return "write '!='"
      if (next?.text === '~') return 'write match(pattern, value)'
      if (next?.text === '>' && next.start === token.end) return "write '>=', or '==' to compare"
      return "write '==' to compare"
    case '~':
      return 'write match(pattern, value)'
    case '!':
      return "write 'not'"
    case '&':
      if (before === '&') return "write 'and'"
      break
    case '|':
      if (before === '|') return "write 'or'"
      break
    case '>':
      if (before === '<') return "write '!='"
      break
    case '->':
      return "a member is read with a dot: 'a.b'"
    case ';':
      return 'a rule is one expression; statements go into tap'
    case '/':
      return "a regular expression is a text: match(r'...', value)"
    case ':':
      if (previous?.kind === 'name' || previous?.kind === 'string') return "write '==' to compare"
      break
    case '.': {
      const path = /^\.[A-Za-z_][\w.]*/.exec(text.slice(token.start))
      if (path !== null && before !== '.')
        return `a field is written without a dot before it: ${path[0].slice(1)}`
      break
    }
    case '@': {
      const path = /^@[\w.@-]*\w/.exec(text.slice(token.start))?.[0]
      if (path === undefined) break
      const holder = before === '.' ? /([\w.]+)\.$/.exec(text.slice(0, token.start))?.[1] : undefined
      if (holder === undefined || holder === 'data') return `a field of that name is written ${keyPath(path)}`
      return `a member of that name is written ${holder}['${path}']`
    }
    case '%': {
      const template = /^%\{([^{}]*)\}/.exec(text.slice(token.start))
      if (template === null) break
      const path = pathOf(template[1]!)
      return path === undefined
        ? 'there are no patterns of that kind: write split(...), match(...), or statements in tap'
        : nameHint(path)
    }
    case '*':
    case ']':
      if (before === '[') return 'for a member of all elements write [element.b for element in a]'
      break
    case 'if':
      if (token.kind === 'name' && previous?.kind !== 'name') return 'write cond(condition, value, other)'
      break
    case 'return':
      return "a rule is the expression alone, without 'return'"
    case 'required':
      if (next?.text === ':') return "'required: false' has to be the last line, on its own"
      break
  }
  const hyphenated = before === '-' && isKeyword(token.text) ? hyphenatedName(text, token) : undefined
  if (hyphenated !== undefined) return `a field of that name is written ${hyphenated}`
  if (token.text === 'class' || (isKeyword(token.text) && before === '.')) {
    return `a field of that name is written data['${token.text}']`
  }
  if (token.kind === 'number' && token.text.startsWith('.')) {
    return `an item of a list is written ...[${Number(token.text.slice(1)) || 0}]`
  }
  if (token.kind !== 'name') return undefined
  const words = OPERATOR_WORDS.get(token.text) ?? (before === 'NOT' ? OPERATOR_WORDS.get(before) : undefined)
  if (words !== undefined) return words
  if (before === 'case' || before === 'CASE') return functionHint('case', [])
  if (previous?.kind === 'name' && !isKeyword(token.text) && !isKeyword(previous.text)) {
    return `a name with blanks in it is written data['${previous.text} ${token.text}']`
  }
  return undefined
}

/** `http.x-forwarded-for` round one of its words, as it is written here; undefined where blanks stand in it. */
function hyphenatedName(text: string, { start, end }: Span): string | undefined {
  const before = /[\w.-]+-$/.exec(text.slice(0, start))
  const after = /^[\w-]*/.exec(text.slice(end))
  return before === null ? undefined : hyphenatedPath(`${before[0]}${text.slice(start, end)}${after![0]}`)
}

/** The way that `http.user-agent` is written; undefined where it is something else. */
function hyphenatedPath(text: string): string | undefined {
  const name = /^((?:[A-Za-z_]\w*\.)*)([A-Za-z_]\w*(?:-[A-Za-z_]\w*)+)$/.exec(text)
  if (name === null) return undefined
  const holder = name[1]!.slice(0, -1)
  return `${holder === '' ? 'data' : holder}['${name[2]}']`
}

/** A subtraction that is written like a name: `user-agent`. */
export function hyphenHint(text: string): string | undefined {
  const path = hyphenatedPath(text)
  return path && `a field of that name is written ${path}; for a difference put blanks round the '-'`
}

/**
 * JavaScript under construction. Code is made by the template tag `_` alone, from parts with types:
 *
 *     _`const ${name} = ${helper}(${object}, ${'text of a rule'})`
 *
 * A part that is `Code` stands as it is, any other part is a literal and is quoted. A text of a rule or of an event can
 * therefore never enter generated code as code: where code is asked for, the compiler refuses a string.
 */

/** A value that code spells out: quoted, in brackets or in digits. An array may hold code as well. */
type Literal = string | number | bigint | boolean | null | undefined | readonly Part[]

export type Part = Code | Literal

let create: (text: string) => Code
let isCode: (part: object) => part is Code

/** A piece of JavaScript. Only this module makes one. */
export class Code {
  static {
    create = (text) => new Code(text)
    isCode = (part): part is Code => #text in part
  }

  /** Private, so that no other object passes for code. */
  readonly #text: string

  protected constructor(text: string) {
    this.#text = text
  }

  /** The JavaScript itself. */
  get text(): string {
    return this.#text
  }

  /**
   * Tells the mistake where a piece of code is put into a plain template.
   *
   * @throws {TypeError} always
   */
  toString(): never {
    throw new TypeError('code is part of code only: use the tag _')
  }
}

/** A piece of JavaScript that is one identifier. */
export class Name extends Code {
  /** @throws {TypeError} where the text is no identifier of ASCII characters */
  constructor(identifier: string) {
    if (!/^[A-Za-z_$][\w$]*$/.test(identifier)) throw new TypeError(`${quote(identifier)} is no name`)
    super(identifier)
  }
}

/** The tag of code: fixed text of the template and typed parts in turn. */
export function _(fixed: TemplateStringsArray, ...parts: readonly Part[]): Code {
  let text = fixed[0]!
  for (let index = 0; index < parts.length; index++) {
    const part = parts[index]
    text += typeof part === 'object' && part !== null && isCode(part) ? part.text : textOf(part)
    text += fixed[index + 1]!
  }
  return create(text)
}

/** Arguments, or elements: `a, b`. */
export function list(parts: readonly Part[]): Code {
  return joined(parts, ', ')
}

/** `a || b`, and `false` for no tests. */
export function anyOf(tests: readonly Code[]): Code {
  return tests.length === 0 ? FALSE : joined(tests, ' || ')
}

/** `a + b` */
export function sum(terms: readonly Part[]): Code {
  return joined(terms, ' + ')
}

/** `{ "key": value }`; every member becomes one of the object's own. */
export function objectOf(members: readonly (readonly [key: string, value: Part])[]): Code {
  // `"__proto__": value` would set the prototype, a computed key does not.
  const pairs = members.map(([key, value]) =>
    key === '__proto__' ? _`[${key}]: ${value}` : _`${key}: ${value}`,
  )
  return pairs.length === 0 ? _`{}` : _`{ ${list(pairs)} }`
}

/** A text as it may stand behind `//`. */
export function commentText(text: string): string {
  return /[\r\n\u2028\u2029<]/.test(text) ? inPage(text.replace(/[\r\n\u2028\u2029]+/g, ' ')) : text
}

function joined(parts: readonly Part[], separator: string): Code {
  return create(parts.map(textOf).join(separator))
}

function textOf(part: Part): string {
  switch (typeof part) {
    case 'object':
      if (part === null) return 'null'
      return isCode(part) ? part.text : `[${part.map(textOf).join(', ')}]`
    case 'string':
      return quote(part)
    case 'number':
      return numberText(part)
    case 'bigint':
      return part < 0n ? `(${part}n)` : `${part}n`
    default:
      return String(part)
  }
}

/** A string literal that is the same text in JavaScript, in JSON and inside a `script` element. */
function quote(text: string): string {
  const literal = JSON.stringify(text)
  if (!/[<\u2028\u2029]/.test(literal)) return literal
  return inPage(literal).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')
}

/** `</script`, `<script` and `<!--` are told apart from code before JavaScript is: an escape hides them. */
function inPage(text: string): string {
  return text.replace(/<(?=[/!s])/gi, '\\u003c')
}

/** There is no negative zero in the language. */
function numberText(value: number): string {
  if (Object.is(value, -0)) return '0'
  return value < 0 ? `(${value})` : String(value)
}

const FALSE = _`false`

import { valueError } from '../failure.ts'
import { notText } from '../net/text-argument.ts'
import { ENTRY_BYTES, setMember } from '../runtime/containers/keys.ts'
import type { Meter } from '../runtime/meter.ts'
import { typeName } from '../runtime/numbers/numbers.ts'
import type { JsonObject, Maybe, Value } from '../value.ts'
import { ArgumentProblem, type FunctionDefinition } from './definition.ts'

export const dissect: FunctionDefinition = {
  name: 'dissect',
  signature: 's, pattern',
  group: 'text',
  returns: 'object?',
  pure: true,
  summary: 'Cuts a text at the delimiters of a pattern.',
  parameters: {
    s: 'the text',
    pattern:
      "fields and the text between them, `'%{ts} %{host}: %{message}'`: a constant, or a `lookup` in a table",
  },
  result: 'A dict of texts by field. Absent where a delimiter is missing.',
  errors: { TYPE_ERROR: '`s` is not a string' },
  notes: [
    'A field ends where the text behind it in the pattern is found first; what is in front of the first field has to begin the text. The last',
    'field takes all up to the end, or up to what the pattern ends with. A field may be empty.',
    '',
    '    %{name}        the text becomes a member of the dict',
    '    %{+name}       joined to what the field has already, with the delimiter in front of it between them',
    '    %{+name/2}     the same, in the order of these numbers',
    '    %{?name} %{}   skipped',
    '    %{name->}      the delimiter behind it may be repeated: columns that are padded; also %{->} and %{?name->}',
    '',
    'The pattern is checked when the rules are loaded. Patterns of several kinds of texts may stand in a table:',
    "`dissect(message, lookup('layouts', program))`; all that the table holds is checked as well. Nothing escapes `%{`.",
  ].join('\n'),
  examples: [
    {
      expression: "dissect(message, '%{ts} %{+ts} %{host} %{?skip}: %{text}')",
      event: { message: '2024-03-17 22:15:30 gw sshd[612]: accepted: root' },
      result: { ts: '2024-03-17 22:15:30', host: 'gw', text: 'accepted: root' },
    },
    {
      expression: "dissect(message, '%{level->} %{}=%{code}')",
      event: { message: 'warn    status=7' },
      result: { level: 'warn', code: '7' },
    },
    {
      expression: "dissect(message, '%{+name/2}, %{+name/1}')",
      event: { message: 'Doe, Jane' },
      result: { name: 'Jane, Doe' },
    },
    {
      expression: "dissect(message, lookup('layouts', program))",
      event: { message: 'root:0', program: 'id' },
      tables: { layouts: { id: '%{user}:%{uid}', su: '%{from}->%{to}' } },
      result: { user: 'root', uid: '0' },
    },
    { expression: "dissect(message, '%{a},%{b}')", event: { message: 'a;b' }, result: undefined },
    { expression: "dissect(message, '%{a},%{b}')", event: { message: ['a', 'b'] }, rejected: 'TYPE_ERROR' },
  ],
  implementation: {
    kind: 'prepared',
    constants: { pattern: 'a pattern' },
    tabled: ['pattern'],
    prepare({ pattern }) {
      const written = Array.isArray(pattern) ? (pattern as readonly Value[]) : [pattern as Value]
      const dissectors = new Map(
        written.map((text, index) => {
          if (typeof text !== 'string')
            throw new ArgumentProblem('pattern', `a pattern is a string, not ${typeName(text)}`, { index })
          return [text, new Dissector(text, index)]
        }),
      )
      const only = dissectors.size === 1 ? [...dissectors.values()][0] : undefined
      return ({ meter }, s: Value, given: Value) => {
        if (typeof s !== 'string') throw notText('dissect', 's', s)
        const dissector = only ?? dissectors.get(given as string)
        if (dissector === undefined) throw valueError('dissect() pattern is none that was checked')
        return dissector.read(meter, s)
      }
    },
  },
}

/** A field of a pattern, and the text behind it. */
interface Field {
  /** Undefined where the text is skipped. */
  readonly name: string | undefined
  /** Joined with a text that the field has already; the delimiter in front of it is between them. */
  readonly joinedBy: string | undefined
  readonly order: number
  readonly isPadded: boolean
  /** Empty at the end of the pattern only. */
  readonly delimiter: string
}

const FIELD = /%\{([^}]*)\}/y
const CONTENT = /^([+?*&]?)(.*?)(?:\/(\d{1,4}))?(->)?$/su

class Dissector {
  readonly #prefix: string
  readonly #fields: readonly Field[]
  /** Fields whose parts are given in another order than that of the text. */
  readonly #isOrdered: boolean

  /**
   * @param index of the pattern among those of a table
   * @throws {ArgumentProblem}
   */
  constructor(pattern: string, index: number) {
    const { prefix, fields } = readPattern(pattern, index)
    this.#prefix = prefix
    this.#fields = fields
    this.#isOrdered = fields.some(({ order }) => order !== 0)
  }

  read(meter: Meter, text: string): Maybe<JsonObject> {
    if (!text.startsWith(this.#prefix)) return undefined
    const last = this.#fields.length - 1
    const parts: string[] = []
    let at = this.#prefix.length
    for (let index = 0; index <= last; index++) {
      const { delimiter, isPadded } = this.#fields[index]!
      let end: number
      if (index < last) {
        end = text.indexOf(delimiter, at)
        if (end < 0) return undefined
      } else {
        end = text.length - delimiter.length
        if (end < at || !text.endsWith(delimiter)) return undefined
        if (isPadded && delimiter !== '') {
          while (end - delimiter.length >= at && text.startsWith(delimiter, end - delimiter.length))
            end -= delimiter.length
        }
      }
      parts.push(text.slice(at, end))
      at = end + delimiter.length
      if (isPadded) while (index < last && text.startsWith(delimiter, at)) at += delimiter.length
    }
    meter.build(ENTRY_BYTES * parts.length)
    return this.#isOrdered ? this.#inOrder(parts) : this.#collect(parts)
  }

  #collect(parts: readonly string[]): JsonObject {
    const found: JsonObject = {}
    for (let index = 0; index < parts.length; index++) {
      const { name, joinedBy } = this.#fields[index]!
      if (name === undefined) continue
      const before = joinedBy !== undefined && Object.hasOwn(found, name) ? found[name] : undefined
      setMember(found, name, before === undefined ? parts[index]! : `${before}${joinedBy}${parts[index]}`)
    }
    return found
  }

  /** The parts of each field by their numbers; between two of them stands the delimiter of the first joined one. */
  #inOrder(parts: readonly string[]): JsonObject {
    const byName = new Map<string, { order: number; part: string; joinedBy: string | undefined }[]>()
    for (const [index, { name, order, joinedBy }] of this.#fields.entries()) {
      if (name === undefined) continue
      const all = byName.get(name) ?? []
      all.push({ order, part: parts[index]!, joinedBy })
      byName.set(name, all)
    }
    const found: JsonObject = {}
    for (const [name, all] of byName) {
      const separator = all.find(({ joinedBy }) => joinedBy !== undefined && joinedBy !== '')?.joinedBy ?? ''
      const sorted = all.toSorted((one, other) => one.order - other.order)
      setMember(found, name, sorted.map(({ part }) => part).join(separator))
    }
    return found
  }
}

/** @throws {ArgumentProblem} */
function readPattern(pattern: string, index: number): { prefix: string; fields: Field[] } {
  const problem = (message: string, offset: number, hint?: string): ArgumentProblem =>
    new ArgumentProblem('pattern', message, { index, offset, ...(hint === undefined ? {} : { hint }) })
  const fields: Field[] = []
  const names = new Set<string>()
  let start = pattern.indexOf('%{')
  const prefix = pattern.slice(0, Math.max(0, start))
  let before = prefix
  while (start !== -1) {
    if (before === '' && fields.length > 0) {
      const hint = 'write the text that is between them'
      throw problem('two fields without a delimiter between them', start, hint)
    }
    FIELD.lastIndex = start
    const found = FIELD.exec(pattern)
    if (found === null) throw problem("the field is not closed: '}' is missing", start)
    const [, sign, written, order, padding] = CONTENT.exec(found[1]!)!
    if (sign === '*' || sign === '&') {
      throw problem(`'${sign}' is not supported`, start + 2, 'parse_kv reads names and their values')
    }
    if (sign === '+' && written === '') throw problem("'+' needs the name of a field", start + 2)
    if (order !== undefined && sign !== '+') {
      throw problem("a number needs a '+' in front of the name", start + 2, `write %{+${written}/${order}}`)
    }
    const name = sign === '?' || written === '' ? undefined : written!
    if (name !== undefined && sign !== '+') {
      if (names.has(name)) {
        throw problem(`field '${name}' is given twice`, start + 2, `write %{+${name}} to join the texts`)
      }
      names.add(name)
    }
    const end = FIELD.lastIndex
    const next = pattern.indexOf('%{', end)
    const delimiter = pattern.slice(end, next === -1 ? pattern.length : next)
    fields.push({
      name,
      joinedBy: sign === '+' ? before : undefined,
      order: Number(order ?? 0),
      isPadded: padding !== undefined,
      delimiter,
    })
    before = delimiter
    start = next
  }
  if (fields.every(({ name }) => name === undefined)) {
    throw problem('the pattern has no field', 0, "for example '%{host} %{message}'")
  }
  return { prefix, fields }
}

import { Failure } from '../failure.ts'
import { expandPattern, NO_PATTERNS } from '../grok/expand.ts'
import { notText } from '../net/text-argument.ts'
import type { CapturingPattern } from '../regex/capture.ts'
import { compileCapturing } from '../regex/capture.ts'
import { PatternError } from '../regex/pattern-error.ts'
import { ENTRY_BYTES, setMember } from '../runtime/containers/keys.ts'
import { repr } from '../runtime/format/repr.ts'
import { toFloat, toInteger } from '../runtime/numbers/conversions.ts'
import { typeName } from '../runtime/numbers/numbers.ts'
import type { JsonObject, Maybe, Value } from '../value.ts'
import { ArgumentProblem, type FunctionDefinition, type PrepareHost } from './definition.ts'

export const extract: FunctionDefinition = {
  name: 'extract',
  signature: 's, pattern, *patterns',
  group: 'text',
  returns: 'object?',
  pure: true,
  summary: 'Finds the named groups of a regular expression in a text.',
  parameters: {
    s: 'the text',
    pattern: "a pattern in the syntax of Python's `re` with groups `(?P<name>...)`, a constant",
    patterns: 'more of them, constants; each is tried where those before it are not found',
  },
  result:
    'A dict of the named groups of the first pattern that is found anywhere in the text. Absent where none is found.',
  errors: {
    TYPE_ERROR: '`s` is not a string',
    VALUE_ERROR: 'the text is too long for the pattern, or has caused more work than one event may',
  },
  notes: [
    'A pattern is searched, as `re.search` does: `^` in front ties it to the start. A group that took no part in the match is left out; one',
    'that matched nothing is `""`. Of a group that is repeated the last text counts. Flags, and what `$`, `\\w` and the like mean, are as in `match`.',
    '',
    'Patterns that are well known by the name grok gave them need not be written: `%{IP:src}` is a group `src` that matches an',
    'address, `%{NUMBER:n:int}` and `%{NUMBER:n:float}` give numbers, and `%{NAME}` matches without being captured, though groups',
    'inside it are. `normalize functions --patterns` lists them. A text that is no number of its type is left out; integers may be',
    'hexadecimal (`0x1f`). The characters `%{` are written `%\\{`.',
    '',
    'A pattern that is proven to take time linear in the length of the text is searched by the JavaScript engine; others are searched by',
    'a slower engine that is always linear. What neither can do is refused when the rules are loaded, unless',
    '`--allow-unsafe-patterns` is given: look-around, back-references and possessive quantifiers in patterns that could not be',
    'proven. Refused as well: a repetition of something that may be empty, and a pattern without named group.',
    '',
    'Several rules may extract from one text with one pattern: it is searched once.',
  ].join('\n'),
  examples: [
    {
      expression: "extract(message, r'user (?P<user>\\S+) from (?P<ip>\\S+)')",
      event: { message: 'sshd: user root from 10.0.0.1 port 22' },
      result: { user: 'root', ip: '10.0.0.1' },
    },
    {
      expression: "extract(message, 'from %{IP:src}:%{INT:port:int}')",
      event: { message: 'login from 2001:db8::1:50022' },
      result: { src: '2001:db8::1', port: 50022 },
    },
    {
      expression: "extract(message, 'took %{NUMBER:ms:float} ms', 'failed: %{GREEDYDATA:reason}')",
      event: { message: 'failed: no route' },
      result: { reason: 'no route' },
    },
    {
      expression: "extract(message, '^%{SYSLOGBASE} %{GREEDYDATA:text}$')",
      event: { message: 'Oct  1 22:14:15 gw sshd[612]: bye' },
      result: { timestamp: 'Oct  1 22:14:15', logsource: 'gw', program: 'sshd', pid: '612', text: 'bye' },
    },
    {
      expression: "extract(message, r'(?P<name>\\w+)(?:=(?P<value>\\w+))?')['name']",
      event: { message: '--verbose' },
      result: 'verbose',
    },
    {
      expression: "extract(message, r'(?P<name>\\w+)(?:=(?P<value>\\w+))?')",
      event: { message: '--verbose' },
      result: { name: 'verbose' },
    },
    { expression: "extract(message, 'port=%{INT:port}')", event: { message: 'none' }, result: undefined },
    { expression: "extract(message, 'port=%{INT:port}')", event: { message: 22 }, rejected: 'TYPE_ERROR' },
  ],
  implementation: {
    kind: 'prepared',
    constants: { pattern: 'a pattern', patterns: 'a pattern' },
    prepare({ pattern, patterns }, host) {
      const extractors = [
        makeExtractor(pattern as Value, 'pattern', 0, host),
        ...(patterns as readonly Value[]).map((more, index) => makeExtractor(more, 'patterns', index, host)),
      ]
      return ({ meter }, s: Value) => {
        if (typeof s !== 'string') throw notText('extract', 's', s)
        for (const { pattern, read } of extractors) {
          const texts = pattern.find(meter, s)
          if (texts === undefined) continue
          meter.build(ENTRY_BYTES * texts.length)
          return read(texts)
        }
        return undefined
      }
    },
  },
}

interface Extractor {
  readonly pattern: CapturingPattern
  readonly read: (texts: readonly (string | undefined)[]) => JsonObject
}

function makeExtractor(text: Value, parameter: string, index: number, host: PrepareHost): Extractor {
  if (typeof text !== 'string') {
    throw new ArgumentProblem(parameter, `a pattern is a string, not ${typeName(text)}`, { index })
  }
  let placeOf = (offset: number): number => offset
  try {
    const expanded = expandPattern(text, host.patterns ?? NO_PATTERNS)
    placeOf = expanded.placeOf
    const pattern = once(
      compileCapturing(expanded.text, () => host.re2(), { allowUnsafe: host.allowUnsafePatterns }),
    )
    if (pattern.names.length === 0) {
      const hint =
        'name what is to be extracted, (?P<name>...) or %{NAME:name}; match(...) tells whether a text fits'
      throw new ArgumentProblem(parameter, 'the pattern has no named group', { index, hint })
    }
    for (const warning of pattern.warnings) host.warn(`extract(${repr(text)}): ${warning}`)
    const readers = pattern.names.map((name) => {
      const type = expanded.types.get(name)
      return type === undefined ? undefined : type === 'int' ? readInteger : readFloat
    })
    return { pattern, read: (texts) => groupsOf(pattern.names, readers, texts) }
  } catch (error) {
    if (!(error instanceof PatternError)) throw error
    throw new ArgumentProblem(parameter, `bad pattern: ${error.message}`, {
      index,
      offset: placeOf(error.offset),
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    })
  }
}

/** The pattern, with what it found in the last text: several rules ask for groups of one text, one after the other. */
function once(pattern: CapturingPattern): CapturingPattern {
  const { engine, names, warnings } = pattern
  let last: string | undefined
  let found: readonly (string | undefined)[] | undefined
  return {
    engine,
    names,
    warnings,
    find(meter, subject) {
      if (subject !== last) {
        last = undefined
        found = pattern.find(meter, subject)
        last = subject
      } else meter.touch(subject.length)
      return found
    },
  }
}

function groupsOf(
  names: readonly string[],
  readers: readonly (((text: string) => Maybe) | undefined)[],
  texts: readonly (string | undefined)[],
): JsonObject {
  const groups: JsonObject = {}
  for (let index = 0; index < names.length; index++) {
    const text = texts[index]
    if (text === undefined) continue
    const value = readers[index] === undefined ? text : readers[index]!(text)
    if (value !== undefined) setMember(groups, names[index]!, value)
  }
  return groups
}

function readInteger(text: string): Maybe {
  return numberOrNothing(() => (/^[+-]?0x/i.test(text) ? toInteger(text, 16) : toInteger(text)))
}

function readFloat(text: string): Maybe {
  return numberOrNothing(() => toFloat(text))
}

function numberOrNothing(read: () => number | bigint): Maybe {
  try {
    return read()
  } catch (error) {
    if (error instanceof Failure) return undefined
    throw error
  }
}

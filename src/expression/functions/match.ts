import { typeError } from '../failure.ts'
import type { Pattern } from '../regex/engine.ts'
import { compilePattern } from '../regex/engine.ts'
import { PatternError } from '../regex/pattern-error.ts'
import { repr } from '../runtime/format/repr.ts'
import { typeName } from '../runtime/numbers/numbers.ts'
import type { Value } from '../value.ts'
import { ArgumentProblem, type FunctionDefinition, type PrepareHost } from './definition.ts'

/** Units of work for a character: re2js takes a microsecond for it where a pattern has many ways to go on. */
const RE2_WORK = 500
const V8_WORK = 16

export const match: FunctionDefinition = {
  name: 'match',
  signature: 'regex, s',
  group: 'text',
  returns: 'boolean',
  pure: true,
  subject: 'none',
  summary: "Tells whether a regular expression matches at the start of a text, as Python's `re.match` does.",
  parameters: {
    regex: "a pattern in the syntax of Python's `re`, a constant",
    s: 'the text',
  },
  result: '`true` or `false`. The match begins at the start of the text and may end anywhere.',
  errors: { TYPE_ERROR: '`s` is not a string' },
  notes: [
    'Write `.*` in front to find something anywhere, `$` (or `\\Z`) at the end to match the whole. A raw string saves',
    "backslashes: `r'\\d+'`. Flags stand in front: `(?i)` ignores case, `(?s)` lets `.` take newlines, `(?m)` lets `^` and",
    '`$` match at every line, `(?x)` allows blanks and comments, `(?a)` restricts `\\w \\d \\s \\b` to ASCII. As in Python, all',
    'but the last are off, `$` matches also before a newline that ends the text, and letters of every script are `\\w`.',
    '',
    'The pattern is checked and translated when the rules are loaded. One that is proven to take time linear in the length',
    "of the text runs on JavaScript's own engine; any other on an engine that is always linear and ten to twenty times slower:",
    're2js, or for look-around one of our own. Neither has back-references, nor those atomic groups and possessive quantifiers',
    'that no look-ahead can replace: such a pattern is refused if it is not proven to be linear, because some texts may make it',
    'take longer than anybody waits. `--allow-unsafe-patterns` takes it all the same, with a warning.',
    '',
    'Refused when the rules are loaded: what Python refuses, conditional groups `(?(1)...)`, `\\N{...}`, a reference to a',
    'group that may not have matched or that ignores case, repetitions of something empty inside an atomic group, and',
    'nested repetitions that add up to more than a thousand steps.',
  ].join('\n'),
  examples: [
    {
      expression: "match('(1..|2..|418)', str(http.status))",
      event: { http: { status: 200 } },
      result: true,
    },
    {
      expression: "match('(1..|2..|418)', str(http.status))",
      event: { http: { status: 404 } },
      result: false,
    },
    { expression: "match('b', name)", event: { name: 'abc' }, result: false },
    { expression: "match(r'(?i).*\\bfailed\\b', message)", event: { message: 'Login FAILED' }, result: true },
    { expression: "match(r'\\d+$', port)", event: { port: '8080/tcp' }, result: false },
    { expression: "match(r'\\d+', port)", event: { port: 8080 }, rejected: 'TYPE_ERROR' },
  ],
  implementation: {
    kind: 'prepared',
    constants: { regex: 'a pattern' },
    prepare(constants, host) {
      const text = constants.regex
      if (typeof text !== 'string') throw new ArgumentProblem('regex', 'a pattern is a string')
      const pattern = compile(text, host)
      for (const warning of pattern.warnings) host.warn(`match(${repr(text)}): ${warning}`)
      const work = pattern.engine === 're2' ? RE2_WORK : V8_WORK
      return ({ meter }, _regex: Value, s: Value) => {
        if (typeof s !== 'string') throw typeError(`expected string, got '${typeName(s)}'`)
        meter.touch(work * s.length)
        return pattern.matches(s)
      }
    },
  },
}

function compile(text: string, host: PrepareHost): Pattern {
  try {
    return compilePattern(text, () => host.re2(), { allowUnsafe: host.allowUnsafePatterns })
  } catch (error) {
    if (!(error instanceof PatternError)) throw error
    throw new ArgumentProblem('regex', `bad pattern: ${error.message}`, {
      offset: error.offset,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    })
  }
}

import { findHeader } from '../log/header.ts'
import { readPairs } from '../log/pairs.ts'
import { notText } from '../net/text-argument.ts'
import { ENTRY_BYTES, setMember } from '../runtime/containers/keys.ts'
import type { Meter } from '../runtime/meter.ts'
import type { JsonObject, Maybe, Value } from '../value.ts'
import type { FunctionDefinition } from './definition.ts'

export const parseLeef: FunctionDefinition = {
  name: 'parse_leef',
  signature: 's',
  group: 'formats',
  returns: 'object?',
  pure: true,
  summary: 'Reads a text in the Log Event Extended Format (LEEF) of QRadar, version 1.0 or 2.0.',
  parameters: { s: 'the text; what stands before `LEEF:`, a syslog header as a rule, is skipped' },
  result:
    'A dict of `version device_vendor device_product device_version event_id`, all texts, and of `extension`, a dict of texts. Absent where the text is not LEEF.',
  errors: { TYPE_ERROR: '`s` is not a string' },
  notes: [
    'The delimiter of the attributes is a tab; version 2.0 may name another one behind the event id, as the character itself or as',
    '`x5e`, `0x5e`. Blanks around names and values do not count, and a piece without `=` is ignored. Of attributes with one name the last one',
    'counts. LEEF has no escapes.',
    '',
    'Where senders wrote blanks for the tabs of version 1.0, a name is the word before a `=`, and its value goes on to the next name.',
  ].join('\n'),
  examples: [
    {
      expression: 'parse_leef(message)',
      event: {
        message: '<13>Jul 10 12:00:00 fw1 LEEF:1.0|Acme|Wall|1.2|deny|src=192.0.2.1\tmsg=a b=c',
      },
      result: {
        version: '1.0',
        device_vendor: 'Acme',
        device_product: 'Wall',
        device_version: '1.2',
        event_id: 'deny',
        extension: { src: '192.0.2.1', msg: 'a b=c' },
      },
    },
    {
      expression: "parse_leef(message)['extension']",
      event: { message: 'LEEF:2.0|a|b|c|d|^|src=192.0.2.1^dst=192.0.2.2' },
      result: { src: '192.0.2.1', dst: '192.0.2.2' },
    },
    {
      expression: "parse_leef(message)['extension']",
      event: { message: 'LEEF:2.0|a|b|c|d|x7C|src=192.0.2.1|dst=192.0.2.2' },
      result: { src: '192.0.2.1', dst: '192.0.2.2' },
    },
    { expression: 'parse_leef(message)', event: { message: 'LEEF:1.0|a|b' }, result: undefined },
    { expression: 'parse_leef(message)', event: { message: 7 }, rejected: 'TYPE_ERROR' },
  ],
  implementation: {
    kind: 'direct',
    call({ meter }, s: Value) {
      if (typeof s !== 'string') throw notText('parse_leef', 's', s)
      return readLeef(meter, s)
    },
  },
}

const NAMES = ['device_vendor', 'device_product', 'device_version', 'event_id'] as const

/** The delimiter of LEEF 2.0: nothing, one character, or its number. */
const DELIMITER = /(?:0?[xX]([\dA-Fa-f]{1,4})|([^|]?))\|/y

function readLeef(meter: Meter, text: string): Maybe<JsonObject> {
  const header = findHeader(text, 'LEEF:')
  if (header === undefined) return undefined
  const event: JsonObject = { version: header.version }
  let at = header.end
  for (const name of NAMES) {
    const end = text.indexOf('|', at)
    if (end < 0) return undefined
    event[name] = text.slice(at, end).trim()
    at = end + 1
  }
  let delimiter = '\t'
  DELIMITER.lastIndex = at
  const named = header.version.startsWith('1') ? null : DELIMITER.exec(text)
  if (named !== null) {
    at += named[0].length
    if (named[1] !== undefined) delimiter = String.fromCharCode(Number.parseInt(named[1], 16))
    else if (named[2] !== '') delimiter = named[2]!
  }
  const isBlankForTab = named === null && !text.includes(delimiter, at)
  event.extension = isBlankForTab
    ? readPairs(meter, text, at, (value) => value.trimStart())
    : readAttributes(meter, text, at, delimiter)
  return event
}

function readAttributes(meter: Meter, text: string, start: number, delimiter: string): JsonObject {
  const attributes: JsonObject = {}
  let equals = text.indexOf('=', start)
  for (let at = start; at <= text.length && equals >= 0; ) {
    const found = text.indexOf(delimiter, at)
    const end = found < 0 ? text.length : found
    if (equals < end) {
      const name = text.slice(at, equals).trim()
      if (name !== '') {
        meter.build(ENTRY_BYTES)
        setMember(attributes, name, text.slice(equals + 1, end).trim())
      }
      equals = text.indexOf('=', end)
    }
    at = end + 1
  }
  return attributes
}

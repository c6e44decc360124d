import { findHeader } from '../log/header.ts'
import { readPairs } from '../log/pairs.ts'
import { notText } from '../net/text-argument.ts'
import { ENTRY_BYTES, ownMember, setMember } from '../runtime/containers/keys.ts'
import type { Meter } from '../runtime/meter.ts'
import type { JsonObject, Maybe, Value } from '../value.ts'
import type { FunctionDefinition } from './definition.ts'

const EXAMPLE =
  'CEF:0|Acme|Wall|1.2|100|Port scan|7|src=192.0.2.1 msg=Many ports\\=open cs1Label=Rule cs1=Scans from outside'

export const parseCef: FunctionDefinition = {
  name: 'parse_cef',
  signature: 's',
  group: 'formats',
  returns: 'object?',
  pure: true,
  summary: 'Reads a text in the Common Event Format (CEF) of ArcSight.',
  parameters: { s: 'the text; what stands before `CEF:`, a syslog header as a rule, is skipped' },
  result:
    'A dict of `version device_vendor device_product device_version device_event_class_id name severity`, all texts, and of `extension`, a dict of texts. `labels` is a dict of the custom values by their labels, where there are some. Absent where the text is not CEF.',
  errors: { TYPE_ERROR: '`s` is not a string' },
  notes: [
    'In the header `\\|` and `\\\\` are escapes, in the extension `\\=`, `\\\\`, `\\n` and `\\r`; a backslash before another character stays.',
    'A value goes on to the next name: a `=` in it needs no escape unless a blank and a word stand before it. Blanks at the end of a',
    'value do not count. Of members with one name the last one counts.',
    '',
    'Where `cs1Label` is `Rule` and `cs1` is `X`, `labels` has `{Rule: "X"}`. `extension` has them as they were sent.',
  ].join('\n'),
  examples: [
    {
      expression: 'parse_cef(message)',
      event: { message: `<13>Jul 10 12:00:00 fw1 ${EXAMPLE}` },
      result: {
        version: '0',
        device_vendor: 'Acme',
        device_product: 'Wall',
        device_version: '1.2',
        device_event_class_id: '100',
        name: 'Port scan',
        severity: '7',
        extension: {
          src: '192.0.2.1',
          msg: 'Many ports=open',
          cs1Label: 'Rule',
          cs1: 'Scans from outside',
        },
        labels: { Rule: 'Scans from outside' },
      },
    },
    {
      expression: "parse_cef(message)['extension']['request']",
      event: { message: 'CEF:0|a|b|c|d|e|f|request=http://a.example/?x=1&y=2 act=deny' },
      result: 'http://a.example/?x=1&y=2',
    },
    {
      expression: "parse_cef(message)['name']",
      event: { message: 'CEF:0|a|b|c|d|either \\| or|f|' },
      result: 'either | or',
    },
    { expression: 'parse_cef(message)', event: { message: 'CEF:0|a|b' }, result: undefined },
    { expression: 'parse_cef(message)', event: { message: 7 }, rejected: 'TYPE_ERROR' },
  ],
  implementation: {
    kind: 'direct',
    call({ meter }, s: Value) {
      if (typeof s !== 'string') throw notText('parse_cef', 's', s)
      return readCef(meter, s)
    },
  },
}

const NAMES = [
  'device_vendor',
  'device_product',
  'device_version',
  'device_event_class_id',
  'name',
  'severity',
] as const

const BACKSLASH = 0x5c

function readCef(meter: Meter, text: string): Maybe<JsonObject> {
  const header = findHeader(text, 'CEF:')
  if (header === undefined) return undefined
  const event: JsonObject = { version: header.version }
  let at = header.end
  for (const name of NAMES) {
    if (at > text.length) return undefined
    const end = endOfField(text, at)
    const field = text.slice(at, end).trim()
    event[name] = field.includes('\\') ? field.replace(HEADER_ESCAPE, '$1') : field
    at = end + 1
  }
  const extension = readPairs(meter, text, Math.min(at, text.length), unescapeValue)
  event.extension = extension
  const labels = labelsOf(meter, extension)
  if (labels !== undefined) event.labels = labels
  return event
}

/** Where the next `|` without a backslash is, or the end. */
function endOfField(text: string, start: number): number {
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x7c) return at
    if (code === BACKSLASH) at++
  }
  return text.length
}

const HEADER_ESCAPE = /\\([\\|])/g
const VALUE_ESCAPE = /\\([\\=|nr])/g

function unescapeValue(value: string): string {
  if (!value.includes('\\')) return value
  return value.replace(VALUE_ESCAPE, (_, letter: string) =>
    letter === 'n' ? '\n' : letter === 'r' ? '\r' : letter,
  )
}

const LABEL = 'Label'

function labelsOf(meter: Meter, extension: JsonObject): JsonObject | undefined {
  let labels: JsonObject | undefined
  for (const name in extension) {
    if (!name.endsWith(LABEL)) continue
    const value = ownMember(extension, name.slice(0, -LABEL.length))
    const label = extension[name] as string
    if (value === undefined || label === '') continue
    labels ??= {}
    meter.build(ENTRY_BYTES)
    setMember(labels, label, value)
  }
  return labels
}

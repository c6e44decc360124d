import { ERRORS_CONSTANT } from '../coding/decoder.ts'
import { ERRORS_PARAMETER, replacesErrors } from '../coding/errors.ts'
import { decodeUtf8 } from '../coding/utf8.ts'
import { notText } from '../net/text-argument.ts'
import type { Maybe, Value } from '../value.ts'
import type { FunctionDefinition } from './definition.ts'

export const urlDecode: FunctionDefinition = {
  name: 'url_decode',
  signature: "s, errors='strict'",
  group: 'coding',
  returns: 'text?',
  pure: true,
  summary: 'Replaces the percent-encoded bytes of a URL, `%2F`.',
  parameters: { s: 'the text', errors: ERRORS_PARAMETER },
  result: 'The text, the bytes read as UTF-8. Absent where they are no UTF-8.',
  errors: { TYPE_ERROR: '`s` is not a string' },
  notes:
    "As Python's `unquote`: a `%` without two hexadecimal digits behind it stays, and so does `+`; in the query of a form, `replace` it by a blank before.",
  examples: [
    { expression: "url_decode('/a%2Fb%20c')", result: '/a/b c' },
    { expression: "url_decode('gr%C3%BCn+1')", result: 'grün+1' },
    { expression: "url_decode('100%, %zz')", result: '100%, %zz' },
    { expression: "url_decode('%2541')", result: '%41' },
    { expression: "url_decode('%FF', errors='replace')", result: '\ufffd' },
    { expression: 'url_decode(v)', event: { v: '%FF' }, result: undefined },
    { expression: 'url_decode(v)', event: { v: 1 }, rejected: 'TYPE_ERROR' },
  ],
  implementation: {
    kind: 'prepared',
    constants: ERRORS_CONSTANT,
    prepare({ errors }) {
      const replaces = replacesErrors(errors)
      return (_context, s: Value) => {
        if (typeof s !== 'string') throw notText('url_decode', 's', s)
        return s.includes('%') ? decodePercents(s, replaces) : s
      }
    },
  },
}

const RUN = /(?:%[\dA-Fa-f]{2})+/g

function decodePercents(text: string, replaces: boolean): Maybe<string> {
  let fits = true
  const decoded = text.replace(RUN, (run) => {
    if (!fits) return ''
    const first = run.length === 3 ? Number.parseInt(run.slice(1), 16) : 0x80
    if (first < 0x80) return String.fromCharCode(first)
    const bytes = new Uint8Array(run.length / 3)
    for (let index = 0; index < bytes.length; index++)
      bytes[index] = Number.parseInt(run.slice(3 * index + 1, 3 * index + 3), 16)
    const part = decodeUtf8(bytes, replaces)
    if (part === undefined) fits = false
    return part ?? ''
  })
  return fits ? decoded : undefined
}

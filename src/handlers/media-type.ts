import type { InputOptions } from '../formats/input-options.ts'
import { encodingProblem } from '../formats/input-options.ts'

/** The types that lines of JSON are sent with. */
const LINES = [
  'application/x-ndjson',
  'application/ndjson',
  'application/jsonl',
  'application/x-jsonlines',
  'application/jsonlines',
  'application/json-lines',
]

/** Types that say nothing of the form. */
const UNSAID = ['text/plain', 'application/octet-stream']

/** The types that each form of input is sent with; a request without a type is always taken. */
const TYPES: Readonly<Record<string, readonly string[]>> = {
  jsonl: [...LINES, ...UNSAID],
  json: ['application/json', ...LINES, ...UNSAID],
  text: UNSAID,
  csv: ['text/csv', ...UNSAID],
}

/**
 * The form of a request's body.
 *
 * @param contentType the header, if there is one
 * @param given the form that the operator has set. Default: JSON, an array or values for `application/json`, and lines otherwise
 * @returns how to read it; a text: why it cannot be read, and what can
 */
export function bodyFormat(contentType: string | null, given: InputOptions): InputOptions | string {
  const [type = '', ...parameters] = (contentType ?? '')
    .toLowerCase()
    .split(';')
    .map((part) => part.trim())
  let { inputFormat, encoding } = given
  inputFormat ??= type === 'application/json' ? 'json' : 'jsonl'
  const types = TYPES[inputFormat] ?? []
  if (type !== '' && !types.includes(type)) {
    const listed = given.inputFormat === undefined ? [LINES[0], 'application/json'] : [types[0], UNSAID[0]]
    return `the body is ${type}, and has to be ${[...new Set(listed)].join(' or ')}`
  }
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))
  if (charset !== undefined && given.encoding === undefined) {
    const name = charset.slice('charset='.length).replace(/^"([^"]*)"$/, '$1')
    if (encodingProblem(name) !== undefined) return `there is no charset ${JSON.stringify(name)}`
    // Processors are kept by the form of their input: one for all names of UTF-8.
    encoding = new TextDecoder(name).encoding
    if (encoding === 'utf-8') encoding = undefined
  }
  return { ...given, inputFormat, encoding }
}

/** The packing of a request's body. */
export type ContentEncoding = 'gzip' | 'deflate'

/** @returns undefined: it is not packed; a text: why it cannot be read */
export function contentEncoding(
  header: string | null,
): { readonly encoding: ContentEncoding | undefined } | string {
  const name = (header ?? '').trim().toLowerCase()
  if (name === '' || name === 'identity') return { encoding: undefined }
  if (name === 'gzip' || name === 'x-gzip') return { encoding: 'gzip' }
  if (name === 'deflate') return { encoding: 'deflate' }
  return `the body is packed by ${JSON.stringify(name.slice(0, 40))}, and has to be gzip, deflate or not packed`
}

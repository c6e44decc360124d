import { decodeUtf8 } from '../coding/utf8.ts'
import { notText } from '../net/text-argument.ts'
import type { JsonObject, Maybe, Value } from '../value.ts'
import type { FunctionDefinition } from './definition.ts'

export const parseClf: FunctionDefinition = {
  name: 'parse_clf',
  signature: 's',
  group: 'formats',
  returns: 'object?',
  pure: true,
  summary: 'Reads a line of the Common or Combined Log Format of web servers (Apache, nginx).',
  parameters: { s: 'the line' },
  result:
    'A dict of `host ident user timestamp request method url protocol status size referrer agent`; `status` and `size` are integers. A member that the line has as `-`, or not at all, is absent. Absent where the text is no such line.',
  errors: { TYPE_ERROR: '`s` is not a string' },
  notes: [
    '`timestamp` is the text between the brackets: `parse_timestamp(t, "%d/%b/%Y:%H:%M:%S %z")`. `method`, `url` and `protocol` are the parts of',
    '`request`, where it is a request line. A host with a port at the beginning (`vhost_combined`) is `vhost`. Fields behind the agent are',
    'ignored.',
    '',
    'In quotes `\\"`, `\\\\`, `\\n`, `\\r` and `\\t` are escapes; `\\x41` is a byte, where the bytes next to one another are UTF-8.',
  ].join('\n'),
  examples: [
    {
      expression: 'parse_clf(message)',
      event: {
        message:
          '192.0.2.1 - ann [10/Jul/2023:12:00:00 +0200] "GET /a?b=c HTTP/1.1" 200 512 "http://a.example/" "curl/8.4.0"',
      },
      result: {
        host: '192.0.2.1',
        user: 'ann',
        timestamp: '10/Jul/2023:12:00:00 +0200',
        request: 'GET /a?b=c HTTP/1.1',
        method: 'GET',
        url: '/a?b=c',
        protocol: 'HTTP/1.1',
        status: 200,
        size: 512,
        referrer: 'http://a.example/',
        agent: 'curl/8.4.0',
      },
    },
    {
      expression: 'parse_clf(message)',
      event: { message: '192.0.2.1 - - [10/Jul/2023:12:00:00 +0200] "-" 408 -' },
      result: { host: '192.0.2.1', timestamp: '10/Jul/2023:12:00:00 +0200', status: 408 },
    },
    {
      expression: "parse_clf(message)['vhost']",
      event: { message: 'www.example:443 ::1 - - [10/Jul/2023:12:00:00 +0200] "GET /" 200 1' },
      result: 'www.example:443',
    },
    { expression: 'parse_clf(message)', event: { message: 'GET / HTTP/1.1' }, result: undefined },
    { expression: 'parse_clf(message)', event: { message: null }, rejected: 'TYPE_ERROR' },
  ],
  implementation: {
    kind: 'direct',
    call(_context, s: Value) {
      if (typeof s !== 'string') throw notText('parse_clf', 's', s)
      return readLine(s)
    },
  },
}

/** ` 200 512` and the end, or a blank. */
const NUMBERS = / (\d{3}|-) (\d{1,15}|-)(?= |\s*$)/y
const VHOST = /^[^\s:]+:\d{1,5}$/

function readLine(text: string): Maybe<JsonObject> {
  const open = text.indexOf(' [')
  const close = open < 0 ? -1 : text.indexOf(']', open)
  if (close < 0) return undefined
  const firstEnd = text.indexOf(' ')
  const secondEnd = text.indexOf(' ', firstEnd + 1)
  if (firstEnd >= open || secondEnd >= open) return undefined
  const request = quotedAt(text, close + 1)
  if (request === undefined) return undefined
  NUMBERS.lastIndex = request.end
  const numbers = NUMBERS.exec(text)
  if (numbers === null) return undefined
  const referrer = quotedAt(text, NUMBERS.lastIndex)
  const agent = referrer && quotedAt(text, referrer.end)

  const record: JsonObject = {}
  const thirdEnd = text.indexOf(' ', secondEnd + 1)
  const first = text.slice(0, firstEnd)
  if (thirdEnd < open && VHOST.test(first)) {
    put(record, 'vhost', first)
    put(record, 'host', text.slice(firstEnd + 1, secondEnd))
    put(record, 'ident', text.slice(secondEnd + 1, thirdEnd))
    put(record, 'user', text.slice(thirdEnd + 1, open))
  } else {
    put(record, 'host', first)
    put(record, 'ident', text.slice(firstEnd + 1, secondEnd))
    // The name of a user may have blanks in it.
    put(record, 'user', text.slice(secondEnd + 1, open))
  }
  put(record, 'timestamp', text.slice(open + 2, close))
  putRequest(record, request.text)
  if (numbers[1] !== '-') record.status = Number(numbers[1])
  if (numbers[2] !== '-') record.size = Number(numbers[2])
  if (referrer !== undefined) put(record, 'referrer', unescapeText(referrer.text))
  if (agent !== undefined) put(record, 'agent', unescapeText(agent.text))
  return record
}

function put(record: JsonObject, name: string, value: string): void {
  if (value !== '' && value !== '-') record[name] = value
}

const METHOD = /^[A-Za-z][\w-]{0,31}$/
const PROTOCOL = /^[A-Za-z]{1,16}\/\d/

function putRequest(record: JsonObject, request: string): void {
  put(record, 'request', unescapeText(request))
  const afterMethod = request.indexOf(' ')
  const method = request.slice(0, afterMethod)
  if (afterMethod < 0 || !METHOD.test(method)) return
  put(record, 'method', method)
  const lastBlank = request.lastIndexOf(' ')
  const protocol = request.slice(lastBlank + 1)
  const hasProtocol = lastBlank > afterMethod && PROTOCOL.test(protocol)
  put(record, 'url', unescapeText(request.slice(afterMethod + 1, hasProtocol ? lastBlank : undefined)))
  if (hasProtocol) put(record, 'protocol', protocol)
}

/** ` "say \"hi\""`
    ^           ^
    at          end; undefined where no quoted text stands there, escapes left as they are */
function quotedAt(text: string, at: number): { text: string; end: number } | undefined {
  if (text.charCodeAt(at) !== 0x20 || text.charCodeAt(at + 1) !== 0x22) return undefined
  for (let index = at + 2; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === 0x22) return { text: text.slice(at + 2, index), end: index + 1 }
    if (code === 0x5c) index++
  }
  return undefined
}

const ESCAPE = /\\(["\\nrt])|(?:\\x[\dA-Fa-f]{2})+/g
const CONTROLS: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' }

function unescapeText(text: string): string {
  if (!text.includes('\\')) return text
  return text.replace(ESCAPE, (written: string, letter: string | undefined) => {
    if (letter !== undefined) return CONTROLS[letter] ?? letter
    const bytes = new Uint8Array(written.length / 4)
    for (let index = 0; index < bytes.length; index++)
      bytes[index] = Number.parseInt(written.slice(4 * index + 2, 4 * index + 4), 16)
    return decodeUtf8(bytes, false) ?? written
  })
}

/**
 * Lines that are made to cost more than their length, through the command: one process, one line of some megabytes for each function that
 * reads text. Work that grows with the square of a line would take hours here, not a part of a second.
 */
import assert from 'node:assert/strict'
import { appendFileSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { temporaryFile } from '../temporary.ts'
import { normalize } from './command.ts'

const SIZE = 2_500_000

/** So many of them that the text has {@link SIZE} characters. */
function flood(piece: string): string {
  return piece.repeat(Math.ceil(SIZE / piece.length))
}

function count(piece: string): number {
  return Math.ceil(SIZE / piece.length)
}

/** The expression over the line `m`, its result (undefined: absent), or the code of the rejection. */
type Case = readonly [expression: string, line: string, result: unknown, code?: string]

const PAIRS = Array.from({ length: 900_000 }, (_, index) => `k${index}=1`).join(' ')
const LAUGHS = [
  '<!DOCTYPE a [<!ENTITY l0 "ha">',
  ...Array.from({ length: 30 }, (_, index) => `<!ENTITY l${index + 1} "${`&l${index};`.repeat(10)}">`),
  `]><a>${flood('&l30;')}</a>`,
].join('')

const CASES: readonly Case[] = [
  ['parse_kv(m)', flood('a="'), { a: 'a=' }],
  ["len(parse_kv(m, '|'))", flood('a="b|'), 1],
  ['parse_kv(m)', flood('='), undefined],
  ['parse_kv(m)', `a="${flood('\\')}`, { a: `"${flood('\\')}` }],
  ["len(parse_kv(m, ',', ':', quotes='\"'))", flood(':,"'), 1],
  ['len(parse_kv(m))', PAIRS, undefined, 'VALUE_ERROR'],
  ['len(parse_csv(m))', flood(','), SIZE + 1],
  // `"a,"a` is a value: text behind a closing quote belongs to it.
  ['len(parse_csv(m))', flood('a,"'), (count('a,"') + 2) / 2],
  ["len(parse_csv(m, ['a'])['a'])", flood('"'), SIZE / 2 - 1],
  ["len(parse_cef(m)['extension'])", `CEF:0|a|b|c|d|e|f|${flood('=')}`, 0],
  ["len(parse_cef(m)['labels'])", `CEF:0|a|b|c|d|e|f|${flood('cs1Label=a cs1=\\= ')}`, 1],
  ['parse_cef(m)', `CEF:0|${flood('\\')}`, undefined],
  ["len(parse_leef(m)['extension'])", `LEEF:2.0|a|b|c|d|^|${flood('^=')}`, 0],
  ["parse_syslog(m)['appname']", `<34>1 - h a - - [a ${flood('b="\\" ')}`, 'a'],
  ["parse_syslog(m)['appname']", `<34>1 - h a - - ${flood('[a]')}`, undefined, 'VALUE_ERROR'],
  ["len(parse_syslog(m)['message'])", `<34>${flood('1: ')}`, count('1: ') * 3 - 3],
  ["len(parse_syslog(m)['message'])", flood(' '), SIZE],
  ['parse_xml(m)', flood('<a>'), undefined],
  ['parse_xml(m)', `<a>${flood('<!--')}`, undefined],
  ['parse_xml(m)', `<a>${flood('<![CDATA[')}`, undefined],
  ['parse_xml(m)', `<!DOCTYPE a ${flood('[<!')}`, undefined],
  ["len(parse_xml(m)['a'])", LAUGHS, count('&l30;') * 5],
  ["len(parse_xml(m)['a'])", `<a>${flood('&amp;')}</a>`, count('&amp;')],
  // No element has one attribute twice.
  ['parse_xml(m)', `<a ${flood('b="c" ')}/>`, undefined],
  ['len(parse_xml(m))', `<a ${flood('b="')}`, undefined],
  ['parse_windows_event(m)', `<Event><System>${flood('<Data>')}`, undefined],
  [
    "len(parse_windows_event(m)['event_data'])",
    `<Event><System/><EventData>${flood('<Data Name="a">&lt;</Data>')}</EventData></Event>`,
    1,
  ],
  ['parse_clf(m)', `h - - [${flood('[')}`, undefined],
  ["len(parse_clf(m)['url'])", `h - - [t] "GET ${flood('\\x41')}" 200 1`, count('\\x41')],
  ['parse_clf(m)', `h - - [t] "${flood('\\"')}`, undefined],
  ['len(html_unescape(m))', flood('&amp;'), count('&amp;')],
  ['len(html_unescape(m))', flood('&'), SIZE],
  ['len(html_unescape(m))', `&#${flood('9')}`, 1],
  [
    'len(html_unescape(m))',
    flood('&ampersand-of-a-name-that-is-long'),
    count('&ampersand-of-a-name-that-is-long') * 30,
  ],
  ['len(url_decode(m))', flood('%'), SIZE],
  ['len(url_decode(m))', flood('%41'), count('%41')],
  ['url_decode(m)', flood('%e2%82'), undefined],
  ['len(base64_decode(m))', flood('QUFB'), (SIZE / 4) * 3],
  ['base64_decode(m)', flood('='), undefined],
  ['len(hex_decode(m))', flood('41'), SIZE / 2],
  ['parse_json(m)', flood('['), undefined],
  ['parse_json(m)', flood('{"a":'), undefined],
  ['parse_json(m)', `"${flood('\\\\')}`, undefined],
  ["dissect(m, '%{a}: %{b}!')", flood('%{: '), undefined],
  ["extract(m, '%{IP:a}:%{INT:b}$')", flood('1.'), undefined],
  ["extract(m, '%{IP:a}$')", flood('::'), { a: '::' }],
  ["extract(m, '%{TIMESTAMP_ISO8601:t} %{GREEDYDATA:g}!')", flood('2024-01-01T00:00:00 '), undefined],
  ["normalize_url(m)['protocol']", `http://h/${flood('%')}`, 'http'],
  ["normalize_url(m)['protocol']", `http://${flood('[')}`, ''],
  ["len(normalize_host(m)['fqdn'])", flood('a.'), 0],
  ["normalize_http_user_agent(m)['name']", flood('a/1 '), 'Other'],
  [
    "parse_timestamp(m, '%Y-%m-%d', 'iso8601', 'rfc3164', 'windows', 'epoch')",
    flood('1'),
    undefined,
    'VALUE_ERROR',
  ],
  ['registered_domain(m)', flood('a.'), undefined],
  ["in_network(m, 'public')", flood('1.'), false],
  ['is_ip(m)', flood(':'), false],
  ['normalize_mac_address(m)', flood('00:'), undefined, 'MAC_INVALID'],
  ['len(snake_case(m))', flood('aB'), (SIZE / 2) * 3],
]

test('hostile lines cost their length, and each of them is written or rejected', {
  timeout: 1_200_000,
}, async () => {
  const rules = CASES.map(([expression], index) => {
    const called = expression.replace(/\bm\b/g, `message[${KEY}:]`)
    return `  - when: message.startswith('${keyOf(index)}')\n    r?: ${JSON.stringify(called)}\n`
  })
  const file = temporaryFile('rules.yaml', `id: message[:${KEY}]\ncases:\n${rules.join('')}`)
  const input = join(dirname(file), 'hostile.log')
  for (const [index, [, line]] of CASES.entries()) appendFileSync(input, `${keyOf(index)}${line}\n`)
  const [errors, output] = [join(dirname(file), 'errors.jsonl'), join(dirname(file), 'output.jsonl')]
  const argv = [
    '--rules',
    file,
    '--input-format',
    'text',
    '--stats',
    '--errors',
    errors,
    '--output',
    output,
    input,
  ]
  const { code, stderr } = await normalize(argv)
  assert.equal(code, 0, stderr.slice(0, 1000))
  const found = new Map<string, unknown>()
  for (const text of readFileSync(output, 'utf8').trimEnd().split('\n')) {
    const { id, r } = JSON.parse(text)
    assert.ok(!found.has(id), `one output of ${id}`)
    found.set(id, r)
  }
  for (const text of readFileSync(errors, 'utf8').trimEnd().split('\n')) {
    const { line, raw, code: reason } = JSON.parse(text)
    assert.equal(raw.length, CASES[line - 1]![1].length + KEY, 'the record has the whole line')
    assert.ok(!found.has(keyOf(line - 1)), `one record of line ${line}`)
    found.set(keyOf(line - 1), { code: reason })
  }
  // The texts are too long to be shown.
  const shown = (value: unknown): string => String(JSON.stringify(value)).slice(0, 200)
  const wrong = CASES.flatMap(([expression, line, result, reason], index) => {
    const [given, expected] = [found.get(keyOf(index)), reason === undefined ? result : { code: reason }]
    const isEqual = JSON.stringify(given) === JSON.stringify(expected)
    return isEqual ? [] : `${expression} of ${line.slice(0, 30)}: ${shown(given)}, not ${shown(expected)}`
  })
  assert.deepEqual(wrong, [])
  const { events, written, rejected, dropped } = JSON.parse(stderr.trimEnd().split('\n').at(-1)!)
  assert.deepEqual(
    { events, written, rejected, dropped },
    {
      events: CASES.length,
      written: CASES.length - rejected,
      rejected: CASES.filter((each) => each[3]).length,
      dropped: 0,
    },
  )
})

/** Each line begins with a key of its own, of so many characters. */
const KEY = 3

function keyOf(index: number): string {
  return `${String(index).padStart(KEY - 1, '0')}|`
}

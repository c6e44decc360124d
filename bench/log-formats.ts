/**
 * The cost of each function that reads a log format, beside the statements that rule files had in its place.
 *
 * A rule file of the one rule, compiled as always, over 1000 parsed events with values of their own, as in bench/functions.ts. On the
 * other side `tap` takes the same text apart by hand, as far as it can: without quotes, escapes, and the ways in which senders deviate.
 * Both give the same value for an example first. Functions that nobody writes by hand stand alone. Rounds in turn, medians.
 * Run: `node --import tsx bench/log-formats.ts`.
 *
 * 2026-11-29, Node 20.20, one round by processor time on a machine that ten others used (load 27), so only the ratios say something: 1.5x to 1.7x
 * for `parse_cef`, `parse_clf`, `dissect` and `registered_domain`, 3x for `parse_kv`, `parse_syslog` and `drop_empty`, 5x to 7x for `parse_csv`, `get` and
 * `pairs_to_dict`.
 *
 * Reading: functions also read quotes, escapes and deviations, which the statements do not, and are faster all the same. An event of Windows
 * costs more than ten times as much as a line of syslog: it has 25 elements.
 */
import assert from 'node:assert/strict'
import type { JsonObject, Value } from '../src/expression/value.ts'
import { randomNumbers } from './events.ts'
import type { BenchOptions, Row } from './harness.ts'
import * as harness from './harness.ts'

const EVENTS = 1000

interface Case {
  readonly name: string
  readonly rule: string
  /** Statements that do the same, and leave the value in `r`. */
  readonly tap?: string
  /** The field `v` of an event. */
  readonly value: (number: () => number) => Value
  /** The value that both sides make of the first event. */
  readonly result: unknown
}

const CASES: readonly Case[] = [
  {
    name: 'parse_kv',
    rule: "parse_kv(v)['srcport']",
    tap: "pairs = {}\nfor piece in v.split(' '):\n  parts = piece.split('=', 1)\n  if len(parts) == 2:\n    pairs[parts[0]] = parts[1].strip('\"')\nr = pairs['srcport']",
    value: (number) =>
      `devid=FG1 type=traffic srcip=10.0.0.${number() % 250} srcport=${number()} dstip=192.0.2.7 dstport=443 action="deny"`,
    result: '0',
  },
  {
    name: 'parse_csv',
    rule: "parse_csv(v, ['time', 'serial', 'type', 'src', 'dst', 'rule', 'app'])['rule']",
    tap: "values = v.split(',')\nrecord = {}\nfor pair in zip(['time', 'serial', 'type', 'src', 'dst', 'rule', 'app'], values):\n  record[pair[0]] = pair[1]\nr = record['rule']",
    value: (number) => `2023/07/10 12:00:00,0011,TRAFFIC,10.0.0.1,192.0.2.7,rule ${number()},dns,vsys1,trust`,
    result: 'rule 0',
  },
  {
    name: 'parse_json',
    rule: "parse_json(v)['user']",
    value: (number) =>
      JSON.stringify({ user: `user${number()}`, ports: [22, 443], ok: true, more: { a: 'b' } }),
    result: 'user0',
  },
  {
    name: 'parse_syslog, RFC 3164',
    rule: "parse_syslog(v)['procid']",
    tap: "end = v.find('>')\nmessage = {'priority': int(v[1:end]), 'timestamp': v[end + 1:end + 16]}\nwords = v[end + 17:].split(' ', 2)\nmessage['hostname'] = words[0]\ntag = words[1].strip(':').split('[')\nmessage['appname'] = tag[0]\nmessage['procid'] = tag[1].strip(']')\nmessage['message'] = words[2]\nr = message['procid']",
    value: (number) =>
      `<38>Jul 10 12:00:00 web1 sshd[${number()}]: Accepted password for root from 192.0.2.7 port 50022`,
    result: '0',
  },
  {
    name: 'parse_syslog, RFC 5424',
    rule: "parse_syslog(v)['procid']",
    value: (number) =>
      `<165>1 2023-07-10T12:00:00.003Z web1 app ${number()} ID47 [ex@32473 iut="3" source="app"] An event of ${number()}`,
    result: '0',
  },
  {
    name: 'parse_cef',
    rule: "parse_cef(v)['extension']['spt']",
    tap: "header = v.split('|', 7)\nextension = {}\nname = None\nfor word in header[7].split(' '):\n  parts = word.split('=', 1)\n  if len(parts) == 2:\n    name = parts[0]\n    extension[name] = parts[1]\n  else:\n    extension[name] += ' ' + word\nr = extension['spt']",
    value: (number) =>
      `CEF:0|Acme|Wall|1.2|100|Port scan|7|src=192.0.2.1 spt=${number()} dst=10.0.0.1 dpt=443 proto=TCP act=blocked msg=Many ports are open`,
    result: '0',
  },
  {
    name: 'parse_leef',
    rule: "parse_leef(v)['extension']['src']",
    value: (number) =>
      `LEEF:1.0|Acme|Wall|1.2|deny|src=10.0.0.${number() % 250}\tdst=192.0.2.7\tusrName=ann\tmsg=rule ${number()}`,
    result: '10.0.0.0',
  },
  {
    name: 'parse_xml',
    rule: "parse_xml(v)['alert']['src']",
    value: (number) =>
      `<alert id="${number()}"><src>10.0.0.${number() % 250}</src><tag>a</tag><tag>b &amp; c</tag></alert>`,
    result: '10.0.0.0',
  },
  {
    name: 'dissect',
    rule: "dissect(v, '%{src} -> %{dst}: %{action} by rule %{rule}')['rule']",
    tap: "parts = v.split(' ')\nr = parts[-1]",
    value: (number) => `10.0.0.1 -> 192.0.2.7: deny by rule ${number()}`,
    result: '0',
  },
  {
    name: 'extract',
    rule: "extract(v, '(?P<user>\\\\w+) from (?P<ip>[\\\\d.]+) port (?P<port>\\\\d+)')['port']",
    value: (number) => `Accepted password for ann from 192.0.2.7 port ${number()} ssh2`,
    result: '0',
  },
  {
    name: 'html_unescape',
    rule: 'html_unescape(v)',
    value: (number) => `a &lt;b&gt; &amp; &quot;${number()}&quot; &#8364;`,
    result: 'a <b> & "0" €',
  },
  {
    name: 'flatten',
    rule: "flatten(v)['user.name']",
    value: (number) => ({ user: { name: `user${number()}`, groups: ['a'] }, http: { request: { id: 1 } } }),
    result: 'user0',
  },
  {
    name: 'snake_case',
    rule: "snake_case(v)['user_identity']",
    value: (number) => ({ userIdentity: `user${number()}`, sourceIPAddress: '192.0.2.7', eventName: 'Get' }),
    result: 'user0',
  },
  {
    name: 'parse_clf',
    rule: "parse_clf(v)['size']",
    tap: "quoted = v.split('\"')\nhead = quoted[0].split(' ')\nrequest = quoted[1].split(' ')\nnumbers = quoted[2].split(' ')\nentry = {'host': head[0], 'user': head[2], 'timestamp': v[v.find('[') + 1:v.find(']')], 'method': request[0], 'url': request[1], 'protocol': request[2], 'status': int(numbers[1]), 'size': int(numbers[2]), 'referrer': quoted[3], 'agent': quoted[5]}\nr = entry['size']",
    value: (number) =>
      `192.0.2.1 - ann [10/Jul/2023:12:00:00 +0200] "GET /a/${number()} HTTP/1.1" 200 ${number()} "-" "Mozilla/5.0 (X11; Linux x86_64)"`,
    result: 0,
  },
  {
    name: 'parse_windows_event',
    rule: "parse_windows_event(v)['record_id']",
    value: (number) =>
      [
        '<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System>',
        '<Provider Name="Microsoft-Windows-Security-Auditing"/><EventID>4625</EventID>',
        `<EventRecordID>${number()}</EventRecordID><Computer>dc1</Computer></System><EventData>`,
        ...Array.from({ length: 20 }, (_, index) => `<Data Name="Name${index}">${number()}</Data>`),
        '</EventData></Event>',
      ].join(''),
    result: 0,
  },
  {
    name: 'community_id',
    rule: "community_id(v, '192.0.2.7', 'tcp', 50022, 443)",
    value: (number) => `10.0.${number() % 250}.${number() % 250}`,
    result: '1:6hqgTlkt+Ya+ktQ0zFBOa7Z6Me0=',
  },
  {
    name: 'hash, sha256 of 40 characters',
    rule: 'hash(v)',
    value: (number) => `an id that is made of forty characters ${number()}`,
    result: '625f40821acad4b1020b8dab6613131ba567616b225421d7bc4273604964e428',
  },
  {
    name: 'registered_domain',
    rule: "registered_domain(v)['registered_domain']",
    tap: "labels = v.split('.')\nsuffix = 2 if labels[-2] in ('co', 'com', 'org', 'net', 'gov', 'ac') else 1\nr = '.'.join(labels[-suffix - 1:])",
    value: (number) => `www.host${number()}.example${number() % 100}.co.uk`,
    result: 'example0.co.uk',
  },
  {
    name: 'get',
    rule: "get(v, 'user.groups.0', 'none')",
    tap: "r = 'none'\nif isinstance(v, dict) and 'user' in v:\n  user = v['user']\n  if isinstance(user, dict) and 'groups' in user:\n    groups = user['groups']\n    if isinstance(groups, list) and len(groups) > 0:\n      r = groups[0]",
    value: (number) => ({ user: { name: 'ann', groups: [`g${number()}`] } }),
    result: 'g0',
  },
  {
    name: 'pairs_to_dict',
    rule: "pairs_to_dict(v)['Name3']",
    tap: "pairs = {}\nfor pair in v:\n  pairs[pair['Name']] = pair['Value']\nr = pairs['Name3']",
    value: (number) => Array.from({ length: 6 }, (_, index) => ({ Name: `Name${index}`, Value: number() })),
    result: 0,
  },
  {
    name: 'drop_empty',
    rule: 'len(drop_empty(v))',
    tap: "kept = {}\nfor pair in v.items():\n  if pair[1] not in (None, '', '-'):\n    kept[pair[0]] = pair[1]\nr = len(kept)",
    value: (number) => ({ a: number(), b: '', c: '-', d: null, e: 'x', f: 'y' }),
    result: 3,
  },
]

export async function run({ quick, rounds = quick ? 3 : 7 }: BenchOptions): Promise<Row[]> {
  harness.build()
  const { compileRules } = await harness.built<typeof import('../src/rules/compile.ts')>('rules/index.js')
  const sides = CASES.flatMap((one) => {
    const texts = [`r: |\n  ${one.rule}\n`]
    if (one.tap !== undefined) {
      const statements = `v = data['v']\n${one.tap}\ndata['r'] = r`
      texts.push(`tap: |\n  ${statements.replaceAll('\n', '\n  ')}\nr: r\n`)
    }
    return texts.map((text, index) => {
      const runner = compileRules(text).createRunner()
      const output = runner.run({ v: one.value(() => 0) }, '')
      assert.deepEqual(output?.r, one.result, `${text}${runner.rejection.message}`)
      const random = randomNumbers(1)
      const events: JsonObject[] = Array.from({ length: EVENTS }, () => ({
        v: one.value(() => Math.floor(random() * 60_000)),
      }))
      const readings: number[] = []
      const task = () => events.map((event) => runner.run(event, ''))
      return { name: one.name, isTap: index === 1, task, readings }
    })
  })
  for (let round = 0; round < rounds; round++)
    for (const { task, readings } of sides)
      readings.push((await harness.callsPerSecond(task, quick ? 50 : 200)) * EVENTS)
  return CASES.flatMap(({ name }) => {
    const [ours, theirs] = sides.filter((side) => side.name === name)
    const rows = [harness.measured(`rule: ${name}`, '/s', ours!.readings)]
    if (theirs !== undefined) {
      const ratios = ours!.readings.map((reading, index) => reading / theirs.readings[index]!)
      rows.push(harness.measured(`rule: ${name}, against tap`, 'x', ratios))
    }
    return rows
  })
}

if (harness.isMain(import.meta.url)) await harness.runAsScript(run)

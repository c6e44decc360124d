import { readSyslog } from '../log/syslog.ts'
import { notText } from '../net/text-argument.ts'
import type { Value } from '../value.ts'
import type { FunctionDefinition } from './definition.ts'

export const parseSyslog: FunctionDefinition = {
  name: 'parse_syslog',
  signature: 's',
  group: 'formats',
  returns: 'object',
  pure: true,
  summary: 'Reads a syslog message: RFC 5424, RFC 3164, and the ways in which senders deviate from them.',
  parameters: { s: 'the message with its header' },
  result:
    'A dict of `priority facility severity` (integers), `timestamp hostname appname procid msgid message` (texts) and `structured_data` (a dict of dicts of texts). A member that the message has as `-`, or not at all, is absent; `message` is always there. Where the text has no header, `message` is all of it.',
  errors: { TYPE_ERROR: '`s` is not a string' },
  notes: [
    '`timestamp` stays as it is written, without the `*` or `.` of Cisco before it: `parse_timestamp` reads it.',
    '',
    'Deviations that are read: no priority; ISO 8601 in the place of the time of RFC 3164, or a year in it; sequence numbers of Cisco, host',
    'names with a colon behind them or none at all (`host : %ASA-6-302013: ...`, `123: *Mar  1 18:48:50.483 UTC: %SYS-5-CONFIG_I: ...`), whose',
    'mnemonic is the `appname`; addresses as hosts; `proc[pid]:` behind the priority without time and host; the number of octets before',
    'the priority; `last message repeated 3 times` without a host; structured data that is none, which is left in `message`. A byte order mark before the message is left off, and so is a line break behind it.',
  ].join('\n'),
  examples: [
    {
      expression: 'parse_syslog(message)',
      event: { message: '<38>Jul 10 12:00:00 web1 sshd[4123]: Accepted password for root' },
      result: {
        priority: 38,
        facility: 4,
        severity: 6,
        timestamp: 'Jul 10 12:00:00',
        hostname: 'web1',
        appname: 'sshd',
        procid: '4123',
        message: 'Accepted password for root',
      },
    },
    {
      expression: 'parse_syslog(message)',
      event: {
        message:
          '<165>1 2023-07-10T12:00:00.003Z web1 app - ID47 [ex@32473 iut="3" note="a \\"b\\""] An event',
      },
      result: {
        priority: 165,
        facility: 20,
        severity: 5,
        timestamp: '2023-07-10T12:00:00.003Z',
        hostname: 'web1',
        appname: 'app',
        msgid: 'ID47',
        structured_data: { 'ex@32473': { iut: '3', note: 'a "b"' } },
        message: 'An event',
      },
    },
    {
      expression: 'parse_syslog(message)',
      event: { message: 'Jul 10 2023 12:00:00 fw1 : %ASA-6-302013: Built inbound TCP connection' },
      result: {
        timestamp: 'Jul 10 2023 12:00:00',
        hostname: 'fw1',
        appname: '%ASA-6-302013',
        message: 'Built inbound TCP connection',
      },
    },
    {
      expression: 'parse_syslog(message)',
      event: { message: 'Error: no header at all' },
      result: { message: 'Error: no header at all' },
    },
    { expression: 'parse_syslog(message)', event: { message: 1 }, rejected: 'TYPE_ERROR' },
  ],
  implementation: {
    kind: 'direct',
    call({ meter }, s: Value) {
      if (typeof s !== 'string') throw notText('parse_syslog', 's', s)
      return readSyslog(meter, s)
    },
  },
}

import { isIp as isIpText } from '../net/ip.ts'
import { notText } from '../net/text-argument.ts'
import type { Value } from '../value.ts'
import type { FunctionDefinition } from './definition.ts'

export const isIp: FunctionDefinition = {
  name: 'is_ip',
  signature: 's',
  group: 'hosts',
  returns: 'boolean',
  pure: true,
  summary: 'Tells whether a text is an IPv4 or IPv6 address.',
  parameters: { s: 'the text' },
  result: '`true` or `false`. Never fails on a string.',
  errors: { TYPE_ERROR: '`s` is not a string' },
  notes: [
    'IPv4 is four decimal numbers from 0 to 255 without leading zeros. Octal, hexadecimal and short forms',
    '(`0x7f.1`, `127.1`, `2130706433`) are not addresses, because programs disagree on what they mean.',
    '',
    'IPv6 is any form of RFC 4291, `::ffff:192.0.2.1` included. A zone id (`fe80::1%eth0`), a prefix length',
    '(`10.0.0.0/8`), a port, brackets and blanks make it something else than an address.',
  ].join('\n'),
  examples: [
    { expression: 'is_ip(src)', event: { src: '192.0.2.1' }, result: true },
    { expression: 'is_ip(src)', event: { src: '2001:db8::1' }, result: true },
    { expression: "is_ip('::ffff:192.0.2.1')", result: true },
    { expression: "is_ip('192.168.001.1')", result: false },
    { expression: "is_ip('fe80::1%eth0')", result: false },
    { expression: "is_ip('mail.example.org')", result: false },
    { expression: "is_ip('')", result: false },
    { expression: 'is_ip(src)', event: { src: 3221225985 }, rejected: 'TYPE_ERROR' },
  ],
  implementation: {
    kind: 'direct',
    call(_context, s: Value) {
      if (typeof s !== 'string') throw notText('is_ip', 's', s)
      return isIpText(s)
    },
  },
}

import { Failure } from '../failure.ts'
import { standardMac } from '../net/mac-address.ts'
import { notText } from '../net/text-argument.ts'
import { repr } from '../runtime/format/repr.ts'
import { truth } from '../runtime/operators.ts'
import type { Maybe, Value } from '../value.ts'
import type { FunctionDefinition } from './definition.ts'

/** Of a text that is no MAC address, so much is shown in the message. */
const SHOWN_LENGTH = 64

export const normalizeMacAddress: FunctionDefinition = {
  name: 'normalize_mac_address',
  signature: 's, strict=true',
  group: 'normal forms',
  returns: 'text',
  pure: false,
  summary: 'Writes a MAC address in its standard form, `AA:BB:CC:DD:EE:FF`.',
  parameters: {
    s: 'the MAC address',
    strict: 'whether an invalid one rejects the event; default `true`',
  },
  result:
    'The address: upper case, pairs of digits, colons. With `strict` false, `""` for an invalid one, which is then recorded in `event.anomaly.malformed_mac_address`.',
  errors: {
    MAC_INVALID: '`s` is not a MAC address and `strict` is true',
    TYPE_ERROR: '`s` is not a string',
  },
  notes: [
    'Accepted are pairs separated by `-` or `:`, also without their leading zeros, triples by `.`, `:` or `-`, quads by',
    '`.` or `-`, and twelve digits without separators, in either case:',
    '',
    '    AA-BB-CC-DD-EE-FF  AAA.BBB.CCC.DDD  AAAA.BBBB.CCCC  AABBCCDDEEFF',
    '    AA:BB:CC:DD:EE:FF  AAA:BBB:CCC:DDD  AAAA-BBBB-CCCC',
    '    A:B:CC:D:EE:F      AAA-BBB-CCC-DDD',
    '',
    'Mixed separators and blanks around the address are not. `""` and `"-"` are invalid, but no anomalies.',
  ].join('\n'),
  examples: [
    {
      expression: 'normalize_mac_address(mac)',
      event: { mac: 'AA-BB-CC-DD-EE-FF' },
      result: 'AA:BB:CC:DD:EE:FF',
    },
    { expression: "normalize_mac_address('FF-BA-CD-1D-32-11')", result: 'FF:BA:CD:1D:32:11' },
    { expression: "normalize_mac_address('0c4.7c9.ab0.12f')", result: '0C:47:C9:AB:01:2F' },
    { expression: "normalize_mac_address('0c47.c9ab.012f')", result: '0C:47:C9:AB:01:2F' },
    { expression: "normalize_mac_address('0050-568c-bbcc')", result: '00:50:56:8C:BB:CC' },
    { expression: "normalize_mac_address('90:e2:ba:4a:35:d')", result: '90:E2:BA:4A:35:0D' },
    { expression: "normalize_mac_address('0c47c9ab012f')", result: '0C:47:C9:AB:01:2F' },
    { expression: 'normalize_mac_address(mac)', event: { mac: 'AA:BB:CC' }, rejected: 'MAC_INVALID' },
    { expression: "normalize_mac_address('AA-BB:CC-DD:EE-FF')", rejected: 'MAC_INVALID' },
    {
      expression: 'normalize_mac_address("AA:BB:CC", false)',
      result: '',
      anomalies: { malformed_mac_address: ['AA:BB:CC'] },
    },
    { expression: "normalize_mac_address('-', strict=false)", result: '' },
  ],
  implementation: {
    kind: 'direct',
    call(context, s: Value, strict: Maybe) {
      if (typeof s !== 'string') throw notText('normalize_mac_address', 's', s)
      const standard = standardMac(s)
      if (standard !== undefined) return standard
      if (strict === undefined || truth(context.meter, strict)) {
        const shown = s.length > SHOWN_LENGTH ? `${repr(s.slice(0, SHOWN_LENGTH))}...` : repr(s)
        throw new Failure('MAC_INVALID', `${shown} is not a MAC address`)
      }
      if (s !== '' && s !== '-') context.anomaly('malformed_mac_address', s)
      return ''
    },
  },
}

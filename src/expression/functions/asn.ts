import { networkOf } from '../net/address-database.ts'
import { addressLookup } from './address-lookup.ts'
import type { FunctionDefinition } from './definition.ts'

export const asn: FunctionDefinition = {
  name: 'asn',
  signature: 'ip',
  group: 'hosts',
  returns: 'object?',
  pure: true,
  summary: 'Finds the autonomous system of an IP address, in the databases of `--mmdb`.',
  parameters: { ip: 'the address, a text' },
  result:
    'A dict as `as` of the Elastic Common Schema has it: `number`, and `organization` with its `name`, those of them that the database knows. Absent for an address that no database knows, for private, loopback and link-local addresses, and for a text that is no address.',
  errors: {
    TYPE_ERROR: '`ip` is not a string',
    VALUE_ERROR: 'the database is damaged at the place of this address',
  },
  notes: [
    "Databases have MaxMind's format (`.mmdb`): GeoLite2-ASN, GeoIP2-ISP and -Enterprise, DB-IP, and those with `asn` and `as_name`.",
    'They are opened as [`geoip`](#geoip) says; both functions ask all of them.',
  ].join('\n'),
  examples: [
    {
      expression: 'asn(src)',
      event: { src: '1.128.0.1' },
      records: {
        '1.128.0.1': {
          autonomous_system_number: 1221,
          autonomous_system_organization: 'Telstra Pty Ltd',
        },
      },
      result: { number: 1221, organization: { name: 'Telstra Pty Ltd' } },
    },
    {
      expression: "asn(src)['number']",
      event: { src: '2001:4860::8888' },
      records: { '2001:4860::8888': { asn: 'AS15169', as_name: 'Google LLC' } },
      result: 15169,
    },
    { expression: 'asn(src)', event: { src: '192.168.1.1' }, records: {}, result: undefined },
    { expression: 'asn(src)', event: { src: '8.8.8.8' }, records: {}, result: undefined },
    { expression: 'asn(src)', event: { src: null }, records: {}, rejected: 'TYPE_ERROR' },
  ],
  implementation: addressLookup('asn', networkOf),
}

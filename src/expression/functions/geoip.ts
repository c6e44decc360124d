import { placeOf } from '../net/address-database.ts'
import { addressLookup } from './address-lookup.ts'
import type { FunctionDefinition } from './definition.ts'

export const geoip: FunctionDefinition = {
  name: 'geoip',
  signature: 'ip',
  group: 'hosts',
  returns: 'object?',
  pure: true,
  summary: 'Finds the place of an IP address, in the databases of `--mmdb`.',
  parameters: { ip: 'the address, a text' },
  result:
    'A dict as `geo` of the Elastic Common Schema has it, with those of these members that the database knows: `city_name`, `continent_code`, `continent_name`, `country_iso_code`, `country_name`, `location` (`lat`, `lon`), `postal_code`, `region_iso_code`, `region_name`, `timezone`. Absent for an address that no database knows, for private, loopback and link-local addresses, and for a text that is no address.',
  errors: {
    TYPE_ERROR: '`ip` is not a string',
    VALUE_ERROR: 'the database is damaged at the place of this address',
  },
  notes: [
    "Databases have MaxMind's format (`.mmdb`): GeoLite2 and GeoIP2 City, Country and Enterprise, DB-IP, and those with flat records",
    '(`country`, `region`, `city`, `lat`, `lng`). `normalize --mmdb FILE` opens one; the option is repeatable, and the first database that tells',
    'something of the place counts. Names are in English. Rules that call the function are an error at load where there is no database.',
    'A [compiled module](../../rules/aot/README.md#databases-of-addresses) is given its databases where it runs.',
  ].join('\n'),
  examples: [
    {
      expression: 'geoip(src)',
      event: { src: '81.2.69.160' },
      records: {
        '81.2.69.160': {
          city: { names: { en: 'London' } },
          country: { iso_code: 'GB', names: { en: 'United Kingdom' } },
          location: { latitude: 51.5142, longitude: -0.0931, time_zone: 'Europe/London' },
        },
      },
      result: {
        city_name: 'London',
        country_iso_code: 'GB',
        country_name: 'United Kingdom',
        location: { lat: 51.5142, lon: -0.0931 },
        timezone: 'Europe/London',
      },
    },
    {
      expression: "geoip(src)['country_iso_code']",
      event: { src: '::ffff:81.2.69.160' },
      records: { '81.2.69.160': { country: { iso_code: 'GB' } } },
      result: 'GB',
    },
    {
      expression: 'geoip(src)',
      event: { src: '10.0.0.1' },
      records: { '10.0.0.1': { country: { iso_code: 'GB' } } },
      result: undefined,
    },
    { expression: 'geoip(src)', event: { src: 'localhost' }, records: {}, result: undefined },
    { expression: 'geoip(src)', event: { src: 1 }, records: {}, rejected: 'TYPE_ERROR' },
  ],
  implementation: addressLookup('geoip', placeOf),
}

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { asn } from '../../../src/expression/functions/asn.ts'
import type { FunctionDefinition } from '../../../src/expression/functions/definition.ts'
import { geoip } from '../../../src/expression/functions/geoip.ts'
import type { Value } from '../../../src/expression/value.ts'
import { compileRules, RuleError } from '../../../src/rules/compile.ts'
import { hostWith, type Outcome, outcomeOf } from './calling.ts'

/** The result of the function for an address, when each database has one record for all. */
function told(definition: FunctionDefinition, records: readonly unknown[], ip: Value = '8.8.8.8'): Outcome {
  const { implementation } = definition
  if (implementation.kind !== 'prepared') throw new Error('it is prepared')
  const databases = records.map((record, index) => ({
    file: `${index}.mmdb`,
    bytes: new Uint8Array(),
    find() {
      if (record instanceof Error) throw record
      return record
    },
  }))
  const call = implementation.prepare({}, { ...hostWith({}), databases })
  return outcomeOf((context) => call(context, ip))
}

const CITY = {
  city: { geoname_id: 1, names: { de: 'Maidstone (de)', en: 'Maidstone' } },
  continent: { code: 'EU', names: { en: 'Europe' } },
  country: { iso_code: 'GB', names: { en: 'United Kingdom' } },
  location: { accuracy_radius: 10, latitude: 51.2, longitude: 0.5, time_zone: 'Europe/London' },
  postal: { code: 'ME14' },
  subdivisions: [
    { iso_code: 'ENG', names: { en: 'England' } },
    { iso_code: 'KEN', names: { en: 'Kent' } },
  ],
}

describe('geoip', () => {
  it('gives every member that ECS has', () => {
    assert.deepEqual(told(geoip, [CITY]).value, {
      city_name: 'Maidstone',
      continent_code: 'EU',
      continent_name: 'Europe',
      country_iso_code: 'GB',
      country_name: 'United Kingdom',
      location: { lat: 51.2, lon: 0.5 },
      postal_code: 'ME14',
      region_iso_code: 'GB-ENG',
      region_name: 'England',
      timezone: 'Europe/London',
    })
  })

  it('reads flat records, where a country is a code or a name', () => {
    const flat = { country: 'US', region: 'California', city: 'San Jose', lat: '37.33', lng: '-121.89' }
    assert.deepEqual(told(geoip, [flat]).value, {
      city_name: 'San Jose',
      country_iso_code: 'US',
      location: { lat: 37.33, lon: -121.89 },
      region_name: 'California',
    })
    assert.deepEqual(told(geoip, [{ country: 'Sweden', country_code: 'SE' }]).value, {
      country_iso_code: 'SE',
      country_name: 'Sweden',
    })
  })

  it('asks the databases in their order, until one tells something of the place', () => {
    const network = { autonomous_system_number: 64500 }
    assert.deepEqual(told(geoip, [network, undefined, null, { country: { iso_code: 'DE' } }, CITY]).value, {
      country_iso_code: 'DE',
    })
    assert.equal(told(geoip, [network]).value, undefined)
  })

  it('makes nothing of records of another shape', () => {
    const inherited = Object.create({ country: { iso_code: 'XX' } })
    for (const record of [
      5,
      'x',
      [],
      {},
      inherited,
      { country: 7, location: [] },
      { city: { names: { de: 'x' } } },
    ])
      assert.equal(told(geoip, [record]).value, undefined)
    const odd = {
      location: { latitude: 'north', longitude: 1e9 },
      subdivisions: 'x',
      country: { iso_code: 'y'.repeat(999) },
    }
    assert.deepEqual(told(geoip, [odd]).value, { country_iso_code: 'y'.repeat(256) })
  })

  it('finds nothing for local addresses and for what is no address', () => {
    for (const ip of [
      '10.1.2.3',
      '127.0.0.1',
      '169.254.1.1',
      'fe80::1%eth0',
      'fd00::1',
      '::ffff:192.168.0.1',
      '8.8.8.8/32',
      '8.8.8',
      '',
    ])
      assert.equal(told(geoip, [CITY], ip).value, undefined, ip)
  })

  it('tells which database is damaged', () => {
    const { code, message } = told(geoip, [new Error('Unknown type 15 at offset 7')])
    assert.equal(code, 'VALUE_ERROR')
    assert.equal(message, 'geoip() cannot read 0.mmdb: it is damaged at the place of 8.8.8.8')
  })

  it('is an error at load without a database', () => {
    assert.throws(
      () => compileRules('source.geo?: geoip(src)', { file: 'r.yaml' }),
      (error: RuleError) => {
        assert.equal(
          error.message,
          `r.yaml:1:20: error: geoip needs a database of addresses, and none is given
  in source.geo
  |
1 | source.geo?: geoip(src)
  |                    ^^^
  = hint: the command takes it with --mmdb FILE (GeoLite2-City.mmdb, GeoLite2-ASN.mmdb), compileRules with the option databases

1 error
`,
        )
        return error instanceof RuleError
      },
    )
  })

  it('gives a value of its own each time: tap may change it', () => {
    const databases = [{ file: 'x.mmdb', bytes: new Uint8Array(), find: () => CITY }]
    const rules = compileRules(
      "tap: |\n  geo = geoip(src)\n  geo['city_name'] = 'changed'\ncity: geoip(src)['city_name']",
      {
        databases,
      },
    )
    const runner = rules.createRunner()
    assert.deepEqual(runner.run({ src: '8.8.8.8' }, ''), { city: 'Maidstone' })
  })
})

describe('asn', () => {
  it('gives number and organization, of several kinds of databases', () => {
    const expected = { number: 64500, organization: { name: 'Example' } }
    for (const record of [
      { autonomous_system_number: 64500, autonomous_system_organization: 'Example' },
      { traits: { autonomous_system_number: 64500, autonomous_system_organization: 'Example' } },
      { asn: 'AS64500', as_name: 'Example' },
      { asn: 64500, name: 'Example' },
    ])
      assert.deepEqual(told(asn, [CITY, record]).value, expected)
    assert.deepEqual(told(asn, [{ asn: 'AS64500' }]).value, { number: 64500 })
    for (const record of [CITY, { name: 'x' }, { asn: 'x' }, { asn: -1 }, { asn: 1.5 }])
      assert.equal(told(asn, [record]).value, undefined)
  })
})

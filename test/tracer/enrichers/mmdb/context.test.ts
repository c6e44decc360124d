import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { recordContext } from '../../../../src/tracer/enrichers/mmdb/context.ts'

const CITY = {
  city: { geoname_id: 2643743, names: { de: 'London', en: 'London', ru: 'Лондон' } },
  country: {
    geoname_id: 2635167,
    iso_code: 'GB',
    is_in_european_union: false,
    names: { en: 'United Kingdom' },
  },
  location: { accuracy_radius: 100, latitude: 51.5142, longitude: -0.0931, time_zone: 'Europe/London' },
  subdivisions: [{ geoname_id: 6269131, iso_code: 'ENG', names: { en: 'England', ru: 'Англия' } }],
}

test('a record is flat, with names in one language and no numbers of the GeoNames database', () => {
  const rest =
    '|country.iso_code=GB|country.is_in_european_union=\u0001false|country.names.en=United Kingdom' +
    '|location.accuracy_radius=\u0001100|location.latitude=\u000151.5142|location.longitude=\u0001-0.0931' +
    '|location.time_zone=Europe/London|subdivisions[0].iso_code=ENG'
  assert.equal(recordContext(CITY, 'en'), `|city.names.en=London${rest}|subdivisions[0].names.en=England`)
  assert.equal(recordContext(CITY, 'ru'), `|city.names.ru=Лондон${rest}|subdivisions[0].names.ru=Англия`)
  assert.equal(recordContext({ country: { names: { de: 'x' } }, names: 'own' }, 'en'), '|names=own')
})

test('records of other databases keep their fields', () => {
  assert.equal(
    recordContext({ autonomous_system_number: 64496, autonomous_system_organization: 'A|B\nC' }, 'en'),
    '|autonomous_system_number=\u000164496|autonomous_system_organization=A B C',
  )
  const odd = { big: 2n ** 100n, raw: Buffer.from([1, 255]), list: ['a', 1, true], empty: {} }
  assert.equal(
    recordContext(odd, 'en'),
    '|big=\u00011267650600228229401496703205376|raw=01ff|list=a,1,true|empty=',
  )
  assert.equal(recordContext('text', 'en'), '|value=text')
  assert.equal(recordContext([1, 2], 'en'), '|value=1,2')
})

test('a context has a bound, whatever the record', () => {
  let deep: object = { end: 1 }
  for (let i = 0; i < 10_000; i++) deep = { deep }
  let shared: object = { a: 'x' }
  for (let i = 0; i < 60; i++) shared = { a: shared, b: shared, c: shared }
  const wide = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`f${i}`, 'x'.repeat(5000)]))
  const long = { list: Array.from({ length: 100_000 }, () => '😀'.repeat(1000)) }
  for (const record of [deep, shared, wide, long]) {
    const context = recordContext(record, 'en')
    assert.ok(context.length < 64 * 400, `${context.length}`)
    assert.doesNotMatch(context, /[\ud800-\udbff](?![\udc00-\udfff])/)
  }
})

test('names such as __proto__ are fields like others', () => {
  const record = JSON.parse(
    '{"__proto__": {"iso_code": "XX"}, "constructor": {"names": {"__proto__": "x", "en": "y"}}}',
  )
  assert.equal(recordContext(record, '__proto__'), '|__proto__.iso_code=XX|constructor.names.__proto__=x')
})

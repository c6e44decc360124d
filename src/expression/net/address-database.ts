/** Databases of IP addresses: what the language knows of them, and what their records say in the words of ECS. */
import type { JsonObject, Value } from '../value.ts'

/** An open database in MaxMind's format. */
export interface AddressDatabase {
  /** The name of its file, for messages. */
  readonly file: string
  /** The content of the file: another thread opens the same from it. */
  readonly bytes: Uint8Array
  /**
   * @param address an IPv4 or IPv6 address
   * @returns the record of the network that the address belongs to; undefined or null where there is none
   * @throws {Error} where the file is damaged at this place
   */
  find(address: string): unknown
}

/** The part of a database that looks addresses up. */
export type AddressSource = Pick<AddressDatabase, 'file' | 'find'>

/** Stands for the databases that rules will be given, where they are compiled to be checked, or to run elsewhere. It knows no address. */
export const ANY_DATABASE: AddressDatabase = { file: '', bytes: new Uint8Array(), find: () => undefined }

/**
 * The members of a `geo` object: those of GeoLite2, GeoIP2 and DB-IP, whose records nest, or of databases whose records are flat
 * (`country`, `region`, `city`, `lat`, `lng` as texts).
 *
 * @returns undefined where the record says nothing of a place
 */
export function placeOf(record: unknown): JsonObject | undefined {
  const country = first(member(record, 'country'), member(record, 'registered_country'))
  const region = first(element(member(record, 'subdivisions')), member(record, 'region'))
  const continent = member(record, 'continent')
  const location = member(record, 'location')
  const countryCode = first(code(country), textOf(member(record, 'country_code')))
  const regionCode = first(textOf(member(region, 'iso_code')), textOf(member(record, 'region_code')))
  const geo: JsonObject = {}
  put(geo, 'city_name', nameOf(member(record, 'city')))
  put(
    geo,
    'continent_code',
    first(textOf(member(continent, 'code')), textOf(member(record, 'continent_code'))),
  )
  put(geo, 'continent_name', first(nameOf(continent), textOf(member(record, 'continent_name'))))
  put(geo, 'country_iso_code', countryCode)
  put(geo, 'country_name', first(longName(country), textOf(member(record, 'country_name'))))
  const latitude = degrees(first(member(location, 'latitude'), member(record, 'lat')))
  const longitude = degrees(first(member(location, 'longitude'), member(record, 'lng')))
  if (latitude !== undefined && longitude !== undefined) geo.location = { lat: latitude, lon: longitude }
  put(
    geo,
    'postal_code',
    first(textOf(member(member(record, 'postal'), 'code')), textOf(member(record, 'postal_code'))),
  )
  if (countryCode !== undefined && regionCode !== undefined)
    geo.region_iso_code = `${countryCode}-${regionCode}`
  put(geo, 'region_name', nameOf(region))
  put(geo, 'timezone', first(textOf(member(location, 'time_zone')), textOf(member(record, 'timezone'))))
  return isEmpty(geo) ? undefined : geo
}

/**
 * The members of an `as` object: those of GeoLite2-ASN, GeoIP2-ISP and -Enterprise, or of databases that say `asn: AS64500`.
 *
 * @returns undefined where the record says nothing of an autonomous system
 */
export function networkOf(record: unknown): JsonObject | undefined {
  const traits = first(member(record, 'traits'), record)
  const number = first(numberOf(member(traits, 'autonomous_system_number')), numberOf(member(record, 'asn')))
  const organization = first(
    textOf(member(traits, 'autonomous_system_organization')),
    textOf(member(record, 'as_name')),
    number === undefined ? undefined : textOf(member(record, 'name')),
  )
  const system: JsonObject = {}
  if (number !== undefined) system.number = number
  if (organization !== undefined) system.organization = { name: organization }
  return isEmpty(system) ? undefined : system
}

/** A longer text says nothing that a rule needs, and the file may be anybody's. */
const LONGEST_TEXT = 256

function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return (value as Readonly<Record<string, unknown>>)[name]
}

/** The largest of the regions that a place is in comes first: `England` before `Kent`. */
function element(value: unknown): unknown {
  return Array.isArray(value) ? value[0] : undefined
}

function first<T>(...values: readonly T[]): T | undefined {
  return values.find((value) => value !== undefined)
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, LONGEST_TEXT) : undefined
}

/** The English name of a place, or the place where it is a text. */
function nameOf(place: unknown): string | undefined {
  return first(textOf(member(member(place, 'names'), 'en')), textOf(place))
}

const COUNTRY_CODE = /^[A-Z]{2}$/

/** In flat databases a country is a code or a name. */
function code(country: unknown): string | undefined {
  return first(textOf(member(country, 'iso_code')), isCode(country) ? country : undefined)
}

function longName(country: unknown): string | undefined {
  return isCode(country) ? undefined : nameOf(country)
}

function isCode(value: unknown): value is string {
  return typeof value === 'string' && COUNTRY_CODE.test(value)
}

const DEGREES = /^-?\d{1,3}(?:\.\d{1,20})?$/

function degrees(value: unknown): number | undefined {
  const number = typeof value === 'string' && DEGREES.test(value) ? Number(value) : value
  return typeof number === 'number' && Math.abs(number) <= 180 ? number : undefined
}

/** `64500`, or `AS64500`. */
function numberOf(value: unknown): number | undefined {
  const number =
    typeof value === 'string' && /^(?:AS)?\d{1,10}$/i.test(value) ? Number(value.replace(/^AS/i, '')) : value
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : undefined
}

function put(object: JsonObject, name: string, value: Value | undefined): void {
  if (value !== undefined) object[name] = value
}

function isEmpty(object: JsonObject): boolean {
  for (const _ in object) return false
  return true
}

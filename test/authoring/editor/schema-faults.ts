/** A validator of JSON Schema (draft 7), as far as schemas of this project need one. */
import assert from 'node:assert/strict'

type Schema = Readonly<Record<string, unknown>>

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  integer: Number.isInteger,
  boolean: (value) => typeof value === 'boolean',
  null: (value) => value === null,
  array: Array.isArray,
  object: isObject,
}

/** Keywords that say nothing of values. */
const NOTES = ['$schema', 'title', 'description', 'markdownDescription', 'definitions', 'examples']

/** The paths at which a value does not fit, each with the keyword; a keyword that is not known here fails the test. */
export function schemaFaults(root: Schema, value: unknown): string[] {
  return faultsOf(root, value, '', root)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function faultsOf(schema: Schema, value: unknown, path: string, root: Schema): string[] {
  const fits = (inner: unknown): boolean => faultsOf(inner as Schema, value, path, root).length === 0
  const members = isObject(value) ? Object.entries(value) : []
  const { properties = {}, patternProperties = {} } = schema as Record<string, Record<string, Schema>>
  const patterns = Object.entries(patternProperties).map(
    ([pattern, inner]) => [RegExp(pattern, 'u'), inner] as const,
  )
  return Object.entries(schema).flatMap(([keyword, wanted]): string[] => {
    const fault = (isFault: boolean): string[] => (isFault ? [`${path} ${keyword}`] : [])
    const list = wanted as unknown[]
    switch (keyword) {
      case '$ref': {
        const name = /^#\/definitions\/(\w+)$/.exec(wanted as string)?.[1]
        const target = (root.definitions as Record<string, Schema>)[name!]
        assert.ok(target !== undefined, `${wanted} is defined`)
        return faultsOf(target, value, path, root)
      }
      case 'type':
        return fault(![wanted].flat().some((type) => TYPES[type as string]!(value)))
      case 'enum':
        return fault(!list.includes(value))
      case 'anyOf':
        return fault(!list.some(fits))
      case 'oneOf':
        return fault(list.filter(fits).length !== 1)
      case 'allOf':
        return list.flatMap((inner) => faultsOf(inner as Schema, value, path, root))
      case 'not':
        return fault(fits(wanted))
      case 'required':
        return fault(isObject(value) && list.some((name) => !Object.hasOwn(value, name as string)))
      case 'minimum':
        return fault(typeof value === 'number' && value < (wanted as number))
      case 'pattern':
        return fault(typeof value === 'string' && !RegExp(wanted as string, 'u').test(value))
      case 'minItems':
        return fault(Array.isArray(value) && value.length < (wanted as number))
      case 'maxItems':
        return fault(Array.isArray(value) && value.length > (wanted as number))
      case 'minProperties':
        return fault(isObject(value) && members.length < (wanted as number))
      case 'maxProperties':
        return fault(members.length > (wanted as number))
      case 'items':
        return !Array.isArray(value)
          ? []
          : value.flatMap((item, index) => faultsOf(wanted as Schema, item, `${path}/${index}`, root))
      case 'propertyNames':
        return members.flatMap(([name]) => faultsOf(wanted as Schema, name, `${path}/${name}`, root))
      case 'properties':
      case 'patternProperties':
      case 'additionalProperties':
        return members.flatMap(([name, member]) => {
          const own = Object.hasOwn(properties, name) ? properties[name] : undefined
          const matching = patterns.find(([pattern]) => pattern.test(name))?.[1]
          const inner =
            keyword === 'properties'
              ? own
              : keyword === 'patternProperties'
                ? matching
                : own === undefined && matching === undefined
                  ? wanted
                  : undefined
          if (inner === false) return [`${path}/${name} ${keyword}`]
          return isObject(inner) ? faultsOf(inner, member, `${path}/${name}`, root) : []
        })
      default:
        assert.ok(NOTES.includes(keyword), `the keyword ${keyword} is known`)
        return []
    }
  })
}

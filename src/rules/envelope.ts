import { isMapping } from '../expression/runtime/fields.ts'
import type { Dict, JsonObject, Maybe } from '../expression/value.ts'
import { Dict as DictValue } from '../expression/value.ts'

/** A longer name is not worth a hint. */
const MAX_NAME = 100

/**
 * The hint behind the message that a field is absent, where the event is an envelope round a list of events, such as
 * `{"Records": [{...}, ...]}`; else ''. Of the event two members at most are looked at.
 *
 * @param message which field is absent: one of that list is looked for on purpose
 */
export function envelopeHint(data: JsonObject | Dict, message: string): string {
  const only = onlyMember(data)
  if (only === undefined || !Array.isArray(only.value)) return ''
  if (['.', '[', ' '].some((end) => message.startsWith(`field ${only.name}${end}`))) return ''
  const [first] = only.value
  if (first === undefined || first === null || !isMapping(first) || only.name.length > MAX_NAME) return ''
  const taken = /^[A-Za-z_]\w*$/.test(only.name)
    ? `: --input-format json --pick ${only.name} takes them out`
    : ''
  return `; the event's only member ${JSON.stringify(only.name)} is a list, whose elements may be the events meant${taken}`
}

function onlyMember(data: JsonObject | Dict): { name: string; value: Maybe } | undefined {
  if (data instanceof DictValue) {
    if (data.entries.size !== 1) return undefined
    const [entry] = data.entries.values()
    const [name, value] = entry!
    return typeof name === 'string' ? { name, value } : undefined
  }
  let found: string | undefined
  for (const name in data) {
    if (found !== undefined) return undefined
    found = name
  }
  return found === undefined ? undefined : { name: found, value: data[found] }
}

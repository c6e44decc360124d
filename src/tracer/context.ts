/*
 * The context of a detection is one text, as it goes on the wire:
 *
 *     |ioc=192.0.2.7|confidence=80|active=true
 */

/** The context as the members of a JSON object, in its order: `{"ioc":"192.0.2.7",...}`. */
export function contextJson(context: string): string {
  let json = '{'
  for (let at = context.indexOf('|'); at >= 0; ) {
    const next = context.indexOf('|', at + 1)
    const field = context.slice(at + 1, next < 0 ? context.length : next)
    const equals = field.indexOf('=')
    const name = equals < 0 ? field : field.slice(0, equals)
    const value = equals < 0 ? '' : field.slice(equals + 1)
    json += `${json.length === 1 ? '' : ','}${JSON.stringify(name)}:${JSON.stringify(value)}`
    at = next
  }
  return `${json}}`
}

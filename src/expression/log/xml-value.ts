import { ENTRY_BYTES, ownMember, setMember } from '../runtime/containers/keys.ts'
import { ITEM_BYTES } from '../runtime/length.ts'
import type { Meter } from '../runtime/meter.ts'
import type { JsonObject, Value } from '../value.ts'
import type { XmlElement } from './xml.ts'

/**
 * An element as a value: its text, where it has neither attributes nor elements in it; else a dict of attributes (`@name`), of elements by
 * name (a list where there are several of one name), and of the text between them (`#text`), if that is not blank.
 */
export function elementValue(meter: Meter, { attributes, children, text }: XmlElement): Value {
  if (attributes.length === 0 && children.length === 0) return text
  const value: JsonObject = {}
  for (const attribute of attributes) {
    meter.build(ENTRY_BYTES)
    value[`@${attribute.name}`] = attribute.value
  }
  // A name that was seen before, and the list of its elements if there are several.
  const lists = new Map<string, Value[] | undefined>()
  for (const child of children) {
    const { name } = child
    const member = elementValue(meter, child)
    const list = lists.get(name)
    meter.build(list === undefined ? ENTRY_BYTES : ITEM_BYTES)
    if (list !== undefined) list.push(member)
    else if (lists.has(name)) {
      const both = [ownMember(value, name)!, member]
      lists.set(name, both)
      setMember(value, name, both)
    } else {
      lists.set(name, undefined)
      setMember(value, name, member)
    }
  }
  const between = text.trim()
  if (between !== '') value['#text'] = between
  return value
}

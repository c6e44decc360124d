import { attributeOf, localName, readXml, type XmlElement } from '../log/xml.ts'
import { elementValue } from '../log/xml-value.ts'
import { notText } from '../net/text-argument.ts'
import { ENTRY_BYTES, setMember } from '../runtime/containers/keys.ts'
import type { Meter } from '../runtime/meter.ts'
import { parseDigits } from '../runtime/numbers/number-text.ts'
import type { JsonObject, Maybe, Value } from '../value.ts'
import type { FunctionDefinition } from './definition.ts'

const LOGON = [
  '<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System>',
  '<Provider Name="Microsoft-Windows-Security-Auditing" Guid="{54849625-5478-4994-A5BA-3E3B0328C30D}"/>',
  '<EventID>4625</EventID><Version>0</Version><Level>0</Level><Task>12544</Task><Opcode>0</Opcode>',
  '<Keywords>0x8010000000000000</Keywords><TimeCreated SystemTime="2023-07-10T12:00:00.1234567Z"/>',
  '<EventRecordID>229977</EventRecordID><Correlation/><Execution ProcessID="516" ThreadID="3240"/>',
  '<Channel>Security</Channel><Computer>dc1.example.org</Computer><Security/></System>',
  '<EventData><Data Name="TargetUserName">ann</Data><Data Name="LogonType">3</Data><Data Name="WorkstationName"/></EventData></Event>',
].join('')

export const parseWindowsEvent: FunctionDefinition = {
  name: 'parse_windows_event',
  signature: 's',
  group: 'formats',
  returns: 'object?',
  pure: true,
  summary: 'Reads an event of the Windows event log in XML.',
  parameters: { s: 'the text, an `<Event>`' },
  result:
    "A dict of the members of `System` by winlogbeat's names: `provider_name provider_guid event_source_name event_id qualifiers version level task opcode keywords time_created record_id activity_id related_activity_id process_id thread_id channel computer_name user_identifier`; of `event_data` and `user_data`, dicts; and of `message`, if the event was rendered. Absent where the text is no such event.",
  errors: { TYPE_ERROR: '`s` is not a string' },
  notes: [
    '`event_id qualifiers version level task opcode record_id process_id thread_id` are integers. Empty members are absent.',
    '',
    'Values in `event_data` without a name of their own are `param1`, `param2`, by their place. Of values with one name the first one counts.',
    '`user_data` has the name of its element as `xml_name`, and its members, which may be dicts as `parse_xml` gives them. All values are texts;',
    'line breaks at their end are left off.',
  ].join('\n'),
  examples: [
    {
      expression: 'parse_windows_event(message)',
      event: { message: LOGON },
      result: {
        provider_name: 'Microsoft-Windows-Security-Auditing',
        provider_guid: '{54849625-5478-4994-A5BA-3E3B0328C30D}',
        event_id: 4625,
        version: 0,
        level: 0,
        task: 12544,
        opcode: 0,
        keywords: '0x8010000000000000',
        time_created: '2023-07-10T12:00:00.1234567Z',
        record_id: 229977,
        process_id: 516,
        thread_id: 3240,
        channel: 'Security',
        computer_name: 'dc1.example.org',
        event_data: { TargetUserName: 'ann', LogonType: '3' },
      },
    },
    {
      expression: "parse_windows_event(message)['user_data']",
      event: {
        message:
          '<Event><System><EventID>104</EventID></System><UserData><LogFileCleared xmlns="urn:x"><SubjectUserName>ann</SubjectUserName></LogFileCleared></UserData></Event>',
      },
      result: { xml_name: 'LogFileCleared', SubjectUserName: 'ann' },
    },
    { expression: 'parse_windows_event(message)', event: { message: '<Event/>' }, result: undefined },
    {
      expression: 'parse_windows_event(message)',
      event: { message: LOGON.slice(0, 200) },
      result: undefined,
    },
    { expression: 'parse_windows_event(message)', event: { message: 1 }, rejected: 'TYPE_ERROR' },
  ],
  implementation: {
    kind: 'direct',
    call({ meter }, s: Value) {
      if (typeof s !== 'string') throw notText('parse_windows_event', 's', s)
      const root = readXml(meter, s)
      return root === undefined || localName(root.name) !== 'Event' ? undefined : readEvent(meter, root)
    },
  },
}

/** A member of `System`. */
interface SystemMember {
  /** The attribute that has its value; none: the text of the element. */
  readonly attribute: string
  readonly name: string
  readonly isInteger: boolean
}

const text = (name: string, attribute = ''): SystemMember => ({ attribute, name, isInteger: false })
const integer = (name: string, attribute = ''): SystemMember => ({ attribute, name, isInteger: true })

/** The members by the elements that have them. */
const SYSTEM: ReadonlyMap<string, readonly SystemMember[]> = new Map([
  [
    'Provider',
    [
      text('provider_name', 'Name'),
      text('provider_guid', 'Guid'),
      text('event_source_name', 'EventSourceName'),
    ],
  ],
  ['EventID', [integer('event_id'), integer('qualifiers', 'Qualifiers')]],
  ['Version', [integer('version')]],
  ['Level', [integer('level')]],
  ['Task', [integer('task')]],
  ['Opcode', [integer('opcode')]],
  ['Keywords', [text('keywords')]],
  ['TimeCreated', [text('time_created', 'SystemTime')]],
  ['EventRecordID', [integer('record_id')]],
  ['Correlation', [text('activity_id', 'ActivityID'), text('related_activity_id', 'RelatedActivityID')]],
  ['Execution', [integer('process_id', 'ProcessID'), integer('thread_id', 'ThreadID')]],
  ['Channel', [text('channel')]],
  ['Computer', [text('computer_name')]],
  ['Security', [text('user_identifier', 'UserID')]],
])

/** Longer ones are texts. */
const MAX_DIGITS = 15

function readEvent(meter: Meter, root: XmlElement): Maybe<JsonObject> {
  const event: JsonObject = {}
  let isEvent = false
  for (const part of root.children) {
    switch (localName(part.name)) {
      case 'System':
        isEvent = true
        for (const member of part.children) putSystem(event, member)
        break
      case 'EventData':
        putData(event, 'event_data', readPairs(meter, part, {}))
        break
      case 'UserData': {
        const [data] = part.children
        if (data !== undefined)
          putData(event, 'user_data', readPairs(meter, data, { xml_name: localName(data.name) }))
        break
      }
      case 'RenderingInfo': {
        const message = part.children.find(({ name }) => localName(name) === 'Message')
        if (message !== undefined && message.text !== '') event.message = withoutLineBreaks(message.text)
      }
    }
  }
  return isEvent ? event : undefined
}

function putSystem(event: JsonObject, element: XmlElement): void {
  const members = SYSTEM.get(localName(element.name))
  if (members === undefined) return
  for (const { attribute, name, isInteger } of members) {
    const value = attribute === '' ? element.text.trim() : attributeOf(element, attribute)
    if (value === undefined || value === '') continue
    event[name] = isInteger ? (parseDigits(value, MAX_DIGITS) ?? value) : value
  }
}

function putData(event: JsonObject, name: string, data: JsonObject): void {
  for (const _ in data) {
    event[name] = data
    return
  }
}

/** The elements in `element` by their names, as winlogbeat has them. */
function readPairs(meter: Meter, element: XmlElement, pairs: JsonObject): JsonObject {
  let index = 0
  for (const child of element.children) {
    index++
    const { children } = child
    const value = children.length === 0 ? withoutLineBreaks(child.text) : elementValue(meter, child)
    if (value === '') continue
    const given = attributeOf(child, 'Name') ?? ''
    const name = given === '' ? localName(child.name) : given
    const member = name === 'Data' ? `param${index}` : name
    if (Object.hasOwn(pairs, member)) continue
    meter.build(ENTRY_BYTES)
    setMember(pairs, member, value)
  }
  return pairs
}

/** Text without line breaks at its end. */
function withoutLineBreaks(text: string): string {
  let end = text.length
  while (end > 0 && text.charCodeAt(end - 1) === 0x0a) end--
  return end === text.length ? text : text.slice(0, end)
}

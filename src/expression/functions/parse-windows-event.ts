import { localName, readXml, type XmlElement } from '../log/xml.ts'
import { elementValue } from '../log/xml-value.ts'
import { notText } from '../net/text-argument.ts'
import { ENTRY_BYTES, setMember } from '../runtime/containers/keys.ts'
import type { Meter } from '../runtime/meter.ts'
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

/** Members of `System`: the element, its attribute (none: the text of the element), and the name of the member. */
const SYSTEM: ReadonlyMap<string, readonly (readonly [attribute: string, member: string])[]> = new Map([
  [
    'Provider',
    [
      ['Name', 'provider_name'],
      ['Guid', 'provider_guid'],
      ['EventSourceName', 'event_source_name'],
    ],
  ],
  [
    'EventID',
    [
      ['', 'event_id'],
      ['Qualifiers', 'qualifiers'],
    ],
  ],
  ['Version', [['', 'version']]],
  ['Level', [['', 'level']]],
  ['Task', [['', 'task']]],
  ['Opcode', [['', 'opcode']]],
  ['Keywords', [['', 'keywords']]],
  ['TimeCreated', [['SystemTime', 'time_created']]],
  ['EventRecordID', [['', 'record_id']]],
  [
    'Correlation',
    [
      ['ActivityID', 'activity_id'],
      ['RelatedActivityID', 'related_activity_id'],
    ],
  ],
  [
    'Execution',
    [
      ['ProcessID', 'process_id'],
      ['ThreadID', 'thread_id'],
    ],
  ],
  ['Channel', [['', 'channel']]],
  ['Computer', [['', 'computer_name']]],
  ['Security', [['UserID', 'user_identifier']]],
])

const INTEGERS: ReadonlySet<string> = new Set([
  ...['event_id', 'qualifiers', 'version', 'level', 'task', 'opcode', 'record_id', 'process_id', 'thread_id'],
])
const INTEGER = /^\d{1,15}$/

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
  for (const [attribute, member] of SYSTEM.get(localName(element.name)) ?? []) {
    const value = attribute === '' ? element.text.trim() : (element.attributes?.[attribute] as Maybe<string>)
    if (value === undefined || value === '') continue
    event[member] = INTEGERS.has(member) && INTEGER.test(value) ? Number(value) : value
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
  for (const [index, child] of element.children.entries()) {
    const { children, attributes } = child
    const value = children.length === 0 ? withoutLineBreaks(child.text) : elementValue(meter, child)
    if (value === '') continue
    const given = attributes === undefined ? '' : ((attributes.Name as Maybe<string>) ?? '')
    const name = given === '' ? localName(child.name) : given
    const member = name === 'Data' ? `param${index + 1}` : name
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

import { notText } from '../net/text-argument.ts'
import type { Value } from '../value.ts'
import type { FunctionDefinition } from './definition.ts'

export const parseJson: FunctionDefinition = {
  name: 'parse_json',
  signature: 's',
  group: 'formats',
  returns: 'any?',
  pure: true,
  summary: 'Reads a text of JSON.',
  parameters: { s: 'the text: one value of any type, blanks around it do not count' },
  result: 'The value: dict, list, text, number, boolean or null. Absent where the text is not JSON.',
  errors: { TYPE_ERROR: '`s` is not a string' },
  notes: [
    'Integers of any size are exact. A fraction is written as JavaScript writes it: `1.50` gives `1.5`. Of members with one name the',
    'last one counts. More than 10,000 levels are no JSON here.',
  ].join('\n'),
  examples: [
    {
      expression: 'parse_json(message)',
      event: { message: '{"user": "root", "ports": [22, 80]}' },
      result: { user: 'root', ports: [22, 80] },
    },
    { expression: "parse_json(message)['user']", event: { message: '{"user":"root"}' }, result: 'root' },
    {
      expression: "str(parse_json(message)['id'])",
      event: { message: '{"id": 12345678901234567890}' },
      result: '12345678901234567890',
    },
    { expression: 'parse_json(message)', event: { message: ' null ' }, result: null },
    { expression: 'parse_json(message)', event: { message: '{"user": root}' }, result: undefined },
    { expression: 'parse_json(message)', event: { message: 'started' }, result: undefined },
    { expression: 'parse_json(message)', event: { message: { user: 'root' } }, rejected: 'TYPE_ERROR' },
  ],
  implementation: {
    kind: 'direct',
    call({ meter, json }, s: Value) {
      if (typeof s !== 'string') throw notText('parse_json', 's', s)
      return json.read(meter, s)
    },
  },
}

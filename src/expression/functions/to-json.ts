import type { Value } from '../value.ts'
import type { FunctionDefinition } from './definition.ts'

export const toJson: FunctionDefinition = {
  name: 'to_json',
  signature: 'v',
  group: 'formats',
  returns: 'text',
  pure: true,
  summary: 'Writes a value as JSON.',
  parameters: { v: 'any value' },
  result: 'The text, without blanks between the parts of it.',
  errors: {
    TYPE_ERROR: 'a dict in it has a tuple as key',
    VALUE_ERROR: '`v` nests deeper than 2,000 levels, or its text is too long',
  },
  notes: [
    'The text is that of the output: integers of any size are exact, tuples, sets and iterators are lists, names that are no',
    'texts become texts, NaN and the infinities are `"NaN"`, `"Infinity"` and `"-Infinity"`.',
  ].join('\n'),
  examples: [
    {
      expression: 'to_json(app)',
      event: { app: { name: 'sshd', ports: [22] } },
      result: '{"name":"sshd","ports":[22]}',
    },
    { expression: 'to_json([1, 2.5, none, True])', event: { none: null }, result: '[1,2.5,null,true]' },
    { expression: 'to_json(2 ** 70)', result: '1180591620717411303424' },
    { expression: 'to_json(user)', event: { user: 'a "b"' }, result: '"a \\"b\\""' },
    { expression: 'to_json({(1, 2): 3})', rejected: 'TYPE_ERROR' },
  ],
  implementation: { kind: 'direct', call: ({ meter, json }, v: Value) => json.write(meter, v, 'as-it-is') },
}

import { notText } from '../net/text-argument.ts'
import { lower as lowerText } from '../runtime/text/casing.ts'
import type { Value } from '../value.ts'
import type { FunctionDefinition } from './definition.ts'

export const lower: FunctionDefinition = {
  name: 'lower',
  signature: 's',
  group: 'text',
  returns: 'text',
  pure: true,
  summary: 'Converts a text to lower case.',
  parameters: { s: 'the text' },
  result: 'The text in lower case, as `str.lower` of Python has it.',
  errors: { TYPE_ERROR: '`s` is not a string' },
  examples: [
    { expression: 'lower(hostname)', event: { hostname: 'DC1.Example.ORG' }, result: 'dc1.example.org' },
    { expression: "lower('ПОЧТА-1')", result: 'почта-1' },
    { expression: 'lower(hostname)', event: { hostname: 5 }, rejected: 'TYPE_ERROR' },
  ],
  implementation: {
    kind: 'direct',
    call({ meter }, s: Value) {
      if (typeof s !== 'string') throw notText('lower', 's', s)
      return lowerText(s, meter)
    },
  },
}

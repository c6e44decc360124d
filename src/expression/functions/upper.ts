import { notText } from '../net/text-argument.ts'
import { upper as upperText } from '../runtime/text/casing.ts'
import type { Value } from '../value.ts'
import type { FunctionDefinition } from './definition.ts'

export const upper: FunctionDefinition = {
  name: 'upper',
  signature: 's',
  group: 'text',
  returns: 'text',
  pure: true,
  summary: 'Converts a text to upper case.',
  parameters: { s: 'the text' },
  result: 'The text in upper case, as `str.upper` of Python has it: `ß` becomes `SS`.',
  errors: { TYPE_ERROR: '`s` is not a string' },
  examples: [
    { expression: 'upper(software_name)', event: { software_name: 'nginx' }, result: 'NGINX' },
    { expression: "upper('straße')", result: 'STRASSE' },
    { expression: 'upper(software_name)', event: { software_name: null }, rejected: 'TYPE_ERROR' },
  ],
  implementation: {
    kind: 'direct',
    call({ meter }, s: Value) {
      if (typeof s !== 'string') throw notText('upper', 's', s)
      return upperText(s, meter)
    },
  },
}

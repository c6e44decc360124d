import { Hasher } from '../coding/digest.ts'
import type { Value } from '../value.ts'
import type { EventContext, FunctionDefinition } from './definition.ts'

export const fingerprint: FunctionDefinition = {
  name: 'fingerprint',
  signature: '*values',
  group: 'coding',
  returns: 'text',
  pure: true,
  subject: 'none',
  summary: 'Computes an id for values of any type: equal values have the same one.',
  parameters: { values: 'fields or other expressions' },
  result: 'The SHA-256 of the canonical JSON of the list of the values, as hexadecimal digits in lower case.',
  errors: {
    TYPE_ERROR: 'a dict in the values has a tuple as key',
    VALUE_ERROR: 'the values nest deeper than 2,000 levels, or are too big',
  },
  notes: [
    'Canonical JSON has no blanks, and the members of a dict in the order of their names, so that their order in the event does not matter; that of lists',
    'does. `1` and `1.0` are equal, `1` and `"1"` are not. Where one of the values is absent so is the result: `optional(user, null)` counts it as null.',
  ].join('\n'),
  examples: [
    {
      expression: 'fingerprint(src, port)',
      event: { src: '192.0.2.1', port: 443 },
      result: '93b36b784a65aa5fd5e6bec453d1a16e408a0c27f642ef620312f11c63489891',
    },
    {
      expression: 'fingerprint(a) == fingerprint(b)',
      event: { a: { x: 1, y: [2] }, b: { y: [2.0], x: 1 } },
      result: true,
    },
    { expression: 'fingerprint(a) == fingerprint(b)', event: { a: [1, 2], b: [2, 1] }, result: false },
    { expression: 'fingerprint(user)', event: {}, result: undefined },
  ],
  implementation: {
    kind: 'prepared',
    constants: {},
    // Prepared, though nothing is constant: one hasher serves all events.
    prepare() {
      const hasher = new Hasher('sha256')
      return ({ meter, json }: EventContext, ...values: Value[]) => {
        const text = json.write(meter, values, 'sorted')
        meter.touch(HASHED * text.length)
        return hasher.hexOf(text)
      }
    },
  },
}

/** Units of work for a character. */
const HASHED = 20

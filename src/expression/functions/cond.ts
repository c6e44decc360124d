import type { FunctionDefinition } from './definition.ts'

export const cond: FunctionDefinition = {
  name: 'cond',
  signature: 'condition, value, *more',
  group: 'logic',
  returns: 'any?',
  pure: true,
  subject: 'none',
  summary: 'Gives the value that stands after the first true condition.',
  parameters: {
    condition: 'an expression; what Python calls true counts as true',
    value: 'the result if it is true',
    more: 'further conditions, each with its value, and at the end, if their number is odd, a default',
  },
  result:
    "The chosen condition's value, else the default. Absent if no condition is true and there is no default.",
  errors: {
    FIELD_MISSING:
      'the rule is required, and a condition or the chosen value reaches an absent field, or nothing matches',
  },
  notes: [
    'Evaluation is lazy, from left to right: nothing after the chosen value is looked at. In an optional rule a condition',
    'that reaches an absent field counts as false and the next pair is tried; if the chosen value reaches an absent',
    'field, the output field is left out. A lookup miss and an index or key out of range count like an absent field.',
    'Arguments have no names.',
  ].join('\n'),
  examples: [
    {
      expression: "cond(browser_name == 'Firefox', 'Firefox detected', 'Other browser detected')",
      event: { browser_name: 'Firefox' },
      result: 'Firefox detected',
    },
    {
      expression:
        "cond(type == 'utm', 'Suspicious activity was detected', action == 'close', 'A connection was closed', action == 'start', 'A connection was started', 'A connection was allowed')",
      event: { type: 'traffic', action: 'start' },
      result: 'A connection was started',
    },
    {
      expression: "cond(action == 'reset', 'flow/reset', action == 'deny', 'flow/deny')",
      event: { action: 'accept' },
      result: undefined,
    },
    {
      expression: "cond(user == '-', 'nobody', name)",
      event: { user: 'root' },
      result: undefined,
    },
  ],
  implementation: { kind: 'special', form: 'cond' },
}

import type { FunctionDefinition } from './definition.ts'

export const coalesce: FunctionDefinition = {
  name: 'coalesce',
  signature: '*values',
  group: 'logic',
  returns: 'any?',
  pure: true,
  subject: 'none',
  summary: 'Gives the first of several values that is useful, as `exists` understands it.',
  parameters: {
    values: 'fields or other expressions, evaluated in their order up to the first that is useful',
  },
  result: 'The value; absent where each one is absent, `null`, `""` or `"-"`.',
  errors: {},
  notes: [
    'A step of a path that leads nowhere, a lookup miss, and an index or key out of range make a value absent. Errors of',
    'type and value stay errors: `attempt` takes them. A last value that is useful is the default.',
  ].join('\n'),
  examples: [
    { expression: 'coalesce(user, login)', event: { user: '-', login: 'root' }, result: 'root' },
    { expression: 'coalesce(user.name, login)', event: { user: 'x', login: 'root' }, result: 'root' },
    { expression: "coalesce(user, login, 'nobody')", event: { user: null }, result: 'nobody' },
    { expression: 'coalesce(count, 1)', event: { count: 0 }, result: 0 },
    { expression: 'coalesce(lower(user), login)', event: { login: 'root' }, result: 'root' },
    { expression: 'coalesce(user, login)', event: { user: '' }, result: undefined },
    { expression: "coalesce(a + 1, 'x')", event: { a: 'y' }, rejected: 'TYPE_ERROR' },
  ],
  implementation: { kind: 'special', form: 'coalesce' },
}

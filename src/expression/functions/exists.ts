import type { FunctionDefinition } from './definition.ts'

export const exists: FunctionDefinition = {
  name: 'exists',
  signature: 'path',
  group: 'logic',
  returns: 'boolean',
  pure: true,
  subject: 'none',
  summary: 'Tells whether a field has a useful value.',
  parameters: {
    path: 'a field, or a path to one: `user`, `line.app.name`, `data["any key"]`; or a call of a function that may find nothing, or an item of its result',
  },
  result:
    '`false` if the field is absent, `null`, `""` or `"-"`; else `true`. `0`, `false` and `[]` are useful.',
  errors: {},
  notes:
    'A path never fails: a step that leads nowhere is an absent field. Errors of type and value in a call stay errors.',
  examples: [
    { expression: 'exists(line.app.data.user)', event: { app: { data: { user: 'root' } } }, result: true },
    { expression: 'exists(line.app.data.user)', event: { app: {} }, result: false },
    { expression: 'exists(user)', event: { user: '-' }, result: false },
    { expression: 'exists(user)', event: { user: '' }, result: false },
    { expression: 'exists(user)', event: { user: null }, result: false },
    { expression: 'exists(count)', event: { count: 0 }, result: true },
    { expression: "exists(data['user'][key])", event: { user: { name: 'root' } }, result: false },
    { expression: 'exists(parse_kv(message))', event: { message: 'no pairs' }, result: false },
    {
      expression: "exists(parse_kv(message)['user'])",
      event: { message: 'user= ip=192.0.2.7' },
      result: false,
    },
    {
      expression: 'cond(exists(line.app.name), line.app.name, "unknown application")',
      event: { app: { name: '-' } },
      result: 'unknown application',
    },
  ],
  implementation: { kind: 'special', form: 'exists' },
}

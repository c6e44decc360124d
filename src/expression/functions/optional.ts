import type { FunctionDefinition } from './definition.ts'

export const optional: FunctionDefinition = {
  name: 'optional',
  signature: 'expr, default=false',
  group: 'logic',
  returns: 'any',
  pure: true,
  summary: 'Evaluates an expression if all its fields are there, and gives a default otherwise.',
  parameters: {
    expr: 'an expression',
    default: 'the result if a field is absent; evaluated only then. Not given: `false`',
  },
  result: 'The value of `expr`, or the default.',
  errors: {},
  notes: [
    'Every field that occurs in `expr` has to be there, also one that evaluation would not reach (`a or b`). Fields',
    'inside a nested `exists` or `optional` do not count. A lookup miss and an index or key out of range count like an',
    'absent field. `null` is not absent. Errors of type and value in `expr` stay errors.',
  ].join('\n'),
  examples: [
    { expression: 'optional(tcp.rst, false)', event: { tcp: { rst: true } }, result: true },
    { expression: 'optional(tcp.rst)', event: { tcp: {} }, result: false },
    {
      expression: "cond(optional(tcp.rst, false), 'failed', optional(tcp.fin, false), 'success', 'pending')",
      event: { tcp: { fin: true } },
      result: 'success',
    },
    { expression: "optional(a + b + c, float('nan'))", event: { a: 1, c: 3 }, result: 'NaN' },
    { expression: "optional(a or b, 'unknown')", event: { a: 'x' }, result: 'unknown' },
    { expression: "optional(a, 'unknown')", event: { a: null }, result: null },
    { expression: "optional(path.split('/')[3], '')", event: { path: '/usr' }, result: '' },
    { expression: 'optional(a + 1)', event: { a: 'x' }, rejected: 'TYPE_ERROR' },
  ],
  implementation: { kind: 'special', form: 'optional' },
}

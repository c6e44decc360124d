import type { FunctionDefinition } from './definition.ts'

export const attempt: FunctionDefinition = {
  name: 'attempt',
  signature: 'expr, default=false',
  group: 'logic',
  returns: 'any',
  pure: true,
  summary: 'Evaluates an expression, and gives a default where a field is absent or the evaluation fails.',
  parameters: {
    expr: 'an expression',
    default: 'the result if `expr` has none; evaluated only then. Not given: `false`',
  },
  result: 'The value of `expr`, or the default.',
  errors: {
    VALUE_ERROR: 'the event has caused more work, or has built more values, than one event may',
  },
  notes: [
    'As `optional`, and for errors of type and value and divisions by zero, too. Errors in the default stay errors.',
    'Anomalies that functions in `expr` have noted before it failed stay noted.',
  ].join('\n'),
  examples: [
    { expression: 'attempt(port::int, 0)', event: { port: '443' }, result: 443 },
    { expression: 'attempt(port::int, 0)', event: { port: 'https' }, result: 0 },
    { expression: 'attempt(port::int, 0)', event: {}, result: 0 },
    { expression: 'attempt(bytes / packets, null)', event: { bytes: 10, packets: 0 }, result: null },
    { expression: "attempt(a + 1, 'unknown')", event: { a: 'x' }, result: 'unknown' },
    { expression: 'attempt(attempt(a + 1, b + 1), 0)', event: { a: 'x', b: 'y' }, result: 0 },
    { expression: 'attempt(a + 1, a * a)', event: { a: 'x' }, rejected: 'TYPE_ERROR' },
  ],
  implementation: { kind: 'special', form: 'attempt' },
}

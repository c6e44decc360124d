import { follow, PathReader } from '../runtime/containers/path.ts'
import type { Maybe, Value } from '../value.ts'
import type { EventContext, FunctionDefinition } from './definition.ts'

export const get: FunctionDefinition = {
  name: 'get',
  signature: 'v, path, default=',
  group: 'dicts',
  returns: 'any?',
  pure: true,
  summary: 'Gives the value at a path in dicts and lists.',
  parameters: {
    v: 'a dict or a list; in any other value no path leads anywhere',
    path: 'a text with dots, `"a.b.0"`, or a list of names and indexes, `["a.b", 0]`',
    default:
      'the result where the path leads nowhere; evaluated only then. Not given: such a path is an absence',
  },
  result: 'The value at the path, `null` included.',
  errors: { TYPE_ERROR: '`path` is neither a text nor a list of texts and integers, or is an empty list' },
  notes: [
    'A number in a path is an index where it meets a list, `-1` the last one. Names with dots in them need the list. An absent `v` is an absence',
    'of its own: the default covers the path only.',
  ].join('\n'),
  examples: [
    { expression: "get(app, 'user.name')", event: { app: { user: { name: 'root' } } }, result: 'root' },
    { expression: "get(app, 'ports.-1')", event: { app: { ports: [22, 443] } }, result: 443 },
    { expression: "get(app, ['k8s.pod', 0])", event: { app: { 'k8s.pod': ['web'] } }, result: 'web' },
    { expression: "get(app, 'user.name', 'nobody')", event: { app: { user: '-' } }, result: 'nobody' },
    { expression: "get(app, 'user.name')", event: { app: {} }, result: undefined },
    { expression: 'get(app, 1)', event: { app: {} }, rejected: 'TYPE_ERROR' },
  ],
  implementation: { kind: 'prepared', constants: {}, fallback: 'default', prepare },
}

/** Prepared for the path, which is mostly a constant, and the default. */
function prepare(): (context: EventContext, v: Value, path: Value) => Maybe {
  const paths = new PathReader('get')
  return (_context, v, path) => {
    let value: Maybe = v
    for (const step of paths.read(path)) {
      value = follow(value, step)
      if (value === undefined) return undefined
    }
    return value
  }
}

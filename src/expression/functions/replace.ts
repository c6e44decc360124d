import { notText } from '../net/text-argument.ts'
import { replace as replaceText } from '../runtime/text/search.ts'
import type { Value } from '../value.ts'
import type { FunctionDefinition } from './definition.ts'

export const replace: FunctionDefinition = {
  name: 'replace',
  signature: 's, old, new',
  group: 'text',
  returns: 'text',
  pure: true,
  summary: 'Replaces every occurrence of a text in another one.',
  parameters: {
    s: 'the text',
    old: 'what to replace: literal text, no pattern',
    new: 'what to put in its place: literal text',
  },
  result: 'The text with the replacements.',
  errors: {
    TYPE_ERROR: 'one of the arguments is not a string',
    VALUE_ERROR: 'the result would be too long',
  },
  notes:
    'Occurrences are found from the left and do not overlap. The empty text occurs between all characters, as in Python.',
  examples: [
    {
      expression: "replace(line.full_user_name, 'benutzer', 'user')",
      event: { full_user_name: 'benutzer1, benutzer2' },
      result: 'user1, user2',
    },
    { expression: "replace(path, '.', '$&')", event: { path: 'a.b.c' }, result: 'a$&b$&c' },
    { expression: "replace('aaa', 'aa', 'b')", result: 'ba' },
    { expression: "replace(path, 'x', '')", event: { path: 'abc' }, result: 'abc' },
    { expression: "replace(path, '1', '2')", event: { path: 11 }, rejected: 'TYPE_ERROR' },
  ],
  implementation: {
    kind: 'direct',
    call({ meter }, s: Value, old: Value, replacement: Value) {
      if (typeof s !== 'string') throw notText('replace', 's', s)
      if (typeof old !== 'string') throw notText('replace', 'old', old)
      if (typeof replacement !== 'string') throw notText('replace', 'new', replacement)
      return replaceText(meter, s, old, replacement)
    },
  },
}

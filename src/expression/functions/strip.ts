import { notText } from '../net/text-argument.ts'
import { strip as stripText } from '../runtime/text/split.ts'
import type { Maybe, Value } from '../value.ts'
import type { FunctionDefinition } from './definition.ts'

export const strip: FunctionDefinition = {
  name: 'strip',
  signature: 'chars_or_s, s=',
  group: 'text',
  returns: 'text',
  pure: true,
  subject: 'only',
  summary: 'Removes white space, or the given characters, from both ends of a text.',
  parameters: {
    chars_or_s: 'the text, if it is the only argument; else the characters to remove, in any order',
    s: 'the text, if characters are given. Note the order: `strip(",", s)` is `s.strip(",")` of Python',
  },
  result: 'The text without them. What stands inside the text stays.',
  errors: {
    TYPE_ERROR: 'the text is not a string, or the characters are neither a string nor null (white space)',
  },
  examples: [
    { expression: 'strip(messy_string)', event: { messy_string: ' \t root \n' }, result: 'root' },
    {
      expression: 'strip(",", messy_comma_string)',
      event: { messy_comma_string: ',,a,b,' },
      result: 'a,b',
    },
    {
      expression: `strip(",\\'.", messy_multiple_possible_string)`,
      event: { messy_multiple_possible_string: "'.a.b,'" },
      result: 'a.b',
    },
    { expression: 'strip(s)', event: { s: 5 }, rejected: 'TYPE_ERROR' },
  ],
  implementation: {
    kind: 'direct',
    call(_context, charactersOrText: Value, text: Maybe) {
      if (text === undefined) {
        if (typeof charactersOrText !== 'string') throw notText('strip', 's', charactersOrText)
        return stripText(charactersOrText)
      }
      if (typeof text !== 'string') throw notText('strip', 's', text)
      if (charactersOrText === null) return stripText(text)
      if (typeof charactersOrText !== 'string') throw notText('strip', 'chars', charactersOrText)
      return stripText(text, charactersOrText)
    },
  },
}

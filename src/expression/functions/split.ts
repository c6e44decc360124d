import { notText } from '../net/text-argument.ts'
import { split as splitText } from '../runtime/text/split.ts'
import type { Value } from '../value.ts'
import type { FunctionDefinition } from './definition.ts'

export const split: FunctionDefinition = {
  name: 'split',
  signature: 's, sep',
  group: 'text',
  returns: 'list',
  pure: true,
  summary: 'Splits a text at every separator.',
  parameters: {
    s: 'the text',
    sep: 'the separator, a text of any length; null: runs of white space',
  },
  result:
    'A list of texts: one more than there are separators. `[0]` is the first, `[-1]` the last; an index beyond the list is absent.',
  errors: {
    TYPE_ERROR: '`s` is not a string, or `sep` is neither a string nor null',
    VALUE_ERROR: '`sep` is the empty text',
  },
  examples: [
    { expression: "split(http.protocol, '/')[0]", event: { http: { protocol: 'HTTP/1.1' } }, result: 'HTTP' },
    { expression: "split(http.other_name, ',')[-1]", event: { http: { other_name: 'a,b,c' } }, result: 'c' },
    { expression: "split(path, '/')", event: { path: '/usr//bin' }, result: ['', 'usr', '', 'bin'] },
    { expression: "split('', ',')", result: [''] },
    { expression: 'split(flags, null)', event: { flags: ' syn  ack ' }, result: ['syn', 'ack'] },
    { expression: "split(path, '/')[5]", event: { path: '/usr' }, result: undefined },
    { expression: "split(path, '')", event: { path: '/usr' }, rejected: 'VALUE_ERROR' },
    { expression: "split(path, '/')", event: { path: ['usr'] }, rejected: 'TYPE_ERROR' },
  ],
  implementation: {
    kind: 'direct',
    call({ meter }, s: Value, separator: Value) {
      if (typeof s !== 'string') throw notText('split', 's', s)
      if (separator === null) return splitText(meter, s)
      if (typeof separator !== 'string') throw notText('split', 'sep', separator)
      return splitText(meter, s, separator)
    },
  },
}

import { type HtmlEntities, readEntities, unescapeHtml } from '../coding/html.ts'
import { notText } from '../net/text-argument.ts'
import type { Value } from '../value.ts'
import type { FunctionDefinition } from './definition.ts'

export const htmlUnescape: FunctionDefinition = {
  name: 'html_unescape',
  signature: 's',
  group: 'coding',
  returns: 'text',
  pure: true,
  summary: 'Replaces the character references of HTML, `&amp;` and `&#38;`.',
  parameters: { s: 'the text' },
  result: 'The text with the characters.',
  errors: { TYPE_ERROR: '`s` is not a string' },
  notes: [
    "As Python's `html.unescape`, which goes by HTML 5: old names need no `;` (`&ampx` is `&x`), numbers that are no characters are U+FFFD or",
    'nothing, those from 128 to 159 are characters of Windows-1252. Unknown names stay.',
  ].join('\n'),
  examples: [
    { expression: "html_unescape('a &lt; b &amp;&amp; c')", result: 'a < b && c' },
    { expression: "html_unescape('&#x41;&#66;&nbsp;&euro;')", result: 'AB\u00a0€' },
    { expression: "html_unescape('&ampx &copy2024 &unknown; & &#')", result: '&x ©2024 &unknown; & &#' },
    { expression: 'html_unescape(v)', event: { v: 1 }, rejected: 'TYPE_ERROR' },
  ],
  implementation: {
    kind: 'prepared',
    constants: {},
    // Prepared, though nothing is constant: the table is made for the first text that needs it.
    prepare() {
      let entities: HtmlEntities | undefined
      return (_context, s: Value) => {
        if (typeof s !== 'string') throw notText('html_unescape', 's', s)
        if (!s.includes('&')) return s
        entities ??= readEntities()
        return unescapeHtml(s, entities)
      }
    },
  },
}

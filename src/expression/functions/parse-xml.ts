import { MAX_XML_DEPTH, readXml } from '../log/xml.ts'
import { elementValue } from '../log/xml-value.ts'
import { notText } from '../net/text-argument.ts'
import { setMember } from '../runtime/containers/keys.ts'
import type { JsonObject, Value } from '../value.ts'
import type { FunctionDefinition } from './definition.ts'

export const parseXml: FunctionDefinition = {
  name: 'parse_xml',
  signature: 's',
  group: 'formats',
  returns: 'object?',
  pure: true,
  summary: 'Reads a document of XML.',
  parameters: { s: 'the text' },
  result:
    'A dict of the root by its name. An element is its text, where it has neither attributes nor elements in it; else a dict of attributes (`@name`), of elements by name (a list where there are several of one name), and of the text between them (`#text`), if that is not blank. Absent where the text is not one well-formed document.',
  errors: { TYPE_ERROR: '`s` is not a string' },
  notes: [
    'All values are texts, names keep their prefix. `&lt; &gt; &amp; &quot; &apos;` and numbers of characters are replaced; entities of the document are never',
    `expanded, and a reference to one stays as it is. The document type, comments and instructions are skipped. More than ${MAX_XML_DEPTH} levels are not read.`,
  ].join('\n'),
  examples: [
    {
      expression: 'parse_xml(message)',
      event: {
        message: '<alert id="7"><src>192.0.2.1</src><tag>a</tag><tag>b &amp; c</tag><empty/></alert>',
      },
      result: { alert: { '@id': '7', src: '192.0.2.1', tag: ['a', 'b & c'], empty: '' } },
    },
    {
      expression: "parse_xml(message)['log']['line']",
      event: { message: '<log><line level="warn">disk full</line></log>' },
      result: { '@level': 'warn', '#text': 'disk full' },
    },
    {
      expression: 'parse_xml(message)',
      event: { message: '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;<![CDATA[<b>]]></a>' },
      result: { a: '&x;<b>' },
    },
    { expression: 'parse_xml(message)', event: { message: '<a><b></a>' }, result: undefined },
    { expression: 'parse_xml(message)', event: { message: 'no document' }, result: undefined },
    { expression: 'parse_xml(message)', event: { message: 1 }, rejected: 'TYPE_ERROR' },
  ],
  implementation: {
    kind: 'direct',
    call({ meter }, s: Value) {
      if (typeof s !== 'string') throw notText('parse_xml', 's', s)
      const root = readXml(meter, s)
      if (root === undefined) return undefined
      const document: JsonObject = {}
      setMember(document, root.name, elementValue(meter, root))
      return document
    },
  },
}

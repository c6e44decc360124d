import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { XMLParser } from 'fast-xml-parser'
import { parseXml } from '../../../src/expression/functions/parse-xml.ts'
import { compileRules } from '../../../src/rules/compile.ts'
import { call, processorMs } from './calling.ts'

const read = (text: string): unknown => call(parseXml, text).value

// --- documents made at random, compared with fast-xml-parser ---------------------------------------------------------

const name = fc.constantFrom('a', 'b', 'x:c', 'd-e.f', '_1', 'é', 'hasOwnName')
const text = fc.oneof(
  fc.string({ unit: fc.constantFrom('q', ' ', '\n', '&', '<', '>', '"', "'", 'ü', ';') }),
  fc.string(),
)

const escaped = (value: string): string =>
  value
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('"', '&quot;')
    // Nobody reads the other control characters.
    .replaceAll(/[\x00-\x08\x0b-\x1f\x7f]/g, '?')

interface Written {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly (Written | string)[]
}

const document = fc.letrec<{ element: Written }>((tie) => ({
  element: fc.record({
    name,
    attributes: fc.dictionary(name, text, { maxKeys: 3 }),
    children: fc.array(fc.oneof({ depthSize: 'small' }, text, tie('element')), { maxLength: 4 }),
  }),
})).element

function write({ name, attributes, children }: Written): string {
  const pairs = Object.entries(attributes).map(([key, value]) => ` ${key} = "${escaped(value)}"`)
  const inside = children.map((child) => (typeof child === 'string' ? escaped(child) : write(child)))
  return `<${name}${pairs.join('')}>${inside.join('<!-- > -->')}</${name} >`
}

/** The same value as fast-xml-parser has it: blank text between elements does not count. */
function asReference(value: any): unknown {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return value.map(asReference)
  return Object.fromEntries(
    Object.entries(value)
      .map(
        ([key, member]) => [key, key === '#text' ? (member as string).trim() : asReference(member)] as const,
      )
      .filter(([key, member]) => key !== '#text' || member !== ''),
  )
}

test('documents are read as fast-xml-parser reads them', () => {
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    parseTagValue: false,
    trimValues: false,
    htmlEntities: false,
    jPath: false,
  })
  fc.assert(
    fc.property(document, (root) => {
      const xml = write(root)
      assert.deepEqual(read(xml), asReference(parser.parse(xml)), xml)
    }),
  )
})

test('references: the five names and characters; all others stay', () => {
  assert.deepEqual(
    read('<a b="&#65;&#x42;&lt;">&gt;&#x1F600;&amp;lt; &nbsp; & &#0; &#xD800; &#x110000; &unknown;</a>'),
    {
      a: { '@b': 'AB<', '#text': '>😀&lt; &nbsp; & &#0; &#xD800; &#x110000; &unknown;' },
    },
  )
})

test('comments, instructions, sections and line breaks', () => {
  const xml =
    '\ufeff<?xml version="1.0"?>\n<!-- <a> --><a>x\r\ny<!-- -- > --><?p >?><![CDATA[&amp;<b>\r\n]]>z\r</a>\n<!-- e -->\n'
  assert.deepEqual(read(xml), { a: 'x\ny&amp;<b>\nz\n' })
})

test('the document type is skipped, whatever it declares', () => {
  const lol = Array.from({ length: 20 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`).join('')
  const start = processorMs()
  assert.deepEqual(read(`<!DOCTYPE z [<!ENTITY l0 "lol">${lol}]><z a="&l20;">&l20;</z>`), {
    z: { '@a': '&l20;', '#text': '&l20;' },
  })
  assert.ok(processorMs() - start < 1000)
  for (const type of [
    '<!DOCTYPE a>',
    '<!DOCTYPE a SYSTEM "x>[">',
    "<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>",
  ])
    assert.deepEqual(read(`${type}<a>&e;</a>`), { a: '&e;' })
  assert.deepEqual(read("<!DOCTYPE a [<!-- ]> ' --> <!ELEMENT a (#PCDATA)>] ><a/>"), { a: '' })
})

test('what is not well-formed does not fit', () => {
  for (const xml of [
    ...[
      '',
      ' ',
      'x',
      '<a>',
      '</a>',
      '<a></b>',
      '<a/><b/>',
      '<a/>x',
      'x<a/>',
      '<a b></a>',
      '<a b=c/>',
      '<a b="1"c="2"/>',
    ],
    ...[
      '<a b="1" b="2"/>',
      '<a b="1/>',
      '<a b=\'1"/>',
      '<1/>',
      '< a/>',
      '<< a/>',
      '<a <="1"/>',
      '<a',
      '<a / >',
      '<a',
      '<a/',
      '<a><![CDATA[</a>',
      '<!--',
      '<?',
    ],
    ...[
      '<a><!-- </a>',
      '<!DOCTYPE a',
      '<!DOCTYPE a ["',
      '<a/><!DOCTYPE a>',
      '<![CDATA[x]]>',
      '<a></ab>',
      '<ab></a>',
      '<a>&lt;</a',
    ],
    ...['<!ENTITY a "b">', '<a><b></a></b>', '{"a": 1}'],
  ])
    assert.equal(read(xml), undefined, xml)
})

test('an element has one attribute of a name, however many it has', () => {
  const attributes = Array.from({ length: 40 }, (_, n) => `a${n}="${n}"`)
  const value = Object.fromEntries(attributes.map((_, n) => [`@a${n}`, String(n)]))
  assert.deepEqual(read(`<r><x ${attributes.join(' ')}/><x ${attributes.join(' ')}/></r>`), {
    r: { x: [value, value] },
  })
  for (let n = 0; n < 40; n++) assert.equal(read(`<x ${attributes.join(' ')} a${n}=""/>`), undefined)
})

test('names begin alike', () => {
  assert.deepEqual(read('<a><ab/><a/><abc/><ab b="1" bc="2" b.="3"/><aé aé="4" a="5"/></a>'), {
    a: {
      ab: ['', { '@b': '1', '@bc': '2', '@b.': '3' }],
      a: '',
      abc: '',
      aé: { '@aé': '4', '@a': '5' },
    },
  })
})

test('references and line breaks are replaced wherever they stand', () => {
  const piece = fc.constantFrom(['x', 'x'], ['&lt;', '<'], ['\r\n', '\n'], ['\r', '\n'], ['&', '&'], ['', ''])
  const pieces = fc.array(
    piece.filter(([written]) => written !== '\r'),
    { maxLength: 4 },
  )
  fc.assert(
    fc.property(fc.array(fc.record({ value: pieces, text: pieces, section: fc.boolean() })), (parts) => {
      const written = (all: readonly (readonly [string, string])[]): string => all.map(([as]) => as).join('')
      const meant = (all: readonly (readonly [string, string])[]): string => all.map(([, as]) => as).join('')
      const xml = parts.map(
        ({ value, text, section }) =>
          `<e v="${written(value)}">${written(text)}${section ? '<![CDATA[&lt;\r]]>' : ''}</e>`,
      )
      const expected = parts.map(({ value, text, section }) => {
        const inside = meant(text) + (section ? '&lt;\n' : '')
        return { '@v': meant(value), ...(inside.trim() !== '' && { '#text': inside.trim() }) }
      })
      const { r } = read(`<r>${xml.join('')}</r>`) as { r: unknown }
      assert.deepEqual(r === '' ? [] : [(r as { e: unknown }).e].flat(), expected)
    }),
  )
})

test('names that objects inherit are names', () => {
  const value = read(
    '<__proto__ __proto__="1"><constructor/><__proto__>2</__proto__><__proto__/></__proto__>',
  )
  assert.equal(
    JSON.stringify(value),
    '{"__proto__":{"@__proto__":"1","constructor":"","__proto__":["2",""]}}',
  )
  assert.equal(({} as { '@__proto__'?: string })['@__proto__'], undefined)
})

test('documents nest 200 levels, and no more', () => {
  const nested = (depth: number): string => '<a>'.repeat(depth) + '</a>'.repeat(depth)
  assert.ok(read(nested(200)) !== undefined)
  assert.equal(read(nested(201)), undefined)
})

test('elements and attributes count', () => {
  const runner = compileRules('r: len(parse_xml(s))', { maxWork: 1e9, maxBuilt: 1_000_000 }).createRunner()
  assert.deepEqual(runner.run({ s: `<a>${'<b/>'.repeat(1000)}</a>` }, '{}'), { r: 1 })
  for (const piece of ['<b/>', '<b>x</b>', '<b c="d"/>']) {
    assert.equal(runner.run({ s: `<a>${piece.repeat(20_000)}</a>` }, '{}'), undefined)
    assert.equal(runner.rejection.code, 'VALUE_ERROR')
  }
})

test('a text costs its length, whatever it is made of', () => {
  for (const piece of [
    ...[
      '<a>',
      '<a/>',
      '<a ',
      '<a b="',
      "<a b='",
      '<a b="c"/>',
      '&x;',
      '&',
      '&#',
      '<![CDATA[',
      '<!--',
      '<!DOCTYPE ',
      'x',
      '<a></a>',
    ],
    ...[
      ' ',
      '<?a ',
      '<a b=',
      '</a>',
      '"',
      '<!ENTITY a "b">',
      '<',
      '>',
      ']]>',
      '-->',
      '\r',
      '<![CDATA[]]>',
      '<!-- -->',
      'b="1" ',
    ],
  ]) {
    for (const [before, after] of [
      ['<r>', '</r>'],
      ['<r ', '/>'],
      ['<!DOCTYPE a [', ']><a/>'],
      ['', ''],
    ]) {
      const xml = before + piece.repeat(Math.ceil(300_000 / piece.length)) + after
      const start = processorMs()
      read(xml)
      assert.ok(processorMs() - start < 2000, JSON.stringify([before, piece]))
    }
  }
})

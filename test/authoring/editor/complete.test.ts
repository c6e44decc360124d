import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Completion, EditedDocument } from '../../../src/authoring/editor/index.ts'
import { complete } from '../../../src/authoring/editor/index.ts'
import { FILE_KEYS } from '../../../src/authoring/editor/keys.ts'
import { isReserved } from '../../../src/rules/reserved-keys.ts'
import { marked } from './marked.ts'

function itemsAt(text: string, options?: Partial<EditedDocument>): readonly Completion[] {
  const { document, offset } = marked(text, options)
  return complete(document, offset).items
}

function labelsAt(text: string, options?: Partial<EditedDocument>): string[] {
  return itemsAt(text, options).map(({ label }) => label)
}

/** The text after the completion of that label was chosen. */
function chosen(text: string, label: string): string {
  const { document, offset } = marked(text)
  const { start, end, items } = complete(document, offset)
  const item = items.find((each) => each.label === label)
  assert.ok(item !== undefined, `${label} is offered`)
  return document.text.slice(0, start) + item.insert + document.text.slice(end)
}

describe('completion in an expression', () => {
  const places = {
    'behind a key': 'a: ¦',
    'in a word': 'a: lo¦',
    'in a call': 'a: lower(¦',
    'in double quotes': 'a: "lower(¦',
    'in single quotes': "a: 'split(src, ''x''), ¦",
    'in a block': 'a: |\n  cond(src == 1,\n    ¦',
    'on a blank line of a block': 'a: |\n  cond(src == 1,\n  ¦',
    'on a further line of a value': 'a: lower(\n  ¦',
    'under field': 'a:\n  field: ¦',
    'under field in braces': 'a: {field: ¦',
    'in a block under field': 'a:\n  required: false\n  field: |\n    ¦',
    'in when': 'when: ¦',
    'in a case': 'cases:\n  - when: ¦',
    'in a rule of a case': "cases:\n  - when: src == 'x'\n    a.b: ¦",
    'in a case at the column of cases': "cases:\n- when: src == 'x'\n  a.b: ¦",
    'in a route': 'routes:\n  - when: ¦',
    'in tap': 'tap: |\n  x = ¦',
    'in a field of an f-string': "a: f'{¦",
    'below broken lines': 'b: [1\nc: {\na: ¦',
  }
  for (const [name, text] of Object.entries(places)) {
    it(`knows functions, built-ins, fields and words ${name}`, () => {
      const labels = labelsAt(text)
      for (const label of ['lower', 'len', 'src', 'user.name', 'and', 'data']) {
        assert.ok(labels.includes(label), `${label} in ${labels.slice(0, 20)}`)
      }
    })
  }

  for (const [name, text] of Object.entries({
    'in a text': "a: |\n  'x ¦",
    'in a text of a function': "a: lower('¦",
    'in a comment': '# ¦',
    'in a comment of a block': 'a: |\n  lower(src) # ¦',
    'behind the quotes of YAML': 'a: "src" ¦',
    'in a lookup table': 'lookup:\n  t:\n    1: ¦',
    'in meta': 'meta: {vendor: ¦',
    'in a pattern': 'patterns:\n  A: ¦',
  })) {
    it(`offers nothing ${name}`, () => {
      const labels = labelsAt(text)
      assert.ok(!labels.includes('lower') && !labels.includes('len'), labels.slice(0, 10).join())
    })
  }

  it('offers the fields below a path, and the methods of what stands there', () => {
    const labels = labelsAt('a: user.¦')
    assert.deepEqual(labels.slice(0, 2), ['name', 'id'])
    assert.ok(labels.includes('get') && !labels.includes('pop'), 'methods of dicts that change nothing')
    assert.ok(labelsAt('a: user.name.¦').includes('casefold'))
    assert.ok(!labelsAt('a: user.name.¦').includes('items'))
    assert.ok(labelsAt("a: |\n  ', '.¦").includes('join'))
    assert.ok(labelsAt('a: lower(src).¦').includes('items'), 'of any type where none is known')
    assert.ok(labelsAt('tap: |\n  data.¦').includes('user'))
    assert.ok(labelsAt('tap: |\n  tags.¦').includes('append'), 'methods that change their object, in tap')
  })

  it('tells types and a value of fields', () => {
    const items = itemsAt('a: ¦')
    assert.equal(items.find(({ label }) => label === 'src')!.detail, 'str, None  "192.0.2.1"')
    assert.match(items.find(({ label }) => label === 'lookup')!.documentation!, /Finds the value/)
  })

  it('writes what can be read: brackets of calls, members whose names are no names', () => {
    assert.equal(chosen('a: low¦', 'lower'), 'a: lower()')
    assert.equal(chosen('a: low¦(src)', 'lower'), 'a: lower(src)')
    assert.equal(chosen('a: od¦', "data['odd name']"), "a: data['odd name']")
    assert.equal(chosen('a: user.n¦', 'name'), 'a: user.name')
    assert.equal(chosen("tap: |\n  data['od¦", 'odd name'), "tap: |\n  data['odd name")
  })

  it('offers tables, patterns and formats of times where their names stand', () => {
    const lookups = [{ file: 'lookups.yaml', text: 'ports: {22: ssh}\n' }]
    const text = "lookup: {codes: {1: a}}\npatterns: {TICKET: '\\d+'}\n"
    assert.deepEqual(labelsAt(`${text}a: lookup('¦`, { lookups }), ['codes', 'ports'])
    assert.deepEqual(labelsAt(`${text}a: 'lookup(''¦`, { lookups }), ['codes', 'ports'])
    assert.ok(labelsAt(`${text}a: extract(src, '%{¦`).includes('TICKET'))
    assert.ok(labelsAt(`${text}a: extract(src, 'x %{I¦`).includes('IP'))
    assert.ok(labelsAt("a: parse_timestamp(src, '¦").includes('iso8601'))
    assert.deepEqual(labelsAt("a: lower('¦", { lookups }), [])
  })

  it('offers the names that tap has assigned', () => {
    assert.ok(labelsAt('tap: |\n  parts = split(src)\n  data.x = ¦').includes('parts'))
  })
})

describe('completion of keys', () => {
  it('offers the reserved keys at the top that the file does not have', () => {
    const labels = labelsAt('lookup: {}\n¦')
    assert.ok(labels.includes('tap') && labels.includes('when') && !labels.includes('lookup'), labels.join())
    assert.ok(FILE_KEYS.every(({ name }) => isReserved(name)))
    assert.equal(FILE_KEYS.length, 12, 'every reserved key')
  })

  it('offers the keys of rules, of cases, of routes and of defaults', () => {
    assert.deepEqual(labelsAt('source.ip:\n  ¦'), ['field', 'required', 'ignore', 'on_error'])
    assert.deepEqual(labelsAt('source.ip: {field: src, r¦'), ['field', 'required', 'ignore', 'on_error'])
    assert.deepEqual(labelsAt('cases:\n  - w¦'), ['when'])
    assert.deepEqual(labelsAt('routes:\n  - ¦'), ['when', 'rules', 'drop'])
    assert.deepEqual(labelsAt('defaults:\n  ¦'), ['required', 'ignore', 'on_error'])
    assert.deepEqual(labelsAt('a:\n  on_error: ¦'), ['reject', 'omit', 'anomaly'])
    assert.deepEqual(labelsAt('a:\n  required: f¦'), ['false', 'true'])
  })
})

it('every place of every fixture can be asked, and of every beginning of it', async () => {
  const { readFileSync } = await import('node:fs')
  const text = readFileSync(new URL('../../../fixtures/tap/rules.yaml', import.meta.url), 'utf8')
  const { hover } = await import('../../../src/authoring/editor/index.ts')
  const hostile = "a: {field: 'x''\n - [\n  - - b: \"\\\"{f'{\n\t: |\n x\n? y\n'"
  for (const whole of [text.slice(0, 1500), hostile]) {
    for (let offset = 0; offset <= whole.length; offset += whole === hostile ? 1 : 7) {
      for (const part of [whole, whole.slice(0, offset)]) {
        const { document } = marked(part)
        const { start, end } = complete(document, offset)
        assert.ok(start <= end && end <= part.length, `${offset}`)
        hover(document, offset)
      }
    }
  }
})

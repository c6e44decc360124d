import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { LookupTable } from '../../src/expression/functions/definition.ts'
import { collectTables, loadLookups, loadRuleFile } from '../../src/rules/load.ts'

function tablesIn(text: string): Map<string, LookupTable> {
  const { tables, problems } = loadLookups(text, 'lookups.yaml')
  assert.deepEqual(problems, [])
  return new Map(tables.map(({ name, table }) => [name, table]))
}

/** The entries of a table that is a mapping. */
function entriesOf(table: LookupTable | undefined): [string, unknown][] {
  assert.ok(table?.kind === 'mapping')
  return [...table.entries]
}

/** The value that is read where it is written in a table. */
function valueIn(yaml: string): unknown {
  return entriesOf(tablesIn(`t: {k: ${yaml}}\n`).get('t'))[0]![1]
}

describe('a lookup file', () => {
  test('has its tables at the top, or under a key lookup', () => {
    for (const text of ['a: {x: 1}\nb: {y: 2}\n', 'lookup:\n  a: {x: 1}\n  b: {y: 2}\n']) {
      const tables = tablesIn(text)
      assert.deepEqual([...tables.keys()], ['a', 'b'])
      assert.deepEqual(entriesOf(tables.get('b')), [['y', 2]])
    }
  })

  test('may be empty', () => {
    for (const text of ['', '# none yet\n', 'lookup:\n', '{}\n', '---\n'])
      assert.equal(tablesIn(text).size, 0)
  })

  test('knows where its tables are', () => {
    const { tables } = loadLookups('\ufefflookup:\r\n  "a": {}\r\n', 'lookups.yaml')
    assert.deepEqual(
      tables.map(({ file, place }) => ({ file, place })),
      [{ file: 'lookups.yaml', place: { line: 2, column: 3, endColumn: 6 } }],
    )
  })
})

describe("a table's keys", () => {
  test('are their texts as written', () => {
    const keys = [
      '0',
      '00',
      '1.0',
      '0x10',
      'yes',
      'null',
      '~',
      'True',
      '-1',
      '1e3',
      '2024-01-01',
      '9223372036854775808',
    ]
    const text = `t:\n${keys.map((key) => `  ${key}: x\n`).join('')}  '': x\n  "a\\tb": x\n  'it''s': x\n  : x\n`
    const { tables, problems } = loadLookups(text, 'lookups.yaml')
    assert.deepEqual(
      entriesOf(tables[0]?.table).map(([key]) => key),
      [...keys, '', 'a\tb', "it's"],
    )
    assert.deepEqual(
      problems.map(({ message, line }) => ({ message, line })),
      [{ message: "the key '' is given twice", line: 17 }],
    )
  })

  test('may be members of every object', () => {
    const entries = entriesOf(tablesIn('t: {__proto__: 1, constructor: 2, toString: 3}\n').get('t'))
    assert.deepEqual(entries, [
      ['__proto__', 1],
      ['constructor', 2],
      ['toString', 3],
    ])
  })

  test('0 and "0" are the same, which is an error', () => {
    const { problems } = loadLookups("t:\n  0: a\n  '0': b\n", 'lookups.yaml')
    assert.equal(problems.length, 1)
    assert.equal(problems[0]?.hint, 'the first is at lookups.yaml:2:3')
  })
})

describe("a table's values", () => {
  const values: [yaml: string, value: unknown][] = [
    ['NotSecureProtocol', 'NotSecureProtocol'],
    ['"5"', '5'],
    ["'true'", 'true'],
    ['5', 5],
    ['0x10', 16],
    ['0o10', 8],
    ['010', 10],
    ['1.0', 1],
    ['1.5e-3', 0.0015],
    ['9223372036854775807', 9223372036854775807n],
    ['0xFFFFFFFFFFFFFFFF', 18446744073709551615n],
    ['1e400', Number.POSITIVE_INFINITY],
    ['.nan', Number.NaN],
    ['-.inf', Number.NEGATIVE_INFINITY],
    ['yes', 'yes'],
    ['no', 'no'],
    ['on', 'on'],
    ['TRUE', true],
    ['false', false],
    ['null', null],
    ['~', null],
    ['', null],
    ['1_000', '1_000'],
    ['0b1', '0b1'],
    ['12:30:45', '12:30:45'],
    ['2024-01-01', '2024-01-01'],
    ['+.inf', Number.POSITIVE_INFINITY],
    ['+.nan', '+.nan'],
    ['.', '.'],
    ['[a, 1, null, [b]]', ['a', 1, null, ['b']]],
    ['{a: 1, 2: {b: []}}', { a: 1, 2: { b: [] } }],
    ['{}', {}],
    ['[]', []],
  ]
  for (const [yaml, value] of values) {
    test(`${yaml === '' ? 'nothing' : yaml} is ${String(value)}`, () =>
      assert.deepEqual(valueIn(yaml), value))
  }

  test('are texts after | and >', () => {
    assert.deepEqual(entriesOf(tablesIn('t:\n  a: |\n    5\n  b: >-\n    x\n    y\n').get('t')), [
      ['a', '5\n'],
      ['b', 'x y'],
    ])
  })

  test('have no inherited members and pollute nothing', () => {
    const value = valueIn('{__proto__: {polluted: 1}, constructor: 2}') as Record<string, unknown>
    assert.deepEqual(Object.keys(value), ['__proto__', 'constructor'])
    assert.equal(Object.getPrototypeOf(value), Object.prototype)
    assert.equal((value as { polluted?: unknown }).polluted, undefined)
    assert.equal(({} as { polluted?: unknown }).polluted, undefined)
  })
})

describe('aliases and merges', () => {
  test('a table may be an alias, or merge others', () => {
    const tables = tablesIn(
      'a: &a {x: 1, y: 2}\nb: *a\nc:\n  <<: *a\n  y: 3\n  z: 4\nd: {<<: [{x: 5}, *a]}\n',
    )
    assert.deepEqual(entriesOf(tables.get('b')), [
      ['x', 1],
      ['y', 2],
    ])
    assert.deepEqual(entriesOf(tables.get('c')), [
      ['x', 1],
      ['y', 3],
      ['z', 4],
    ])
    assert.deepEqual(entriesOf(tables.get('d')), [
      ['x', 5],
      ['y', 2],
    ])
  })

  test('a quoted << is a key', () => {
    assert.deepEqual(entriesOf(tablesIn('t: {"<<": {x: 1}}\n').get('t')), [['<<', { x: 1 }]])
  })

  test('a value and a key may be aliases', () => {
    assert.deepEqual(entriesOf(tablesIn('t:\n  a: &a [x]\n  b: *a\n  &k c: 1\nu:\n  *k : *a\n').get('u')), [
      ['c', ['x']],
    ])
  })

  test('an alias bomb is refused at once', () => {
    let text = 't:\n  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n'
    for (let i = 1; i < 30; i++)
      text += `  a${i}: &a${i} [${Array(10)
        .fill(`*a${i - 1}`)
        .join(', ')}]\n`
    const { problems } = loadLookups(text, 'lookups.yaml')
    assert.deepEqual(
      problems.map((problem) => problem.message),
      ['aliases repeat more than 100000 values'],
    )
  })

  test('a merge bomb is refused at once', () => {
    const keys = Array.from({ length: 1000 }, (_, i) => `k${i}: ${i}`).join(', ')
    const text = `a: &a {${keys}}\nb: {<<: [${Array(1000).fill('*a').join(', ')}]}\n`
    const { problems } = loadLookups(text, 'lookups.yaml')
    assert.deepEqual(
      problems.map((problem) => problem.message),
      ['merges copy more than 100000 keys'],
    )
  })

  test('an honest table of that size is read', () => {
    const keys = Array.from({ length: 60_000 }, (_, i) => `  k${i}: [${i}]\n`).join('')
    assert.equal(entriesOf(tablesIn(`t:\n${keys}`).get('t')).length, 60_000)
  })
})

describe('windows_sids', () => {
  test('is a list', () => {
    const table = tablesIn(
      'lookup:\n    windows_sids:\n        - "sid": "S-1-5-7"\n          "match_type": equal\n' +
        '        - "sid": "S-1-5-21-"\n          "ends":\n            - "end": "-500"\n            - "not_end": "$"\n',
    ).get('windows_sids')
    assert.deepEqual(table, {
      kind: 'list',
      items: [
        { sid: 'S-1-5-7', match_type: 'equal' },
        { sid: 'S-1-5-21-', ends: [{ end: '-500' }, { not_end: '$' }] },
      ],
    })
  })

  test('may be empty', () => {
    assert.deepEqual(tablesIn('windows_sids:\n').get('windows_sids'), { kind: 'list', items: [] })
    assert.deepEqual(tablesIn('windows_sids: []\n').get('windows_sids'), { kind: 'list', items: [] })
    assert.deepEqual(tablesIn('other:\n').get('other'), { kind: 'mapping', entries: new Map() })
  })
})

describe('collectTables', () => {
  test('brings the tables of all files together', () => {
    const lookups = loadLookups('a: {x: 1}\n', 'lookups.yaml')
    const rules = loadRuleFile('lookup:\n  b: {y: 2}\nf: x\n', 'rules.yaml')
    const { tables, problems } = collectTables([lookups, rules])
    assert.deepEqual(problems, [])
    assert.deepEqual([...tables.keys()], ['a', 'b'])
  })

  test('names both places of a name that is given twice', () => {
    const lookups = loadLookups('a: {x: 1}\n', 'lookups.yaml')
    const rules = loadRuleFile('lookup:\n  a: {x: 2}\n  "a": {x: 3}\nf: x\n', 'rules.yaml')
    assert.deepEqual(rules.problems, [])
    const { tables, problems } = collectTables([lookups, rules])
    assert.deepEqual(entriesOf(tables.get('a')), [['x', 1]])
    assert.deepEqual(
      problems.map(({ message, file, line, column, endColumn, field }) => ({
        message,
        file,
        line,
        column,
        endColumn,
        field,
      })),
      [
        {
          message: "the table 'a' is also defined at lookups.yaml:1:1",
          file: 'rules.yaml',
          line: 2,
          column: 3,
          endColumn: 4,
          field: 'lookup.a',
        },
        {
          message: "the table 'a' is also defined at lookups.yaml:1:1",
          file: 'rules.yaml',
          line: 3,
          column: 3,
          endColumn: 6,
          field: 'lookup.a',
        },
      ],
    )
  })

  test('takes names that are members of every object', () => {
    const { tables, problems } = collectTables([
      loadLookups('__proto__: {x: 1}\nconstructor: {y: 2}\n', 'lookups.yaml'),
    ])
    assert.deepEqual(problems, [])
    assert.deepEqual([...tables.keys()], ['__proto__', 'constructor'])
  })
})

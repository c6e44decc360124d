import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SidEntryProblem, SidTable } from '../../../src/expression/net/sid-table.ts'
import type { JsonObject, Value } from '../../../src/expression/value.ts'
import { propertyRuns } from '../../property-runs.ts'

function details(name: string): JsonObject {
  return { category: name, subcategory: name, desc: name }
}

function entry(sid: string, matchType: string, more: JsonObject): JsonObject {
  return { sid, match_type: matchType, ...more }
}

/** The same by trying one entry after the other. */
function findByTrying(items: readonly JsonObject[], sid: string): string | undefined {
  for (const item of items) {
    const pattern = item.sid as string
    if (item.match_type === 'equal' && sid === pattern) return item.desc as string
    if (!sid.startsWith(pattern) || item.match_type === 'equal') continue
    if (item.match_type === 'start') return item.desc as string
    for (const end of item.ends as JsonObject[]) {
      const matches =
        end.end === undefined ? !sid.endsWith(end.not_end as string) : sid.endsWith(end.end as string)
      if (matches) return end.desc as string
    }
  }
  return undefined
}

const piece = fc
  .array(fc.constantFrom('S', '-', '1', '5', '21', '500'), { maxLength: 5 })
  .map((parts) => parts.join(''))
const end = fc
  .tuple(fc.constantFrom('end', 'not_end'), piece, fc.nat(9))
  .map(([kind, text, name]) => ({ [kind]: text, ...details(`end ${name}`) }))
const item = fc.oneof(
  fc
    .tuple(piece, fc.constantFrom('equal', 'start'), fc.nat(99))
    .map(([sid, type, name]) => entry(sid, type, details(`${type} ${name}`))),
  fc.tuple(piece, fc.array(end, { maxLength: 5 })).map(([sid, ends]) => entry(sid, 'start_end', { ends })),
)

test('the index finds what trying one entry after the other finds', () => {
  fc.assert(
    fc.property(
      fc.array(item, { maxLength: 25 }),
      fc.array(piece, { minLength: 1, maxLength: 10 }),
      (items, sids) => {
        const table = new SidTable(items)
        for (const sid of sids) assert.equal(table.find(sid)?.desc, findByTrying(items, sid))
      },
    ),
    { numRuns: propertyRuns(2000) },
  )
})

test('the first match wins, whatever its kind', () => {
  const items = [
    entry('S-1-5-21-', 'start_end', { ends: [{ end: '-500', ...details('administrator') }] }),
    entry('S-1-5-21-7-500', 'equal', details('too late')),
    entry('S-1-5-', 'start', details('NT AUTHORITY')),
    entry('S-1-5-18', 'equal', details('too late')),
    entry('S-1-1-0', 'equal', details('Everyone')),
    entry('S-1-1-0', 'equal', details('too late')),
  ]
  const table = new SidTable(items)
  assert.equal(table.find('S-1-5-21-7-500')?.desc, 'administrator')
  assert.equal(table.find('S-1-5-21-7-1500')?.desc, 'NT AUTHORITY')
  assert.equal(table.find('S-1-5-18')?.desc, 'NT AUTHORITY')
  assert.equal(table.find('S-1-1-0')?.desc, 'Everyone')
  assert.equal(table.find('S-1-2-0'), undefined)
})

test('not_end is true for a SID that does not end so', () => {
  const table = new SidTable([
    entry('S-', 'start_end', {
      ends: [
        { not_end: '0', ...details('not 0') },
        { end: '00', ...details('00') },
        { not_end: '$', ...details('any') },
      ],
    }),
  ])
  assert.equal(table.find('S-1')?.desc, 'not 0')
  assert.equal(table.find('S-100')?.desc, '00')
  assert.equal(table.find('S-10')?.desc, 'any')
})

test('an entry none of whose ends match is passed over', () => {
  const table = new SidTable([
    entry('S-1-', 'start_end', { ends: [{ end: '-1', ...details('one') }] }),
    entry('S-1-', 'start_end', { ends: [] }),
    entry('S-1-', 'start', details('rest')),
  ])
  assert.equal(table.find('S-1-5-2')?.desc, 'rest')
  assert.equal(table.find('S-1-5-1')?.desc, 'one')
})

test('a table without entries finds nothing', () => {
  assert.equal(new SidTable([]).find('S-1-5-18'), undefined)
})

test('a malformed entry is named by its position', () => {
  const good = entry('S-1', 'equal', details('x'))
  const problems: [item: Value, where: string, message: RegExp][] = [
    ['S-1', '2', /mapping/],
    [null, '2', /mapping/],
    [[good], '2', /mapping/],
    [{}, '2', /sid is missing/],
    [{ ...good, sid: 5 }, '2', /sid has to be text/],
    [{ sid: 'S-1', ...details('x') }, '2', /match_type is missing/],
    [{ ...good, match_type: 'begin' }, '2', /match_type is 'begin', and has to be equal, start or start_end/],
    [{ sid: 'S-1', match_type: 'equal', category: 'a', desc: 'b' }, '2', /subcategory is missing/],
    [{ ...good, desc: null }, '2', /desc has to be text/],
    [{ ...good, match_type: 'start', category: 1 }, '2', /category has to be text/],
    [{ sid: 'S-1', match_type: 'start_end' }, '2', /ends has to be a list/],
    [{ sid: 'S-1', match_type: 'start_end', ends: {} }, '2', /ends has to be a list/],
    [{ sid: 'S-1', match_type: 'start_end', ends: ['-500'] }, '2, ends 1', /mapping/],
    [{ sid: 'S-1', match_type: 'start_end', ends: [details('x')] }, '2, ends 1', /either end or not_end/],
    [
      { sid: 'S-1', match_type: 'start_end', ends: [{ end: 'a', not_end: 'b', ...details('x') }] },
      '2, ends 1',
      /either end or not_end/,
    ],
    [
      {
        sid: 'S-1',
        match_type: 'start_end',
        ends: [
          { end: '-1', ...details('x') },
          { end: -500, ...details('x') },
        ],
      },
      '2, ends 2',
      /end has to be text, in quotes/,
    ],
    [{ sid: 'S-1', match_type: 'start_end', ends: [{ end: '-1' }] }, '2, ends 1', /category is missing/],
    [JSON.parse('{"__proto__": {"sid": "S-1", "match_type": "equal"}}'), '2', /sid is missing/],
  ]
  for (const [item, where, message] of problems) {
    assert.throws(
      () => new SidTable([good, item]),
      (error) => error instanceof SidEntryProblem && error.where === where && message.test(error.message),
      JSON.stringify(item),
    )
  }
})

test('a long text is looked up as fast as a SID', { timeout: 900_000 }, () => {
  const table = new SidTable([
    entry('S-1-5-21-', 'start_end', {
      ends: [
        { end: '-500', ...details('a') },
        { not_end: '$', ...details('b') },
      ],
    }),
  ])
  const long = `S-1-5-21-${'1-'.repeat(1_000_000)}500`
  for (let count = 0; count < 10_000; count++) assert.equal(table.find(long)?.desc, 'a')
})

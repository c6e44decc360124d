import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PrefixIndex } from '../../../../src/tracer/feeds/tables/prefixes.ts'
import { propertyRuns } from '../../../property-runs.ts'

function find(prefixes: readonly string[], text: string): string[] {
  return new PrefixIndex(prefixes).find(text).map((position) => prefixes[position]!)
}

test('all beginnings of a text are found, the longest first', () => {
  const prefixes = ['', '/a', '/a/b', '/a/b/c', '/b']
  assert.deepEqual(find(prefixes, '/a/b/x'), ['/a/b', '/a', ''])
  assert.deepEqual(find(prefixes, '/a'), ['/a', ''])
  assert.deepEqual(find(prefixes, '/c'), [''])
  assert.deepEqual(find(prefixes, ''), [''])
  assert.deepEqual(find(['/a', '/b'], '/'), [])
  assert.deepEqual(find([], '/'), [])
})

test('an index finds what a scan finds', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', 'é'), maxLength: 6 })
  fc.assert(
    fc.property(fc.uniqueArray(text, { maxLength: 30 }), text, (all, wanted) => {
      const prefixes = all.sort()
      const expected = prefixes.filter((prefix) => wanted.startsWith(prefix))
      assert.deepEqual(
        find(prefixes, wanted),
        expected.sort((a, b) => b.length - a.length),
      )
    }),
    { numRuns: propertyRuns(2000) },
  )
})

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import {
  IndicatorStore,
  IndicatorStoreError,
  type NewIndicator,
} from '../../../src/tracer/indicators/indicator-store.ts'
import { STORE_FILE } from '../../../src/tracer/indicators/suppliers.ts'

/** A directory, and a store in it whose clock is set by hand. */
function opened(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'indicators-'))
  const clock = { now: 1_700_000_000_000 }
  const store = IndicatorStore.open(directory, () => clock.now)
  t.after(async () => {
    await store.close()
    rmSync(directory, { recursive: true, force: true })
  })
  const values = (supplier: string) => [...store.list(supplier)].map(({ value }) => value)
  return { directory, store, clock, values }
}

function of(...values: string[]): NewIndicator[] {
  return values.map((value) => ({ value }))
}

function isError(code: string, message: RegExp, index?: number) {
  return (error: unknown) => {
    assert.equal(error instanceof IndicatorStoreError, true, String(error))
    const { code: found, message: text, index: at } = error as IndicatorStoreError
    assert.deepEqual([found, at], [code, index])
    assert.match(text, message)
    return true
  }
}

test('indicators are added to their list, listed with their context, and removed however they are spelled', async (t) => {
  const { store, values } = opened(t)
  const context = { note: 'ours', '10': 1, nested: { list: [true, null] } }
  const added = await store.add('InternalTI', [
    { value: 'hxxp://Evil[.]example/a', context },
    ...of('192.0.2.0/24'),
  ])
  assert.deepEqual(added, { added: 2, updated: 0 })
  assert.deepEqual(await store.add('FalsePositive', of('evil.example')), { added: 1, updated: 0 })
  assert.deepEqual(
    [...store.list('InternalTI')],
    [
      { supplier: 'InternalTI', value: 'hxxp://Evil[.]example/a', context, addedAt: 1_700_000_000_000 },
      { supplier: 'InternalTI', value: '192.0.2.0/24', addedAt: 1_700_000_000_000 },
    ],
  )
  // One that is there is replaced, and is the last one then.
  assert.deepEqual(await store.add('InternalTI', of('https://evil.example/a')), { added: 0, updated: 1 })
  assert.deepEqual(values('InternalTI'), ['192.0.2.0/24', 'https://evil.example/a'])
  const removed = await store.remove(
    'InternalTI',
    of('EVIL.example/a', '192.0.2.0-192.0.2.255', 'gone.example'),
  )
  assert.deepEqual(removed, { removed: 2, absent: 1 })
  assert.deepEqual(values('InternalTI'), [])
  assert.deepEqual(values('FalsePositive'), ['evil.example'])
})

test('of equal indicators in one call the last one counts', async (t) => {
  const { store, values } = opened(t)
  assert.deepEqual(await store.add('InternalTI', of('a.example', 'A.example')), { added: 1, updated: 0 })
  assert.deepEqual(values('InternalTI'), ['A.example'])
})

test('an indicator with a time to live is gone when that is over, and prune removes it for good', async (t) => {
  const { store, clock, values } = opened(t)
  await store.add('InternalTI', of('short.example'), 1000)
  await store.add('InternalTI', of('long.example', 'for-ever.example'), 5000)
  await store.add('InternalTI', of('for-ever.example'))
  assert.equal(await store.prune(), 0)
  clock.now += 1000
  assert.deepEqual(values('InternalTI'), ['long.example', 'for-ever.example'])
  assert.equal(await store.prune(), 1)
  clock.now += 4000
  // What has expired counts as new, and removing it finds nothing.
  assert.deepEqual(await store.remove('InternalTI', of('long.example')), { removed: 0, absent: 1 })
  assert.deepEqual(await store.add('InternalTI', of('short.example')), { added: 1, updated: 0 })
  assert.deepEqual(values('InternalTI'), ['for-ever.example', 'short.example'])
})

test('what cannot be stored is refused as a whole, and its place is told', async (t) => {
  const { store, values } = opened(t)
  const add = (list: string, indicators: NewIndicator[], ttl?: number) => store.add(list, indicators, ttl)
  await assert.rejects(
    add('Other', of('a.example')),
    isError('UNKNOWN_SUPPLIER', /InternalTI and FalsePositive/),
  )
  await assert.rejects(add('__proto__', of('a.example')), isError('UNKNOWN_SUPPLIER', /no list/))
  await assert.rejects(
    add('InternalTI', of('a.example', 'me@b.example')),
    isError('BAD_INDICATOR', /me@b\.example/, 1),
  )
  await assert.rejects(
    add('InternalTI', of(`a.example/${'x'.repeat(9000)}`)),
    isError('BAD_INDICATOR', /a\.example/, 0),
  )
  await assert.rejects(
    add('InternalTI', [{ value: 'a.example', type: 'ip' }]),
    isError('BAD_INDICATOR', /of the type ip/, 0),
  )
  await assert.rejects(
    add('InternalTI', [{ value: 7 } as unknown as NewIndicator]),
    isError('BAD_INDICATOR', /^7 is/, 0),
  )
  const inContext = (context: unknown) => [{ value: 'a.example', context } as NewIndicator]
  let deep: unknown = 1
  for (let i = 0; i < 200; i++) deep = { deep }
  for (const context of [[], 'text', null, deep, { big: 'x'.repeat(20_000) }])
    await assert.rejects(add('InternalTI', inContext(context)), isError('BAD_CONTEXT', /^the context/, 0))
  await assert.rejects(add('FalsePositive', inContext({ a: 1 })), isError('BAD_CONTEXT', /FalsePositive/, 0))
  for (const ttl of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
    await assert.rejects(add('InternalTI', of('a.example'), ttl), isError('BAD_TTL', /time to live/))
  await assert.rejects(
    store.remove('InternalTI', of('invoice.exe')),
    isError('BAD_INDICATOR', /invoice\.exe/, 0),
  )
  assert.throws(() => values('Other'), isError('UNKNOWN_SUPPLIER', /no list/))
  assert.deepEqual(values('InternalTI'), [])
})

test('changes are told from any number on, in parts, removed ones first', async (t) => {
  const { store } = opened(t)
  assert.deepEqual(store.changes(0, 10), { isReset: false, removed: [], put: [], last: 0, hasMore: false })
  await store.add('InternalTI', of('a.example', 'b.example', 'c.example'))
  const first = store.changes(0, 2)
  assert.deepEqual(
    [first.put.map(({ indicator }) => indicator.value), first.last, first.hasMore],
    [['a.example', 'b.example'], 2, true],
  )
  await store.remove('InternalTI', of('a.example'))
  await store.add('InternalTI', of('b.example'))
  const next = store.changes(first.last, 10)
  assert.deepEqual(next.removed, [first.put[0]!.id])
  assert.deepEqual(
    next.put.map(({ indicator }) => indicator.value),
    ['c.example', 'b.example'],
  )
  assert.deepEqual([next.last, next.hasMore], [5, false])
  assert.deepEqual(store.changes(next.last, 10).put, [])
  // A number that this file has not come to is one of another file.
  assert.equal(store.changes(1000, 10).isReset, true)
})

test('a follower that has missed too many removals is told to begin anew', async (t) => {
  const { store } = opened(t)
  const many = of(...Array.from({ length: 10_002 }, (_, i) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`))
  await store.add('InternalTI', many)
  await store.remove('InternalTI', many)
  assert.equal(store.changes(1, 10).isReset, true)
  const { isReset, removed, put } = store.changes(20_002, 10)
  assert.deepEqual([isReset, removed.length, put.length], [false, 2, 0])
})

test('another process writes to the same file, and is seen', async (t) => {
  const { store, directory, values } = opened(t)
  await store.add('InternalTI', of('mine.example'))
  assert.deepEqual(values('InternalTI'), ['mine.example'])
  const { last } = store.changes(0, 10)
  const module = pathToFileURL(
    join(import.meta.dirname, '../../../src/tracer/indicators/indicator-store.ts'),
  ).href
  const script = `const { IndicatorStore } = await import(${JSON.stringify(module)})
    const store = IndicatorStore.open(process.argv[1])
    await store.add('InternalTI', [{ value: 'theirs.example' }])
    await store.remove('InternalTI', [{ value: 'mine.example' }])
    await store.close()`
  const child = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', script, directory],
    {
      encoding: 'utf8',
    },
  )
  assert.equal(child.stderr, '')
  const { put, removed } = store.changes(last, 10)
  assert.deepEqual([put.map(({ indicator }) => indicator.value), removed.length], [['theirs.example'], 1])
  assert.deepEqual(values('InternalTI'), ['theirs.example'])
})

test('a store is made by what opens it to write, in a directory for its owner, and not by a look', async (t) => {
  const parent = mkdtempSync(join(tmpdir(), 'indicators-'))
  t.after(() => rmSync(parent, { recursive: true, force: true }))
  const directory = join(parent, 'a', 'b')
  assert.equal(IndicatorStore.openExisting(directory), undefined)
  assert.equal(existsSync(directory), false)
  await IndicatorStore.open(directory).close()
  if (process.platform !== 'win32') assert.equal(statSync(directory).mode & 0o777, 0o700)
  const again = IndicatorStore.openExisting(directory)
  assert.deepEqual([...again!.list('InternalTI')], [])
  await again!.close()
})

test('a file that is no store, and a directory that is a file, are refused with their path', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'indicators-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  writeFileSync(join(directory, STORE_FILE), 'no store at all\n'.repeat(1000))
  const path = /indicators\.mdb: the store of indicators cannot be used/
  assert.throws(() => IndicatorStore.open(directory), isError('STORE_UNUSABLE', path))
  assert.throws(() => IndicatorStore.open(join(directory, STORE_FILE)), isError('STORE_UNUSABLE', path))
})

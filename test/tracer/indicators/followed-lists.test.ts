import assert from 'node:assert/strict'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { IndicatorAllowlist } from '../../../src/tracer/indicator-allowlist.ts'
import { FollowedLists, type FollowedListsOptions } from '../../../src/tracer/indicators/followed-lists.ts'
import { IndicatorStore } from '../../../src/tracer/indicators/indicator-store.ts'
import { STORE_FILE } from '../../../src/tracer/indicators/suppliers.ts'
import { guessType, type Indicator } from '../../../src/tracer/protocol.ts'
import { LogLines } from '../running-server.ts'

/** Lists that are looked at only when a test says so, and a writer beside them. */
async function followed(t: TestContext, options: Partial<FollowedListsOptions> = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'lists-'))
  const lists = await FollowedLists.follow({ directory, lookMs: 2 ** 30, ...options })
  t.after(async () => {
    await lists.close()
    rmSync(directory, { recursive: true, force: true })
  })
  const write = async (change: (store: IndicatorStore) => Promise<unknown>) => {
    const store = IndicatorStore.open(directory)
    await change(store)
    await store.close()
    await lists.look()
  }
  /** The `ioc` of each detection, with its category. */
  const hits = (value: string) =>
    lists.lookup(asIndicator(value)).map(({ category, context }) => {
      return `${/Tracer_InternalTI_(.*)_enricher/.exec(category)![1]} ${/^\|ioc=([^|]*)/.exec(context)![1]}`
    })
  return { directory, lists, write, hits }
}

function asIndicator(value: string): Indicator {
  const typed = /^(email|text)=(.*)/.exec(value)
  return typed === null
    ? { type: guessType(value), value }
    : { type: typed[1] as 'email' | 'text', value: typed[2]! }
}

const HASH = '0cc175b9c0f1b6a831c399e269772661'
const VALUES = [
  HASH,
  '192.0.2.7',
  '192.0.2.0/24',
  '198.51.100.1-198.51.100.9',
  '2001:db8::/32',
  'host.example',
]
const MORE = ['http://url.example/a?b', '*.mask.example/*', '.below.example', 'mask.example/kit/*']

test('indicators of every kind are found as those of a feed are, from the next look on, until they are removed', async (t) => {
  const { write, hits } = await followed(t)
  assert.deepEqual(hits('192.0.2.7'), [])
  await write((store) =>
    store.add(
      'InternalTI',
      [...VALUES, ...MORE].map((value) => ({ value })),
    ),
  )
  await write((store) =>
    store.add('InternalTI', [
      { value: 'me@mail.example', type: 'email' },
      { value: 'Some Text', type: 'text' },
    ]),
  )
  const cases: [value: string, expected: string[]][] = [
    [HASH.toUpperCase(), [`HASH ${HASH}`]],
    ['192.0.2.7', ['IP 192.0.2.7', 'IP 192.0.2.0/24']],
    ['198.51.100.9', ['IP 198.51.100.1-198.51.100.9']],
    ['198.51.100.10', []],
    ['2001:db8::7', ['IP 2001:db8::/32']],
    ['https://www.HOST.example:8443/any?path', ['URL host.example']],
    ['sub.host.example', []],
    ['url.example/a?b', ['URL http://url.example/a?b']],
    ['url.example/a', []],
    ['a.mask.example/x', ['URL *.mask.example/*']],
    ['mask.example/kit/x', ['URL mask.example/kit/*']],
    ['deep.below.example/x', ['URL .below.example']],
    ['http://192.0.2.9/x', ['IP 192.0.2.0/24']],
    ['email=ME@mail.example', ['EMAIL me@mail.example']],
    ['text=some text', ['TEXT Some Text']],
    ['ip that is none', []],
  ]
  for (const [value, expected] of cases) assert.deepEqual(hits(value), expected, value)
  await write((store) =>
    store.remove(
      'InternalTI',
      [...VALUES, ...MORE].map((value) => ({ value })),
    ),
  )
  for (const [value] of cases.slice(0, 13)) assert.deepEqual(hits(value), [], value)
  assert.deepEqual(hits('email=me@mail.example'), ['EMAIL me@mail.example'])
})

test('a detection has the context, and when it was added and expires; names of the context win', async (t) => {
  const { lists, write } = await followed(t)
  const context = { 10: 'ten', note: 'a|b', deep: { list: [1, true, null] }, added: 'by us' }
  await write((store) => store.add('InternalTI', [{ value: 'gmer.com', context }], 60_000))
  const [match] = lists.lookup(asIndicator('gmer.com'))
  assert.match(
    match!.context,
    /^\|ioc=gmer\.com\|10=ten\|note=a b\|deep\.list=1,true,\|added=by us\|expires=\d{4}-[\dT:.-]+Z$/,
  )
  const own = JSON.parse('{"__proto__": "x", "constructor": "y", "ioc": "ours"}')
  await write((store) => store.add('InternalTI', [{ value: 'gmer.com', context: own }]))
  assert.match(
    lists.lookup(asIndicator('gmer.com'))[0]!.context,
    /^\|__proto__=x\|constructor=y\|ioc=ours\|added=[^|]*$/,
  )
})

test('the allowlist has them beside those of files, and an indicator on both lists gets no detection', async (t) => {
  const { lists, write, directory } = await followed(t)
  const file = join(directory, 'allow.txt')
  writeFileSync(file, 'file.example\n')
  const also = { has: (indicator: Indicator) => lists.isAllowed(indicator) }
  const withFile = await IndicatorAllowlist.load({ files: [{ file }], also, watch: false })
  const alone = await IndicatorAllowlist.load({ files: [], also })
  t.after(() => withFile.close())
  const has = (value: string) => [withFile, alone].map((list) => list.has(asIndicator(value)))
  assert.deepEqual(has('run.example/x'), [false, false])
  await write((store) => store.add('FalsePositive', [{ value: 'run.example' }]))
  assert.deepEqual(has('run.example/x'), [true, true])
  assert.deepEqual(has('file.example/x'), [true, false])
  await write((store) => store.remove('FalsePositive', [{ value: 'run.example' }]))
  assert.deepEqual(has('run.example/x'), [false, false])
})

test('what has expired is not found from its time on, whether an exact one, a network or a mask, and removed later', async (t) => {
  const clock = { now: Date.now() }
  const { write, hits, lists, directory } = await followed(t, { now: () => clock.now })
  const values = ['192.0.2.0/24', '.below.example', 'host.example']
  await write((store) =>
    store.add(
      'InternalTI',
      values.map((value) => ({ value })),
      5000,
    ),
  )
  const counts = () => ['192.0.2.1', 'a.below.example', 'host.example'].map((value) => hits(value).length)
  assert.deepEqual(counts(), [1, 1, 1])
  clock.now += 6000
  assert.deepEqual(counts(), [0, 0, 0])
  const size = () => lists.metrics().find(({ labels }) => labels.list === 'InternalTI')?.value
  assert.equal(size(), 3)
  clock.now += 60_000
  await lists.look()
  assert.equal(size(), 0)
  const store = IndicatorStore.openExisting(directory)!
  assert.equal(store.changes(0, 10).put.length, 0)
  await store.close()
})

test('with hosts that match exactly, a bare host is the URL without a path only', async (t) => {
  const { write, hits } = await followed(t, { hostMatch: 'exact' })
  await write((store) =>
    store.add('InternalTI', [{ value: 'bare.example' }, { value: 'domain.example', type: 'domain' }]),
  )
  assert.deepEqual(
    ['bare.example', 'bare.example/x', 'domain.example/x'].map((value) => hits(value).length),
    [1, 0, 1],
  )
})

test('a store that is replaced, removed, or broken and good again is followed; a fault is logged once', async (t) => {
  const logged = new LogLines()
  const { write, hits, directory, lists } = await followed(t, { log: logged.log })
  const file = join(directory, STORE_FILE)
  await write((store) => store.add('InternalTI', [{ value: 'first.example' }]))
  assert.equal(hits('first.example').length, 1)
  const other = mkdtempSync(join(tmpdir(), 'lists-'))
  t.after(() => rmSync(other, { recursive: true, force: true }))
  const replacement = IndicatorStore.open(other)
  await replacement.add('InternalTI', [{ value: 'second.example' }])
  await replacement.close()
  rmSync(`${file}-lock`)
  renameSync(join(other, STORE_FILE), file)
  await lists.look()
  assert.deepEqual([hits('first.example').length, hits('second.example').length], [0, 1])
  rmSync(file)
  await lists.look()
  assert.equal(hits('second.example').length, 0)
  writeFileSync(file, 'no store\n'.repeat(1000))
  await lists.look()
  await lists.look()
  assert.equal(logged.lines.length, 1)
  assert.match(String(logged.lines[0]!.problem), /indicators\.mdb: the store of indicators cannot be used/)
  const failures = lists.metrics().find(({ name }) => name === 'tracer_list_failures_total')
  assert.equal(failures?.value, 1)
  await assert.rejects(lists.store(), /cannot be used/)
  rmSync(file)
  const store = await lists.store()
  await store.add('InternalTI', [{ value: 'third.example' }])
  await lists.look()
  assert.equal(hits('third.example').length, 1)
  assert.equal(await lists.store(), store)
  assert.equal(lists.metrics().find(({ labels }) => labels.list === 'InternalTI')?.value, 1)
})

import assert from 'node:assert/strict'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { type TestContext, test } from 'node:test'
import { createFeedEnricher, type FeedEnricher } from '../../../src/tracer/enrichers/feed.ts'
import { compileFeeds } from '../../../src/tracer/feeds/compiled/compile.ts'
import { CompiledTable } from '../../../src/tracer/feeds/compiled/compiled-table.ts'
import { FeedError } from '../../../src/tracer/feeds/feed-error.ts'
import { FeedFile } from '../../../src/tracer/feeds/feed-file.ts'
import type { LoadedFeed } from '../../../src/tracer/feeds/load.ts'
import { temporaryDirectory } from '../../temporary.ts'
import { LogLines } from '../running-server.ts'

async function compiled(directory: string, name: string, content: string): Promise<string> {
  const feed = join(directory, `${name}.csv`)
  const output = join(directory, `${name}.tracer`)
  await writeFile(feed, content)
  await compileFeeds({ feeds: [feed], keys: [{ key: 'a' }], output })
  return output
}

async function create(
  t: TestContext,
  logged: LogLines,
  feeds: Parameters<typeof createFeedEnricher>[0]['feeds'],
): Promise<FeedEnricher> {
  const watchTimes = { settleMs: 10, pollMs: 20 }
  const enricher = await createFeedEnricher({ feeds, log: logged.log, watchTimes })
  t.after(() => enricher.close())
  return enricher
}

function contexts(enricher: FeedEnricher, value: string): string[] {
  return enricher.lookup({ type: 'url', value }).map(({ context }) => context)
}

/** Watching alone keeps no process running. */
function hold(t: TestContext): void {
  const held = setInterval(() => {}, 1000)
  t.after(() => clearInterval(held))
}

const REPLACING = { skip: process.platform === 'win32' && 'a file that is open cannot be renamed over' }

test('compiled feeds and plain ones answer in their order', async (t) => {
  const directory = temporaryDirectory()
  const one = await compiled(directory, 'one', 'a,n\nx.example,1\n')
  const two = await compiled(directory, 'two', 'a,n\nx.example,2\n')
  const plain = { file: join(directory, 'one.csv'), key: 'n', type: 'url' } as const
  await writeFile(plain.file, 'a,n\n3,x.example\n')
  const enricher = await create(t, new LogLines(), [{ compiled: two }, plain, { compiled: one }])
  assert.deepEqual(contexts(enricher, 'x.example'), [
    '|a=x.example|n=2',
    '|a=3|n=x.example',
    '|a=x.example|n=1',
  ])
  assert.deepEqual(
    enricher.stats().map(({ file, records, indicators }) => [file, records, indicators]),
    [
      [two, 1, 1],
      [plain.file, 1, 1],
      [one, 1, 1],
    ],
  )
  enricher.close()
  assert.deepEqual(contexts(enricher, 'x.example'), [])
})

test('a compiled feed that is renamed over is picked up, a damaged one is kept out', REPLACING, async (t) => {
  hold(t)
  const directory = temporaryDirectory()
  const file = await compiled(directory, 'live', 'a,n\nx.example,1\n')
  const next = await compiled(directory, 'next', 'a,n\nx.example,2\n')
  const bytes = await readFile(next)
  const logged = new LogLines()
  const enricher = await create(t, logged, [{ compiled: file }])
  await rename(next, file)
  const until = async (holds: () => boolean) => {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2))
  }
  await until(() => contexts(enricher, 'x.example')[0] === '|a=x.example|n=2')
  assert.equal(enricher.stats()[0]!.reloadsOk, 1)

  bytes[5000]! ^= 1
  await writeFile(next, bytes)
  await rename(next, file)
  const line = await logged.message('feed not reloaded; the old table stays')
  assert.match(JSON.stringify(line), /is no whole compiled feed/)
  assert.deepEqual(contexts(enricher, 'x.example'), ['|a=x.example|n=2'])
  assert.equal(enricher.stats()[0]!.reloadsFailed, 1)
})

test('tables that turn out to be damaged answer nothing, and are counted', async () => {
  const logged = new LogLines()
  let damage: (error: FeedError) => void = () => {}
  let closed = 0
  let swaps = 0
  const loaded: LoadedFeed = {
    tables: [{ size: 1, find: () => undefined }],
    records: 1,
    indicators: 1,
    skipped: 0,
    ignored: 0,
    skippedPlaces: [],
    version: '1',
    close: () => {
      closed += 1
    },
    checked: new Promise((resolve) => {
      damage = resolve
    }),
  }
  const onLoad = () => {
    swaps += 1
  }
  const context = { log: logged.log, signal: new AbortController().signal, onLoad }
  const file = new FeedFile('x.tracer', [], context, { load: async () => loaded })
  await file.load()
  assert.equal(file.tables.length, 1)
  damage(new FeedError('FEED_DAMAGED', 'x.tracer', 'is damaged'))
  await logged.message('feed is damaged; it answers nothing until it is replaced')
  assert.deepEqual([file.tables.length, closed, swaps], [0, 1, 2])
  assert.deepEqual([file.stats.indicators, file.stats.reloadsFailed], [0, 1])
})

test('a compiled feed that fails in a look-up goes out of service, and the others answer', async (t) => {
  const directory = temporaryDirectory()
  const one = await compiled(directory, 'one', 'a,n\nx.example,1\n')
  const two = await compiled(directory, 'two', 'a,n\nx.example,2\n')
  const plain = { file: join(directory, 'one.csv'), key: 'a' } as const
  const logged = new LogLines()
  const enricher = await create(t, logged, [plain, { compiled: one }, { compiled: two }])
  const { find } = CompiledTable.prototype
  let broken: CompiledTable | undefined
  t.mock.method(
    CompiledTable.prototype,
    'find',
    function (this: CompiledTable, ...given: Parameters<typeof find>) {
      broken ??= this
      const found = find.apply(this, given)
      if (broken === this) throw new Error('MDB_CORRUPTED')
      return found
    },
  )
  for (let i = 0; i < 2; i++) {
    assert.deepEqual(contexts(enricher, 'x.example'), ['|a=x.example|n=1', '|a=x.example|n=2'])
  }
  const failures = logged.lines.filter(({ level }) => level === 'error')
  assert.deepEqual(
    failures.map(({ file, msg }) => [file, msg]),
    [[one, 'feed is damaged; it answers nothing until it is replaced']],
  )
  assert.deepEqual(
    enricher.stats().map(({ indicators, reloadsFailed }) => [indicators, reloadsFailed]),
    [
      [1, 0],
      [0, 1],
      [1, 0],
    ],
  )
})

test('a version that has been checked to its end is not checked again by a reload', async () => {
  const known: (string | undefined)[] = []
  const check = Promise.resolve(undefined)
  const load = async (
    _file: string,
    _signal: AbortSignal,
    checkedVersion: string | undefined,
  ): Promise<LoadedFeed> => {
    known.push(checkedVersion)
    const counts = { records: 0, indicators: 0, skipped: 0, ignored: 0, skippedPlaces: [] }
    return { tables: [], ...counts, version: '1', close: () => {}, checked: check }
  }
  const context = { log: new LogLines().log, signal: new AbortController().signal, onLoad: () => {} }
  const file = new FeedFile('x.tracer', [], context, { load })
  await file.load()
  await check
  await file.reload()
  assert.deepEqual(known, [undefined, '1'])
})

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import {
  type CompileFeedsOptions,
  compileFeeds,
  noProgress,
} from '../../../../src/tracer/feeds/compiled/compile.ts'
import { openCompiledFeed } from '../../../../src/tracer/feeds/compiled/compiled-feed.ts'
import { removeAbandoned } from '../../../../src/tracer/feeds/compiled/workspace.ts'
import { FeedError } from '../../../../src/tracer/feeds/feed-error.ts'
import { queryOf } from '../../../../src/tracer/feeds/tables/table.ts'
import { temporaryDirectory } from '../../../temporary.ts'

async function filesIn(files: Record<string, string | Uint8Array>): Promise<string> {
  const directory = temporaryDirectory()
  for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), content)
  return directory
}

/** The contexts that a compiled feed has of URLs. */
async function contextsOf(file: string, ...urls: string[]): Promise<string[][]> {
  const feed = await openCompiledFeed(file)
  try {
    return urls.map((value) => {
      const query = queryOf({ type: 'url', value })!
      return feed.tables.flatMap((table) =>
        (table.find(query, undefined) ?? []).map(({ context }) => context),
      )
    })
  } finally {
    feed.close()
  }
}

function refusal(options: CompileFeedsOptions): Promise<FeedError> {
  return compileFeeds(options).then(
    () => assert.fail('it was compiled'),
    (error) => {
      assert.ok(error instanceof FeedError, error.stack)
      return error
    },
  )
}

test('feeds of several formats become one, the last record of equal keys wins', async () => {
  const directory = await filesIn({
    'one.csv': 'ioc,n\na.example,1\nb.example,1\n,1\n',
    'two.json': '[{"ioc": "B.example/", "n": 2}, {"ioc": ["c.example", "c.example"]}]',
    'three.gz': gzipSync('{"ioc": "a.example", "n": 3}\n{"ioc": "-"}\n'),
  })
  const output = join(directory, 'x.tracer')
  const told: unknown[] = []
  const header = await compileFeeds({
    feeds: ['one.csv', 'two.json', 'three.gz'].map((name) => join(directory, name)),
    keys: [{ key: 'ioc' }],
    output,
    onSkipped: (file, skipped, places) => told.push([file.slice(directory.length + 1), skipped, places]),
  })
  assert.deepEqual([header.records, header.indicators, header.skipped], [5, 3, 2])
  assert.deepEqual(header.sources, [
    { file: 'one.csv', records: 2, skipped: 1, ignored: 0 },
    { file: 'two.json', records: 2, skipped: 0, ignored: 0 },
    { file: 'three.gz', records: 1, skipped: 1, ignored: 0 },
  ])
  assert.deepEqual(told, [
    ['one.csv', 1, ['record 3: no key']],
    ['three.gz', 1, ['record 2: no key']],
  ])
  assert.deepEqual(await contextsOf(output, 'a.example', 'b.example', 'c.example', 'd.example'), [
    ['|ioc=a.example|n=\u00013'],
    ['|ioc=B.example/|n=\u00012'],
    ['|ioc=c.example,c.example'],
    [],
  ])
  assert.deepEqual((await readdir(directory)).sort(), ['one.csv', 'three.gz', 'two.json', 'x.tracer'])
})

test('a feed that cannot be used leaves the file that is there, and nothing else', async () => {
  const directory = await filesIn({
    'good.csv': 'ioc\na.example\n',
    'broken.json': '[{"ioc": "b.example"}, {"ioc": ',
    'x.tracer': 'old',
  })
  const output = join(directory, 'x.tracer')
  const good = join(directory, 'good.csv')
  const refused = (name: string, key = 'ioc') =>
    refusal({ feeds: [good, join(directory, name)], keys: [{ key }], output })
  assert.equal((await refused('broken.json')).code, 'FEED_INVALID')
  assert.equal((await refused('missing.csv')).code, 'FEED_UNREADABLE')
  const missing = await refused('good.csv', 'ico')
  assert.equal(missing.code, 'FEED_KEY_MISSING')
  assert.match(missing.message, /did you mean "ioc"/)
  assert.equal(await readFile(output, 'utf8'), 'old')
  assert.deepEqual((await readdir(directory)).sort(), ['broken.json', 'good.csv', 'x.tracer'])
})

test('what cannot be written is told', async () => {
  const directory = await filesIn({ 'good.csv': 'ioc\na.example\n' })
  const feeds = [join(directory, 'good.csv')]
  const keys = [{ key: 'ioc' }]
  const nowhere = await refusal({ feeds, keys, output: join(directory, 'no', 'x.tracer') })
  assert.equal(nowhere.code, 'FEED_UNWRITABLE')
  assert.match(nowhere.message, /nothing can be written beside it/)
  await mkdir(join(directory, 'x.tracer'))
  await writeFile(join(directory, 'x.tracer', 'file'), '')
  assert.equal((await refusal({ feeds, keys, output: join(directory, 'x.tracer') })).code, 'FEED_UNWRITABLE')
  assert.deepEqual((await readdir(directory)).sort(), ['good.csv', 'x.tracer'])
})

test('a signal stops the work wherever it is, and nothing is left of it', async () => {
  const rows = Array.from({ length: 12_000 }, (_, i) => `host${i}.example\n*m${i % 999}*.example/*`)
  const directory = await filesIn({ 'feed.csv': `ioc\n${rows.join('\n')}\n`, 'x.tracer': 'old' })
  for (const phase of ['reading', 'indexing', 'checking'] as const) {
    const stop = new AbortController()
    const progress = noProgress()
    // The progress is set as the work goes on; that is where it is stopped.
    const watched = new Proxy(progress, {
      set(target, name, value) {
        Reflect.set(target, name, value)
        if (target.phase === phase && target.records > 5000) stop.abort(new Error(`stopped while ${phase}`))
        return true
      },
    })
    await assert.rejects(
      compileFeeds({
        feeds: [join(directory, 'feed.csv')],
        keys: [{ key: 'ioc' }],
        output: join(directory, 'x.tracer'),
        signal: stop.signal,
        progress: watched,
        runBytes: 100_000,
      }),
      { message: `stopped while ${phase}` },
    )
    assert.deepEqual((await readdir(directory)).sort(), ['feed.csv', 'x.tracer'])
    assert.equal(await readFile(join(directory, 'x.tracer'), 'utf8'), 'old')
  }
})

test('what a killed compile has left is removed, what another one needs is not', async () => {
  const directory = await filesIn({ 'x.tracer': 'old' })
  const names = [
    '.x.tracer.compiling-me-1.abcdef',
    '.x.tracer.compiling-me-2.abcdef',
    '.y.tracer.compiling-me-1.abcdef',
  ]
  for (const name of names) {
    await mkdir(join(directory, name))
    await writeFile(join(directory, name, 'data.mdb'), 'half')
  }
  await removeAbandoned(join(directory, 'x.tracer'), (owner) => owner === 'me-1')
  assert.deepEqual((await readdir(directory)).sort(), [names[1], names[2], 'x.tracer'].sort())
})

/** Runs a test in a file system of four megabytes, which only the superuser can make. @returns whether there is one */
async function inSmallFileSystem(directory: string, task: () => Promise<void>): Promise<boolean> {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', directory], { stdio: 'ignore' })
  } catch {
    return false
  }
  try {
    await task()
  } finally {
    execFileSync('umount', [directory])
  }
  return true
}

test('a full disk is a clear error, at whatever place it is full', {
  skip: process.platform !== 'linux',
}, async (t) => {
  const directory = temporaryDirectory()
  const small = join(directory, 'small')
  await mkdir(small)
  const output = join(small, 'x.tracer')
  const feed = join(directory, 'feed.json')
  const record = (i: number, note: string) => JSON.stringify({ ioc: `host${i}.example`, note })
  // Long contexts fill it while the feed is read, entries when they are sorted, or when they are written.
  const cases = [
    { records: Array.from({ length: 1000 }, (_, i) => record(i, 'x'.repeat(12_000))), runBytes: undefined },
    { records: Array.from({ length: 30_000 }, (_, i) => record(i, 'y'.repeat(200))), runBytes: 1_000_000 },
    { records: Array.from({ length: 15_000 }, (_, i) => record(i, 'z'.repeat(300))), runBytes: undefined },
  ]
  const isThere = await inSmallFileSystem(small, async () => {
    await writeFile(output, 'old')
    for (const { records, runBytes } of cases) {
      await writeFile(feed, records.join('\n'))
      const error = await refusal({ feeds: [feed], keys: [{ key: 'ioc' }], output, runBytes })
      assert.equal(error.code, 'FEED_UNWRITABLE')
      assert.match(error.message, /x\.tracer: cannot be written: the disk is full/)
      assert.deepEqual(await readdir(small), ['x.tracer'])
      assert.equal(await readFile(output, 'utf8'), 'old')
    }
  })
  if (!isThere) t.skip('a file system cannot be mounted here')
})

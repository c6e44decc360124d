import assert from 'node:assert/strict'
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import {
  createFeedEnricher,
  type FeedEnricher,
  type FeedOptions,
} from '../../../src/tracer/enrichers/feed.ts'
import { LogLines, poll } from '../running-server.ts'
import { temporaryDirectory } from './temporary.ts'

const OPTIONS = { timeout: 30_000 }
const EVENT =
  '{"Event": {"info": "i", "uuid": "u", "date": "d", "Attribute": [{"type": "domain", "value": "HOST"}]}}'
const UUID = '5f0f0f0f-0000-4000-8000-000000000001'

function csv(host: string): string {
  return `ioc\n${host}\n`
}

async function start(
  t: TestContext,
  directory: string,
  feed: Partial<FeedOptions> = { key: 'ioc' },
): Promise<{ enricher: FeedEnricher; logged: LogLines }> {
  const logged = new LogLines()
  const enricher = await createFeedEnricher({
    feeds: [{ file: directory, ...feed }],
    log: logged.log,
    watchTimes: { settleMs: 5, pollMs: 20 },
  })
  t.after(() => enricher.close())
  return { enricher, logged }
}

function hits(enricher: FeedEnricher, host: string): number {
  return enricher.lookup({ type: 'url', value: host }).length
}

test('a directory stands for its feed files, in the order of their names', OPTIONS, async (t) => {
  const directory = await temporaryDirectory(t)
  await writeFile(join(directory, 'b.csv'), `ioc,n\na.example,b\n`)
  await writeFile(join(directory, 'a.csv.gz'), gzipSync('ioc,n\na.example,a\n'))
  await writeFile(join(directory, 'c.JSONL'), '{"ioc": "a.example", "n": "c"}\n')
  await writeFile(join(directory, 'd.json'), EVENT.replace('HOST', 'a.example'))
  for (const name of ['.hidden.csv', 'e.csv.part', 'f.csv~', 'readme.md', 'g.csv.tmp'])
    await writeFile(join(directory, name), 'nonsense')
  await mkdir(join(directory, 'h.csv'))
  if (process.platform !== 'win32') await symlink(join(directory, 'b.csv'), join(directory, 'z.csv'))
  const { enricher } = await start(t, directory, { key: 'ioc', category: 'Mine' })
  const found = enricher.lookup({ type: 'url', value: 'a.example' })
  const contexts = [
    '|ioc=a.example|n=a',
    '|ioc=a.example|n=b',
    '|ioc=a.example|n=c',
    '|type=domain|value=a.example|event.info=i|event.uuid=u|event.date=d',
    ...(process.platform === 'win32' ? [] : ['|ioc=a.example|n=b']),
  ]
  assert.deepEqual(
    found.map(({ category, context }) => [category, context]),
    contexts.map((context) => ['Mine', context]),
  )
  assert.equal(enricher.stats().length, contexts.length)
})

test('files that come, change and go are seen', OPTIONS, async (t) => {
  const directory = await temporaryDirectory(t)
  await writeFile(join(directory, 'a.csv'), csv('a.example'))
  const { enricher, logged } = await start(t, directory)
  await writeFile(join(directory, 'b.csv'), csv('b.example'))
  await poll(() => hits(enricher, 'b.example') === 1)
  await writeFile(join(directory, 'new'), csv('b2.example'))
  await rename(join(directory, 'new'), join(directory, 'b.csv'))
  await poll(() => hits(enricher, 'b2.example') === 1)
  assert.equal(hits(enricher, 'b.example'), 0)
  await rm(join(directory, 'a.csv'))
  await poll(() => hits(enricher, 'a.example') === 0)
  assert.deepEqual(
    enricher.stats().map(({ file }) => file),
    [join(directory, 'b.csv')],
  )
  // A broken one does not disturb the others, and is read when it is mended.
  await writeFile(join(directory, 'c.csv'), 'other\nc.example\n')
  await poll(() => logged.lines.some(({ msg }) => msg === 'feed not reloaded; the old table stays'))
  assert.equal(hits(enricher, 'b2.example'), 1)
  await writeFile(join(directory, 'c.csv'), csv('c.example'))
  await poll(() => hits(enricher, 'c.example') === 1)
})

test('a directory that is gone keeps its tables', OPTIONS, async (t) => {
  const directory = join(await temporaryDirectory(t), 'feeds')
  await mkdir(directory)
  await writeFile(join(directory, 'a.csv'), csv('a.example'))
  const { enricher, logged } = await start(t, directory)
  await rename(directory, `${directory}.old`)
  await enricher.reload()
  assert.ok(logged.lines.some(({ msg }) => msg === 'directory of feeds not read; the old tables stay'))
  assert.equal(hits(enricher, 'a.example'), 1)
})

test('an empty directory is a warning, a broken file at the start an error', OPTIONS, async (t) => {
  const directory = await temporaryDirectory(t)
  const { enricher, logged } = await start(t, directory)
  assert.equal(hits(enricher, 'a.example'), 0)
  assert.ok(logged.lines.some(({ level }) => level === 'warn'))
  await writeFile(join(directory, 'a.csv'), csv('a.example'))
  await poll(() => hits(enricher, 'a.example') === 1)
  await writeFile(join(directory, 'b.json'), '[{"ioc": ')
  await assert.rejects(start(t, directory), { code: 'FEED_INVALID', message: /b\.json: line 1/ })
  await rm(join(directory, 'b.json'))
  await assert.rejects(start(t, directory, {}), {
    code: 'FEED_KEY_NEEDED',
    message: /a\.csv.*needs a --key.*ioc/,
  })
})

test('a directory with a manifest is a feed of MISP: one table of all its events', OPTIONS, async (t) => {
  const directory = await temporaryDirectory(t)
  const manifest = JSON.stringify({ [UUID]: { info: 'i', timestamp: '1' } })
  await writeFile(join(directory, 'manifest.json'), manifest)
  await writeFile(join(directory, 'hashes.csv'), 'd41d8cd98f00b204e9800998ecf8427e,u\n')
  await writeFile(join(directory, `${UUID}.json`), EVENT.replace('HOST', 'a.example'))
  const { enricher } = await start(t, directory, {})
  assert.deepEqual(
    enricher.stats().map(({ file, records }) => [file, records]),
    [[join(directory, 'manifest.json'), 1]],
  )
  await writeFile(join(directory, `${UUID}.json`), EVENT.replace('HOST', 'b.example'))
  await writeFile(join(directory, 'manifest.json'), manifest.replace('"1"', '"2000"'))
  await poll(() => hits(enricher, 'b.example') === 1)
  assert.equal(hits(enricher, 'a.example'), 0)
  await rm(join(directory, `${UUID}.json`))
  await assert.rejects(start(t, directory, {}), { code: 'FEED_UNREADABLE', message: new RegExp(UUID) })
})

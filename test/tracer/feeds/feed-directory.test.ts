import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import {
  createFeedEnricher,
  type FeedEnricher,
  type FeedOptions,
} from '../../../src/tracer/enrichers/feed.ts'
import { temporaryDirectory } from '../../temporary.ts'
import { LogLines, poll } from '../running-server.ts'

const OPTIONS = { timeout: 900_000 }
const POSIX = { ...OPTIONS, skip: process.platform === 'win32' && 'there are no FIFOs' }
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
  const directory = temporaryDirectory()
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
  const directory = temporaryDirectory()
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
  await poll(() =>
    logged.lines.some(({ msg }) => msg === 'feed not reloaded; nothing of it is served until it is good'),
  )
  assert.equal(hits(enricher, 'b2.example'), 1)
  await writeFile(join(directory, 'c.csv'), csv('c.example'))
  await poll(() => hits(enricher, 'c.example') === 1)
})

test('a directory that is gone keeps its tables', OPTIONS, async (t) => {
  const directory = join(temporaryDirectory(), 'feeds')
  await mkdir(directory)
  await writeFile(join(directory, 'a.csv'), csv('a.example'))
  const { enricher, logged } = await start(t, directory)
  await rename(directory, `${directory}.old`)
  await enricher.reload()
  assert.ok(logged.lines.some(({ msg }) => msg === 'directory of feeds not read; the old tables stay'))
  assert.equal(hits(enricher, 'a.example'), 1)
})

test('an empty directory is a warning, a broken file at the start an error', OPTIONS, async (t) => {
  const directory = temporaryDirectory()
  const { enricher, logged } = await start(t, directory)
  assert.equal(hits(enricher, 'a.example'), 0)
  assert.ok(logged.lines.some(({ level }) => level === 'warn'))
  await writeFile(join(directory, 'a.csv'), csv('a.example'))
  await poll(() => hits(enricher, 'a.example') === 1)
  await writeFile(join(directory, 'b.json'), '[{"ioc": ')
  await assert.rejects(start(t, directory), { code: 'FEED_INVALID', message: /b\.json: line 1/ })
  await rm(join(directory, 'b.json'))
  await writeFile(join(directory, 'c.csv'), 'who,why\na.example,x\n')
  await assert.rejects(start(t, directory, {}), {
    code: 'FEED_KEY_NEEDED',
    message: /c\.csv.*needs a --key.*who, why/,
  })
})

test('a directory with a manifest is a feed of MISP: one table of all its events', OPTIONS, async (t) => {
  const directory = temporaryDirectory()
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

test('a FIFO and what else is no file is left out with a line, and never opened', POSIX, async (t) => {
  const directory = temporaryDirectory()
  await writeFile(join(directory, 'a.csv'), csv('a.example'))
  execFileSync('mkfifo', [join(directory, 'b.csv')])
  await symlink(join(directory, 'b.csv'), join(directory, 'c.csv'))
  await symlink('/dev/zero', join(directory, 'd.json'))
  await symlink(join(directory, 'a.csv'), join(directory, 'e.csv'))
  const { enricher, logged } = await start(t, directory)
  assert.equal(hits(enricher, 'a.example'), 2)
  const skipped = () =>
    logged.lines.filter(({ msg }) => msg === 'not a regular file; it is left out').map(({ file }) => file)
  const three = ['b.csv', 'c.csv', 'd.json'].map((name) => join(directory, name))
  assert.deepEqual(skipped(), three)
  // Each is told once, however often the directory is looked at, and again when another one has come.
  await enricher.reload()
  assert.deepEqual(skipped(), three)
  execFileSync('mkfifo', [join(directory, 'f.csv')])
  await enricher.reload()
  assert.deepEqual(skipped(), [...three, join(directory, 'f.csv')])
})

test(
  'a FIFO or a device as a feed, or in the place of one, is an error and not waited for',
  POSIX,
  async (t) => {
    const directory = temporaryDirectory()
    const fifo = join(directory, 'fifo')
    execFileSync('mkfifo', [fifo])
    for (const file of [fifo, '/dev/zero']) {
      await assert.rejects(start(t, file), { message: `${file}: is not a regular file` })
      const compiled = createFeedEnricher({ feeds: [{ compiled: file }] })
      await assert.rejects(compiled, { message: `${file}: is not a regular file` })
    }
    const file = join(directory, 'feed.csv')
    await writeFile(file, csv('a.example'))
    const { enricher, logged } = await start(t, file)
    await rename(fifo, file)
    await enricher.reload()
    await logged.message('feed not reloaded; the old table stays')
    assert.equal(hits(enricher, 'a.example'), 1)
  },
)

test(
  'the copy of a feed that is being downloaded may come late, or in the place of one that is broken',
  OPTIONS,
  async (t) => {
    const directory = temporaryDirectory()
    const file = join(directory, 'copy')
    const { enricher, logged } = await start(t, file, { key: 'ioc', isDownloaded: true })
    await logged.message('feed is not there yet; it is read when it has come')
    assert.equal(hits(enricher, 'a.example'), 0)
    await writeFile(`${file}.part`, csv('a.example'))
    await rename(`${file}.part`, file)
    await poll(() => hits(enricher, 'a.example') === 1)

    const broken = join(directory, 'broken')
    await writeFile(broken, 'other\nthing\n')
    // One that has just come is all that the server has.
    await assert.rejects(start(t, broken, { key: 'ioc', isDownloaded: true }), /has no column/)
    const old = new Date(Date.now() - 3_600_000)
    await utimes(broken, old, old)
    const starting = start(t, broken, { key: 'ioc', isDownloaded: true })
    await setTimeout(50)
    await writeFile(`${broken}.part`, csv('b.example'))
    await rename(`${broken}.part`, broken)
    assert.equal(hits((await starting).enricher, 'b.example'), 1)
  },
)

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { chmod, mkdir, open, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { test } from 'node:test'
import { compileFeeds } from '../../../../src/tracer/feeds/compiled/compile.ts'
import { openCompiledFeed } from '../../../../src/tracer/feeds/compiled/compiled-feed.ts'
import { samplesOf } from '../../../../src/tracer/feeds/compiled/samples.ts'
import { FeedError } from '../../../../src/tracer/feeds/feed-error.ts'
import { queryOf } from '../../../../src/tracer/feeds/tables/table.ts'
import { temporaryDirectory } from '../../../temporary.ts'

const TRAILER_BYTES = 64
const VERSION_OFFSET = 8

async function compiled(content: string): Promise<{ directory: string; file: string }> {
  const directory = temporaryDirectory()
  const feed = join(directory, 'feed')
  const file = join(directory, 'x.tracer')
  await writeFile(feed, content)
  await compileFeeds({ feeds: [feed], keys: [{ key: 'ioc' }], output: file })
  return { directory, file }
}

async function refusal(file: string): Promise<FeedError> {
  const error = await openCompiledFeed(file).then(
    (feed) => {
      feed.close()
      return assert.fail('it was opened')
    },
    (reason) => reason,
  )
  assert.ok(error instanceof FeedError, String(error.stack))
  return error
}

const SMALL = 'ioc,n\na.example,1\n192.0.2.0/24,2\n*.b.example/*,3\n'

test('a file that is cut anywhere is refused before lmdb sees it', async () => {
  const { file } = await compiled(SMALL)
  const bytes = await readFile(file)
  for (
    let length = 0;
    length < bytes.length;
    length += length < 600 || length > bytes.length - 600 ? 37 : 1511
  ) {
    await writeFile(file, bytes.subarray(0, length))
    assert.equal((await refusal(file)).code, 'FEED_DAMAGED', `${length} bytes`)
  }
  await writeFile(file, Buffer.concat([bytes, Buffer.from('more')]))
  assert.equal((await refusal(file)).code, 'FEED_DAMAGED')
  await writeFile(file, bytes)
  ;(await openCompiledFeed(file)).close()
})

test('a byte that is changed anywhere is found', async () => {
  const { file } = await compiled(SMALL)
  const bytes = await readFile(file)
  const versionAt = bytes.length - TRAILER_BYTES + VERSION_OFFSET
  for (let at = 0; at < bytes.length; at += at < bytes.length - 700 ? 257 : 11) {
    if (at >= versionAt && at < versionAt + 4) continue
    const changed = Buffer.from(bytes)
    changed[at]! ^= 0x10
    await writeFile(file, changed)
    const error = await refusal(file)
    assert.equal(error.code, 'FEED_DAMAGED', `byte ${at}`)
    assert.match(error.message, /x\.tracer: is no whole compiled feed: .*; compile it again$/)
  }
})

test('a file of another version is refused with what to do', async () => {
  const { file } = await compiled(SMALL)
  const bytes = await readFile(file)
  bytes.writeUInt32LE(7, bytes.length - TRAILER_BYTES + VERSION_OFFSET)
  await writeFile(file, bytes)
  const error = await refusal(file)
  assert.equal(error.code, 'FEED_VERSION')
  assert.match(error.message, /another version of tracer \(format 7, this one reads 4\); compile it again/)
})

test('what is no compiled feed is refused', async () => {
  const directory = temporaryDirectory()
  const file = join(directory, 'x.tracer')
  for (const content of ['', 'ioc\na.example\n', 'x'.repeat(100_000), '\0'.repeat(64)]) {
    await writeFile(file, content)
    assert.equal((await refusal(file)).code, 'FEED_DAMAGED')
  }
  assert.equal((await refusal(join(directory, 'missing'))).code, 'FEED_UNREADABLE')
  assert.equal((await refusal(directory)).code, 'FEED_UNREADABLE')
})

test('the middle of a large file is checked while it is in use', async (t) => {
  // The check alone keeps no process running.
  const held = setInterval(() => {}, 1000)
  t.after(() => clearInterval(held))
  const rows = Array.from({ length: 120_000 }, (_, i) => `host${i}.example,${'x'.repeat(110)}`)
  const { file } = await compiled(`ioc,n\n${rows.join('\n')}\n`)
  const whole = await openCompiledFeed(file, undefined, { checkedAtOnceBytes: 0 })
  assert.equal(await whole.checked, undefined)
  whole.close()
  assert.ok(whole.header.dataBytes > 12 * 1024 * 1024, 'there is a middle')

  const handle = await open(file, 'r+')
  await handle.write(Buffer.from([0xff]), 0, 1, 6 * 1024 * 1024 + 4000)
  await handle.close()
  const damaged = await openCompiledFeed(file, undefined, { checkedAtOnceBytes: 0 })
  const error = await damaged.checked
  assert.equal(error?.code, 'FEED_DAMAGED')
  assert.match(error.message, /the checksum of bytes 6291456 to 7340031 is wrong/)
  damaged.close()
  assert.equal((await refusal(file)).code, 'FEED_DAMAGED')

  // A version that has been checked is not read to its end again.
  const known = { checkedAtOnceBytes: 0, checkedVersion: damaged.version }
  const again = await openCompiledFeed(file, undefined, known)
  assert.equal(await again.checked, undefined)
  again.close()

  // Who closes it is not told of a check that did not end.
  const closed = await openCompiledFeed(file, undefined, { checkedAtOnceBytes: 0 })
  closed.close()
  assert.equal(await closed.checked, undefined)
})

test('a file is read by several, from a directory that is not written to', async () => {
  const { directory, file } = await compiled(SMALL)
  const kept = join(directory, 'kept')
  await mkdir(kept)
  await rename(file, join(kept, 'x.tracer'))
  await chmod(kept, 0o555)
  try {
    const feeds = [
      await openCompiledFeed(join(kept, 'x.tracer')),
      await openCompiledFeed(join(kept, 'x.tracer')),
    ]
    const query = queryOf({ type: 'url', value: 'a.example' })!
    for (const { tables } of feeds) assert.equal(tables[0]!.find(query, undefined)?.length, 1)
    feeds[0]!.close()
    assert.equal(feeds[1]!.tables[0]!.find(query, undefined)?.length, 1)
    feeds[1]!.close()
    if (process.platform !== 'win32') assert.deepEqual(await readdir(kept), ['x.tracer'])
  } finally {
    await chmod(kept, 0o755)
  }
})

test('a feed that is closed is not mapped any more', { skip: process.platform !== 'linux' }, async () => {
  const { file } = await compiled(SMALL)
  const mappings = () => readFileSync('/proc/self/maps', 'utf8').split(file).length - 1
  const before = mappings()
  const feed = await openCompiledFeed(file)
  assert.equal(mappings(), before + 1)
  feed.close()
  feed.close()
  assert.equal(mappings(), before)
})

test('a file without records, and one with few, have what they have', async () => {
  const empty = await compiled('ioc\n')
  const feed = await openCompiledFeed(empty.file)
  assert.equal(feed.tables[0]!.size, 0)
  assert.equal(feed.tables[0]!.find(queryOf({ type: 'url', value: 'a.example' })!, undefined), undefined)
  assert.deepEqual([...samplesOf(feed.header, feed.store, 5)], [])
  feed.close()

  const few = await openCompiledFeed((await compiled(SMALL)).file)
  const samples = [...samplesOf(few.header, few.store, 20)]
  assert.deepEqual(
    samples.toSorted((a, b) => (a.indicator < b.indicator ? -1 : 1)),
    [
      { key: 'ioc', kind: 'mask', indicator: '*.b.example/*', context: '|ioc=*.b.example/*|n=3' },
      { key: 'ioc', kind: 'ip', indicator: '192.0.2.0-192.0.2.255', context: '|ioc=192.0.2.0/24|n=2' },
      { key: 'ioc', kind: 'host', indicator: 'a.example', context: '|ioc=a.example|n=1' },
    ],
  )
  few.close()
})

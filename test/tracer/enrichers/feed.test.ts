import assert from 'node:assert/strict'
import { appendFile, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { NO_MATCHES } from '../../../src/tracer/enricher.ts'
import {
  createFeedEnricher,
  type FeedEnricher,
  type FeedEnricherOptions,
  type FeedLog,
  type FeedOptions,
} from '../../../src/tracer/enrichers/feed.ts'
import type { IndicatorType } from '../../../src/tracer/protocol.ts'
import { createLog } from '../../../src/tracer/server/log.ts'
import { temporaryDirectory } from '../../temporary.ts'

const FIXTURES = fileURLToPath(new URL('../../../fixtures/feeds/', import.meta.url))

/** Tells of the next message. */
class Messages implements FeedLog {
  readonly all: string[] = []
  #waiting: { wanted: string; resolve: () => void }[] = []

  info(_fields: object, message: string): void {
    this.#add(message)
  }

  warn(_fields: object, message: string): void {
    this.#add(message)
  }

  error(_fields: object, message: string): void {
    this.#add(message)
  }

  /** Resolves when the message comes. */
  next(wanted: string): Promise<void> {
    // Watching alone keeps no process running.
    const running = setInterval(() => undefined, 60_000)
    return new Promise((resolve) => {
      this.#waiting.push({
        wanted,
        resolve: () => {
          clearInterval(running)
          resolve()
        },
      })
    })
  }

  #add(message: string): void {
    this.all.push(message)
    const waiting = this.#waiting
    this.#waiting = waiting.filter(({ wanted }) => wanted !== message)
    for (const { wanted, resolve } of waiting) if (wanted === message) resolve()
  }
}

const LOADED = 'feed loaded'
const NOT_RELOADED = 'feed not reloaded; the old table stays'

async function create(t: TestContext, options: FeedEnricherOptions): Promise<FeedEnricher> {
  const enricher = await createFeedEnricher({ watch: false, ...options })
  t.after(() => enricher.close())
  return enricher
}

function fixture(name: string, key: string, type?: IndicatorType): FeedOptions {
  return type === undefined ? { file: FIXTURES + name, key } : { file: FIXTURES + name, key, type }
}

/** Category and context of all matches. */
function found(enricher: FeedEnricher, type: IndicatorType, value: string): string[] {
  return enricher.lookup({ type, value }).map(({ category, context }) => category + context)
}

test('the example of the protocol is answered', async (t) => {
  const enricher = await create(t, { feeds: [fixture('indicators.csv', 'ioc')] })
  assert.deepEqual(enricher.lookup({ type: 'url', value: 'gmer.com' }), [
    { category: 'Tracer_URL_enricher', context: '|ioc=gmer.com|context=bad_URL' },
  ])
  assert.deepEqual(found(enricher, 'ip', '2001:db8:bad:1::7'), [
    'Tracer_IP_enricher|ioc=2001:db8:bad::/48|context=bulletproof hosting',
  ])
  assert.deepEqual(found(enricher, 'hash', '44D88612FEA8A8F36DE82E1278ABB02F'), [
    'Tracer_HASH_enricher|ioc=44d88612fea8a8f36de82e1278abb02f|context=EICAR test file',
  ])
})

test('a miss is one shared list', async (t) => {
  const enricher = await create(t, { feeds: [fixture('indicators.csv', 'ioc')] })
  assert.equal(enricher.lookup({ type: 'ip', value: '198.51.100.7' }), NO_MATCHES)
  assert.equal(enricher.lookup({ type: 'ip', value: 'nonsense' }), NO_MATCHES)
  assert.equal(enricher.lookup({ type: 'url', value: '' }), NO_MATCHES)
})

test('the feeds of the project load and answer', async (t) => {
  const enricher = await create(t, {
    feeds: [
      fixture('malicious-urls.csv', 'mask', 'url'),
      fixture('dynamic-dns.csv', 'domain'),
      fixture('ip-reputation.csv', 'ip', 'ip'),
      fixture('malware-hashes.json', 'files/MD5', 'hash'),
      fixture('malware-hashes.json', 'files.SHA256', 'hash'),
      { ...fixture('malware-hashes.json', 'whois.domain'), category: 'Malware_domain' },
    ],
  })
  assert.deepEqual(
    enricher.stats().map(({ records, indicators, skipped }) => [records, indicators, skipped]),
    [
      [10, 10, 0],
      [4, 4, 0],
      [7, 7, 0],
      [3, 10, 0],
    ],
  )
  assert.deepEqual(found(enricher, 'url', 'https://www.ABID-sh84.github.io/netflixclone/'), [
    'Tracer_URL_REGEX_enricher|mask=abid-sh84.github.io/netflixclone/*|threat=Phishing.Netflix|first_seen=2026-03-02|popularity=4',
  ])
  assert.equal(
    found(enricher, 'url', 'http://a.dyn.example/x')[0]?.split('|')[0],
    'Tracer_URL_REGEX_enricher',
  )
  assert.deepEqual(
    found(enricher, 'ip', '192.0.2.17').map((text) => text.split('|')[1]),
    ['ip=192.0.2.17', 'ip=192.0.2.10-192.0.2.40', 'ip=192.0.2.0/24'],
  )
  assert.equal(found(enricher, 'hash', '8b1fdfac8fe38356708b4bb683ff7cca').length, 1)
  assert.equal(
    found(enricher, 'hash', '019726cb09cd3d7427c722ad0f4e5977c62218a385b15ffc7772fe501823f2bf').length,
    1,
  )
  assert.deepEqual(
    found(enricher, 'url', 'http://files-share.example/').map((text) => text.split('|')[0]),
    ['Malware_domain'],
  )
})

test('feeds answer in their order, also two keys of one file', async (t) => {
  const directory = temporaryDirectory()
  const one = join(directory, 'one.csv')
  const two = join(directory, 'two.csv')
  await writeFile(one, 'a,b\nx.example,*.example\n')
  await writeFile(two, 'a\nx.example\n')
  const enricher = await create(t, {
    feeds: [
      { file: one, key: 'b', category: '1' },
      { file: two, key: 'a', category: '2' },
      { file: one, key: 'a', category: '3' },
    ],
  })
  assert.deepEqual(
    enricher.lookup({ type: 'url', value: 'x.example' }).map(({ category }) => category),
    ['1', '2', '3'],
  )
  assert.equal(enricher.stats().length, 2)
})

test('a pino logger is a log', async (t) => {
  const lines: string[] = []
  const log = createLog('info', { write: (line: string) => void lines.push(line) })
  await create(t, { feeds: [fixture('indicators.csv', 'ioc')], log })
  const { msg, records, indicators, skipped } = JSON.parse(lines[0]!)
  assert.deepEqual([msg, records, indicators, skipped], [LOADED, 5, 5, 0])
})

test('a feed that cannot be loaded fails the start', async () => {
  const directory = temporaryDirectory()
  const file = join(directory, 'feed.json')
  await writeFile(file, '[{"a": 1}')
  const feeds = [fixture('indicators.csv', 'ioc'), { file, key: 'a' }]
  await assert.rejects(createFeedEnricher({ feeds }), { name: 'FeedError', code: 'FEED_INVALID', file })
})

test('a reload swaps the table, and a broken file keeps the old one', async (t) => {
  const file = join(temporaryDirectory(), 'feed.csv')
  const log = new Messages()
  await writeFile(file, 'a\nold.example\n')
  const enricher = await create(t, { feeds: [{ file, key: 'a' }], log })
  const [first] = enricher.stats()

  await writeFile(file, 'a\nnew.example\nmore.example\n')
  assert.equal(found(enricher, 'url', 'old.example').length, 1)
  const reload = enricher.reload()
  assert.equal(found(enricher, 'url', 'old.example').length, 1)
  await reload
  assert.equal(found(enricher, 'url', 'old.example').length, 0)
  assert.equal(found(enricher, 'url', 'new.example').length, 1)
  const [second] = enricher.stats()
  assert.ok(second!.loadedAt >= first!.loadedAt)
  assert.deepEqual([second!.records, second!.reloadsOk, second!.reloadsFailed], [2, 1, 0])

  for (const broken of ['a\n"new.example\n', '', 'b\nx.example\n', '[{"a": "x.example"']) {
    await writeFile(file, broken)
    await enricher.reload()
    assert.equal(found(enricher, 'url', 'new.example').length, 1)
  }
  await rm(file)
  await enricher.reload()
  assert.equal(found(enricher, 'url', 'new.example').length, 1)
  const [third] = enricher.stats()
  assert.deepEqual([third!.records, third!.reloadsOk, third!.reloadsFailed], [2, 1, 5])
  assert.equal(third!.loadedAt, second!.loadedAt)
  assert.deepEqual(log.all, [
    LOADED,
    LOADED,
    ...Array(4).fill(NOT_RELOADED),
    'feed is gone; the old table stays',
  ])
})

test('reloads that are asked for at once share the next reading', async (t) => {
  const file = join(temporaryDirectory(), 'feed.csv')
  await writeFile(file, 'a\nold.example\n')
  const enricher = await create(t, { feeds: [{ file, key: 'a' }] })
  await Promise.all(Array.from({ length: 10 }, () => enricher.reload()))
  assert.equal(enricher.stats()[0]!.reloadsOk, 2)
})

test('all keys of a file change at once', async (t) => {
  const file = join(temporaryDirectory(), 'feed.csv')
  const write = (mark: string) => writeFile(file, `a,b,mark\nx.example,*.example,${mark}\n`)
  await write('0')
  const enricher = await create(t, {
    feeds: [
      { file, key: 'a' },
      { file, key: 'b' },
    ],
  })
  let isDone = false
  const contexts = new Set<string>()
  const watch = async () => {
    while (!isDone) {
      const marks = enricher.lookup({ type: 'url', value: 'x.example' }).map(({ context }) => context)
      assert.equal(marks.length, 2)
      assert.equal(marks[0], marks[1])
      contexts.add(marks[0]!)
      await setImmediate()
    }
  }
  const watching = watch()
  for (let mark = 1; mark <= 5; mark++) {
    await write(String(mark))
    await enricher.reload()
  }
  isDone = true
  await watching
  assert.ok(contexts.size > 1)
})

/** Windows lets only some users make links. */
const LINKS = { skip: process.platform === 'win32' && 'needs links' }

const WATCH_TIMES = { settleMs: 10, pollMs: 3_600_000 }

test('a file that is written again is reloaded by itself', async (t) => {
  const file = join(temporaryDirectory(), 'feed.csv')
  const log = new Messages()
  await writeFile(file, 'a\nold.example\n')
  const enricher = await create(t, { feeds: [{ file, key: 'a' }], log, watch: true, watchTimes: WATCH_TIMES })
  for (const host of ['new.example', 'newer.example']) {
    const loaded = log.next(LOADED)
    await appendFile(file, `${host}\n`)
    await loaded
    assert.equal(found(enricher, 'url', host).length, 1)
  }
})

test('a file that is renamed over is reloaded by itself, a broken one is kept out', async (t) => {
  const directory = temporaryDirectory()
  const file = join(directory, 'feed.json')
  const log = new Messages()
  const replace = async (content: string) => {
    await writeFile(`${file}.new`, content)
    await rename(`${file}.new`, file)
  }
  await replace('[{"a": "1.example"}]')
  const enricher = await create(t, { feeds: [{ file, key: 'a' }], log, watch: true, watchTimes: WATCH_TIMES })

  const loaded = log.next(LOADED)
  await replace('[{"a": "2.example"}]')
  await loaded
  assert.equal(found(enricher, 'url', '2.example').length, 1)

  const refused = log.next(NOT_RELOADED)
  await replace('[{"a": "3.example"')
  await refused
  assert.equal(found(enricher, 'url', '2.example').length, 1)

  const loadedAgain = log.next(LOADED)
  await replace('[{"a": "4.example"}]')
  await loadedAgain
  assert.equal(found(enricher, 'url', '4.example').length, 1)
  const [stats] = enricher.stats()
  assert.deepEqual([stats!.reloadsOk, stats!.reloadsFailed], [2, 1])
})

test('a file that goes away and comes back is reloaded', async (t) => {
  const file = join(temporaryDirectory(), 'feed.csv')
  const log = new Messages()
  await writeFile(file, 'a\nold.example\n')
  const enricher = await create(t, { feeds: [{ file, key: 'a' }], log, watch: true, watchTimes: WATCH_TIMES })
  await rm(file)
  const loaded = log.next(LOADED)
  await writeFile(file, 'a\nnew.example\n')
  await loaded
  assert.equal(found(enricher, 'url', 'new.example').length, 1)
  assert.equal(enricher.stats()[0]!.reloadsFailed, 0)
})

test('a link that is turned to another directory is followed', LINKS, async (t) => {
  const directory = temporaryDirectory()
  for (const version of ['1', '2']) {
    await mkdir(join(directory, version))
    await writeFile(join(directory, version, 'feed.csv'), `a\nhost${version}.example\n`)
  }
  await symlink('1', join(directory, 'current'))
  await symlink(join('current', 'feed.csv'), join(directory, 'feed.csv'))
  const log = new Messages()
  const enricher = await create(t, {
    feeds: [{ file: join(directory, 'feed.csv'), key: 'a' }],
    log,
    watch: true,
    watchTimes: WATCH_TIMES,
  })
  const loaded = log.next(LOADED)
  await symlink('2', join(directory, 'next'))
  await rename(join(directory, 'next'), join(directory, 'current'))
  await loaded
  assert.equal(found(enricher, 'url', 'host2.example').length, 1)
})

test('a file whose directory tells nothing is looked at now and then', LINKS, async (t) => {
  const directory = temporaryDirectory()
  await mkdir(join(directory, 'elsewhere'))
  await writeFile(join(directory, 'elsewhere', 'feed.csv'), 'a\nold.example\n')
  await symlink(join('elsewhere', 'feed.csv'), join(directory, 'feed.csv'))
  const log = new Messages()
  const enricher = await create(t, {
    feeds: [{ file: join(directory, 'feed.csv'), key: 'a' }],
    log,
    watch: true,
    watchTimes: { settleMs: 5, pollMs: 5 },
  })
  const loaded = log.next(LOADED)
  await writeFile(join(directory, 'elsewhere', 'feed.csv'), 'a\nnew.example\n')
  await loaded
  assert.equal(found(enricher, 'url', 'new.example').length, 1)
})

test('a large feed is read while look-ups are answered', async (t) => {
  const file = join(temporaryDirectory(), 'feed.csv')
  const rows = Array.from({ length: 100_000 }, (_, i) => `host${i}.example`)
  await writeFile(file, `a\n${rows.join('\n')}\n`)
  const enricher = await create(t, { feeds: [{ file, key: 'a' }] })
  let turns = 0
  let isDone = false
  const lookUps = async () => {
    while (!isDone) {
      await setImmediate()
      turns += 1
      assert.equal(found(enricher, 'url', 'host77.example').length, 1)
    }
  }
  const reloaded = enricher.reload().finally(() => {
    isDone = true
  })
  // The last look-up ends before the enricher is closed, which answers nothing from then on.
  await Promise.all([reloaded, lookUps()])
  assert.ok(turns > 10, `${turns} turns of the event loop`)
  assert.equal(enricher.stats()[0]!.indicators, rows.length)
})

test('closing ends a loading that runs', async () => {
  const file = join(temporaryDirectory(), 'feed.csv')
  await writeFile(file, `a\n${'x.example\n'.repeat(500_000)}`)
  const log = new Messages()
  const enricher = await createFeedEnricher({ feeds: [{ file, key: 'a' }], log })
  const reload = enricher.reload()
  enricher.close()
  await reload
  assert.deepEqual(log.all, [LOADED])
  assert.equal(enricher.stats()[0]!.reloadsFailed, 0)
})

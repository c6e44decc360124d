import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, stat, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { FeedDownload, type FeedDownloadOptions } from '../../../../src/tracer/feeds/download/download.ts'
import { temporaryDirectory } from '../../../temporary.ts'
import { LogLines } from '../../running-server.ts'
import { AUTHORITY, FeedServer, tagged } from '../feed-server.ts'
import { loadedFrom } from '../loaded.ts'

const OPTIONS = { timeout: 900_000 }
const FEED = 'ioc,c\ngmer.com,x\n'

interface Case {
  readonly download: FeedDownload
  readonly logged: LogLines
  readonly directory: string
}

async function prepare(
  t: TestContext,
  url: string,
  options: Partial<FeedDownloadOptions> = {},
): Promise<Case> {
  const directory = options.directory ?? join(temporaryDirectory(), 'cache')
  const logged = new LogLines()
  const download = new FeedDownload({ retryMs: 1, ...options, url, directory, log: logged.log })
  t.after(() => download.close())
  return { download, logged, directory }
}

test('a feed is downloaded, and after that only when it has changed', OPTIONS, async (t) => {
  const server = await FeedServer.start(t, tagged(FEED))
  const { download, directory } = await prepare(t, server.url())
  await download.start()
  assert.equal(await readFile(download.file, 'utf8'), FEED)
  const { mtimeMs } = await stat(download.file)
  await download.refresh()
  assert.equal(server.requests[1]!.headers['if-modified-since'], 'Sun, 22 Nov 2020 00:00:00 GMT')
  assert.equal((await stat(download.file)).mtimeMs, mtimeMs)
  server.answer = tagged(`${FEED}new.example,y\n`)
  await download.refresh()
  assert.match(await readFile(download.file, 'utf8'), /new\.example/)
  const { ok, notModified, failed, checkedAt, feed } = download.stats
  assert.deepEqual([ok, notModified, failed, feed], [2, 1, 0, server.url()])
  assert.ok(Date.now() - checkedAt < 10_000)
  if (process.platform !== 'win32') assert.equal((await stat(directory)).mode & 0o777, 0o700)
  assert.deepEqual(
    (await readdir(directory)).filter((name) => name.endsWith('.part')),
    [],
  )
})

test(
  'the next start asks with what it knows of the copy, unless the copy is another one',
  OPTIONS,
  async (t) => {
    const server = await FeedServer.start(t, tagged(FEED))
    const first = await prepare(t, server.url())
    await first.download.start()
    const { directory } = first
    const second = await prepare(t, server.url(), { directory })
    await second.download.start()
    await second.download.refresh()
    assert.equal(second.download.stats.notModified, 1)
    await truncate(first.download.file, 3)
    const third = await prepare(t, server.url(), { directory })
    await third.download.start()
    await third.download.refresh()
    assert.equal(third.download.stats.ok, 1)
    assert.equal(await readFile(first.download.file, 'utf8'), FEED)
  },
)

test('it asks again at intervals, and sooner after a failure', OPTIONS, async (t) => {
  const server = await FeedServer.start(t, tagged(FEED))
  const { download } = await prepare(t, server.url(), { intervalMs: 20 })
  await download.start()
  await server.until(3)
  download.close()
  server.answer = (_request, response) => response.writeHead(500).end()
  const other = await prepare(t, server.url('/other'), { intervalMs: 3_600_000 })
  server.answer = tagged(FEED)
  await other.download.start()
  server.answer = (_request, response) => response.writeHead(500).end()
  const before = server.requests.length
  await other.download.refresh()
  await server.until(before + 3)
  assert.ok(other.download.stats.failed >= 2)
})

test(
  'without a server the copy is used, with a warning; without a copy that is an error',
  OPTIONS,
  async (t) => {
    const server = await FeedServer.start(t, tagged(FEED))
    const url = server.url('/feed.csv?token=secret', 'user:pass@')
    const first = await prepare(t, url)
    await first.download.start()
    await server.stop()
    const { directory } = first
    const second = await prepare(t, url, { directory })
    await second.download.start()
    const line = await second.logged.message('feed not downloaded; the copy is used')
    assert.equal(line.level, 'warn')
    assert.match(String(line.problem), /ECONNREFUSED/)
    assert.equal(second.download.file, first.download.file)
    const third = await prepare(t, url)
    await assert.rejects(third.download.start(), (error: Error) => {
      assert.match(
        error.message,
        /^http:\/\/127\.0\.0\.1:\d+\/feed\.csv\?\([0-9a-f]{8}\): .*ECONNREFUSED.*no copy/,
      )
      return true
    })
    assert.equal(third.download.stats.failed, 3)
  },
)

/** Sends a byte now and then, and never an end, until the test is over. */
function trickle(t: TestContext): FeedServer['answer'] {
  return (_request, response) => {
    response.writeHead(200)
    response.write('ioc,c\n')
    const timer = setInterval(() => response.write('x'), 20)
    t.after(() => clearInterval(timer))
  }
}

test('a server that trickles keeps no start waiting: the copy serves at once', OPTIONS, async (t) => {
  const server = await FeedServer.start(t, tagged(FEED))
  const first = await prepare(t, server.url())
  await first.download.start()
  server.answer = trickle(t)
  const second = await prepare(t, server.url(), { directory: first.directory })
  await second.download.start()
  assert.equal(await readFile(second.download.file, 'utf8'), FEED)
  assert.deepEqual([second.download.stats.ok, second.download.stats.failed], [0, 0])
  assert.ok(second.download.stats.checkedAt > 0)
})

test(
  'without a copy the start goes on after a while, says so, and takes the feed when it comes',
  OPTIONS,
  async (t) => {
    let finish: (() => void) | undefined
    const server = await FeedServer.start(t, (_request, response) => {
      response.writeHead(200)
      response.write('ioc,c\n')
      finish = () => response.end('gmer.com,x\n')
    })
    const { download, logged } = await prepare(t, server.url(), { startMs: 50 })
    await download.start()
    const line = await logged.message('feed has not come in time; the start goes on without it')
    assert.equal(line.level, 'warn')
    assert.equal(line.seconds, 0.05)
    assert.equal(existsSync(download.file), false)
    finish!()
    await logged.message('feed downloaded')
    assert.equal(await readFile(download.file, 'utf8'), FEED)

    server.answer = trickle(t)
    const late = await prepare(t, server.url('/late'), { startMs: 20, deadlineMs: 100 })
    await late.download.start()
    const failed = await late.logged.message('feed not downloaded; there is no copy of it')
    assert.match(String(failed.problem), /not finished after 0.1 s/)
  },
)

test('a start tries again what may be over in a moment, and nothing else', OPTIONS, async (t) => {
  const server = await FeedServer.start(t, (request, response, count) => {
    if (count < 3) response.writeHead(count === 1 ? 503 : 429).end()
    else tagged(FEED)(request, response, count)
  })
  await (await prepare(t, server.url())).download.start()
  assert.equal(server.requests.length, 3)
  server.answer = (_request, response) => response.writeHead(404).end('no')
  await assert.rejects((await prepare(t, server.url())).download.start(), /the server answers 404 Not Found/)
  assert.equal(server.requests.length, 4)
})

test('what is not whole, too large or no feed changes nothing', OPTIONS, async (t) => {
  const server = await FeedServer.start(t, tagged(FEED))
  const limits = { maxBytes: 2000, stallMs: 100, retryMs: 3_600_000 }
  const { download, logged, directory } = await prepare(t, server.url(), limits)
  await download.start()
  const cases: [RegExp, FeedServer['answer']][] = [
    [/answers 500/, (_request, response) => response.writeHead(500).end('broken')],
    [/answers 206/, (_request, response) => response.writeHead(206).end('ioc')],
    [
      /the connection was closed before the end|ECONNRESET/,
      (_request, response) => {
        response.writeHead(200, { 'content-length': '1000' })
        response.write('ioc,c\n', () => response.socket!.destroy())
      },
    ],
    [
      /the connection was closed before the end|ECONNRESET/,
      (_request, response) => {
        response.writeHead(200)
        response.write('ioc,c\n', () => response.socket!.destroy())
      },
    ],
    [
      /nothing has come from the server for 0\.1 s/,
      (_request, response) => {
        response.writeHead(200)
        response.write('ioc,c\n')
      },
    ],
    [/nothing has come/, () => {}],
    [/larger than 2000 bytes/, (_request, response) => response.writeHead(200).end('x'.repeat(2001))],
    [
      /larger than 2000 bytes/,
      (_request, response) => response.writeHead(200, { 'content-length': '999999' }).write('ioc'),
    ],
    [
      /larger than 2000 bytes/,
      (_request, response) =>
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('x'.repeat(1_000_000))),
    ],
    [
      /incorrect header check|Z_DATA_ERROR/,
      (_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(FEED),
    ],
    [
      /unexpected end of file/,
      (_request, response) =>
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(FEED).subarray(0, 20)),
    ],
    [
      /encoding .* not asked for \(br\)/,
      (_request, response) => response.writeHead(200, { 'content-encoding': 'br' }).end('x'),
    ],
    [/sends nothing/, (_request, response) => response.writeHead(200).end()],
    [/web page/, (_request, response) => response.writeHead(200).end('\n<!doctype html>')],
    [/leads nowhere/, (_request, response) => response.writeHead(302).end()],
    [
      /leads nowhere/,
      (_request, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
    ],
    [/more than 5 redirects/, (_request, response) => response.writeHead(302, { location: '/again' }).end()],
  ]
  for (const [i, [problem, answer]] of cases.entries()) {
    server.answer = answer
    await download.refresh()
    const failures = logged.lines.filter(({ msg }) => msg === 'feed not downloaded; the copy stays')
    assert.equal(failures.length, i + 1, String(problem))
    assert.match(String(failures.at(-1)!.problem), problem)
    assert.equal(await readFile(download.file, 'utf8'), FEED)
    assert.deepEqual(
      (await readdir(directory)).filter((name) => name.includes('.part')),
      [],
    )
  }
  assert.equal(download.stats.failed, cases.length)
  server.answer = tagged(FEED)
  await download.refresh()
  assert.equal(download.stats.notModified, 1)
})

test('gzip is unpacked when it is how the server sends, and kept when it is the feed', OPTIONS, async (t) => {
  const server = await FeedServer.start(t, (request, response) => {
    const isSent = request.url === '/sent.csv'
    response.writeHead(200, isSent ? { 'content-encoding': 'gzip' } : {}).end(gzipSync(FEED))
  })
  for (const path of ['/sent.csv', '/feed.csv.gz']) {
    const { download } = await prepare(t, server.url(path))
    await download.start()
    assert.equal((await loadedFrom(download.file, { key: 'ioc' })).find('url', 'gmer.com').length, 1, path)
  }
})

test('redirects are followed, and credentials stay with the server that they are for', OPTIONS, async (t) => {
  const other = await FeedServer.start(t, tagged(FEED))
  const server = await FeedServer.start(t, (request, response) => {
    if (request.url === '/a') response.writeHead(301, { location: '/b' }).end()
    else response.writeHead(307, { location: other.url('/c', 'a:b@') }).end()
  })
  const { download, logged } = await prepare(t, server.url('/a', 'us%40er:p%3Ass@'))
  await download.start()
  assert.equal(await readFile(download.file, 'utf8'), FEED)
  const expected = `Basic ${Buffer.from('us@er:p:ss').toString('base64')}`
  assert.deepEqual(
    server.requests.map(({ headers }) => headers.authorization),
    [expected, expected],
  )
  assert.equal(other.requests[0]!.headers.authorization, undefined)
  assert.doesNotMatch(JSON.stringify([logged.lines, download.stats]), /us(?:@|%40)er|p(?::|%3A)ss/)
})

test('TLS is verified, and never left', OPTIONS, async (t) => {
  const plain = await FeedServer.start(t, tagged(FEED))
  const server = await FeedServer.start(t, tagged(FEED), true)
  await assert.rejects((await prepare(t, server.url())).download.start(), /certificate/)
  assert.equal(server.requests.length, 0)
  const ca = await readFile(AUTHORITY)
  const { download } = await prepare(t, server.url(), { ca })
  await download.start()
  assert.equal(await readFile(download.file, 'utf8'), FEED)
  server.answer = (_request, response) =>
    response.writeHead(302, { location: plain.url('/x?token=secret') }).end()
  await assert.rejects((await prepare(t, server.url(), { ca })).download.start(), (error: Error) => {
    assert.match(error.message, /redirect leads from https to http .*refused/)
    assert.doesNotMatch(error.message, /secret/)
    return true
  })
  assert.equal(plain.requests.length, 0)
})

test('what is no URL of a feed is refused without being repeated', async (t) => {
  for (const url of ['https://user:pass@', 'ftp://user:pass@host/', 'http://us:pass@[x/', 'no']) {
    await assert.rejects(prepare(t, url), (error: Error) => {
      assert.ok(error instanceof TypeError)
      assert.doesNotMatch(JSON.stringify([error.message, error]), /pass/)
      return true
    })
  }
})

test(
  'what a process that is gone has left is removed, what another one writes is not',
  OPTIONS,
  async (t) => {
    const directory = temporaryDirectory()
    const [old, recent] = [join(directory, 'a.feed.1.part'), join(directory, 'a.feed.2.part')]
    await writeFile(old, 'x')
    await writeFile(recent, 'x')
    await utimes(old, 1, 1)
    const server = await FeedServer.start(t, tagged(FEED))
    await (await prepare(t, server.url(), { directory })).download.start()
    assert.deepEqual([existsSync(old), existsSync(recent)], [false, true])
  },
)

const UUIDS = [1, 2, 3].map((i) => `5f0f0f0f-0000-4000-8000-00000000000${i}`)

function misp(events: Readonly<Record<string, { timestamp: string; host: string }>>): FeedServer['answer'] {
  return (request, response) => {
    const uuid = request.url!.split('/').at(-1)!.split('.')[0]!
    if (request.url!.startsWith('/feed/manifest.json')) {
      const manifest = Object.entries(events).map(([id, { timestamp }]) => [id, { info: 'i', timestamp }])
      response.writeHead(200).end(JSON.stringify(Object.fromEntries(manifest)))
    } else if (events[uuid] === undefined) {
      response.writeHead(404).end()
    } else {
      const Attribute = [{ type: 'domain', value: events[uuid].host }]
      response.writeHead(200).end(JSON.stringify({ Event: { info: uuid, uuid, date: 'd', Attribute } }))
    }
  }
}

test(
  'a MISP feed is its manifest and its events; only those that changed are downloaded again',
  OPTIONS,
  async (t) => {
    const [a, b, c] = UUIDS as [string, string, string]
    const events = {
      [a]: { timestamp: '1700000000', host: 'a.example' },
      [b]: { timestamp: '1700000001', host: 'b.example' },
    }
    const server = await FeedServer.start(t, misp(events))
    const { download } = await prepare(t, server.url('/feed/manifest.json?key=1'), { retryMs: 3_600_000 })
    await download.start()
    assert.deepEqual(server.requests.map(({ url }) => url).sort(), [
      `/feed/${a}.json?key=1`,
      `/feed/${b}.json?key=1`,
      '/feed/manifest.json?key=1',
    ])
    const first = await loadedFrom(download.file)
    assert.equal(first.records, 2)
    assert.match(first.find('url', 'a.example')[0]!, /event\.info=5f0f/)

    const changed = {
      [b]: { timestamp: '1700000009', host: 'b2.example' },
      [c]: { timestamp: '1700000002', host: 'c.example' },
    }
    server.answer = misp(changed)
    server.requests.length = 0
    await download.refresh()
    assert.equal(server.requests.length, 3)
    const second = await loadedFrom(download.file)
    assert.deepEqual(
      ['a', 'b', 'b2', 'c'].map((host) => second.find('url', `${host}.example`).length),
      [0, 0, 1, 1],
    )

    // An event that cannot be had: the manifest stays the old one.
    const broken = misp({ ...changed, [a]: { timestamp: '1700000003', host: 'a.example' } })
    server.answer = (request, response, count) => {
      if (request.url!.includes(a)) response.writeHead(500).end()
      else broken(request, response, count)
    }
    await download.refresh()
    assert.equal(download.stats.failed, 1)
    assert.equal((await loadedFrom(download.file)).records, 2)
  },
)

test('old partial files are removed where a MISP feed has them, too', OPTIONS, async (t) => {
  const directory = temporaryDirectory()
  const server = await FeedServer.start(t, misp({}))
  const { download } = await prepare(t, server.url('/feed/manifest.json'), { directory })
  const olds = [directory, join(download.file, '..')].map((folder) => join(folder, 'x.part'))
  await mkdir(join(download.file, '..'))
  for (const old of olds) {
    await writeFile(old, 'x')
    await utimes(old, 1, 1)
  }
  await download.start()
  assert.deepEqual(olds.map(existsSync), [false, false])
})

test('a partial file that is gone when it is looked at does not fail the start', {
  ...OPTIONS,
  skip: process.platform === 'win32' && 'links need a right there',
}, async (t) => {
  const directory = temporaryDirectory()
  // It is listed and cannot be looked at, as one that another process removes in between.
  await symlink(join(directory, 'nowhere'), join(directory, 'a.feed.1.part'))
  const server = await FeedServer.start(t, tagged(FEED))
  const { download } = await prepare(t, server.url(), { directory })
  await download.start()
  assert.equal(await readFile(download.file, 'utf8'), FEED)
})

test('what is refused by its size is not sent on, and a transfer has a deadline', OPTIONS, async (t) => {
  let closed: Promise<unknown> = Promise.resolve()
  const server = await FeedServer.start(t, (_request, response) => {
    closed = once(response, 'close')
    response.writeHead(200, { 'content-length': '999999' }).write('ioc')
  })
  const large = await prepare(t, server.url(), { maxBytes: 2000, stallMs: 3_600_000 })
  await assert.rejects(large.download.start(), /larger than 2000 bytes/)
  await closed

  server.answer = (_request, response) => {
    response.writeHead(200)
    const dripping = setInterval(() => response.write('ioc\n'), 5)
    response.on('close', () => clearInterval(dripping))
  }
  const slow = await prepare(t, server.url('/slow'), { deadlineMs: 100 })
  await assert.rejects(slow.download.start(), /not finished after 0\.1 s/)
  assert.equal(slow.download.stats.failed, 3)
})

test('the limit of a MISP feed is that of all its events, unpacked', OPTIONS, async (t) => {
  const events = Object.fromEntries(
    UUIDS.map((uuid) => [uuid, { timestamp: '1700000000', host: 'a.example' }]),
  )
  const server = await FeedServer.start(t, (request, response, count) => {
    if (request.url!.includes('manifest')) return misp(events)(request, response, count)
    const body = JSON.stringify({ Event: { info: 'x'.repeat(10_000), uuid: 'u', date: 'd', Attribute: [] } })
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(body))
  })
  const url = server.url('/feed/manifest.json')
  await assert.rejects(
    (await prepare(t, url, { maxBytes: 25_000 })).download.start(),
    /\.json: the feed is larger than 25000 bytes/,
  )
  const { download, directory } = await prepare(t, url, { maxBytes: 35_000 })
  await download.start()
  // Events that are there already are of the feed, too.
  const smaller = await prepare(t, url, { maxBytes: 25_000, directory })
  await smaller.download.start()
  await smaller.logged.message('feed not downloaded; the copy is used')
})

test('an event that is gone stays until the manifest changes once more', OPTIONS, async (t) => {
  const [a, b, c] = UUIDS as [string, string, string]
  const event = { timestamp: '1700000000', host: 'a.example' }
  const server = await FeedServer.start(t, misp({ [a]: event, [b]: event }))
  const { download } = await prepare(t, server.url('/feed/manifest.json'))
  await download.start()
  const there = () => [a, b, c].map((uuid) => existsSync(join(download.file, '..', `${uuid}.json`)))
  server.answer = misp({ [b]: event })
  await download.refresh()
  assert.deepEqual(there(), [true, true, false])
  server.answer = misp({ [c]: event })
  await download.refresh()
  assert.deepEqual(there(), [false, true, true])
})

test('two processes may download a MISP feed to one directory at the same time', OPTIONS, async (t) => {
  const [a] = UUIDS as [string]
  const answer = misp({ [a]: { timestamp: '1700000000', host: 'a.example' } })
  let release = () => {}
  const server = await FeedServer.start(t, (request, response, count) => {
    if (count === 2) release = () => answer(request, response, count)
    else answer(request, response, count)
  })
  const url = server.url('/feed/manifest.json')
  const first = await prepare(t, url)
  const started = first.download.start()
  await server.until(2)
  const second = await prepare(t, url, { directory: first.directory })
  await second.download.start()
  release()
  await started
  assert.equal(first.download.stats.failed, 0)
  assert.equal((await loadedFrom(first.download.file)).records, 1)
  assert.deepEqual(await readdir(join(first.download.file, '..')), [`${a}.json`, 'manifest.json'])
})

test('a refresh during the start is that of the start', OPTIONS, async (t) => {
  let release = () => {}
  const server = await FeedServer.start(t, (request, response, count) => {
    release = () => tagged(FEED)(request, response, count)
  })
  const { download } = await prepare(t, server.url())
  const started = download.start()
  const refreshed = download.refresh()
  await server.until(1)
  release()
  await Promise.all([started, refreshed])
  assert.equal(server.requests.length, 1)
  assert.equal(await readFile(download.file, 'utf8'), FEED)
})

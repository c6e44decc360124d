import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { FeedDownload, type FeedDownloadOptions } from '../../../../src/tracer/feeds/download/download.ts'
import { FeedCheck } from '../../../../src/tracer/feeds/download/feed-check.ts'
import { temporaryDirectory } from '../../../temporary.ts'
import { LogLines } from '../../running-server.ts'
import { FeedServer, tagged } from '../feed-server.ts'

const OPTIONS = { timeout: 300_000 }
const FEED = 'ioc,c\ngmer.com,x\n'

function prepare(t: TestContext, url: string, options: Partial<FeedDownloadOptions> = {}, keys = ['ioc']) {
  const directory = options.directory ?? join(temporaryDirectory(), 'cache')
  const logged = new LogLines()
  const check = new FeedCheck(
    url,
    keys.map((key) => ({ specs: [{ key }] })),
  )
  const download = new FeedDownload({ retryMs: 1, check, ...options, url, directory, log: logged.log })
  t.after(() => download.close())
  const outcome = ({ ok, notModified, failed, refused } = download.stats) => [
    ok,
    notModified,
    failed,
    refused,
  ]
  return { download, logged, directory, outcome }
}

test('a copy that is no feed, of before it was checked, is not kept for a 304', OPTIONS, async (t) => {
  const server = await FeedServer.start(t, tagged('an error page\n'))
  const unchecked = prepare(t, server.url(), { check: undefined as never })
  await unchecked.download.start()
  assert.equal(await readFile(unchecked.download.file, 'utf8'), 'an error page\n')
  const { directory } = unchecked
  const { download, outcome, logged } = prepare(t, server.url(), { directory })
  await download.start()
  await logged.message('feed refused; the copy is used')
  assert.equal(server.requests.at(-1)!.headers['if-none-match'], undefined)
  // The start has the first refresh to itself.
  await download.refresh()
  server.answer = tagged(FEED)
  await download.refresh()
  assert.equal(await readFile(download.file, 'utf8'), FEED)
  await download.refresh()
  assert.deepEqual(outcome(), [1, 1, 0, 1])
})

test(
  'the size of the copy is remembered over restarts, and not compared when the feed is served otherwise',
  OPTIONS,
  async (t) => {
    const many = `ioc,other\n${Array.from({ length: 20 }, (_, i) => `h${i}.example,${i < 1 ? 'x.example' : '-'}\n`).join('')}`
    const server = await FeedServer.start(t, tagged(many))
    const first = prepare(t, server.url())
    await first.download.start()
    const { directory } = first
    server.answer = tagged('ioc,other\nh0.example,x.example\n')
    const second = prepare(t, server.url(), { directory })
    await second.download.start()
    assert.match(
      String((await second.logged.message('feed refused; the copy is used')).problem),
      /and had 20/,
    )
    const otherKey = prepare(t, server.url(), { directory }, ['other'])
    await otherKey.download.start()
    await otherKey.logged.message('feed downloaded')
    assert.deepEqual(otherKey.outcome(), [1, 0, 0, 0])
    // Of several ways to serve it one that works is enough.
    const both = prepare(t, server.url('/both'), {}, ['none', 'ioc'])
    await both.download.start()
    assert.deepEqual(both.outcome(), [1, 0, 0, 0])
  },
)

test('a start without the feed is logged, and the feed is taken when it is good', OPTIONS, async (t) => {
  const server = await FeedServer.start(t, tagged('an error page\n'))
  const { download, logged, outcome } = prepare(t, server.url(), { mayLack: true })
  await download.start()
  const line = await logged.message('feed cannot be had; the server starts without it')
  assert.deepEqual([line.level, 'err' in line], ['error', false])
  assert.match(String(line.problem), /^what has come is not the feed: it has no column "ioc".*no copy/)
  server.answer = tagged(FEED)
  await logged.message('feed downloaded')
  assert.equal(outcome()[0], 1)
  const strict = prepare(t, server.url('/other'), {}, ['none'])
  await assert.rejects(strict.download.start(), /has no column "none".*no copy of it/)
})

test(
  'an event of a MISP feed that is none keeps the manifest and the event before it',
  OPTIONS,
  async (t) => {
    const uuid = '5a1b2c3d-0000-4000-8000-000000000001'
    const event = (value: string) =>
      JSON.stringify({
        Event: { info: 'i', uuid, Attribute: [{ type: 'domain', value, uuid, to_ids: true }] },
      })
    const manifest = (timestamp: number) =>
      JSON.stringify({ [uuid]: { info: 'i', timestamp: `${timestamp}` } })
    let [time, content] = [1_600_000_000, event('gmer.com')]
    const server = await FeedServer.start(t, (request, response) => {
      response.writeHead(200).end(request.url === '/manifest.json' ? manifest(time) : content)
    })
    const url = server.url('/manifest.json')
    const check = new FeedCheck(url, [{ specs: [{}] }])
    const { download, outcome, directory } = prepare(t, url, { check })
    await download.start()
    assert.deepEqual(outcome(), [1, 0, 0, 0], directory)
    const before = await readFile(download.file, 'utf8')
    ;[time, content] = [1_700_000_000, 'an error page']
    await download.refresh()
    assert.deepEqual(outcome(), [1, 0, 0, 1])
    assert.equal(await readFile(download.file, 'utf8'), before)
    assert.match(await readFile(join(download.file, '..', `${uuid}.json`), 'utf8'), /gmer\.com/)
    content = event('new.example')
    await download.refresh()
    assert.equal(await readFile(download.file, 'utf8'), manifest(time))
  },
)

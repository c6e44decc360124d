import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InvalidArgumentError } from 'commander'
import { endpoint as address, duration } from '../../src/cli/arguments.ts'
import { CommandError } from '../../src/cli/exit-codes.ts'
import { count, refuseUrl, SourceArguments } from '../../src/cli/tracer-arguments.ts'

test('--key and --category belong to the feed before them', () => {
  const sources = new SourceArguments()
  sources.addFeed('a.csv')
  sources.setKey('ioc')
  sources.addFeed('b.json')
  sources.setCategory('Mine')
  sources.setKey('files/MD5:hash')
  assert.deepEqual(sources.feeds, [
    { file: 'a.csv', key: 'ioc' },
    { file: 'b.json', category: 'Mine', key: 'files/MD5', type: 'hash' },
  ])
})

test('a feed may be given once more for another key', () => {
  const sources = new SourceArguments()
  sources.addFeed('a.csv')
  sources.setKey('ip')
  sources.addFeed('a.csv')
  sources.setKey('domain:url')
  assert.equal(sources.feeds.length, 2)
})

test('enrichers are asked in the order of the command line, all feeds where the first one stands', () => {
  const sources = new SourceArguments()
  sources.addEnricher('url-decode')
  sources.addFeed('a.csv')
  sources.addEnricher('./mine.js')
  sources.addFeed('b.csv')
  assert.deepEqual(sources.order, [{ enricher: 'url-decode' }, 'feeds', { enricher: './mine.js' }])
})

test('--category belongs to a database as well as to a feed, --key to feeds only', () => {
  const sources = new SourceArguments()
  sources.addMmdb('a.mmdb')
  sources.setCategory('Place')
  assert.throws(() => sources.setCategory('Other'), /--mmdb a\.mmdb has a --category already/)
  assert.throws(() => sources.setKey('ioc'), InvalidArgumentError)
  sources.addFeed('a.csv')
  sources.setKey('ioc')
  sources.addMmdb('b.mmdb')
  assert.throws(() => sources.setKey('ioc'), InvalidArgumentError)
  assert.deepEqual(sources.order, [{ mmdb: 'a.mmdb', category: 'Place' }, 'feeds', { mmdb: 'b.mmdb' }])
  assert.deepEqual(sources.feeds, [{ file: 'a.csv', key: 'ioc' }])
})

test('MISP stands in the order of the options, and once', () => {
  const sources = new SourceArguments()
  sources.addEnricher('url-decode')
  assert.equal(sources.addMisp('https://misp.example.org'), 'https://misp.example.org')
  sources.addFeed('a.csv')
  assert.deepEqual(sources.order, [{ enricher: 'url-decode' }, 'misp', 'feeds'])
  assert.throws(() => sources.addMisp('https://other.example.org'), InvalidArgumentError)
})

test('a compiled feed stands among the others, and brings its key and category along', () => {
  const sources = new SourceArguments()
  sources.addCompiled('a.tracer')
  assert.throws(() => sources.setKey('ioc'), InvalidArgumentError)
  assert.throws(() => sources.setCategory('C'), InvalidArgumentError)
  sources.addFeed('b.csv')
  sources.setKey('ioc')
  assert.deepEqual(sources.order, ['feeds'])
  assert.deepEqual(sources.feeds, [
    { file: 'a.tracer', isCompiled: true },
    { file: 'b.csv', key: 'ioc' },
  ])
})

test('an option without its feed, or given twice, is refused', () => {
  const sources = new SourceArguments()
  assert.throws(() => sources.setKey('ioc'), InvalidArgumentError)
  assert.throws(() => sources.setCategory('C'), InvalidArgumentError)
  sources.addFeed('a.csv')
  sources.setKey('ioc')
  sources.setCategory('C')
  assert.throws(() => sources.setKey('other'), InvalidArgumentError)
  assert.throws(() => sources.setCategory('D'), InvalidArgumentError)
  assert.equal(sources.feeds[0]!.key, 'ioc')
})

test('a key without a field, and a category that would break the line, are refused', () => {
  const sources = new SourceArguments()
  sources.addFeed('a.csv')
  for (const key of ['', ' ', ':url']) assert.throws(() => sources.setKey(key), InvalidArgumentError)
  for (const category of ['', 'a|b', 'a\nb', 'a\r']) {
    assert.throws(() => sources.setCategory(category), InvalidArgumentError)
  }
})

test('what is no duration, no address and no number is refused with a message of its own', () => {
  assert.equal(duration('500ms'), 500)
  assert.throws(() => duration('soon'), {
    code: 'commander.invalidArgument',
    message: /500ms, 5s or 2m/,
  })
  assert.deepEqual(address('[::1]:7'), { host: '::1', port: 7 })
  assert.throws(() => address('7'), { code: 'commander.invalidArgument', message: /HOST:PORT/ })
  const small = count(10)
  assert.equal(small('10'), 10)
  for (const text of ['0', '11', '-1', '1.5', 'x', '', '1e1', ' 1'])
    assert.throws(() => small(text), InvalidArgumentError)
})

test('a URL is shown without its secrets, and refused where a file has to be', () => {
  const url = 'https://joe:secret@host/feed.csv?key=secret'
  const messageOf = (run: () => void, type: new (...given: never[]) => Error): string => {
    try {
      run()
    } catch (error) {
      assert.ok(error instanceof type, String(error))
      assert.doesNotMatch(error.message, /secret|joe/)
      return error.message
    }
    return assert.fail('it was taken')
  }
  const sources = new SourceArguments()
  sources.addFeed(url)
  sources.setKey('ioc')
  sources.setCategory('C')
  assert.match(
    messageOf(() => sources.setKey('ioc'), InvalidArgumentError),
    /^--feed https:\/\/host\/feed\.csv\?\(\w{8}\) has a --key/,
  )
  assert.match(
    messageOf(() => sources.setCategory('D'), InvalidArgumentError),
    /^--feed https:\/\/host\/feed\.csv/,
  )
  // Commander adds the whole argument to its own errors: these are others.
  const file = /tracer: (?:--load )?https:\/\/host\/feed\.csv\S* is a URL, and this has to be a file/
  assert.match(
    messageOf(() => sources.addCompiled(url), CommandError),
    file,
  )
  assert.match(
    messageOf(() => refuseUrl('', url), CommandError),
    file,
  )
  const other = 'ftp://joe:secret@host/feed.csv'
  for (const add of [() => sources.addFeed(other), () => sources.addAllowlist(other)]) {
    assert.match(messageOf(add, CommandError), /begins with http/)
  }
  assert.equal(sources.feeds.length, 1)
})

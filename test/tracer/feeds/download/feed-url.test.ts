import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { cachedFeedFile, isFeedUrl, parseFeedUrl } from '../../../../src/tracer/feeds/download/feed-url.ts'

test('a URL begins with http or https, anything else is a path', () => {
  for (const url of ['http://h/', 'https://h/x', 'HTTPS://h']) assert.equal(isFeedUrl(url), true, url)
  for (const path of ['feed.csv', 'http', 'C:\\feeds', 'ftp://h/x', './https:/x', ''])
    assert.equal(isFeedUrl(path), false, path)
})

test('what is secret is taken out of what is shown', () => {
  const { url, authorization, name } = parseFeedUrl(
    'https://us%3Aer:p%20ss@Host.example:8443/a/b.csv?key=s3cret#f',
  )
  assert.equal(url.href, 'https://host.example:8443/a/b.csv?key=s3cret')
  assert.equal(authorization, `Basic ${Buffer.from('us:er:p ss').toString('base64')}`)
  assert.match(name, /^https:\/\/host\.example:8443\/a\/b\.csv\?\([0-9a-f]{8}\)$/)
  assert.equal(parseFeedUrl('http://h/x').authorization, undefined)
  assert.equal(parseFeedUrl('http://h/x').name, 'http://h/x')
  assert.equal(
    parseFeedUrl('http://%zz@h/x').authorization,
    `Basic ${Buffer.from('%zz:').toString('base64')}`,
  )
})

test('a copy belongs to a URL and a user, whatever the password', () => {
  const file = (url: string) => cachedFeedFile('cache', parseFeedUrl(url))
  assert.equal(file('https://a:1@h/x'), file('https://a:2@h/x'))
  assert.notEqual(file('https://a@h/x'), file('https://b@h/x'))
  assert.notEqual(file('https://h/x?a'), file('https://h/x?b'))
  assert.match(file('https://h/../../etc/passwd'), /^cache.[0-9a-f]{64}\.feed$/)
  const { id } = parseFeedUrl('https://h/feed/manifest.json')
  assert.equal(file('https://h/feed/manifest.json'), join('cache', id, 'manifest.json'))
})

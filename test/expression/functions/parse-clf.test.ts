import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseClf } from '../../../src/expression/functions/parse-clf.ts'
import { call, processorMs } from './calling.ts'

const read = (text: string): Record<string, unknown> => call(parseClf, text).value as Record<string, unknown>

const TIME = '[10/Jul/2023:12:00:00 +0200]'

test('users with blanks, virtual hosts, more fields, a line break', () => {
  const user = read(`::1 id John Q Public ${TIME} "GET / HTTP/2.0" 304 0`)
  assert.deepEqual(
    [user.host, user.ident, user.user, user.status, user.size],
    ['::1', 'id', 'John Q Public', 304, 0],
  )
  const other = read(`a.example:80 10.0.0.1 - - ${TIME} "GET / HTTP/1.1" 200 1 "-" "x" "10.0.0.9" 0.5\n`)
  assert.deepEqual(
    [other.vhost, other.host, other.user, other.agent],
    ['a.example:80', '10.0.0.1', undefined, 'x'],
  )
  assert.equal(Object.hasOwn(other, 'referrer'), false)
  assert.equal(read(`h - - ${TIME} "GET / HTTP/1.1" 200 1\r\n`).size, 1)
})

test('a virtual host is one where a host, an identity and a user follow', () => {
  for (const [words, vhost, host, ident, user] of [
    ['a:1 - -', undefined, 'a:1', undefined, undefined],
    ['a:1 b c d', 'a:1', 'b', 'c', 'd'],
    ['a:1 b c d e', 'a:1', 'b', 'c', 'd e'],
    ['a:x b c d', undefined, 'a:x', 'b', 'c d'],
    ['a  b', undefined, 'a', undefined, 'b'],
    [' a b', undefined, undefined, 'a', 'b'],
  ]) {
    const line = read(`${words} ${TIME} "G" 200 1`)
    assert.deepEqual([line.vhost, line.host, line.ident, line.user], [vhost, host, ident, user], words)
  }
  for (const words of ['', 'a', 'a b', 'a:1 b'])
    assert.equal(call(parseClf, `${words} ${TIME} "G" 200 1`).value, undefined, words)
})

test('requests that are none have no parts', () => {
  for (const [request, method, url, protocol] of [
    ['GET /a b c HTTP/1.1', 'GET', '/a b c', 'HTTP/1.1'],
    ['GET /', 'GET', '/', undefined],
    ['OPTIONS * RTSP/1.0', 'OPTIONS', '*', 'RTSP/1.0'],
    ['GET  HTTP/1.1', 'GET', undefined, 'HTTP/1.1'],
    ['\\x16\\x03\\x01', undefined, undefined, undefined],
    ['x', undefined, undefined, undefined],
    ['', undefined, undefined, undefined],
  ]) {
    const line = read(`h - - ${TIME} "${request}" 400 1`)
    assert.deepEqual([line.method, line.url, line.protocol], [method, url, protocol], request)
  }
})

test('escapes in quotes', () => {
  const line = read(`h - - ${TIME} "GET /\\"\\\\\\xc3\\xa9 HTTP/1.1" 200 1 "\\xff\\t" "a\\x22b\\q"`)
  assert.equal(line.url, '/"\\é')
  assert.equal(line.request, 'GET /"\\é HTTP/1.1')
  assert.equal(line.referrer, '\\xff\t')
  assert.equal(line.agent, 'a"b\\q')
})

test('a line that is cut off or something else does not fit', () => {
  const whole = `h - - ${TIME} "GET / HTTP/1.1" 200 1`
  assert.ok(read(whole) !== undefined)
  for (let length = 0; length < whole.length - 1; length++)
    assert.equal(call(parseClf, whole.slice(0, length)).value, undefined, whole.slice(0, length))
  for (const text of [`h - ${TIME} "G" 200 1`, `h - - ${TIME} "G" 2000 1`, `h - - ${TIME} "G" 200 1x`])
    assert.equal(call(parseClf, text).value, undefined, text)
})

test('a text costs its length, whatever it is made of', () => {
  for (const head of ['', `h - - ${TIME} "`, `h - - ${TIME} "a" 200 1 "`, 'h - - [', 'h - ']) {
    for (const piece of ['"', '\\', '\\x41', ' [', ' ', 'a', '] "', '\\"', '" "']) {
      const text = head + piece.repeat(Math.ceil(300_000 / piece.length))
      const start = processorMs()
      call(parseClf, text)
      assert.ok(processorMs() - start < 2000, JSON.stringify([head, piece]))
    }
  }
})

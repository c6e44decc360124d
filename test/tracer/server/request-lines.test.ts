import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { RequestLines } from '../../../src/tracer/server/request-lines.ts'

function lines(reader: RequestLines): string[] {
  const found: string[] = []
  for (let line = reader.next(); line !== undefined; line = reader.next()) found.push(line)
  return found
}

const TEXT = 'a|url=x|\n\r\n\nпример\r\nlast\n'
const EXPECTED = ['a|url=x|', 'пример\r', 'last']

test('lines are the same wherever the bytes are cut', () => {
  const bytes = Buffer.from(TEXT)
  for (let i = 0; i <= bytes.length; i++) {
    const reader = new RequestLines(1024)
    reader.push(bytes.subarray(0, i))
    const found = lines(reader)
    reader.push(bytes.subarray(i))
    assert.deepEqual([...found, ...lines(reader)], EXPECTED, `cut at ${i}`)
    assert.equal(reader.unterminatedBytes, 0)
  }
})

test('lines are the same when nothing is taken before the last byte', () => {
  const reader = new RequestLines(1024)
  for (const byte of Buffer.from(TEXT)) reader.push(Buffer.from([byte]))
  assert.deepEqual(lines(reader), EXPECTED)
})

test('a line whose LF has not come is there to be looked at, and to be taken', () => {
  const reader = new RequestLines(1024)
  reader.push(Buffer.from('first\nsec'))
  assert.deepEqual(lines(reader), ['first'])
  assert.equal(reader.unterminated(), 'sec')
  assert.equal(reader.unterminatedBytes, 3)
  reader.push(Buffer.from('ond'))
  reader.terminate()
  assert.deepEqual(lines(reader), ['second'])
  assert.equal(reader.unterminated(), '')
  reader.terminate()
  assert.deepEqual(lines(reader), [])
})

test('does not keep the buffer that the bytes came in', () => {
  const reader = new RequestLines(1024)
  const chunk = Buffer.from('abc')
  reader.push(chunk)
  chunk.fill(0x78)
  reader.push(Buffer.from('\n'))
  assert.deepEqual(lines(reader), ['abc'])
})

test('a line may have maxLineBytes and its line end, wherever it is cut, and no byte more', () => {
  for (const [line, isAllowed] of [
    ['a'.repeat(10), true],
    [`${'a'.repeat(10)}\r`, true],
    ['a'.repeat(11), false],
    ['é'.repeat(5), true],
    [`${'é'.repeat(5)}\r`, true],
    ['é'.repeat(6), false],
    [`a${'é'.repeat(5)}`, false],
  ] as const) {
    const bytes = Buffer.from(`ok\n${line}\nnext\n`)
    for (let i = 0; i <= bytes.length; i++) {
      const reader = new RequestLines(10)
      reader.push(bytes.subarray(0, i))
      const found = lines(reader)
      reader.push(bytes.subarray(i))
      found.push(...lines(reader))
      assert.deepEqual(
        found,
        isAllowed ? ['ok', line, 'next'] : ['ok'],
        `${JSON.stringify(line)} cut at ${i}`,
      )
      assert.equal(reader.tooLong, !isAllowed)
    }
  }
})

test('bytes that are not UTF-8 count as one each', () => {
  const reader = new RequestLines(10)
  reader.push(Buffer.concat([Buffer.alloc(10, 0xff), Buffer.from('\n')]))
  assert.equal(lines(reader).length, 1)
  assert.equal(reader.tooLong, false)
})

test('a line that never ends is known to be too long before its end, and nothing of it is kept', () => {
  const reader = new RequestLines(1000)
  reader.push(Buffer.from('before\n'))
  for (let i = 0; i < 10_000 && !reader.tooLong; i++) reader.push(Buffer.alloc(7, 0x61))
  assert.equal(reader.tooLong, true)
  assert.equal(reader.unterminatedBytes, 0)
  assert.deepEqual(lines(reader), ['before'])
})

test('a line that comes byte by byte takes time that grows with its length', () => {
  const reader = new RequestLines(1024 * 1024)
  const byte = Buffer.from('a')
  for (let i = 0; i < 1024 * 1024; i++) reader.push(byte)
  reader.push(Buffer.from('\n'))
  assert.equal(lines(reader)[0]!.length, 1024 * 1024)
})

test('what is forgotten does not come again', () => {
  const reader = new RequestLines(100)
  reader.push(Buffer.from('a\nb\nc'))
  assert.equal(reader.next(), 'a')
  reader.clear()
  assert.deepEqual(lines(reader), [])
  reader.push(Buffer.from('d\n'))
  assert.deepEqual(lines(reader), ['d'])
})

import assert from 'node:assert/strict'
import { once } from 'node:events'
import * as fs from 'node:fs'
import { createServer, Socket } from 'node:net'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { LentBytes } from '../../../src/io/files/lent-bytes.ts'
import { lentFile, lentPipe } from '../../../src/io/files/lent-bytes.ts'
import { temporaryDirectory } from '../../temporary.ts'

async function textOf(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<string> {
  let text = ''
  for await (const chunk of chunks) text += Buffer.from(chunk).toString('latin1')
  return text
}

function iteratorOf(lent: LentBytes): Iterator<Uint8Array> {
  return (lent.chunks() as Iterable<Uint8Array>)[Symbol.iterator]()
}

function waitingIteratorOf(lent: LentBytes): AsyncIterator<Uint8Array> {
  return (lent.chunks() as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
}

describe('lentFile', () => {
  it('gives all bytes of a file, at any size of chunks', async () => {
    const path = join(temporaryDirectory(), 'lines')
    const text = Array.from({ length: 1000 }, (_, index) => `line ${index}\n`).join('')
    fs.writeFileSync(path, text)
    for (const size of [1, 7, 4096, text.length, text.length + 1]) {
      assert.equal(await textOf(lentFile(path, size).chunks()), text, `${size} bytes at a time`)
    }
  })

  it('reads an open file from where it stands, and leaves it open', async () => {
    const path = join(temporaryDirectory(), 'open')
    fs.writeFileSync(path, 'abcdef')
    const fd = fs.openSync(path, 'r')
    fs.readSync(fd, Buffer.alloc(2), 0, 2, null)
    assert.equal(await textOf(lentFile(fd, 3).chunks()), 'cdef')
    assert.equal(fs.fstatSync(fd).size, 6)
    fs.closeSync(fd)
  })

  it('fails where the file has become shorter, and reads on where it has grown', () => {
    const path = join(temporaryDirectory(), 'changing')
    fs.writeFileSync(path, 'x'.repeat(100))
    const shrinking = iteratorOf(lentFile(path, 10))
    shrinking.next()
    fs.truncateSync(path, 5)
    assert.throws(() => shrinking.next(), /became shorter while it was read: it had 100 bytes, now 5/)
    const growing = iteratorOf(lentFile(path, 5))
    growing.next()
    fs.appendFileSync(path, 'more')
    assert.equal(Buffer.from(growing.next().value).toString(), 'more')
    assert.equal(growing.next().done, true)
  })

  it('ends when it is stopped', () => {
    const path = join(temporaryDirectory(), 'stopped')
    fs.writeFileSync(path, 'x'.repeat(100))
    const lent = lentFile(path, 10)
    const chunks = iteratorOf(lent)
    assert.equal(chunks.next().done, false)
    lent.stop()
    assert.equal(chunks.next().done, true)
  })
})

const { platform } = process

describe('lentPipe', { skip: platform === 'win32' && 'an open socket has no descriptor there' }, () => {
  it('gives what comes, piece by piece, and its end', async (t) => {
    const { fd, other } = await openSocket(t)
    const chunks = waitingIteratorOf(lentPipe(fd))
    other.write('first\n')
    assert.equal(Buffer.from((await chunks.next()).value).toString(), 'first\n')
    other.end('x'.repeat(300_000))
    let length = 0
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
      length += next.value.length
    }
    assert.equal(length, 300_000)
  })

  it('reads nothing into the buffer that is lent', async (t) => {
    const { fd, other } = await openSocket(t)
    const chunks = waitingIteratorOf(lentPipe(fd))
    other.write('first')
    const { value } = await chunks.next()
    await new Promise<void>((resolve) => other.write('second', () => resolve()))
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
    assert.equal(Buffer.from(value).toString(), 'first')
    assert.equal(Buffer.from((await chunks.next()).value).toString(), 'second')
    other.end()
    const last = await chunks.next()
    assert.ok(last.done === true || (last.value.length === 0 && (await chunks.next()).done === true))
  })

  it('gives nothing once where nothing follows, and then waits', async (t) => {
    const { fd, other } = await openSocket(t)
    const chunks = waitingIteratorOf(lentPipe(fd))
    const texts: string[] = []
    other.write('first')
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
      texts.push(Buffer.from(next.value).toString())
      if (texts.length === 2) setTimeout(() => other.end('last'), 20)
    }
    assert.deepEqual(texts.slice(0, 3), ['first', '', 'last'])
    assert.ok(
      texts.slice(3).every((text) => text === ''),
      `${texts}`,
    )
  })

  it('tells a reader that waits the end when it is stopped, also before anything was asked for', async (t) => {
    const { fd } = await openSocket(t)
    const lent = lentPipe(fd)
    const next = waitingIteratorOf(lent).next()
    lent.stop()
    assert.equal((await next).done, true)
    const stopped = lentPipe(fd)
    stopped.stop()
    assert.equal((await waitingIteratorOf(stopped).next()).done, true)
  })
})

/** A descriptor of one end of a connection, and the other end. */
async function openSocket(t: { after(hook: () => void): void }): Promise<{ fd: number; other: Socket }> {
  const server = createServer({ pauseOnConnect: true })
  const path = join(temporaryDirectory(), 's')
  server.listen(path)
  await once(server, 'listening')
  const other = new Socket()
  other.connect(path)
  const [accepted] = (await once(server, 'connection')) as [Socket]
  t.after(() => {
    other.destroy()
    server.close()
  })
  const { fd } = (accepted as unknown as { _handle: { fd: number } })._handle
  // The reader of the descriptor closes it; the socket that was accepted never does.
  return { fd, other: Object.assign(other, { kept: accepted }) }
}

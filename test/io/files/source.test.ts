import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { appendFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { PassThrough, Readable } from 'node:stream'
import { describe, it } from 'node:test'
import * as zlib from 'node:zlib'
import type { Input } from '../../../src/io/files/source.ts'
import { canDecompress, compressionOf, fileInput, InputReader } from '../../../src/io/files/source.ts'
import { temporaryDirectory } from '../../temporary.ts'

const folder = temporaryDirectory()

function file(name: string, bytes: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

/** Text that gzip cannot make small. */
function noise(length: number): string {
  let state = 1
  return Array.from({ length }, () => {
    state = (state * 48271) % 2147483647
    return String.fromCharCode(32 + (state % 90))
  }).join('')
}

async function read(reader: InputReader): Promise<[source: string, text: string][]> {
  const inputs: [string, string][] = []
  let text = ''
  for await (const { source, bytes } of reader) {
    if (bytes !== undefined) {
      text += Buffer.from(bytes).toString()
    } else {
      inputs.push([source, text])
      text = ''
    }
  }
  return inputs
}

describe('InputReader', () => {
  it('reads files one after the other and tells where each ends', async () => {
    const large = noise(300_000)
    const paths = [file('a.jsonl', 'aaa'), file('empty.jsonl', ''), file('b.jsonl', large)]
    const reader = new InputReader(paths.map((path) => fileInput(path)))
    assert.deepEqual(await read(reader), [
      [paths[0], 'aaa'],
      [paths[1], ''],
      [paths[2], large],
    ])
    assert.equal(reader.bytesRead, 300_003)
    assert.equal(reader.fault, undefined)
  })

  it('decompresses .gz, also of several members', async () => {
    const packed = Buffer.concat([zlib.gzipSync('one\n'), zlib.gzipSync(''), zlib.gzipSync('two\n')])
    const path = file('m.jsonl.gz', packed)
    const reader = new InputReader([fileInput(path)])
    assert.deepEqual(await read(reader), [[path, 'one\ntwo\n']])
    assert.equal(reader.bytesRead, packed.length)
  })

  it('decompresses .zst where Node can', {
    skip: !canDecompress('zstd') && 'this Node has no zstd',
  }, async () => {
    const { zstdCompressSync } = zlib as unknown as { zstdCompressSync(text: string): Buffer }
    const path = file('m.jsonl.zst', zstdCompressSync('one\n'))
    assert.deepEqual(await read(new InputReader([fileInput(path)])), [[path, 'one\n']])
    const cut = file('cut.jsonl.zst', zstdCompressSync(noise(500_000)).subarray(0, 300_000))
    const reader = new InputReader([fileInput(cut)])
    await read(reader)
    assert.match(reader.fault!.message, /the zstd data is damaged or cut off/)
  })

  it('says so where it cannot', { skip: canDecompress('zstd') && 'this Node has zstd' }, async () => {
    const reader = new InputReader([fileInput(file('n.jsonl.zst', 'x'))])
    await read(reader)
    assert.match(reader.fault!.message, /cannot decompress zstd/)
  })

  it('gives everything that damaged data still holds, then stops with a fault', async () => {
    const text = noise(1_000_000)
    const packed = zlib.gzipSync(text)
    const cut = file('cut.jsonl.gz', packed.subarray(0, packed.length >> 1))
    const damaged = Buffer.from(packed)
    damaged.fill(0xff, damaged.length - 200_000)
    const bad = file('bad.jsonl.gz', damaged)
    for (const [path, least] of [
      [cut, 450_000],
      [bad, 600_000],
    ] as const) {
      const reader = new InputReader([fileInput(path), fileInput(file('next.jsonl', 'next'))])
      const [[source, found], ...rest] = (await read(reader)) as [[string, string]]
      assert.deepEqual([source, rest], [path, []])
      // Damage need not look like it at once.
      assert.ok(found.startsWith(text.slice(0, least)))
      assert.ok(
        reader.fault!.message.startsWith(`cannot read ${path}: the gzip data is damaged or cut off (`),
      )
    }
  })

  it('gives everything before garbage behind the data, and before a wrong checksum', async () => {
    const small = Array.from({ length: 1000 }, (_, id) => `{"id":${id}}\n`).join('')
    for (const text of [small, '', noise(300_000)]) {
      const packed = zlib.gzipSync(text)
      const wrong = Buffer.from(packed)
      wrong[wrong.length - 6]! ^= 1
      const wrongLength = Buffer.from(packed)
      wrongLength[wrongLength.length - 1]! ^= 1
      for (const [bytes, reason] of [
        [Buffer.concat([packed, Buffer.from('garbage')]), 'incorrect header check'],
        [Buffer.concat([packed, zlib.gzipSync(text), Buffer.from('\n')]), 'unexpected end of file'],
        [wrong, 'incorrect data check'],
        [wrongLength, 'incorrect length check'],
      ] as const) {
        const path = file('fault.jsonl.gz', bytes)
        const reader = new InputReader([fileInput(path), fileInput(file('next.jsonl', 'next'))])
        const [[source, found], ...rest] = (await read(reader)) as [[string, string]]
        assert.deepEqual([source, rest], [path, []])
        assert.ok(
          found === (bytes.length > 2 * packed.length ? text + text : text),
          `${text.length} ${reason}`,
        )
        assert.equal(
          reader.fault!.message,
          `cannot read ${path}: the gzip data is damaged or cut off (${reason})`,
        )
        assert.ok(reader.bytesRead <= bytes.length)
      }
    }
  })

  it('gives everything before a fault in the data, to the byte', async () => {
    const text = noise(1000)
    const packed = zlib.gzipSync(text, { level: 0 })
    // A second block behind the first one that is no block.
    const bad = Buffer.concat([packed.subarray(0, -8), Buffer.from([0xff, 0xff])])
    bad[10]! &= 0xfe
    const path = file('block.jsonl.gz', bad)
    const reader = new InputReader([fileInput(path)])
    assert.deepEqual(await read(reader), [[path, text]])
    assert.match(reader.fault!.message, /invalid block type/)
  })

  it('gives what it can of damaged data that cannot be read again', async () => {
    const bytes = Buffer.concat([zlib.gzipSync(noise(400_000)), Buffer.from('garbage')])
    const input: Input = { name: 'x', open: () => Readable.from([bytes]), compression: 'gzip' }
    const reader = new InputReader([input])
    const [[, found]] = (await read(reader)) as [[string, string]]
    assert.ok(found.length >= 400_000 - 128 * 1024)
    assert.match(reader.fault!.message, /incorrect header check/)
  })

  it('gives all that a slow reader has not taken yet when the data turns out to be cut off', async () => {
    const text = noise(100_000)
    const path = file('slow.jsonl.gz', zlib.gzipSync(text).subarray(0, -8))
    let found = ''
    for await (const { bytes } of new InputReader([fileInput(path)])) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      found += Buffer.from(bytes ?? []).toString()
    }
    assert.ok(found === text)
  })

  it('says what is wrong with an input that is not compressed, or is not there', async () => {
    const noGzip = file('plain.gz', 'plain text')
    const reader = new InputReader([fileInput(noGzip)])
    await read(reader)
    assert.match(
      reader.fault!.message,
      /plain\.gz: the gzip data is damaged or cut off \(incorrect header check\)/,
    )
    const missing = new InputReader([fileInput(join(folder, 'missing')), fileInput(noGzip)])
    assert.deepEqual(await read(missing), [[join(folder, 'missing'), '']])
    assert.match(missing.fault!.message, /^cannot read .*missing: no such file or directory$/)
  })

  it('says so when a file becomes shorter while it is read, after all that could be read', async () => {
    const text = noise(1_000_000)
    for (const left of [0, 300_000, 900_000]) {
      const path = file('shrinking.jsonl', text)
      const reader = new InputReader([fileInput(path), fileInput(file('next.jsonl', 'next'))])
      let found = ''
      for await (const { bytes } of reader) {
        if (found === '') truncateSync(path, left)
        found += Buffer.from(bytes ?? []).toString()
      }
      assert.ok(found.length >= left && found.length < text.length && text.startsWith(found))
      assert.equal(
        reader.fault?.message,
        `cannot read ${path}: the file became shorter while it was read: it had 1000000 bytes, now ${left}`,
      )
    }
  })

  it('takes a file that grows, one that is rewritten after it was read, and one that is not as long as it says', async () => {
    const path = file('growing.jsonl', noise(300_000))
    const growing = new InputReader([fileInput(path)])
    let length = 0
    for await (const { bytes } of growing) {
      if (length === 0) appendFileSync(path, 'more')
      length += bytes?.length ?? 0
    }
    assert.deepEqual([length, growing.fault], [300_004, undefined])
    const small = file('small.jsonl', 'one')
    const rewritten = new InputReader([fileInput(small)])
    for await (const { bytes } of rewritten) if (bytes !== undefined) truncateSync(small, 0)
    assert.equal(rewritten.fault, undefined)
    if (process.platform !== 'linux') return
    const kernel = new InputReader([fileInput('/sys/kernel/uevent_seqnum'), fileInput('/proc/version')])
    await read(kernel)
    assert.equal(kernel.fault, undefined)
  })

  it('opens an input only when those before it have ended', async () => {
    const opened: string[] = []
    const input = (name: string): Input => ({
      name,
      open: () => {
        opened.push(name)
        return Readable.from([Buffer.from(name)])
      },
    })
    const chunks = new InputReader([input('a'), input('b')])[Symbol.asyncIterator]()
    assert.deepEqual((await chunks.next()).value, { source: 'a', bytes: Buffer.from('a') })
    assert.deepEqual(opened, ['a'])
    assert.deepEqual((await chunks.next()).value, { source: 'a' })
    await chunks.next()
    assert.deepEqual(opened, ['a', 'b'])
    await chunks.return(undefined)
  })

  it('stops when asked to: while it waits, and with what it has read already', async () => {
    const stream = new PassThrough()
    const opened: string[] = []
    const next: Input = {
      name: 'b',
      open: () => {
        opened.push('b')
        return Readable.from([])
      },
    }
    const reader = new InputReader([{ name: '-', open: () => stream }, next])
    const chunks = reader[Symbol.asyncIterator]()
    stream.write('one')
    assert.equal(String((await chunks.next()).value.bytes), 'one')
    stream.write('two')
    stream.write('three')
    reader.stop()
    const rest: string[] = []
    for await (const { bytes } of chunks) if (bytes !== undefined) rest.push(String(bytes))
    assert.equal(rest.join(''), 'twothree')
    assert.equal(reader.fault, undefined)
    assert.deepEqual(opened, [])

    const waiting = new InputReader([{ name: '-', open: () => new PassThrough() }])
    const result = read(waiting)
    setImmediate(() => waiting.stop())
    assert.deepEqual(await result, [['-', '']])
  })

  it('closes its input when its reader goes away', async () => {
    const stream = new PassThrough()
    const closed = new Promise((resolve) => stream.once('close', resolve))
    stream.write('one')
    for await (const chunk of new InputReader([{ name: '-', open: () => stream }])) {
      assert.equal(String(chunk.bytes), 'one')
      break
    }
    await closed
    assert.equal(stream.destroyed, true)
  })
})

describe('compressionOf', () => {
  it('looks at the end of the name', () => {
    assert.deepEqual(['a.gz', 'a.jsonl.zst', 'a.jsonl', 'gz', 'a.gz.txt'].map(compressionOf), [
      ...['gzip', 'zstd', undefined, undefined, undefined],
    ])
  })
})

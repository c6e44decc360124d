import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as kafka from '@platformatic/kafka'
import { readStreamsOfSnappy } from '../../../src/io/kafka/client.ts'
import { unpackSnappy } from '../../../src/io/kafka/snappy.ts'

const { snappy } = kafka.compressionsAlgorithms
const pack = (text: string): Buffer => snappy.compressSync(Buffer.from(text))

/** A stream as snappy-java writes it. */
function stream(...blocks: readonly Buffer[]): Buffer {
  const head = Buffer.from('82534e4150505900' + '00000001' + '00000001', 'hex')
  const parts = blocks.flatMap((block) => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(block.length)
    return [length, block]
  })
  return Buffer.concat([head, ...parts])
}

describe('snappy', () => {
  const texts = ['a'.repeat(40_000), '{"number":1}', 'é'.repeat(300)]

  it('is read as one block, and as a stream of them', () => {
    const unpack = (data: Buffer): string => unpackSnappy(data, snappy.decompressSync).toString()
    assert.equal(unpack(pack(texts[0]!)), texts[0])
    assert.equal(unpack(stream(...texts.map(pack))), texts.join(''))
    assert.equal(unpack(stream()), '')
  })

  it('is refused where a block is cut', () => {
    const whole = stream(...texts.map(pack))
    for (const end of [whole.length - 1, 18, 30])
      assert.throws(() => unpackSnappy(whole.subarray(0, end), snappy.decompressSync), RangeError)
  })

  it('of Java’s producers is read by the client, also when it was taught that twice', () => {
    readStreamsOfSnappy(kafka)
    readStreamsOfSnappy(kafka)
    const algorithm = kafka.compressionsAlgorithmsByBitmask[2]!
    assert.equal(algorithm.decompressSync(stream(...texts.map(pack))).toString(), texts.join(''))
    assert.equal(algorithm.decompressSync(pack('one block')).toString(), 'one block')
  })
})

import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { it } from 'node:test'
import fc from 'fast-check'
import { NODE_CODING } from '../../src/formats/node-coding.ts'
import { ChunkText } from '../../src/json/chunk-text.ts'
import { base64, PORTABLE_CODING } from '../../src/json/text-coding.ts'

const ANY_BYTES = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 20 }).map((text) => new TextEncoder().encode(`\ufeff${text}`)),
)

it('bytes have the same text by the portable coding and by the one of Node', () => {
  fc.assert(
    fc.property(ANY_BYTES, fc.nat(40), (bytes, from) => {
      const [portable, node] = [PORTABLE_CODING, NODE_CODING].map((coding) => {
        const chunk = new ChunkText(bytes, coding)
        return [
          chunk.isUtf8,
          chunk.text(from, bytes.length),
          chunk.utf8(from, bytes.length),
          chunk.latin1.length,
        ]
      })
      assert.deepEqual(portable, node)
      assert.equal(base64(bytes), Buffer.from(bytes).toString('base64'))
    }),
  )
})

it('texts are the same bytes by the portable coding and by the one of Node, lone surrogates too', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(0xffff), { maxLength: 20 }), (units) => {
      const text = String.fromCharCode(...units)
      const [portable, node] = [PORTABLE_CODING, NODE_CODING].map((coding) => {
        const bytes = coding.allocate(70)
        const count = coding.write(text, bytes, 3)
        return [coding.byteLength(text), [...bytes.subarray(3, 3 + count)]]
      })
      assert.deepEqual(portable, node)
    }),
  )
})

it('base64 of many bytes is in one piece', () => {
  const bytes = Uint8Array.from({ length: 50_000 }, (_, index) => index)
  assert.equal(base64(bytes), Buffer.from(bytes).toString('base64'))
})

import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import fc from 'fast-check'
import { base64Decode } from '../../../src/expression/functions/base64-decode.ts'
import type { FunctionDefinition } from '../../../src/expression/functions/definition.ts'
import { ArgumentProblem } from '../../../src/expression/functions/definition.ts'
import { hexDecode } from '../../../src/expression/functions/hex-decode.ts'
import { urlDecode } from '../../../src/expression/functions/url-decode.ts'
import { hostWith, outcomeOf, processorMs } from './calling.ts'

function decoder({ implementation }: FunctionDefinition, errors = 'strict'): (text: string) => unknown {
  assert.ok(implementation.kind === 'prepared')
  const call = implementation.prepare({ errors }, hostWith({}))
  return (text) => outcomeOf((context) => call(context, text)).value
}

const base64 = decoder(base64Decode)
const hex = decoder(hexDecode)
const url = decoder(urlDecode)

const text = fc.string({ unit: 'grapheme' })

test('texts come back from each encoding', () => {
  fc.assert(
    fc.property(text, (value) => {
      const bytes = Buffer.from(value)
      assert.equal(base64(bytes.toString('base64')), value)
      assert.equal(base64(bytes.toString('base64url')), value)
      assert.equal(base64(bytes.toString('base64').replaceAll(/.{5}/g, '$&\r\n')), value)
      assert.equal(hex(bytes.toString('hex')), value)
      assert.equal(
        hex(
          ` 0x${bytes.toString('hex').toUpperCase()}`
            .trim()
            .replaceAll(/..(?=.)/g, '$& ')
            .replace('0x ', '0x'),
        ),
        value,
      )
      assert.equal(url(encodeURIComponent(value)), value)
    }),
  )
})

test('bytes of any kind are replaced as TextDecoder replaces them, or do not fit', () => {
  const decode = new TextDecoder('utf-8', { ignoreBOM: true })
  const lenient = {
    base64: decoder(base64Decode, 'replace'),
    hex: decoder(hexDecode, 'replace'),
    url: decoder(urlDecode, 'replace'),
  }
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const expected = decode.decode(bytes)
      const digits = Buffer.from(bytes).toString('hex')
      const percents = digits.replaceAll(/../g, '%$&')
      assert.equal(lenient.base64(Buffer.from(bytes).toString('base64')), expected)
      assert.equal(lenient.hex(digits), expected)
      assert.equal(lenient.url(percents), expected)
      const fits = Buffer.from(expected).equals(Buffer.from(bytes)) ? expected : undefined
      assert.equal(hex(digits), fits)
      assert.equal(url(percents), fits)
    }),
  )
})

test('what is no base64 and no hexadecimal does not fit', () => {
  for (const value of [
    'a',
    'aGVsbG8===',
    'aG=VsbG8',
    'aGVsbG8=x',
    'aGVsb=',
    'aGV*',
    'é',
    '=',
    '====',
    'aGVsbG8==',
  ])
    assert.equal(base64(value), undefined, value)
  for (const value of ['a', '0x', 'a b', 'zz', '0x0', 'ab c', 'é0', '12:34'])
    assert.equal(hex(value), value === '0x' ? '' : undefined, value)
  for (const value of ['', ' \n']) assert.deepEqual([base64(value), hex(value)], ['', ''])
})

test('url_decode leaves what is no percent-encoded byte', () => {
  assert.equal(url('%'), '%')
  assert.equal(url('%4%41%4g%%41'), '%4A%4g%A')
  assert.equal(url('é%C3%A9+\ud800'), 'éé+\ud800')
  assert.equal(url('%41%FF%42'), undefined)
  assert.equal(decoder(urlDecode, 'replace')('%41%FF%42'), 'A\ufffdB')
  assert.equal(url('%EF%BB%BFa'), '\ufeffa')
})

test('an unknown way to treat errors is an error at load', () => {
  assert.throws(() => decoder(hexDecode, 'ignore'), ArgumentProblem)
})

test('a text costs its length, whatever it is made of', () => {
  for (const decode of [base64, hex, url]) {
    for (const piece of ['%', '%4', '%41', '%FF', 'a', '=', ' ', '0', 'ab ', '%C3%A9x']) {
      const value = piece.repeat(Math.ceil(300_000 / piece.length))
      const start = processorMs()
      decode(value)
      assert.ok(processorMs() - start < 2000, piece)
    }
  }
})

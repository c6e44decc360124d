import assert from 'node:assert/strict'
import { test } from 'node:test'
import { normalizeMacAddress } from '../../../src/expression/functions/normalize-mac-address.ts'
import { call } from './calling.ts'

test('every accepted form comes out in the standard one', () => {
  for (const text of [
    '0C:47:C9:AB:01:2F',
    '0c:47:c9:ab:01:2f',
    '0C-47-c9-Ab-01-2F',
    '0C4.7C9.AB0.12F',
    '0c4:7c9:ab0:12f',
    '0c4-7c9-ab0-12f',
    '0c47.c9ab.012f',
    '0c47-c9ab-012f',
    '0C-47-c9-ab-1-2f',
    'c:47:C9:ab:1:2f',
    '0C47C9AB012F',
    '0c47c9ab012f',
  ]) {
    assert.equal(call(normalizeMacAddress, text).value, '0C:47:C9:AB:01:2F', text)
    assert.equal(call(normalizeMacAddress, text, false).value, '0C:47:C9:AB:01:2F', text)
  }
})

const INVALID = [
  'AA:BB:CC',
  'AA:BB:CC:DD:EE',
  'AA:BB:CC:DD:EE:FF:00',
  'AA:BB:CC:DD:EE:FG',
  'AA:BB:CC:DD:EE-FF',
  'AA-BB:CC-DD:EE-FF',
  'AA.BB.CC.DD.EE.FF',
  'AA BB CC DD EE FF',
  'AAAA:BBBB:CCCC',
  'AAAA.BBBB-CCCC',
  'AAA.BBB:CCC.DDD',
  'AAA.BBB.CCCDDD1',
  'AAABBB.CCC.DDD1',
  'AABBCCDDEEF',
  'AABBCCDDEEFF0',
  'AABBCCDDEEFG',
  ' AA:BB:CC:DD:EE:FF',
  'AA:BB:CC:DD:EE:FF ',
  'AA:BB:CC:DD:EE:FF\n',
  'AA:BB:CC:DD:EE:\uff26F',
  'AA:BB:CC:DD:EE:\u0661\u0661',
  ':::::::::::::::::',
  '-----------------',
  '::::::::::::',
  'A:ABB:CCC:DDDDD',
  'AAAAAAAAAAAAAAAAA',
  'AAAAAAAAAAAAAAA',
  'AAAAAAAAAAAAAA',
  'A'.repeat(100_000),
  'not a mac',
]

test('an invalid address rejects the event', () => {
  for (const text of [...INVALID, '', '-']) {
    const outcome = call(normalizeMacAddress, text)
    assert.equal(outcome.code, 'MAC_INVALID', text.slice(0, 40))
    assert.deepEqual(outcome.anomalies, {})
    assert.ok(outcome.message!.length < 200)
    assert.equal(call(normalizeMacAddress, text, true).code, 'MAC_INVALID')
  }
  assert.equal(call(normalizeMacAddress, 'AA:BB:CC').message, "'AA:BB:CC' is not a MAC address")
})

test('a lax call turns an invalid address into the empty text and an anomaly', () => {
  for (const text of INVALID) {
    assert.deepEqual(call(normalizeMacAddress, text, false), {
      value: '',
      anomalies: { malformed_mac_address: [text] },
    })
  }
})

test('a lax call finds nothing wrong with the empty text and a hyphen', () => {
  for (const text of ['', '-'])
    assert.deepEqual(call(normalizeMacAddress, text, false), { value: '', anomalies: {} })
})

test('strict is what Python takes for true', () => {
  for (const strict of [0, '', null, []]) assert.equal(call(normalizeMacAddress, 'x', strict).value, '')
  for (const strict of [1, 'no', [0]])
    assert.equal(call(normalizeMacAddress, 'x', strict).code, 'MAC_INVALID')
})

test('what is not text is a type error, strict or not', () => {
  for (const value of [null, 0xaabbccddeeff, true, ['AA:BB:CC:DD:EE:FF']]) {
    assert.equal(call(normalizeMacAddress, value).code, 'TYPE_ERROR')
    assert.equal(call(normalizeMacAddress, value, false).code, 'TYPE_ERROR')
  }
})

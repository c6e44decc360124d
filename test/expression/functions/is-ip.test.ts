import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isIp } from '../../../src/expression/functions/is-ip.ts'
import { call } from './calling.ts'

test('is_ip answers for any text', () => {
  const answers: [text: string, answer: boolean][] = [
    ['192.0.2.1', true],
    ['::1', true],
    ['::ffff:192.0.2.1', true],
    ['192.168.001.1', false],
    ['fe80::1%eth0', false],
    ['10.0.0.0/8', false],
    ['lt-mail', false],
    ['', false],
    ['-', false],
    ['\ud800', false],
  ]
  for (const [text, answer] of answers) assert.equal(call(isIp, text).value, answer, JSON.stringify(text))
})

test('what is not text is a type error', () => {
  for (const value of [null, true, 5, 1.5, 2n ** 64n, ['::1'], { ip: '::1' }]) {
    assert.equal(call(isIp, value).code, 'TYPE_ERROR')
  }
  assert.equal(call(isIp, 5).message, "is_ip() argument 's' must be str, not int")
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHostname } from '../../../src/expression/functions/is-hostname.ts'
import { call } from './calling.ts'

test('is_hostname answers for any text', () => {
  const answers: [text: string, answer: boolean][] = [
    ['lt-mail', true],
    ['WS_01', true],
    ['123', true],
    ['почта', true],
    ['localhost.', true],
    ['lt-mail.domain', false],
    ['192.0.2.1', false],
    ['::1', false],
    ['-a', false],
    ['.', false],
    ['', false],
    ['\ud800', false],
  ]
  for (const [text, answer] of answers)
    assert.equal(call(isHostname, text).value, answer, JSON.stringify(text))
})

test('what is not text is a type error', () => {
  for (const value of [null, true, 5, 1.5, 2n ** 64n, ['::1'], { ip: '::1' }]) {
    assert.equal(call(isHostname, value).code, 'TYPE_ERROR')
  }
  assert.equal(call(isHostname, 5).message, "is_hostname() argument 's' must be str, not int")
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFqdn } from '../../../src/expression/functions/is-fqdn.ts'
import { call } from './calling.ts'

test('is_fqdn answers for any text', () => {
  const answers: [text: string, answer: boolean][] = [
    ['lt-mail.domain', true],
    ['lt-mail.domain.', true],
    ['пример.рф', true],
    ['1.2.3.a', true],
    ['localhost.', false],
    ['lt-mail', false],
    ['192.0.2.1', false],
    ['192.0.2.1.', false],
    ['1.2.3.256', false],
    ['a..b', false],
    ['..', false],
    ['', false],
    ['\ud800', false],
  ]
  for (const [text, answer] of answers) assert.equal(call(isFqdn, text).value, answer, JSON.stringify(text))
})

test('what is not text is a type error', () => {
  for (const value of [null, true, 5, 1.5, 2n ** 64n, ['::1'], { ip: '::1' }]) {
    assert.equal(call(isFqdn, value).code, 'TYPE_ERROR')
  }
  assert.equal(call(isFqdn, 5).message, "is_fqdn() argument 's' must be str, not int")
})

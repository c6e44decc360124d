import assert from 'node:assert/strict'
import { test } from 'node:test'
import { closeNames } from '../../../src/tracer/feeds/close-names.ts'

const NAMES = ['id', 'mask', 'files/MD5', 'files/SHA1', 'files/SHA256', 'whois/domain', 'first_seen']

test('names that differ in spelling, by a letter or two, or by their path are close', () => {
  assert.deepEqual(closeNames('Mask', NAMES), ['mask'])
  assert.deepEqual(closeNames('maks', NAMES), ['mask'])
  assert.deepEqual(closeNames('files.md5', NAMES), ['files/MD5'])
  assert.deepEqual(closeNames('MD5', NAMES), ['files/MD5'])
  assert.deepEqual(closeNames('files/MD6', NAMES), ['files/MD5'])
  assert.deepEqual(closeNames('FirstSeen', NAMES), ['first_seen'])
  assert.deepEqual(closeNames('response/whois/domain', NAMES), ['whois/domain'])
})

test('other names are not', () => {
  assert.deepEqual(closeNames('ip', NAMES), ['id'])
  assert.deepEqual(closeNames('url', NAMES), [])
  assert.deepEqual(closeNames('x', NAMES), [])
  assert.deepEqual(closeNames('m'.repeat(100_000), NAMES), [])
})

test('at most three are told', () => {
  assert.equal(closeNames('ab', ['ab1', 'ab2', 'ab3', 'ab4']).length, 3)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pace } from '../../../../src/tracer/feeds/pace.ts'
import { FragmentIndex } from '../../../../src/tracer/feeds/tables/fragments.ts'

test('what shares a rare piece with the text is found, once', async () => {
  const masks = [
    { id: 1, pieces: ['login-bank'] },
    { id: 2, pieces: ['.example', 'wallet'] },
    { id: 3, pieces: ['login-shop', ''] },
  ]
  const index = await FragmentIndex.build(masks, new Pace())
  assert.deepEqual(index.find(['x.login-bank.test', '/']), [1])
  assert.deepEqual(index.find(['shop.test', '/login-shop/login-shop']), [3])
  assert.deepEqual(index.find(['x.example', '/wallet']), [2])
  assert.deepEqual(index.find(['', '']), [])
})

test('a piece is not found across two texts', async () => {
  const index = await FragmentIndex.build([{ id: 7, pieces: ['abcd'] }], new Pace())
  assert.deepEqual(index.find(['ab', 'cd']), [])
  assert.deepEqual(index.find(['xabcd', '']), [7])
  assert.deepEqual(index.find(['', 'abcdx']), [7])
})

test('what has only short pieces is always a candidate', async () => {
  const index = await FragmentIndex.build([{ id: 1, pieces: ['abc', 'de'] }], new Pace())
  assert.deepEqual(index.find(['anything', '']), [1])
})

test('nothing that contains all pieces is missed, in any script', async () => {
  const words = ['вход', 'пример', '登录银行页面', 'naïve', 'ÿþýü', 'plain', '😀😀']
  const masks = words.map((word, id) => ({ id, pieces: [word] }))
  const index = await FragmentIndex.build(masks, new Pace())
  for (const [id, word] of words.entries()) assert.ok(index.find([`x${word}y`, '']).includes(id), word)
})

test('pieces of four to seven characters are found as well', async () => {
  const words = ['evil', 'bank1', 'wallet', 'abcdefg']
  const masks = words.map((word, id) => ({ id, pieces: ['x', word, ''] }))
  const index = await FragmentIndex.build(masks, new Pace())
  for (const [id, word] of words.entries()) {
    assert.ok(index.find([`1${word}`, '']).includes(id), word)
    assert.ok(!index.find([word.slice(0, 3), word.slice(3)]).includes(id), word)
  }
})

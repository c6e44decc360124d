import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { hashSync } from 'bcryptjs'
import { Users } from '../../src/http/users.ts'

const HASH = hashSync('secret', 4).replace('$2b$', '$2y$')

function basic(name: string, password: string): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`
}

describe('users', () => {
  it('are accepted with their password, however htpasswd marks its hash', async () => {
    const users = new Users(`# readers\n\nann:${HASH}\r\nbob:${HASH.replace('$2y$', '$2a$')}\n`, 'users')
    assert.equal(users.size, 2)
    for (const name of ['ann', 'bob']) {
      assert.equal(await users.verify(basic(name, 'secret')), 'accepted')
      assert.equal(await users.verify(basic(name, 'secret')), 'accepted', 'from memory')
      assert.equal(await users.verify(basic(name, 'Secret')), 'refused')
      assert.equal(await users.verify(basic(name, 'Secret')), 'refused', 'from memory')
    }
  })

  it('are refused with anything that is no right pair of name and password', async () => {
    const users = new Users(`ann:${HASH}\n`, 'users')
    const headers = [
      undefined,
      '',
      'Basic',
      'Basic ',
      'Basic *',
      'Bearer secret',
      `Basic ${'QQ=='.repeat(400)}`,
    ]
    for (const header of [...headers, basic('', 'secret'), basic('__proto__', 'secret'), basic('ann', '')]) {
      assert.equal(await users.verify(header), 'refused', header)
    }
    assert.equal(await users.verify(`Basic ${Buffer.from('ann').toString('base64')}`), 'refused', 'no colon')
  })

  it('are verified one at a time, and too many at once are asked to come again', async () => {
    const users = new Users(`ann:${HASH}\n`, 'users')
    const asked = Array.from({ length: 40 }, (_, index) => users.verify(basic('ann', `wrong ${index}`)))
    const verdicts = await Promise.all(asked)
    assert.equal(verdicts.filter((verdict) => verdict === 'busy').length, 8)
    assert.equal(verdicts.filter((verdict) => verdict === 'refused').length, 32)
    assert.equal(await users.verify(basic('ann', 'secret')), 'accepted')
  })

  it('are replaced: who is gone is refused, who has another password needs it', async () => {
    const users = new Users(`ann:${HASH}\nbob:${HASH}\ncid:${HASH}\n`, 'users')
    for (const name of ['ann', 'bob', 'cid'])
      assert.equal(await users.verify(basic(name, 'secret')), 'accepted')
    users.replace(`ann:${HASH}\nbob:${hashSync('other', 4)}\n`, 'users')
    assert.equal(await users.verify(basic('ann', 'secret')), 'accepted')
    assert.equal(await users.verify(basic('bob', 'secret')), 'refused')
    assert.equal(await users.verify(basic('bob', 'other')), 'accepted')
    assert.equal(await users.verify(basic('cid', 'secret')), 'refused')
    assert.throws(() => users.replace('ann:secret\n', 'users'), RangeError)
    assert.equal(await users.verify(basic('ann', 'secret')), 'accepted', 'those before stay')
  })

  it('are read with the place of what is wrong, and without repeating a password', () => {
    const cases: readonly (readonly [string, RegExp])[] = [
      ['', /^users: no user: add one with htpasswd -B users NAME$/],
      ['ann:secret', /^users:1: no user with a bcrypt hash: add one with htpasswd -B users NAME$/],
      [`ann:${HASH}\n:${HASH}`, /^users:2: no user with a bcrypt hash/],
      [`ann:${HASH}\nann:${HASH}`, /^users:2: the user ann is in the file twice$/],
      [`ann:$2y$31$${HASH.slice(7)}`, /^users:1: the hash of ann has cost 31, and 14 is the most/],
      ['ann:$apr1$salt$hash', /^users:1: no user with a bcrypt hash/],
    ]
    for (const [text, message] of cases) {
      assert.throws(() => new Users(text, 'users'), { name: 'RangeError', message })
    }
  })
})

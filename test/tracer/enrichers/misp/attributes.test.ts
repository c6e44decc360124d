import assert from 'node:assert/strict'
import { test } from 'node:test'
import { byId, keysOf, readAnswer, toHit } from '../../../../src/tracer/enrichers/misp/attributes.ts'
import { attribute } from '../../misp/fake-misp.ts'

test('a hit tells the attribute and its event, and leaves out what is empty', () => {
  assert.deepEqual(toHit(attribute(7, 'domain', 'evil.example')), {
    id: '7',
    context:
      '|value=evil.example|type=domain|category=Network activity|to_ids=true|timestamp=2023-11-14T22:13:20.000Z' +
      '|tags=tlp:amber,kill-chain:Delivery|uuid=00000000-0000-4000-8000-000000000007' +
      '|event.id=42|event.uuid=10000000-0000-4000-8000-000000000042|event.info=Phishing wave' +
      '|event.date=2026-01-02|event.threat_level=high|event.org=CERT',
  })
})

test('an attribute without an event, or with other types than expected, is told as far as it goes', () => {
  const odd = {
    id: 7,
    value: 'evil.example',
    type: null,
    to_ids: 0,
    timestamp: 'soon',
    comment: { a: 1 },
    Tag: [null, 'x', { name: 3 }, { name: '' }],
    Event: ['no'],
    __proto__: { category: 'inherited' },
  }
  assert.deepEqual(toHit(JSON.parse(JSON.stringify(odd))), {
    id: '7',
    context: '|value=evil.example|to_ids=false|tags=3',
  })
  assert.deepEqual(toHit({}), { id: '', context: '|to_ids=false' })
})

test('long texts are cut, breaks become spaces', () => {
  const tags = Array.from({ length: 1000 }, (_, i) => ({ name: `tag-${i}` }))
  const { context } = toHit(
    attribute(1, 'domain', 'a', {
      comment: `x|y\r\n${'😀'.repeat(5000)}`,
      Tag: tags,
      Event: { info: 'i'.repeat(9e5) },
    }),
  )
  assert.ok(context.length < 3000)
  assert.match(context, /\|comment=x y 😀/)
  assert.doesNotMatch(context, /[\ud800-\udbff](?![\udc00-\udfff])|[\r\n]/)
})

test('a composite attribute is hit by its halves, but not by a port', () => {
  assert.deepEqual(keysOf(attribute(1, 'domain|ip', 'Evil.example|198.51.100.7')), [
    'evil.example',
    '198.51.100.7',
  ])
  assert.deepEqual(keysOf(attribute(1, 'filename|md5', 'a.exe|C912705B4BBB14EC7E78FA8B370532C9')), [
    'a.exe',
    'c912705b4bbb14ec7e78fa8b370532c9',
  ])
  assert.deepEqual(keysOf(attribute(1, 'ip-dst|port', '198.51.100.7|443')), ['198.51.100.7'])
  assert.deepEqual(keysOf(attribute(1, 'url', 'http://evil.example/a|b')), ['evil.example/a|b'])
  assert.deepEqual(keysOf({}), [''])
})

test('hits are in the order of their ids', () => {
  const ids = ['10', '9', '100', '1', '9'].map((id) => ({ id, context: '' }))
  assert.deepEqual(
    ids.sort(byId).map(({ id }) => id),
    ['1', '9', '9', '10', '100'],
  )
})

test('an answer is a list of attributes; anything else is an error that shows its beginning', () => {
  assert.deepEqual(readAnswer('{"response": {"Attribute": []}}'), [])
  assert.deepEqual(readAnswer('{"response": []}'), [])
  assert.deepEqual(readAnswer('{"response": {"Attribute": [{"id": "1"}]}}'), [{ id: '1' }])
  for (const text of [
    '',
    '<!DOCTYPE html>',
    '{"response": {"Attri',
    'null',
    '[]',
    '{}',
    '{"response": null}',
    '{"response": [1]}',
    '{"response": {"Attribute": {"0": {}}}}',
    '{"response": {"Attribute": [1]}}',
    '{"response": {"Attribute": [[]]}}',
  ]) {
    assert.throws(() => readAnswer(text), { name: 'MispError', code: 'bad-answer' }, text)
  }
  assert.throws(
    () => readAnswer(`<html>${'x'.repeat(1e6)}`),
    (error: Error) => {
      assert.ok(error.message.includes('<html>'))
      assert.ok(error.message.length < 300)
      return true
    },
  )
})

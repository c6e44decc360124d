import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { load } from '../loaded.ts'

test('a list has one indicator a line, of any type, with comments', async () => {
  const text = [
    '# our own',
    'gmer.com',
    '  192.0.2.0/24   # the office',
    '198.51.100.1-198.51.100.9',
    '',
    '9E107D9D372BB6826BD81D3542A419D6\t# a tool\r',
    '# from Windows\r',
    '.dyn.example',
    '*.cdn.example/files/*\r',
    'http://example.com/a#b',
  ].join('\n')
  for (const content of [text, gzipSync(text), `\ufeff${text}\n`]) {
    const list = await load(content)
    assert.deepEqual([list.records, list.skipped], [7, 0])
    for (const [type, value] of [
      ['url', 'http://GMER.com/'],
      ['ip', '192.0.2.200'],
      ['ip', '198.51.100.5'],
      ['hash', '9e107d9d372bb6826bd81d3542a419d6'],
      ['url', 'a.dyn.example/x'],
      ['url', 'a.cdn.example/files/x'],
      ['url', 'example.com/a'],
    ] as const) {
      assert.equal(list.find(type, value).length, 1, value)
    }
    assert.equal(list.find('url', 'gmer.com/path').length, 1)
    assert.equal(list.find('url', 'example.com/a/b').length, 0)
  }
})

test('what is no indicator is skipped, and a table of columns is refused with advice', async () => {
  const list = await load('gmer.com\nnot an indicator\n/only/a/path\nme@example.com\n')
  assert.deepEqual([list.records, list.skipped], [1, 3])
  assert.match(list.skippedPlaces[0]!, /^line 2: "not" is of no known kind/)
  assert.deepEqual(
    list.skipReasons?.map(({ reason, count }) => [reason, count]),
    [['of no known kind', 3]],
  )
  await assert.rejects(load('who,why\na.example,x\n'), /needs a --key.*who, why/)
})

test('a list may be empty but for a comment', async () => {
  assert.equal((await load('# none yet\n')).records, 0)
  await assert.rejects(load('\n'), { code: 'FEED_EMPTY', message: /# none/ })
})

test('a line without an end is refused', async () => {
  await assert.rejects(load(`a.example\n${'x'.repeat(2 ** 20 + 2 ** 18)}`), {
    code: 'FEED_INVALID',
    message: /line 2: longer than 1 MiB/,
  })
})

test('warning-lists of MISP are lists, too', async () => {
  const text = '{"list": ["192.0.2.0/24"], "name": "N", "type": "cidr", "version": 1}'
  assert.equal((await load(text)).find('ip', '192.0.2.3').length, 1)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { load } from '../loaded.ts'

const LINES = { text: 'lines' } as const

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
    const list = await load(content, {}, LINES)
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
    assert.equal(list.find('url', 'gmer.com/path').length, 0)
  }
})

test('what is no indicator is skipped, and a table of columns is refused with advice', async () => {
  const list = await load('gmer.com\nnot an indicator\n/only/a/path\n', {}, LINES)
  assert.deepEqual([list.records, list.skipped], [2, 1])
  assert.match(list.skippedPlaces[0]!, /^line 2: "not an indicator" is no indicator/)
  await assert.rejects(load('domain,why\na.example,x\n', {}, LINES), /line 1: .*columns need a --key/)
})

test('a list may be empty but for a comment', async () => {
  assert.equal((await load('# none yet\n', {}, LINES)).records, 0)
  await assert.rejects(load('\n', {}, LINES), { code: 'FEED_EMPTY', message: /# none/ })
})

test('a line without an end is refused', async () => {
  await assert.rejects(load(`a.example\n${'x'.repeat(2 ** 20 + 2 ** 18)}`, {}, LINES), {
    code: 'FEED_INVALID',
    message: /line 2: longer than 1 MiB/,
  })
})

test('warning-lists of MISP are lists, too', async () => {
  const text = '{"list": ["192.0.2.0/24"], "name": "N", "type": "cidr", "version": 1}'
  assert.equal((await load(text, {}, LINES)).find('ip', '192.0.2.3').length, 1)
})

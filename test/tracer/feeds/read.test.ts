import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { appendFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { FeedError } from '../../../src/tracer/feeds/feed-error.ts'
import type { FeedHandlers } from '../../../src/tracer/feeds/feed-handlers.ts'
import { csvLayout } from '../../../src/tracer/feeds/formats/csv-layout.ts'
import { readCsv } from '../../../src/tracer/feeds/formats/read-csv.ts'
import { readJson } from '../../../src/tracer/feeds/formats/read-json.ts'
import type { FeedRecord, FeedValue } from '../../../src/tracer/feeds/formats/record.ts'
import { Pace } from '../../../src/tracer/feeds/pace.ts'
import { readFeed } from '../../../src/tracer/feeds/read.ts'
import { temporaryDirectory, temporaryFile } from '../../temporary.ts'

/** The notes of a reader. */
class Told implements FeedHandlers {
  readonly wantedKeys = ['any']
  readonly columns: string[] = []
  readonly records: FeedRecord[] = []
  readonly skipped: string[] = []

  onColumns(columns: readonly string[]): void {
    this.columns.push(...columns)
  }

  onRecord(record: FeedRecord, ordinal: number): void {
    this.records.push(record)
    assert.equal(ordinal, this.records.length)
  }

  onSkipped(place: string, reason: string): void {
    this.skipped.push(`${place}: ${reason}`)
  }

  get fields(): unknown[] {
    return this.records.map(entriesOf)
  }
}

/** Records as lists of pairs: their order shows. */
function entriesOf(value: FeedValue): unknown {
  if (value instanceof Map) return Array.from(value, ([name, member]) => [name, entriesOf(member)])
  return Array.isArray(value) ? value.map(entriesOf) : value
}

async function read(content: string | Uint8Array): Promise<Told> {
  const told = new Told()
  await readFeed(temporaryFile('feed', content), told, new Pace())
  return told
}

async function refusal(content: string | Uint8Array): Promise<FeedError> {
  try {
    await read(content)
  } catch (error) {
    assert.ok(error instanceof FeedError, String(error))
    return error
  }
  return assert.fail('the feed was read')
}

async function* inPieces(content: string | Uint8Array, size: number): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(content)
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size)
}

test('CSV has its fields under the names of its header, in order', async () => {
  const told = await read('url,10,2\ngmer.com,"a, ""b""\nc",\n\nx.example,,z\n')
  assert.deepEqual(told.columns, ['url', '10', '2'])
  assert.deepEqual(told.fields, [
    [
      ['url', 'gmer.com'],
      ['10', 'a, "b"\nc'],
      ['2', ''],
    ],
    [
      ['url', 'x.example'],
      ['10', ''],
      ['2', 'z'],
    ],
  ])
  assert.deepEqual(told.skipped, [])
})

test('CSV may have a byte order mark, CRLF, LF, blanks in its header and no line end at its end', async () => {
  const told = await read('\ufeff"a", b \r\n1,2\n3,4\r\n5,6')
  assert.deepEqual(told.columns, ['a', 'b'])
  assert.deepEqual(
    told.records.map((record) => [...record.values()]),
    [
      ['1', '2'],
      ['3', '4'],
      ['5', '6'],
    ],
  )
})

test('columns without a name, and with one that is taken, get one', async () => {
  const told = await read('a,,a,__proto__,a\n1,2,3,4,5\n')
  assert.deepEqual(told.fields, [
    [
      ['a', '1'],
      ['column2', '2'],
      ['a_2', '3'],
      ['__proto__', '4'],
      ['a_3', '5'],
    ],
  ])
})

test('rows with too few or too many fields are skipped, and told with their lines', async () => {
  const told = await read('a,b\n1,2\nonly\n3,4\n5,6,7\n8,9\n')
  assert.deepEqual(
    told.records.map((record) => record.get('a')),
    ['1', '3', '8'],
  )
  assert.equal(told.skipped.length, 2)
  assert.match(told.skipped[0]!, /^line 3: .*expect 2, got 1/)
  assert.match(told.skipped[1]!, /^line 5: .*expect 2, got 3/)
})

test('a quote in the middle of a field is a quote', async () => {
  const told = await read('a,b\nsize 5",x\ny,5" disk\n')
  assert.deepEqual(
    told.records.map((record) => [...record.values()]),
    [
      ['size 5"', 'x'],
      ['y', '5" disk'],
    ],
  )
})

test('a quote that is never closed breaks the file', async () => {
  const error = await refusal('a,b\n1,2\n"3,4\n5,6\n')
  assert.equal(error.code, 'FEED_INVALID')
  assert.match(error.message, /feed: line \d+: Quote Not Closed/)
})

test('a field of more than 16 MiB breaks the file', async () => {
  const error = await refusal(`a\n"${'x'.repeat(17 * 1024 * 1024)}"\n`)
  assert.equal(error.code, 'FEED_INVALID')
  assert.match(error.message, /line 2: Max Record Size/)
})

const JSON_FORMS: Record<string, string> = {
  'an array': '[{"b": 1, "10": "x", "2": null}, {"b": true}]',
  'an array over lines': '\ufeff\n [\n{"b": 1,\n"10": "x", "2": null}\n,\r\n{"b": true}\n]\n',
  'JSON lines': '{"b": 1, "10": "x", "2": null}\n\n{"b": true}\r\n',
  'JSON lines without a last line end': '{"b":1,"10":"x","2":null}\n{"b":true}',
  'objects one after another': '{"b":1,"10":"x","2":null}{"b":true}',
  'arrays one after another': '[{"b":1,"10":"x","2":null}]\n[]\n[{"b":true}]',
}

for (const [form, text] of Object.entries(JSON_FORMS)) {
  test(`${form} has records with their fields in order`, async () => {
    const expected = [
      [
        ['b', '1'],
        ['10', 'x'],
        ['2', null],
      ],
      [['b', true]],
    ]
    assert.deepEqual((await read(text)).fields, expected)
    assert.deepEqual((await read(gzipSync(text))).fields, expected)
  })
}

test('one object is one record', async () => {
  assert.deepEqual((await read('{\n"a": {"b": [1, {"c": "d"}]}, "any": "x"\n}')).fields, [
    [
      ['a', [['b', ['1', [['c', 'd']]]]]],
      ['any', 'x'],
    ],
  ])
})

test('of one object round a list of objects, these are the records, with its scalars', async () => {
  const text = '{"n": 1, "data": {"items": [{"a": "x"}, {"a": "y", "n": 2}], "page": 3}, "last": true}'
  assert.deepEqual((await read(text)).fields, [
    [
      ['a', 'x'],
      ['page', '3'],
      ['n', '1'],
      ['last', true],
    ],
    [
      ['a', 'y'],
      ['n', '2'],
      ['page', '3'],
      ['parent.n', '1'],
      ['last', true],
    ],
  ])
})

test('of one object of objects, or of lists of them, these are the records, with their names', async () => {
  const told = [
    [
      ['a', 'x'],
      ['id', '7'],
    ],
    [
      ['a', 'y'],
      ['id', '8'],
    ],
  ]
  assert.deepEqual((await read('{"7": {"a": "x"}, "8": {"a": "y"}}')).fields, told)
  assert.deepEqual((await read('{"7": [{"a": "x"}], "8": [{"a": "y"}]}')).fields, told)
})

test('numbers keep their digits', async () => {
  const told = await read('[{"a": 12345678901234567890, "b": 2230.0, "c": -0, "d": 1E+400}]')
  assert.deepEqual([...told.records[0]!.values()], ['12345678901234567890', '2230.0', '-0', '1E+400'])
})

test('names of prototypes are names, and the last of two equal names wins', async () => {
  const told = await read('{"__proto__": {"x": "1"}, "constructor": "a", "constructor": "b"}')
  assert.deepEqual(told.fields, [
    [
      ['__proto__', [['x', '1']]],
      ['constructor', 'b'],
    ],
  ])
  assert.equal(({} as { x?: string }).x, undefined)
})

test('strings are decoded', async () => {
  const told = await read('[{"a": "\\u0432\\ud83d\\ude00\\n\\"\\\\/", "б": "вход"}]')
  assert.deepEqual(told.fields, [
    [
      ['a', 'в😀\n"\\/'],
      ['б', 'вход'],
    ],
  ])
})

test('elements that are no objects are skipped, and told with their lines', async () => {
  const told = await read('[\n{"a": 1},\n"text",\n[1,\n2],\nnull, 5,\n{"a": 2}\n]')
  assert.equal(told.records.length, 2)
  assert.deepEqual(told.skipped, [
    'line 3: the value is not an object',
    'line 4: the value is not an object',
    'line 6: the value is not an object',
    'line 6: the value is not an object',
  ])
})

test('a record that nests too deep is skipped, whatever it holds', async () => {
  const deep = (levels: number) => `{"a":${'['.repeat(levels)}{"b":1,"c":[2]}${']'.repeat(levels)}}`
  const told = await read(
    `${deep(97)}\n${deep(98)}\n${deep(100_000)}\n${'{"a":'.repeat(500)}1${'}'.repeat(500)}\n{"a":"x"}`,
  )
  assert.equal(told.records.length, 2)
  assert.deepEqual(
    told.skipped,
    [2, 3, 4].map((line) => `line ${line}: the record nests deeper than 100 levels`),
  )
})

test('broken JSON breaks the file, and the line is told', async () => {
  const broken: Record<string, RegExp> = {
    '[{"a": 1},\n{"a": 2},\n{"a" 3}]': /line 3: not JSON: .*':'/,
    '{"a": 1}\n{"a": 2\n{"a": 3}\n': /line 3: not JSON/,
    '{"a": 1}\nnonsense\n': /line 2: not JSON/,
    '{"a": 1}\n{"a": nul}\n{"a": 1}\n': /line 2: not JSON/,
    '{"a": 1},\n{"a": 2}': /line 1: not JSON/,
    '[{"a": 1}': /line 1, after character 9: the file ends in the middle/,
    '[\n{"a": 1},\n': /line 3: /,
    '{"a": "never closed\n': /line 1: not JSON/,
    '{"a": "never closed': /line 1, after character 19: the file ends in the middle/,
    '[{"a": 01}]': /line 1: not JSON/,
    '[{"a": 1}]]': /line 1: not JSON/,
    '{"a": tru}': /line 1, after character 10: not JSON/,
    '[{"a": 1},]': /line 1: not JSON/,
    '{a: 1}': /line 1: not JSON/,
    '[1}': /line 1: not JSON/,
  }
  for (const [text, message] of Object.entries(broken)) {
    const error = await refusal(text)
    assert.equal(error.code, 'FEED_INVALID', text)
    assert.match(error.message, message, text)
  }
})

test('one object round all records is read, however large it is', async () => {
  const record = `{"a": "${'x'.repeat(1000)}"}`
  assert.equal((await read(`{"data": [${Array(18_000).fill(record).join(',\n')}]}`)).records.length, 18_000)
})

test('a string without end is refused', async () => {
  const error = await refusal(`{"a": "${'x'.repeat(20 * 1024 * 1024)}`)
  assert.match(error.message, /longer than 16 MiB/)
})

const readPlainCsv: typeof readJson = (chunks, file, handlers) =>
  readCsv(chunks, file, handlers, csvLayout('a,b\n', [], {}))

test('a feed is the same wherever it is cut', async () => {
  const csv = '\ufeffurl,note\r\nпример.example,"a, ""б""\r\nв"\n😀.example,\nonly\n'
  const json =
    '[{"url": "пример.example", "n": [-1.5e3, true, null], "note": "\\ud83d\\ude00 \\"б\\" 😀"},\n {}, 12, []]'
  for (const [text, readPieces] of [
    [csv, readPlainCsv],
    [json, readJson],
  ] as const) {
    const whole = new Told()
    await readPieces(inPieces(text, 10_000), 'feed', whole)
    for (const size of [1, 2, 3, 5, 7]) {
      const told = new Told()
      await readPieces(inPieces(text, size), 'feed', told)
      assert.deepEqual(told, whole)
    }
  }
})

test('bytes that are not UTF-8 are replaced', async () => {
  const told = await read(Buffer.from('a,b\n\xe9t\xe9,x\n', 'latin1'))
  assert.equal(told.records[0]!.get('a'), '\ufffdt\ufffd')
})

test('a large feed is read whole, plain and gzip', async () => {
  const rows = Array.from({ length: 20_000 }, (_, i) => `host${i}.example,note ${i}`)
  const text = `url,note\n${rows.join('\n')}\n`
  const objects = rows.map((row) => JSON.stringify({ url: row.split(',')[0] }))
  for (const content of [text, gzipSync(text), `[${objects.join(',')}]`, gzipSync(objects.join('\n'))]) {
    const told = await read(content)
    assert.equal(told.records.length, rows.length)
    assert.equal(told.records.at(-1)!.get('url'), 'host19999.example')
  }
})

test('gzip may have several members', async () => {
  const told = await read(Buffer.concat([gzipSync('a\n1\n'), gzipSync('2\n')]))
  assert.equal(told.records.length, 2)
})

test('broken gzip is refused', async () => {
  const whole = gzipSync(`a,b\n${'1,2\n'.repeat(50_000)}`)
  const cut = await refusal(whole.subarray(0, whole.length - 20))
  assert.equal(cut.code, 'FEED_UNREADABLE')
  assert.match(cut.message, /the gzip data is broken after \d+ bytes of text/)
  const damaged = Buffer.from(whole)
  damaged.fill(0x55, 20, 40)
  assert.equal((await refusal(damaged)).code, 'FEED_UNREADABLE')
})

test('an empty file is refused', async () => {
  for (const content of ['', ' \r\n\n', '\ufeff', gzipSync('')]) {
    const error = await refusal(content)
    assert.equal(error.code, 'FEED_EMPTY')
  }
})

test('a feed without records is read', async () => {
  for (const content of ['[]', ' [ ] ', 'a,b', 'a,b\n']) assert.deepEqual((await read(content)).records, [])
})

test('a file that is not there, and a directory, are refused', async () => {
  const directory = temporaryDirectory()
  const missing = join(directory, 'missing.csv')
  const refused = { name: 'FeedError', code: 'FEED_UNREADABLE' }
  await assert.rejects(readFeed(missing, new Told(), new Pace()), {
    ...refused,
    message: `${missing}: cannot be opened (ENOENT)`,
  })
  await assert.rejects(readFeed(directory, new Told(), new Pace()), refused)
})

test('a file that is written while it is read is refused', async () => {
  const file = temporaryFile('feed', '[{"a": 1}]')
  const told = new Told()
  told.onRecord = () => appendFileSync(file, '\n[{"a": 2}]')
  await assert.rejects(readFeed(file, told, new Pace()), {
    code: 'FEED_CHANGED',
    message: `${file}: changed while it was read`,
  })
})

test('the version of a file changes with its content', async () => {
  const file = temporaryFile('feed', '[{"a": 1}]')
  const version = () => readFeed(file, new Told(), new Pace())
  const first = await version()
  assert.equal(await version(), first)
  appendFileSync(file, ' ')
  const second = await version()
  assert.notEqual(second, first)
  writeFileSync(`${file}.new`, '[{"a": 1}] ')
  renameSync(`${file}.new`, file)
  assert.notEqual(await version(), second)
})

test('what a handler throws ends the reading', async () => {
  const stop = new Error('stop')
  for (const content of ['a\n1\n2\n', '[{"a": 1}, {"a": 2}]', gzipSync('a\n1\n2\n'), gzipSync('{"a": 1}')]) {
    const told = new Told()
    told.onRecord = () => {
      throw stop
    }
    await assert.rejects(readFeed(temporaryFile('feed', content), told, new Pace()), stop)
  }
})

test('a reading can be aborted', async () => {
  const abort = new AbortController()
  const told = new Told()
  told.onRecord = () => abort.abort(new Error('no longer wanted'))
  for (const content of [`a\n${'x\n'.repeat(1_000_000)}`, gzipSync(`[${'{"a":"x"},'.repeat(200_000)}{}]`)]) {
    const file = temporaryFile('feed', content)
    await assert.rejects(readFeed(file, told, new Pace(abort.signal)), /no longer wanted/)
  }
})

test('a MISP feed whose manifest changes while its events are read is to be read again', async () => {
  const directory = temporaryDirectory()
  const uuids = [1, 2].map((i) => `5f0f0f0f-0000-4000-8000-00000000000${i}`) as [string, string]
  const manifest = join(directory, 'manifest.json')
  const put = (...listed: string[]) => {
    const text = JSON.stringify(Object.fromEntries(listed.map((uuid) => [uuid, { timestamp: '1' }])))
    writeFileSync(`${manifest}.new`, text)
    renameSync(`${manifest}.new`, manifest)
  }
  const Attribute = [{ type: 'domain', value: 'a.example' }]
  const event = JSON.stringify({ Event: { info: 'i', uuid: uuids[0], date: 'd', Attribute } })
  writeFileSync(join(directory, `${uuids[0]}.json`), event)
  const read = (onRecord: () => void) =>
    readFeed(manifest, { onColumns: () => {}, onRecord, onSkipped: () => {} }, new Pace())
  put(...uuids)
  await assert.rejects(
    read(() => {}),
    { code: 'FEED_UNREADABLE', message: /02\.json: cannot be opened \(ENOENT\)/ },
  )
  await assert.rejects(
    read(() => put(uuids[0])),
    { code: 'FEED_CHANGED', message: /manifest\.json: changed while its events were read/ },
  )
})

import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  CLIENT_HEADER,
  contextText,
  flattenContext,
  formatDetection,
  formatRequest,
  guessType,
  type Header,
  HeaderReader,
  type Indicator,
  PING,
  parseDetection,
  parseRequest,
  wireText,
} from '../../src/tracer/protocol.ts'

/** Feeds the pieces until the header is known; what is left of them comes behind it. */
function readHeader(pieces: readonly Buffer[]): { header: Header; rest: string } {
  const reader = new HeaderReader()
  for (const [i, piece] of pieces.entries()) {
    const header = reader.feed(piece)
    if (header !== undefined)
      return { header, rest: text(Buffer.concat([header.rest, ...pieces.slice(i + 1)])) }
  }
  const header = reader.end()
  return { header, rest: text(header.rest) }
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}

/** The text cut in two at every place, and into single bytes. */
function cuts(whole: string): Buffer[][] {
  const bytes = Buffer.from(whole)
  const halves = Array.from(bytes, (_byte, i) => [bytes.subarray(0, i), bytes.subarray(i)])
  return [...halves, Array.from(bytes, (byte) => Buffer.from([byte]))]
}

describe('the header', () => {
  const LINE = '7f3a|url=gmer.com|\n'
  const SAVE = 'X-KF-SaveStatistic'
  const FINISHED = 'X-KF-SendFinishedEvent'
  const REPLY = 'X-KF-ReplyBack'

  const cases: [name: string, sent: string, expected: Partial<Header>, rest: string][] = [
    ['of our client', CLIENT_HEADER + LINE, { present: true, replyBack: true }, LINE],
    ['with all tokens', FINISHED + REPLY + SAVE + LINE, { present: true, replyBack: true }, LINE],
    ['in another order', SAVE + REPLY + FINISHED + LINE, { present: true, replyBack: true }, LINE],
    ['with a token twice', REPLY + REPLY + LINE, { present: true, replyBack: true }, LINE],
    ['without ReplyBack', FINISHED + LINE, { present: true, replyBack: false }, LINE],
    ['without ReplyBack, with statistics', SAVE + FINISHED + LINE, { present: true, replyBack: false }, LINE],
    ['that is missing', LINE, { present: false, replyBack: true }, LINE],
    ['that is missing before a bare value', 'gmer.com\n', { present: false, replyBack: true }, 'gmer.com\n'],
    ['followed by LF', `${CLIENT_HEADER}\n${LINE}`, { present: true, replyBack: true }, LINE],
    [
      'that is only a beginning of a token',
      `X-KF-Rep|url=a|\n`,
      { present: false, replyBack: true },
      'X-KF-Rep|url=a|\n',
    ],
    ['in lower case', `x-kf-replyback${LINE}`, { present: false, replyBack: true }, `x-kf-replyback${LINE}`],
    [
      'before a beginning of a token',
      `${REPLY}X-KF|url=a|\n`,
      { present: true, replyBack: true },
      'X-KF|url=a|\n',
    ],
    ['with PING behind another token', `${CLIENT_HEADER}PING\n`, { replyBack: true, ping: false }, 'PING\n'],
    ['with PING behind ReplyBack twice', `${REPLY}${REPLY}PING\n`, { ping: false }, 'PING\n'],
    ['of a ping', PING, { present: true, replyBack: true, ping: true }, ''],
    ['of a ping with LF', `${PING}\n`, { present: true, replyBack: true, ping: true }, ''],
    ['alone', CLIENT_HEADER, { present: true, replyBack: true, ping: false }, ''],
    ['of nothing', '', { present: false, replyBack: true, ping: false }, ''],
  ]
  for (const [name, sent, expected, rest] of cases) {
    test(`${name} is found wherever it is cut`, () => {
      for (const pieces of [[Buffer.from(sent)], ...cuts(sent)]) {
        const { header, rest: actual } = readHeader(pieces)
        // An LF that comes apart from the token before it is an empty line, which has no effect either.
        const emptyLine = actual.startsWith('\n') ? actual.slice(1) : actual
        assert.equal(emptyLine, rest, JSON.stringify(pieces.map(text)))
        for (const [key, value] of Object.entries(expected))
          assert.equal(header[key as keyof Header], value, key)
      }
    })
  }

  test('swallows one line end: LF, CR or CRLF', () => {
    for (const end of ['\n', '\r', '\r\n']) {
      assert.equal(readHeader([Buffer.from(CLIENT_HEADER + end + LINE)]).rest, LINE)
      assert.equal(readHeader([Buffer.from(PING + end + LINE)]).rest, LINE)
    }
    assert.equal(readHeader([Buffer.from(`${CLIENT_HEADER}\n\n${LINE}`)]).rest, `\n${LINE}`)
  })

  test('a line end without a header belongs to the lines', () => {
    assert.equal(readHeader([Buffer.from(`\r\n${LINE}`)]).rest, `\r\n${LINE}`)
  })

  test('a ping followed by a request in the same segment is the id of that request', () => {
    const { header, rest } = readHeader([Buffer.from(`${PING}|url=gmer.com|\n`)])
    assert.equal(header.ping, false)
    assert.equal(rest, 'PING|url=gmer.com|\n')
  })

  test('a ping that is all the client has sent is answered, whatever comes later', () => {
    const { header, rest } = readHeader([Buffer.from(PING), Buffer.from('ER|url=a|\n')])
    assert.equal(header.ping, true)
    assert.equal(rest, 'ER|url=a|\n')
  })

  test('may repeat its tokens for ever', () => {
    const reader = new HeaderReader()
    for (let i = 0; i < 1000; i++) assert.equal(reader.feed(Buffer.from(SAVE)), undefined)
    assert.equal(text(reader.feed(Buffer.from(LINE))!.rest), LINE)
  })

  test('what was held is not lost when it turns out to be none', () => {
    const reader = new HeaderReader()
    assert.equal(reader.feed(Buffer.from('X-KF-SendFinished')), undefined)
    const header = reader.feed(Buffer.from('X|url=a|\n'))
    assert.equal(text(header!.rest), 'X-KF-SendFinishedX|url=a|\n')
  })

  test('does not keep the buffer that the beginning of a token came in', () => {
    const reader = new HeaderReader()
    const chunk = Buffer.from('X-KF-Reply')
    reader.feed(chunk)
    chunk.fill(0)
    assert.equal(reader.feed(Buffer.from('Backabc'))!.replyBack, true)
  })
})

describe('a request', () => {
  const url = (value: string): Indicator => ({ type: 'url', value })
  const ip = (value: string): Indicator => ({ type: 'ip', value })
  const hash = (value: string): Indicator => ({ type: 'hash', value })
  const MD5 = 'C912705B4BBB14EC7E78FA8B370532C9'
  const SHA1 = 'da39a3ee5e6b4b0d3255bfef95601890afd80709'
  const SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

  const cases: [line: string, expected: Indicator[]][] = [
    ['7f3a|url=gmer.com|', [url('gmer.com')]],
    ['7f3a|url=gmer.com', [url('gmer.com')]],
    ['|url=gmer.com|', [url('gmer.com')]],
    ['url=gmer.com|', [url('gmer.com')]],
    ['7f3a|url=gmer.com|\r', [url('gmer.com')]],
    ['7f3a|url=gmer.com\r', [url('gmer.com')]],
    [`7f3b|ip=192.0.2.1|hash=${MD5}|url=abc|`, [ip('192.0.2.1'), hash(MD5), url('abc')]],
    [`7f3b|url=abc|hash=${MD5}|ip=192.0.2.1|`, [url('abc'), hash(MD5), ip('192.0.2.1')]],
    ['a|url=x|url=x|url=y|', [url('x'), url('x'), url('y')]],
    ['a|md5=1|sha1=2|sha256=3|domain=d|', [hash('1'), hash('2'), hash('3'), url('d')]],
    ['a|url=http://example.com/?q=a=b|', [url('http://example.com/?q=a=b')]],
    ['a|url= spaces kept |', [url(' spaces kept ')]],
    ['a|url=два.example|', [url('два.example')]],
    ['a|time=1|src=2|url=x|user=u|', [url('x')]],
    ['a| url=x|', []],
    ['a|xurl=x|', []],
    ['a|URL=x|', []],
    ['a|url|ip|hash|', []],
    ['a|url=|ip=|hash=|', []],
    ['a|uri=x|id=1|host=h|', []],
    ['7f3a|', []],
    ['|', []],
    ['||||', []],
    ['=|=|', []],
    ['a|__proto__=x|constructor=y|toString=z|', []],
    ['', []],
    ['\r', []],
    ['   ', []],
    ['url=gmer.com ', [url('gmer.com')]],
    ['url=gmer.com', [url('gmer.com')]],
    [' url=gmer.com', [url('gmer.com')]],
    [
      `ip=192.0.2.1 md5=${MD5} sha1=${SHA1} sha256=${SHA256} url=http://e.org/`,
      [ip('192.0.2.1'), hash(MD5), hash(SHA1), hash(SHA256), url('http://e.org/')],
    ],
    ['id=7 ip=192.0.2.1 user=u', [ip('192.0.2.1')]],
    ['url= ip=', []],
    ['gmer.com', [url('gmer.com')]],
    ['gmer.com\r', [url('gmer.com')]],
    ['  gmer.com  ', [url('gmer.com')]],
    ['http://example.com/?q=a b', [url('http://example.com/?q=a b')]],
    ['192.0.2.1', [ip('192.0.2.1')]],
    ['2001:db8::1', [ip('2001:db8::1')]],
    [MD5, [hash(MD5)]],
    [SHA1, [hash(SHA1)]],
    [SHA256, [hash(SHA256)]],
    ['constructor', [url('constructor')]],
  ]
  for (const [line, expected] of cases) {
    test(`${JSON.stringify(line)} asks for ${expected.length}`, () => {
      assert.deepEqual(parseRequest(line), expected)
    })
  }

  test('with more bars or spaces than any other line is read in time that grows with its length', () => {
    assert.equal(parseRequest('|'.repeat(1_000_000)).length, 0)
    assert.equal(parseRequest('url=a '.repeat(100_000)).length, 100_000)
    assert.equal(parseRequest(' '.repeat(1_000_000)).length, 0)
  })

  test('comes back as it was asked', () => {
    const value = fc.string({ minLength: 1, unit: 'binary' }).filter((text) => text === wireText(text))
    const type = fc.constantFrom('url', 'ip', 'hash')
    const indicator = fc.tuple(type, value).map(([type, value]) => ({ type, value }) as Indicator)
    fc.assert(
      fc.property(fc.array(indicator), (indicators) => {
        const line = formatRequest('7f', indicators)
        assert.equal(line.indexOf('\n'), line.length - 1)
        assert.deepEqual(parseRequest(line.slice(0, -1)), indicators)
      }),
    )
  })

  test('is never broken by a value', () => {
    const line = formatRequest('a|b\n', [url('x|ip=192.0.2.1'), url('a\r\nb\nc\rd')])
    assert.equal(line, 'a b |url=x ip=192.0.2.1|url=a b c d|\n')
    assert.deepEqual(parseRequest(line.slice(0, -1)), [url('x ip=192.0.2.1'), url('a b c d')])
  })
})

describe('the type of a bare value', () => {
  const MD5 = '0'.repeat(32)
  const cases: [value: string, type: string][] = [
    ['192.0.2.1', 'ip'],
    ['255.255.255.255', 'ip'],
    ['256.0.0.1', 'url'],
    ['192.0.2', 'url'],
    ['192.0.2.1:80', 'url'],
    ['192.0.2.0/24', 'url'],
    ['::', 'ip'],
    ['::ffff:192.0.2.1', 'ip'],
    ['2001:db8::g', 'url'],
    [MD5, 'hash'],
    [MD5.slice(1), 'url'],
    [`${MD5}0`, 'url'],
    [`${MD5.slice(1)}g`, 'url'],
    ['a'.repeat(40), 'hash'],
    ['A'.repeat(64), 'hash'],
    ['a'.repeat(56), 'hash'],
    ['a'.repeat(96), 'hash'],
    ['a'.repeat(128), 'hash'],
    ['a'.repeat(127), 'url'],
    ['', 'url'],
    ['a.example:80/', 'url'],
  ]
  for (const [value, type] of cases) {
    test(`of '${value}' is ${type}`, () => assert.equal(guessType(value), type))
  }
})

describe('a detection', () => {
  test('is written as the wire has it', () => {
    assert.equal(
      formatDetection('Tracer_URL_enricher', 'gmer.com', '|ioc=gmer.com|context=bad_URL'),
      'Category=Tracer_URL_enricher|MatchedIndicator=gmer.com|ioc=gmer.com|context=bad_URL\n',
    )
    assert.equal(formatDetection('C', 'v', ''), 'Category=C|MatchedIndicator=v\n')
  })

  test('is read from its line', () => {
    assert.deepEqual(parseDetection('Category=C|MatchedIndicator=a=b|ioc=x|empty=|eq=1=2|bare\r'), {
      category: 'C',
      matched: 'a=b',
      fields: [
        ['ioc', 'x'],
        ['empty', ''],
        ['eq', '1=2'],
        ['bare', ''],
      ],
    })
  })

  test('finds MatchedIndicator behind other fields, once', () => {
    assert.deepEqual(parseDetection('Category=C|a=1|MatchedIndicator=m|MatchedIndicator=n'), {
      category: 'C',
      matched: 'm',
      fields: [
        ['a', '1'],
        ['MatchedIndicator', 'n'],
      ],
    })
  })

  for (const line of [
    'LookupFinished',
    'PONG',
    '',
    'Category=C',
    'category=C|MatchedIndicator=m',
    ' Category=C|MatchedIndicator=m',
  ]) {
    test(`is not what '${line}' is`, () => assert.equal(parseDetection(line), undefined))
  }

  test('of any record stays one line, and its fields come back', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (record) => {
        const fields = flattenContext(record)
        const line = formatDetection('C', 'm', contextText(fields))
        assert.equal(line.indexOf('\n'), line.length - 1)
        // A name with = in it cannot be told from its text; that of the matched value is taken.
        if (fields.some(([name]) => name.includes('=') || name === 'MatchedIndicator')) return
        assert.deepEqual(
          parseDetection(line.slice(0, -1))!.fields,
          fields.map(([name, value]) => [name, value]),
        )
      }),
    )
  })
})

describe('a context', () => {
  const cases: [record: unknown, expected: string][] = [
    [{ ioc: 'gmer.com', context: 'bad_URL' }, '|ioc=gmer.com|context=bad_URL'],
    [
      { n: null, t: true, f: false, zero: 0, minus: -1.5, big: 12345678901234567890n },
      '|n=|t=true|f=false|zero=0|minus=-1.5|big=12345678901234567890',
    ],
    [{ empty: '', list: [], object: {} }, '|empty=|list=|object='],
    [{ a: { b: 'v', c: { d: 1 } } }, '|a.b=v|a.c.d=1'],
    [{ tags: ['x', 'y', 3, null, true] }, '|tags=x,y,3,,true'],
    [{ a: [{ b: 1 }, { b: 2 }] }, '|a[0].b=1|a[1].b=2'],
    [{ a: ['x', { b: 2 }, null] }, '|a[0]=x|a[1].b=2|a[2]='],
    [{ a: [[1, 2], [3]] }, '|a[0]=1,2|a[1]=3'],
    [{ a: [[], {}] }, '|a[0]=|a[1]='],
    [{ text: 'a|b\r\nc\nd\re' }, '|text=a b c d e'],
    [{ 'na|me\n': { 'k\r\n': 1 } }, '|na me .k =1'],
    [{ list: ['a|b', 'c\nd'] }, '|list=a b,c d'],
    [{ at: new Date(0), never: new Date(Number.NaN) }, '|at=1970-01-01T00:00:00.000Z|never='],
    [{ u: undefined, f: () => 1, kept: 1 }, '|kept=1'],
    [JSON.parse('{"__proto__": {"x": 1}, "constructor": "c"}'), '|__proto__.x=1|constructor=c'],
    [['a', { b: 1 }], '|0=a|1.b=1'],
    [{}, ''],
    [null, ''],
    ['text', ''],
    [7, ''],
    [undefined, ''],
  ]
  for (const [record, expected] of cases) {
    test(`is written as '${expected}'`, () => assert.equal(contextText(flattenContext(record)), expected))
  }

  test('that is too deep, or contains itself, is refused', () => {
    const cycle: Record<string, unknown> = {}
    cycle.self = cycle
    assert.throws(() => flattenContext(cycle), RangeError)
    let deep: unknown = 1
    for (let i = 0; i < 10_000; i++) deep = [deep, 'x']
    assert.throws(() => flattenContext({ deep }), RangeError)
  })
})

test('a text on the wire has no bar and no line end', () => {
  assert.equal(wireText('as it is'), 'as it is')
  assert.equal(wireText('a|b'), 'a b')
  assert.equal(wireText('\r\n|\n\r'), '    ')
})

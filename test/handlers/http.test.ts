import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import process, { env } from 'node:process'
import { describe, it } from 'node:test'
import { deflateSync, gzipSync } from 'node:zlib'
import { createModule } from '../../src/batches/compiled-module.ts'
import type { CompiledModule } from '../../src/batches/compiled-rules.ts'
import type { RejectedRecords } from '../../src/batches/rejected-records.ts'
import { createHandler } from '../../src/handlers/fetch.ts'
import type { HandlerOptions } from '../../src/handlers/http-normalizer.ts'
import { createNodeHandler } from '../../src/handlers/node.ts'
import { compileRules, type RuleSet } from '../../src/rules/compile.ts'
import { printedRules } from '../rules/aot/equality.ts'
import { connected, Exchange, serve, served } from './serving.ts'

const RULES = compileRules("source.ip: src\ndrop: optional(src, '') == 'drop'\n")
const event = (src: string): string => JSON.stringify({ src })
const out = (ip: string): string => JSON.stringify({ source: { ip } })
const FOUR = `${event('192.0.2.1')}\nno JSON\n${event('drop')}\n${event('192.0.2.2')}\n`
const OUT = `${out('192.0.2.1')}\n${out('192.0.2.2')}\n`

/** Megabytes that are streamed. SLUICE_STREAM_MB=1000 is the long check. */
const STREAM_MB = Number(env.SLUICE_STREAM_MB ?? 24)

/** The two ways to serve, both over real HTTP. */
const WAYS: Readonly<
  Record<
    string,
    (options: HandlerOptions) => {
      listener: RequestListener
      replaceRules(rules: HandlerOptions['rules']): void
    }
  >
> = {
  'the fetch handler': (options) => {
    const handler = createHandler(options)
    return { listener: served(handler), replaceRules: handler.replaceRules }
  },
  'the handler of Node': (options) => {
    const handler = createNodeHandler(options)
    const listener: RequestListener = (request, response) => {
      handler(request, response).catch(() => response.destroy())
    }
    return { listener, replaceRules: handler.replaceRules }
  },
}

function counts(of: { get(name: string): string | null }): (string | null)[] {
  return ['events', 'written', 'rejected', 'dropped'].map((name) => of.get(`sluice-${name}`))
}

for (const [name, way] of Object.entries(WAYS)) {
  describe(name, () => {
    it('answers lines of JSON, an array and values alike, packed or not', async (t) => {
      const rejected: RejectedRecords[] = []
      const { listener } = way({ rules: RULES, onRejected: (records) => void rejected.push(records) })
      const url = `http://127.0.0.1:${await serve(t, listener)}/`
      const json = { 'content-type': 'application/json; charset=UTF-8' }
      const array = `[${event('192.0.2.1')}, 5, ${event('drop')}, ${event('192.0.2.2')}]`
      const cases: readonly (readonly [string | Uint8Array, Record<string, string>])[] = [
        [FOUR, {}],
        [FOUR, { 'content-type': 'application/x-ndjson' }],
        [FOUR.replace('no JSON', '5'), json],
        [array, json],
        [gzipSync(FOUR), { 'content-encoding': 'gzip' }],
        [gzipSync(array), { ...json, 'content-encoding': 'x-gzip' }],
        [deflateSync(FOUR), { 'content-encoding': 'deflate' }],
        [Buffer.from(FOUR, 'utf16le'), { 'content-type': 'application/jsonl; charset="utf-16le"' }],
      ]
      for (const [body, headers] of cases) {
        const response = await fetch(url, { method: 'POST', body: body as string, headers })
        assert.equal(response.status, 200, JSON.stringify(headers))
        assert.equal(response.headers.get('content-type'), 'application/x-ndjson')
        assert.equal(await response.text(), OUT, JSON.stringify(headers))
        assert.deepEqual(counts(response.headers), ['4', '2', '1', '1'])
      }
      assert.equal(rejected.length, cases.length)
      const record = JSON.parse(Buffer.from(rejected[0]!.bytes).toString())
      assert.deepEqual([record.line, record.source, record.raw], [2, 'request', 'no JSON'])
      const empty = await fetch(url, { method: 'POST' })
      assert.deepEqual(
        [empty.status, await empty.text(), ...counts(empty.headers)],
        [200, '', '0', '0', '0', '0'],
      )
    })

    it('gives rejected events in their places when it is asked to', async (t) => {
      const { listener } = way({ rules: RULES, onRejected: () => assert.fail('the client has them') })
      const url = `http://127.0.0.1:${await serve(t, listener)}/x?errors=inline`
      for (const [body, type] of [
        [`no JSON\n${FOUR}{"src":`, 'application/x-ndjson'],
        [`[1, ${event('192.0.2.1')}, 2, ${event('192.0.2.2')}, 3]`, 'application/json'],
      ] as const) {
        const response = await fetch(url, { method: 'POST', body, headers: { 'content-type': type } })
        const lines = (await response.text()).split('\n').slice(0, -1)
        const kinds = lines.map((line) => ('$rejected' in JSON.parse(line) ? 'rejected' : line))
        assert.deepEqual(kinds, ['rejected', out('192.0.2.1'), 'rejected', out('192.0.2.2'), 'rejected'])
        const codes = new Set(lines.map((line) => JSON.parse(line).$rejected?.code))
        assert.ok(codes.has('JSON_INVALID') || codes.has('JSON_NOT_OBJECT'))
      }
    })

    it('refuses what it cannot read, and says what it can', async (t) => {
      const { listener } = way({
        rules: RULES,
        maxBodyBytes: 1000,
        onRejected: () => assert.fail('nothing is taken'),
      })
      const url = `http://127.0.0.1:${await serve(t, listener)}/`
      const json = { 'content-type': 'application/json' }
      const gzip = { 'content-encoding': 'gzip' }
      const cases: readonly (readonly [number, RegExp, string | Uint8Array, Record<string, string>])[] = [
        [413, /^the body has more than 1000 bytes: send it in several requests\n$/, ' '.repeat(1001), {}],
        [413, /^the body has more than 1000 bytes/, gzipSync(' '.repeat(100_000)), gzip],
        [
          415,
          /^the body is application\/xml, and has to be application\/x-ndjson or application\/json\n$/,
          '<x/>',
          { 'content-type': 'application/xml' },
        ],
        [
          415,
          /^the body is packed by "br", and has to be gzip, deflate or not packed\n$/,
          'x',
          { 'content-encoding': 'br' },
        ],
        [
          415,
          /^there is no charset "utf-99"\n$/,
          'x',
          { 'content-type': 'application/jsonl; charset=utf-99' },
        ],
        [400, /^the body is no gzip data, or is damaged or cut off\n$/, 'no gzip', gzip],
        [400, /^the body is no gzip data, or is damaged or cut off\n$/, gzipSync(FOUR).subarray(0, 30), gzip],
        [400, /^the body cannot be read to its end: line 1: /, '[{"src": "192.0.2.1"}', json],
        [400, /^the body cannot be read to its end: line 1: /, '{"src": "192.0.2.1"', json],
      ]
      for (const [status, message, body, headers] of cases) {
        const response = await fetch(url, { method: 'POST', body: body as string, headers })
        assert.equal(response.status, status, `${message}`)
        assert.match(await response.text(), message)
        assert.equal(response.headers.get('content-type'), 'text/plain; charset=utf-8')
      }
      const get = await fetch(url)
      assert.deepEqual([get.status, get.headers.get('allow')], [405, 'POST'])
      assert.equal((await fetch(`${url}?errors=all`, { method: 'POST' })).status, 400)
      const packed = await fetch(url, { method: 'POST', body: 'x', headers: { 'content-encoding': 'zstd' } })
      assert.equal(packed.headers.get('accept-encoding'), 'gzip, deflate')
      // Of unknown length: the answer comes when the limit is passed.
      const chunked = new Exchange(await serve(t, listener))
      chunked.request.write(' '.repeat(600))
      chunked.request.write(' '.repeat(600))
      assert.equal((await chunked.response).statusCode, 413)
      chunked.request.destroy()
    })

    it('reads other formats where it is told to', async (t) => {
      const text = way({ rules: compileRules('m: message'), inputFormat: 'text' })
      const url = `http://127.0.0.1:${await serve(t, text.listener)}/`
      const plain = await fetch(url, { method: 'POST', body: 'a\nb' })
      assert.equal(await plain.text(), '{"m":"a"}\n{"m":"b"}\n')
      const other = await fetch(url, {
        method: 'POST',
        body: '{}',
        headers: { 'content-type': 'application/json' },
      })
      assert.equal(other.status, 415)
      assert.throws(() => way({ rules: RULES, pick: 'x' }), TypeError)
      assert.throws(() => way({ rules: RULES, maxBodyBytes: -1 }), TypeError)
    })

    it('begins to answer before all has come, and counts in the end', async (t) => {
      const { listener } = way({ rules: RULES })
      const exchange = new Exchange(await serve(t, listener))
      exchange.request.write(FOUR)
      const response = await exchange.response
      response.setEncoding('utf8')
      const ended = once(response, 'end')
      const [first] = await once(response, 'data')
      assert.equal(first, OUT)
      assert.equal(response.headers['sluice-events'], undefined)
      exchange.request.end(`${event('192.0.2.3')}\nno JSON`)
      const [second] = await once(response, 'data')
      assert.equal(second, `${out('192.0.2.3')}\n`)
      await ended
      if (response.headers.trailer === undefined) return
      assert.equal(name, 'the handler of Node')
      const { trailers } = response
      assert.deepEqual(counts({ get: (header) => trailers[header] ?? null }), ['6', '3', '2', '1'])
    })

    it('waits for a client that does not read, and goes on when it does', async (t) => {
      const rules = compileRules('a: "\'x\' * 1000"\n')
      let made = 0
      const { listener } = way({
        rules,
        onOutput: ({ written }) => {
          made += written
        },
      })
      const exchange = new Exchange(await serve(t, listener))
      const all = STREAM_MB * 1000
      const sending = (async () => {
        const lines = Buffer.from('{}\n'.repeat(1000))
        for (let sent = 0; sent < all; sent += 1000) {
          if (!exchange.request.write(lines)) await once(exchange.request, 'drain')
        }
        exchange.request.end()
      })()
      const response = await exchange.response
      // The output stops growing: nobody takes it.
      let before = -1
      while (made !== before) {
        before = made
        await new Promise((resolve) => setTimeout(resolve, 200))
      }
      assert.ok(made < all, `${made} of ${all} events were normalized for nobody`)
      let length = 0
      let most = 0
      for await (const chunk of response) {
        length += chunk.length
        most = Math.max(most, process.memoryUsage.rss())
      }
      await sending
      assert.equal(length, all * 1009)
      if (STREAM_MB >= 1000) assert.ok(most < 400e6, `${most} bytes of memory at most`)
    })

    it('is not held up by a client that sends byte by byte, or that goes away', async (t) => {
      let given = 0
      const { listener } = way({
        rules: RULES,
        onOutput: ({ written }) => {
          given += written
        },
      })
      const port = await serve(t, listener)
      const slow = await connected(t, port)
      const text = `POST / HTTP/1.1\r\nhost: x\r\ncontent-length: ${FOUR.length}\r\n\r\n${FOUR}`
      for (const character of text.slice(0, -10)) slow.write(character)
      const gone = await connected(t, port)
      gone.write(text.slice(0, -10))
      const reading = await connected(t, port)
      reading.write('POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n')
      reading.write(`${FOUR.length.toString(16)}\r\n${FOUR}\r\n`)
      await once(reading, 'data')
      gone.destroy()
      reading.destroy()
      assert.equal(
        await (await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: FOUR })).text(),
        OUT,
      )
      slow.write(text.slice(-10))
      const [answer] = await once(slow, 'data')
      assert.match(String(answer), /^HTTP\/1\.1 200 OK\r\n/)
      assert.equal(given, 6)
    })

    it('ends a request whose rejected events cannot be put away', async (t) => {
      const { listener } = way({ rules: RULES, onRejected: () => Promise.reject(new Error('no room')) })
      const url = `http://127.0.0.1:${await serve(t, listener)}/`
      await assert.rejects(fetch(url, { method: 'POST', body: FOUR }))
      assert.equal((await fetch(url, { method: 'POST', body: event('192.0.2.1') })).status, 200)
    })

    it('works with other rules from the next bytes on', async (t) => {
      const { listener, replaceRules } = way({ rules: RULES })
      const exchange = new Exchange(await serve(t, listener))
      exchange.request.write(`${event('192.0.2.1')}\n`)
      const response = (await exchange.response).setEncoding('utf8')
      assert.equal((await once(response, 'data'))[0], `${out('192.0.2.1')}\n`)
      replaceRules(compileRules('other: src'))
      exchange.request.end(`${event('192.0.2.2')}\n`)
      assert.equal((await once(response, 'data'))[0], '{"other":"192.0.2.2"}\n')
    })

    it('takes a module that was compiled before, and the next one from the next request on', async (t) => {
      const compiled = (rules: RuleSet): CompiledModule => createModule('rules.yaml', printedRules(rules))
      const { listener, replaceRules } = way({ rules: compiled(RULES) })
      const url = `http://127.0.0.1:${await serve(t, listener)}/`
      const ask = async (): Promise<string> =>
        (await fetch(url, { method: 'POST', body: event('192.0.2.1') })).text()
      assert.equal(await ask(), `${out('192.0.2.1')}\n`)
      assert.equal(await ask(), `${out('192.0.2.1')}\n`)
      replaceRules(compiled(compileRules('other: src')))
      assert.equal(await ask(), '{"other":"192.0.2.1"}\n')
      replaceRules(RULES)
      assert.equal(await ask(), `${out('192.0.2.1')}\n`)
    })

    it('reads events of several lines, with live rules and with compiled ones', async (t) => {
      const live = compileRules('text: data')
      for (const rules of [live, createModule('rules.yaml', printedRules(live))]) {
        const { listener } = way({ rules, inputFormat: 'text', multiline: '[0-9]' })
        const url = `http://127.0.0.1:${await serve(t, listener)}/`
        const response = await fetch(url, { method: 'POST', body: '1 a\n b\n2 c\n' })
        assert.deepEqual(counts(response.headers), ['2', '2', '0', '0'])
        assert.match(await response.text(), /1 a\\n b.*\n.*2 c/)
      }
    })

    it('gives many requests at a time what is theirs', async (t) => {
      const { listener } = way({ rules: RULES })
      const url = `http://127.0.0.1:${await serve(t, listener)}/`
      const texts = await Promise.all(
        Array.from({ length: 40 }, async (_, index) => {
          const body = `${event(`192.0.2.${index}`)}\n`.repeat(index * 30)
          return (await fetch(url, { method: 'POST', body })).text()
        }),
      )
      for (const [index, text] of texts.entries()) {
        assert.equal(text, `${out(`192.0.2.${index}`)}\n`.repeat(index * 30))
      }
    })
  })
}

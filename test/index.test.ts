import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import type { PlainObject } from '../src/index.ts'
import * as sluice from '../src/index.ts'
import {
  CustomEnricher,
  compileFeeds,
  compileRules,
  createFeedEnricher,
  createPipeline,
  EnrichStage,
  FUNCTIONS,
  NormalizeStage,
  normalizeBatch,
  ParseStage,
  parseBatch,
  REJECTION_CODES,
  RuleError,
  rejectedRecord,
  SerializeStage,
  serializeBatch,
  TracerPool,
  TracerServer,
} from '../src/index.ts'
import { temporaryDirectory } from './temporary.ts'

function outputOf(rules: string, event: string | object): PlainObject {
  const { output, rejection } = compileRules(rules)(event)
  assert.equal(rejection, undefined)
  return output!
}

function collector(): { stream: Writable; text: () => string } {
  const chunks: Buffer[] = []
  const stream = new Writable({
    write: (chunk, _encoding, callback) => {
      chunks.push(chunk)
      callback()
    },
  })
  return { stream, text: () => Buffer.concat(chunks).toString() }
}

describe('compileRules', () => {
  it('makes a function from an event to its output', () => {
    const normalize = compileRules('source.ip: src\nhost.name: lower(host)')
    assert.deepEqual(normalize({ src: '192.0.2.1', host: 'WS1' }), {
      output: { source: { ip: '192.0.2.1' }, host: { name: 'ws1' } },
    })
    assert.deepEqual(normalize('{"src":"192.0.2.2","host":"WS2"}'), {
      output: { source: { ip: '192.0.2.2' }, host: { name: 'ws2' } },
    })
  })

  it('returns why an event is rejected, and goes on with the next one', () => {
    const normalize = compileRules('a: x::int')
    assert.deepEqual(normalize({ x: 'many' }), {
      rejection: {
        code: 'VALUE_ERROR',
        rule: 'a',
        message: "a: invalid literal for int() with base 10: 'many'",
      },
    })
    assert.equal(normalize({}).rejection?.code, 'FIELD_MISSING')
    assert.equal(normalize('{"x": 1').rejection?.code, 'JSON_INVALID')
    assert.equal(normalize('[1]').rejection?.code, 'JSON_NOT_OBJECT')
    assert.equal(normalize([{ x: 1 }]).rejection?.code, 'JSON_NOT_OBJECT')
    assert.deepEqual(normalize({ x: '7' }), { output: { a: 7 } })
  })

  it('runs two rule sets side by side, and each twice, without one seeing the other', () => {
    const one = compileRules('lookup: {t: {a: one}}\nv: lookup("t", k)', { file: 'one.yaml' })
    const two = compileRules('lookup: {t: {a: two}}\nv: lookup("t", k)\nw: optional(n, 0)', {
      file: 'two.yaml',
    })
    const again = compileRules('lookup: {t: {a: two}}\nv: lookup("t", k)\nw: optional(n, 0)')
    for (let round = 0; round < 3; round++) {
      assert.deepEqual(one({ k: 'a' }).output, { v: 'one' })
      assert.deepEqual(two({ k: 'a', n: round }).output, { v: 'two', w: round })
      assert.equal(one({ k: 'b' }).rejection?.code, 'LOOKUP_MISSING')
      assert.deepEqual(again({ k: 'a' }).output, { v: 'two', w: 0 })
    }
  })

  it('has what a pipeline needs, and what the rules read and write', () => {
    const rules = compileRules('a.b: x + y\nc: x', { file: 'r.yaml' })
    assert.equal(rules.file, 'r.yaml')
    assert.deepEqual(rules.writes, ['a.b', 'c'])
    assert.deepEqual(rules.reads, ['x', 'y'])
    assert.equal(typeof rules.createRunner, 'function')
    assert.match(rules.source, /evaluate/)
    assert.equal(rules.warningText, '')
  })

  it('takes patterns that may be very slow only where that is asked for', () => {
    const text = "a: match(r'(.*)=\\1$', s)"
    assert.throws(
      () => compileRules(text),
      (error) => error instanceof RuleError && /a back-reference/.test(error.message),
    )
    const rules = compileRules(text, { allowUnsafePatterns: true })
    assert.match(rules.warningText, /could not be proven safe/)
    assert.deepEqual(rules({ s: 'k=k' }).output, { a: true })
  })

  it('throws one error with all that is wrong', () => {
    assert.throws(
      () => compileRules('a: lowr(x)\nb: 1 +', { file: 'r.yaml' }),
      (error) => {
        assert.ok(error instanceof RuleError)
        assert.deepEqual(
          error.problems.map(({ field, file, line }) => [field, file, line]),
          [
            ['a', 'r.yaml', 1],
            ['b', 'r.yaml', 2],
          ],
        )
        assert.match(error.message, /r\.yaml:1:4/)
        return true
      },
    )
  })
})

describe('a result', () => {
  it('holds values of the program only: no tuples, sets, dicts or iterators', () => {
    const rules = [
      'tuple: "(1, (2, 3))"',
      'set: "{x, x, 2}"',
      'dict: "{1: {2: 3}, True: 4, None: (5,)}"',
      'range: range(3)',
      'zip: zip("ab", [1, 2])',
      'generator: (c for c in "ab")',
      'keys: data.keys()',
      'nested: "[{\'a\': {1, 2}}]"',
    ].join('\n')
    assert.deepEqual(outputOf(rules, { x: 1 }), {
      tuple: [1, [2, 3]],
      set: [1, 2],
      dict: { 1: 4, null: [5] },
      range: [0, 1, 2],
      zip: [
        ['a', 1],
        ['b', 2],
      ],
      generator: ['a', 'b'],
      keys: ['x'],
      nested: [{ a: [1, 2] }],
    })
  })

  it('keeps integers exact, NaN and infinities numbers, and forgets how numbers were written', () => {
    const rules = 'copy: x\nsum: x + 1\nnan: float("nan")\ninfinity: -float("inf")\nlist: y'
    assert.deepEqual(outputOf(rules, '{"x":9007199254740993,"y":[2230.0,1E5,-0.0,18446744073709551616]}'), {
      copy: 9007199254740993n,
      sum: 9007199254740994n,
      nan: Number.NaN,
      infinity: Number.NEGATIVE_INFINITY,
      list: [2230, 100000, -0, 18446744073709551616n],
    })
    assert.equal(outputOf('copy: x', '{"x":2230.0}').copy, 2230)
  })

  it('has hostile names as ordinary members', () => {
    const event = '{"__proto__":{"polluted":1},"constructor":2,"toString":3,"10":4,"2":5}'
    const output = outputOf('all: data\nsum: constructor + toString', event)
    assert.equal(
      JSON.stringify(output),
      '{"all":{"2":5,"10":4,"__proto__":{"polluted":1},"constructor":2,"toString":3},"sum":5}',
    )
    assert.equal(Object.getPrototypeOf(output.all), Object.prototype)
    assert.equal('polluted' in {}, false)
  })

  it('belongs to the caller: to change it changes neither the rules nor the next result', () => {
    const normalize = compileRules(
      'lookup: {t: {k: {list: [1]}}}\ntable: lookup("t", "k")\nconstant: "[1, {\'a\': 2}]"\nfield: x',
    )
    const event = { x: { y: [1] } }
    const first = normalize(event).output as any
    const before = structuredClone(first)
    first.table.list.push(2)
    first.constant[1].a = 3
    first.field.y.push(2)
    assert.deepEqual(normalize(event).output, before)
    assert.deepEqual(event, { x: { y: [1] } })
  })

  it('is a rejection where the output could not be written', () => {
    assert.equal(compileRules('a: "{(1, 2): 3}"')({}).rejection?.code, 'TYPE_ERROR')
    const endless = compileRules('tap: "data[\'me\'] = data"\na: me')({})
    assert.equal(endless.rejection?.code, 'VALUE_ERROR')
  })

  it('may hold one list many times, as long as its text is not too long', () => {
    const rules = (times: number) =>
      compileRules(`tap: |\n  x = [1]\n  for i in range(${times}):\n    x = (x, x)\n  data["x"] = x\na: x`)
    const { output } = rules(12)({})
    assert.ok(Array.isArray(output?.a))
    assert.equal(output.a[0], output.a[1])
    assert.equal(
      rules(60)({}).rejection?.message,
      'a: result too big: more than 67108864 characters of output',
    )
  })
})

describe('an event of a program', () => {
  it('is taken as its JSON text would be, except that bigints are integers', () => {
    class Login {
      user = 'root'
      at = new Date(0)
      secret = undefined
      #hidden = 1
      get hidden() {
        return this.#hidden
      }
    }
    const event = { login: new Login(), list: [undefined, () => 1, Number.NaN], big: 2n ** 70n, small: 5n }
    assert.deepEqual(outputOf('all: data', event).all, {
      login: { user: 'root', at: '1970-01-01T00:00:00.000Z' },
      list: [null, null, null],
      big: 2n ** 70n,
      small: 5,
    })
  })

  it('is not changed by tap', () => {
    const event = { list: [1], user: 'root' }
    const rules = 'tap: |\n  data["list"].append(2)\n  del data["user"]\nlist: list'
    assert.deepEqual(outputOf(rules, event), { list: [1, 2] })
    assert.deepEqual(event, { list: [1], user: 'root' })
  })

  it('has a text', () => {
    assert.equal(outputOf('raw: line.raw', { a: [1, 'x'] }).raw, '{"a":[1,"x"]}')
    assert.equal(outputOf('raw: line.raw', '{ "a" : 1 }').raw, '{ "a" : 1 }')
  })

  it('is rejected, not followed for ever, when it contains itself', () => {
    const event: Record<string, unknown> = { a: 1 }
    event.me = event
    assert.equal(compileRules('a: a')(event).rejection?.code, 'VALUE_ERROR')
  })
})

describe('the parts', () => {
  it('work as pure functions, batch by batch', () => {
    const rules = compileRules('n: n + 1')
    const texts = ['{"n":1}', 'bad', '{"m":1}', '{"n":2}']
    const events = texts.map((text, ordinal) => ({ text, line: ordinal + 1, ordinal }))
    const parsed = parseBatch('example', { events, rejected: [] })
    const normalized = normalizeBatch(parsed, rules.createRunner())
    const { texts: lines, written, rejected } = serializeBatch(normalized)
    assert.equal(lines.join(''), '{"n":2}\n{"n":3}\n')
    assert.equal(written, 2)
    assert.deepEqual(
      rejected.map((event) => JSON.parse(rejectedRecord('example', event)).code),
      ['JSON_INVALID', 'FIELD_MISSING'],
    )
  })

  it('work as streams, in a chain of the program', async () => {
    const output = collector()
    const errors = collector()
    await pipeline(
      Readable.from([Buffer.from('{"n":1}\n{"n"'), Buffer.from(':2}\nbad\n')]),
      new ParseStage({ source: 'mine' }),
      new NormalizeStage(compileRules('m: n')),
      new SerializeStage({ errors: errors.stream }),
      output.stream,
    )
    assert.equal(output.text(), '{"m":1}\n{"m":2}\n')
    assert.equal(JSON.parse(errors.text()).source, 'mine')
  })

  it('work together as the pipeline of the command', async () => {
    const output = collector()
    const counts = await createPipeline({
      rules: compileRules('m: n'),
      inputs: [Readable.from([Buffer.from('{"n":1}\n{}\n')])],
      output: output.stream,
    }).run()
    assert.equal(output.text(), '{"m":1}\n')
    assert.deepEqual([counts.written, counts.rejected, counts.rejectedByCode], [1, 1, { FIELD_MISSING: 1 }])
  })

  it('bring what a tracer knows into the events', async (context) => {
    const known = new CustomEnricher('known', ({ value }) =>
      value === '192.0.2.7' ? { owner: 'lab' } : null,
    )
    const server = new TracerServer({ enrichers: [known], port: 0 })
    const { address: host, port } = await server.listen()
    const pool = new TracerPool({ servers: [{ host, port }], timeoutMs: 100_000 })
    context.after(async () => {
      await pool.close()
      await server.close()
    })
    const [found, missed] = await pool.lookup([
      { type: 'ip', value: '192.0.2.7' },
      { type: 'url', value: 'example.com' },
    ])
    assert.deepEqual(found, [
      { category: 'Tracer_IP_enricher', matched: '192.0.2.7', fields: [['owner', 'lab']] },
    ])
    assert.deepEqual(missed, [])

    const rules = compileRules('ip: src\nenrich: {ip: [ip], into: found}')
    const output = collector()
    await pipeline(
      Readable.from([Buffer.from('{"src":"192.0.2.7"}\n{"src":"192.0.2.8"}\n')]),
      new ParseStage(),
      new NormalizeStage(rules),
      new EnrichStage({ pool, enrich: rules.enrich }),
      new SerializeStage(),
      output.stream,
    )
    const [first, second] = output
      .text()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.deepEqual(first, {
      ip: '192.0.2.7',
      found: [
        {
          category: 'Tracer_IP_enricher',
          matched: { atomic: '192.0.2.7', field: 'ip', type: 'ip' },
          indicator: { owner: 'lab' },
        },
      ],
    })
    assert.deepEqual(second, { ip: '192.0.2.8' })
  })

  it('compile feeds, and answer from what was compiled', async () => {
    const folder = temporaryDirectory()
    const feed = join(folder, 'feed.csv')
    const output = join(folder, 'feed.tracer')
    await writeFile(feed, 'ioc,context\ngmer.com,bad_URL\n')
    const { indicators } = await compileFeeds({ feeds: [feed], keys: [{ key: 'ioc' }], output })
    assert.equal(indicators, 1)
    const enricher = await createFeedEnricher({ feeds: [{ compiled: output }], watch: false })
    assert.equal(
      enricher.lookup({ type: 'url', value: 'http://gmer.com/' })[0]!.context,
      '|ioc=gmer.com|context=bad_URL',
    )
    enricher.close()
  })

  it('tell what there is: functions and codes', () => {
    assert.ok(FUNCTIONS.get('lower')!.examples.length > 0)
    assert.equal(typeof REJECTION_CODES.JSON_INVALID, 'string')
  })

  it('are exported by name, none as default', () => {
    assert.equal('default' in sluice, false)
  })
})

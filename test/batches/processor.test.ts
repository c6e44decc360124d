import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createContext, runInContext } from 'node:vm'
import { build } from 'esbuild'
import type { ProcessorOptions } from '../../src/batches/processor.ts'
import { Processor } from '../../src/batches/processor.ts'
import type { RejectedRecords } from '../../src/batches/rejected-records.ts'
import { RecordWriter } from '../../src/batches/rejected-records.ts'
import { HAND_ON_MS } from '../../src/formats/limits.ts'
import { NODE_CODING } from '../../src/formats/node-coding.ts'
import { PORTABLE_CODING } from '../../src/json/text-coding.ts'
import { compileRules } from '../../src/rules/compile.ts'
import { compileSets } from '../rules/sets/compile-sets.ts'
import { steppingClock } from '../stepping-clock.ts'

const RULES = compileRules('a.b: a')
const INPUT = '{"a":1}\n{"a":"gr\u00fcn"}\n{}\n[]\n{"a":12345678901234567890}\n{"a":\n'
const DOCUMENT = '[{"a":1},{"a":"gr\u00fcn"},{},[],{"a":12345678901234567890},{"a":01}]'
const encoder = new TextEncoder()

function created(options: ProcessorOptions = {}): Processor<RejectedRecords> {
  return new Processor(RULES, new RecordWriter('-'), options)
}

/** The output and the records that are made of chunks, and the number of parts they came in. */
function processed(processor: Processor<RejectedRecords>, chunks: readonly Uint8Array[]) {
  let [output, errors, count] = ['', '', 0]
  const take = (parts: ReturnType<typeof processor.read>) => {
    for (const { bytes, rejected } of [...parts, processor.finish()]) {
      output += Buffer.from(bytes).toString()
      errors += Buffer.from(rejected.bytes).toString()
      count++
    }
  }
  for (const chunk of chunks) take(processor.read(chunk))
  take(processor.end())
  return { output, errors, count }
}

describe('Processor', () => {
  for (const [inputFormat, text] of [
    ['jsonl', INPUT],
    ['json', DOCUMENT],
  ] as const) {
    it(`makes the same of ${inputFormat} on either way, wherever the bytes are cut`, () => {
      const bytes = encoder.encode(text)
      const whole = processed(created({ inputFormat }), [bytes])
      assert.equal(whole.output, '{"a":{"b":1}}\n{"a":{"b":"gr\u00fcn"}}\n{"a":{"b":12345678901234567890}}\n')
      assert.equal(whole.errors.split('\n').length, 4, whole.errors)
      for (const fastPath of [true, false]) {
        for (let cut = 0; cut <= bytes.length; cut++) {
          const chunks = [bytes.subarray(0, cut), bytes.subarray(cut)]
          const { output, errors } = processed(created({ inputFormat, fastPath }), chunks)
          assert.deepEqual([output, errors], [whole.output, whole.errors], `cut at ${cut}`)
        }
      }
    })

    it(`ends a part of ${inputFormat} after 100 ms of evaluating`, (test) => {
      const bytes = encoder.encode(text)
      assert.equal(processed(created({ inputFormat }), [bytes]).count, 2, 'quick events are one part')
      steppingClock(test, HAND_ON_MS / 2)
      const { count, output } = processed(created({ inputFormat, fastPath: false }), [bytes])
      assert.ok(count >= 4, `${count} parts`)
      assert.equal(output.split('\n').length, 4)
    })
  }

  it('asks the conditions of many rule sets once for a line, whichever way it goes, and names the same rule set', () => {
    const files = {
      fast: "when: v == 'f'\nn: n",
      tap: "when: \"'tap' in v\"\ntap: |\n  data['m'] = n + 1\nm: m",
      dropping: "when: v == 'd'\ndrop: n == 1\nn: n",
      dotted: "when: match(r'.*\\.\\d', v)\ntap: |\n  x = v\nd: v",
    }
    const lines = ['f', 'tap', 'd', 'a.1', 'x', 'a tap.2 \\u00fc'].flatMap((v) =>
      ['1', '2.50', '"1"', 'null', '{', '12345678901234567890'].map((n) => `{"v":"${v}","n":${n}}`),
    )
    const bytes = encoder.encode(
      `\ufeff${['{"n":1}', ...lines, ' ', '[]', ...lines, '{"v":"f"}', '{}'].join('\n')}\n`,
    )
    for (const noRoute of ['reject', 'drop', 'pass'] as const) {
      const rules = compileSets(files, noRoute)
      const [fast, plain] = [true, false].map((fastPath) => {
        const processor = new Processor(rules, new RecordWriter('-'), { fastPath })
        const parts = [...processor.read(bytes), ...processor.end(), processor.finish()]
        const joined = (some: readonly Uint8Array[]) => Buffer.concat(some).toString()
        return {
          output: joined(parts.map((part) => part.bytes)),
          errors: joined(parts.map(({ rejected }) => rejected.bytes)),
          counts: Object.keys(files).map((name) => {
            const notes = parts.flatMap((part) => part.notes?.sets?.get(name) ?? [])
            const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)
            return [sum(notes.map(({ events = 0 }) => events)), sum(notes.map(({ dropped = 0 }) => dropped))]
          }),
        }
      })
      assert.deepEqual(fast, plain, noRoute)
      assert.match(fast!.errors, /"rules":"tap"/)
      assert.match(fast!.output, /\{"m":2\}\n\{"m":3\.5\}\n/)
    }
  })

  it('keeps the order of the lines, though those that leave the fast path are evaluated by rule set', (test) => {
    const rules = compileSets({
      fast: "when: v == 'f'\ndrop: n == 3\nn: n",
      tap: "when: v == 't'\ndrop: n == 4\ntap: |\n  data['m'] = n + 1\nm: m",
      // An output with such a key is an object first.
      keyed: "when: v == 'k'\ntap: |\n  data['m'] = n\n'10': m\n'a': {field: n::int, on_error: anomaly}",
      divided: "when: v == 's'\nsplit: '[{}, {\"n\": n}, n] * 3'\nn?: n",
      long: "when: v == 'l'\ntap: |\n  data['m'] = ('x' * 1500000) if n == 1 else n\nm: m",
    })
    let seed = 3
    const random = () => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
      return seed / 2 ** 32
    }
    const one = (some: string) => some[Math.floor(random() * some.length)]!
    const lines = Array.from({ length: 700 }, (_, index) => {
      const v = one(index % 50 < 3 ? 'lllsft' : 'ffttkksx')
      const n = index % 50 < 3 ? '1' : one('234')
      const texts = [
        `{"v":"${v}","n":${n}}`,
        `{"v":"${v}","n":"${n}"}`,
        `{"v":"${v}","n":${n}.0}`,
        '{"v":',
        '[]',
        ' ',
      ]
      return texts[random() < 0.8 ? 0 : Math.floor(random() * texts.length)]!
    })
    const bytes = Buffer.concat([
      Buffer.from(`${lines.slice(350).join('\n')}\n{"v":"`),
      Buffer.from([0xff]),
      Buffer.from(`"}\n${lines.slice(0, 350).join('\n')}\n`),
    ])
    const made = (
      fastPath: boolean,
      size: number,
      { tracksOutputs = false, isFollowed = false }: { tracksOutputs?: boolean; isFollowed?: boolean } = {},
    ) => {
      const coding = fastPath ? NODE_CODING : PORTABLE_CODING
      const processor = new Processor(rules, new RecordWriter('-'), { fastPath, coding, tracksOutputs })
      const output = createHash('sha256')
      let [errors, written, parts] = ['', 0, 0]
      const sums = new Map<string, number>()
      const take = (taken: Iterable<ReturnType<typeof processor.finish>>) => {
        for (const part of taken) {
          parts++
          const text = Buffer.from(part.bytes).toString()
          assert.equal(text.split('\n').length - 1, part.written)
          output.update(text)
          written += part.written
          errors += Buffer.from(part.rejected.bytes).toString()
          for (const [name, { events = 0, dropped = 0, leftOut = new Map() }] of part.notes?.sets ?? []) {
            for (const [what, count] of [['events', events], ['dropped', dropped], ...leftOut]) {
              const key = `${name} ${what}`
              sums.set(key, (sums.get(key) ?? 0) + count)
            }
          }
        }
      }
      // Followed by others, in a buffer that is used again.
      const buffer = Buffer.alloc(size)
      let held = 0
      for (let start = 0; start < bytes.length; start += size) {
        const length = bytes.copy(buffer, 0, start, start + size)
        const isLast = !isFollowed || random() < 0.01
        take(processor.read(buffer.subarray(0, length), !isLast))
        assert.ok(!isLast || !processor.isHolding)
        if (processor.isHolding) held++
        if (isFollowed) take([processor.finish()])
      }
      take(processor.end())
      assert.equal(held > 0, isFollowed, `held after ${held} chunks`)
      take([processor.finish()])
      return { output: output.digest('hex'), errors, written, sums: [...sums].sort(), parts }
    }
    // With the numbers of events, each is evaluated in its turn.
    const { parts: _, ...plain } = made(false, bytes.length, { tracksOutputs: true })
    assert.ok(plain.written > 500, `${plain.written} lines`)
    assert.deepEqual([...new Set(plain.errors.match(/"code":"\w+"/g))].length, 5, plain.errors.slice(0, 500))
    for (const size of [bytes.length, 1000, 97]) {
      for (const fastPath of [true, false]) {
        const { parts, ...fast } = made(fastPath, size)
        assert.deepEqual(fast, plain, `${size} bytes at a time${fastPath ? '' : ', without the fast path'}`)
        assert.ok(parts > 5, `${parts} parts`)
      }
    }
    for (const size of [4000, 97]) {
      const { parts, ...held } = made(true, size, { isFollowed: true })
      assert.deepEqual(held, plain, `${size} bytes at a time, more follow`)
      assert.ok(parts > 5, `${parts} parts`)
    }
    // Each event takes so long that the output is handed on after every other one.
    steppingClock(test, HAND_ON_MS / 2)
    const { parts, ...slow } = made(true, bytes.length)
    assert.deepEqual(slow, plain, 'slow events')
    assert.ok(parts > 100, `${parts} parts`)
  })

  it('holds no event while many bytes are read of which nothing is written', (test) => {
    // However long it takes.
    steppingClock(test, 0)
    const rules = compileSets({
      a: "when: v == 'a'\ndrop: n == 1\nn: n",
      b: "when: v == 'b'\ntap: |\n  data['m'] = n\nm: m",
    })
    const invalid = Buffer.alloc(1 << 16, 0xff)
    invalid[invalid.length - 1] = 0x0a
    const dropped = Buffer.from('{"v":"a","n":1}\n'.repeat(4096))
    for (const chunk of [invalid, dropped]) {
      const processor = new Processor(rules, new RecordWriter('-'), { coding: NODE_CODING, buffers: 'lent' })
      const count = (bytes: Uint8Array): number =>
        [...processor.read(bytes, true), processor.finish()].reduce((sum, part) => sum + part.written, 0)
      assert.equal(count(Buffer.from('{"v":"b","n":1}\n')), 0)
      let chunks = 0
      while (chunks < 100 && count(chunk) === 0) chunks++
      assert.ok(chunks > 10 && chunks < 70, `held while ${chunks} chunks were read`)
    }
  })

  it('evaluates events that wait for their turn by the rules that came meanwhile, whatever their places among these', (test) => {
    const ruleSets = (names: readonly string[], said: string) => {
      const text = (name: string) =>
        `when: v == '${name}'\ntap: |\n  data['m'] = v\nm: f'{m} ${name} ${said}'`
      return compileSets(Object.fromEntries(names.map((name) => [name, text(name)])))
    }
    const names = ['a', 'b', 'c']
    const processor = new Processor(ruleSets(names, 'before'), new RecordWriter('-'), { coding: NODE_CODING })
    steppingClock(test, HAND_ON_MS / 150)
    const values = Array.from({ length: 120 }, (_, index) => names[index % 3]!)
    const reading = processor.read(Buffer.from(values.map((v) => `{"v":"${v}"}\n`).join('')))
    const parts = [reading.next().value!]
    processor.replaceRules(ruleSets(['c', 'a', 'b'], 'after'))
    parts.push(...reading, processor.finish())
    const outputs = Buffer.concat(parts.map(({ bytes }) => bytes))
      .toString()
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { m: string }).m.split(' '))
    // The event's own text, and the name of the rule set that took it.
    for (const place of [0, 1])
      assert.deepEqual(
        outputs.map((output) => output[place]),
        values,
      )
    const told = outputs.map(([, , said]) => said)
    assert.deepEqual([...new Set(told)].sort(), ['after', 'before'])
    assert.ok(parts.every(({ rejected }) => rejected.count === 0))
  })

  it('makes nothing of what follows the first rejected event, where it is told so', () => {
    for (const inputFormat of ['jsonl', 'json'] as const) {
      const bytes = encoder.encode(inputFormat === 'json' ? DOCUMENT : INPUT)
      const { output, errors } = processed(created({ inputFormat, stopAtRejected: true }), [bytes])
      assert.equal(output.split('\n').length, 3, output)
      assert.match(errors, /^\{"line":\d+,.*FIELD_MISSING.*\n$/)
    }
  })

  it('is bundled for a browser without a shim, and gives there what it gives here', async () => {
    const source = (file: string) => fileURLToPath(new URL(`../../src/${file}`, import.meta.url))
    const entry = ['batches/processor.ts', 'batches/rejected-records.ts', 'rules/compile.ts']
      .map((file) => `export * from ${JSON.stringify(source(file))}`)
      .join('\n')
    const { outputFiles, warnings } = await build({
      stdin: { contents: entry, resolveDir: source('') },
      bundle: true,
      platform: 'browser',
      format: 'iife',
      globalName: 'sluice',
      write: false,
      logLevel: 'silent',
    })
    assert.deepEqual(warnings, [])
    const context = createContext({ TextDecoder, TextEncoder, btoa, performance, text: INPUT })
    runInContext(outputFiles[0]!.text, context)
    const there = runInContext(
      `(() => {
        const rules = sluice.compileRules('a.b: a')
        const processor = new sluice.Processor(rules, new sluice.RecordWriter('-'))
        const parts = [...processor.read(new TextEncoder().encode(text)), processor.finish()]
        const textOf = (bytes) => new TextDecoder().decode(bytes)
        // How many parts there are is a matter of time.
        return [({ bytes }) => bytes, ({ rejected }) => rejected.bytes].map((of) => parts.map((part) => textOf(of(part))).join(''))
      })()`,
      context,
    )
    const here = processed(created(), [encoder.encode(INPUT)])
    assert.deepEqual([...there], [here.output, here.errors])
  })
})

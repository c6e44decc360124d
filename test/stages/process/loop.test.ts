import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { compileRules } from '../../../src/rules/compile.ts'
import type { RuleSet } from '../../../src/rules/rule-set.ts'
import { ProcessLoop } from '../../../src/stages/process/loop.ts'
import type { Sink } from '../../../src/stages/sink.ts'
import type { InputChunk, Source } from '../../../src/stages/source.ts'
import { propertyRuns } from '../../property-runs.ts'
import { compileSets } from '../../rules/sets/compile-sets.ts'

const RULES = 'a.b: x\nc:\n  field: lower(y)\n  required: false\n'

/** A source of one input that lends its only buffer, as files do. */
function lendingSource(text: string, cuts: readonly number[], buffer = Buffer.alloc(4096)): Source {
  let isStopped = false
  return {
    fault: undefined,
    bytesRead: 0,
    stop: () => {
      isStopped = true
    },
    async *[Symbol.asyncIterator](): AsyncGenerator<InputChunk> {
      const bytes = Buffer.from(text)
      for (let start = 0, index = 0; start < bytes.length && !isStopped; index++) {
        const end = Math.min(bytes.length, start + cuts[index % cuts.length]!)
        const length = bytes.copy(buffer, 0, start, end)
        yield { source: '-', bytes: buffer.subarray(0, length) }
        buffer.fill(0x7a)
        start = end
      }
      yield { source: '-' }
    },
  }
}

/** Keeps what was written; each write that `waits` names is held up for a turn, and its bytes are read only then. */
function slowSink(waits: (write: number) => boolean): Sink & { text: string } {
  let writes = 0
  const sink = {
    text: '',
    write(bytes: Uint8Array) {
      const keep = (): void => {
        sink.text += Buffer.from(bytes).toString()
      }
      if (!waits(writes++)) {
        keep()
        return undefined
      }
      return new Promise<void>((resolve) =>
        setImmediate(() => {
          keep()
          resolve()
        }),
      )
    },
  }
  return sink
}

describe('ProcessLoop', () => {
  it('writes the same whatever the chunks are, and whichever writes have to wait', async () => {
    const line = fc.constantFrom('{"x":1,"y":"AB"}', '{"x":"é😀"}', '{"y":1}', 'no json', '', '{"x":[1, 2]}')
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 30 }),
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 4 }),
        fc.boolean(),
        async (lines, cuts, every, fastPath) => {
          const text = lines.join('\n')
          const run = async (chunks: readonly number[], waits: (write: number) => boolean) => {
            const [output, errors] = [slowSink(waits), slowSink(waits)]
            const loop = new ProcessLoop(compileRules(RULES), { output, errors }, { fastPath })
            await loop.run(lendingSource(text, chunks))
            const { events, written, rejected } = loop.counts
            assert.equal(events, written + rejected)
            assert.equal(events, lines.filter((each) => each !== '').length)
            return { output: output.text, errors: errors.text, written, rejected }
          }
          assert.deepEqual(await run(cuts, (write) => write % every === 0), await run([4096], () => false))
        },
      ),
      { numRuns: propertyRuns(200) },
    )
  })

  it('reads nothing while a sink makes it wait', async () => {
    let release = (): void => {}
    let reads = 0
    const source = lendingSource('{"x":1}\n'.repeat(100), [8])
    const counted: Source = {
      fault: undefined,
      bytesRead: 0,
      stop: () => source.stop(),
      async *[Symbol.asyncIterator]() {
        for await (const chunk of source) {
          reads++
          yield chunk
        }
      },
    }
    const output: Sink = { write: () => new Promise((resolve) => (release = resolve)) }
    const running = new ProcessLoop(compileRules(RULES), { output }).run(counted)
    for (let step = 1; step <= 5; step++) {
      for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate)
      assert.equal(reads, step)
      release()
    }
    const ends = setInterval(() => release(), 0)
    await running
    clearInterval(ends)
    assert.equal(reads, 101)
  })

  it('ends with the fault of a sink, also of one that fails while nothing is written', async () => {
    const fault = new Error('no space left')
    const failing: Sink = {
      write: () => {
        throw fault
      },
    }
    const rules = compileRules(RULES)
    const source = lendingSource('{"x":1}\n{}\n', [100])
    await assert.rejects(new ProcessLoop(rules, { output: failing }).run(source), fault)
    const rejecting: Sink = { write: () => Promise.reject(fault) }
    const errors = new ProcessLoop(rules, { output: slowSink(() => false), errors: rejecting })
    await assert.rejects(errors.run(lendingSource('{}\n', [100])), fault)
    let fail = (_: Error): void => {}
    const watched: Sink = {
      write: () => undefined,
      watch: (failed) => {
        fail = failed
      },
    }
    const idle = lendingSource('{"x":1}\n'.repeat(1000), [8])
    const loop = new ProcessLoop(rules, { output: watched })
    const running = loop.run(idle)
    fail(fault)
    await assert.rejects(running, fault)
  })

  it('makes nothing of what follows the first rejected event, when told so', async () => {
    const [output, errors] = [slowSink(() => false), slowSink(() => false)]
    const options = { stopAtRejected: true }
    const loop = new ProcessLoop(compileRules(RULES), { output, errors }, options)
    await loop.run(lendingSource('{"x":1}\n{}\n{"x":2}\n{}\n', [8]))
    assert.equal(output.text, '{"a":{"b":1}}\n')
    assert.equal(errors.text.trim().split('\n').length, 1)
    assert.equal(loop.stopped, true)
    assert.deepEqual([loop.counts.written, loop.counts.rejected], [1, 1])
  })

  it('holds lines of several rule sets over chunks that are followed, and replaces their rules when they are written', async () => {
    const ruleSets = (said: string) => {
      const text = (name: string) =>
        `when: v == '${name}'\ntap: |\n  data['m'] = n\nm: f'{m} ${name} ${said}'`
      return compileSets({ a: text('a'), b: text('b') })
    }
    const lines = Array.from({ length: 8 }, (_, n) => Buffer.from(`{"v":"${'ab'[n % 2]}","n":${n}}\n`))
    const buffer = Buffer.alloc(64)
    const written: number[] = []
    const output = slowSink((write) => write % 2 === 0)
    const loop: ProcessLoop = new ProcessLoop(ruleSets('before'), { output })
    const source: Source = {
      fault: undefined,
      bytesRead: 0,
      stop: () => {},
      async *[Symbol.asyncIterator](): AsyncGenerator<InputChunk> {
        for (const [index, line] of lines.entries()) {
          const bytes = buffer.subarray(0, line.copy(buffer))
          // Behind the third line nothing is there; the end follows the last one.
          yield { source: '-', bytes, isFollowed: true }
          written.push(loop.counts.written)
          if (index === 2) yield { source: '-', bytes: new Uint8Array(0) }
          if (index === 5) loop.replaceRules(ruleSets('after'))
        }
        yield { source: '-' }
      },
    }
    await loop.run(source)
    const said = (n: number) => (n < 6 ? 'before' : 'after')
    assert.equal(output.text, lines.map((_, n) => `{"m":"${n} ${'ab'[n % 2]} ${said(n)}"}\n`).join(''))
    assert.deepEqual(written, [0, 0, 0, 3, 3, 3, 6, 6])
    assert.equal(loop.counts.written, 8)
  })

  it('takes the rules that came last, though others wait until what is held is written', async () => {
    const ruleSets = (said: string) => {
      const text = (name: string) => `when: v == '${name}'\ntap: |\n  data['m'] = v\nm: f'{m} ${said}'`
      return compileSets({ a: text('a'), b: text('b') })
    }
    const [first, second, third] = ['first', 'second', 'third'].map(ruleSets)
    let text = ''
    const write = (bytes: Uint8Array): Promise<void> | undefined => {
      text += Buffer.from(bytes).toString()
      if (text.includes('third')) return undefined
      // While what was held is being written.
      loop.replaceRules(third!)
      return new Promise((resolve) => setImmediate(resolve))
    }
    const loop: ProcessLoop = new ProcessLoop(first!, { output: { ...slowSink(() => false), write } })
    const source: Source = {
      fault: undefined,
      bytesRead: 0,
      stop: () => {},
      async *[Symbol.asyncIterator](): AsyncGenerator<InputChunk> {
        yield { source: '-', bytes: Buffer.from('{"v":"a"}\n{"v":"b"}\n'), isFollowed: true }
        loop.replaceRules(second!)
        yield { source: '-', bytes: Buffer.from('{"v":"a"}\n') }
        yield { source: '-' }
      },
    }
    await loop.run(source)
    assert.equal(text, '{"m":"a first"}\n{"m":"b first"}\n{"m":"a third"}\n')
  })

  it('takes new rules between two chunks', async () => {
    const output = slowSink(() => false)
    const loop: ProcessLoop = new ProcessLoop(
      compileRules('a: x'),
      { output },
      {
        onBatch: ({ events }) => {
          if (events === 2) loop.replaceRules(compileRules('b: x'))
        },
      },
    )
    await loop.run(lendingSource('{"x":1}\n{"x":2}\n{"x":3}\n', [8]))
    assert.equal(output.text, '{"a":1}\n{"a":2}\n{"b":3}\n')
  })
})

/** Runs the loop over chunks of these lengths, in turn. */
async function processed(rules: RuleSet, text: string, cuts: readonly number[], fastPath: boolean) {
  const [output, errors] = [slowSink(() => false), slowSink(() => false)]
  const loop = new ProcessLoop(rules, { output, errors }, { fastPath })
  await loop.run(lendingSource(text, cuts, Buffer.alloc(Math.max(...cuts))))
  return [output.text, errors.text]
}

describe('the loop, with the fast path and without', () => {
  it('gives the same wherever the border of two blocks is', async () => {
    const rules = compileRules(`${RULES}d: {field: upper(z.s) + '!', required: false}\n`)
    const lines = [
      '{"x":"\\u00e9","y":"AB","z":{"s":"é"}}',
      'bad',
      '{"y":1}',
      '',
      '{"x":{"a":[1,2.50]},"y":"É😀"}',
      '{"x":0}',
    ]
    const text = `\ufeff${lines.join('\r\n')}\n${lines.join('\n')}`
    const { length } = Buffer.from(text)
    const expected = await processed(rules, text, [length], false)
    for (let border = 1; border < length; border++) {
      assert.deepEqual(await processed(rules, text, [border, length], true), expected, `border at ${border}`)
    }
  })

  it('gives the same for lines and outputs that are longer than a block, the memory of lines, or that of outputs', async () => {
    const rules = compileRules(`${RULES}long: {field: "(y + ',') * n", required: false}\n`)
    const lines = [10, 4000, 130_000, 262_143, 262_200, 600_000].flatMap((length) => [
      `{"x":"${'é'.repeat(length / 2)}","y":"A"}`,
      `{"x":1,"y":"${'B'.repeat(length)}"}`,
    ])
    for (const times of [500_000, 600_000, 1_100_000]) lines.push(`{"x":2,"y":"c","n":${times}}`)
    const text = `${lines.join('\n')}\n`
    const expected = await processed(rules, text, [text.length * 2], false)
    for (const cut of [1000, 65_536, 262_144]) {
      assert.deepEqual(await processed(rules, text, [cut], true), expected, `blocks of ${cut}`)
    }
  })

  it('gives the same for values that repeat, that do not, and that begin to and cease', async () => {
    const rules = compileRules("a: x + '-'\nb: {field: \"split(y, '/')[-1]\", required: false}\n")
    const lines = Array.from({ length: 40_000 }, (_, n) => {
      const isNew = n < 1000 || (n > 18_000 && n < 21_000)
      return `{"x":"${isNew ? `v${n}` : `r${n % 9}`}","y":"${n % 2 === 0 ? 'a/b' : `c/${n}`}"}`
    })
    const text = `${lines.join('\n')}\n`
    const expected = await processed(rules, text, [65_536], false)
    assert.deepEqual(await processed(rules, text, [65_536], true), expected)
  })

  it('ends a run of lines that take much work, and goes on with the next line', async () => {
    const limits = { maxWork: 1_000_000, maxBuilt: 1_000_000 }
    const rules = compileRules('a: len(sorted(list(x))) + len(y)\n', limits)
    const lines = Array.from({ length: 400 }, (_, n) => `{"x":"${'ab'.repeat(n % 700)}","y":"${n % 3}"}`)
    const text = `${lines.join('\n')}\n`
    const expected = await processed(rules, text, [text.length], false)
    assert.equal(expected[1], '')
    assert.deepEqual(await processed(rules, text, [text.length], true), expected)
  })
})

import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { Readable, type Transform, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { compileRules } from '../../../src/rules/compile.ts'
import { NormalizeStage } from '../../../src/stages/normalize.ts'
import { ParseStage } from '../../../src/stages/parse.ts'
import { FusedStage } from '../../../src/stages/process/fused.ts'
import { SerializeStage } from '../../../src/stages/serialize.ts'
import { propertyRuns } from '../../property-runs.ts'
import { eventLine, manyRules, ruleFile } from '../../rules/fast/generated.ts'
import { cutBytes } from '../splitting.ts'

interface Written {
  readonly output: string
  readonly errors: string
  readonly counts: readonly [events: number, written: number, rejected: number]
}

/** Lines of any kind, also such as are not UTF-8, with any line ends. */
const input = cutBytes(
  fc
    .array(
      fc.tuple(
        fc.oneof(
          { weight: 8, arbitrary: eventLine.map((line) => Buffer.from(line)) },
          { weight: 1, arbitrary: fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)) },
          { weight: 1, arbitrary: fc.constantFrom('', ' \t', '\ufeff{}').map((text) => Buffer.from(text)) },
        ),
        fc.constantFrom('\n', '\n', '\r\n', '\n\n'),
      ),
      { maxLength: 14 },
    )
    .chain((lines) =>
      fc.boolean().map((isEnded) => {
        const parts = lines.flatMap(([line, end], index) =>
          isEnded || index < lines.length - 1 ? [line, Buffer.from(end)] : [line],
        )
        return Buffer.concat(parts)
      }),
    ),
)

function sink(): { stream: Writable; text: () => string } {
  const parts: Buffer[] = []
  const stream = new Writable({
    write(bytes: Buffer, _encoding, callback) {
      parts.push(Buffer.from(bytes))
      callback()
    },
  })
  return { stream, text: () => Buffer.concat(parts).toString('latin1') }
}

type Stages = (stages: { readonly errors: Writable }) => readonly Transform[]

/** The output of a chain of stages for chunks. */
async function process(stages: Stages, chunks: readonly Buffer[]): Promise<Written> {
  const output = sink()
  const errors = sink()
  const chain = stages({ errors: errors.stream })
  const source = Readable.from(chunks.filter(({ length }) => length > 0).map((chunk) => Buffer.from(chunk)))
  await pipeline([source, ...chain, output.stream])
  const { events, written, rejected } = (chain.at(-1) as SerializeStage).counts
  return { output: output.text(), errors: errors.text(), counts: [events, written, rejected] }
}

describe('FusedStage', () => {
  it('writes and rejects what the separate stages do, whatever the bytes and however they are cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(ruleFile, manyRules), input, async (rules, [, chunks]) => {
        const compiled = compileRules(rules)
        const separate = await process(
          ({ errors }) => [new ParseStage(), new NormalizeStage(compiled), new SerializeStage({ errors })],
          chunks,
        )
        for (const fastPath of [true, false]) {
          const fused = await process(
            ({ errors }) => [new FusedStage(compiled, { fastPath }), new SerializeStage({ errors })],
            chunks,
          )
          assert.deepEqual(fused, separate)
        }
        const [events, written, rejected] = separate.counts
        assert.equal(events, written + rejected)
      }),
      { numRuns: propertyRuns(150) },
    )
  })
})

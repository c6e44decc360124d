import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { Readable, Writable } from 'node:stream'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createPipeline } from '../../../src/io/create-pipeline.ts'
import { compileRules } from '../../../src/rules/compile.ts'
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

async function process(rules: string, chunks: readonly Buffer[], fastPath: boolean): Promise<Written> {
  const output = sink()
  const errors = sink()
  const pipeline = createPipeline({
    rules: compileRules(rules),
    inputs: [Readable.from(chunks.filter(({ length }) => length > 0).map((chunk) => Buffer.from(chunk)))],
    output: output.stream,
    errors: errors.stream,
    fastPath,
  })
  const { events, written, rejected } = await pipeline.run()
  return { output: output.text(), errors: errors.text(), counts: [events, written, rejected] }
}

describe('FusedStage', () => {
  it('writes and rejects what the separate stages do, whatever the bytes and however they are cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(ruleFile, manyRules), input, async (rules, [, chunks]) => {
        const [fused, separate] = [await process(rules, chunks, true), await process(rules, chunks, false)]
        assert.deepEqual(fused, separate)
        const [events, written, rejected] = fused.counts
        assert.equal(events, written + rejected)
      }),
      { numRuns: 150 },
    )
  })
})

/** Outputs that have to be built as objects, where somebody takes bytes. */
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { ByteWriter } from '../../src/json/write.ts'
import { normalizeOne } from '../../src/rules/apply/normalize.ts'
import { outputText } from '../../src/rules/apply/output-text.ts'
import { EventParser } from '../../src/rules/apply/parse-event.ts'
import { compileRules } from '../../src/rules/compile.ts'
import { WRITTEN } from '../../src/rules/run.ts'

const RULES = [
  'a: x',
  'a.b: {field: "y::int", required: false, on_error: anomaly}',
  "c: {field: \"{'k': x, 't': (1, y)}\", required: false}",
  '"10": {field: z, required: false}',
].join('\n')

/** The output of an event for whoever takes objects, and for whoever takes bytes; undefined: it is an object for both. */
function outputs(text: string): [asObject: string, asBytes: string | undefined] {
  const parsed = new EventParser().parse({ line: 1, ordinal: 0, text })
  assert.ok('data' in parsed)
  const rules = compileRules(RULES)
  const object = normalizeOne(parsed, rules.createRunner())
  assert.ok('output' in object && object.output !== WRITTEN, JSON.stringify(object))
  const runner = rules.createRunner()
  const writer = new ByteWriter()
  writer.ascii('before')
  runner.writer = writer
  const bytes = normalizeOne(parsed, runner)
  assert.ok('output' in bytes)
  const written = Buffer.from(writer.bytes.subarray(0, writer.length)).toString()
  if (bytes.output === WRITTEN) return [outputText(object) as string, written.slice('before'.length)]
  assert.equal(written, 'before', 'nothing of an output that is given as an object is written')
  assert.equal(outputText(bytes), outputText(object))
  return [outputText(object) as string, undefined]
}

test('outputs of rules that lie inside one another, and such with anomalies, are written as bytes', () => {
  const events = [
    '{"x":{"q":1},"y":"5"}',
    '{"x":{"q":1.50,"10":"é"},"y":"five"}',
    '{"x":{},"y":"-","z":[1.0,{"b":2e3}]}',
    '{"x":{"q":12345678901234567890}}',
  ]
  for (const event of events) {
    const [object, bytes] = outputs(event)
    assert.equal(bytes, object, event)
  }
  assert.match(outputs(events[1]!)[1]!, /"anomaly":\{"rules":\[\{"field":"a.b","code":"VALUE_ERROR"/)
})

test('outputs that are unusual stay objects', () => {
  const deep = `${'['.repeat(101)}${']'.repeat(101)}`
  const [object, bytes] = outputs(`{"x":{"q":${deep}},"y":"five"}`)
  assert.equal(bytes, undefined)
  assert.ok(object.includes(deep), object)
})

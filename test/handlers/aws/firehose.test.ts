import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { RejectedRecords } from '../../../src/batches/rejected-records.ts'
import { createFirehoseHandler } from '../../../src/handlers/aws/firehose.ts'
import { compileRules } from '../../../src/rules/compile.ts'
import { awsEvent, event, lines, logMessage, out, RULES } from './aws.ts'

const base64 = (text: string | Uint8Array): string => Buffer.from(text).toString('base64')
const decoded = (data: string | undefined): string[] => lines(Buffer.from(data!, 'base64'))
const records = (...data: string[]) => ({
  records: data.map((each, index) => ({ recordId: `r${index}`, data: each })),
})

describe('the handler of Firehose', () => {
  it('answers a documented event with the same records', async () => {
    const handler = createFirehoseHandler({ rules: RULES })
    const { records: results } = await handler(awsEvent('firehose'))
    assert.deepEqual(results, [
      {
        recordId: '49546986683135544286507457936321625675700192471156785154',
        result: 'Ok',
        data: base64(`${out('192.0.2.1')}\n`),
      },
    ])
  })

  it('keeps ids and order whatever becomes of the records', async () => {
    const rejected: RejectedRecords[] = []
    const handler = createFirehoseHandler({
      rules: RULES,
      onRejected: (records) => void rejected.push(records),
    })
    const { records: results } = await handler(
      records(
        base64(event('192.0.2.1')),
        base64(event('drop')),
        'no base64!',
        base64('no JSON'),
        base64(gzipSync(`${event('192.0.2.2')}\n${event('192.0.2.3')}\nno JSON`)),
        base64(logMessage({ messageType: 'CONTROL_MESSAGE' })),
        '',
      ),
    )
    assert.deepEqual(
      results.map(({ recordId, result }) => `${recordId} ${result}`),
      ['r0 Ok', 'r1 Dropped', 'r2 ProcessingFailed', 'r3 Dropped', 'r4 Ok', 'r5 Dropped', 'r6 Dropped'],
    )
    assert.deepEqual(decoded(results[4]!.data), [out('192.0.2.2'), out('192.0.2.3')])
    const [first, second] = rejected.flatMap(({ bytes }) => lines(bytes).map((line) => JSON.parse(line)))
    assert.deepEqual([first.source, first.line, first.code, first.raw], ['r3', 1, 'JSON_INVALID', 'no JSON'])
    assert.deepEqual([second.source, second.line], ['r4', 3])
  })

  it('loses no event that nobody takes: its record has failed', async () => {
    const data = base64(`${event('192.0.2.1')}\nno JSON\n`)
    const { records: results } = await createFirehoseHandler({ rules: RULES })(records(data))
    assert.deepEqual(results, [{ recordId: 'r0', result: 'ProcessingFailed' }])
    const inline = createFirehoseHandler({ rules: RULES, inlineErrors: true })
    const [result] = (await inline(records(base64(`${event('192.0.2.1')}\nno JSON\n${event('192.0.2.2')}`))))
      .records
    const [one, two, three] = decoded(result!.data)
    assert.deepEqual([one, three], [out('192.0.2.1'), out('192.0.2.2')])
    assert.equal(JSON.parse(two!).$rejected.raw, 'no JSON')
  })

  it('fails a record whose rejected events cannot be put away, or that is damaged', async () => {
    const handler = createFirehoseHandler({
      rules: RULES,
      onRejected: () => Promise.reject(new Error('no room')),
    })
    const console_ = console.error
    const told: unknown[] = []
    console.error = (...parts) => void told.push(parts)
    try {
      const { records: results } = await handler(records(base64('no JSON'), base64(event('192.0.2.1'))))
      assert.deepEqual(
        results.map(({ result }) => result),
        ['ProcessingFailed', 'Ok'],
      )
      assert.equal(told.length, 1)
    } finally {
      console.error = console_
    }
    const damaged = base64(gzipSync(event('192.0.2.1')).subarray(0, 20))
    const { records: results } = await createFirehoseHandler({ rules: RULES })(records(damaged))
    assert.equal(results[0]!.result, 'ProcessingFailed')
  })

  it('keeps within the 6 MB of an answer: what does not fit has failed, and what fits behind it is there', async () => {
    const rules = compileRules('a: "\'x\' * n"\nn: n\n')
    const sizes = [2_000_000, 2_000_000, 2_000_000, 100_000, 700_000]
    const event = records(...sizes.map((n) => base64(JSON.stringify({ n }))))
    const answer = await createFirehoseHandler({ rules })(event)
    assert.deepEqual(
      answer.records.map(({ recordId, result }) => `${recordId} ${result}`),
      ['r0 Ok', 'r1 Ok', 'r2 ProcessingFailed', 'r3 Ok', 'r4 ProcessingFailed'],
    )
    assert.ok(JSON.stringify(answer).length <= 6 * 1024 * 1024, 'it fits')
    const many = records(...Array.from({ length: 10_000 }, () => base64(JSON.stringify({ n: 500 }))))
    const all = await createFirehoseHandler({ rules })(many)
    assert.equal(all.records.length, 10_000)
    assert.ok(JSON.stringify(all).length <= 6 * 1024 * 1024, 'many of them fit')
    assert.ok(
      all.records.filter(({ result }) => result === 'Ok').length > 7000,
      'and there is hardly room left',
    )
  })

  it('takes messages of CloudWatch Logs to pieces', async () => {
    const rules = compileRules('group: logGroup\nat: timestamp\ntext: message\n')
    const [result] = (await createFirehoseHandler({ rules })(records(base64(logMessage())))).records
    assert.deepEqual(
      decoded(result!.data).map((line) => JSON.parse(line)),
      [
        { group: 'app', at: 1710669600123, text: '{"src": "192.0.2.1"}' },
        { group: 'app', at: 1710669600124, text: 'two\nlines' },
      ],
    )
    const messages = createFirehoseHandler({ rules: RULES, logEvents: 'message', inlineErrors: true })
    const lines = decoded((await messages(records(base64(logMessage())))).records[0]!.data)
    assert.equal(lines[0], out('192.0.2.1'))
    assert.equal(JSON.parse(lines[1]!).$rejected.raw, 'two\nlines')
    const text = createFirehoseHandler({ rules: compileRules('m: message'), inputFormat: 'text' })
    const texts = decoded((await text(records(base64(logMessage())))).records[0]!.data)
    assert.deepEqual(
      texts.map((line) => JSON.parse(line).m),
      ['{"src": "192.0.2.1"}', 'two\nlines'],
    )
  })

  it('takes what only looks like such a message for an event', async () => {
    const like = [
      '{"messageType":"DATA_MESSAGE"}',
      '{"messageType":"DATA_MESSAGE","logEvents":[1]}',
      '{"messageType":"X"',
    ]
    const rules = compileRules('type: messageType')
    const { records: results } = await createFirehoseHandler({ rules, inlineErrors: true })(
      records(...like.map(base64)),
    )
    assert.deepEqual(
      results.slice(0, 2).map(({ data }) => decoded(data)),
      [['{"type":"DATA_MESSAGE"}'], ['{"type":"DATA_MESSAGE"}']],
    )
    assert.match(decoded(results[2]!.data)[0]!, /JSON_INVALID/)
    assert.throws(() => createFirehoseHandler({ rules, logEvents: 'x' as never }), TypeError)
    assert.throws(() => createFirehoseHandler({ rules, maxRecordBytes: 0 }), TypeError)
    assert.throws(() => createFirehoseHandler({ rules, inputFormat: 'xml' as never }), TypeError)
    assert.throws(
      () => createFirehoseHandler({ rules, inputFormat: 'text', multiline: '(a' }),
      /^TypeError: the pattern "\(a" cannot be used: missing \)/,
    )
  })

  it('leaves a record packed that is too long when it is unpacked', async () => {
    const handler = createFirehoseHandler({ rules: RULES, maxRecordBytes: 1000, inlineErrors: true })
    const [result] = (await handler(records(base64(gzipSync(Buffer.alloc(100_000)))))).records
    assert.match(decoded(result!.data)[0]!, /"code":"UTF8_INVALID".*"raw_base64"/)
  })
})

import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { createModule } from '../../../src/batches/compiled-module.ts'
import type { RejectedRecords } from '../../../src/batches/rejected-records.ts'
import { createKinesisHandler } from '../../../src/handlers/aws/kinesis.ts'
import { createS3Handler, type S3Object } from '../../../src/handlers/aws/s3.ts'
import { createSqsHandler } from '../../../src/handlers/aws/sqs.ts'
import { compileRules } from '../../../src/rules/compile.ts'
import { printedRules } from '../../rules/aot/equality.ts'
import { awsEvent, event, KeepingSink, lines, logMessage, out, RULES } from './aws.ts'

const NONE = { batchItemFailures: [] }
const failures = (...ids: string[]) => ({
  batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })),
})
const quiet = { onFailure: () => {} }

it('the handlers read events of several lines, with live rules and with a compiled module', async () => {
  const live = compileRules('text: message')
  for (const rules of [live, createModule('rules.yaml', printedRules(live))]) {
    const kept = new KeepingSink()
    const options = { rules, sink: kept.sink, inputFormat: 'text', multiline: '[0-9]' } as const
    const body = '1 a\n b\n2 c\n'
    assert.deepEqual(await createSqsHandler(options)({ Records: [{ messageId: 'm', body }] }), NONE)
    const s3 = createS3Handler({ ...options, getObject: async () => Buffer.from(body) })
    await s3(awsEvent('s3'))
    const outputs = ['{"text":"1 a\\n b"}', '{"text":"2 c"}']
    assert.deepEqual(kept.lines, [...outputs, ...outputs])
  }
})

describe('the handler of Kinesis', () => {
  const kinesis = (...data: (string | Uint8Array)[]) => ({
    Records: data.map((each, index) => ({
      eventID: `shard:${index}`,
      kinesis: { data: Buffer.from(each).toString('base64'), sequenceNumber: String(index) },
    })),
  })

  it('brings the output of a documented event to the sink', async () => {
    const kept = new KeepingSink()
    const handler = createKinesisHandler({ rules: RULES, sink: kept.sink })
    assert.deepEqual(await handler(awsEvent('kinesis')), NONE)
    assert.deepEqual(kept.lines, [out('192.0.2.1')])
    assert.equal(kept.batches[0]!.written, 1)
    assert.match(kept.batches[0]!.sources[0]!, /^shardId-000000000006:/)
  })

  it('does not send again what is rejected or dropped, and reads all kinds of records', async () => {
    const kept = new KeepingSink()
    const rejected: RejectedRecords[] = []
    const handler = createKinesisHandler({
      rules: RULES,
      sink: kept.sink,
      logEvents: 'message',
      onRejected: (records) => void rejected.push(records),
    })
    const answer = await handler(
      kinesis(
        gzipSync(event('192.0.2.1')),
        'no JSON',
        event('drop'),
        logMessage(),
        logMessage({ messageType: 'CONTROL_MESSAGE' }),
        gzipSync('x').subarray(0, 12),
      ),
    )
    assert.deepEqual(answer, NONE)
    assert.deepEqual(kept.lines, [out('192.0.2.1'), out('192.0.2.1')])
    assert.deepEqual(kept.batches[0]!.sources, ['shard:0', 'shard:3'])
    const records = rejected.flatMap(({ bytes }) => lines(bytes).map((line) => JSON.parse(line)))
    assert.deepEqual(
      records.map(({ source, line, code }) => `${source} ${line} ${code}`),
      ['shard:1 1 JSON_INVALID', 'shard:3 2 JSON_INVALID', 'shard:5 1 UTF8_INVALID'],
    )
  })

  it('names the first record that failed, and begins nothing behind it', async () => {
    const kept = new KeepingSink()
    kept.faults.set(1, new Error('the sink is full'))
    const told: string[][] = []
    const handler = createKinesisHandler({
      rules: RULES,
      sink: kept.sink,
      sinkBytes: 1,
      onFailure: (_error, sources) => void told.push([...sources]),
    })
    const answer = await handler(kinesis(event('192.0.2.1'), event('192.0.2.2'), event('192.0.2.3')))
    assert.deepEqual(answer, failures('1'))
    assert.deepEqual(kept.lines, [out('192.0.2.1')])
    assert.equal(kept.calls, 2)
    assert.deepEqual(told, [['shard:1']])
  })

  it('fails all records whose output was held together', async () => {
    const kept = new KeepingSink()
    kept.faults.set(0, new Error('the sink is full'))
    const handler = createKinesisHandler({ rules: RULES, sink: kept.sink, ...quiet })
    assert.deepEqual(
      await handler(kinesis(event('drop'), event('192.0.2.2'), event('192.0.2.3'))),
      failures('1'),
    )
  })

  it('keeps from the sink what a failing record has made, and gives it what those before it have', async () => {
    const kept = new KeepingSink()
    const handler = createKinesisHandler({
      rules: RULES,
      sink: kept.sink,
      onRejected: () => Promise.reject(new Error('no room')),
      ...quiet,
    })
    const answer = await handler(
      kinesis(event('192.0.2.1'), `${event('192.0.2.2')}\nno JSON`, event('192.0.2.3')),
    )
    assert.deepEqual(answer, failures('1'))
    assert.deepEqual(kept.lines, [out('192.0.2.1')])
  })
})

describe('the handler of SQS', () => {
  const sqs = (bodies: readonly string[], suffix = '') => ({
    Records: bodies.map((body, index) => ({
      messageId: `m${index}`,
      body,
      eventSourceARN: `arn:aws:sqs:eu-central-1:123456789012:events${suffix}`,
    })),
  })

  it('brings the output of a documented event to the sink', async () => {
    const kept = new KeepingSink()
    assert.deepEqual(await createSqsHandler({ rules: RULES, sink: kept.sink })(awsEvent('sqs')), NONE)
    assert.deepEqual(kept.lines, [out('192.0.2.1')])
  })

  it('names the messages that failed, and no others', async () => {
    const kept = new KeepingSink()
    kept.faults.set(1, new Error('the sink is full'))
    const handler = createSqsHandler({ rules: RULES, sink: kept.sink, sinkBytes: 1, ...quiet })
    const bodies = ['192.0.2.1', '192.0.2.2', '192.0.2.3'].map(event)
    assert.deepEqual(await handler(sqs(bodies)), failures('m1'))
    assert.deepEqual(kept.lines, [out('192.0.2.1'), out('192.0.2.3')])
  })

  it('keeps the order of a FIFO queue: all from the failure on come again', async () => {
    const kept = new KeepingSink()
    kept.faults.set(1, new Error('the sink is full'))
    const handler = createSqsHandler({ rules: RULES, sink: kept.sink, sinkBytes: 1, ...quiet })
    const bodies = ['192.0.2.1', '192.0.2.2', '192.0.2.3'].map(event)
    assert.deepEqual(await handler(sqs(bodies, '.fifo')), failures('m1', 'm2'))
    assert.deepEqual(kept.lines, [out('192.0.2.1')])
  })
})

describe('the handler of S3', () => {
  const content = `${event('192.0.2.1')}\n${event('192.0.2.2')}\n`
  const opened: S3Object[] = []
  const getObject = (object: S3Object) => {
    opened.push(object)
    return Readable.from([gzipSync(content).subarray(0, 1), gzipSync(content).subarray(1)])
  }
  const outputs = [out('192.0.2.1'), out('192.0.2.2')]
  const object = { bucket: 'logs', key: 'a b/c+d.jsonl.gz' }

  it('reads the object of each documented kind of event', async () => {
    const bare = awsEvent('s3')
    const sns = awsEvent('sns')
    sns.Records[0].Sns.Message = JSON.stringify(bare)
    const queued = awsEvent('sqs')
    queued.Records[0].body = JSON.stringify(bare)
    const relayed = awsEvent('sqs')
    relayed.Records[0].body = JSON.stringify({ Type: 'Notification', Message: JSON.stringify(bare) })
    for (const each of [bare, sns, queued, relayed, awsEvent('s3-eventbridge')]) {
      const kept = new KeepingSink()
      opened.length = 0
      assert.deepEqual(await createS3Handler({ rules: RULES, sink: kept.sink, getObject })(each), NONE)
      assert.deepEqual(kept.lines, outputs)
      assert.equal(opened.length, 1)
      assert.equal(opened[0]!.bucket, object.bucket)
      assert.equal(opened[0]!.key, object.key)
      assert.ok(opened[0]!.versionId !== undefined, 'the version is told')
    }
  })

  it('has nothing to do for a test event, or where an object went away, and refuses other events', async () => {
    const kept = new KeepingSink()
    const handler = createS3Handler({
      rules: RULES,
      sink: kept.sink,
      getObject: () => assert.fail('nothing is opened'),
      ...quiet,
    })
    const queued = awsEvent('sqs')
    queued.Records[0].body = JSON.stringify(awsEvent('s3-test'))
    const removed = awsEvent('s3')
    removed.Records[0].eventName = 'ObjectRemoved:Delete'
    const deleted = { ...awsEvent('s3-eventbridge'), 'detail-type': 'Object Deleted' }
    for (const each of [awsEvent('s3-test'), queued, removed, deleted])
      assert.deepEqual(await handler(each), NONE)
    assert.equal(kept.calls, 0)
    for (const other of [{}, awsEvent('kinesis')]) {
      await assert.rejects(handler(other), { name: 'S3HandlerError', message: /none of S3/ })
    }
    queued.Records[0].body = 'no JSON'
    assert.deepEqual(await handler(queued), failures(queued.Records[0].messageId))
  })

  it('is called again when an object cannot be read: by the queue for its message, else as a whole', async () => {
    const kept = new KeepingSink()
    const failing = createS3Handler({
      rules: RULES,
      sink: kept.sink,
      getObject: async ({ key }) => {
        if (key === 'bad') throw new Error('gone')
        return new Blob([content]).stream()
      },
      ...quiet,
    })
    const [record] = awsEvent('s3').Records
    const withKey = (key: string) => ({ ...record, s3: { ...record.s3, object: { key } } })
    const both = { Records: [withKey('bad'), withKey('good')] }
    await assert.rejects(failing(both), /^S3HandlerError: 1 of 2 objects failed: s3:\/\/logs\/bad$/)
    assert.deepEqual(kept.lines, outputs)
    const messages = both.Records.map((each, index) => ({
      messageId: `m${index}`,
      body: JSON.stringify({ Records: [each] }),
    }))
    assert.deepEqual(await failing({ Records: messages }), failures('m0'))
  })

  it('streams documents, and reads the elements of a list in them', async () => {
    const kept = new KeepingSink()
    const many = Array.from({ length: 20_000 }, (_, index) => ({ src: `192.0.2.${index % 256}` }))
    const text = Buffer.from(JSON.stringify({ Records: many }))
    const handler = createS3Handler({
      rules: compileRules('source.ip: src'),
      inputFormat: 'json',
      pick: 'Records',
      sink: kept.sink,
      sinkBytes: 64 * 1024,
      getObject: () => text,
    })
    await handler(awsEvent('s3'))
    assert.equal(kept.lines.length, many.length)
    assert.ok(
      kept.batches.every(({ bytes }) => bytes.length >= 64 * 1024 || bytes === kept.batches.at(-1)!.bytes),
    )
    const damaged = createS3Handler({
      rules: RULES,
      sink: kept.sink,
      getObject: () => gzipSync(content).subarray(0, 30),
      ...quiet,
    })
    await assert.rejects(damaged(awsEvent('s3')), /S3HandlerError/)
  })
})

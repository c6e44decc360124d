/**
 * The entry `sluice/handlers`: functions in the shapes that serverless platforms call. It loads nothing of Node, and of the rules only what
 * applies them: it works in Node, Deno, Bun, on AWS Lambda and Cloudflare Workers. For Node's `http` there is `sluice/handlers/node`.
 *
 *     import { createHandler } from 'sluice/handlers'
 *     import { compileRules } from 'sluice/rules'
 *
 *     const handler = createHandler({ rules: compileRules('source.ip: src') })
 *     const response = await handler(new Request('http://x/', { method: 'POST', body: '{"src": "192.0.2.1"}' }))
 *     await response.text()                       // '{"source":{"ip":"192.0.2.1"}}\n'
 */
export type { CompiledModule, CompiledRules } from '../batches/compiled-rules.ts'
export type { RejectedRecords } from '../batches/rejected-records.ts'
export type { InputFormat, InputOptions } from '../formats/input-options.ts'
export type { BatchResponse, RecordHandlerOptions, SinkBatch, SinkHandlerOptions } from './aws/delivery.ts'
export type {
  FirehoseEvent,
  FirehoseHandlerOptions,
  FirehoseResponse,
  FirehoseResult,
} from './aws/firehose.ts'
export { createFirehoseHandler } from './aws/firehose.ts'
export type { KinesisEvent } from './aws/kinesis.ts'
export { createKinesisHandler } from './aws/kinesis.ts'
export type { LogEventForm } from './aws/payload.ts'
export type { S3Body, S3Event, S3HandlerOptions, S3Object } from './aws/s3.ts'
export { createS3Handler, S3HandlerError } from './aws/s3.ts'
export type { SqsEvent } from './aws/sqs.ts'
export { createSqsHandler } from './aws/sqs.ts'
export type { Handler } from './fetch.ts'
export { createHandler } from './fetch.ts'
export type { HandlerOptions } from './http-normalizer.ts'
export type { NormalizedPart } from './processors.ts'

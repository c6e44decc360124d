import { chunksOf, unpacked } from '../bytes.ts'
import type { NormalizedPart } from '../processors.ts'
import type { BatchResponse, Item, SinkHandlerOptions } from './delivery.ts'
import { deliver, inputOf, RecordNormalizer } from './delivery.ts'
import { isGzip } from './payload.ts'
import type { SqsEvent } from './sqs.ts'
import { deliverMessages } from './sqs.ts'

/** An object that was created. */
export interface S3Object {
  readonly bucket: string
  /** As it is, not as the URL of it. */
  readonly key: string
  /** Of a bucket with versions. */
  readonly versionId?: string | undefined
}

/** The bytes of an object: what `GetObjectCommand` of the AWS SDK gives as `Body` is of the first kind. */
export type S3Body = AsyncIterable<Uint8Array> | ReadableStream<Uint8Array> | Uint8Array

export interface S3HandlerOptions extends SinkHandlerOptions {
  /**
   * Opens an object, by the SDK that the function has. A fault of it is one of the object.
   *
   *     const s3 = new S3Client()
   *     const getObject = async ({ bucket, key, versionId }) =>
   *       (await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId }))).Body
   */
  readonly getObject: (object: S3Object) => S3Body | Promise<S3Body>
}

/** A notification of S3 as it says it itself, as far as it is read. */
interface S3Notification {
  readonly Records: readonly {
    readonly eventName: string
    readonly s3: {
      readonly bucket: { readonly name: string }
      /** The key as the URL of the object has it. */
      readonly object: { readonly key: string; readonly versionId?: string }
    }
  }[]
}

/** The same said by EventBridge. */
interface EventBridgeNotification {
  readonly 'detail-type': string
  readonly detail: {
    readonly bucket: { readonly name: string }
    /** The key as it is. */
    readonly object: { readonly key: string; readonly 'version-id'?: string }
  }
}

/** The message that S3 sends when a notification is set up. */
interface S3TestEvent {
  readonly Event: 's3:TestEvent'
}

/** The event of a topic of SNS. */
interface SnsEvent {
  readonly Records: readonly { readonly Sns: { readonly Message: string } }[]
}

/** The events that such a function is called with. */
export type S3Event = S3Notification | EventBridgeNotification | S3TestEvent | SnsEvent | SqsEvent

/** The function is to be called again. */
export class S3HandlerError extends Error {
  override readonly name = 'S3HandlerError'
}

/**
 * A function that normalizes the objects that come into a bucket. It is called by S3 itself, by EventBridge, by SNS, or by an SQS queue
 * that one of these writes to.
 *
 * Objects are streams: their size does not matter to the memory. They are unpacked where they begin as gzip does, whatever their names.
 * The log files of AWS services are mostly one document: `inputFormat: 'json', pick: 'Records'`. Test events, and events that tell
 * of no new object, are nothing to do.
 *
 * Behind a queue the answer names the messages that failed (`ReportBatchItemFailures` has to be among the function response types). Otherwise
 * the promise is rejected with an {@link S3HandlerError} when an object failed, so that Lambda calls again.
 *
 * @param options the rules, the sink, how to open objects and to read them
 * @throws {TypeError} when an option is not acceptable
 */
export function createS3Handler(options: S3HandlerOptions): (event: S3Event) => Promise<BatchResponse> {
  const { getObject, ...others } = options
  const normalizer = new RecordNormalizer(others, inputOf(others))
  const item = (object: S3Object): Item => {
    const source = `s3://${object.bucket}/${object.key}`
    return { source, parts: () => normalizer.normalize(source, objectBytes(object, getObject)) }
  }
  return async (event) => {
    if (isSqs(event)) {
      return deliverMessages(
        event.Records,
        options,
        async function* (_id, body): AsyncGenerator<NormalizedPart> {
          for (const object of objectsOf(unwrapped(body))) yield* item(object).parts()
        },
      )
    }
    const items = objectsOf(event).map(item)
    const failed = await deliver(items, options)
    if (failed.length > 0) {
      const names = failed.map(({ source }) => source).join(', ')
      throw new S3HandlerError(`${failed.length} of ${items.length} objects failed: ${names}`)
    }
    return { batchItemFailures: [] }
  }
}

function isSqs(event: S3Event): event is SqsEvent {
  return 'Records' in event && event.Records.some((record) => 'body' in record && 'messageId' in record)
}

/** The event in the body of a message: that of S3 or EventBridge, or a notification of SNS with one of these in it. */
function unwrapped(body: string): S3Event {
  const event = JSON.parse(body)
  return event.Type === 'Notification' && typeof event.Message === 'string'
    ? JSON.parse(event.Message)
    : event
}

/** The new objects that an event tells of. @throws {S3HandlerError} for an event of another kind */
function objectsOf(event: S3Event): S3Object[] {
  if ('Event' in event && event.Event === 's3:TestEvent') return []
  if ('detail' in event) {
    const { bucket, object } = event.detail
    if (event['detail-type'] !== 'Object Created') return []
    return [{ bucket: bucket.name, key: object.key, versionId: object['version-id'] }]
  }
  if (!('Records' in event) || !Array.isArray(event.Records)) {
    throw new S3HandlerError(
      'the event is none of S3, EventBridge, SNS or SQS: it has no Records and no detail',
    )
  }
  return (event.Records as (S3Notification['Records'][number] & SnsEvent['Records'][number])[]).flatMap(
    (record) => {
      if (record.Sns !== undefined) return objectsOf(JSON.parse(record.Sns.Message))
      if (record.s3 === undefined) throw new S3HandlerError('a record of the event is none of S3, SNS or SQS')
      if (!/^(?:s3:)?ObjectCreated:/.test(record.eventName)) return []
      const { bucket, object } = record.s3
      const key = decodeURIComponent(object.key.replaceAll('+', ' '))
      return [{ bucket: bucket.name, key, versionId: object.versionId }]
    },
  )
}

async function* objectBytes(
  object: S3Object,
  getObject: S3HandlerOptions['getObject'],
): AsyncGenerator<Uint8Array> {
  const body = await getObject(object)
  const chunks = iterated(body)
  const first: Uint8Array[] = []
  let length = 0
  // A chunk may be a single byte.
  while (length < 2) {
    const { done, value } = await chunks.next()
    if (done === true) break
    first.push(value)
    length += value.length
  }
  const whole = (async function* () {
    yield* first
    yield* chunks
  })()
  const start =
    first.length === 1 ? first[0]! : Uint8Array.from(first.flatMap((chunk) => [...chunk.subarray(0, 2)]))
  yield* isGzip(start) ? unpacked(whole, 'gzip') : whole
}

async function* iterated(body: S3Body): AsyncGenerator<Uint8Array> {
  if (body instanceof Uint8Array) yield body
  // Streams of Node are iterable, those of the web platform not everywhere.
  else if ('getReader' in body) yield* chunksOf(body)
  else yield* body
}

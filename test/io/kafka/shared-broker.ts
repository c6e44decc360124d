/**
 * One broker of Apache Kafka for all tests of a process.
 *
 * ```ts
 * describe('...', { skip: whyNoKafka() }, () => {
 *   let broker: KafkaBroker
 *   before(async () => {
 *     broker = await sharedBroker()
 *   })
 * })
 * ```
 */
import { after } from 'node:test'
import { KafkaBroker } from './broker.ts'
import { Reader } from './oracle.ts'

export { whyNoKafka } from './installation.ts'

let shared: Promise<KafkaBroker> | undefined
let reader: Reader | undefined

/** Starts the broker, and fetches its jars, when first called. It is closed after the last test of the process. */
export function sharedBroker(): Promise<KafkaBroker> {
  shared ??= KafkaBroker.start()
  return shared
}

/** The reader of all topics of that broker. */
export async function sharedReader(): Promise<Reader> {
  const broker = await sharedBroker()
  reader ??= new Reader(broker)
  return reader
}

after(async () => {
  reader?.close()
  await (await shared)?.close()
})

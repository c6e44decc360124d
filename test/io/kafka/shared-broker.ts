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

export { whyNoKafka } from './installation.ts'

let shared: Promise<KafkaBroker> | undefined

/** Starts the broker, and fetches its jars, when first called. It is closed after the last test of the process. */
export function sharedBroker(): Promise<KafkaBroker> {
  shared ??= KafkaBroker.start()
  return shared
}

after(async () => {
  await (await shared)?.close()
})

/** Kafka's own console producer: messages as a producer in Java packs them. */
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { devNull } from 'node:os'
import type { Compression } from '../../../src/io/kafka/options.ts'
import type { KafkaBroker } from './broker.ts'
import { startJava } from './installation.ts'

/** All values of a test go into one batch of records. In bytes, and in milliseconds that it is waited for. */
const BATCH_BYTES = 1_000_000
const LINGER_MS = 1000

/**
 * Writes messages without keys.
 *
 * @param values without line ends
 * @throws {Error} when the producer fails
 */
export async function produceInJava(
  broker: KafkaBroker,
  topic: string,
  compression: Compression,
  values: readonly string[],
): Promise<void> {
  const producer = startJava(
    [
      ...['org.apache.kafka.tools.ConsoleProducer', '--bootstrap-server', broker.address, '--topic', topic],
      ...['--compression-codec', compression, '--batch-size', `${BATCH_BYTES}`, '--timeout', `${LINGER_MS}`],
    ],
    { stdin: 'pipe', stdout: 'ignore', stderr: openSync(devNull, 'w'), heapMb: 128 },
  )
  producer.ref()
  const ended = once(producer, 'exit')
  producer.stdin!.end(values.map((value) => `${value}\n`).join(''))
  const [code] = await ended
  if (code !== 0) throw new Error(`the console producer has ended with ${code}`)
}

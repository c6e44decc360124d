import type { ClusterMetadata, Consumer, Producer } from '@platformatic/kafka'
import { unknownTopic } from './faults.ts'

/**
 * The metadata of topics. Of several topics the client may name another one than that which is not there: it takes the order of the answer for that
 * of its question. So they are asked for one by one then.
 *
 * @throws the client's error; that of an unknown topic names it
 */
export async function metadataOf(
  client: Pick<Consumer | Producer, 'metadata'>,
  topics: readonly string[],
): Promise<ClusterMetadata> {
  try {
    return await client.metadata({ topics: [...topics] })
  } catch (error) {
    if (topics.length > 1 && unknownTopic(error) !== undefined) {
      for (const topic of topics) await client.metadata({ topics: [topic] })
    }
    throw error
  }
}

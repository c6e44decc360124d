import type { Consumer } from '@platformatic/kafka'
import { isReplaced } from './faults.ts'

type Module = Pick<typeof import('@platformatic/kafka'), 'consumerHeartbeatChannel' | 'ProtocolError'>

/** The context of a traced call of the client, as its channels of diagnostics give it. */
interface TracedCall {
  readonly client?: unknown
  readonly error?: unknown
}

/**
 * Lets a client that is fenced stay so. Where a heartbeat says that another process has the instance id, version 2 joins again under that id by
 * itself: two processes of one name would take the place of one another for ever. Version 1 emits `consumer:heartbeat:error`, and so does version 2
 * with this: its membership is over before it acts on the error, because channels of diagnostics are told before.
 *
 * @returns a function that ends this
 */
export function keepFenced({ consumerHeartbeatChannel, ProtocolError }: Module): () => void {
  // Version 1 knows no such error to join again for.
  const joinsAgain = new ProtocolError('FENCED_INSTANCE_ID')['needsRejoin'] === true
  if (!joinsAgain) return () => {}
  const listener = (call: unknown): void => {
    const { client, error } = call as TracedCall
    if (!isReplaced(error)) return
    const consumer = client as Consumer
    // Without a member id nothing is asked of the group: the membership ends here alone, at once.
    consumer.memberId = null
    const leaveGroup = consumer.leaveGroup.bind(consumer) as (force: boolean) => Promise<void>
    leaveGroup(false).catch(() => {})
    consumer.emit('consumer:heartbeat:error', {
      groupId: consumer.groupId,
      generationId: consumer.generationId,
      error: error as Error,
    } as never)
  }
  const channel = consumerHeartbeatChannel.error
  channel.subscribe(listener)
  return () => channel.unsubscribe(listener)
}

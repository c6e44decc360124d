/** A worker thread's entry. */
import { parentPort, workerData } from 'node:worker_threads'
import { BlockProcessor } from '../../batches/block-processor.ts'
import type { WorkerMessage, WorkerReady, WorkerSettings } from '../../batches/protocol.ts'
import { NODE_CODING } from '../../formats/node-coding.ts'
import { compileDefinition } from '../../rules/load-and-compile.ts'

const port = parentPort!
const settings = workerData as WorkerSettings
const processor = new BlockProcessor(await compileDefinition(settings.rules), settings, NODE_CODING)
/** Messages are dealt with one after the other. The failure of one ends the thread. */
let last = Promise.resolve()
/** Goes on with the block in hand. */
let goOn = () => {}

port.on('message', (message: WorkerMessage) => {
  if (message.kind === 'on') goOn()
  else last = last.then(() => receive(message))
})

port.postMessage({ kind: 'ready' } satisfies WorkerReady)

async function receive(message: Exclude<WorkerMessage, { kind: 'on' }>): Promise<void> {
  if (message.kind === 'rules') {
    processor.replaceRules(await compileDefinition(message.rules))
    return
  }
  for (const result of processor.process(message)) {
    const isWanted = new Promise<void>((resolve) => {
      goOn = resolve
    })
    // The output is copied on its way, not transferred: from the first transfer of a buffer on, V8 would check at every
    // access to one whether it is still there, which takes a fifth of the throughput.
    port.postMessage(result)
    if (!result.isLast) await isWanted
  }
}

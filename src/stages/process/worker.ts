/** A worker thread's entry. */
import { parentPort, workerData } from 'node:worker_threads'
import { BlockProcessor } from '../../batches/block-processor.ts'
import type {
  Block,
  WorkerMessage,
  WorkerReady,
  WorkerRules,
  WorkerSettings,
} from '../../batches/protocol.ts'
import { NODE_CODING } from '../../formats/node-coding.ts'
import { makeRules } from '../../rules/aot/make-rules.ts'
import type { RunnerSource } from '../../rules/apply/normalize.ts'

const port = parentPort!
let processor: BlockProcessor | undefined
/** Messages are dealt with one after the other. The failure of one ends the thread. */
let last = Promise.resolve()
/** Goes on with the block in hand. */
let goOn = () => {}

port.on('message', (message: WorkerMessage) => {
  if (message.kind === 'on') goOn()
  else if (message.kind === 'rules') last = last.then(() => replaceRules(message.rules))
  else last = last.then(() => process(message))
})

async function replaceRules(given: WorkerRules): Promise<void> {
  const rules = await rulesOf(given)
  if (processor === undefined) {
    processor = new BlockProcessor(rules, workerData as WorkerSettings, NODE_CODING)
    port.postMessage({ kind: 'ready' } satisfies WorkerReady)
  } else processor.replaceRules(rules)
}

async function rulesOf(given: WorkerRules): Promise<RunnerSource> {
  if (given.kind === 'printed') return makeRules(given.printed)
  // Most workers need no compiler.
  const { compileDefinition } = await import('../../rules/load-and-compile.ts')
  return compileDefinition(given.definition)
}

async function process(block: Block): Promise<void> {
  // The rules were the first message.
  for (const result of processor!.process(block)) {
    const isWanted = new Promise<void>((resolve) => {
      goOn = resolve
    })
    // The output is copied on its way, not transferred: from the first transfer of a buffer on, V8 would check at every
    // access to one whether it is still there, which takes a fifth of the throughput.
    port.postMessage(result)
    if (!result.isLast) await isWanted
  }
}

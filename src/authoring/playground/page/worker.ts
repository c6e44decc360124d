/**
 * The worker of the page: the compiler and the rules run here. What is pasted stays in it: the means of a worker to reach a network,
 * other pages or a store are taken away before the first rule is read. Served by `normalize playground` its policy forbids them as
 * well; a static web server sends none.
 */
import { complete, hover } from '../../editor/index.ts'
import type { PlaygroundContent } from '../content.ts'
import { explain } from '../explanation.ts'
import type { FromWorker, QuestionKind, Questions, ToWorker } from '../messages.ts'
import { Trial } from '../trial.ts'

/** The part of a worker's globals that is used here. */
interface WorkerScope {
  postMessage(message: FromWorker): void
  addEventListener(type: 'message', listener: (event: { readonly data: ToWorker }) => void): void
}

const scope = globalThis as unknown as WorkerScope
const postMessage = scope.postMessage.bind(scope)
const addEventListener = scope.addEventListener.bind(scope)

const WAYS_OUT = [
  'fetch',
  'XMLHttpRequest',
  'WebSocket',
  'WebSocketStream',
  'WebTransport',
  'EventSource',
  'importScripts',
  'Worker',
  'SharedWorker',
  'BroadcastChannel',
  'RTCPeerConnection',
  'indexedDB',
  'caches',
  'navigator',
]

for (const name of WAYS_OUT) {
  for (let owner: object | null = globalThis; owner !== null; owner = Object.getPrototypeOf(owner)) {
    if (Object.hasOwn(owner, name)) Reflect.deleteProperty(owner, name)
  }
  Object.defineProperty(globalThis, name, { value: undefined })
}

let trial: Trial | undefined
let content: PlaygroundContent | undefined

type Answers = {
  [Kind in QuestionKind]: (trial: Trial, ask: Questions[Kind]['ask'], id: number) => Questions[Kind]['answer']
}

const ANSWERS: Answers = {
  check: (about) => about.problems(),
  run: (about, _ask, id) =>
    about.run(
      () => performance.now(),
      (event) => postMessage({ kind: 'progress', id, event }),
    ),
  complete: (about, { file, offset }) => complete(about.document(file), offset),
  hover: (about, { file, offset }) => hover(about.document(file), offset),
  explain: (about, { event, element, path, columns }) => explain(about, event, element, path, columns),
}

addEventListener('message', ({ data }) => {
  if (data.kind === 'content') {
    content = data.content
    trial = undefined
    return
  }
  const { id, about, ask } = data
  try {
    trial ??= new Trial(content!)
    // The types of the question and of its answer belong together: both have the key `about`.
    const answer = (ANSWERS[about] as (trial: Trial, ask: unknown, id: number) => unknown)(trial, ask, id)
    postMessage({ kind: 'answer', id, answer })
  } catch (error) {
    postMessage({ kind: 'failed', id, message: String((error as Error)?.message ?? error) })
  }
})

postMessage({ kind: 'ready' })

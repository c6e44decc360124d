// To be loaded with --import: the worker threads of the pipeline run out of memory with the first block that they get.
import { Worker } from 'node:worker_threads'

const { postMessage } = Worker.prototype
Worker.prototype.postMessage = function (message, ...others) {
  postMessage.call(this, message, ...others)
  const error = new Error('Worker terminated due to reaching memory limit: JS heap out of memory')
  if (message.kind === 'lines') this.emit('error', Object.assign(error, { code: 'ERR_WORKER_OUT_OF_MEMORY' }))
}

// To be loaded with --import: the worker threads of the pipeline run out of memory while they start.
import { Worker } from 'node:worker_threads'

const { on } = Worker.prototype
Worker.prototype.on = function (name, listener) {
  on.call(this, name, listener)
  const error = new Error('Worker terminated due to reaching memory limit: JS heap out of memory')
  // Only the pipeline listens for this one, and it does so last.
  if (name === 'exit') {
    setImmediate(() => this.emit('error', Object.assign(error, { code: 'ERR_WORKER_OUT_OF_MEMORY' })))
  }
  return this
}

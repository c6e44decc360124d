// To be loaded with --import: the worker threads of the pipeline end as soon as somebody listens for that.
import { Worker } from 'node:worker_threads'

const { on } = Worker.prototype
const ended = new WeakSet()
Worker.prototype.on = function (name, listener) {
  on.call(this, name, listener)
  // To end a thread is to listen for its end, once more.
  if (name === 'exit' && !ended.has(this)) {
    ended.add(this)
    this.terminate()
  }
  return this
}

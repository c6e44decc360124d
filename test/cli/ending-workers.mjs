// To be loaded with --import: the worker threads of the pipeline end with the first block that they get.
import { Worker } from 'node:worker_threads'

const { postMessage } = Worker.prototype
Worker.prototype.postMessage = function (message, ...others) {
  postMessage.call(this, message, ...others)
  if (message.kind === 'lines') this.terminate()
}
